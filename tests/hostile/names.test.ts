/** Names that are code, where names are written into code (H16). */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { isCleanPath, isCreatable, isEditable, isIdentifier, isModuleName, isOpenPath, isPackageName, isPlainPath } from "../../src/names"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../support/host"
import { refused } from "../support/hostile"

const add = [["add", "--yes", "--no-install"]]
const route = 'import { handlers } from "@/auth";\nexport const { GET, POST } = handlers;\n'
const withModel = (name: string, more = "") =>
  `datasource db {\n  provider = "sqlite"\n  url      = env("DATABASE_URL")\n}\n\nmodel ${name} {\n  id    String @id @default(cuid())\n  email String @unique\n${more}}\n`

/** An app whose only alias is this one: its own imports are relative. */
const aliased = (pattern: string): Tree => ({
  "tsconfig.json": JSON.stringify({ compilerOptions: { paths: { [pattern]: ["./*"] } } }),
  "auth.ts": String(minimalHost["auth.ts"]).replace("@/lib/prisma", "./lib/prisma"),
  "app/api/auth/[...nextauth]/route.ts": route.replace("@/auth", "../../../../auth"),
})

describe("a name that would be code in code is refused", () => {
  test.each<[string, Tree]>([
    ["a folder with a quote", { "app/api/auth/[...nextauth]/route.ts": null, 'app/api/x" + f() + "/auth/[...nextauth]/route.ts': route }],
    ["a folder with a backtick", { "app/api/auth/[...nextauth]/route.ts": null, "app/api/`x`/auth/[...nextauth]/route.ts": route }],
    ["a folder that ends a comment", { "app/api/auth/[...nextauth]/route.ts": null, "app/api/x*/auth/[...nextauth]/route.ts": route }],
    ["a folder with a line break", { "app/api/auth/[...nextauth]/route.ts": null, "app/api/x\ny/auth/[...nextauth]/route.ts": route }],
    [
      "a folder with a mark of direction",
      { "app/api/auth/[...nextauth]/route.ts": null, "app/api/x\u202Ey/auth/[...nextauth]/route.ts": route },
    ],
    [
      "an alias with a quote",
      { "tsconfig.json": JSON.stringify({ compilerOptions: { paths: { '";CODE;"/*': ["./*"], "@/*": ["./*"] } } }) },
    ],
    [
      "an alias with a line break",
      { "tsconfig.json": JSON.stringify({ compilerOptions: { paths: { "x\ny/*": ["./*"], "@/*": ["./*"] } } }) },
    ],
    ["an alias with an escape", { "tsconfig.json": JSON.stringify({ compilerOptions: { paths: { "x\\/*": ["./*"], "@/*": ["./*"] } } }) }],
    [
      "an export whose name is a text",
      {
        "lib/prisma.ts":
          'import { PrismaClient } from "@prisma/client";\nconst p = new PrismaClient();\nexport { p as "x } from \'y\'; evil(); //" };\n',
        "auth.ts":
          'import NextAuth from "next-auth";\nimport { "x } from \'y\'; evil(); //" as prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers } = NextAuth({ providers: [] });\n',
      },
    ],
    ["an alias that is code at an address", aliased("data:text/javascript,evil();export const post=1//*")],
    ["an alias with a scheme", aliased("https://evil.example/*")],
    ["an alias that names a program of webpack's", aliased("./evil.js!x/*".slice(2))],
    ["an alias with a query", aliased("evil?x/*")],
  ])("%s", (_, tree) => refused(tree, add, "name_unsafe"))

  test.each(["prisma, evil", "x } from 'y'; evil(); //", "a b", ""])("the export %j on the command line", (name) => {
    const dir = makeHost()
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", "--prisma-client", `lib/prisma.ts#${name}`])
    expect([run.code, run.json.error?.code]).toEqual([3, "name_unsafe"])
  })
})

test.each<[string, Tree, string, string]>([
  ["a file where a folder has to be", { "lib/mfa": "" }, "file_exists", "lib/mfa"],
  ["a file where the scripts go", { scripts: "" }, "file_exists", "scripts"],
])("%s is refused when it is planned", (_, tree, code, file) => {
  const run = chimerai(["add", "mfa", makeHost(tree), "--dry-run", "--json"])
  expect([run.code, run.json.error?.code, run.json.error?.file]).toEqual([3, code, file])
})

