/** Modules of the generated code for next-auth 4, called directly. */
import { mkdirSync, writeFileSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { dirname, join } from "node:path"
import { text } from "node:stream/consumers"
import { NextRequest, NextResponse } from "next/server"
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest"
import { eraseTypes } from "../../src/edit/typescript/erase-types"
import { loadFeature } from "../../src/feature/load"
import { render } from "../../src/feature/render"
import { detect } from "../../src/host/detect"
import { makeHost, minimalHost, type Tree } from "../support/host"
import { cache } from "../support/paths"

const packageJson = (changes: Record<string, string> = {}) =>
  Object.entries({ "5.0.0-beta.32": "4.24.15", ...changes }).reduce(
    (json, [from, to]) => json.replace(from, to),
    String(minimalHost["package.json"]),
  )
const options = '{ providers: [], session: { strategy: "jwt" }, callbacks: { session: () => prisma } }'
const imports = (client: string) => `import NextAuth from "next-auth";\nimport { prisma } from "${client}";\n`
const appRouter: Tree = {
  "package.json": packageJson(),
  "tsconfig.json": "{}",
  "auth.ts": null,
  "app/api/auth/[...nextauth]/route.ts": `${imports("../../../../lib/prisma")}const handler = NextAuth(${options});\nexport { handler as GET, handler as POST };\n`,
}
const pagesRouter: Tree = {
  "package.json": packageJson(),
  "tsconfig.json": "{}",
  "auth.ts": null,
  "app/api/auth/[...nextauth]/route.ts": null,
  "app/layout.tsx": null,
  "pages/api/auth/[...nextauth].ts": `${imports("../../../lib/prisma")}export default NextAuth(${options});\n`,
}

async function rendered(tree: Tree): Promise<{ path: string; text: string }[]> {
  const feature = loadFeature("mfa")
  const { host } = await detect(makeHost(tree), feature.requires)
  return (await render(feature, host, eraseTypes)).files
}

/** The modules in a folder of their own; `handler` is what the app's auth handler exports. */
async function modulesOf(name: string, tree: Tree, handler: string): Promise<string> {
  const dir = join(cache, `next-auth-4-${name}-${process.pid}`)
  const files = [
    ...(await rendered(tree)).filter(({ path }) => path.startsWith("lib/mfa/")),
    { path: Object.keys(tree).find((path) => path.includes("[...nextauth]") && tree[path] !== null) ?? "", text: handler },
  ]
  for (const { path, text } of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return join(dir, "lib/mfa")
}

const headers = new Headers({
  host: "app.example",
  "content-type": "application/json",
  "content-length": "17",
  cookie: "a=b%20c",
})
const posted = { method: "POST", path: ["callback", "password"], body: { email: "a@b.example", callbackUrl: "https://app.example/x" } }

afterEach(() => vi.doUnmock("next-auth/middleware"))

describe("origin.ts", () => {
  afterEach(() => vi.unstubAllEnvs())

  test.each([
    ["4.24.15", "https://app.example"],
    ["4.24.11", "https://preview.example"],
  ])("with next-auth %s NEXTAUTH_URL and a trusted proxy make %s of a preview", async (version, origin) => {
    vi.stubEnv("NEXTAUTH_URL", "https://app.example")
    vi.stubEnv("AUTH_TRUST_HOST", "true")
    const tree = { ...appRouter, "package.json": packageJson({ "4.24.15": version }) }
    const { isOwnOrigin, ownOrigin } = await import(
      join(await modulesOf(`origin-${version}`, tree, "export const GET = null"), "origin.ts")
    )
    const visit = new Headers({ host: "internal", "x-forwarded-host": "preview.example", "x-forwarded-proto": "https" })
    expect(ownOrigin(visit)).toBe(origin)
    expect(isOwnOrigin(origin, visit)).toBe(true)
    expect(isOwnOrigin("https://evil.example", visit)).toBe(false)
    vi.stubEnv("AUTH_TRUST_HOST", undefined)
    vi.stubEnv("VERCEL", undefined)
    expect(ownOrigin(visit), "untrusted").toBe("https://app.example")
  })
})

describe("origin.ts, by what NEXTAUTH_URL says", () => {
  afterEach(() => vi.unstubAllEnvs())

  test.each([
    ["app.example.com", "https://app.example.com"],
    ["app.example.com/base", "https://app.example.com"],
    ["app.example.com:3000", "https://app.example.com:3000"],
    ["http://localhost:3000", "http://localhost:3000"],
  ])("T75 %s is %s, as next-auth 4 reads it", async (url, origin) => {
    vi.stubEnv("NEXTAUTH_URL", url)
    const { isOwnOrigin, ownOrigin } = await import(join(await modulesOf("origin-url", appRouter, "export const GET = null"), "origin.ts"))
    const visit = new Headers({ host: "internal:8080" })
    expect(ownOrigin(visit)).toBe(origin)
    expect(isOwnOrigin(origin, visit)).toBe(true)
    expect(isOwnOrigin("https://evil.example", visit)).toBe(false)
  })
})

describe("db.ts of an app that reads from replicas", () => {
  test("MFA asks the primary, where what was written a moment ago is", async () => {
    const client =
      'import { PrismaClient } from "@prisma/client";\nimport { readReplicas } from "@prisma/extension-read-replicas";\nexport const prisma = new PrismaClient().$extends(readReplicas({ url: "x" }));\n'
    const dbOf = async (tree: Tree) => (await rendered(tree)).find(({ path }) => path === "lib/mfa/db.ts")?.text
    expect(await dbOf({ ...appRouter, "lib/prisma.ts": client })).toMatch(
      /import \{ prisma as client \} from "[^"]+"\n[\s\S]*export const db = client\.\$primary\(\)/,
    )
    expect(await dbOf(appRouter)).not.toContain("$primary")
  })
})

describe("door.ts of an app in pages/", () => {
  let door: any
  beforeAll(async () => {
    const handler =
      'import { errands } from "../../../lib/mfa/with-mfa"\nexport default async (req, res) => {\n  await globalThis.host(req, res)\n  await errands.getStore()({ options: {} })\n}\n'
    door = await import(join(await modulesOf("pages", pagesRouter, handler), "door.ts"))
  })
  const enter = async (visit: object, host: (req: any, res: any) => unknown) => {
    vi.stubGlobal("host", host)
    return door.withApp(headers, visit, async (_app: unknown, ownCookies: () => string[]) => ownCookies())
  }

  test("the request is one of Node.js, with what Next.js adds", async () => {
    let seen: (IncomingMessage & Record<string, any>) | undefined
    await enter(posted, (req) => (seen = req))
    expect(seen?.socket.remoteAddress).toBeUndefined()
    expect(seen).toMatchObject({ method: "POST", query: { nextauth: posted.path }, cookies: { a: "b c" }, body: posted.body })
    const form = new URLSearchParams(posted.body).toString()
    expect(seen?.headers).toMatchObject({
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(form.length),
      cookie: "a=b%20c",
    })
    expect(await text(seen as IncomingMessage)).toBe(form)
  })

  test("a visit without a form says nothing of one", async () => {
    let seen: IncomingMessage | undefined
    await enter({ method: "GET", path: ["session"] }, (req) => (seen = req))
    expect(seen?.headers).toEqual({ cookie: "a=b%20c", host: "app.example" })
    expect(await text(seen as IncomingMessage)).toBe("")
  })

  test("cookies of the app's own are kept, however it sets them", async () => {
    const cookies = await enter(posted, (_req, res: ServerResponse) => {
      res.setHeader("Set-Cookie", ["a=1"])
      res.appendHeader("Set-Cookie", "b=2")
      res.setHeader("X-Other", "1")
      res.removeHeader("X-Other")
    })
    expect(cookies).toEqual(["a=1", "b=2"])
    expect(await enter(posted, () => {})).toEqual([])
  })

  test.each([
    ["json", (res: any) => res.status(201).json({ a: 1 })],
    ["send", (res: any) => res.status(404).send("no")],
    ["redirect", (res: any) => res.redirect("/x")],
    ["redirect with a status", (res: any) => res.redirect(302, "/x")],
    ["writeHead", (res: any) => res.writeHead(200, { "X-A": "b" }).end("text")],
  ])("an answer that ends with %s harms nothing", async (_name, end) => {
    await expect(enter(posted, (_req, res) => void end(res))).resolves.toEqual([])
  })
})

describe("door.ts of an app in app/", () => {
  test("the handler finds the form", async () => {
    const handler =
      'import { errands } from "../../../../lib/mfa/with-mfa"\nexport const GET = async (request, context) => {\n  await globalThis.host(request, context)\n  await errands.getStore()({ options: {} })\n}\n'
    const door = await import(join(await modulesOf("app", appRouter, handler), "door.ts"))
    let form: FormData | undefined
    let seen: Request | undefined
    vi.stubGlobal("host", async (request: Request) => {
      seen = request
      form = request.method === "POST" ? await request.clone().formData() : undefined
    })
    expect(await door.withApp(headers, posted, async () => "done")).toBe("done")
    expect(Object.fromEntries((form ?? []) as Iterable<[string, string]>)).toEqual(posted.body)
    expect(await door.withApp(headers, { method: "GET", path: ["session"] }, async () => "read")).toBe("read")
    expect([seen?.headers.get("content-type"), seen?.headers.get("content-length")]).toEqual([null, null])
  })
})

describe.each([
  ["pages/", pagesRouter, "export default"],
  ["app/", appRouter, "export const GET ="],
])("door.ts of an app in %s, whose handler fails", (name, tree, exported) => {
  test("behind our errand that is the app's own affair, before it the errand fails", async () => {
    const handler = `import { errands } from "${name === "pages/" ? "" : "../"}../../../lib/mfa/with-mfa"\n${exported} async () => {\n  if (globalThis.isBefore) throw new Error("before")\n  await errands.getStore()({ options: {} })\n  throw new Error("behind")\n}\n`
    const door = await import(join(await modulesOf(`failing-${name.slice(0, -1)}`, tree, handler), "door.ts"))
    const visit = () => door.withApp(headers, { method: "GET", path: ["session"] }, async () => "done")
    vi.stubGlobal("isBefore", false)
    expect(await visit()).toBe("done")
    vi.stubGlobal("isBefore", true)
    await expect(visit()).rejects.toThrow("before")
  })
})

describe("request.ts", () => {
  test("fields of HTTP/2 are no headers", async () => {
    const { headersOf } = await import(join(await modulesOf("request", pagesRouter, ""), "request.ts"))
    const of = headersOf({ headers: { ":path": "/", ":authority": "app.example", cookie: "a=b", accept: ["x", "y"], none: undefined } })
    expect(Object.fromEntries(of)).toEqual({ cookie: "a=b", accept: "x, y" })
  })
})

describe("middleware.ts", () => {
  test("T69 a function that takes the token for given does not keep anybody from the challenge page", async () => {
    const tree = { ...appRouter, "middleware.ts": 'export { default } from "next-auth/middleware";\n' }
    const dir = await modulesOf("middleware", tree, "")
    vi.doMock("next-auth/middleware", () => ({ withAuth: () => () => new Response("guarded") }))
    const { withAuth } = await import(join(dir, "middleware.ts"))
    const middleware = withAuth((request: any) => NextResponse.json({ role: request.nextauth.token.role }))
    const answerFor = async (path: string) => (await middleware(new NextRequest(`https://app.example${path}`), {})) as Response
    expect((await answerFor("/login/mfa")).headers.get("x-middleware-next")).toBe("1")
    expect(await (await answerFor("/dashboard")).text()).toBe("guarded")
  })
})

/** As next-auth's own: the app's function gets the token, where `authorized` lets it pass. */
const withAuthOf = (own: (request: any) => unknown) => (request: NextRequest) => {
  const token = request.cookies.has("next-auth.session-token") ? {} : null
  return own(Object.assign(request, { nextauth: { token } })) ?? NextResponse.next()
}

describe("middleware.ts, around a function that sends on who is signed in", () => {
  test("T88 who keeps coming back to the sign-in page within seconds is nobody there", async () => {
    const tree = { ...appRouter, "middleware.ts": 'export { default } from "next-auth/middleware";\n' }
    const dir = await modulesOf("circle", tree, "")
    vi.doMock("next-auth/middleware", () => ({ withAuth: withAuthOf }))
    const { withAuth } = await import(join(dir, "middleware.ts"))
    const middleware = withAuth(({ nextauth, nextUrl, url }: any) => {
      if (nextUrl.pathname === "/api/auth/signin") return nextauth.token ? NextResponse.redirect(new URL("/dashboard", url)) : null
      return null
    })
    const cookies = new Map([["next-auth.session-token", "ended"]])
    const places: (string | null)[] = []
    for (let visit = 0; visit < 5; visit++) {
      const cookie = [...cookies].map((pair) => pair.join("=")).join("; ")
      const answer: Response = await middleware(new NextRequest("https://app.example/api/auth/signin", { headers: { cookie } }), {})
      places.push(answer.headers.get("location"))
      for (const set of answer.headers.getSetCookie()) {
        const [name = "", value = ""] = set.split(/[=;]/)
        cookies.set(name, value)
      }
    }
    expect(places).toEqual(["https://app.example/dashboard", "https://app.example/dashboard", null, null, null])
  })
})

describe("middleware.ts, around a function of the app's", () => {
  const onChallenge = async (own: (request: any) => unknown, path = "/login/mfa") => {
    const tree = { ...appRouter, "middleware.ts": 'export { default } from "next-auth/middleware";\n' }
    const dir = await modulesOf("turned-away", tree, "")
    vi.doMock("next-auth/middleware", () => ({ withAuth: () => () => new Response("guarded") }))
    const { withAuth } = await import(join(dir, "middleware.ts"))
    return (await withAuth(own)(new NextRequest(`https://app.example${path}`), {})) as Response
  }
  const isOpen = ({ headers }: Response) => headers.has("x-middleware-next")

  test.each([
    ["who has not been welcomed", () => NextResponse.redirect("https://app.example/welcome")],
    ["who is no member", () => NextResponse.rewrite("https://app.example/denied")],
    ["who has no role", () => new NextResponse("no", { status: 403 })],
  ])("T69 %s is turned away by it: next-auth asks it only with a token, which nobody there has", async (_, own) => {
    expect(isOpen(await onChallenge(own))).toBe(true)
  })

  test("T69 its headers are kept, and so is the way to the page's language", async () => {
    const policy = await onChallenge(() => NextResponse.next({ headers: { "content-security-policy": "default-src 'self'" } }))
    expect([isOpen(policy), policy.headers.get("content-security-policy")]).toEqual([true, "default-src 'self'"])
    const german = await onChallenge(() => NextResponse.redirect("https://app.example/de/login/mfa"))
    expect(german.headers.get("location")).toBe("https://app.example/de/login/mfa")
    expect(isOpen(await onChallenge(() => NextResponse.next(), "/de/login/mfa"))).toBe(true)
    expect((await onChallenge(() => new NextResponse("later", { status: 429 }))).status).toBe(429)
  })
})

const schemaOf = (idType: string) => String(minimalHost["prisma/schema.prisma"]).replace(/id\s+String/, `id ${idType}`)

/** The gate above these rows, and nothing else of the app's. */
async function gateOf(name: string, tree: Tree, idType: string, rows: readonly { id: unknown; email: string }[]): Promise<any> {
  const dir = await modulesOf(name, tree, "")
  for (const module of ["events", "factor", "crypto", "housekeeping"]) vi.doMock(join(dir, `${module}.ts`), () => ({}))
  vi.doMock(join(dir, "challenge.ts"), () => ({ createChallenge: async () => "token" }))
  vi.doMock(join(dir, "recent-sign-in.ts"), () => ({ noteSignIn: () => null }))
  const findMany = async ({ where: { id, email } }: any) =>
    rows.filter((row) => (id === undefined ? (email.in ?? [email.startsWith]).includes(row.email) : row.id === id))
  vi.doMock(join(dir, "db.ts"), () => ({
    db: { user: { findMany } },
    retry: (query: () => unknown) => query(),
    stripMfaColumns: (user: object) => user,
    toUserId: (id: unknown) => (idType === "Int" ? (Number.isInteger(Number(id ?? Number.NaN)) ? Number(id) : null) : id || null),
  }))
  vi.resetModules()
  return import(join(dir, "gate.ts"))
}

describe("gate.ts where the app makes database sessions for passwords itself", () => {
  afterEach(() => vi.restoreAllMocks())

  test.each(["Int", "String"])(
    "T87 a sign-in that neither an id nor an address names is refused, and the log says so (%s)",
    async (type) => {
      const ann = { id: type === "Int" ? 7 : "id-7", email: "ann@example.com", mfaEnabled: false, mfaEpoch: 0 }
      const model = "\nmodel Session {\n  id String @id\n  sessionToken String @unique\n  userId String\n  expires DateTime\n}\n"
      const auth = "app/api/auth/[...nextauth]/route.ts"
      const tree = {
        ...appRouter,
        "prisma/schema.prisma": schemaOf(type) + model,
        [auth]: String(appRouter[auth]).replace('strategy: "jwt"', 'strategy: "database"'),
      }
      const gate = await gateOf(`nameless-${type}`, tree, type, [ann])
      const log = vi.spyOn(console, "error").mockImplementation(() => {})
      const signIn = (user: object, session: object = {}) => {
        const attempt = { headers: new Headers(), scope: "", rows: new Map(), proved: null, completes: false, setCookie: () => {} }
        const config = { providers: [{ id: "form", type: "credentials" }], adapter: {}, session }
        return gate.gateSignIn(config, { user, account: { type: "credentials", provider: "form" }, credentials: {} }, attempt)
      }
      expect(await signIn({ id: "login-1", name: "Ann" })).toBe(false)
      expect(log.mock.calls.flat().join()).toContain("nothing tells whose it is")
      log.mockClear()
      expect(await signIn({ id: "login-1", email: ann.email }), "by its address").toBe(true)
      expect(await signIn({ id: "login-1", email: "new@example.com" }), "an address of nobody's").toBe(true)
      if (type === "String") expect(await signIn({ id: ann.id }), "by its id").toBe(true)
      expect(await signIn({ id: "login-1", name: "Ann" }, { strategy: "jwt" }), "the token has a second look").toBe(true)
      expect(log).not.toHaveBeenCalled()
    },
  )
})

describe.each(["Int", "String"])("T92 whom the callbacks name, with ids of type %s", (type) => {
  type Row = { id: string | number; email: string; mfaEnabled: boolean; mfaEpoch: number }
  const idOf = (number: number) => (type === "Int" ? number : `id-${number}`)
  const boss: Row = { id: idOf(12), email: "boss@example.com", mfaEnabled: true, mfaEpoch: 1 }
  const clerk: Row = { id: idOf(7), email: "clerk@example.com", mfaEnabled: false, mfaEpoch: 0 }
  let gate: any
  beforeAll(async () => {
    gate = await gateOf(`ids-${type}`, { ...appRouter, "prisma/schema.prisma": schemaOf(type) }, type, [boss, clerk])
  })

  /** @returns whether the sign-in gets a token, and where it is sent instead */
  async function signIn(
    user: object,
    token: object,
    providers: readonly object[],
    session?: (seen: any) => object,
    type = "credentials",
    attempts: object[] = [],
    jwt?: (seen: any) => object,
  ) {
    const attempt: any = { headers: new Headers(), scope: "", rows: new Map(), proved: null, completes: false, hasOwnId: true }
    attempt.setCookie = () => {}
    attempts.push(attempt)
    const config = { providers, session: { strategy: "jwt" }, callbacks: { ...(session && { session }), ...(jwt && { jwt }) } }
    const provider = type === "oauth" ? "idp" : "credentials"
    const params = { user, account: { type, provider, providerAccountId: (user as { id: string }).id }, credentials: {} }
    const first = await gate.gateSignIn(config, params, attempt)
    if (first !== true || !attempt.arrival) return first
    const read = await gate.readOnce(config, token)
    return (await gate.gateToken(config, { ...params, token, read }, attempt)) || attempt.sendTo
  }
  const form = { id: "credentials", type: "credentials" }
  const both = [form, { id: "idp", type: "oauth" }]
  const login = (number: number, email?: string) => ({ id: idOf(number), email })

  // A number is a row's of two tables by chance; other ids are not.
  test.each(
    type === "Int"
      ? ([
          ["alone", [form]],
          ["beside another provider", both],
        ] as const)
      : [],
  )("a login whose number is another user's, %s", async (_, providers) => {
    const named = { sub: String(idOf(7)), userId: boss.id, email: "contact@example.com" }
    expect(await signIn(login(7, "contact@example.com"), named, providers)).not.toBe(true)
    expect(await signIn(login(7), { sub: String(idOf(7)), userId: boss.id }, providers)).not.toBe(true)
    expect(await signIn(login(7, clerk.email), { sub: String(idOf(7)), email: clerk.email }, providers), "the clerk").toBe(true)
  })

  test("two forms over two tables, with one id in both: whoever knows the member's password is not the user", async () => {
    const forms = [form, { id: "members", type: "credentials" }]
    const member = (email?: string) => signIn(login(12, email), { sub: String(idOf(12)), email }, forms)
    if (type === "Int") {
      // The number is the boss's and the address nobody's, or somebody else's: nothing of the boss is shown to them.
      expect(await member("member@example.com")).not.toBe(true)
      expect(await member(clerk.email)).not.toBe(true)
    }
    expect(await member(boss.email), "the boss").toContain("/login/mfa")
    expect(await signIn(login(7, clerk.email), { sub: String(idOf(7)), email: clerk.email }, forms), "the clerk").toBe(true)
  })

  test("a login whose callbacks put the user's own address in the place of one that somebody else has taken", async () => {
    const callbacks = { sub: "login-1", email: boss.email }
    expect(await signIn({ id: "login-1", email: clerk.email }, callbacks, both)).not.toBe(true)
    expect(await signIn({ id: "login-1", email: clerk.email }, callbacks, [form])).not.toBe(true)
  })

  const byProvider = (email: string, more: object = {}, session?: (seen: any) => object) =>
    signIn({ id: String(boss.id), email }, { sub: String(boss.id), email, ...more }, [{ id: "idp", type: "oauth" }], session, "oauth")

  test("a row that has the provider's own id, and an address that is another user's by now", async () => {
    expect(await byProvider("nobody@example.com")).toContain("/login/mfa")
    expect(await byProvider(clerk.email)).not.toBe(true)
    // A number may be like that of another table by chance: the callbacks have said whose it is.
    if (type === "Int") expect(await byProvider(clerk.email, { userId: clerk.id }), "by its id").toBe(true)
    else expect(await byProvider(clerk.email, { userId: clerk.id }), "by its id").not.toBe(true)
  })

  test("a session callback that wants the row that the sign-in's event makes: the session is asked each time", async () => {
    const session = () => {
      throw new Error("no row yet")
    }
    const user = { id: "gh-9", email: "new@example.com" }
    const attempts: any[] = []
    const idp = [{ id: "idp", type: "oauth" }]
    expect(await signIn(user, { sub: "gh-9", email: user.email }, idp, session, "oauth", attempts)).toBe(true)
    expect(attempts[0]).toMatchObject({ isOther: true, isUnheard: true })
    expect(await gate.latestEpoch({ providers: idp, callbacks: { session } }, { sub: String(boss.id), email: boss.email })).toBe(0)
    expect(await signIn({ ...user, email: boss.email }, { sub: "gh-9", email: boss.email }, idp, session, "oauth")).toContain("/login/mfa")
  })

  test("T55 a token that names its user when it is read, and not when it is made", async () => {
    const named = (id: unknown) => (seen: any) => {
      expect(seen.user).toBeUndefined()
      return { ...seen.token, userId: id }
    }
    const byGitHub = (jwt: (seen: any) => object, session?: (seen: any) => object, attempts: object[] = []) =>
      signIn({ id: "gh-9", email: "new@example.com" }, { sub: "gh-9" }, [{ id: "idp", type: "oauth" }], session, "oauth", attempts, jwt)
    expect(await byGitHub(named(boss.id))).toContain("/login/mfa")
    const attempts: any[] = []
    expect(await byGitHub(named(clerk.id), undefined, attempts)).toBe(true)
    expect(attempts[0].user, "whose session it is").toMatchObject({ id: clerk.id })
    // A session callback that wants what only a read has put into the token.
    const needy = ({ token }: any) => ({ user: { id: token.userId, role: token.userId.toString() } })
    expect(await byGitHub(named(clerk.id), needy)).toBe(true)
    expect(await byGitHub(named(boss.id), needy)).toContain("/login/mfa")
  })

  test("a session callback gets the token as one that has been a cookie", async () => {
    const session = ({ token }: any) => ({ expires: new Date(token.exp * 1000).toISOString(), user: { id: boss.id } })
    expect(await signIn({ id: "login-1", email: "x@example.com" }, { sub: "login-1" }, [form], session)).toContain("/login/mfa")
  })
})

describe("a guarded update is one statement where Prisma makes it one", () => {
  test.each([
    ["postgresql", "5.0.0", false],
    ["postgresql", "5.1.0", true],
    ["cockroachdb", "5.0.0", false],
    ["cockroachdb", "6.19.3", true],
    ["sqlite", "5.8.1", false],
    ["sqlite", "5.9.0", true],
    ["mysql", "6.19.3", false],
  ])("%s with Prisma %s: %s", async (provider, version, expected) => {
    const files = await rendered({
      ...appRouter,
      "package.json": packageJson({ "6.19.3": version }),
      "prisma/schema.prisma": String(minimalHost["prisma/schema.prisma"]).replace("sqlite", provider),
    })
    const text = files.filter(({ path }) => path.startsWith("lib/mfa/") && !path.endsWith("guard-adapter.ts")).map((file) => file.text)
    expect(text.join().includes("P2025")).toBe(expected)
  })
})

describe("guards within guards", () => {
  const attempt = (as: number | null) => ({
    decision: as === null ? undefined : { verdict: "pass", as, proof: "now" },
    proved: as,
    provedBy: "totp",
    rows: new Map(),
    completes: true,
    viewer: async () => null,
  })
  let guardOptions: (options: any, context: object) => any
  beforeAll(async () => {
    const dir = await modulesOf("nested", appRouter, "")
    const rows = [1, 2].map((id) => ({ id, mfaEnabled: true, mfaEpoch: 1 }))
    const gate = {
      findUserById: async (id: unknown) => rows.find((row) => row.id === Number(id)) ?? null,
      findSession: async () => ({ ended: true, user: rows[0] }),
      stripMfaColumns: <T>(row: T) => row,
      toUserId: Number,
      noteLink: async () => {},
      gateToken: async () => false,
      hasEnded: async () => false,
      namesUnproved: async () => false,
      findUser: async () => null,
      gateSignIn: async () => true,
    }
    vi.doMock(join(dir, "gate.ts"), () => gate)
    guardOptions = (await import(join(dir, "options.ts"))).guardOptions
  })
  const user = { id: "1" }
  const shared = () => {
    const calls: unknown[] = []
    const own = {
      providers: [],
      adapter: {
        createSession: async (row: object) => void calls.push(row),
        linkAccount: async (row: object) => void calls.push(row),
      },
      callbacks: { jwt: ({ token }: any) => ({ ...token, role: "x" }) },
    }
    return { calls, options: Object.assign(own, guardOptions(own, {})) }
  }
  const wrapping = (options: any, more: (params: any) => Promise<unknown> = async () => {}) => ({
    ...options,
    callbacks: {
      async jwt(params: any) {
        await more(params)
        return { ...(await options.callbacks.jwt({ ...params })), agent: "y" }
      },
    },
  })

  test("a jwt callback that calls the guarded one: the outer guard decides", async () => {
    const { options } = shared()
    const token = await guardOptions(wrapping(options), { attempt: attempt(1) }).callbacks.jwt({ token: { sub: "1" }, user })
    expect(token).toMatchObject({ sub: "1", role: "x", agent: "y", mfaUid: 1, mfaEpoch: 1, mfaProved: "totp" })
    for (const as of [null, 2])
      await expect(guardOptions(wrapping(options), { attempt: attempt(as) }).callbacks.jwt({ token: { sub: "1" }, user })).rejects.toThrow(
        "second factor",
      )
  })

  test("T45 the session that turns MFA on moves on, and another that the callback opens meanwhile has ended", async () => {
    const { options } = shared()
    const read = { token: { sub: "1", mfaUid: 1, mfaEpoch: 0 } }
    await expect(guardOptions(wrapping(options), { renew: 1 }).callbacks.jwt(read)).resolves.toMatchObject({ mfaEpoch: 1, agent: "y" })
    const opening = wrapping(options, () => options.callbacks.jwt({ token: { ...read.token } }))
    await expect(guardOptions(opening, { renew: 1 }).callbacks.jwt(read)).rejects.toThrow("has been ended")
    await expect(options.callbacks.jwt(read)).rejects.toThrow("has been ended")
  })

  test("an adapter made of the guarded one: the outer guard decides, and stamps once", async () => {
    const { options, calls } = shared()
    const adapterOf = (as: number | null) =>
      guardOptions({ ...options, adapter: { ...options.adapter, createUser: async () => {} } }, { attempt: attempt(as) }).adapter
    await adapterOf(1).createSession({ sessionToken: "a", userId: "1" })
    await adapterOf(1).linkAccount({ userId: "1", provider: "idp" })
    expect(calls).toEqual([
      { sessionToken: expect.stringMatching(/^a\.[0-9a-z]+\.2$/), userId: "1" },
      { userId: "1", provider: "idp" },
    ])
    for (const as of [null, 2]) {
      await expect(adapterOf(as).createSession({ sessionToken: "a", userId: "1" })).rejects.toThrow("second factor")
      await expect(adapterOf(as).linkAccount({ userId: "1", provider: "idp" })).rejects.toThrow("second factor")
    }
    expect(calls).toHaveLength(2)
  })

  test.each(["signIn", "encode"])("a session that the app makes itself in %s, with the adapter of its guarded options", async (where) => {
    const { options, calls } = shared()
    const make = (userId: unknown) => options.adapter.createSession({ sessionToken: "a", userId })
    const visit = async (as: number | null, userId: unknown, user?: object) => {
      const makeIn = (place: string) => async () => {
        if (where === place) await make(userId)
        return true
      }
      options.callbacks.signIn = makeIn("signIn")
      options.jwt = { encode: makeIn("encode") }
      const current = { ...attempt(as), user: user ?? (as === null ? undefined : { id: as }) }
      const guarded = guardOptions(options, { attempt: current })
      await guarded.callbacks.signIn({ user: { id: String(userId) }, account: { type: "credentials", provider: "credentials" } })
      await guarded.jwt.encode({ token: {} })
    }
    // The browser gets what the app has made: nothing is added to it.
    for (const id of [1, "1"]) await visit(1, id)
    await visit(null, 3)
    expect(calls).toEqual([1, "1", 3].map((userId) => ({ sessionToken: "a", userId })))
    // Whoever has not passed gets none that way.
    await expect(visit(null, 1)).rejects.toThrow("second factor")
    await expect(visit(2, 1)).rejects.toThrow("second factor")
    // Nor does an account with somebody's address, brought along by another one who is signed in.
    await expect(visit(2, 1, { id: 1 })).rejects.toThrow("second factor")
    expect(calls).toHaveLength(3)
  })

  test("another user's session, made while the outer guard is at work, is decided on by itself", async () => {
    const { options, calls } = shared()
    const adapter = {
      ...options.adapter,
      createSession: (row: object) => options.adapter.createSession({ ...row, userId: "2" }),
    }
    const { adapter: guarded } = guardOptions({ ...options, adapter }, { attempt: attempt(1) })
    await expect(guarded.createSession({ sessionToken: "a", userId: "1" })).rejects.toThrow("second factor")
    expect(calls).toEqual([])
  })
})
