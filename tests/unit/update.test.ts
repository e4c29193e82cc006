/** `update`: from a previous version's templates to this one's, with what the user has made of them in between. */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { format, resolveConfig } from "prettier"
import tmp from "tmp"
import { describe, expect, test } from "vitest"
import { chimerai, makeHost, snapshot } from "../support/host"
import { root } from "../support/paths"
import { previousTemplates } from "../support/previous-version"

const templates = previousTemplates()

function installed(): { dir: string; before: Record<string, string> } {
  const dir = makeHost()
  const before = snapshot(dir)
  const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--templates", templates])
  if (run.code !== 0) throw new Error(run.stderr)
  const manifest = join(dir, ".chimerai/manifest.json")
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/"version": "[^"]*"/, '"version": "0.0.9"'))
  return { dir, before }
}
const text = (dir: string, path: string) => readFileSync(join(dir, path), "utf8")
const change = (dir: string, path: string, from: string, to: string) => {
  const old = text(dir, path)
  if (!old.includes(from)) throw new Error(`${path} has no ${from}`)
  writeFileSync(
    join(dir, path),
    old.replace(from, () => to),
  )
}
const update = (dir: string, ...flags: string[]) => chimerai(["update", "mfa", dir, "--yes", "--no-install", "--json", ...flags])
const actionOf = (run: ReturnType<typeof update>, path: string) => run.json.actions.find((action: { path: string }) => action.path === path)

