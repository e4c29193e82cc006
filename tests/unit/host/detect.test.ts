import { existsSync, readFileSync } from "node:fs"
import { join, win32 } from "node:path"
import { describe, expect, test } from "vitest"
import { eraseTypes } from "../../../src/edit/typescript/erase-types"
import { loadFeature } from "../../../src/feature/load"
import { render } from "../../../src/feature/render"
import { findBypasses } from "../../../src/host/bypasses"
import { detect, type Overrides } from "../../../src/host/detect"
import { HostFiles, toSlashes } from "../../../src/host/files"
import { runsOn } from "../../../src/host/middleware"
import { Aliases } from "../../../src/host/tsconfig"
import { shownFrom } from "../../../src/report/paths"
import { makeHost, minimalHost, type Tree } from "../../support/host"

const { requires } = loadFeature("mfa")
const factsOf = async (tree: Tree = {}, overrides: Overrides = {}) => (await detect(makeHost(tree), requires, overrides)).host

describe("where things are", () => {
  test("the smallest app", async () => {
    expect(await factsOf()).toMatchObject({
      name: "mini",
      packageManager: "npm",
      next: "16.4.6",
      router: "app",
      appDir: "app",
      srcDir: false,
      language: "ts",
      alias: { pattern: "@/*", prefix: "@/", dir: "", others: [] },
      styling: "css",
      auth: {
        version: "5.0.0-beta.32",
        major: 5,
        config: "auth.ts",
        calls: ["auth.ts"],
        session: "jwt",
        providers: ["github"],
        handlerDir: "app/api/auth",
      },
      prisma: {
        schema: "prisma/schema.prisma",
        provider: "sqlite",
        userModel: "User",
        userId: { name: "id", type: "String" },
        client: { file: "lib/prisma.ts", export: "prisma" },
        sessionModel: null,
      },
      env: { file: ".env", ignored: true, example: null },
      middleware: null,
    })
  })

  test("app and src/app: Next.js serves the one at the root, and so the sign-in is there", async () => {
    const route = String(minimalHost["app/api/auth/[...nextauth]/route.ts"])
    const host = await factsOf({ "src/app/api/auth/[...nextauth]/route.ts": route, "src/middleware.ts": "", "src/pages/_app.tsx": "" })
    expect(host).toMatchObject({ appDir: "app", srcDir: false, middleware: null, auth: { routesDir: "app" } })
    expect(host.warnings).toContainEqual(
      expect.objectContaining({ code: "routes_not_served", file: "src/app/api/auth/[...nextauth]/route.ts" }),
    )
  })

  test("layers below src that are called as Next.js's folders are none of its routes", async () => {
    const host = await factsOf({ "pages/README.md": "", "src/app/providers.tsx": "", "src/pages/home/ui/home.tsx": "" })
    expect(host).toMatchObject({ appDir: "app", pagesDir: "pages" })
    expect(host.warnings.map(({ code }) => code)).not.toContain("routes_not_served")
  })

  test("each fact has its evidence, with the line where there is one", async () => {
    const { evidence } = await factsOf()
    expect(evidence).toMatchObject({
      "auth.calls": "auth.ts:6",
      "prisma.userModel": "prisma/schema.prisma:6",
      "prisma.userId": "prisma/schema.prisma:7",
      "prisma.client": "lib/prisma.ts:2",
      alias: "tsconfig.json:1",
    })
  })

  test.each([
    ["pnpm-lock.yaml", "pnpm"],
    ["yarn.lock", "yarn"],
    ["bun.lock", "bun"],
    ["package-lock.json", "npm"],
  ])("the package manager by %s", async (file, name) => {
    expect((await factsOf({ [file]: "" })).packageManager).toBe(name)
  })

  test("the packageManager field wins over a stray lockfile", async () => {
    expect(
      (
        await factsOf({
          "package.json": JSON.stringify({
            packageManager: "pnpm@9.0.0",
            dependencies: { next: "16", "next-auth": "5.0.0-beta.32", "@prisma/client": "6" },
            devDependencies: { typescript: "5" },
          }),
          "package-lock.json": "{}",
        })
      ).packageManager,
    ).toBe("pnpm")
  })

  test.each([
    ["one", { name: "yarn" }],
    ["several", [{ name: "yarn", version: "4" }, { name: "npm" }]],
  ])("devEngines, %s", async (_, packageManager) => {
    const manifest = { ...JSON.parse(String(minimalHost["package.json"])), devEngines: { packageManager } }
    const host = await factsOf({ "package.json": JSON.stringify(manifest), "package-lock.json": "" })
    expect([host.packageManager, host.evidence.packageManager]).toEqual(["yarn", "package.json:1"])
  })

  test("two lockfiles are a doubt that is said, with the flag that settles it", async () => {
    const host = await factsOf({ "pnpm-lock.yaml": "", "package-lock.json": "" })
    expect(host.packageManager).toBe("pnpm")
    expect(host.warnings).toContainEqual(
      expect.objectContaining({ code: "lockfiles_conflict", message: expect.stringMatching(/pnpm is used.*package-lock\.json.*--pm/) }),
    )
    expect(
      (await factsOf({ "pnpm-lock.yaml": "", "package-lock.json": "" }, { pm: "npm" })).warnings.map(({ code }) => code),
    ).not.toContain("lockfiles_conflict")
  })

  test.each([
    ["  basePath: process.env.BASE_PATH || undefined,", ["base_path"]],
    ['  basePath: "",', []],
    ['  // basePath: "/docs",', []],
  ])("a next.config with %s", async (line, codes) => {
    const { warnings } = await factsOf({ "next.config.js": `module.exports = {\n${line}\n};\n` })
    expect(warnings.map(({ code }) => code).filter((code) => code === "base_path")).toEqual(codes)
  })

  test("paths of Windows are shown as everywhere else", () => {
    expect(toSlashes(win32.join("src", "app", "route.ts"), win32.sep)).toBe("src/app/route.ts")
    expect(shownFrom("apps\\web")("src/auth.ts")).toBe("apps/web/src/auth.ts")
  })

  test("below baseUrl a name is a file of the app's, without an alias", async () => {
    const host = await factsOf({
      "tsconfig.json": '{ "compilerOptions": { "baseUrl": "src" } }',
      "app/api/auth/[...nextauth]/route.ts": 'import { handlers } from "server/auth";\nexport const { GET, POST } = handlers;\n',
      "auth.ts": null,
      "src/server/auth.ts": String(minimalHost["auth.ts"]).replace("@/lib/prisma", "../../lib/prisma"),
    })
    expect(host.auth.calls).toEqual(["src/server/auth.ts"])
  })

  test("an alias in a config that is extended, with comments and trailing commas", async () => {
    const host = await factsOf({
      "tsconfig.json": '{ // base\n "extends": "./tsconfig.base", }',
      "tsconfig.base.json": '{ "compilerOptions": { /* "@/*" */ "baseUrl": ".", "paths": { "@/*": ["./*"], } } }',
    })
    expect(host.alias?.prefix).toBe("@/")
    expect(host.evidence.alias).toBe("tsconfig.base.json:1")
  })

  test.each<[string, Tree, string]>([
    [
      "the base of an extended config is that of the config's own paths",
      {
        "tsconfig.json": '{ "extends": "./tsconfig.base.json", "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
        "tsconfig.base.json": '{ "compilerOptions": { "baseUrl": "./vendor" } }',
      },
      "vendor/src/auth",
    ],
    [
      "the config's own base is that of extended paths",
      {
        "tsconfig.json": '{ "extends": "./config/base.json", "compilerOptions": { "baseUrl": "./own" } }',
        "config/base.json": '{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["./*"] } } }',
      },
      "own/auth",
    ],
    [
      "without a base, paths count from where they are declared",
      {
        "tsconfig.json": '{ "extends": "./config/base.json", "compilerOptions": { "baseUrl": null } }',
        "config/base.json": '{ "compilerOptions": { "baseUrl": "..", "paths": { "@/*": ["./*"] } } }',
      },
      "config/auth",
    ],
    [
      "a file of the very name is extended",
      {
        "tsconfig.json": '{ "extends": "./tsbase" }',
        tsbase: '{ "compilerOptions": { "paths": { "@/*": ["./exact/*"] } } }',
        "tsbase.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }',
      },
      "exact/auth",
    ],
    [
      "the last of several wins, also by what it extends",
      {
        "tsconfig.json": '{ "extends": ["./a.json", "./b.json"] }',
        "a.json": '{ "extends": "./c.json", "compilerOptions": { "paths": { "@/*": ["./a/*"] } } }',
        "b.json": '{ "extends": "./c.json" }',
        "c.json": '{ "compilerOptions": { "paths": { "@/*": ["./c/*"] } } }',
      },
      "c/auth",
    ],
    [
      "the folder of the app's config by its name",
      {
        "tsconfig.json": '{ "extends": "./config/base.json" }',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: TypeScript fills it in
        "config/base.json": '{ "compilerOptions": { "paths": { "@/*": ["${configDir}/top/*"] } } }',
      },
      "top/auth",
    ],
    [
      "no wider pattern where the best one leads nowhere",
      { "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"], "@/au*": ["./none/au*"] } } }' },
      "none/auth",
    ],
  ])("aliases as TypeScript reads them: %s", (_, tree, path) => {
    expect(new Aliases(new HostFiles(makeHost(tree))).resolve("@/auth")).toEqual([path])
  })

  test.each([
    ["tsconfig.json", '{\n  "compilerOptions": { "paths": { "@/*": ["./*"], \'@/lib/*\': [\'./vendor/*\'] } }\n}\n'],
    ["jsconfig.json", '{\n  "compilerOptions": { "paths": { "@/*": ["./*"], lib: ["./vendor"] } }\n}\n'],
  ])("a %s that does not parse is not half read", async (path, text) => {
    await expect(factsOf({ "tsconfig.json": null, [path]: text })).rejects.toMatchObject({
      code: "config_invalid",
      details: { file: path, line: 2 },
    })
  })

  test("no alias at all", async () => {
    const host = await factsOf({
      "tsconfig.json": "{}",
      "app/api/auth/[...nextauth]/route.ts": 'import { handlers } from "../../../../auth";\nexport const { GET, POST } = handlers;\n',
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { prisma } from "./lib/prisma";\nvoid prisma;\nexport const { handlers } = NextAuth({ providers: [] });\n',
    })
    expect(host.alias).toBeNull()
  })

  test("a NextAuth call in the middleware is not the sign-in", async () => {
    const host = await factsOf({
      "middleware.ts":
        'import NextAuth from "next-auth";\nimport config from "./auth.config";\nexport default NextAuth(config).auth;\nexport const config2 = {};\n',
      "auth.config.ts": "export default { providers: [] };\n",
    })
    expect(host.auth.calls).toEqual(["auth.ts"])
    expect(host.middleware).toBe("middleware.ts")
  })

  test("options elsewhere, spread, with database sessions and a sign-in page", async () => {
    const host = await factsOf({
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { PrismaAdapter } from "@auth/prisma-adapter";\nimport { prisma } from "@/lib/prisma";\nimport base from "./auth.config";\nexport const { handlers } = NextAuth({ adapter: PrismaAdapter(prisma), ...base });\n',
      "auth.config.ts":
        'import Google from "next-auth/providers/google";\nimport type { NextAuthConfig } from "next-auth";\nconst config = { providers: [Google({ clientId: "x" })], pages: { signIn: "/sign-in" } } satisfies NextAuthConfig;\nexport default config;\n',
    })
    expect(host.auth).toMatchObject({ config: "auth.ts", session: "database", providers: ["google"], signInPage: "/sign-in" })
  })

  test("a lazy config, and a strategy that only running it would tell", async () => {
    const host = await factsOf({
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nexport const { handlers } = NextAuth(() => ({ providers: [], session: { strategy: process.env.S as "jwt" }, prisma }));\n',
    })
    expect(host.auth.session).toBe("dynamic")
  })

  test("the client that the auth code imports, default or renamed", async () => {
    const host = await factsOf({
      "lib/prisma.ts":
        'import { PrismaClient } from "../generated/client";\nconst make = () => new PrismaClient();\nconst client = make();\nexport default client;\n',
      "auth.ts":
        'import NextAuth from "next-auth";\nimport database from "@/lib/prisma";\nvoid database;\nexport const { handlers } = NextAuth({ providers: [] });\n',
    })
    expect(host.prisma.client).toEqual({ file: "lib/prisma.ts", export: "default", specifier: null, isOwn: false, replicas: false })
  })

  test.each([
    ["kept on the global object", "const g = globalThis as any;\nexport const db = g.db ?? new PrismaClient();\ng.db = db;\n", "db"],
    [
      "assigned later",
      "let prisma: PrismaClient;\nif (!globalThis.p) prisma = new PrismaClient();\nelse prisma = globalThis.p;\nexport { prisma };\n",
      "prisma",
    ],
    ["extended", "export const client = new PrismaClient().$extends({});\n", "client"],
    [
      "made by a function, under another name",
      "function make() { return new PrismaClient(); }\nconst x = make();\nexport { x as database };\n",
      "database",
    ],
    ["remembered", 'export const db = remember("db", () => new PrismaClient());\n', "db"],
    ["CommonJS", "const prisma = new PrismaClient();\nmodule.exports = prisma;\n", "default"],
    ["CommonJS, by name", "const prisma = new PrismaClient();\nmodule.exports = { log, prisma };\n", "prisma"],
    ["beside what uses it", "const prisma = new PrismaClient();\nexport const repo = { prisma };\nexport default prisma;\n", "default"],
  ])("a client %s", async (_name, text, name) => {
    const host = await factsOf({ "lib/prisma.ts": `import { PrismaClient } from "@prisma/client";\n${text}` })
    expect(host.prisma.client).toEqual({ file: "lib/prisma.ts", export: name, specifier: null, isOwn: false, replicas: false })
  })

  test("options that use a client are not the client", async () => {
    const { prisma } = await factsOf({
      "lib/prisma.ts": null,
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { PrismaClient } from "@prisma/client";\nconst prisma = new PrismaClient();\nexport const config = { adapter: A(prisma), providers: [] };\nexport const { handlers } = NextAuth(config);\n',
    })
    expect(prisma.client).toMatchObject({ file: "lib/mfa/db.ts", isOwn: true })
  })

  test.each([
    ["in authorize", "@prisma/client", "() => new PrismaClient().user.findFirst()", "@prisma/client"],
    ["beside the options, and only logging", ".prisma/client", "prisma", ".prisma/client"],
    ["of a generated class", "./generated/prisma", "() => new PrismaClient()", "../../generated/prisma"],
  ])("an app that makes its clients where it needs them, %s, gets one of MFA's own", async (_, from, use, specifier) => {
    const made = use === "prisma" ? 'const prisma = new PrismaClient({ log: ["error"] });\n' : ""
    const text = `import NextAuth from "next-auth";\nimport { PrismaClient } from "${from}";\n${made}export const { handlers } = NextAuth({ providers: [], jwt: { x: ${use} } });\n`
    const { prisma } = await factsOf({ "lib/prisma.ts": null, "auth.ts": text })
    expect(prisma.client).toEqual({ file: "lib/mfa/db.ts", export: "db", specifier, isOwn: true, replicas: false })
  })

  test("a client that only the app knows how to make is not made again", async () => {
    const text =
      'import NextAuth from "next-auth";\nimport { PrismaClient } from "@prisma/client";\nconst prisma = new PrismaClient({ adapter });\nexport const { handlers } = NextAuth({ providers: [], x: prisma });\n'
    await expect(factsOf({ "lib/prisma.ts": null, "auth.ts": text })).rejects.toMatchObject({ code: "prisma_client_not_found" })
  })

  test.each([
    [
      "React's cache",
      'import { cache } from "react";\nimport { PrismaClient } from "@prisma/client";\nexport const getDb = cache(() => new PrismaClient({ adapter }));\n',
    ],
    [
      "a function",
      'import { PrismaClient } from "@prisma/client";\nexport function getDb() {\n  return new PrismaClient({ adapter });\n}\n',
    ],
    [
      "once",
      'import _ from "lodash";\nimport { PrismaClient } from "@prisma/client";\nexport const getDb = _.once(() => new PrismaClient({ adapter }));\n',
    ],
  ])("what makes a client each time it is called is no client: %s", async (_, text) => {
    const auth =
      'import NextAuth from "next-auth";\nimport { getDb } from "@/lib/prisma";\nexport const { handlers } = NextAuth(() => ({ adapter: PrismaAdapter(getDb()), providers: [] }));\n'
    await expect(factsOf({ "lib/prisma.ts": text, "auth.ts": auth })).rejects.toMatchObject({
      code: "prisma_client_not_found",
      details: { file: "lib/prisma.ts" },
    })
  })

  test.each([
    [
      "behind a proxy",
      "const get = () => (client ??= new PrismaClient({ adapter }));\nlet client: PrismaClient | undefined;\nexport const db = new Proxy({} as PrismaClient, { get: (_, name) => get()[name] });\n",
      "PrismaAdapter(db)",
    ],
    [
      "made by another package",
      'import { createClient } from "@acme/db";\nexport const db = createClient(PrismaClient);\n',
      "db.user.findUnique({})",
    ],
  ])("what the auth code uses as its client is it, however it is made: %s", async (_, text, use) => {
    const source = `import { PrismaClient } from "@prisma/client";\n${text}`
    const auth = `import NextAuth from "next-auth";\nimport { db } from "@/lib/clients";\nexport const { handlers } = NextAuth({ providers: [], x: () => ${use} });\n`
    const { prisma } = await factsOf({ "lib/prisma.ts": null, "lib/clients.ts": source, "auth.ts": auth })
    expect(prisma.client).toMatchObject({ file: "lib/clients.ts", export: "db", isOwn: false })
  })

  test.each([
    ["a script", { "package.json": { scripts: { postinstall: "prisma generate --schema=./database/my.prisma" } } }, "database/my.prisma"],
    ["the folder of the client", {}, "lib/schema.prisma"],
  ])("the schema by %s", async (_, more, path) => {
    const manifest = { ...JSON.parse(String(minimalHost["package.json"])), ...(more as Record<string, object>)["package.json"] }
    const tree = {
      "package.json": JSON.stringify(manifest),
      "prisma/schema.prisma": null,
      [path]: minimalHost["prisma/schema.prisma"] ?? "",
    }
    expect((await factsOf(tree)).prisma.schema).toBe(path)
  })

  test("users under another name, from what the auth code queries", async () => {
    const host = await factsOf({
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { prisma as db } from "@/lib/prisma";\nexport const { handlers } = NextAuth({ providers: [], callbacks: { signIn: () => db.usuarios.findFirst({}) } });\n',
      "prisma/schema.prisma":
        "model Cliente {\n  id    Int    @id\n  email String @unique\n}\n\nmodel Usuarios {\n  codigo Int    @id\n  email  String @unique\n}\n",
    })
    expect(host.prisma).toMatchObject({ userModel: "Usuarios", userId: { name: "codigo", type: "Int" } })
  })

  describe("people who sign in, beside a model User", () => {
    const tree = (lookup: string, model: string): Tree => ({
      "auth.ts": `import NextAuth from "next-auth";\nimport Credentials from "next-auth/providers/credentials";\nimport { prisma } from "@/lib/prisma";\nexport const { handlers } = NextAuth({ providers: [Credentials({ authorize: ({ email }) => ${lookup} })] });\n`,
      "prisma/schema.prisma": `model User {\n  id    String @id\n  email String @unique\n}\n\n${model}`,
    })
    const member = "model Member {\n  id    String @id\n  email String @unique\n}\n"
    const members = tree("prisma.member.findUnique({ where: { email } })", member)

    test("of another model are asked about, not passed over", async () => {
      await expect(factsOf(members)).rejects.toMatchObject({
        code: "user_model_ambiguous",
        exitCode: 4,
        details: { file: "prisma/schema.prisma", line: 6, choice: { flag: "userModel", values: ["Member", "User"] } },
      })
      expect((await factsOf(members, { userModel: "Member" })).prisma.userModel).toBe("Member")
      expect((await factsOf(members, { userModel: "User" })).prisma.userModel).toBe("User")
    })

    test.each([
      ["both", "prisma.user.findUnique({ where: { email } }) ?? prisma.member.findUnique({ where: { email } })", member],
      [
        "tokens of theirs",
        "userOf(email) && prisma.otp.findFirst({ where: { email } })",
        "model Otp {\n  id Int @id\n  email String\n  token String @unique\n}\n",
      ],
      [
        "logins of users",
        "prisma.login.findUnique({ where: { email } })",
        "model Login {\n  email String @id\n  password String\n  user User @relation(fields: [email], references: [email])\n}\n",
      ],
    ])("%s are no doubt", async (_, lookup, model) => {
      expect((await factsOf(tree(lookup, model))).prisma.userModel).toBe("User")
    })
  })

  test("what looks like a second factor already, with its place", async () => {
    const { prisma } = await factsOf({
      "prisma/schema.prisma":
        "model User {\n  id               String  @id\n  email            String  @unique\n  twoFactorEnabled Boolean\n}\n\nmodel TwoFactorToken {\n  id String @id\n}\n",
    })
    expect(prisma.secondFactors).toEqual([
      { name: "twoFactorEnabled", file: "prisma/schema.prisma", line: 4 },
      { name: "TwoFactorToken", file: "prisma/schema.prisma", line: 7 },
    ])
  })

  test("a schema in several files", async () => {
    const host = await factsOf({
      "prisma/schema.prisma": null,
      "prisma/schema/base.prisma": 'datasource db {\n  provider = "postgresql"\n}\n',
      "prisma/schema/user.prisma": "model User {\n  id Int @id\n  email String\n}\n",
    })
    expect(host.prisma).toMatchObject({
      schema: "prisma/schema",
      files: ["prisma/schema/base.prisma", "prisma/schema/user.prisma"],
      userModelFile: "prisma/schema/user.prisma",
      userId: { type: "Int" },
    })
  })

  test("the schema that prisma.config.ts names", async () => {
    const host = await factsOf({
      "prisma.config.ts": 'export default defineConfig({\n  schema: path.join("db", "main.prisma"),\n})',
      "db/main.prisma": "model User {\n  id String @id @db.Uuid\n  email String\n}\n",
    })
    expect(host.prisma).toMatchObject({ schema: "db/main.prisma", userId: { nativeType: "@db.Uuid" } })
  })

  test("what git ignores, by its own rules", async () => {
    expect((await factsOf({ ".gitignore": ".env*\n!.env.example\n" })).env.ignored).toBe(true)
    // The first private one of those that Next.js loads.
    expect((await factsOf({ ".gitignore": ".env*\n!.env\n" })).env).toMatchObject({ file: ".env.local", ignored: true })
    expect((await factsOf({ ".gitignore": ".env*\n!.env\n!.env.local\n" })).env).toMatchObject({ file: ".env", ignored: false })
    expect((await factsOf({ ".gitignore": null })).env.ignored).toBe(false)
  })

  test.each([
    ["4.1.0", "tailwind-4"],
    ["^3.4.0", "tailwind-3"],
  ])("tailwindcss %s", async (range, styling) => {
    const manifest = JSON.parse(String((await import("../../support/host")).minimalHost["package.json"]))
    manifest.devDependencies.tailwindcss = range
    expect((await factsOf({ "package.json": JSON.stringify(manifest) })).styling).toBe(styling)
  })

  test.each([
    ["package-lock.json", '{ "packages": { "node_modules/next-auth": {\n "version": "5.0.0-beta.29" } } }'],
    [
      "pnpm-lock.yaml",
      "importers:\n  .:\n    dependencies:\n      next-auth:\n        specifier: ^5.0.0-beta.4\n        version: 5.0.0-beta.29(next@15.0.0)\n",
    ],
    ["yarn.lock", '"next-auth@^5.0.0-beta.4":\n  version "5.0.0-beta.29"\n'],
    ["bun.lock", '{ "packages": {\n    "next-auth": ["next-auth@5.0.0-beta.29", "", {}],\n} }\n'],
  ])("the version that %s pins, within the range", async (file, text) => {
    const manifest = JSON.parse(String((await import("../../support/host")).minimalHost["package.json"]))
    expect((await factsOf({ [file]: text })).auth.version).toBe(manifest.dependencies["next-auth"])
    manifest.dependencies["next-auth"] = "^5.0.0-beta.4"
    expect((await factsOf({ [file]: text, "package.json": JSON.stringify(manifest) })).auth.version).toBe("5.0.0-beta.29")
  })

  test("a range that reaches far enough, with nothing installed or locked, is doubted and not refused", async () => {
    const manifest = JSON.parse(String((await import("../../support/host")).minimalHost["package.json"]))
    manifest.dependencies["next-auth"] = "^5.0.0-beta.2"
    const { auth, warnings } = await factsOf({ "package.json": JSON.stringify(manifest) })
    expect(auth.version).toBe("5.0.0-beta.2")
    expect(warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(["version_unknown", "auth_version_old"]))
  })

  test("several targets of one alias, and an exact alias that wins over a wider one", async () => {
    const host = await factsOf({
      "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./src/*", "./*"], "@/auth": ["./config/auth"] } } }',
      "config/auth.ts":
        'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers } = NextAuth({ providers: [] });\n',
      "auth.ts": null,
    })
    expect(host.auth.calls).toEqual(["config/auth.ts"])
    expect(host.prisma.client.file).toBe("lib/prisma.ts")
  })

  test("options chosen or made by a function", async () => {
    const host = await factsOf({
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nimport { makeOptions, options } from "./options";\nvoid prisma;\nexport const { handlers } = NextAuth((req) => (req ? makeOptions() : options));\n',
      "options.ts":
        'import Google from "next-auth/providers/google";\nexport function makeOptions() {\n  return { providers: [Google, { id: "own", type: "oidc" }], session: { strategy: "database" } };\n}\nexport const options = makeOptions();\n',
    })
    expect(host.auth).toMatchObject({ config: "options.ts", session: "database", providers: ["google", "own"] })
  })

  test("options that cannot be read leave the session open, not guessed", async () => {
    const host = await factsOf({
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers } = NextAuth(await load());\n',
    })
    expect(host.auth.session).toBe("dynamic")
  })

  test("a next-auth with a known flaw is a warning", async () => {
    const manifest = JSON.parse(String((await import("../../support/host")).minimalHost["package.json"]))
    manifest.dependencies["next-auth"] = "5.0.0-beta.25"
    expect((await factsOf({ "package.json": JSON.stringify(manifest) })).warnings.map(({ code }) => code)).toContain("auth_version_old")
  })

  test("old versions serve where the auth handler is in pages/, with a word about each", async () => {
    const manifest = JSON.parse(String((await import("../../support/host")).minimalHost["package.json"]))
    Object.assign(manifest.dependencies, { next: "12.3.7", "next-auth": "4.10.3", "@prisma/client": "4.16.2" })
    const old: Tree = { "package.json": JSON.stringify(manifest), "auth.ts": null }
    const route = (from: string) =>
      `import NextAuth from "next-auth";\nimport { prisma } from "${from}";\nexport const authOptions = { providers: [prisma] };\nexport default NextAuth(authOptions);\n`
    const { warnings } = await factsOf({
      ...old,
      "app/layout.tsx": null,
      "app/api/auth/[...nextauth]/route.ts": null,
      "pages/api/auth/[...nextauth].ts": route("@/lib/prisma"),
    })
    expect(warnings.map(({ code }) => code)).toEqual(["auth_version_old", "prisma_version_old"])
    await expect(factsOf({ ...old, "app/api/auth/[...nextauth]/route.ts": route("@/lib/prisma") })).rejects.toMatchObject({
      code: "next_version_unsupported",
    })
  })
})

