/** What next.config says of where things are, however it is written, without running it. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { loadFeature } from "../../../src/feature/load"
import { detect } from "../../../src/host/detect"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../../support/host"

const { requires } = loadFeature("mfa")
const hostOf = async (tree: Tree) => (await detect(makeHost(tree), requires)).host
const warningsOf = async (tree: Tree) => (await hostOf(tree)).warnings.filter(({ code }) => code === "base_path")

describe("basePath", () => {
  const refusals: [string, Tree, string?][] = [
    ["as a property", { "next.config.js": 'module.exports = {\n  basePath: "/docs",\n};\n' }, "next.config.js:2"],
    ["as its own name", { "next.config.ts": 'const basePath = "/shop";\n\nconst config = { basePath };\nexport default config;\n' }],
    ["between quotes", { "next.config.mjs": "export default { 'basePath': '/docs' };\n" }],
    ["computed", { "next.config.mjs": 'export default { ["basePath"]: `/docs` };\n' }],
    ["in a typed constant", { "next.config.ts": 'const c: NextConfig = { basePath: "/a" as const } satisfies X;\nexport default c;\n' }],
    [
      "by the name of another file",
      {
        "next.config.mjs": 'import { base } from "./base.mjs";\nexport default { basePath: base };\n',
        "base.mjs": 'export const base = "/a";\n',
      },
    ],
    [
      "in a config that is spread",
      {
        "next.config.mjs": 'import shared from "./shared.mjs";\nexport default { ...shared };\n',
        "shared.mjs": 'export default { basePath: "/a" };\n',
      },
    ],
    [
      "in a config that is required",
      {
        "next.config.js": 'const shared = require("./shared");\nmodule.exports = Object.assign({}, shared);\n',
        "shared.js": 'module.exports = { basePath: "/a" };\n',
      },
    ],
    ["by a property", { "next.config.mjs": 'const site = { root: "/a" };\nexport default { basePath: site.root };\n' }],
    [
      "behind wrappers",
      { "next.config.mjs": 'const c = { basePath: "/a" };\nexport default withSentry(withMdx({ x: 1 })(c), { silent: true });\n' },
    ],
    ["from a function", { "next.config.js": 'module.exports = async (phase) => {\n  const c = { basePath: "/a" };\n  return c;\n};\n' }],
    [
      "from one of several returns",
      {
        "next.config.mjs": 'export default function config(phase) {\n  if (phase === "dev") return {};\n  return { basePath: "/a" };\n}\n',
      },
    ],
    ["assigned afterwards", { "next.config.mjs": 'const c = {};\nif (process.env.CI) c.basePath = "/a";\nexport default c;\n' }],
    ["assigned with others", { "next.config.mjs": 'const c = {};\nObject.assign(c, { basePath: "/a" });\nexport default c;\n' }],
    ["assigned to what is exported", { "next.config.js": 'module.exports = {};\nmodule.exports.basePath = "/a";\n' }],
    ["exported in a list", { "next.config.mjs": 'const c = { basePath: "/a" };\nexport { c as default };\n' }],
    ["where it is built for others", { "next.config.mjs": 'export default { basePath: process.env.CI ? "/a" : "" };\n' }],
    ["unless it is set", { "next.config.mjs": 'export default { basePath: process.env.BASE || "/a" };\n' }],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the config fills it in
    ["with a part that varies", { "next.config.mjs": "export default { basePath: `/${process.env.TENANT}` };\n" }],
    [
      "by a wrapper of the app's own",
      {
        "next.config.mjs": 'import { withShop } from "./shop.mjs";\nexport default withShop({});\n',
        "shop.mjs": 'export const withShop = (config) => ({ basePath: "/a", ...config });\n',
      },
    ],
    ["put together", { "next.config.mjs": 'const root = "/a";\nexport default { basePath: root + "/b" };\n' }],
  ]
  test.each(refusals)("%s: refused", async (_, tree, place) => {
    const error = await hostOf(tree).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: "base_path_unsupported" })
    if (place) expect(`${error.details.file}:${error.details.line}`).toBe(place)
  })

  test.each<[string, string]>([
    ["in a comment behind code", 'export default {\n  reactStrictMode: true, // basePath: "/docs" was here once\n};\n'],
    ["in a comment of several lines", 'export default {\n  /*\n  basePath: "/docs",\n  */\n};\n'],
    ["in a text", "export default { env: { NOTE: 'basePath: \"/docs\"' } };\n"],
    [
      "of a rewrite that goes without",
      'export default { rewrites: async () => [{ source: "/x", destination: "https://x.dev", basePath: false }] };\n',
    ],
    ["of another part's", 'export default { publicRuntimeConfig: { basePath: "/files" } };\n'],
    ["of a constant for something else", 'const basePath = "/cdn";\nexport default { assetPrefix: basePath };\n'],
    ["of a plugin's options", 'import pwa from "next-pwa";\nconst withPwa = pwa({ basePath: "/a" });\nexport default withPwa({});\n'],
    ["of a plugin that is called at once", 'import pwa from "next-pwa";\nexport default pwa({ basePath: "/a" })({});\n'],
    ["that is empty", 'const basePath = "";\nexport default { basePath };\n'],
    ["that is left out", "export default { basePath: undefined };\n"],
    ["that is taken back", 'const shared = { basePath: "/a" };\nexport default { ...shared, basePath: "" };\n'],
    ["that is empty in both", 'export default { basePath: process.env.CI ? "" : undefined };\n'],
  ])("%s: none", async (_, text) => {
    expect(await warningsOf({ "next.config.mjs": text })).toEqual([])
  })

  test.each<[string, string]>([
    ["of the environment", "export default { basePath: process.env.BASE_PATH };\n"],
    ["of the environment, or none", 'export default { basePath: process.env.BASE_PATH ?? "" };\n'],
    ["of what is not here", 'import { base } from "@acme/site";\nexport default { basePath: base };\n'],
    ["that is made", "export default { basePath: baseOf(process.env) };\n"],
    [
      "of names that are made of one another",
      `${Array.from({ length: 60 }, (_, at) => `const a${at} = a${at + 1} + a${at + 1};`).join("\n")}\nexport default { basePath: a0 };\n`,
    ],
  ])("%s: said to be unknown", async (_, text) => {
    expect(await warningsOf({ "next.config.mjs": text })).toMatchObject([{ code: "base_path", file: "next.config.mjs" }])
  })

  test("a config that does not parse is named where it may say so", async () => {
    await expect(hostOf({ "next.config.mjs": 'export default {\n  basePath: "/a\n};\n' })).rejects.toMatchObject({
      code: "parse_failed",
      details: { file: "next.config.mjs", line: 2 },
    })
    expect(await warningsOf({ "next.config.mjs": "export default {\n" })).toEqual([])
  })

  test("of several files the first counts, as for Next.js", async () => {
    const tree = { "next.config.js": "module.exports = {};\n", "next.config.ts": 'export default { basePath: "/a" };\n' }
    expect(await warningsOf(tree)).toEqual([])
  })
})

