/** Apps in workspaces: which app, whose schema, how the client is imported, and what may be written where. */
import { execFileSync, spawn } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../../support/host"
import { cli } from "../../support/paths"
import { previousTemplates } from "../../support/previous-version"

const inApp = (dir: string): Tree =>
  Object.fromEntries(
    Object.entries(minimalHost)
      .filter(([path]) => !/^(prisma|lib)\//.test(path))
      .map(([path, text]) => [`${dir}/${path}`, text]),
  )
const none: Tree = Object.fromEntries(Object.keys(minimalHost).map((path) => [path, null]))
const json = (data: object) => `${JSON.stringify(data, null, 2)}\n`
const auth =
  'import NextAuth from "next-auth";\nimport { db } from "@acme/db";\n\nvoid db;\nexport const { handlers, auth } = NextAuth({ providers: [] });\n'

/** An app whose client and schema are a package of the workspace. */
const workspace: Tree = {
  ...none,
  ".gitignore": ".env\n",
  "package.json": json({ name: "acme", private: true }),
  "pnpm-workspace.yaml": 'packages:\n  - "apps/*"\n  - "packages/*" # shared\n',
  "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
  ...inApp("apps/web"),
  "apps/web/.gitignore": null,
  "apps/web/package.json": json({
    name: "web",
    dependencies: { next: "16.4.6", "next-auth": "5.0.0-beta.32", "@acme/db": "workspace:*" },
    devDependencies: { typescript: "5.9.3" },
  }),
  "apps/web/auth.ts": auth,
  "packages/db/package.json": json({
    name: "@acme/db",
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    dependencies: { "@prisma/client": "6.19.3" },
  }),
  "packages/db/src/index.ts": 'export * from "./client";\n',
  "packages/db/src/client.ts": 'import { PrismaClient } from "@prisma/client";\nexport const db = new PrismaClient();\n',
  "packages/db/prisma/schema.prisma": minimalHost["prisma/schema.prisma"] ?? null,
}
const run = (dir: string, ...args: string[]) => chimerai(["add", "mfa", "--yes", "--no-install", "--json", ...args], { cwd: dir })

describe("a schema and a client in another package", () => {
  test.each([
    ["from the app", "apps/web", [], "../..", "../../packages/db/prisma/schema.prisma", "cd ../../packages/db && "],
    ["from the root, the only app", ".", [], ".", "packages/db/prisma/schema.prisma", "cd packages/db && "],
    ["from the root, named", ".", ["--app", "apps/web"], ".", "packages/db/prisma/schema.prisma", "cd packages/db && "],
  ])("%s", (_name, from, args, root, schema, cd) => {
    const dir = makeHost(workspace)
    const before = snapshot(dir)
    const result = run(join(dir, from), ...args)
    expect(result.code, result.stderr).toBe(0)
    expect(result.json.host).toMatchObject({ root, app: from === "." ? "apps/web" : ".", prisma: { schema } })
    expect(result.json.nextSteps.at(-1)).toContain(cd)
    expect(readFileSync(join(dir, "packages/db/prisma/schema.prisma"), "utf8")).toContain("model MfaFactor")
    expect(readFileSync(join(dir, "apps/web/lib/mfa/db.ts"), "utf8")).toContain('import { db } from "@acme/db"')
    expect(readFileSync(join(dir, "apps/web/package.json"), "utf8")).toContain('"otpauth"')
    expect(readFileSync(join(dir, "package.json"), "utf8")).toBe(workspace["package.json"])
    expect(run(join(dir, from), ...args).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", "--yes", "--no-install", "--purge", ...args], { cwd: join(dir, from) }).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("a schema in several files gets its models beside them, and gives them back", () => {
    const dir = makeHost({
      ...workspace,
      "packages/db/prisma/schema.prisma": null,
      "packages/db/prisma/schema/base.prisma": 'datasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n',
      "packages/db/prisma/schema/user.prisma": "model User {\n  id    String @id\n  email String @unique\n}\n",
    })
    const before = snapshot(dir)
    expect(run(dir).json.actions.map(({ path }: { path: string }) => path)).toContain("packages/db/prisma/schema/mfa.prisma")
    expect(chimerai(["remove", "mfa", "--yes", "--no-install", "--purge", dir]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test.each<[string, Tree, string, string]>([
    [
      "package.json",
      { "package.json": json({ name: "acme", private: true, prisma: { schema: "./packages/db/prisma" } }) },
      "packages/db/prisma",
      "",
    ],
    ["a Prisma config", { "prisma.config.ts": 'export default { schema: "packages/db/prisma" };\n' }, "packages/db/prisma", ""],
    // Of another package than the one that makes the client.
    [
      "a schema of others",
      { "prisma.config.ts": 'export default { schema: "apps/web/old.prisma" };\n', "apps/web/old.prisma": "" },
      "packages/db/prisma/schema.prisma",
      "cd packages/db && ",
    ],
  ])("the root names the schema of its packages, by %s", (_, files, schema, cd) => {
    const [source, user] = [/^datasource[^}]*\}\n/m, /^model User[^}]*\}\n/m].map(
      (part) => part.exec(String(minimalHost["prisma/schema.prisma"]))?.[0] ?? "",
    )
    const whole = schema.endsWith(".prisma")
    const dir = makeHost({
      ...workspace,
      "packages/db/prisma/schema.prisma": whole ? `${source}${user}` : String(source),
      "packages/db/prisma/models/user.prisma": whole ? null : String(user),
      ...files,
    })
    const before = snapshot(dir)
    const { json: result, stderr } = run(dir)
    expect(result.host?.prisma?.schema, stderr).toBe(schema)
    expect(result.nextSteps.at(-1)).toMatch(cd === "" ? /^(?!cd )/ : new RegExp(`^${cd}`))
    expect(readFileSync(join(dir, whole ? schema : "packages/db/prisma/models/mfa.prisma"), "utf8")).toContain("model MfaFactor")
    expect(run(dir).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", "--yes", "--no-install", "--purge", dir]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("a schema in a package of its own, of an app that makes its clients itself; what the workspace ignores is ignored", () => {
    const dir = makeHost({
      ...workspace,
      "apps/web/auth.ts":
        'import NextAuth from "next-auth";\nimport { PrismaClient } from "@prisma/client";\n\nexport const { handlers } = NextAuth({ providers: [], x: () => new PrismaClient() });\n',
    })
    const before = snapshot(dir)
    const { json } = run(dir)
    expect(json.host.prisma).toMatchObject({ schema: "packages/db/prisma/schema.prisma", client: "apps/web/lib/mfa/db.ts#db" })
    expect(json.actions).toContainEqual(expect.objectContaining({ kind: "env", path: "apps/web/.env", state: "done" }))
    expect(readFileSync(join(dir, "apps/web/lib/mfa/db.ts"), "utf8")).toContain(
      "export const db = globalForMfa.mfaPrisma ?? new PrismaClient()",
    )
    expect(run(dir).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", "--yes", "--no-install", "--purge", dir]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("workspaces of npm, yarn and bun; a package without a name for its entry", () => {
    const dir = makeHost({
      ...workspace,
      "pnpm-workspace.yaml": null,
      "pnpm-lock.yaml": null,
      "package.json": json({ private: true, workspaces: { packages: ["apps/web", "packages/**"] } }),
      "packages/db/package.json": json({ name: "@acme/db", dependencies: { "@prisma/client": "6.19.3" } }),
    })
    expect(run(dir).json.host.prisma.client).toBe("packages/db/src/client.ts#db")
  })
})

describe("update, where the schema is another package's", () => {
  const update = (dir: string, ...args: string[]) =>
    chimerai(["update", "mfa", "--yes", "--no-install", "--json", "--app", "apps/web", ...args], { cwd: dir })
  const schema = "packages/db/prisma/schema.prisma"

  function installed(): { dir: string; before: Record<string, string> } {
    const dir = makeHost(workspace)
    const before = snapshot(dir)
    expect(run(dir, "--app", "apps/web", "--templates", previousTemplates()).code).toBe(0)
    return { dir, before }
  }
  const edit = (dir: string, path: string, from: string, to: string) => {
    const text = readFileSync(join(dir, path), "utf8")
    expect(text).toContain(from)
    writeFileSync(join(dir, path), text.replace(from, to))
  }

  test("its insertions are migrated, around what its owner has added; and taken out again", () => {
    const { dir, before } = installed()
    edit(dir, schema, "  email String @unique\n", "  email String @unique\n  name  String?\n")
    const result = update(dir)
    expect([result.code, result.json.status], result.stderr).toEqual([0, "applied"])
    expect(result.json.actions).toContainEqual(expect.objectContaining({ kind: "edit", path: schema, state: "done" }))
    expect(result.json.nextSteps.at(-1)).toMatch(/^cd packages\/db && pnpm exec prisma/)
    expect(readFileSync(join(dir, schema), "utf8")).toMatch(/name {2}String\?[\s\S]*detail {4}String\?/)
    expect(update(dir).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", "--yes", "--no-install", "--purge", "--app", "apps/web"], { cwd: dir }).code).toBe(0)
    edit(dir, schema, "  name  String?\n", "")
    expect(snapshot(dir)).toEqual(before)
  })

  test("uncommitted work in it stops the run, --allow-dirty does not; and what meets its owner's changes is left to them", () => {
    const { dir } = installed()
    const git = (...args: string[]) => execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", ...args], { cwd: dir })
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "all")
    edit(dir, schema, "  email String @unique\n", "  email String @unique\n  name  String?\n")
    edit(dir, "apps/web/lib/mfa/on-event.ts", "and where to act on it", "and where we act on it")
    const before = snapshot(dir)
    const refused = update(dir)
    expect([refused.code, refused.json.error?.code, refused.json.error?.file]).toEqual([3, "dirty_files", schema])
    expect(snapshot(dir)).toEqual(before)
    const result = update(dir, "--allow-dirty")
    expect([result.code, result.json.status]).toEqual([5, "conflicts"])
    expect(result.json.actions).toContainEqual(expect.objectContaining({ path: "apps/web/lib/mfa/on-event.ts", state: "conflict" }))
    expect(readFileSync(join(dir, "apps/web/lib/mfa/on-event.ts.rej"), "utf8")).toContain("the place to act on it")
  })

  test("its insertions, edited by its owner, are merged", () => {
    const { dir } = installed()
    edit(dir, schema, "mfaSecret      String?", 'mfaSecret      String? @map("mfa_secret")')
    const result = update(dir)
    expect([result.code, result.json.status], result.stderr).toEqual([0, "applied"])
    expect(readFileSync(join(dir, schema), "utf8")).toMatch(/mfaSecret {6}String\? @map\("mfa_secret"\)[\s\S]*detail {4}String\?/)
    expect(update(dir).json.status).toBe("unchanged")
  })
})

describe("which app", () => {
  const two: Tree = { ...workspace, ...inApp("apps/admin"), "apps/admin/auth.ts": auth }

  test("a person is asked, and told what would have said it", async () => {
    const dir = makeHost(two)
    const child = spawn("script", ["-qec", `'${process.execPath}' '${cli}' add mfa '${dir}' --no-install`, "/dev/null"], {
      env: { ...process.env, CI: "", TERM: "xterm" },
    })
    let shown = ""
    child.stdout.on("data", (data) => {
      shown += data
    })
    const says = (text: string) => expect.poll(() => shown, { timeout: 20_000 }).toContain(text)
    await says("There are several Next.js apps here")
    const down = "\u001b[B"
    child.stdin.write(`${down}\r`)
    await says("Apply this plan?")
    child.stdin.write("y")
    await new Promise((resolve) => child.once("close", resolve))
    expect(shown).toContain(`The same without questions: npx chimerai add mfa ${dir} --no-install --app apps/web --yes`)
    expect(existsSync(join(dir, "apps/web/lib/mfa.ts"))).toBe(true)
    expect(existsSync(join(dir, "apps/admin/lib/mfa.ts"))).toBe(false)
  })

  test("several are an answer that is needed", () => {
    const dir = makeHost(two)
    const before = snapshot(dir)
    const result = run(dir)
    expect(result.code).toBe(4)
    expect(result.json.error).toMatchObject({ code: "app_ambiguous", suggestion: expect.stringContaining("--app apps/admin") })
    expect(result.json.error.message).toContain("apps/admin, apps/web")
    expect(Object.keys(result.json.error)).toEqual(["code", "message", "suggestion"])
    expect(snapshot(dir)).toEqual(before)
  })

  test("packages for apps to share are none, though they have next among their dependencies", () => {
    const shared = (name: string) => json({ name, dependencies: { next: "16.4.6", "next-auth": "5.0.0-beta.32" } })
    const dir = makeHost({
      ...workspace,
      "packages/auth/package.json": shared("@acme/auth"),
      "packages/ui/package.json": shared("@acme/ui"),
    })
    expect(run(dir).json.host.app).toBe("apps/web")
  })

  test("the one with the auth route, of several that have next-auth to read sessions with", () => {
    const admin = json({ name: "admin", dependencies: { next: "16.4.6", "next-auth": "5.0.0-beta.32" } })
    const dir = makeHost({ ...workspace, "apps/admin/package.json": admin, "apps/admin/app/page.tsx": "export default () => null;\n" })
    expect(run(dir).json.host.app).toBe("apps/web")
  })

  test("the one that signs users in", () => {
    const docs = json({ name: "docs", dependencies: { next: "16.4.6" } })
    expect(run(makeHost({ ...workspace, "apps/docs/package.json": docs })).json.host.app).toBe("apps/web")
  })

  test("an app that is not there", () => {
    const result = run(makeHost(workspace), "--app", "apps/nope")
    expect(result.code).toBe(2)
    expect(result.json.error.code).toBe("invalid_option")
  })
})

describe("next in the package.json of the root", () => {
  const shared = { next: "16.4.6", "next-auth": "5.0.0-beta.32", "@prisma/client": "6.19.3" }
  /** As Nx lays it out: the app has no package.json, and its packages are the root's. */
  const nx: Tree = {
    ...workspace,
    "pnpm-workspace.yaml": null,
    "nx.json": "{}",
    "package.json": json({ name: "acme", private: true, dependencies: shared }),
    "apps/web/package.json": null,
    "apps/web/project.json": json({ name: "web" }),
    "apps/web/tsconfig.json": json({ extends: "../../tsconfig.base.json" }),
    "tsconfig.base.json": json({
      compilerOptions: { baseUrl: ".", paths: { "@acme/db": ["packages/db/src/index.ts"], "@/*": ["apps/web/*"] } },
    }),
    "packages/db/package.json": null,
  }

  test("an app without one of its own is told so, from there and from the root", () => {
    const dir = makeHost(nx)
    execFileSync("git", ["init", "-q", dir])
    const before = snapshot(dir)
    const { code, json: refused } = run(join(dir, "apps/web"))
    expect(code).toBe(3)
    expect(refused.error).toMatchObject({ code: "package_json_missing", file: "../../package.json" })
    expect(refused.error.message).toContain("This app has no package.json of its own")
    expect(run(dir).json.error).toMatchObject({
      code: "app_router_missing",
      suggestion: expect.stringContaining("package.json of its own"),
    })
    expect(snapshot(dir)).toEqual(before)
  })

  test("with what is suggested the next run goes on", () => {
    const manifest = { name: "acme", private: true, workspaces: ["apps/web"], dependencies: shared }
    const own = json({ name: "web", private: true, dependencies: shared })
    const dir = makeHost({ ...nx, "package.json": json(manifest), "apps/web/package.json": own })
    const added = run(join(dir, "apps/web"), "--schema", "../../packages/db/prisma/schema.prisma")
    expect(added.json.status, added.stderr).toBe("applied")
    expect(readFileSync(join(dir, "apps/web/lib/mfa/db.ts"), "utf8")).toContain('import { db } from "@acme/db"')
  })

  test("the root is no app for that: the one that is, is found", () => {
    const root = json({ name: "acme", private: true, devDependencies: { next: "16.4.6" } })
    expect(run(makeHost({ ...workspace, "package.json": root })).json.host.app).toBe("apps/web")
  })

  test("a folder without a package.json that is no app", () => {
    expect(run(join(makeHost(nx), "packages/db")).json.error.message).toBe("There is no package.json here.")
  })
})

describe("what is out of bounds", () => {
  test("a sign-in that another package configures", () => {
    const dir = makeHost({
      ...workspace,
      "apps/web/auth.ts": 'export * from "@acme/auth";\n',
      "packages/auth/package.json": json({ name: "@acme/auth", main: "index.ts" }),
      "packages/auth/index.ts": auth,
    })
    const before = snapshot(dir)
    const result = run(dir)
    expect(result.code).toBe(3)
    expect(result.json.error).toMatchObject({ code: "auth_in_other_package", file: "packages/auth/index.ts" })
    expect(snapshot(dir)).toEqual(before)
  })

  test("options of next-auth 4 that another package has; what is suggested, pasted, lets the next run through", () => {
    const handler = "apps/web/pages/api/auth/[...nextauth].ts"
    const tree: Tree = {
      ...workspace,
      "apps/web/package.json": String(workspace["apps/web/package.json"]).replace("5.0.0-beta.32", "4.24.13"),
      "apps/web/app/api/auth/[...nextauth]/route.ts": null,
      "apps/web/auth.ts": null,
      [handler]: 'import NextAuth from "next-auth";\nimport { authOptions } from "@acme/auth";\n\nexport default NextAuth(authOptions);\n',
      "packages/auth/package.json": json({ name: "@acme/auth", main: "index.ts" }),
      "packages/auth/index.ts":
        'import { db } from "@acme/db/client";\nimport GitHub from "next-auth/providers/github";\n\nvoid db;\nexport const authOptions = { providers: [GitHub({ clientId: "", clientSecret: "" })] };\n',
    }
    const dir = makeHost(tree)
    const before = snapshot(dir)
    const { error } = run(dir).json
    expect(error).toMatchObject({ code: "auth_in_other_package", file: "packages/auth/index.ts" })
    expect(error.suggestion).toContain(handler.slice("apps/web/".length))
    expect(snapshot(dir)).toEqual(before)

    const [, snippet = ""] = error.suggestion.split("run this again:\n\n")
    const pasted = `import NextAuth from "next-auth"\n${snippet.replace('"..."', '"@acme/auth"').replace("\n\nNextAuth", "\n\nexport default NextAuth")}\n`
    expect(run(makeHost({ ...tree, [handler]: pasted })).json.status).toBe("applied")
  })

  test("a folder beside an app that is no workspace of its", () => {
    const dir = makeHost({ ...workspace, "pnpm-workspace.yaml": "packages:\n  - tools/*\n" })
    const result = run(join(dir, "apps/web"))
    expect(result.code).toBe(3)
    expect(result.json.error.code).toBe("prisma_missing")
  })

  test("a repository of its own is no package of the one around it", () => {
    const dir = makeHost({ ...workspace, "apps/web/.git/HEAD": "ref: refs/heads/main\n" })
    expect(run(join(dir, "apps/web")).json.error.code).toBe("prisma_missing")
  })
})
