import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { NextRequest, NextResponse } from "next/server"
import { beforeAll, describe, expect, test } from "vitest"
import { eraseTypes } from "../../src/edit/typescript/erase-types"
import { loadFeature } from "../../src/feature/load"
import { render } from "../../src/feature/render"
import { detect } from "../../src/host/detect"
import { makeHost, minimalHost } from "../support/host"
import { cache } from "../support/paths"

type Middleware = (request: NextRequest, ...rest: unknown[]) => unknown
type PassChallenge = (middleware: Middleware) => (request: NextRequest, ...rest: unknown[]) => unknown

let passChallenge: PassChallenge

beforeAll(async () => {
  const feature = loadFeature("mfa")
  const { host } = await detect(makeHost(), feature.requires)
  const { files } = await render(feature, host, eraseTypes)
  const dir = join(cache, `pass-challenge-${process.pid}`)
  mkdirSync(dir, { recursive: true })
  for (const name of ["pass-challenge", "config"])
    writeFileSync(join(dir, `${name}.ts`), files.find(({ path }) => path === `lib/mfa/${name}.ts`)?.text ?? "")
  passChallenge = ((await import(join(dir, "pass-challenge.ts"))) as { passChallenge: PassChallenge }).passChallenge
})

const requestFor = (path: string, init: { method?: string; body?: string } = {}) =>
  new NextRequest(`https://app.example.com${path}`, { headers: { cookie: "a=b", "x-test": "1" }, ...init })
const answerTo = async (middleware: Middleware, path: string, init = {}) =>
  (await passChallenge(middleware)(requestFor(path, init))) as Response | undefined
const isNext = (answer: Response | undefined) => answer?.headers.get("x-middleware-next") === "1"

const withHeaders = (response: NextResponse) => {
  response.headers.set("content-security-policy", "default-src 'self'")
  return response
}
/** Everything but the sign-in page is for those who are signed in; every answer has a policy. */
const guarding =
  (signIn: string, turnAway: (request: NextRequest) => NextResponse): Middleware =>
  (request) =>
    withHeaders(
      request.nextUrl.pathname.startsWith(signIn) && request.nextUrl.pathname.length <= signIn.length + 1
        ? NextResponse.next()
        : turnAway(request),
    )
const toSignIn = (request: NextRequest) => NextResponse.redirect(new URL("/api/auth/signin?from=/login/mfa", request.url))

describe("a sign-in page with a query or a hash", () => {
  const configOf = async (signInPage: string) => {
    const feature = loadFeature("mfa")
    const auth = String(minimalHost["auth.ts"]).replace("[GitHub]", `[GitHub], pages: { signIn: "${signInPage}" }`)
    const { host } = await detect(makeHost({ "auth.ts": auth, "app/page.tsx": "", "app/auth/page.tsx": "" }), feature.requires)
    const { files, routes } = await render(feature, host, eraseTypes)
    const path = join(cache, `config-${process.pid}-${encodeURIComponent(signInPage)}.ts`)
    writeFileSync(path, files.find(({ path }) => path === "lib/mfa/config.ts")?.text ?? "")
    return { files: files.map(({ path }) => path), routes, config: await import(path) }
  }

  test.each([
    ["/auth?mode=signin", "/auth", "/auth?mode=signin&callbackUrl=%2Fx", "/auth/mfa", "app/auth/mfa/page.tsx"],
    ["/auth#form", "/auth", "/auth?callbackUrl=%2Fx#form", "/auth/mfa", "app/auth/mfa/page.tsx"],
    ["/auth/", "/auth", "/auth/?callbackUrl=%2Fx", "/auth/mfa", "app/auth/mfa/page.tsx"],
    ["/?login=true", "/", "/?login=true&callbackUrl=%2Fx", "/login/mfa", "app/login/mfa/page.tsx"],
    ["/#login", "/", "/?callbackUrl=%2Fx#login", "/login/mfa", "app/login/mfa/page.tsx"],
    ["/?callbackUrl=/y", "/", "/?callbackUrl=%2Fx", "/login/mfa", "app/login/mfa/page.tsx"],
  ])("%s is known by its path, and takes a parameter more", async (signInPage, path, withCallback, challenge, page) => {
    const { config, routes, files } = await configOf(signInPage)
    expect([config.isSignIn(path), config.isSignIn(`/de${path}`.replace(/\/$/, "")), config.isSignIn("/other")]).toEqual([
      true,
      path !== "/",
      false,
    ])
    expect([config.signInUrl(), config.signInUrl("/x")]).toEqual([signInPage, withCallback])
    expect(routes.challenge).toBe(challenge)
    expect(files).toContain(page)
  })

  test("an address gets its parameter behind its own, and before its hash", async () => {
    const { config } = await configOf("/auth")
    expect(config.withQuery("https://x.example/über?lang=de#top", "error", "AccessDenied")).toBe(
      "https://x.example/über?lang=de&error=AccessDenied#top",
    )
    expect(config.challengeUrl("/a?b=c")).toBe("/auth/mfa?callbackUrl=%2Fa%3Fb%3Dc")
  })
})