describe("pageExtensions", () => {
  const inPages: Tree = {
    "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }\n',
    "app/api/auth/[...nextauth]/route.ts": null,
    "app/layout.tsx": null,
    "auth.ts": null,
    "lib/prisma.ts": null,
    "package.json": String(minimalHost["package.json"]).replace("5.0.0-beta.32", "4.24.15"),
    "src/lib/prisma.ts": String(minimalHost["lib/prisma.ts"]),
    "src/lib/auth.ts":
      'import { prisma } from "@/lib/prisma";\n\nvoid prisma;\nexport const authOptions = { pages: { signIn: "/login" }, providers: [] };\n',
    "src/pages/api/auth/[...nextauth].api.ts":
      'import NextAuth from "next-auth";\nimport { authOptions } from "@/lib/auth";\n\nexport default NextAuth(authOptions);\n',
    "src/pages/login.page.tsx": "export default function Login() {\n  return <p>Login</p>;\n}\n",
    "src/pages/_app.page.tsx": "export default ({ Component, pageProps }: any) => <Component {...pageProps} />;\n",
  }
  const lists: [string, string][] = [
    ["a list", 'module.exports = { pageExtensions: ["page.tsx", "page.ts", "api.ts"] };\n'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the config fills it in
    ["made of another one", 'module.exports = { pageExtensions: [...["tsx", "ts"].map((extension) => `page.${extension}`), "api.ts"] };\n'],
    ["by its name", 'const own = ["page.tsx", "api.ts"];\nmodule.exports = withMdx({ pageExtensions: own });\n'],
  ]
  test.each(lists)("%s is read: pages and routes get the endings of the app's own, and remove takes them away", (_, text) => {
    const dir = makeHost({ ...inPages, "next.config.js": text })
    const before = snapshot(dir)
    const added = chimerai(["add", "mfa", "--yes", "--json", "--no-install", dir])
    expect(added.json).toMatchObject({ status: "applied", routes: { challenge: "/login/mfa" } })
    for (const path of ["login/mfa.page.tsx", "settings/mfa.page.tsx", "api/mfa/setup.api.ts", "api/auth/mfa-verify.api.ts"])
      expect(existsSync(join(dir, "src/pages", path)), path).toBe(true)
    expect(chimerai(["add", "mfa", "--yes", "--json", "--no-install", dir]).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", "--yes", "--json", "--no-install", "--purge", dir]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("in the app folder, with a middleware and a layout of such names", async () => {
    const { json, dir } = added({
      "next.config.mjs": 'export default { pageExtensions: ["page.tsx", "route.ts"] };\n',
      "app/api/auth/[...nextauth]/route.ts": null,
      "app/api/auth/[...nextauth]/route.route.ts": String(minimalHost["app/api/auth/[...nextauth]/route.ts"]),
      "app/layout.tsx": null,
      "app/layout.page.tsx": String(minimalHost["app/layout.tsx"]),
      "proxy.route.ts": 'export { auth as proxy } from "@/auth";\n',
    })
    expect(json).toMatchObject({ status: "applied", host: { middleware: "proxy.route.ts" } })
    const created = json.actions.filter(({ kind }: { kind: string }) => kind === "create").map(({ path }: { path: string }) => path)
    expect(created).toContain("app/login/mfa/page.page.tsx")
    expect(created).toContain("app/login/mfa/challenge-form.tsx")
    expect(created).toContain("app/api/mfa/setup/route.route.ts")
    expect(readFileSync(join(dir, "app/login/mfa/page.page.tsx"), "utf8")).toContain('from "./challenge-form"')
  })

  const added = (tree: Tree) => {
    const dir = makeHost(tree)
    return { dir, ...chimerai(["add", "mfa", "--yes", "--json", "--no-install", dir]) }
  }

  test("with the usual ones among them, files have those", async () => {
    const host = await hostOf({
      "next.config.mjs": 'export default { pageExtensions: ["md", "mdx", "page.tsx", "tsx", "ts", "jsx", "js"] };\n',
    })
    expect(host.endings).toEqual({ page: "tsx", route: "ts" })
  })

  test("pages in JavaScript where the list has no jsx", async () => {
    const javascript: Tree = {
      "next.config.mjs": 'export default { pageExtensions: ["js", "mdx"] };\n',
      "tsconfig.json": null,
      "jsconfig.json": String(minimalHost["tsconfig.json"]),
      "app/api/auth/[...nextauth]/route.ts": null,
      "app/api/auth/[...nextauth]/route.js": String(minimalHost["app/api/auth/[...nextauth]/route.ts"]),
      "app/layout.tsx": null,
      "app/layout.js": "export default ({ children }) => <html><body>{children}</body></html>;\n",
    }
    expect((await hostOf(javascript)).endings).toEqual({ page: "js", route: "js" })
  })

  test.each<[string, string]>([
    ["made when it runs", "export default { pageExtensions: extensionsOf(process.env) };\n"],
    ["chosen when it runs", 'export default { pageExtensions: process.env.CI ? ["tsx"] : ["page.tsx"] };\n'],
    ["with something that is no ending", 'export default { pageExtensions: ["../x", "tsx"] };\n'],
    [
      "of lists that are made of one another",
      `${Array.from({ length: 40 }, (_, at) => `const a${at} = [...a${at + 1}, ...a${at + 1}];`).join("\n")}\nconst a40 = ["tsx"];\nexport default { pageExtensions: a0 };\n`,
    ],
  ])("%s is refused, and nothing is said of files to create", async (_, text) => {
    const error = await hostOf({ "next.config.mjs": text }).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: "page_extensions_unsupported", details: { file: "next.config.mjs" } })
    expect(error.details.suggestion).not.toMatch(/create/i)
  })

  test("a route whose ending Next.js does not take is none, and the endings are named", async () => {
    await expect(hostOf({ "next.config.mjs": 'export default { pageExtensions: ["page.tsx", "page.ts"] };\n' })).rejects.toMatchObject({
      code: "auth_handler_missing",
      message: expect.stringContaining("(page.tsx, page.ts)"),
      details: { suggestion: expect.stringContaining("[...nextauth]/route.page.ts first") },
    })
  })

  test("without one for what is created, that is said", async () => {
    const text = 'export default { pageExtensions: ["ts"] };\n'
    await expect(hostOf({ "next.config.mjs": text, "app/layout.tsx": null, "app/layout.ts": "" })).rejects.toMatchObject({
      code: "page_extensions_unsupported",
      message: expect.stringContaining(".tsx"),
    })
  })
})