describe("whose sign-in it is", () => {
  const authWith = (options: string, imports = "") =>
    `import NextAuth from "next-auth";\nimport Credentials from "next-auth/providers/credentials";\nimport GitHub from "next-auth/providers/github";\nimport Nodemailer from "next-auth/providers/nodemailer";\nimport { prisma } from "@/lib/prisma";\n${imports}void prisma;\nexport const { handlers } = NextAuth({ ${options} });\n`
  const warningsOf = async (options: string, others: Tree = {}, imports = "") =>
    (await factsOf({ "auth.ts": authWith(options, imports), ...others })).warnings

  test.each([
    ["OAuth without an adapter", "providers: [GitHub]", ["oauth_without_adapter"]],
    ["OAuth of one's own without an adapter", 'providers: [{ id: "idp", type: "oidc", issuer: x }]', ["oauth_without_adapter"]],
    ["OAuth with an adapter", "providers: [GitHub], adapter: A(prisma)", []],
    ["a password", "providers: [Credentials({})]", []],
    ["a mail", "providers: [Nodemailer({})], adapter: A(prisma)", []],
    ["two kinds of passwords", 'providers: [Credentials({}), Credentials({ id: "admin" })], adapter: A(prisma)', ["several_credentials"]],
    ["tokens of one's own", "providers: [Credentials({})], jwt: { encode: sign, decode: open }", ["own_jwt_encoding"]],
    [
      "database sessions, of which a password's come about so",
      'providers: [Credentials({})], adapter: A(prisma), session: { strategy: "database" }, jwt: { encode: create }',
      [],
    ],
    [
      "one's own kind of password beside",
      'providers: [Credentials({}), { id: "pin", type: "credentials" }, GitHub]',
      ["oauth_without_adapter", "several_credentials"],
    ],
  ])("%s", async (_, options, codes) => {
    expect((await warningsOf(options)).map(({ code }) => code)).toEqual(codes)
  })

  const oauthFile = {
    "providers.ts":
      'import Google from "next-auth/providers/google";\nexport const google = Google({});\nexport const all = [google];\nexport const list = () => all;\n',
  }
  const oauthNames =
    'import * as shared from "./providers";\nimport { all, google, list } from "./providers";\nvoid [shared, all, google, list];\n'
  test.each([
    ["a choice that is spread", "[...(process.env.ID ? [GitHub({})] : [])]"],
    ["a condition that is spread", "[...((process.env.ID && [GitHub({})]) || [])]"],
    ["a choice of one", "[process.env.ID ? GitHub({}) : null].filter((one) => one !== null)"],
    ["a condition of one", "[process.env.ID && GitHub({})].filter(Boolean)"],
    ["two lists in one", "[].concat([GitHub({})])"],
    ["a list of another module", "all"],
    ["one of another module", "[google]"],
    ["a function of another module", "list()"],
    ["a part of another module", "[...shared.all]"],
    ["a part of an object", "parts.oauth"],
    ["a list that is filled later", "later"],
    ["one with options of its own", "[{ ...GitHub({}), allow: true }]"],
    ["the other result of a function", "several()"],
  ])("OAuth in %s is read", async (_, providers) => {
    const local = `${oauthNames}const parts = { oauth: [GitHub({})] } as const;\nconst later = [];\nif (process.env.ID) later.push(GitHub({}));\nfunction several() { if (process.env.ID) return [GitHub({})]; return []; }\nvoid [parts, later, several];\n`
    const found = await warningsOf(`providers: ${providers}`, oauthFile, local)
    expect(found.map(({ code }) => code)).toEqual(["oauth_without_adapter"])
  })

  test("a list of another module is read with what is added to it there", async () => {
    const list =
      'import GitHub from "next-auth/providers/github";\nimport Google from "next-auth/providers/google";\nexport const mine = [Google];\nmine.push(GitHub({}));\n'
    const auth = authWith("providers: theirs", 'import { mine as theirs } from "./lib/list";\n')
    const host = await factsOf({ "lib/list.ts": list, "auth.ts": auth })
    expect(host.auth.providers).toEqual(["github", "google"])
  })

  test("providers of a constant in the function that calls NextAuth are read", async () => {
    const call = `export const handlers = (req, ctx) => {\n  const providers = [GitHub({})];\n  return NextAuth({ providers })(req, ctx);\n};`
    const { warnings } = await factsOf({ "auth.ts": authWith("").replace(/export const [^;]+;/, call) })
    expect(warnings.map(({ code }) => code)).toEqual(["sign_in_made_in_function", "oauth_without_adapter"])
  })

  test.each([
    ["another package's list", "providers: ours", 'import { ours } from "company-sign-in";\n'],
    ["another package's provider", "providers: [Credentials({}), steam()]", 'import { steam } from "next-auth-steam";\n'],
    ["a list that is made anew", "providers: names.map((name) => byName[name])", "const names = [];\n"],
    ["all of an object", "providers: Object.values(registry)", "const registry = {};\n"],
    ["a function that makes it anew", "providers: make()", "function make() { return names.map((name) => byName[name]); }\n"],
    ["options of another package", "...ours", 'import { ours } from "company-sign-in";\n'],
    ["a list that names itself", "providers: [...a]", "const a = [...b];\nconst b = [...a];\n"],
  ])("providers that cannot be read are said: %s", async (_, options, local) => {
    const found = await warningsOf(options, {}, local)
    expect(found.map(({ code }) => code)).toEqual(["providers_unknown"])
    expect(found[0]).toMatchObject({ file: "auth.ts", message: expect.stringMatching(/User\b.*--user-model/) })
  })

  test("options that a function is given are options", async () => {
    const helper = "const define = (options) => ({ ...options, debug: false });\nconst config = define({ providers: [GitHub] });\n"
    expect((await warningsOf("...config", {}, helper)).map(({ code }) => code)).toEqual(["oauth_without_adapter"])
  })

  test("status does not pass over providers that cannot be read", async () => {
    const { chimerai } = await import("../../support/host")
    const local = 'import { ours } from "company-sign-in";\n'
    const dir = makeHost({ "auth.ts": authWith("providers: ours, pages: { signIn: process.env.PAGE }", local) })
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).code).toBe(0)
    const { checks } = chimerai(["status", "--json", dir]).json
    for (const id of ["providers_unknown", "sign_in_page_unknown"])
      expect(checks, id).toContainEqual(expect.objectContaining({ id, state: "unknown" }))
  })

  test("a NextAuth that a function makes may be one of several", async () => {
    const made = (call: string) => ({ "auth.ts": authWith("providers: [Credentials({})]").replace(/export const [^;]+;/, call) })
    const codes = async (call: string) => (await factsOf(made(call))).warnings.map(({ code }) => code)
    const config = "{ providers: [Credentials({})] }"
    expect(await codes(`const authFor = (tenant) => NextAuth(${config});\nexport const { handlers } = authFor("a");`)).toEqual([
      "sign_in_made_in_function",
    ])
    expect(await codes(`export const { handlers } = NextAuth(() => (${config}));`), "the config of each request").toEqual([])
  })

  test("another NextAuth is a way in, and that of a middleware is none", () => {
    const other = (text: string) => {
      const root = makeHost({ "other.ts": `import NextAuth from "next-auth";\n${text}\n` })
      return findBypasses(new HostFiles(root), new Set(), "user")
        .makesSessions.filter(({ file }) => file === "other.ts")
        .map(({ line }) => line)
    }
    expect(other("export const staff = NextAuth({ providers });")).toEqual([2])
    expect(other("export const { handlers } = NextAuth({ providers });")).toEqual([2])
    expect(other("export default NextAuth(config).auth;")).toEqual([])
    expect(other("const { auth } = NextAuth(config);\nexport default auth;")).toEqual([])
  })

  test("a list that another one replaces counts once", async () => {
    const config =
      'import Credentials from "next-auth/providers/credentials";\nexport const shared = { providers: [Credentials({ authorize: () => null })] };\n'
    const found = await warningsOf(
      "...shared, providers: [Credentials({})]",
      { "auth.config.ts": config },
      'import { shared } from "./auth.config";\n',
    )
    expect(found).toEqual([])
  })

  test.each([
    ["two tables", "prisma.user.findUnique({ where: { email } }) ?? prisma.customer.findFirst({ where: { email } })", 1],
    ["one table, twice", "prisma.user.findUnique({ where: { email } }) ?? prisma.user.findFirst({ where: { username } })", 0],
    ["a table of something else", "prisma.user.findUnique({ where: { email } }) && prisma.tenant.findFirst({ where: { slug } })", 0],
  ])("one form for %s", async (_, lookups, count) => {
    const found = await warningsOf(`providers: [Credentials({ authorize: async ({ email, username, slug }) => ${lookups} })]`)
    expect(found.map(({ code }) => code)).toEqual(Array.from({ length: count }, () => "several_credentials"))
    if (count > 0) expect(found[0]?.message).toContain("user, customer")
  })

  test("the warning names the row's fields, the place, and what to do", async () => {
    expect((await warningsOf("providers: [GitHub]"))[0]).toMatchObject({
      message: expect.stringMatching(/User\.email.*User\.id.*callbacks\.jwt/s),
      file: "auth.ts",
      line: 7,
    })
  })
})

