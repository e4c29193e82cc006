/** How apps call Auth.js 5: the hook is put in with insertions alone, a second run adds nothing, every byte comes back. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { parseModule } from "../../../src/edit/typescript/module"
import { loadFeature } from "../../../src/feature/load"
import { detect } from "../../../src/host/detect"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../../support/host"

const prisma = 'import { prisma } from "@/lib/prisma";\nvoid prisma;\n'
const imports = `import NextAuth from "next-auth";\n${prisma}`
const wrapped = "withMfa(NextAuth)"

const shapes: [string, Tree, Record<string, string[]>, object?][] = [
  [
    "one file",
    { "auth.ts": `${imports}export const { handlers, auth } = NextAuth({ providers: [] });\n` },
    { "auth.ts": [`${wrapped}({`] },
  ],
  [
    "split, spread before",
    {
      "auth.config.ts":
        'import type { NextAuthConfig } from "next-auth";\nexport default { providers: [], pages: { signIn: "/in" } } satisfies NextAuthConfig;\n',
      "auth.ts": `${imports}import authConfig from "./auth.config";\nexport const { handlers, auth } = NextAuth({ ...authConfig, session: { strategy: "jwt" } });\n`,
    },
    { "auth.ts": [`${wrapped}({ ...authConfig`], "auth.config.ts": [] },
    { config: "auth.ts", signInPage: "/in", session: "jwt" },
  ],
  [
    "split, spread after, the type given by annotation, a decoy in comments",
    {
      "auth.config.ts": 'import type { NextAuthConfig } from "next-auth";\nexport const authConfig: NextAuthConfig = { providers: [] };\n',
      "auth.ts": `${imports}import { authConfig } from "./auth.config";\n// export const { auth } = NextAuth({ providers: [Credentials()] });\nexport const { handlers, auth } = NextAuth({ session: { strategy: "database" }, ...authConfig });\n`,
    },
    { "auth.ts": ["\n// export const { auth } = NextAuth({", `= ${wrapped}({ session`] },
    { session: "database" },
  ],
  [
    "the config by its name, as",
    {
      "config.ts": "export const authConfig = { providers: [], adapter: {} } as const;\n",
      "auth.ts": `${imports}import { authConfig } from "@/config";\nexport const { handlers } = NextAuth(authConfig as never);\n`,
    },
    { "auth.ts": [`${wrapped}(authConfig as never)`], "config.ts": [] },
    { config: "config.ts", session: "database" },
  ],
  [
    "lazy",
    { "auth.ts": `${imports}export const { handlers } = NextAuth((req) => ({ providers: [], session: { strategy: "jwt" } }));\n` },
    { "auth.ts": [`${wrapped}((req) =>`] },
    { session: "jwt" },
  ],
  [
    "lazy and async, with a function of its own",
    {
      "auth.ts": `${imports}async function makeConfig(req) {\n  const config = { providers: [], adapter: {} };\n  return config;\n}\nexport const { handlers } = NextAuth(makeConfig);\n`,
    },
    { "auth.ts": [`${wrapped}(makeConfig)`] },
    { session: "database" },
  ],
  [
    "chosen by request",
    {
      "auth.ts": `${imports}const a = { providers: [] };\nconst getB = (o?: object) => ({ ...a, ...o });\nexport const { handlers } = NextAuth((req) => (req ? getB() : a));\n`,
    },
    { "auth.ts": [`${wrapped}((req) => (req`] },
  ],
  [
    "the result kept, its parts exported by hand",
    {
      "auth.ts": `${imports}const nextAuth = NextAuth({ providers: [] });\nconst signIn: typeof nextAuth.signIn = nextAuth.signIn;\nexport const { handlers, auth } = nextAuth;\nexport { signIn };\n`,
    },
    { "auth.ts": [`const nextAuth = ${wrapped}({`] },
  ],
  [
    "auth cached, the handlers taken apart in the route",
    {
      "auth.ts": `import { cache } from "react";\n${imports}const { handlers, auth: uncached } = NextAuth({ providers: [] });\nexport const auth = cache(uncached);\nexport const { GET, POST } = handlers;\n`,
      "app/api/auth/[...nextauth]/route.ts": 'export { GET, POST } from "@/auth";\n',
    },
    { "auth.ts": [`} = ${wrapped}({`] },
  ],
  [
    "another NextAuth in reach, for the edge",
    {
      "edge.ts": 'import NextAuth from "next-auth";\nexport const { auth } = NextAuth({ providers: [] });\n',
      "auth.ts": `import { auth as edge } from "./edge";\n${imports}export const { handlers } = NextAuth({ providers: [], callbacks: { authorized: () => Boolean(edge) } });\n`,
    },
    { "auth.ts": [`} = ${wrapped}({`], "edge.ts": [] },
    { calls: ["auth.ts"] },
  ],
  [
    "handed on from an index, a route group, another name for the catch-all",
    {
      "app/api/auth/[...nextauth]/route.ts": null,
      "app/(backend)/api/auth/[...slug]/route.ts":
        'import { handlers } from "@/server/auth";\nexport const GET = handlers.GET;\nexport const POST = handlers.POST;\n',
      "auth.ts": null,
      "server/auth/index.ts": 'export { handlers, auth } from "./next-auth";\n',
      "server/auth/next-auth.ts": `${imports}export const { handlers, auth } = NextAuth({ providers: [] });\n`,
    },
    { "server/auth/next-auth.ts": [`} = ${wrapped}({`], "server/auth/index.ts": [] },
    { calls: ["server/auth/next-auth.ts"] },
  ],
  [
    "JavaScript with JSDoc, a default import by another name, CRLF, a byte order mark",
    {
      "tsconfig.json": null,
      "jsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }\n',
      "package.json":
        '{ "name": "mini", "dependencies": { "next": "16.4.6", "next-auth": "5.0.0-beta.32", "@prisma/client": "6.19.3" } }\n',
      "auth.ts": null,
      "auth.js": `\uFEFFimport Auth from 'next-auth'\r\nimport { prisma } from '@/lib/prisma'\r\nvoid prisma\r\n/** @type {import('next-auth').NextAuthConfig} */\r\nconst config = { providers: [] }\r\nexport const { handlers } = Auth(config)\r\n`,
      "app/api/auth/[...nextauth]/route.ts": null,
      "app/api/auth/[...nextauth]/route.js": "import { handlers } from '@/auth'\nexport const { GET, POST } = handlers\n",
    },
    { "auth.js": ["= withMfa(Auth)(config)\r\n", "import { withMfa } from '@/lib/mfa/with-mfa'\r\n"] },
    { config: "auth.js" },
  ],
]

test.each(shapes)("%s", (_name, tree, expected, facts = {}) => {
  const dir = makeHost(tree)
  const before = snapshot(dir)
  const run = chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir])
  expect(run.code, run.stderr).toBe(0)
  const { signInPage, ...auth } = facts as { signInPage?: string }
  expect(run.json.host.auth).toMatchObject(auth)
  if (signInPage) expect(run.json.routes.challenge).toBe(`${signInPage}/mfa`)
  for (const [path, texts] of Object.entries(expected)) {
    const text = readFileSync(join(dir, path), "utf8")
    expect(parseModule(path, text).ok).toBe(true)
    if (texts.length === 0) expect(text).toBe(tree[path])
    for (const part of texts) expect(text).toContain(part)
  }
  const installed = snapshot(dir)
  expect(chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir]).json.status).toBe("unchanged")
  expect(snapshot(dir)).toEqual(installed)
  expect(chimerai(["remove", "mfa", "--yes", "--no-install", "--purge", dir]).code).toBe(0)
  expect(snapshot(dir)).toEqual(before)
})

const own = 'import NextAuth from "next-auth";\nimport authConfig from "./auth.config";\n'
const inFunction = "((request) => { if (!request.auth) return Response.redirect(new URL('/login', request.url)); })"
const middlewares: [string, string, string | null, "edit" | "manual" | null][] = [
  ["auth handed on as middleware", 'export { auth as middleware } from "@/auth";\n', "auth", null],
  ["auth as the default", 'import { auth } from "@/auth";\nexport default auth;\n', "auth", null],
  ["auth around a function", `import { auth } from "@/auth";\nexport default auth${inFunction};\n`, "auth", null],
  ["auth in a constant", `import { auth } from "@/auth";\nexport const middleware = auth${inFunction};\n`, "auth", null],
  ["a NextAuth of its own", `${own}export default NextAuth(authConfig).auth;\n`, "own-call", "edit"],
  ["a NextAuth of its own, by a name", `${own}export const { auth: middleware } = NextAuth(authConfig);\n`, "own-call", "edit"],
  [
    "a NextAuth of its own around a function",
    `${own}const { auth } = NextAuth(authConfig);\nexport default auth${inFunction};\n`,
    "own-call",
    "edit",
  ],
  ["kept, and called", `${own}const next = NextAuth(authConfig);\nexport default next.auth${inFunction};\n`, "own-call", "edit"],
  [
    "a function that asks auth",
    `${own}const { auth } = NextAuth(authConfig);\nexport default async function middleware(request) { if (!(await auth())) return Response.redirect(request.url); }\n`,
    null,
    "edit",
  ],
  [
    "a function that asks for the token",
    'import { getToken } from "next-auth/jwt";\nexport async function middleware(request) {\n  if (!(await getToken({ req: request }))) return Response.redirect(request.url);\n}\n',
    null,
    "edit",
  ],
  [
    "one that also chooses the language",
    'import intl from "next-intl/middleware";\nimport { isMember } from "@/other";\nexport async function middleware(request) {\n  return isMember(request) ? intl(request) : null;\n}\n',
    null,
    "manual",
  ],
  ["auth of another file", 'import { auth } from "@/other";\nexport default auth;\n', null, "manual"],
  ["a function of its own that asks for nothing", "export function middleware() {}\n", "languages", null],
  ["a function of another file", 'import { middleware } from "@/other";\nexport default middleware;\n', null, "manual"],
]

test.each(middlewares)("a middleware: %s", async (_name, text, guard, kind) => {
  const dir = makeHost({
    "middleware.ts": text,
    "auth.config.ts": "export default { providers: [] };\n",
    "other.ts": "export const auth = () => null;\n",
  })
  const run = chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir])
  expect(run.code, run.stderr).toBe(0)
  const { host } = await detect(dir, loadFeature("mfa").requires)
  expect(host.middlewareGuard).toBe(guard)
  const actions = run.json.actions.filter(({ path }: { path: string }) => path === "middleware.ts")
  expect(actions.map((action: { kind: string }) => action.kind)).toEqual(kind === null ? [] : [kind])
  if (guard === "own-call") expect(readFileSync(join(dir, "middleware.ts"), "utf8")).toContain("withOpenChallenge(NextAuth)(authConfig)")
})

const languages = 'import { NextResponse } from "next/server";\nimport { locales } from "@/i18n/routing";\n'
const chosen = `export function middleware(request) {
  const locale = request.cookies.get("NEXT_LOCALE")?.value ?? request.headers.get("accept-language") ?? locales[0];
  return NextResponse.redirect(new URL("/" + locale, request.url));
}
`
test.each<[string, string, boolean]>([
  ["that is all", languages + chosen, true],
  [
    "next-intl's",
    'import intl from "next-intl/middleware";\nimport { routing } from "./i18n/routing";\nexport default intl(routing);\n',
    true,
  ],
  ["hooks for pages come along", `${languages}export const { useRouter } = createNavigation();\n${chosen}`, true],
  ["it reads another cookie", languages + chosen.replace("NEXT_LOCALE", "sid"), false],
  ["it reads another header", languages + chosen.replace("accept-language", "x-account"), false],
  ["it imports what decides", `import { allowed } from "./allowed";\n${languages}${chosen}`, false],
  ["a module that sounds like one decides", 'import { guard } from "@/lib/routing";\nexport default guard;\n', false],
  ["it requires what decides", `${languages}const allowed = require("./allowed");\n${chosen}`, false],
  ["it sends people to the sign-in page", languages + chosen.replace('"/" + locale', '"/login"'), false],
])("a middleware that chooses a language, and %s", async (_, text, isOpen) => {
  const dir = makeHost({
    "middleware.ts": text,
    "i18n/routing.ts": "export const locales = [];\nexport const routing = {};\n",
    "allowed.ts": "export const allowed = (request) => request.cookies.get('sid');\n",
    "lib/routing.ts":
      'import { getToken } from "next-auth/jwt";\nexport const guard = async (req) => (await getToken({ req })) ?? Response.redirect(req.url);\n',
  })
  const { host } = await detect(dir, loadFeature("mfa").requires)
  expect(host.middlewareGuard).toBe(isOpen ? "languages" : null)
  const run = chimerai(["add", "mfa", "--yes", "--no-install", "--json", "--dry-run", dir])
  expect(run.json.actions.some(({ path }: { path: string }) => path === "middleware.ts")).toBe(!isOpen)
})

const edge = 'import NextAuth from "next-auth";\nimport authConfig from "@/auth.config";\nexport const { auth } = NextAuth(authConfig);\n'
test.each<[string, string, string, string | null]>([
  ["alone", edge, "export default auth;\n", "own-call"],
  ["around a function", edge, `export const middleware = auth${inFunction};\n`, "own-call"],
  ["that is used otherwise too", `${edge}export const again = NextAuth;\n`, "export default auth;\n", null],
  ["beside another call", `${edge}export const more = NextAuth(authConfig);\n`, "export default auth;\n", null],
])("a middleware with the auth of a NextAuth for the edge, in a file beside it: %s", async (_, other, text, guard) => {
  const dir = makeHost({
    "middleware.ts": `import { auth } from "@/lib/auth-edge";\n${text}`,
    "lib/auth-edge.ts": other,
    "auth.config.ts": "export default { providers: [] };\n",
  })
  const run = chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir])
  expect(run.code, run.stderr).toBe(0)
  const { host } = await detect(dir, loadFeature("mfa").requires)
  expect(host.middlewareGuard).toBe(guard)
  const of = (wanted: string) =>
    run.json.actions.flatMap(({ kind, path }: { kind: string; path: string }) => (kind === wanted ? [path] : []))
  expect(of("manual")).toEqual(guard === null ? ["middleware.ts"] : [])
  expect(of("edit").includes("lib/auth-edge.ts")).toBe(guard !== null)
  expect(readFileSync(join(dir, "lib/auth-edge.ts"), "utf8").includes("withOpenChallenge(NextAuth)(authConfig)")).toBe(guard !== null)
  expect(chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir]).json.status).toBe("unchanged")
})

/** What each beta is the first to have, looked up in its package: an import that is not there breaks the build. */
test.each([
  ["5.0.0-beta.4", { "lib/mfa/replay.ts": /^(?!.*customFetch)/s, "lib/mfa/with-mfa.ts": /signInOrHold/ }],
  ["5.0.0-beta.8", { "lib/mfa/replay.ts": /^(?!.*customFetch)/s, "lib/mfa/with-mfa.ts": /\? \(request\) => changed\(config\(request\)\)/ }],
  ["5.0.0-beta.22", { "lib/mfa/replay.ts": /^(?!.*customFetch)/s, "lib/mfa/with-mfa.ts": /async \(request\) => changed\(await/ }],
  ["5.0.0-beta.23", { "lib/mfa/replay.ts": /import \{ AuthError, customFetch, / }],
] as const)("next-auth %s gets what it has", (version, expected) => {
  const dir = makeHost({ "package.json": String(minimalHost["package.json"]).replace("5.0.0-beta.32", version) })
  expect(chimerai(["add", "mfa", "--yes", "--no-install", dir]).code).toBe(0)
  for (const [path, pattern] of Object.entries(expected)) expect(readFileSync(join(dir, path), "utf8"), path).toMatch(pattern)
})
