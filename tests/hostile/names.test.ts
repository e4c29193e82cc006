/** Names that are code, where names are written into code (H16). */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import type { CliError } from "../../src/errors"
import { assertFromRegistry } from "../../src/host/aliased-packages"
import { HostFiles } from "../../src/host/files"
import { assertLockedFromRegistry } from "../../src/host/locked-packages"
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

  test.each<[string, Tree]>([
    ["a folder with a package.json", { "evil/otpauth/package.json": '{ "main": "impl.js" }', "evil/otpauth/impl.js": "" }],
    ["one whose main is no module to read", { "evil/otpauth/package.json": '{ "main": "impl.cjs" }', "evil/otpauth/impl.cjs": "" }],
    ["one with an index", { "evil/otpauth/package.json": "{}", "evil/otpauth/index.js": "" }],
    ["a file of another ending", { "evil/otpauth": "" }],
  ])("a package that is added leads to what is no module of the app's: %s", (_, more) => {
    for (const pattern of ["otpauth", "otp*"]) {
      const dir = withPaths({ "@/*": ["./*"], [pattern]: ["./evil/otpauth"] }, more)
      const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
      expect([run.code, run.json.error?.code], run.stderr).toEqual([3, "name_taken"])
      expect(run.json.error.file).toMatch(/^evil\/otpauth/)
    }
  })

  test.each<[string, Tree]>([
    ["main", { "shared/with-mfa/package.json": '{ "main": "impl.js" }', "shared/with-mfa/impl.js": "exports.withMfa = (x) => x" }],
    [
      "module",
      { "shared/with-mfa/package.json": '{ "module": "./impl.mjs" }', "shared/with-mfa/impl.mjs": "export const withMfa = (x) => x" },
    ],
    [
      "a main that is not read here",
      { "shared/with-mfa/package.json": '{ "main": "impl.cjs" }', "shared/with-mfa/impl.cjs": "exports.withMfa = (x) => x" },
    ],
  ])("a wrapper of somebody else's is not taken for ours, where a folder's package.json says what is loaded: %s", (_, more) => {
    const aliases = { "@/lib/mfa/*": ["./shared/*", "./lib/mfa/*"], "@/*": ["./*"] }
    const dir = withPaths(aliases)
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
    const auth = join(dir, "auth.ts")
    writeFileSync(auth, readFileSync(auth, "utf8").replace(/from "[^"]*with-mfa"/, 'from "@/lib/mfa/with-mfa"'))
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).json.status).toBe("unchanged")
    for (const [path, text] of Object.entries(more)) {
      mkdirSync(join(dir, "shared/with-mfa"), { recursive: true })
      writeFileSync(join(dir, path), String(text))
    }
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).json.error?.code).toBe("name_taken")
    expect(chimerai(["status", dir, "--json"]).code).not.toBe(0)
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

  const ours = ["otpauth", "qrcode", "@types/qrcode"]
  const refusalOf = (tree: Tree, app = ""): object => {
    try {
      assertFromRegistry(new HostFiles(join(makeHost(tree), app)), ours)
      return {}
    } catch (error) {
      const { code, details } = error as CliError
      return { code, file: details.file }
    }
  }
  const refusedFor = (file: string, tree: Tree) => expect(refusalOf(tree)).toEqual({ code: "name_taken", file })

  test.each([
    ["a folder with a dot", withPackage(".evil")],
    ["an archive beside it", withPackage("evil.tgz")],
    ["an archive beside it, by another end", withPackage("evil.tar.gz")],
    ["a package of the workspace", withPackage("workspace:*")],
    ["an entry of a catalogue that is not there", withPackage("catalog:")],
    ["an entry of a catalogue of package.json", withField("catalog", { otpauth: "file:./evil" })],
    ["a named catalogue of package.json", withField("workspaces", { packages: [], catalogs: { auth: { otpauth: "npm:evil@1" } } })],
    ["pnpm's overrides of one version", withField("pnpm", { overrides: { "otpauth@>=9": "link:./evil" } })],
    ["pnpm's overrides of one version below another", withField("pnpm", { overrides: { "app@>1>otpauth@>=9": "link:./evil" } })],
    ["what the app has by another name", withField("overrides", { otpauth: "$evil-otp" })],
    [
      "what the app has by another name, and from a folder",
      JSON.stringify({ ...JSON.parse(withField("overrides", { otpauth: "$evil-otp" })), devDependencies: { "evil-otp": "link:./evil" } }),
    ],
    ["overrides within those of another package", withField("overrides", { mini: { otpauth: "file:./evil" } })],
    ["overrides of what it needs itself", withField("overrides", { qrcode: { pngjs: "file:./evil" } })],
    ["pnpm's overrides of what it needs itself", withField("pnpm", { overrides: { "otpauth>@noble/hashes": "link:./evil" } })],
    ["a patch", withField("patchedDependencies", { "otpauth@9.5.2": "patches/o.patch" })],
    ["a patch of pnpm's", withField("pnpm", { patchedDependencies: { otpauth: "patches/o.patch" } })],
  ])("in the plan: %s", (_, text) => refusedFor("package.json", { "package.json": text }))

  test.each([
    ["overrides", 'overrides:\n  otpauth: "link:./evil"\n'],
    ["overrides in quotes", "\"overrides\":\n  'otpauth@>=9': link:./evil # mine\n"],
    ["overrides on one line", "overrides: { react: 19.0.0, otpauth: link:./evil }\n"],
    ["overrides on two lines", "overrides:\n  {react: 19.0.0,\n   otpauth: link:./evil}\n"],
    ["overrides with an escape", 'overrides:\n  "\\x6ftpauth": link:./evil\n'],
    ["overrides by a reference", "x: &x\n  otpauth: link:./evil\noverrides: *x\n"],
    ["overrides that a reference is merged into", "x: &x\n  otpauth: link:./evil\noverrides:\n  <<: *x\n"],
    ["overrides with a value that is written elsewhere", "x: &x link:./evil\noverrides:\n  otpauth: *x\n"],
    ["a catalogue that is written elsewhere", "x: &x\n  otpauth: link:./evil\ncatalogs:\n  auth: *x\n"],
    ["overrides by a key of its own line", "overrides:\n  ? otpauth\n  : link:./evil\n"],
    ["a file that is indented", "  overrides:\n    otpauth: link:./evil\n"],
    ["a file on one line", "{ overrides: { otpauth: link:./evil } }\n"],
    ["a catalogue", 'catalog:\n  otpauth: "npm:left-pad@1.3.0"\n'],
    ["a named catalogue", "catalogs:\n  auth:\n    otpauth: npm:left-pad@1.3.0\n"],
    ["a patch", "patchedDependencies:\n  otpauth@9.5.2: patches/o.patch\n"],
  ])("by pnpm-workspace.yaml: %s", (_, text) => refusedFor("pnpm-workspace.yaml", { "pnpm-workspace.yaml": text }))

  test("by a catalogue of yarn's, and by overrides of the workspace's root", () => {
    refusedFor(".yarnrc.yml", { ".yarnrc.yml": "catalog:\n  otpauth: file:./evil\n" })
    const tree = Object.fromEntries(
      Object.entries(minimalHost).flatMap(([path, text]) => [
        [path, null],
        [`web/${path}`, text],
      ]),
    )
    const top = { ...tree, "package.json": JSON.stringify({ workspaces: ["web"], overrides: { otpauth: "file:./evil" } }) }
    expect(refusalOf(top, "web")).toEqual({ code: "name_taken", file: "../package.json" })
  })

  test.each([
    ["by its folder", ["vendor/otp"]],
    ["by a pattern", ["vendor/*"]],
    ["by a part of a name", ["ven*/o{tp,x}"]],
  ])("a package of the app's own workspace is called like one of ours: %s", (_, workspaces) => {
    const dir = makeHost({
      "package.json": withField("workspaces", workspaces),
      "vendor/otp/package.json": '{ "name": "otpauth", "version": "9.5.2" }',
    })
    const run = chimerai(["add", "mfa", dir, "--yes", "--dry-run", "--json"])
    expect([run.code, run.json.error?.code, run.json.error?.file], run.stderr).toEqual([3, "name_taken", "vendor/otp/package.json"])
  })

  test("a workspace's files that have other packages in them are no reason to refuse", () => {
    const yaml = [
      "# shared",
      "packages: ['packages/*']",
      "catalog:",
      "  react: ^19.0.0",
      "  'qrcode.react': ^4.0.0 # not qrcode",
      "catalogs: { next: { next: 16.4.6 } }",
      "overrides:",
      "  '@acme/qrcode': 'link:./packages/qrcode'",
      '  "vite@<6 || >7": ">=7.1"',
      "  app>yargs: '-'",
      "  qrcode: ^1.5.4",
      "patchedDependencies: {}",
      "onlyBuiltDependencies:",
      "- otpauth",
      "- sharp",
      "",
    ].join("\n")
    const dir = makeHost({
      "pnpm-workspace.yaml": yaml,
      "package.json": JSON.stringify({
        ...JSON.parse(withPackage("^9.5.2")),
        overrides: { otpauth: "$otpauth", qrcode: { yargs: "^17.7.2" }, vite: { esbuild: "npm:esbuild-wasm@*" } },
        resolutions: { "**/semver": "patch:semver@7#./x.patch", qrcode: "1.5.4" },
      }),
      "packages/qrcode/package.json": '{ "name": "@acme/qrcode" }',
    })
    const run = chimerai(["add", "mfa", dir, "--yes", "--dry-run", "--json"])
    expect([run.code, run.json.status], run.stderr).toEqual([0, "planned"])
  })

  test("what pnpm-workspace.yaml says of other packages, in whatever way, is no matter", () => {
    const yaml =
      "%YAML 1.2\n---\noverrides:\n  '@acme/ui': workspace:*\n  '@types/react': '*'\n  left-pad: \"*\"\ncatalog:\n  react: &react ^19.0.0\n  react-dom: *react\n"
    const run = chimerai(["add", "mfa", makeHost({ "pnpm-workspace.yaml": yaml }), "--yes", "--dry-run", "--json"])
    expect([run.code, run.json.status], run.stderr).toEqual([0, "planned"])
  })

  test.each(["^9.5.2", "latest", "9.x || 10", "catalog:", "catalog:auth", "npm:otpauth@^9", "workspace", "", "v9.5", "next-9"])(
    "a version of its own, %j, is kept",
    (range) => {
      const yaml = "catalog:\n  otpauth: ^9.5.2\n\ncatalogs:\n  auth:\n    'otpauth': \"^9.4\"\n"
      const tree = { "package.json": withPackage(range), "pnpm-workspace.yaml": range.startsWith("catalog:") ? yaml : null }
      const run = chimerai(["add", "mfa", makeHost(tree), "--yes", "--no-install", "--json"])
      expect([run.code, run.json.dependencies?.kept], run.stderr).toEqual([0, ["otpauth"]])
      const { reason } = run.json.actions.find(({ kind }: { kind: string }) => kind === "dependency")
      expect(reason, "what is added").not.toContain("otpauth")
    },
  )
})