describe("a client that reads from replicas", () => {
  const replicas = 'import { PrismaClient } from "@prisma/client";\nimport { readReplicas } from "@prisma/extension-read-replicas";\n'
  test.each([
    ["extended where it is made", "export const prisma = new PrismaClient().$extends(readReplicas({ url }));\n", true],
    [
      "by a function, kept on the global object",
      "const make = () => new PrismaClient().$extends(readReplicas({ url }));\nconst g = globalThis as any;\nexport const prisma = g.p ?? make();\n",
      true,
    ],
    [
      "beside the one that the app exports for MFA",
      "export const prisma = new PrismaClient();\nexport const fast = prisma.$extends(readReplicas({ url }));\n",
      false,
    ],
    ["only in a remark", "// readReplicas(x)\nexport const prisma = new PrismaClient();\n", false],
  ])("%s", async (_, text, expected) => {
    const { prisma, warnings } = await factsOf({ "lib/prisma.ts": replicas + text })
    expect(prisma.client.replicas).toBe(expected)
    expect(warnings.some(({ code, file }) => code === "read_replicas" && file === "lib/prisma.ts")).toBe(expected)
  })
})

describe("where pages go", () => {
  const signIn = {
    "auth.ts":
      'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers } = NextAuth({ providers: [], pages: { signIn: "/auth/login" } });\n',
  }

  test("the challenge under the sign-in page, in its route group", async () => {
    expect((await factsOf({ ...signIn, "app/(public)/auth/(forms)/login/page.tsx": "" })).pages).toEqual({
      publicDir: "app",
      signedInDir: "app/(app)",
      signInDir: "app/(public)/auth/(forms)/login",
      signInFile: "app/(public)/auth/(forms)/login/page.tsx",
      ownLayout: null,
    })
  })

  const named: Tree = {
    "routes.ts": 'export const ROUTES = { auth: { signIn: "/auth/login" } } as const;\nexport const LOGIN = "/auth/login";\n',
    "app/auth/login/page.tsx": "",
  }
  test.each([
    ["of a constant of another module", "{ signIn: ROUTES.auth.signIn }", ""],
    ["of a name of another module", "{ signIn: LOGIN }", ""],
    ["of all of another module", "{ signIn: routes.LOGIN }", ""],
    ["of a frozen object", "PAGES", 'const PAGES = Object.freeze({ signIn: "/auth/login" });\n'],
    ["of an object that is spread", '{ ...base.pages, error: "/x" }', "const base = { pages: { signIn: LOGIN } };\n"],
  ])("the sign-in page %s", async (_, pages, local) => {
    const auth = `import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nimport * as routes from "./routes";\nimport { LOGIN, ROUTES } from "./routes";\nvoid [prisma, routes, LOGIN, ROUTES];\n${local}export const { handlers } = NextAuth({ providers: [], pages: ${pages} });\n`
    const host = await factsOf({ ...named, "auth.ts": auth })
    expect([host.pages.signInFile, host.warnings]).toEqual(["app/auth/login/page.tsx", []])
  })

  test.each([
    ["a variable", "{ signIn: process.env.LOGIN }", 4],
    ["a function's", "pagesOf('x')", 4],
    ["a choice", "{ signIn: flag ? '/a' : '/b' }", 4],
    ["none", "{ error: '/x' }", null],
  ])("a sign-in page that cannot be read is said: %s", async (_, pages, line) => {
    const auth = `import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers } = NextAuth({ providers: [], pages: ${pages} });\n`
    const { warnings } = await factsOf({ "auth.ts": auth })
    expect(warnings).toEqual(line === null ? [] : [expect.objectContaining({ code: "sign_in_page_unknown", file: "auth.ts", line })])
  })

  test("signed-in pages in the app's own group", async () => {
    expect((await factsOf({ "app/(protected)/page.tsx": "" })).pages.signedInDir).toBe("app/(protected)")
  })

  test("several root layouts: pages go where one is", async () => {
    const tree = { "app/layout.tsx": null, "app/(a)/layout.tsx": "", "app/(b)/layout.tsx": "", "app/(b)/auth/login/page.tsx": "" }
    expect((await factsOf({ ...signIn, ...tree })).pages).toEqual({
      publicDir: "app/(b)",
      signedInDir: "app/(a)",
      signInDir: "app/(b)/auth/login",
      signInFile: "app/(b)/auth/login/page.tsx",
      ownLayout: null,
    })
  })

  test.each<[string, Record<string, string>, string]>([
    ["a known one", { "(marketing)": "", "(auth)": "", "(platform)": "await auth()", "(app)": "" }, "(app)"],
    [
      "one that asks for the session",
      { "(admin)": "", "(marketing)": "", "(auth)": "redirect('/')", "(platform)": "await auth()" },
      "(platform)",
    ],
    ["one that does not sound public", { "(auth)": "redirect('/')", "(marketing)": "", "(platform)": "" }, "(platform)"],
    ["one that only begins like a public one", { "(auth)": "", "(authed)": "", "(marketing)": "" }, "(authed)"],
    ["any other", { "(auth)": "redirect('/')", "(marketing)": "" }, "(marketing)"],
    ["the sign-in page's own", { "(auth)": "redirect('/')" }, "(auth)"],
  ])("several root layouts: the settings go into %s", async (_, layouts, expected) => {
    const files = Object.entries(layouts).map(([group, text]) => [`app/${group}/layout.tsx`, text])
    const { pages } = await factsOf({
      ...signIn,
      "app/layout.tsx": null,
      ...Object.fromEntries(files),
      "app/(auth)/auth/login/page.tsx": "",
    })
    expect(pages).toMatchObject({ publicDir: "app/(auth)", signedInDir: `app/${expected}` })
  })

  test("several root layouts without a sign-in page: each page where its layout lets people see it", async () => {
    const layouts = { "app/layout.tsx": null, "app/(admin)/layout.tsx": "await auth()", "app/(site)/layout.tsx": "" }
    expect((await factsOf(layouts)).pages).toMatchObject({ publicDir: "app/(site)", signedInDir: "app/(admin)" })
  })

  test.each([
    ["/auth/login?mode=signin", "app/auth/login"],
    ["/auth/login#form", "app/auth/login"],
    ["/auth/login/?a=b#c", "app/auth/login"],
    ["/?login=true", "app"],
    ["/#login", "app"],
  ])("a sign-in page at %s", async (address, signInDir) => {
    const config = String(signIn["auth.ts"]).replace("/auth/login", address)
    const { pages } = await factsOf({ "auth.ts": config, "app/page.tsx": "", "app/auth/login/page.tsx": "" })
    expect(pages).toMatchObject({ signInDir, signInFile: `${signInDir}/page.tsx` })
  })
})

