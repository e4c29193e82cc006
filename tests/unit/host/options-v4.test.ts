/** Where options of next-auth 4 come from, as apps have them: what is guarded, a second run, and every byte back. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { loadFeature } from "../../../src/feature/load"
import { detect } from "../../../src/host/detect"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../../support/host"

const packageJson = String(minimalHost["package.json"]).replace("5.0.0-beta.32", "4.24.15")
const route = "app/api/auth/[...nextauth]/route.ts"
const shape = (tree: Tree): Tree => ({ "package.json": packageJson, "auth.ts": null, ...tree })
const imports = 'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\n'
const options = '{ providers: [], session: { strategy: "jwt" }, callbacks: { session: () => prisma } }'
const exported = "export { handler as GET, handler as POST };\n"

const shapes: [string, Tree, Record<string, string[]>][] = [
  [
    "a constant in its own file",
    {
      "options.ts": `import { prisma } from "@/lib/prisma";\nexport const authOptions = ${options};\n`,
      [route]: `import NextAuth from "next-auth";\nimport { authOptions } from "@/options";\nconst handler = NextAuth(authOptions);\n${exported}`,
    },
    { "options.ts": ["protect(authOptions);"], [route]: ["withMfa(NextAuth)(authOptions)"] },
  ],
  [
    "a constant in the route",
    { [route]: `${imports}export const authOptions = ${options};\nconst handler = NextAuth(authOptions);\n${exported}` },
    { [route]: ["protect(authOptions);", "withMfa(NextAuth)(authOptions)"] },
  ],
  ["inline", { [route]: `${imports}const handler = NextAuth(${options});\n${exported}` }, { [route]: ["withMfa(NextAuth)({"] }],
  [
    "inline, with a request and its context before it",
    { [route]: `${imports}const handler = (req: Request, ctx: unknown) => NextAuth(req, ctx, ${options});\n${exported}` },
    { [route]: ["withMfa(NextAuth)(req, ctx, {"] },
  ],
  [
    "made by an arrow function",
    {
      "options.ts": `import { prisma } from "@/lib/prisma";\nexport const getOptions = (req?: Request) => (${options});\n`,
      [route]: `import NextAuth from "next-auth";\nimport { getOptions } from "@/options";\nconst handler = NextAuth(getOptions());\n${exported}`,
    },
    { "options.ts": ["=> protect({ providers"], [route]: ["withMfa(NextAuth)(getOptions())"] },
  ],
  [
    "made by a function that names them first",
    {
      "options.ts": `import { prisma } from "@/lib/prisma";\nexport async function getOptions(req: Request) {\n  const authOptions = ${options};\n  return authOptions;\n}\n`,
      [route]: `import NextAuth from "next-auth";\nimport { getOptions } from "@/options";\nasync function handler(req: Request, ctx: unknown) {\n  return NextAuth(req, ctx, await getOptions(req));\n}\n${exported}`,
    },
    { "options.ts": ["return protect(authOptions);"], [route]: ["withMfa(NextAuth)(req, ctx, await"] },
  ],
  [
    "changed for each request by a function, from a constant that others read",
    {
      [route]: `${imports}export const authOptions = ${options};\nconst forRequest = (req: Request) => ({ ...authOptions, callbacks: { ...authOptions.callbacks, signIn: () => Boolean(req) } });\nconst handler = (req: Request, ctx: unknown) => NextAuth(req, ctx, forRequest(req));\n${exported}`,
    },
    { [route]: ["protect(authOptions);", "=> protect({ ...authOptions", "withMfa(NextAuth)(req, ctx, forRequest(req))"] },
  ],
  [
    "changed for each request under a name that hides the constant's",
    {
      "options.ts": `import { prisma } from "@/lib/prisma";\nexport const authOptions = ${options};\n`,
      [route]: `import NextAuth from "next-auth";\nimport { authOptions as base } from "@/options";\nconst handler = async (req: Request, ctx: unknown) => {\n  const authOptions = { ...base, events: {} };\n  return NextAuth(req, ctx, authOptions);\n};\n${exported}`,
    },
    { "options.ts": ["protect(authOptions);"], [route]: ["withMfa(NextAuth)(req, ctx, authOptions)"] },
  ],
  [
    "made of those that pages read sessions with",
    {
      "shared.ts": "export const shared = { pages: { signIn: '/login' } };\n",
      "options.ts": `import { prisma } from "@/lib/prisma";\nimport { shared } from "@/shared";\nexport const base = ${options};\n\nexport const authOptions = { ...shared, ...base, pages: {} };\n`,
      [route]: `import NextAuth from "next-auth";\nimport { authOptions } from "@/options";\nconst handlerOptions = { ...authOptions, pages: { error: "/login" } };\nconst handler = NextAuth(handlerOptions);\n${exported}`,
    },
    {
      "shared.ts": [],
      "options.ts": ["protect(base);", "protect(authOptions);"],
      [route]: ["protect(handlerOptions);", "withMfa(NextAuth)(handlerOptions)"],
    },
  ],
  [
    "made of those in the same file",
    {
      [route]: `${imports}export const authOptions = ${options};\nconst handlerOptions = { ...authOptions, pages: { error: "/login" } };\nconst handler = NextAuth(handlerOptions);\n${exported}`,
    },
    { [route]: ["protect(authOptions);", "protect(handlerOptions);", "withMfa(NextAuth)(handlerOptions)"] },
  ],
  [
    "two of one name, of which the handler's is live",
    {
      "lib/auth.ts": `import { prisma } from "@/lib/prisma";\nexport const authOptions = ${options};\n`,
      [route]: `${imports}import "@/lib/auth";\nexport const authOptions = ${options};\nconst handler = NextAuth(authOptions);\n${exported}`,
    },
    { "lib/auth.ts": [], [route]: ["protect(authOptions);"] },
  ],
  [
    "exported as default",
    {
      "options.ts": `import { prisma } from "@/lib/prisma";\nexport default ${options};\n`,
      [route]: `import NextAuth from "next-auth";\nimport authOptions from "@/options";\nconst handler = NextAuth(authOptions);\n${exported}`,
    },
    { "options.ts": ["export default protect({"], [route]: ["withMfa(NextAuth)(authOptions)"] },
  ],
  [
    "handed on by barrels: everything, under another name, as a namespace",
    {
      "lib/auth/index.ts": 'export * from "./session";\nexport * from "./named";\nexport * from ".";\n',
      "lib/auth/session.ts": "export const session = 1;\n",
      "lib/auth/named.ts": 'export { own as authOptions } from "./options";\n',
      "lib/auth/options.ts": `import { prisma } from "@/lib/prisma";\nconst nextAuthOptions = ${options};\nexport { nextAuthOptions as own };\n`,
      [route]: `import NextAuth, { getServerSession } from "next-auth/next";\nimport * as auth from "@/lib/auth";\nconst handler = NextAuth(auth.authOptions);\nexport const get = () => getServerSession(auth.authOptions);\n${exported}`,
    },
    {
      "lib/auth/options.ts": ["protect(nextAuthOptions);"],
      "lib/auth/named.ts": [],
      "lib/auth/index.ts": [],
      [route]: ["withMfa(NextAuth)(auth.authOptions)"],
    },
  ],
  [
    "a constant that is exported as default, and handed on by a name",
    {
      "options.ts": `import { prisma } from "@/lib/prisma";\nconst authOptions = ${options};\nexport default authOptions satisfies object;\n`,
      "auth.ts": 'export { default as options } from "./options";\n',
      [route]: `import { default as NextAuth } from "next-auth/index";\nimport { options } from "@/auth";\nconst handler = NextAuth(options);\n${exported}`,
    },
    { "options.ts": ["protect(authOptions);\nexport default authOptions"], "auth.ts": [], [route]: ["withMfa(NextAuth)(options)"] },
  ],
  [
    "a constant, and a function that spreads it, in one file",
    {
      "options.ts": `import { prisma } from "@/lib/prisma";\nexport const authOptions = ${options};\nexport const getOptions = (req: Request) => ({\n  ...authOptions,\n  events: { signIn: () => void req },\n});\n`,
      [route]: `import NextAuth from "next-auth";\nimport { getOptions } from "@/options";\nconst handler = (req: Request, ctx: unknown) => NextAuth(req, ctx, getOptions(req));\n${exported}`,
    },
    {
      "options.ts": ['import { protect } from "@/lib/mfa/with-mfa";', "protect(authOptions);", "=> protect({"],
      [route]: ["withMfa(NextAuth)(req, ctx, getOptions(req))"],
    },
  ],
  [
    "filled after their declaration",
    {
      "options.ts": `import { prisma } from "@/lib/prisma";\nexport const authOptions: any = { providers: [] };\nObject.assign(authOptions, { session: { strategy: "jwt" } });\nauthOptions.callbacks = { session: () => prisma };\nexport const other = 1;\n`,
      [route]: `import NextAuth from "next-auth";\nimport { authOptions } from "@/options";\nconst handler = NextAuth(authOptions);\n${exported}`,
    },
    { "options.ts": ["() => prisma };\n\nprotect(authOptions);\nexport const other"], [route]: ["withMfa(NextAuth)(authOptions)"] },
  ],
  [
    "given to a helper that calls NextAuth",
    {
      "options.ts": `import { prisma } from "@/lib/prisma";\nexport const authOptions = ${options};\n`,
      "lib/handler.ts": 'import NextAuth from "next-auth";\nexport const makeHandler = (options: any) => NextAuth(options);\n',
      [route]: `import { makeHandler } from "@/lib/handler";\nimport { authOptions } from "@/options";\nconst handler = makeHandler(authOptions);\n${exported}`,
    },
    { "options.ts": ["protect(authOptions);"], "lib/handler.ts": ["withMfa(NextAuth)(options)"], [route]: [] },
  ],
  [
    "a default export of the constant, an unusual base path, and a decoy in a disabled file",
    {
      [route]: null,
      "app/api/auth/[...nextauth]/_route.ts": 'import NextAuth from "next-auth";\nexport default NextAuth({ providers: [] });\n',
      "pages/api/v1/auth/[...nextauth].ts": `${imports}// NextAuth({ providers: [] })\nexport const authOptions = ${options};\nexport default NextAuth(authOptions);\n`,
    },
    { "pages/api/v1/auth/[...nextauth].ts": ["protect(authOptions);", "export default withMfa(NextAuth)(authOptions)"] },
  ],
]

test.each(shapes)("%s", (_name, tree, expected) => {
  const dir = makeHost(shape(tree))
  const before = snapshot(dir)
  const run = chimerai(["add", "mfa", "--yes", "--no-install", dir])
  expect(run.code, run.stderr).toBe(0)
  for (const [path, texts] of Object.entries(expected)) {
    const text = readFileSync(join(dir, path), "utf8")
    if (texts.length === 0) expect(text).toBe(tree[path])
    for (const part of texts) expect(text).toContain(part)
  }
  const installed = snapshot(dir)
  expect(chimerai(["add", "mfa", "--yes", "--no-install", dir]).stdout).toContain("installed already")
  expect(snapshot(dir)).toEqual(installed)
  expect(chimerai(["remove", "mfa", "--yes", "--no-install", "--purge", dir]).code).toBe(0)
  expect(snapshot(dir)).toEqual(before)
})

test("getServerSession without options is named by add and status: it knows nothing of sessions that have ended", () => {
  const read = (call: string) => `import { getServerSession } from "next-auth";\nexport const me = async () => ${call};\n`
  const dir = makeHost(
    shape({
      [route]: `${imports}export const authOptions = ${options};\nconst handler = NextAuth(authOptions);\n${exported}`,
      "middleware.ts": 'export { default } from "next-auth/middleware";\n',
      "lib/bare.ts": read("getServerSession()"),
      "lib/node.ts": read("unstable_getServerSession( req, res )").replace('"next-auth"', '"next-auth/next"'),
      "lib/right.ts": read("getServerSession(authOptions)"),
      "lib/right-in-node.ts": read("getServerSession(req, res, authOptions)"),
      "lib/comment.ts": `// getServerSession()\n/* getServerSession() */\n${read("getServerSession(authOptions) // not getServerSession()")}`,
      "lib/own.ts": "export const me = async () => getServerSession();\n",
      "lib/me.test.ts": read("getServerSession()"),
    }),
  )
  const added = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).json
  const warning = added.warnings.find(({ code }: { code: string }) => code === "session_without_options")
  expect(warning).toMatchObject({ file: "lib/bare.ts", line: 2, message: expect.stringContaining("lib/bare.ts:2, lib/node.ts:2)") })
  const { checks } = chimerai(["status", dir, "--json"]).json
  const check = (wanted: string) => checks.find(({ id }: { id: string }) => id === wanted)
  expect(check("sessions-without-options")).toMatchObject({
    state: "todo",
    message: expect.stringMatching(/ended: lib\/bare\.ts:2, lib\/node\.ts:2\.$/),
  })
  expect(check("older-tokens").message).toContain("middleware.ts:1")
})

test.each<[string, Tree, string]>([
  ["none", {}, "css"],
  ["one without a stylesheet", { "pages/_app.tsx": "export default ({ Component }) => <Component />;\n" }, "css"],
  [
    "one with the stylesheet",
    { "pages/_app.tsx": 'import "../app/globals.css";\nexport default ({ Component }) => <Component />;\n' },
    "tailwind-3",
  ],
])("pages beside an app folder have Tailwind where their _app loads it: %s", (_, more, styling) => {
  const dir = makeHost(
    shape({
      "package.json": packageJson.replace('"next":', '"tailwindcss": "3.4.1",\n    "next":'),
      "app/api/auth/[...nextauth]/route.ts": null,
      "pages/api/auth/[...nextauth].ts": `${imports}export default NextAuth(${options});\n`,
      "app/globals.css": "@tailwind base;\n",
      ...more,
    }),
  )
  expect(chimerai(["add", "mfa", dir, "--dry-run", "--json"]).json).toMatchObject({ status: "planned", host: { styling } })
})

test("what is filled in later is read: strategy, providers, the sign-in page", async () => {
  const dir = makeHost(
    shape({
      "options.ts":
        'import Credentials from "next-auth/providers/credentials";\nimport GitHub from "next-auth/providers/github";\nimport { prisma } from "@/lib/prisma";\nexport const authOptions: any = { pages: {}, providers: [Credentials({})] };\nauthOptions.session = { strategy: "jwt" };\nauthOptions.pages.signIn = "/enter";\nif (prisma) authOptions.providers.push(GitHub({}), Credentials({ id: "staff" }));\n',
      [route]: `import NextAuth from "next-auth";\nimport { authOptions } from "@/options";\nconst handler = NextAuth(authOptions);\n${exported}`,
    }),
  )
  const { host } = await detect(dir, loadFeature("mfa").requires)
  expect(host.auth).toMatchObject({
    session: "jwt",
    signInPage: "/enter",
    providers: ["credentials", "github"],
    signIns: { credentials: 2, oauth: true },
    unknownProviders: null,
  })
})

test("options that a request changes are refused, with the line", () => {
  const dir = makeHost(
    shape({
      "options.ts": `import { prisma } from "@/lib/prisma";\nexport const authOptions: any = ${options};\n`,
      [route]: `import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nexport const authOptions: any = ${options};\nconst handler = (req: Request, ctx: unknown) => {\n  authOptions.callbacks.signIn = () => Boolean(req);\n  return NextAuth(req, ctx, authOptions);\n};\n${exported}`,
    }),
  )
  const before = snapshot(dir)
  const run = chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir])
  expect(run.code).toBe(3)
  expect(run.json.error).toMatchObject({ code: "edit_unsafe", file: route, line: 5, suggestion: expect.stringContaining("...authOptions") })
  expect(snapshot(dir)).toEqual(before)
})

test.each([
  ["a callback", "authOptions.callbacks = { session: () => 1 };", true],
  ["all of it", "Object.assign(authOptions, { callbacks: {} });", true],
  ["by a name that is made", 'authOptions["call" + "backs"] = {};', true],
  ["in a function", "export const set = () => { authOptions.adapter = 1; };", true],
  ["what no guard sets", "authOptions.debug = true;", false],
  ["nothing, as far as can be seen", "console.log(authOptions);", false],
  ["a copy", "const copy = { ...authOptions };\ncopy.callbacks = {};", false],
])("options that another module changes: %s", async (_, change, isRefused) => {
  const dir = makeHost(
    shape({
      "options.ts": `import { prisma } from "@/lib/prisma";\nexport const authOptions: any = ${options};\n`,
      "barrel.ts": 'export { authOptions as shared } from "./options";\n',
      [route]: `import NextAuth from "next-auth";\nimport { shared as authOptions } from "@/barrel";\n${change}\nconst handler = NextAuth(authOptions);\n${exported}`,
    }),
  )
  const found = detect(dir, loadFeature("mfa").requires)
  if (isRefused) await expect(found).rejects.toMatchObject({ code: "auth_options_unsupported", details: { file: route, line: 3 } })
  else expect((await found).host.auth.options).toEqual([{ file: "options.ts", name: "authOptions", kind: "constant" }])
})
