/** Where an import leads, as TypeScript and bundlers have it: configs that are extended, and `imports` of package.json. */
import { mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { loadFeature } from "../../../src/feature/load"
import { detect } from "../../../src/host/detect"
import { HostFiles } from "../../../src/host/files"
import { Modules } from "../../../src/host/modules"
import { Aliases } from "../../../src/host/tsconfig"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../../support/host"

const { requires } = loadFeature("mfa")
const paths = (target: string) => JSON.stringify({ compilerOptions: { paths: { "@/*": [target] } } })
const json = (data: object) => `${JSON.stringify(data)}\n`
const resolved = (dir: string, specifier = "@/auth") => new Aliases(new HostFiles(dir)).resolve(specifier)

describe("a config of a package", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: TypeScript fills it in
  const own = "${configDir}/own/*"
  test.each<[string, string | string[], Tree, string]>([
    ["by its file", "@acme/tsconfig/next.json", { "node_modules/@acme/tsconfig/next.json": paths(own) }, "own/auth"],
    ["by its file's name", "@acme/tsconfig/next", { "node_modules/@acme/tsconfig/next.json": paths(own) }, "own/auth"],
    ["by a folder", "@acme/tsconfig/next", { "node_modules/@acme/tsconfig/next/tsconfig.json": paths(own) }, "own/auth"],
    ["by its name", "acme-config", { "node_modules/acme-config/tsconfig.json": paths(own) }, "own/auth"],
    [
      "that names its config",
      "acme-config",
      { "node_modules/acme-config/package.json": json({ tsconfig: "./base.json" }), "node_modules/acme-config/base.json": paths(own) },
      "own/auth",
    ],
    [
      "that exports it",
      "@acme/tsconfig/next",
      {
        "node_modules/@acme/tsconfig/package.json": json({ exports: { "./*": "./configs/*.json" } }),
        "node_modules/@acme/tsconfig/configs/next.json": paths(own),
      },
      "own/auth",
    ],
    [
      "with exports that are none",
      "@acme/tsconfig/next",
      {
        "node_modules/@acme/tsconfig/package.json": '{ "exports": { "1": "./x", "./next": "../../../secret.json" } }',
        "node_modules/@acme/tsconfig/next.json": paths(own),
      },
      "own/auth",
    ],
    [
      "that extends one beside it",
      "@acme/tsconfig/next",
      { "node_modules/@acme/tsconfig/next.json": '{ "extends": "./base" }', "node_modules/@acme/tsconfig/base.json": paths(own) },
      "own/auth",
    ],
    [
      "that extends another package",
      "@acme/tsconfig/next",
      { "node_modules/@acme/tsconfig/next.json": '{ "extends": "base-config" }', "node_modules/base-config/tsconfig.json": paths(own) },
      "own/auth",
    ],
    [
      "whose paths count from where they are",
      "acme-config",
      { "node_modules/acme-config/tsconfig.json": paths("./files/*") },
      "node_modules/acme-config/files/auth",
    ],
    [
      "the last of several",
      ["acme-config", "./other.json"],
      { "node_modules/acme-config/tsconfig.json": paths(own), "other.json": paths("./other/*") },
      "other/auth",
    ],
    [
      "of the folder",
      ".",
      {
        "tsconfig.json": null,
        "jsconfig.json": '{ "extends": "./config/app" }',
        "config/app.json": '{ "extends": "." }',
        "config/tsconfig.json": paths("./x/*"),
      },
      "config/x/auth",
    ],
  ])("%s", (_, name, tree, path) => {
    const config = { "tsconfig.json": json({ extends: name }) }
    expect(resolved(makeHost({ ...config, ...tree }))).toEqual([path])
  })

  const none: Tree = Object.fromEntries(Object.keys(minimalHost).map((path) => [path, null]))
  const app = { ...none, ".git/HEAD": "", "package.json": json({ workspaces: ["apps/*", "packages/*"] }), "apps/web/package.json": "{}" }

  test("of the workspace, whether it is linked yet or not", () => {
    const dir = makeHost({
      ...app,
      "apps/web/tsconfig.json": json({ extends: "@acme/tsconfig/next" }),
      "packages/tsconfig/package.json": json({ name: "@acme/tsconfig" }),
      "packages/tsconfig/next.json": '{ "extends": "../../base.json" }',
      "base.json": paths(own),
    })
    expect(resolved(join(dir, "apps/web"))).toEqual(["own/auth"])
    mkdirSync(join(dir, "node_modules/@acme"), { recursive: true })
    // What it extends is beside the package itself, not beside its link.
    symlinkSync("../../packages/tsconfig", join(dir, "node_modules/@acme/tsconfig"))
    expect(resolved(join(dir, "apps/web"))).toEqual(["own/auth"])
  })

  test.each([
    [
      "the root of the workspace, which names the app's folder",
      { baseUrl: ".", paths: { "@/*": ["apps/web/*"], "@web/*": ["./apps/web/lib/*"] } },
      "lib",
    ],
    ["the same without a base", { paths: { "@/*": ["./apps/web/*"] } }, ""],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: TypeScript fills it in
    ["the folder of whoever extends it", { paths: { "@/*": ["${configDir}/*"] } }, ""],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: TypeScript fills it in
    ["a folder of whoever extends it", { paths: { "@/*": ["${configDir}/*"], "#x/*": ["${configDir}/lib/*"] } }, "lib"],
  ])("above the app: %s", (_, compilerOptions, dir) => {
    const root = makeHost({ ...app, "apps/web/tsconfig.json": json({ extends: "../../base" }), "base.json": json({ compilerOptions }) })
    const aliases = new Aliases(new HostFiles(join(root, "apps/web")))
    expect(aliases.resolve("@/auth")).toEqual(["auth"])
    expect(aliases.covering("lib/mfa")?.fact.dir).toBe(dir)
  })

  test("as pnpm keeps it, with what it needs itself", () => {
    const store = "node_modules/.pnpm/acme-config@1.0.0/node_modules"
    const dir = makeHost({
      "tsconfig.json": json({ extends: "acme-config" }),
      [`${store}/acme-config/tsconfig.json`]: '{ "extends": "base-config" }',
      [`${store}/base-config/tsconfig.json`]: paths(own),
    })
    symlinkSync(".pnpm/acme-config@1.0.0/node_modules/acme-config", join(dir, "node_modules/acme-config"))
    expect(resolved(dir)).toEqual(["own/auth"])
  })

  test("one in a circle ends, and so do many", () => {
    expect(resolved(makeHost({ "tsconfig.json": '{ "extends": "./a.json" }', "a.json": '{ "extends": "./tsconfig.json" }' }))).toEqual([])
    const chain = Array.from({ length: 300 }, (_, at) => [`c${at}.json`, `{ "extends": "./c${at + 1}.json" }`])
    expect(() => resolved(makeHost({ ...Object.fromEntries(chain), "tsconfig.json": '{ "extends": "./c0.json" }' }))).toThrow(
      /more than 100/,
    )
  })

  describe("that is not installed", () => {
    const tree: Tree = { "tsconfig.json": '{\n  "extends": "@acme/tsconfig/next"\n}\n' }

    test("the usual alias is tried, and that is said", async () => {
      const { host } = await detect(makeHost(tree), requires)
      expect(host.auth.calls).toEqual(["auth.ts"])
      expect(host.alias).toBe(null)
      expect(host.warnings).toContainEqual(
        expect.objectContaining({
          code: "config_missing",
          file: "tsconfig.json",
          line: 2,
          message: expect.stringContaining('"@acme/tsconfig/next"'),
        }),
      )
    })

    test("beside src/app it is src", () => {
      expect(
        resolved(makeHost({ ...tree, "app/layout.tsx": null, "app/api/auth/[...nextauth]/route.ts": null, "src/app/x.ts": "" })),
      ).toEqual(["src/auth", "auth"])
    })

    test("nothing is guessed where the app says itself what it is", async () => {
      const own = '{ "extends": "@acme/tsconfig/next", "compilerOptions": { "paths": { "@/*": ["./*"] } } }'
      const { host } = await detect(makeHost({ "tsconfig.json": own }), requires)
      expect(host.alias).toMatchObject({ prefix: "@/" })
      expect(host.warnings.map(({ code }) => code)).not.toContain("config_missing")
      expect(resolved(makeHost({ "tsconfig.json": own.replace("@/*", "~/*") }))).toEqual([])
    })

    test("nor said where nothing asks for it", async () => {
      const relative: Tree = {
        ...tree,
        "app/api/auth/[...nextauth]/route.ts": String(minimalHost["app/api/auth/[...nextauth]/route.ts"]).replace("@/", "../../../../"),
        "auth.ts": String(minimalHost["auth.ts"]).replace("@/", "./"),
      }
      const { host } = await detect(makeHost(relative), requires)
      expect(host.warnings.map(({ code }) => code)).not.toContain("config_missing")
    })
  })
})