describe("forms that ignore where they are sent", () => {
  const tree = {
    "auth.ts":
      'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers, signIn } = NextAuth({ providers: [], pages: { signIn: "/login" } });\n',
    "app/login/page.tsx": 'import { Form } from "@/components/form";\nimport "./actions";\nexport default () => <Form />;\n',
    "components/form.tsx":
      '"use client";\nimport { signIn as enter } from "next-auth/react";\nimport { signIn } from "./mine";\nsignIn("x", { redirect: false });\nexport const Form = () => <button onClick={() => enter("credentials", { redirect: false })} />;\n',
    "app/login/actions.ts":
      '"use server";\nimport { signIn } from "@/auth";\nexport async function act() {\n  await signIn("credentials", { redirect: false });\n  await signIn("credentials", { redirect: true });\n}\n',
  }

  test("are found from the sign-in page, by binding", async () => {
    expect((await factsOf(tree)).signInCallers).toEqual([
      { file: "components/form.tsx", line: 5, side: "browser" },
      { file: "app/login/actions.ts", line: 4, side: "server" },
    ])
  })

  test.each<[string, string, string, boolean]>([
    ["OAuth", "[GitHub]", '"github"', false],
    ["a constant with its name", "[GitHub]", "provider", false],
    ["a link in a mail", "[Mail]", '"nodemailer"', false],
    ["what nobody has", "[GitHub]", '"credentials"', true],
    ["what is not known here", "[GitHub, make()]", '"github"', true],
    ["a type that is no literal", '[{ id: "ldap", type: kind, authorize }]', '"ldap"', true],
    ["OAuth of one's own", '[{ id: "own", type: "oauth" }]', '"own"', false],
    ["OAuth with an id of its own", '[GitHub({ id: "gh" }), Credentials({ id: "github", authorize })]', '"github"', true],
    ["that id", '[GitHub({ id: "gh" })]', '"gh"', false],
    ["options that are not seen", "[GitHub(options)]", '"github"', true],
    ["credentials under such a name", '[{ id: "email", type: "credentials", authorize }]', '"email"', true],
    ["whatever a variable says", "[GitHub]", "props.provider", true],
    ["a passkey", "[Passkey]", '"passkey"', true],
  ])("a sign-in that ends when the browser comes back is not held in the call: %s", async (_, providers, named, isCaller) => {
    const imports = ["GitHub", "Passkey"].map((name) => `import ${name} from "next-auth/providers/${name.toLowerCase()}";\n`).join("")
    const auth = tree["auth.ts"].replace("providers: []", `providers: ${providers}`)
    const form = `import { signIn } from "next-auth/react";\nconst provider = "github";\nvoid provider;\nexport const Form = (props) => signIn(${named}, { redirect: false });\n`
    const { signInCallers } = await factsOf({
      "auth.ts": `${imports}import Mail from "next-auth/providers/nodemailer";\n${auth}`,
      "components/form.tsx": form,
    })
    expect(signInCallers).toHaveLength(isCaller ? 1 : 0)
  })

  test("one that does not parse stops nothing", async () => {
    expect((await factsOf({ ...tree, "components/form.tsx": "export const = ;" })).signInCallers).toHaveLength(1)
  })

  const call = 'export const enter = () => signIn("credentials", { redirect: false });\n'
  const form = `import { signIn } from "next-auth/react";\n${call}`
  const exportsSignIn = String(tree["auth.ts"]).replace(', pages: { signIn: "/login" }', "")

  test.each<[string, string, "browser" | "server", Tree]>([
    ["a modal", "components/modal.tsx", "browser", { "app/layout.tsx": 'import "@/components/modal";\nexport default () => <html />;\n' }],
    ["a hook", "hooks/use-auth.ts", "browser", {}],
    ["a feature's component", "features/auth/form.tsx", "browser", {}],
    ["a page called like tests", "app/tests/page.tsx", "browser", {}],
    [
      "a namespace",
      "lib/x.ts",
      "browser",
      { "lib/x.ts": `import * as React from "next-auth/react";\n${call.replace("signIn", "React.signIn")}` },
    ],
    ["a passkey", "lib/x.ts", "browser", { "lib/x.ts": form.replace("/react", "/webauthn") }],
    [
      "options in a constant",
      "lib/x.ts",
      "browser",
      {
        "lib/x.ts":
          'import { signIn } from "next-auth/react";\nexport const enter = () => {\n  const options = { redirect: false } as const;\n  return signIn("credentials", options);\n}\n',
      },
    ],
    [
      "options spread from a constant",
      "lib/x.ts",
      "browser",
      {
        "lib/x.ts":
          'import { signIn } from "next-auth/react";\nconst stay = { redirect: false } as const;\nexport const enter = (values) => signIn("credentials", { ...values, ...stay });\n',
      },
    ],
    [
      "a constant that is false",
      "lib/x.ts",
      "browser",
      { "lib/x.ts": `import { signIn } from "next-auth/react";\nconst redirect = false;\n${call.replace("redirect: false", "redirect")}` },
    ],
    [
      "a route that nothing imports",
      "app/api/login/route.ts",
      "server",
      { "app/api/login/route.ts": `import { signIn } from "@/auth";\n${call}` },
    ],
    ["the auth file itself", "auth.ts", "server", { "auth.ts": exportsSignIn + call }],
    [
      "a module that hands it on",
      "lib/x.ts",
      "server",
      {
        "lib/x.ts": `import { signIn } from "./auth";\n${call}`,
        "lib/auth/index.ts": 'export * from "./named";\n',
        "lib/auth/named.ts": 'export { signIn } from "@/auth";\n',
      },
    ],
    [
      "a module that hands on all of itself, many times over",
      "lib/x.ts",
      "browser",
      {
        "lib/x.ts": `import { signIn } from "./ui";\n${call}`,
        "lib/ui/index.ts": `${'export * from "./index";\n'.repeat(120)}export * from "next-auth/react";\n`,
      },
    ],
    [
      "a module that imports it and hands it on",
      "lib/x.ts",
      "browser",
      {
        "lib/x.ts": `import { signIn } from "./client";\n${call}`,
        "lib/client.ts": 'import { signIn } from "next-auth/react";\nexport { signIn };\n',
      },
    ],
  ])("are found wherever they are: %s", async (_, file, side, more) => {
    const { signInCallers, warnings } = await factsOf({ "auth.ts": exportsSignIn, [file]: form, ...more })
    expect(signInCallers.map((caller) => [caller.file, caller.side])).toEqual([[file, side]])
    expect(warnings.filter(({ code }) => code === "sign_in_calls_unread")).toEqual([])
  })

  test.each<[string, Tree]>([
    ["a call that redirects", { "lib/x.ts": `// redirect: false\n${form.replace("false", "true")}` }],
    [
      "another function of that name",
      { "lib/x.ts": `import { signIn } from "./mine";\n${call}`, "lib/mine.ts": "export const signIn = () => {};\n" },
    ],
    [
      "a hook's function that hides it",
      {
        "lib/x.ts":
          'import { signIn } from "next-auth/react";\nexport const f = () => {\n  const { signIn } = mine();\n  signIn({ redirect: false });\n}\n',
      },
    ],
    [
      "options that say otherwise behind the constant",
      { "lib/x.ts": `const redirect = false;\nvoid redirect;\n${form.replace("false", "true")}` },
    ],
    [
      "tests",
      {
        "tests/x.ts": form,
        "lib/x.test.ts": form,
        "lib/__tests__/x.ts": form,
        "components/x.stories.tsx": form,
        "src/stories/x.tsx": form,
      },
    ],
    ["packages and what is generated", { "node_modules/x/index.ts": form, "generated/x.ts": form, ".next/x.ts": form }],
    ["another app in a folder of this one", { "apps/other/package.json": "{}\n", "apps/other/x.ts": form }],
  ])("are not taken for one: %s", async (_, more) => {
    expect((await factsOf({ "auth.ts": exportsSignIn, ...more })).signInCallers).toEqual([])
  })

  test("what cannot be read is said", async () => {
    const { signInCallers, warnings } = await factsOf({ ...tree, "lib/x.ts": `${form}export const = ;\n` })
    expect(signInCallers).toHaveLength(2)
    expect(warnings).toContainEqual(expect.objectContaining({ code: "sign_in_calls_unread", file: "lib/x.ts" }))
  })

  test("where there are more than are looked at, that is said", async () => {
    const crowd = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`lib/x${at}.ts`, form]))
    const { signInCallers, warnings } = await factsOf(crowd)
    expect(signInCallers).toHaveLength(200)
    expect(warnings).toContainEqual(
      expect.objectContaining({ code: "sign_in_calls_unread", message: expect.stringContaining("more source") }),
    )
  })

  test("a form is edited, and a server's call is left to a person who is told what it gives back", async () => {
    const { chimerai } = await import("../../support/host")
    const dir = makeHost({
      "auth.ts": exportsSignIn,
      "components/form.tsx":
        'import { signIn } from "next-auth/react";\n\nexport async function submit() {\n  const result = await signIn("credentials", { redirect: false });\n  return result;\n}\n',
      "app/actions.ts":
        '"use server";\nimport { signIn } from "@/auth";\n\nexport async function enter() {\n  const url = await signIn("credentials", { redirect: false });\n  return url;\n}\n',
    })
    const { stdout } = chimerai(["add", "mfa", dir, "--yes", "--no-install"])
    expect(stdout).toContain('.startsWith("/login/mfa")) redirect(url)')
    const textOf = (path: string) => readFileSync(join(dir, path), "utf8")
    expect(textOf("components/form.tsx")).toContain("if (goToMfaChallenge(result)) return new Promise<never>(() => {});")
    expect(textOf("app/actions.ts")).not.toContain("mfa")
  })

  test("on a server they become manual steps", async () => {
    const { chimerai } = await import("../../support/host")
    const run = chimerai(["add", "mfa", makeHost(tree), "--yes", "--no-install", "--json", "--strict"])
    expect(run.code).toBe(5)
    const pathsOf = (wanted: string) =>
      run.json.actions.flatMap(({ kind, path }: { kind: string; path: string }) => (kind === wanted ? [path] : []))
    expect(pathsOf("manual")).toEqual(["app/login/actions.ts"])
    expect(pathsOf("edit")).toContain("components/form.tsx")
  })
})