test("a name that is longer than a disk takes is refused when it is planned", () => {
  const long = String(minimalHost["auth.ts"]).replace("[GitHub]", `[GitHub], pages: { signIn: "/${"a".repeat(300)}" }`)
  const run = chimerai(["add", "mfa", makeHost({ "auth.ts": long }), "--dry-run", "--json"])
  expect([run.code, run.json.error?.code]).toEqual([3, "name_unsafe"])
})

describe("an alias leads an import of ours nowhere else", () => {
  const withPaths = (paths: object, more: Tree = {}) =>
    makeHost({ "tsconfig.json": JSON.stringify({ compilerOptions: { paths } }), "evil/x.ts": "export const x = 1\n", ...more })
  const verify = "app/api/auth/mfa-verify/route.ts"

  test.each(["@/lib/mfa/http", "@/lib/mfa/*", "@/lib/*", "@/lib/mfa/h*p", "@/*p"])("the narrower one %s", (pattern) => {
    const narrow = { [pattern]: ["./evil/x"] }
    // The client is found by the app's own import, which such an alias must leave alone.
    const dir = withPaths(
      { "@/*": ["./*"], ...narrow },
      { "auth.ts": String(minimalHost["auth.ts"]).replace("@/lib/prisma", "./lib/prisma") },
    )
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
    expect(run.code, run.stderr).toBe(0)
    const text = readFileSync(join(dir, verify), "utf8")
    expect(text).toContain('from "../../../../lib/mfa/http"')
    expect(chimerai(["status", dir, "--json"]).json.checks).not.toContainEqual(expect.objectContaining({ id: "files_differ" }))
  })

  test.each(["./*", "../*", "/*"])("one that looks like a path, %s, is not used", (pattern) => {
    const dir = withPaths(
      { [pattern]: ["./*"] },
      { ...aliased("x/*"), "tsconfig.json": JSON.stringify({ compilerOptions: { paths: { [pattern]: ["./*"] } } }) },
    )
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
    expect(run.code, run.stderr).toBe(0)
    expect(readFileSync(join(dir, verify), "utf8")).toContain('from "../../../../lib/mfa/http"')
  })

  test.each(["otpauth", "otp*", "*"])("a package that is added leads to the app's own file by %s", (pattern) => {
    const dir = withPaths(
      { "@/*": ["./*"], [pattern]: [pattern === "*" ? "./evil/*" : "./evil/otpauth"] },
      { "evil/otpauth.ts": "export {}\n" },
    )
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([run.code, run.json.error?.code, run.json.error?.file], run.stderr).toEqual([3, "name_taken", "evil/otpauth.ts"])
  })
})

describe("a package that is added comes from somewhere else by package.json", () => {
  const manifest = String(minimalHost["package.json"])
  const withField = (field: string, value: object) => JSON.stringify({ ...JSON.parse(manifest), [field]: value })
  const withPackage = (range: string) => manifest.replace('"dependencies": {', `"dependencies": { "otpauth": ${JSON.stringify(range)},`)

  test.each([
    ["a folder", withPackage("file:./vendor/evil")],
    ["a link", withPackage("link:./vendor/evil")],
    ["another name", withPackage("npm:evil@1")],
    ["a repository", withPackage("evil/otpauth")],
    ["an address", withPackage("https://evil.example/x.tgz")],
    [
      "a second list of the same name",
      manifest.replace(
        /\}\s*$/,
        ', "dependencies": { "next": "16.4.6", "next-auth": "5.0.0-beta.32", "@prisma/client": "6.19.3", "otpauth": "file:./evil" } }',
      ),
    ],
    ["overrides", withField("overrides", { otpauth: "file:./evil" })],
    ["overrides of one version", withField("overrides", { "otpauth@9": "npm:evil@1" })],
    ["overrides below another package", withField("overrides", { otpauth: { ".": "file:./evil" } })],
    ["resolutions", withField("resolutions", { "**/otpauth": "link:./evil" })],
    ["pnpm's overrides", withField("pnpm", { overrides: { "app>qrcode": "link:./evil" } })],
    ["optional dependencies", withField("optionalDependencies", { qrcode: "npm:evil@1" })],
    ["resolutions for another package", withField("resolutions", { "app/qrcode": "link:./evil" })],
  ])("%s", (_, text) => {
    const dir = makeHost({ "package.json": text })
    const before = snapshot(dir)
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([run.code, run.json.error?.code, run.json.error?.file], run.stderr).toEqual([3, "name_taken", "package.json"])
    expect(snapshot(dir)).toEqual(before)
  })

  test("a package of the workspace that ends like one of ours is another one", () => {
    const text = manifest.replace('"dependencies": {', '"dependencies": { "@acme/qrcode": "workspace:*",')
    const run = chimerai(["add", "mfa", makeHost({ "package.json": text }), "--yes", "--no-install", "--json", "--dry-run"])
    expect([run.code, run.json.status], run.stderr).toEqual([0, "planned"])
  })

  test.each(["^9.5.2", "latest", "9.x || 10", "catalog:", "catalog:auth", "npm:otpauth@^9", "workspace"])(
    "a version of its own, %s, is kept",
    (range) => {
      const run = chimerai(["add", "mfa", makeHost({ "package.json": withPackage(range) }), "--yes", "--no-install", "--json"])
      expect([run.code, run.json.dependencies?.kept], run.stderr).toEqual([0, ["otpauth"]])
      const { reason } = run.json.actions.find(({ kind }: { kind: string }) => kind === "dependency")
      expect(reason, "what is added").not.toContain("otpauth")
    },
  )
})

