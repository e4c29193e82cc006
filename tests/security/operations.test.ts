/** What operators and clocks do to an account's second factor: keys on their way, resets, counts, a database that blinks. */
import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "../../scripts/http-client.mjs"
import { fixturesNamed, newName, TestApp, type User } from "../support/fixtures"
import { oathCode } from "../support/otp"
import { isReachable } from "../support/sql"

const postgres = await isReachable("postgresql")
const newKey = () => randomBytes(32).toString("base64")
const at = (client: Client, origin: string): Client => Object.assign(client.clone(), { origin })

describe.each(fixturesNamed("next16-split-postgres"))("%s", (_name, fixture) => {
  const key = newKey()
  let app: TestApp
  const it = test.skipIf(!postgres)
  beforeAll(async () => {
    if (postgres) app = await TestApp.start(fixture, { MFA_ENCRYPTION_KEY: key })
  })
  afterAll(() => app?.stop())

  const eventsOf = async ({ id }: User) =>
    (await app.sql.rows('SELECT "type", "detail" FROM "MfaEvent" WHERE "userId" = ? ORDER BY "at"', id)).map(({ type, detail }) => [
      type,
      detail,
    ])
  const failuresOf = ({ id }: User) => app.count('SELECT "failures" FROM "MfaThrottle" WHERE "userId" = ?', id)

  it("a right code is no wrong one where another process has been given the new key first", async () => {
    const user = await app.enrolled()
    const newer = await app.instance({ MFA_ENCRYPTION_KEY: `new:${newKey()},old:${key}` })
    // This sign-in moves the secret to the new key.
    expect((await at(await app.held(user), newer).verify(oathCode(user.secret))).status).toBe(200)
    for (const client of [await app.held(user), await app.held(user)]) {
      const answer = await client.verify(oathCode(user.secret, 1))
      expect([answer.status, answer.json.code]).toEqual([500, "internal"])
    }
    expect(await failuresOf(user)).toBe(0)
    expect((await eventsOf(user)).map(([type]) => type)).not.toContain("tampered")
  })

  it("nor where a process has no key at all", async () => {
    const user = await app.enrolled()
    const without = await app.instance({ MFA_ENCRYPTION_KEY: "" })
    const answer = await at(user.client, without).post("/api/mfa/disable", { code: oathCode(user.secret) })
    expect([answer.status, answer.json.code]).toEqual([500, "internal"])
    expect(await failuresOf(user)).toBe(0)
    expect((await eventsOf(user)).map(([type]) => type)).toEqual(["enabled"])
  })

  it("a reset is recorded, whatever its reason is made of", async () => {
    const [admin, user] = [await app.enrolled(`admin-${newName()}`), await app.enrolled()]
    const reason = `lost\u0000\u001b[2J phone ${"🔑".repeat(600)}`
    expect((await admin.client.post("/api/admin/reset", { userId: user.id, reason })).json).toEqual({ done: true })
    const [type, detail] = (await eventsOf(user)).at(-1) ?? []
    expect(type).toBe("reset")
    expect(detail).toMatch(/: lost \[2J phone (?:🔑)+$/u)
  })

  it("new codes, again and again, are counted and not told one by one", async () => {
    const user = await app.enrolled()
    let codes = user.backupCodes
    for (let round = 0; round < 12; round++) {
      const answer = await user.client.post("/api/mfa/backup-codes", { code: codes[0] })
      expect(answer.status, answer.text).toBe(200)
      codes = answer.json.backupCodes
    }
    // Of both kinds five rows, and one that counts the rest of the hour (or two, where an hour ends meanwhile).
    expect((await eventsOf(user)).length).toBeLessThanOrEqual(1 + 2 * 7)
  })

  it("a clock that was ahead lengthens no block", async () => {
    const user = await app.enrolled()
    const tomorrow = new Date(Date.now() + 24 * 3_600_000)
    await app.sql.rows(
      'UPDATE "MfaThrottle" SET "failures" = 5, "remaining" = 0, "lastAttemptAt" = ? WHERE "userId" = ?',
      tomorrow,
      user.id,
    )
    const answer = await (await app.held(user)).verify(oathCode(user.secret))
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get("retry-after"))).toBeLessThanOrEqual(60)
  })

  it("the fifth wrong code is told as the block that it begins, and so is one after it", async () => {
    const user = await app.enrolled()
    const held = await app.held(user)
    const blocks = () => app.count(`SELECT coalesce(sum("count"), 0) FROM "MfaEvent" WHERE "type" = 'blocked' AND "userId" = ?`, user.id)
    for (let guess = 0; guess < 4; guess++) await held.verify(oathCode(user.secret, 40 + guess))
    expect(await blocks()).toBe(0)
    await held.verify(oathCode(user.secret, 50))
    expect(await blocks()).toBe(1)
    expect((await (await app.held(user)).verify(oathCode(user.secret))).json.code).toBe("too_many_attempts")
    expect(await blocks()).toBe(2)
  })

  it("a code that is not looked at, as codes are blocked, is no try: the backup code that the page speaks of signs in", async () => {
    const user = await app.enrolled()
    const held = await app.held(user)
    await app.sql.rows(
      'UPDATE "MfaThrottle" SET "failures" = 5, "remaining" = 0, "lastAttemptAt" = ? WHERE "userId" = ?',
      new Date(),
      user.id,
    )
    for (let tries = 0; tries < 6; tries++) expect((await held.verify(oathCode(user.secret))).json.code).toBe("too_many_attempts")
    expect((await held.verify(user.backupCodes[0], true)).status).toBe(200)
  })

  it("a block that only a person ends is told as one: by the page, and by the answer's header", async () => {
    const user = await app.enrolled()
    await app.sql.rows('UPDATE "MfaThrottle" SET "failures" = 100, "remaining" = 0 WHERE "userId" = ?', user.id)
    const held = await app.held(user)
    expect((await held.verify(oathCode(user.secret))).headers.get("retry-after")).toBe("86400")
    expect((await held.get(`${fixture.challenge}?error=too_many_attempts`)).text).toContain("once support has unblocked your account")
  })

  it("the challenge page says what is so, whatever its address says", async () => {
    const user = await app.enrolled()
    const held = await app.held(user)
    const page = async (query: string) => (await held.get(`${fixture.challenge}${query}`)).text
    for (const query of [
      "?error=challenge_exhausted&wait=99",
      "?error=too_many_attempts&wait=99",
      "?error=denied",
      "?error=no_challenge",
    ]) {
      expect(await page(query), query).toContain('name="code"')
      expect(await page(query), query).not.toMatch(/Too many wrong codes|99 seconds|2 minutes|may not sign in|has expired/)
    }
    await app.sql.rows('UPDATE "MfaChallenge" SET "attempts" = 5 WHERE "userId" = ?', user.id)
    expect(await page(""), "used up").toMatch(/Too many wrong codes/)
    expect(await page("")).not.toContain('name="code"')
  })

  it("an account that is linked by its address while MFA is turned on signs nobody in", async () => {
    for (let round = 0; round < 6; round++) {
      const user = await app.createUser()
      const owner = await app.signedIn(user)
      const setup = await owner.post("/api/mfa/setup")
      const thief = app.client()
      const pause = new Promise((resolve) => setTimeout(resolve, 20 + round * 8))
      await Promise.all([
        app.firstFactor(thief, user, { way: "oauth" }).catch(() => null),
        pause.then(() => owner.post("/api/mfa/verify", { code: oathCode(setup.json.secret, -1) })),
      ])
      if (await app.count('SELECT count(*) FROM "User" WHERE "mfaEnabled" AND "id" = ?', user.id))
        expect(await thief.session(), "a session without the second factor").toBeNull()
    }
  })
})