describe("overruled by a flag", () => {
  test("--auth, --user-model, --prisma-client, --pm", async () => {
    const host = await factsOf(
      {
        "other.ts": 'import NextAuth from "next-auth";\nexport const { handlers } = NextAuth({ providers: [] });\n',
        "prisma/schema.prisma": "model Person {\n  id String @id\n  email String\n}\n",
        "db.ts": "export const client = 1\n",
      },
      { auth: "other.ts", userModel: "Person", prismaClient: "db.ts#client", pm: "yarn" },
    )
    expect(host).toMatchObject({
      packageManager: "yarn",
      auth: { calls: ["other.ts"] },
      prisma: { userModel: "Person", client: { file: "db.ts", export: "client" } },
    })
  })
})

test.each([
  ["app/api/auth/[[...nextauth]]/route.ts", "app/api/auth"],
  ["app/api/auth/[...auth]/route.ts", "app/api/auth"],
])("the handler in %s", async (path, dir) => {
  const handler = String(minimalHost["app/api/auth/[...nextauth]/route.ts"])
  const host = makeHost({ "app/api/auth/[...nextauth]/route.ts": null, [path]: handler })
  const { chimerai } = await import("../../support/host")
  const { json, stderr } = chimerai(["add", "mfa", host, "--dry-run", "--json"])
  expect(json.status, stderr).toBe("planned")
  expect(json.actions.map(({ path }: { path: string }) => path)).toContain(`${dir}/mfa-verify/route.ts`)
})