describe("untouched", () => {
  test("everything moves on: what is new comes, what is gone goes, insertions are migrated", () => {
    const { dir, before } = installed()
    expect(text(dir, "auth.ts")).toContain('from "@/lib/mfa/hook"')
    const run = update(dir)
    expect([run.code, run.json.status, run.json.from]).toEqual([0, "applied", "0.0.9"])
    expect(text(dir, "auth.ts")).toContain('import { withMfa } from "@/lib/mfa/with-mfa"')
    expect(text(dir, "auth.ts")).not.toContain("hook")
    expect(text(dir, "lib/mfa/config.ts")).toContain("attemptsPerChallenge = 5")
    expect(text(dir, "prisma/schema.prisma")).toContain("detail    String?")
    expect(existsSync(join(dir, "scripts/mfa-rotate.ts"))).toBe(true)
    expect(existsSync(join(dir, "lib/mfa/hook.ts"))).toBe(false)
    expect(run.json.nextSteps).toContain("npx prisma migrate dev --name add-mfa")

    // What is there now is what this version installs by itself.
    const fresh = makeHost()
    chimerai(["add", "mfa", fresh, "--yes", "--no-install"])
    const withoutSecrets = ({ ".env": _env, ...tree }: Record<string, string>) =>
      Object.fromEntries(Object.entries(tree).filter(([path]) => path !== ".chimerai/manifest.json"))
    expect(withoutSecrets(snapshot(dir))).toEqual(withoutSecrets(snapshot(fresh)))
    expect(update(dir).json.status).toBe("unchanged")
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("--dry-run and --diff write nothing", () => {
    const { dir } = installed()
    const before = snapshot(dir)
    expect(update(dir, "--dry-run").json.status).toBe("planned")
    const run = chimerai(["update", "mfa", dir, "--dry-run", "--diff"])
    expect(run.stdout).toMatch(/-export const attemptsPerChallenge = 10\n\+export const attemptsPerChallenge = 5/)
    expect(run.stdout).not.toContain("MFA_ENCRYPTION_KEY=")
    expect(snapshot(dir)).toEqual(before)
  })
})

describe("edited", () => {
  test("changes of both are merged, and files edited around the insertions too", () => {
    const { dir, before } = installed()
    change(dir, "lib/mfa/config.ts", "export const backupCodeCount = 10", "export const backupCodeCount = 8")
    change(
      dir,
      "auth.ts",
      'import { prisma } from "@/lib/prisma";\n',
      'import { prisma } from "@/lib/prisma";\nimport { mine } from "./mine";\n',
    )
    const run = update(dir)
    expect([run.code, run.json.status], run.stderr).toEqual([0, "applied"])
    expect(actionOf(run, "lib/mfa/config.ts").reason).toContain("merged")
    expect(text(dir, "lib/mfa/config.ts")).toMatch(/attemptsPerChallenge = 5[\s\S]*backupCodeCount = 8/)
    expect(text(dir, "auth.ts")).toMatch(/import \{ mine \} from ".\/mine";[\s\S]*"@\/lib\/mfa\/with-mfa"/)
    expect(update(dir).json.status).toBe("unchanged")
    // config.ts is the user's by now.
    const removed = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge", "--json"])
    expect([removed.code, removed.json.status]).toEqual([5, "conflicts"])
    const left = snapshot(dir)
    expect(Object.keys(left).filter((path) => !(path in before))).toEqual(["lib/mfa/", "lib/mfa/config.ts"])
    expect(text(dir, "auth.ts")).toBe(
      Buffer.from(before["auth.ts"] ?? "", "base64")
        .toString()
        .replace('import { prisma } from "@/lib/prisma";\n', 'import { prisma } from "@/lib/prisma";\nimport { mine } from "./mine";\n'),
    )
  })

  test("a conflict leaves the file as it was, with a neighbour; --force puts both between markers", () => {
    const { dir } = installed()
    change(dir, "lib/mfa/on-event.ts", "and where to act on it", "and where we act on it")
    const mine = text(dir, "lib/mfa/on-event.ts")
    const run = update(dir)
    expect([run.code, run.json.status]).toEqual([5, "conflicts"])
    expect(actionOf(run, "lib/mfa/on-event.ts").state).toBe("conflict")
    expect(text(dir, "lib/mfa/on-event.ts")).toBe(mine)
    expect(text(dir, "lib/mfa/on-event.ts.rej")).toMatch(/-.*where to act on it[\s\S]*\+.*the place to act on it/)
    expect(text(dir, "lib/mfa/config.ts"), "the rest moves on").toContain("attemptsPerChallenge = 5")
    const before = snapshot(dir)
    const again = update(dir)
    expect([again.code, again.json.status], "still open, and nothing more to write").toEqual([5, "conflicts"])
    expect(snapshot(dir)).toEqual(before)
    writeFileSync(join(dir, "lib/mfa/on-event.ts.rej"), "of an update before this one")
    expect(update(dir).code).toBe(5)
    expect(snapshot(dir)).toEqual(before)
    const forced = update(dir, "--force")
    expect(forced.code).toBe(0)
    expect(text(dir, "lib/mfa/on-event.ts")).toMatch(
      /<<<<<<< yours\n.*where we act[\s\S]*=======\n.*the place to act[\s\S]*>>>>>>> chimerai/,
    )
  })

  test("a file that was deleted stays deleted, one of a name that is taken stays", () => {
    const { dir } = installed()
    rmSync(join(dir, "lib/mfa/admin.ts"))
    writeFileSync(join(dir, "scripts.txt"), "")
    const run = update(dir)
    expect(actionOf(run, "lib/mfa/admin.ts")).toMatchObject({ state: "unchanged", reason: "you have deleted it" })
    expect(existsSync(join(dir, "lib/mfa/admin.ts"))).toBe(false)
    expect(update(dir).json.status).toBe("unchanged")
  })

  test("what is inserted, edited by the user: what meets it is left to them, and what it needs stays until then", () => {
    const { dir } = installed()
    change(dir, "auth.ts", 'import { withMfa } from "@/lib/mfa/hook";', 'import { withMfa as hold } from "@/lib/mfa/hook";')
    change(dir, "auth.ts", "withMfa(NextAuth)", "hold(NextAuth)")
    const mine = text(dir, "auth.ts")
    const run = update(dir)
    expect([run.code, run.json.status], run.stderr).toEqual([5, "conflicts"])
    expect(text(dir, "auth.ts")).toBe(mine)
    expect(text(dir, "auth.ts.rej")).toContain('+import { withMfa } from "@/lib/mfa/with-mfa";')
    expect(text(dir, "lib/mfa/config.ts"), "the rest moves on").toContain("attemptsPerChallenge = 5")
    expect(actionOf(run, "lib/mfa/hook.ts").reason).toContain("when the conflicts are settled")
    expect(existsSync(join(dir, "lib/mfa/hook.ts"))).toBe(true)
    const before = snapshot(dir)
    for (const flags of [[], ["--force"]]) {
      expect(update(dir, ...flags).code).toBe(5)
      expect(snapshot(dir)).toEqual(before)
    }

    change(dir, "auth.ts", 'import { withMfa as hold } from "@/lib/mfa/hook";', 'import { withMfa } from "@/lib/mfa/with-mfa";')
    change(dir, "auth.ts", "hold(NextAuth)", "withMfa(NextAuth)")
    rmSync(join(dir, "auth.ts.rej"))
    const settled = update(dir)
    expect([settled.code, settled.json.status], settled.stderr).toEqual([0, "applied"])
    expect(existsSync(join(dir, "lib/mfa/hook.ts"))).toBe(false)
    expect(update(dir).json.status).toBe("unchanged")
  })
})

describe("variables", () => {
  /** This version's templates, with one variable more. */
  function later(): string {
    const dir = join(tmp.dirSync({ unsafeCleanup: true }).name, "mfa")
    cpSync(join(root, "templates/mfa"), dir, { recursive: true })
    const path = join(dir, "feature.json")
    const feature = JSON.parse(readFileSync(path, "utf8"))
    feature.env.push({ name: "MFA_LATER", comment: "New in a later version.", generate: "base64:16" })
    writeFileSync(path, JSON.stringify(feature))
    return dir
  }
  const withLater = later()

  test("one that is new is set, and goes with the rest", () => {
    const { dir, before } = installed()
    const key = text(dir, ".env").match(/MFA_ENCRYPTION_KEY=\S+/)?.[0]
    const shown = chimerai(["update", "mfa", dir, "--dry-run", "--diff", "--templates", withLater])
    expect(shown.stdout).toContain("+MFA_LATER=<generated>")
    expect(shown.stdout).not.toContain("MFA_ENCRYPTION_KEY=")
    const run = update(dir, "--templates", withLater)
    expect([run.code, actionOf(run, ".env")], run.stderr).toEqual([0, expect.objectContaining({ kind: "env", state: "done" })])
    expect(run.stdout).not.toMatch(/MFA_LATER=/)
    expect(text(dir, ".env")).toMatch(/MFA_LATER=\S{24}\n$/)
    expect(text(dir, ".env")).toContain(key)
    expect(update(dir, "--templates", withLater).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("one that its owner has moved elsewhere stays away; in a file edited since, each is found by its name", () => {
    const { dir } = installed()
    writeFileSync(join(dir, ".env"), "AUTH_SECRET=x\nMINE=1\n")
    expect(update(dir, "--templates", withLater).code).toBe(0)
    expect(text(dir, ".env")).toMatch(/^AUTH_SECRET=x\nMINE=1\n[^=]*MFA_LATER=\S{24}\n$/)
    expect(text(dir, ".env")).not.toContain("MFA_ENCRYPTION_KEY")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(text(dir, ".env").trim()).toBe("AUTH_SECRET=x\nMINE=1")
  })
})

describe("the manifest", () => {
  test("of a newer version is refused, an older one understood, a broken one said", () => {
    const { dir } = installed()
    const path = join(dir, ".chimerai/manifest.json")
    const manifest = JSON.parse(readFileSync(path, "utf8"))
    const write = (data: object) => writeFileSync(path, JSON.stringify(data))
    const before = snapshot(dir)
    write({ ...manifest, schema: 99 })
    for (const command of ["add", "update", "remove"]) {
      const run = chimerai([command, "mfa", dir, "--yes", "--no-install", "--json"])
      expect([run.code, run.json.error?.code], command).toEqual([3, "manifest_newer"])
    }
    writeFileSync(path, "{ not json")
    expect(update(dir).json.error.code).toBe("manifest_invalid")
    const { answers: _answers, dependencies: _dependencies, ...first } = manifest.features.mfa
    write({ schema: 1, features: { mfa: first } })
    expect(Object.keys(snapshot(dir))).toEqual(Object.keys(before))
    expect(update(dir).json.status).toBe("applied")
    expect(JSON.parse(readFileSync(path, "utf8")).schema).toBe(2)
  })

  test("where nothing is installed, there is nothing to update", () => {
    expect(update(makeHost()).json.error.code).toBe("not_installed")
  })
})

describe("another version's installation", () => {
  const said = (dir: string, command: string) => {
    const before = snapshot(dir)
    const run = chimerai([command, "mfa", dir, "--yes", "--no-install", "--json"])
    expect(snapshot(dir), command).toEqual(before)
    return [run.code, run.json.error?.code, run.json.error?.suggestion]
  }

  test("an older one: add does not mix with it, and status says what to do", () => {
    const { dir } = installed()
    expect(said(dir, "add")).toEqual([3, "manifest_older", expect.stringContaining("npx chimerai update mfa")])
    const { code, json } = chimerai(["status", dir, "--json"])
    expect([code, json.status, json.host.auth.config]).toEqual([1, "open", "auth.ts"])
    expect(json.checks[0]).toMatchObject({ id: "version", state: "todo", fix: "npx chimerai update mfa" })
    expect(json.checks.map(({ id }: { id: string }) => id)).toEqual(["version", "files", "env", "bypass"])
  })

  test("a newer one: add and update leave it, status names the version to use, and remove takes it out", () => {
    const { dir, before } = installed()
    change(dir, ".chimerai/manifest.json", '"version": "0.0.9"', '"version": "99.0.0"')
    for (const command of ["add", "update"])
      expect(said(dir, command), command).toEqual([3, "manifest_newer", expect.stringContaining("npx chimerai@latest")])
    expect(chimerai(["status", dir, "--json"]).json.checks[0]).toMatchObject({ state: "todo", fix: "npx chimerai@latest status" })
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })
})

describe("gone over by a formatter", () => {
  /** Every file as Prettier, and `prisma format`, would have it. */
  async function reformat(dir: string): Promise<void> {
    for (const path of Object.keys(snapshot(dir)).filter((path) => /^(?!\.chimerai\/).*\.(tsx?|css|prisma)$/.test(path))) {
      const full = join(dir, path)
      const [old, options] = [readFileSync(full, "utf8"), await resolveConfig(full, { useCache: false })]
      writeFileSync(full, path.endsWith(".prisma") ? formatSchema(old) : await format(old, { ...options, filepath: full }))
    }
  }
  const { format: wasm } = createRequire(import.meta.url)("@prisma/prisma-schema-wasm") as {
    format(schema: string, params: string): string
  }
  const formatSchema = (schema: string): string => {
    const params = { textDocument: { uri: "file:/s" }, options: { tabSize: 2, insertSpaces: true } }
    return JSON.parse(wasm(JSON.stringify([["file:/s", schema]]), JSON.stringify(params)))[0][1]
  }
  const style = '{ "semi": true, "singleQuote": true, "tabWidth": 4, "printWidth": 80 }'

  test("nothing of it is an edit: update moves everything on, merges what is one, and remove leaves nothing", async () => {
    const { dir } = installed()
    const plain = makeHost({ ".prettierrc": style })
    await reformat(plain)
    writeFileSync(join(dir, ".prettierrc"), style)
    await reformat(dir)
    expect(text(dir, "auth.ts")).toContain("from '@/lib/mfa/hook';")
    change(dir, "lib/mfa/config.ts", "export const backupCodeCount = 10;", "export const backupCodeCount = 8;")
    const edited = chimerai(["status", dir, "--json"]).json.checks.find(({ id }: { id: string }) => id === "edited")
    expect(edited.message).toBe("Yours by now, and merged by update: lib/mfa/config.ts.")

    const run = update(dir)
    expect([run.code, run.json.status], JSON.stringify(run.json.actions)).toEqual([0, "applied"])
    expect(text(dir, "lib/mfa/config.ts")).toContain("attemptsPerChallenge = 5;")
    expect(text(dir, "lib/mfa/config.ts")).toContain("backupCodeCount = 8;")
    expect(existsSync(join(dir, "lib/mfa/hook.ts"))).toBe(false)
    const fresh = makeHost({ ".prettierrc": style })
    await reformat(fresh)
    chimerai(["add", "mfa", fresh, "--yes", "--no-install"])
    for (const path of ["auth.ts", "prisma/schema.prisma", "lib/mfa/with-mfa.ts", "app/login/mfa/page.tsx"])
      expect(text(dir, path), path).toBe(text(fresh, path))

    change(dir, "lib/mfa/config.ts", "backupCodeCount = 8;", "backupCodeCount = 10;")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(snapshot(plain))
  })

  test("remove takes the insertions out of what it has made of the app's own files", async () => {
    const schema =
      'datasource db {\n    provider = "sqlite"\n    url = env("DATABASE_URL")\n}\n\nmodel User {\n    id String @id @default(cuid())\n    email String @unique\n\n    @@index([email])\n}\n'
    const dir = makeHost({ "prisma/schema.prisma": schema })
    const plain = makeHost({ "prisma/schema.prisma": schema, ".prettierrc": style })
    await reformat(plain)
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
    writeFileSync(join(dir, ".prettierrc"), style)
    await reformat(dir)
    expect(text(dir, "prisma/schema.prisma")).toMatch(/^ {2}mfaSecret +String\?$/m)
    // What one more run puts back is remembered along with what the first one did.
    writeFileSync(join(dir, "prisma/schema.prisma"), text(dir, "prisma/schema.prisma").replace(/^ +mfaEpoch.*\n/m, ""))
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).json.status).toBe("applied")
    const run = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"])
    expect(run.code, run.stderr).toBe(0)
    expect(snapshot(dir)).toEqual(snapshot(plain))
  })
})
