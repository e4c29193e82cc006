/**
 * Passwords with database sessions: next-auth makes no session for a password, so these apps create it in callbacks of
 * their own, one in `jwt.encode`, one in `signIn`. Both have next-auth under another path, and another cookie.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ownSessions, password, TestApp } from "../support/fixtures"
import { oathCode, wrongCode } from "../support/otp"
import { isReachable } from "../support/sql"

const reachable = new Map(await Promise.all(ownSessions.map(async ({ database }) => [database, await isReachable(database)] as const)))

describe.each(ownSessions.map((fixture) => [fixture.name, fixture] as const))("%s", (_name, fixture) => {
  let app: TestApp
  const it = test.skipIf(!reachable.get(fixture.database))
  beforeAll(async () => {
    if (reachable.get(fixture.database)) app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  const sessionsOf = (id: string) => app.count('SELECT count(*) FROM "Session" WHERE "userId" = ?', id)
  const isSignedIn = (cookies: Map<string, string>) => [...cookies.keys()].some((name) => name.endsWith("-session"))

  it("a held sign-in has not reached the app's callbacks: no session, no cookie, nothing to read", async () => {
    const user = await app.enrolled()
    const before = await sessionsOf(user.id)
    const client = app.client()
    const answer = await client.signIn(user.email, password)
    expect(new URL(answer.headers.get("location") ?? answer.json.url, app.url).pathname).toBe(fixture.challenge)
    expect(await sessionsOf(user.id)).toBe(before)
    expect(isSignedIn(client.cookies)).toBe(false)
    expect(client.cookies.has("almanac-seen"), "the app's signIn has not run").toBe(false)
    for (const path of fixture.readers) expect((await client.get(path)).text, path).not.toContain(user.email)
    expect((await client.verify(wrongCode(user.secret))).status).toBe(400)
    expect(await sessionsOf(user.id)).toBe(before)
  })

  it("T47 the middleware lets a held sign-in reach the challenge page, and nothing else", async () => {
    const client = await app.held(await app.enrolled())
    const page = await client.get(fixture.challenge)
    expect(page.status).toBe(200)
    expect(page.text).toContain("Two-step verification")
    for (const path of ["/dashboard", "/settings/mfa"])
      expect((await client.get(path)).headers.get("location"), path).toMatch(/\/(signin|login)(\?|$)/)
  })

  it("the second factor lets the app create its session, once, with what it sets beside it", async () => {
    const user = await app.enrolled()
    const before = await sessionsOf(user.id)
    const client = await app.held(user)
    expect((await client.verify(oathCode(user.secret))).json).toEqual({ success: true, redirectTo: "/dashboard" })
    expect(await sessionsOf(user.id)).toBe(before + 1)
    expect((await client.session())?.user?.email).toBe(user.email)
    for (const path of fixture.readers) expect((await client.get(path)).text, path).toContain(user.email)
    if (fixture.major === 4) expect(client.cookies.get("almanac-seen"), "a cookie of the app's signIn").toBe(user.id)
  })

  it("T45 turning MFA on ends the user's other sessions and keeps this one", async () => {
    const user = await app.createUser()
    const other = await app.signedIn(user)
    const client = await app.signedIn(user)
    const { json } = await client.post("/api/mfa/setup")
    expect((await client.post("/api/mfa/verify", { code: oathCode(json.secret) })).status).toBe(200)
    expect(await other.session()).toBeNull()
    expect((await client.session())?.user?.email).toBe(user.email)
  })

  it("T9 a session without a fresh sign-in in this browser sets up nothing", async () => {
    const [user, stranger] = [await app.createUser(), await app.createUser()]
    const owner = await app.signedIn(user)
    const thief = owner.clone()
    thief.cookies.delete("mfa-signed-in")
    expect((await thief.post("/api/mfa/setup")).json.code).toBe("reauth_required")
    const strangers = (await app.signedIn(stranger)).cookies.get("mfa-signed-in") ?? ""
    expect(strangers).not.toBe("")
    thief.cookies.set("mfa-signed-in", strangers)
    expect((await thief.post("/api/mfa/setup")).json.code, "another user's note").toBe("reauth_required")
    expect((await owner.post("/api/mfa/setup")).status).toBe(200)
  })
})