test("a handler in brackets that do not match is none", async () => {
  const handler = minimalHost["app/api/auth/[...nextauth]/route.ts"] ?? null
  const tree = { "app/api/auth/[...nextauth]/route.ts": null, "app/api/auth/[[...nextauth]/route.ts": handler }
  await expect(factsOf(tree)).rejects.toMatchObject({ code: "auth_handler_missing" })
})

test("clients that the auth code comes by in a way that is not followed are offered, and not taken", async () => {
  const client = String(minimalHost["lib/prisma.ts"])
  const auth =
    'import NextAuth from "next-auth";\nexport const { handlers } = NextAuth({ providers: [], x: async () => (await import("@/core/db/client")).prisma });\n'
  const tree = {
    "auth.ts": auth,
    "lib/prisma.ts": null,
    "core/db/client.ts": client,
    "services/prisma/main.ts": client,
    "scripts/x.ts": client,
    "prisma/seed.ts": client,
    "core/db.test.ts": client,
  }
  await expect(factsOf(tree)).rejects.toMatchObject({
    code: "prisma_client_not_found",
    details: { choice: { flag: "prismaClient", values: ["core/db/client.ts#prisma", "services/prisma/main.ts#prisma"] } },
  })
  await expect(factsOf({ ...tree, "services/prisma/main.ts": null })).rejects.toMatchObject({ code: "prisma_client_not_found" })
  expect((await factsOf(tree, { prismaClient: "core/db/client.ts#prisma" })).prisma.client.file).toBe("core/db/client.ts")
})