/** Their middleware has no database, and sends whoever has a session away from the sign-in page. */
describe.each(fixturesNamed("next14-split-early", "next16-split-postgres", "next14-v4-pages"))("%s", (_name, fixture) => {
  const it = test.skipIf(fixture.database === "postgresql" && !postgres)
  const signIn = fixture.major === 5 ? "/signin" : "/login"
  let app: TestApp
  beforeAll(async () => {
    if (fixture.database !== "postgresql" || postgres) app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  it("T88 whoever's session has ended is not sent in a circle, and signs in again", async () => {
    const user = await app.createUser()
    const [other, client] = [await app.signedIn(user), await app.signedIn(user)]
    const enrolled = await app.enrol(user, client)
    const posted = await other.clone().request(signIn, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ email: user.email }),
    })
    expect(posted.headers.get("location") ?? "", "the page's own form").not.toContain("/dashboard")
    const answers = [await other.get(signIn), await other.get(signIn), await other.get(signIn)]
    expect(answers.map(({ status }) => (status >= 300 && status < 400 ? "sent on" : status))).toEqual(["sent on", "sent on", 200])
    expect(await other.session()).toBeNull()
    await app.firstFactor(other, user)
    expect((await other.verify(oathCode(enrolled.secret))).status).toBe(200)
    expect((await other.session())?.user.email).toBe(user.email)
  })

  it("whoever is signed in is sent on", async () => {
    const client = await app.signedIn(await app.createUser())
    const { headers } = await client.get(signIn)
    expect(new URL(headers.get("location") ?? "", app.url).pathname).toBe("/dashboard")
    expect(headers.getSetCookie().find((cookie) => cookie.startsWith("mfa-sent-on"))).toMatch(/Max-Age=5; HttpOnly; SameSite=Lax$/)
  })
})

describe.each(fixturesNamed("next14-v4-pages"))("%s", (_name, fixture) => {
  let app: TestApp
  beforeAll(async () => {
    app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  test("a page that a link asks the data of is come back to as a page", async () => {
    const user = await app.enrolled()
    await app.age(user.client, 3600)
    for (const name of user.client.cookies.keys()) if (name.endsWith("mfa-proof")) user.client.cookies.delete(name)
    const build = (await user.client.get("/")).text.match(/"buildId":"([^"]+)"/)?.[1]
    const answer = await user.client.get(`/_next/data/${build}/admin.json?tab=1`, { "x-nextjs-data": "1" })
    const target = new URL(answer.json.pageProps.__N_REDIRECT, app.url)
    expect(target.pathname).toBe("/settings/mfa/confirm")
    expect(target.searchParams.get("returnTo")).toMatch(/^\/admin(\?tab=1)?$/)
  })
})

describe.each(fixturesNamed("next15-v4-jwt"))("%s", (_name, fixture) => {
  let app: TestApp
  beforeAll(async () => {
    app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  test("a session from before the installation is sent to the settings, which have a way on", async () => {
    const user = await app.createUser()
    const client = app.client()
    const { name, value } = await app.forge({ sub: String(user.id), email: user.email, name: user.name })
    client.cookies.set(name, value)
    expect((await client.session())?.user.email).toBe(user.email)
    expect(new URL((await client.get("/admin")).headers.get("location") ?? "", app.url).pathname).toBe("/settings/mfa")
  })
})