describe("a lockfile that waits for a package that is added", () => {
  const ours = ["otpauth", "qrcode", "@types/qrcode"]
  const codeOf = (file: string, text: string): string => {
    try {
      assertLockedFromRegistry(new HostFiles(makeHost({ [file]: text })), ours)
      return ""
    } catch (error) {
      return (error as CliError).code
    }
  }
  const npm = (entry: object, path = "node_modules/otpauth") => JSON.stringify({ lockfileVersion: 3, packages: { [path]: entry } }, null, 2)
  const pnpm = (block: string) => `lockfileVersion: '9.0'\n\npackages:\n\n${block}\n\n  zod@4.0.0:\n    resolution: {integrity: sha512-x}\n`
  const at = "https://registry.example/otpauth/-/otpauth-9.5.2.tgz"

  test.each([
    ["a file", "package-lock.json", npm({ version: "9.5.2", resolved: "file:vendor/o.tgz" })],
    ["a link", "package-lock.json", npm({ resolved: "vendor/otpauth", link: true })],
    ["a repository", "package-lock.json", npm({ version: "9.5.2", resolved: "git+ssh://git@git.example/evil/otpauth.git#abc" })],
    ["another package", "package-lock.json", npm({ version: "9.5.2", resolved: "https://registry.example/evil/-/evil-9.5.2.tgz" })],
    ["another name", "package-lock.json", npm({ name: "evil", version: "9.5.2" })],
    ["any archive", "package-lock.json", npm({ version: "9.5.2", resolved: "https://evil.example/otpauth-9.5.2.tgz" })],
    ["for a package of the workspace", "package-lock.json", npm({ version: "1.0.0", link: true }, "web/node_modules/@types/qrcode")],
    ["of version 1", "package-lock.json", JSON.stringify({ dependencies: { otpauth: { version: "file:vendor/o.tgz" } } })],
    ["under its other name", "npm-shrinkwrap.json", npm({ version: "9.5.2", resolved: "file:vendor/o.tgz" })],
    ["with a conflict", "package-lock.json", `<<<<<<< a\n${npm({ link: true })}\n=======\n>>>>>>> b\n`],
    ["a file, of yarn 1", "yarn.lock", 'otpauth@^9.5.2:\n  version "9.5.2"\n  resolved "file:./vendor/o.tgz"\n'],
    ["a file, of yarn 1, by an escape", "yarn.lock", '"\\u006ftpauth@^9.5.2":\n  version "9.5.2"\n  resolved "file:./vendor/o.tgz"\n'],
    ["a folder, of yarn 4", "yarn.lock", '"otpauth@npm:^9.5.2":\n  version: 9.5.2\n  resolution: "otpauth@portal:./evil"\n'],
    ["a patch, of yarn 4", "yarn.lock", '"qrcode@npm:^1.5.4":\n  resolution: "qrcode@patch:qrcode@npm%3A1.5.4#./x.patch"\n'],
    ["another name, of yarn 4", "yarn.lock", '"otpauth@npm:^9.5.2":\n  resolution: "evil@npm:1.0.0"\n'],
    ["a file, of pnpm", "pnpm-lock.yaml", pnpm("  otpauth@9.5.2:\n    resolution: {integrity: sha512-x, tarball: file:vendor/o.tgz}")],
    ["a file in the key, of pnpm", "pnpm-lock.yaml", pnpm("  otpauth@file:vendor/o.tgz:\n    resolution: {integrity: sha512-x}")],
    [
      "a folder, of pnpm",
      "pnpm-lock.yaml",
      pnpm("  '@types/qrcode@1.5.5':\n    resolution:\n      directory: vendor/x\n      type: directory"),
    ],
    ["an older pnpm", "pnpm-lock.yaml", pnpm("  /otpauth/9.5.2:\n    resolution: {directory: vendor/o, type: directory}")],
    [
      "a link, of pnpm",
      "pnpm-lock.yaml",
      "importers:\n  .:\n    dependencies:\n      otpauth:\n        specifier: ^9.5.2\n        version: link:evil\n",
    ],
    ["a folder, of bun", "bun.lock", '{ "packages": { "otpauth": ["otpauth@file:vendor/o", {}], } }'],
    ["a package of the workspace, of bun", "bun.lock", '{ "packages": { "otpauth": ["otpauth@workspace:evil"] } }'],
    ["another name, of bun", "bun.lock", '{ "packages": { "otpauth": ["evil@1.0.0", "", {}, "sha512-x"] } }'],
  ])("has it as %s", (_, file, text) => expect(codeOf(file, text)).toBe("name_taken"))

  test.each([
    ["npm", "package-lock.json", npm({ version: "9.5.2", resolved: at, integrity: "sha512-x" })],
    ["npm without addresses", "package-lock.json", npm({ version: "9.5.2" })],
    ["npm, below another package", "package-lock.json", npm({ link: true }, "node_modules/app/node_modules/qrcode")],
    ["npm, a neighbour", "package-lock.json", npm({ link: true, resolved: "packages/qrcode" }, "node_modules/@acme/qrcode")],
    [
      "a proxy of npm's registry",
      "package-lock.json",
      npm(
        { version: "1.5.5", resolved: "http://proxy.example:8081/api/npm/all/@types/qrcode/-/@types/qrcode-1.5.5.tgz" },
        "node_modules/@types/qrcode",
      ),
    ],
    [
      "a mirror with another address",
      "package-lock.json",
      npm({ version: "1.5.4", resolved: "https://mirror.example/qrcode/download/qrcode-1.5.4.tgz?cache=0" }, "node_modules/qrcode"),
    ],
    [
      "a mirror with a third",
      "package-lock.json",
      npm({ version: "1.5.4", resolved: "https://cdn.mirror.example/packages/qrcode/1.5.4/qrcode-1.5.4.tgz" }, "node_modules/qrcode"),
    ],
    ["npm's of version 1", "package-lock.json", JSON.stringify({ dependencies: { otpauth: { version: "9.5.2", resolved: at } } })],
    ["an empty file", "package-lock.json", ""],
    [
      "yarn 1",
      "yarn.lock",
      `otpauth@^9.5.2, otpauth@^9:\n  version "9.5.2"\n  resolved "${at}#0a"\n  integrity sha512-x==\n  dependencies:\n    "@noble/hashes" "2.0.1"\n`,
    ],
    [
      "yarn 4",
      "yarn.lock",
      '"otpauth@npm:^9.5.2":\n  version: 9.5.2\n  resolution: "otpauth@npm:9.5.2"\n  dependencies:\n    "@noble/hashes": "npm:2.0.1"\n  checksum: 10c0/ab\n  languageName: node\n  linkType: hard\n',
    ],
    [
      "yarn 4 with an address",
      "yarn.lock",
      `"otpauth@npm:^9":\n  version: 9.5.2\n  resolution: "otpauth@npm:9.5.2::__archiveUrl=${encodeURIComponent(at)}"\n`,
    ],
    [
      "pnpm",
      "pnpm-lock.yaml",
      "importers:\n\n  .:\n    dependencies:\n      otpauth:\n        specifier: ^9.5.2\n        version: 9.5.2\n      qrcode:\n        specifier: 'catalog:'\n        version: 1.5.4(x@1.0.0)\n\npackages:\n\n  otpauth@9.5.2:\n    resolution: {integrity: sha512-x}\n    engines: {node: '>=18'}\n    deprecated: 'read: file:x'\n\n  '@types/qrcode@1.5.5':\n    resolution: {integrity: sha512-x==}\n\nsnapshots:\n\n  otpauth@9.5.2:\n    dependencies:\n      '@noble/hashes': 2.0.1\n\n  '@types/qrcode@1.5.5':\n    dependencies:\n      '@types/node': 22.0.0\n\n  qrcode@1.5.4(x@1.0.0): {}\n",
    ],
    ["pnpm with an address", "pnpm-lock.yaml", pnpm(`  otpauth@9.5.2:\n    resolution: {integrity: sha512-x, tarball: ${at}}`)],
    [
      "an older pnpm",
      "pnpm-lock.yaml",
      "dependencies:\n  otpauth: 9.5.2\n\npackages:\n\n  /otpauth/9.5.2:\n    resolution: {integrity: sha512-x}\n    dev: false\n",
    ],
    [
      "bun",
      "bun.lock",
      `{ "packages": { "otpauth": ["otpauth@9.5.2", "", {}, "sha512-x"], "qrcode": ["qrcode@1.5.4", "https://registry.example/qrcode/-/qrcode-1.5.4.tgz", {}, "sha512-x"], "@acme/qrcode": ["@acme/qrcode@workspace:packages/qrcode"], } }`,
    ],
  ])("of an honest app is taken: %s", (_, file, text) => expect(codeOf(file, text)).toBe(""))

  test("stops add before anything is written, and is said by status", () => {
    const lock = npm({ resolved: "vendor/otpauth", link: true })
    const dir = makeHost({ "package-lock.json": lock })
    const before = snapshot(dir)
    const run = chimerai(["add", "mfa", dir, "--yes", "--dry-run", "--json"])
    expect([run.code, run.json.error?.code, run.json.error?.file], run.stderr).toEqual([3, "name_taken", "package-lock.json"])
    expect(snapshot(dir)).toEqual(before)
    rmSync(join(dir, "package-lock.json"))
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
    writeFileSync(join(dir, "package-lock.json"), lock)
    const { checks } = chimerai(["status", dir, "--json"]).json
    expect(checks).toContainEqual(expect.objectContaining({ id: "package_sources", state: "todo" }))
  })

  test("is read in time that its length says, whatever is in it", () => {
    const size = 2_000_000
    const lines = [
      "otpauth@".repeat(size / 8),
      `${" ".repeat(size)}x`,
      `a${" ".repeat(size)}b`,
      "'".repeat(size),
      `otpauth: ${"{,".repeat(size / 2)}`,
    ]
    const begin = performance.now()
    for (const file of ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "package-lock.json"]) for (const line of lines) codeOf(file, line)
    expect(performance.now() - begin).toBeLessThan(15_000)
  })
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
  expect(config).toContain('=== "" ? "x\\"; evil(); \\"\\u202e\\u2028"')
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