test("texts of an app become literals, with what cannot be seen written by number", () => {
  const name = 'x"; evil(); "\u202E\u2028'
  const dir = makeHost({
    "package.json": JSON.stringify({
      name,
      dependencies: { next: "16.4.6", "next-auth": "5.0.0-beta.32", "@prisma/client": "6.19.3" },
      devDependencies: { typescript: "5.9.3" },
    }),
    "prisma/schema.prisma": withModel("User", '  @@map("x\\" + f() + \\"")\n'),
  })
  expect(chimerai(["add", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
  const config = readFileSync(join(dir, "lib/mfa/config.ts"), "utf8")
  expect(config).toContain('|| "x\\"; evil(); \\"\\u202e\\u2028"')
  expect(config).not.toMatch(/[\u202E\u2028]/)
})

test("a name that prettier and prisma would take stays usable", () => {
  for (const folder of ["app/api/(öffentlich)", "app/api/v1.0", "app/api/my app", "app/api/$x+y", "app/api/(👨‍👩‍👧)"]) {
    const tree = { "app/api/auth/[...nextauth]/route.ts": null, [`${folder}/auth/[...nextauth]/route.ts`]: route }
    const dir = makeHost(tree)
    const before = snapshot(dir)
    expect(chimerai(["add", "mfa", dir, "--yes", "--dry-run", "--json"]).json.status, folder).toBe("planned")
    expect(snapshot(dir)).toEqual(before)
  }
})

describe("what a name may be", () => {
  test.each<[string, (text: string) => boolean, string[], string[]]>([
    ["an identifier", isIdentifier, ["prisma", "$x", "_a1", "größe", "default"], ["", "1a", "a b", "a-b", "a;b", "a\u200B", 'a"']],
    [
      "a package",
      isPackageName,
      ["otpauth", "@types/qrcode", "lodash.merge", "~x"],
      ["", "A", "../x", "a b", "(x+x+)+y", "@a", "@a/b/c", "a/b", 'a"', ".x"],
    ],
    [
      "a plain path",
      isPlainPath,
      ["@/lib/x", "./x y", "[...a]/(b)/@c"],
      ["", "a\nb", 'a"', "a`", "a\\b", "a*/b", "a\u2066b", "x".repeat(2_000)],
    ],
    [
      "the name of a module",
      isModuleName,
      ["@/lib/x", "../x", "~/a b", "#/x", "@acme/db", "./(größe)/[id]"],
      ["", "data:text/javascript,x", "node:fs", "/etc/x", "//evil.example/x", "a//b", "loader!x", "x?y", "x#y", 'a"'],
    ],
    [
      "a clean path",
      isCleanPath,
      ["a/b.ts", "../db/x.ts", "../../x"],
      ["", "..", "../..", "/a", "a//b", "a/./b", "a/../b", "../a/../b", "C:/x", "a./b"],
    ],
    ["an open path", isOpenPath, ["a/b.ts", ".env"], [".git/x", "a/.GIT/x", "a/node_modules/x", ".chimerai/x", "../.git/x"]],
    [
      "a file to create",
      isCreatable,
      ["lib/mfa/middleware.ts", "app/(app)/x/page.tsx", "prisma/mfa.prisma"],
      ["middleware.ts", "a/.x/b.ts", "x.json", "x"],
    ],
    [
      "a file to edit",
      isEditable,
      ["auth.config.ts", "package.json", "../db/schema.prisma"],
      ["yarn.lock", ".npmrc", ".husky/x.ts", ".git/x.ts"],
    ],
  ])("%s", (_, is, right, wrong) => {
    for (const text of right) expect(is(text), text).toBe(true)
    for (const text of wrong) expect(is(text), text).toBe(false)
  })
})