describe("passChallenge", () => {
  test.each([
    ["a redirect", toSignIn],
    ["401", () => NextResponse.json({}, { status: 401 })],
    ["403", () => new NextResponse("no", { status: 403 })],
    ["404", () => new NextResponse("no such page", { status: 404 })],
    ["a page of its own", () => new NextResponse("please sign in")],
    ["a rewrite", (request: NextRequest) => NextResponse.rewrite(new URL("/denied", request.url))],
  ])("opens the challenge page to those who are turned away with %s, with the headers of the sign-in page", async (_, turnAway) => {
    for (const path of ["/login/mfa", "/login/mfa/", "/login/mfa?callbackUrl=%2Fx"]) {
      const answer = await answerTo(guarding("/api/auth/signin", turnAway), path)
      expect(isNext(answer)).toBe(true)
      expect(answer?.headers.get("content-security-policy")).toBe("default-src 'self'")
    }
  })

  test("opens it where the middleware lets the sign-in page pass by giving nothing back", async () => {
    for (const target of ["/", "/welcome"]) {
      const middleware: Middleware = ({ nextUrl, url }) =>
        nextUrl.pathname === "/api/auth/signin" ? undefined : NextResponse.redirect(new URL(target, url))
      const answer = await answerTo(middleware, "/login/mfa")
      expect(answer === undefined || isNext(answer), target).toBe(true)
    }
  })

  test("opens it also where the middleware would turn them away from the sign-in page", async () => {
    const answer = await answerTo(guarding("/nowhere", toSignIn), "/login/mfa")
    expect(isNext(answer)).toBe(true)
  })

  test.each([
    ["a password for everybody", () => new NextResponse("who are you?", { status: 401 })],
    ["a list of addresses", () => NextResponse.json({}, { status: 403 })],
    ["a page for other countries", (request: NextRequest) => NextResponse.rewrite(new URL("/not-here", request.url))],
  ])("keeps everybody out who is kept from the sign-in page as well: %s", async (_, turnAway) => {
    const answer = await answerTo(guarding("/nowhere", turnAway), "/login/mfa")
    expect(isNext(answer)).toBe(false)
  })

  test.each(["/", "/login", "/login/mfa/more", "/login/mfax", "/LOGIN/MFA", "/x/login/mfa", "//login/mfa"])(
    "answers for %s as the middleware does, which it asks once",
    async (path) => {
      let asked = 0
      const middleware: Middleware = (request) => {
        asked++
        return toSignIn(request)
      }
      const answer = await answerTo(middleware, path)
      expect(answer?.status).toBe(307)
      expect(asked).toBe(1)
    },
  )

  test("leaves a middleware that answers at once as it is", () => {
    const answer = NextResponse.next()
    expect(passChallenge(() => answer)(requestFor("/dashboard"))).toBe(answer)
  })

  test.each([
    ["next", () => NextResponse.next()],
    ["a failure", () => new NextResponse("maintenance", { status: 503 })],
    ["too many requests", () => new NextResponse(null, { status: 429 })],
    ["another host", () => NextResponse.redirect("https://www.example.com/login/mfa?x=1")],
    ["a language", (request: NextRequest) => NextResponse.rewrite(new URL("/en/login/mfa/", request.url))],
  ])("uses an answer as it is that does not turn anybody away: %s", async (_, answers) => {
    const answer = answers(requestFor("/login/mfa"))
    expect(await answerTo(() => Promise.resolve(answer), "/login/mfa")).toBe(answer)
  })

  test("uses the answer of a middleware that gives none", async () => {
    expect(await answerTo(() => undefined, "/login/mfa")).toBeUndefined()
  })

  test("asks about the sign-in page with what the request has, also when its body has been read", async () => {
    const seen: unknown[] = []
    const middleware: Middleware = async (request, event) => {
      if (!request.bodyUsed && request.method === "POST" && request.body) await request.text()
      const { nextUrl, headers, cookies, method } = request
      seen.push([
        nextUrl.pathname,
        nextUrl.searchParams.get("q"),
        headers.get("x-test"),
        cookies.get("a")?.value,
        method,
        (request as any).auth,
        event,
      ])
      return toSignIn(request)
    }
    const request = Object.assign(requestFor("/login/mfa/?q=1", { method: "POST", body: "code=1" }), { auth: { user: 1 } })
    const answer = (await passChallenge(middleware)(request, "event")) as Response
    const rest = ["1", "1", "b", "POST", { user: 1 }, "event"]
    expect(seen).toEqual([
      ["/login/mfa/", ...rest],
      ["/api/auth/signin/", ...rest],
    ])
    expect(isNext(answer)).toBe(true)
  })

  describe("where a session of before has ended, and the middleware cannot know", () => {
    const visit = (cookie: string, middleware: Middleware) =>
      passChallenge(middleware)(new NextRequest("https://app.example.com/login/mfa", { headers: { cookie } })) as Promise<Response>
    /** Who is signed in has no business on the sign-in page and below it. */
    const sendingOn =
      (name: string): Middleware =>
      ({ cookies, nextUrl, url }) =>
        /^\/(login|api\/auth\/signin)/.test(nextUrl.pathname) && cookies.has(name)
          ? NextResponse.redirect(new URL("/dashboard", url))
          : NextResponse.next()

    test.each(["mfa-challenge", "__Host-mfa-challenge"])("T69 who has a sign-in held by %s is shown the page without it", async (held) => {
      for (const [name, left] of [
        ["next-auth.session-token", `theme=dark; ${held}=t`],
        // Of a name that nobody knows here: of all that the browser keeps the held sign-in alone is left.
        ["who", `${held}=t`],
      ] as const) {
        const answer = await visit(`theme=dark; ${held}=t; ${name}=ended`, sendingOn(name))
        expect(isNext(answer), name).toBe(true)
        expect(answer.headers.get("x-middleware-request-cookie"), "what the page sees").toBe(left)
      }
    })

    test("whoever holds none is sent on, and so is who is kept from the page as nobody too", async () => {
      const sent = await visit("next-auth.session-token=a", sendingOn("next-auth.session-token"))
      expect(sent.headers.get("location")).toBe("https://app.example.com/dashboard")
      const closed = await visit("mfa-challenge=t; next-auth.session-token=a", () => new NextResponse("closed", { status: 403 }))
      expect(closed.status).toBe(403)
    })
  })

  test("does not hide that the middleware fails", async () => {
    const failing: Middleware = () => Promise.reject(new Error("broken"))
    await expect(answerTo(failing, "/login/mfa")).rejects.toThrow("broken")
  })
})