describe("an app whose pages are all in pages/, and whose auth route is in app/", () => {
  const tree = (imported: string) => ({
    "app/layout.tsx": null,
    "pages/index.tsx": "export default () => null;\n",
    "pages/_app.tsx": `import type { AppProps } from "next/app";\n${imported}\nexport default ({ Component, pageProps }: AppProps) => <Component {...pageProps} />;\n`,
  })

  test.each([
    ["under an alias", 'import "@/styles/globals.css";', 'import "@/styles/globals.css";\n'],
    ["behind one of a package", 'import "nprogress/nprogress.css";\nimport "@/styles/globals.css";', 'import "@/styles/globals.css";\n'],
    ["beside it", 'import "../styles/globals.css";', 'import "@/styles/globals.css";\n'],
    ["of a package", 'import "bootstrap/dist/css/bootstrap.min.css"', 'import "bootstrap/dist/css/bootstrap.min.css";\n'],
    ["none", "", "import type { ReactNode }"],
  ])("gets a root layout for MFA's pages, with its stylesheet: %s", async (_, imported, first) => {
    const { chimerai, snapshot } = await import("../../support/host")
    const dir = makeHost(tree(imported))
    const before = snapshot(dir)
    const { json, stderr } = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
    expect(json.status, stderr).toBe("applied")
    const layout = readFileSync(join(dir, "app/(mfa)/layout.tsx"), "utf8")
    expect(layout.startsWith(first.replace(/;\n$/, layout.includes(";") ? ";\n" : "\n")), layout).toBe(true)
    expect(layout).toContain('<html lang="en">')
    for (const page of ["settings/mfa", "settings/mfa/confirm", "login/mfa"])
      expect(existsSync(join(dir, `app/(mfa)/${page}/page.tsx`)), page).toBe(true)
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("with a page of its own in app/ it is one that Next.js does not build", async () => {
    await expect(factsOf({ ...tree(""), "app/x/page.tsx": "export default () => null;\n" })).rejects.toMatchObject({
      code: "root_layout_missing",
    })
  })
})

describe("a call of NextAuth beside names that another one has made", () => {
  const full =
    'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers, auth, signIn, signOut } = NextAuth({ providers: [] });\n'
  const edge = 'import NextAuth from "next-auth";\nexport const { auth: edgeAuth } = NextAuth({ providers: [] });\n'
  const route = "app/api/auth/[...nextauth]/route.ts"

  test.each<[string, Tree]>([
    [
      "a barrel that hands it on",
      { "auth.ts": null, "auth/index.ts": `export { auth, handlers, signIn, signOut } from "./full";\n${edge}`, "auth/full.ts": full },
    ],
    [
      "a barrel that imports it",
      { "auth.ts": null, "auth/index.ts": `import { handlers } from "./full";\n${edge}export { handlers };\n`, "auth/full.ts": full },
    ],
    [
      "another name",
      {
        "auth.ts": null,
        "auth/index.ts": `import * as own from "./full";\nimport { handlers as h } from "./full";\nvoid own;\n${edge}const made = h;\nexport const handlers = made;\n`,
        "auth/full.ts": full,
      },
    ],
    ["the route", { "auth.ts": full, [route]: `${edge}import { handlers } from "@/auth";\nexport const { GET, POST } = handlers;\n` }],
    [
      "a part of it in the route",
      {
        "auth.ts": full,
        [route]: `${edge}import { handlers } from "@/auth";\nexport const GET = handlers.GET;\nexport const POST = handlers.POST;\n`,
      },
    ],
  ])("is not the sign-in: %s", async (_, tree) => {
    const { auth } = await factsOf(tree)
    expect(auth.calls).toEqual([tree["auth/full.ts"] ? "auth/full.ts" : "auth.ts"])
  })

  test.each<[string, string, string]>([
    ["a function of another module makes it", "export const { handlers, auth } = make();\n", "make"],
    ["a namespace has it", "export const handlers = node.handlers;\n", "* as node"],
    ["an object is made of it", "export const handlers = { GET: h.GET, POST: h.POST };\n", "handlers as h"],
    ["a helper is given it", "const id = (x) => x;\nexport const handlers = id(h);\n", "handlers as h"],
  ])("is not the sign-in: %s", async (_, text, imported) => {
    const made = `${full.replace("export const { handlers, auth, signIn, signOut } = NextAuth({ providers: [] });", "export const make = () => NextAuth({ providers: [] });")}export const { handlers } = make();\n`
    const names = imported.startsWith("*") ? imported : `{ ${imported} }`
    const { auth } = await factsOf({
      "auth.ts": `import ${names} from "./node";\n${edge}${text}`,
      "node.ts": imported === "make" ? made : full,
    })
    expect(auth.calls).toEqual(["node.ts"])
  })

  test.each([
    ["require", 'export const { handlers } = require("./node");\n'],
    ["what nobody knows", "export const handlers = globalThis.handlers;\n"],
    ["a circle", "export const handlers = more;\nconst more = handlers;\n"],
  ])("is not taken for it where that cannot be told: %s", async (_, text) => {
    const tree = { "auth.ts": `import "./node";\n${edge}${text}`, "node.ts": full }
    await expect(factsOf(tree)).rejects.toMatchObject({ code: "auth_config_ambiguous", exitCode: 4 })
  })

  test.each<[string, string, Tree, string | null]>([
    [
      "loaded when it runs",
      'export const GET = async (r) => { await edgeAuth(); const { handlers } = await import("@/auth"); return handlers.GET(r); };\n',
      {},
      null,
    ],
    ["of a package", 'import { createAuth } from "@acme/kit";\nexport const { GET, POST } = createAuth({});\n', {}, null],
    [
      "of a barrel, by all that it has, inside the edge's",
      'import * as real from "@/server";\nexport const GET = edgeAuth(real.handlers.GET);\n',
      { "server.ts": 'export { handlers } from "./auth";\n' },
      "auth.ts",
    ],
    ["of nothing that is here", 'import { GET as get } from "@/missing";\nexport const GET = edgeAuth(get);\n', {}, null],
  ])("in the route, whose handlers are %s", async (_, text, more, call) => {
    const run = factsOf({ "auth.ts": full, [route]: `${edge}${text}`, ...more })
    if (call === null) await expect(run).rejects.toMatchObject({ code: "auth_config_ambiguous", exitCode: 4 })
    else expect((await run).auth.calls).toEqual([call])
  })

  test("in the route, around which a helper of the app's own stands, is the sign-in", async () => {
    const limited = `${full.replace("export const { handlers, auth, signIn, signOut } =", "const { handlers } =")}import { limit } from "@/lib/limit";\nexport const { GET } = handlers;\nexport const POST = limit(handlers.POST);\n`
    const { auth } = await factsOf({
      "auth.ts": null,
      [route]: limited,
      "lib/limit.ts": "export const limit = (handler) => async (request) => handler(request);\n",
    })
    expect(auth.calls).toEqual([route])
  })

  test("is the sign-in where they are its own", async () => {
    const { auth } = await factsOf({ "auth.ts": `${full}export const edge = auth;\n`, "lib/edge.ts": edge })
    expect(auth.calls).toEqual(["auth.ts"])
    const kept = full.replace("export const { handlers, auth, signIn, signOut } =", "const next =")
    expect((await factsOf({ "auth.ts": `${kept}export const { handlers, auth } = next;\n` })).auth.calls).toEqual(["auth.ts"])
  })

  test("and `status` sees one behind another import on its line", async () => {
    const dir = makeHost({ "lib/admin.ts": full.replace("import NextAuth", 'import "server-only"; import NextAuth') })
    const { findBypasses } = await import("../../../src/host/bypasses")
    const { makesSessions } = findBypasses(new HostFiles(dir), new Set(["auth.ts"]), "user")
    expect(makesSessions.map(({ file }) => file)).toEqual(["lib/admin.ts"])
  })
})

test.each([
  ["export const prisma = 1;\nexport { prisma as other };\n", "other", "ok"],
  ["export default 1;\n", "default", "ok"],
  ['export * from "./real";\n', "anything", "ok"],
  ["export function prisma() {}\n", "prisma", "ok"],
  ["export const prisma = 1;\nconst own = 2;\n", "own", "exports no own."],
  ["module.exports = { prisma: 1 };\n", "db", "exports no db."],
])("--prisma-client names what the file exports: %j#%s %s", async (text, name, outcome) => {
  const run = factsOf({ "lib/clients.ts": text }, { prismaClient: `lib/clients.ts#${name}` })
  if (outcome === "ok") expect((await run).prisma.client.export).toBe(name)
  else await expect(run).rejects.toMatchObject({ code: "invalid_option", message: expect.stringContaining(outcome) })
})

describe("the schema that a Prisma config names", () => {
  const schema = "model User {\n  id String @id\n  email String\n}\n"
  const stale = { "prisma/schema.prisma": schema, "db/main.prisma": schema }

  test.each([
    ["in one line", "prisma.config.ts", 'export default defineConfig({ schema: "db/main.prisma", migrations: { path: "x" } })'],
    ["of a constant", "prisma.config.mts", 'const MAIN = "db/main.prisma"\nexport default defineConfig({\n  schema: MAIN,\n})'],
    [
      "before a choice of other settings",
      "prisma.config.ts",
      'export default { schema: "db/main.prisma", ...(process.env.URL ? { datasource: {} } : {}), ...(x && { y: 1 }) }',
    ],
    ["in shorthand", "prisma.config.cts", 'const schema = path.join(__dirname, "db", "main.prisma")\nmodule.exports = { schema }'],
    [
      "of a config that has a type",
      "prisma.config.ts",
      "const config = { schema: `db/main.prisma` } satisfies PrismaConfig\nexport default config",
    ],
    ["from the folder of the config", ".config/prisma.ts", 'export default { schema: "../db/main.prisma" }'],
    ["from where it is called", "prisma.config.mjs", 'export default { schema: resolve(process.cwd(), "db/main.prisma") }'],
  ])("%s", async (_, file, text) => {
    expect((await factsOf({ ...stale, [file]: text })).prisma.schema).toBe("db/main.prisma")
  })

  test.each([
    ["by the environment", 'export default { schema: process.env.SCHEMA ?? "prisma/schema.prisma" }'],
    ["by a function", "export default defineConfig({ schema: find() })"],
    ["by another config", 'import base from "./base"\nexport default { ...base }'],
    ["by what is spread behind it", 'import base from "./base"\nexport default { schema: "prisma/schema.prisma", ...base }'],
    ["by a template", `export default { schema: \`db/\${name}.prisma\` }`],
    ["in a circle", "const a = b\nconst b = a\nexport default { schema: a }"],
    ["in what does not parse", "export default { schema: "],
  ])("only running it would tell, %s: nothing else is taken for it", async (_, text) => {
    const run = factsOf({ ...stale, "prisma.config.ts": text })
    await expect(run).rejects.toMatchObject({ code: "prisma_schema_unknown", exitCode: 4, details: { file: "prisma.config.ts" } })
    const named = await factsOf({ ...stale, "prisma.config.ts": text }, { schema: "db/main.prisma" })
    expect(named.prisma.schema).toBe("db/main.prisma")
  })
})

describe("work does not grow with the host", () => {
  test("files read and parsed are the same beside 2,000 others", async () => {
    const crowd = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [
        `components/c${index}.tsx`,
        'import NextAuth from "next-auth";\nexport default NextAuth({});\n',
      ]),
    )
    const [small, large] = [await detect(makeHost(), requires), await detect(makeHost(crowd), requires)]
    expect(large.files.reads).toBe(small.files.reads)
    expect(large.modules.parsedCount).toBe(small.modules.parsedCount)
    expect(large.modules.parsedCount).toBeLessThanOrEqual(4)
  })
})

test("texts that stand for what is on disk, as a plan is rehearsed on them", () => {
  const files = new HostFiles(makeHost(), new Map(Object.entries({ "auth.ts": "changed", "lib/mfa/new.ts": "made" })))
  expect([files.read("auth.ts"), files.read("lib/mfa/new.ts"), files.read("lib/mfa/other.ts")]).toEqual(["changed", "made", null])
  expect([files.isFile("lib/mfa/new.ts"), files.isDirectory("lib/mfa"), files.exists("lib/other")]).toEqual([true, true, false])
  const names = (dir: string) => files.list(dir).map((entry) => `${entry.name}${entry.isDirectory() ? "/" : ""}`)
  expect([names("lib"), names("lib/mfa")]).toEqual([["prisma.ts", "mfa/"], ["new.ts"]])
})