describe("imports of package.json", () => {
  const found = async (imports: unknown, specifier: string, tree: Tree = {}, from = "app/page.tsx") => {
    const dir = makeHost({ "tsconfig.json": "{}", "package.json": json({ imports }), ...tree })
    return (await Modules.of(new HostFiles(dir))).resolve(from, specifier)
  }

  test.each<[string, unknown, string, string | null]>([
    ["a pattern", { "#/*": "./*" }, "#/lib/prisma.ts", "lib/prisma.ts"],
    ["a pattern with an ending", { "#lib/*": "./lib/*.ts" }, "#lib/prisma", "lib/prisma.ts"],
    ["a name", { "#db": "./lib/prisma.ts" }, "#db", "lib/prisma.ts"],
    ["an ending that is left out", { "#lib/*": "./lib/*" }, "#lib/prisma", "lib/prisma.ts"],
    ["by condition", { "#db": { browser: "./auth.ts", node: "./lib/prisma.ts", default: "./auth.ts" } }, "#db", "lib/prisma.ts"],
    ["by condition, within another", { "#db": { node: { import: "./lib/prisma.ts" } } }, "#db", "lib/prisma.ts"],
    ["by its types, where nothing is built", { "#db": { types: "./lib/prisma.ts", default: "./out/prisma.js" } }, "#db", "lib/prisma.ts"],
    ["the one that says most", { "#*": "./*.ts", "#lib/*": "./lib/*.ts" }, "#lib/prisma", "lib/prisma.ts"],
    ["a name that is not there", { "#db": "./lib/prisma.ts" }, "#auth", null],
    ["a package that is not here", { "#db": "pg" }, "#db", null],
    ["what leads out", { "#db": "./../../x.ts" }, "#db", null],
    ["a star that leads out", { "#*": "./lib/*" }, "#../../../x", null],
    ["a list", [["#db", "./lib/prisma.ts"]], "#db", null],
    ["a text", "./lib/prisma.ts", "#db", null],
    ["a number", { "#db": 1 }, "#db", null],
    ["names of every object", { hasOwnProperty: "./lib/prisma.ts", "#db": "./lib/prisma.ts" }, "#db", null],
  ])("%s", async (_, imports, specifier, path) => {
    expect(await found(imports, specifier)).toBe(path)
  })

  test("paths of tsconfig.json come first, as for TypeScript", async () => {
    const tsconfig = '{ "compilerOptions": { "paths": { "#*": ["./*"] } } }'
    expect(await found({ "#auth": "./lib/prisma.ts" }, "#auth", { "tsconfig.json": tsconfig })).toBe("auth.ts")
  })

  test("those of the package that a file belongs to count for it", async () => {
    const tree = { "lib/package.json": json({ imports: { "#db": "./prisma.ts" } }) }
    expect(await found({ "#db": "./auth.ts" }, "#db", tree, "lib/users.ts")).toBe("lib/prisma.ts")
    expect(await found({ "#db": "./auth.ts" }, "#db", tree, "app/page.tsx")).toBe("auth.ts")
  })

  test("an app is installed into, and what a person has pasted by such a name is seen", () => {
    const dir = makeHost({
      "tsconfig.json": "{}",
      "package.json": `${JSON.stringify({ ...JSON.parse(String(minimalHost["package.json"])), imports: { "#/*": "./*" } }, null, 2)}\n`,
      "app/api/auth/[...nextauth]/route.ts": String(minimalHost["app/api/auth/[...nextauth]/route.ts"]).replace("@/auth", "#/auth.ts"),
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { withMfa } from "#/lib/mfa/with-mfa.ts";\nimport { prisma } from "#/lib/prisma.ts";\n\nvoid prisma;\nexport const { handlers, auth } = withMfa(NextAuth)({ providers: [] });\n',
    })
    const before = snapshot(dir)
    const run = (command: string) =>
      chimerai([command, "mfa", "--yes", "--json", "--no-install", ...(command === "remove" ? ["--purge"] : []), dir])
    const added = run("add").json
    expect(added).toMatchObject({ status: "applied", host: { prisma: { client: "lib/prisma.ts#prisma" } } })
    expect(added.actions).toContainEqual(expect.objectContaining({ path: "auth.ts", state: "unchanged" }))
    expect(run("add").json.status).toBe("unchanged")
    run("remove")
    expect(snapshot(dir)["auth.ts"]).toBe(before["auth.ts"])
  })
})