describe("pages under a language", () => {
  const localized: Tree = {
    "app/layout.tsx": null,
    "app/[locale]/layout.tsx": "",
    "app/[locale]/(auth)/login/page.tsx": "",
    "auth.ts":
      'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers } = NextAuth({ providers: [], pages: { signIn: "/login" } });\n',
  }

  test("that a middleware fills in", async () => {
    const { pages } = await factsOf({
      ...localized,
      "middleware.ts": 'import createMiddleware from "next-intl/middleware";\nexport default createMiddleware({});\n',
    })
    expect(pages).toMatchObject({ publicDir: "app/[locale]", signInDir: "app/[locale]/(auth)/login" })
  })

  test("below a root layout that hands on what is in it", async () => {
    const { pages } = await factsOf({
      ...localized,
      "app/layout.tsx": "export default ({ children }) => children;\n",
      "middleware.ts": 'import createMiddleware from "next-intl/middleware";\nexport default createMiddleware({});\n',
    })
    const dir = "app/[locale]"
    expect(pages).toMatchObject({ publicDir: dir, signedInDir: dir, signInDir: `${dir}/(auth)/login` })
  })

  test("and a segment further down is none", async () => {
    const { pages } = await factsOf({
      ...localized,
      "app/[locale]/(auth)/login/page.tsx": null,
      "app/shop/[slug]/login/page.tsx": "",
      "auth.ts": String(localized["auth.ts"]).replace('"/login"', '"/shop/login"'),
      "middleware.ts": 'import createMiddleware from "next-intl/middleware";\nexport default createMiddleware({});\n',
    })
    expect(pages.signInDir).toBeNull()
  })

  test("that nothing fills in", async () => {
    await expect(factsOf(localized)).rejects.toMatchObject({ code: "root_layout_missing" })
  })
})

describe("middleware matchers", () => {
  test.each([
    [["/dashboard/:path*"], "/login/mfa", false],
    [["/login/:path*"], "/login/mfa", true],
    [["/dashboard"], "/login/mfa", false],
    [["/:path*"], "/login/mfa", true],
    [["/((?!api|_next).*)"], "/login/mfa", true],
    [["/((?!api|_next/static|login|.*\\.png$).*)"], "/login/mfa", false],
    [["/", "/(api|trpc)(.*)", "/(de|en)/:path*"], "/login/mfa", false],
    [["/((?!.+\\.[\\w]+$|_next).*)"], "/login/mfa", true],
    [["/:locale(de|en)/settings/:path+"], "/de/settings/mfa", true],
    [["(not a pattern"], "/login/mfa", null],
    [null, "/login/mfa", null],
  ])("%j on %s: %s", (matches, path, expected) => {
    expect(runsOn(matches, path)).toBe(expected)
  })
})

describe("handlers that come from elsewhere", () => {
  const decoy = 'import "@/auth";\n'
  const refused = { code: "auth_config_not_found", details: { suggestion: expect.stringContaining("--auth") } }
  const route = (text: string): Tree => ({ "app/api/auth/[...nextauth]/route.ts": decoy + text })

  test.each([
    ["a name of package.json", 'export { GET, POST } from "#auth";\n'],
    ["the app's own name", 'import { handlers } from "mini/auth";\nexport const { GET, POST } = handlers;\n'],
    ["a file that is not there", 'import { handlers } from "./handlers";\nexport const { GET, POST } = handlers;\n'],
    ["a package that nobody has", 'export { GET, POST } from "@company/sign-in";\n'],
  ])("%s: another NextAuth in reach is not theirs", async (_, text) => {
    await expect(factsOf(route(text))).rejects.toMatchObject(refused)
    expect((await factsOf(route(text), { auth: "auth.ts" })).auth.calls).toEqual(["auth.ts"])
  })

  test("what is imported beside them may be anywhere", async () => {
    const text =
      'import { log } from "#log";\nimport type { handlers as H } from "#types";\nimport { handlers } from "@/auth";\nexport const { GET, POST } = handlers;\n'
    expect((await factsOf(route(text))).auth.calls).toEqual(["auth.ts"])
  })

  test.each([
    ["all of the package", 'import * as Auth from "next-auth";\nexport const { handlers } = Auth.default({ providers });\n'],
    ["its default by name", 'import { type User, default as Auth } from "next-auth";\nexport const { handlers } = Auth({ providers });\n'],
  ])("another NextAuth is found by %s", (_, text) => {
    const root = makeHost({ "other.ts": text })
    const { makesSessions } = findBypasses(new HostFiles(root), new Set(), "user")
    expect(makesSessions.filter(({ file }) => file === "other.ts")).toEqual([{ file: "other.ts", line: 2 }])
  })
})

test.each(['export const runtime: "edge" | "nodejs" = "edge";\n', 'export const config: PageConfig = { runtime: "edge" };\n'])(
  "a handler on the edge, with its type: %s",
  async (line) => {
    const text = `export { GET, POST } from "@/auth";\n${line}`
    await expect(factsOf({ "app/api/auth/[...nextauth]/route.ts": text })).rejects.toMatchObject({ code: "edge_runtime_unsupported" })
    const node = text.replace('= "edge"', '= "nodejs"').replace(': "edge"', ': "nodejs"').replace(': "nodejs" |', ': "edge" |')
    expect((await factsOf({ "app/api/auth/[...nextauth]/route.ts": node })).auth.calls).toEqual(["auth.ts"])
  },
)

test("a middleware that is exported by name is the one that runs", async () => {
  const text = 'import { auth } from "@/auth";\nexport default auth;\n'
  const guard = async (more: string) => (await factsOf({ "middleware.ts": text + more })).middlewareGuard
  expect(await guard("")).toBe("auth")
  expect(await guard("export const middleware = (request) => Response.redirect(request.url);\n")).toBe(null)
  expect(await guard("export function middleware(request) {}\n")).toBe(null)
})

describe("schemas in words of their own", () => {
  const schema = String(minimalHost["prisma/schema.prisma"])
  const generated = async (tree: Tree) => (await factsOf(tree)).prisma.generatedFrom
  const asked = { "prisma/schema.prisma": `// Please do not modify existing columns without the data team.\n${schema}` }

  test("a comment that asks for care makes no schema a generated one", async () => {
    expect(await generated(asked)).toBe(null)
    expect(await generated({ ...asked, "schema.zmodel": "" })).toBe("schema.zmodel")
  })

  test.each([
    "// DO NOT MODIFY THIS FILE                                                                  //",
    "// This file is automatically generated by ZenStack CLI and should not be manually updated. //",
    "// AUTO-GENERATED BY ZenStack: DO NOT MODIFY",
  ])("the header of a generator does: %s", async (line) => {
    expect(await generated({ "prisma/schema.prisma": `//////\n${line}\n${schema}` })).toBe("schema.zmodel")
  })

  test("a config's comment names no schema", async () => {
    const old = { "prisma/old.prisma": schema, "old.prisma": schema }
    const config = (text: string) => factsOf({ ...old, "prisma.config.ts": text })
    const comment = '/*\n  Before we moved:\n  schema: "prisma/old.prisma",\n*/\n'
    expect((await config(`${comment}export default {\n  schema: "prisma/schema.prisma",\n};\n`)).prisma.schema).toBe("prisma/schema.prisma")
    expect((await config(`${comment}export default {};\n`)).prisma.schema).toBe("prisma/schema.prisma")
    const glob = 'export default {\n  files: "src/**/*.sql", // /* of views\n  schema: "prisma/old.prisma",\n};\n'
    expect((await config(glob)).prisma.schema).toBe("prisma/old.prisma")
  })

  test("an id of one field in a list is an id", async () => {
    const user = (id: string) => ({
      "prisma/schema.prisma": `model User {\n  tenant String\n  id String @default(cuid())\n  email String @unique\n\n  ${id}\n}\n`,
    })
    for (const id of ["@@id([id])", "@@id(fields: [ id ])"]) expect((await factsOf(user(id))).prisma.userId.name).toBe("id")
    await expect(factsOf(user("@@id([tenant, id])"))).rejects.toMatchObject({ code: "user_id_unsupported" })
  })
})

test.each(["ghp_12TOKEN@x:y", "TOKEN"])("a login in a dependency's address is not said: %s", async (login) => {
  const manifest = String(minimalHost["package.json"]).replace('"16.4.6"', `"git+https://me:${login}@github.com/x/next.git"`)
  const answer = await factsOf({ "package.json": manifest }).catch(({ message }: Error) => ({ next: message, warnings: [] }))
  expect(JSON.stringify(answer)).not.toMatch(/TOKEN|me:/)
  expect(answer.next).toContain("git+https://<secret>@github.com/x/next.git")
})

test("options in angle brackets are options", async () => {
  const text = String(minimalHost["auth.ts"]).replace(
    "NextAuth({ providers: [GitHub] })",
    'NextAuth(<Config>{ providers: [GitHub], session: { strategy: "jwt" } })',
  )
  expect((await factsOf({ "auth.ts": text })).auth).toMatchObject({ config: "auth.ts", providers: ["github"], session: "jwt" })
})

test("a key that is the address stands once in what is selected", async () => {
  const schema = "model User {\n  email String @id\n  name String?\n}\n"
  const { host } = await detect(makeHost({ "prisma/schema.prisma": schema }), requires)
  const { files } = await render(loadFeature("mfa"), host, eraseTypes)
  const literals = files.flatMap(({ text }) => Array.from(text.matchAll(/\{[^{}]*\bemail: true[^{}]*\}/g), ([literal]) => literal))
  expect(literals.length).toBeGreaterThan(2)
  for (const literal of literals) expect(literal.match(/\bemail:/g), literal).toHaveLength(1)
})
