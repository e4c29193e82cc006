/** The challenge page without JavaScript: its forms, posted as a browser posts them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "../../scripts/http-client.mjs"
import { type Fixture, fixtures, TestApp, type User } from "../support/fixtures"
import { oathCode, wrongCode } from "../support/otp"

/** One of each router, and of each version of next-auth. */
const chosen = ["next16-credentials", "next14-v4-pages"]

const attacked = fixtures.filter(({ name }) => chosen.includes(name)).map((fixture): [string, Fixture] => [fixture.name, fixture])
describe.each(attacked)("%s", (_name, fixture) => {
  let app: TestApp
  beforeAll(async () => {
    app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  const it = (name: string, run: () => Promise<void>) => test(`${fixture.name} ${name}`, run)
  const formPath = "/api/auth/mfa-form"

  const send = (client: Client, body: string, headers: Record<string, string>) =>
    client.request(formPath, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded", ...headers }, body })
  const submit = (client: Client, fields: Record<string, string>, headers: Record<string, string> = { origin: app.url }) =>
    send(client, new URLSearchParams(fields).toString(), headers)

  const held = async (user: User, callbackUrl = "/dashboard") => {
    const client = app.client()
    const answer = await app.firstFactor(client, user, { callbackUrl })
    return { client, page: answer.headers.get("location") ?? answer.json.url }
  }
  /** Where an answer leads: below the app itself. */
  const target = (answer: { headers: Headers }) => new URL(answer.headers.get("location") ?? "http://nowhere.invalid", app.url)
  const attempts = (user: User) => app.count('SELECT coalesce(sum("attempts"), 0) FROM "MfaChallenge" WHERE "userId" = ?', user.id)
  const challenges = (user: User) => app.count('SELECT count(*) FROM "MfaChallenge" WHERE "userId" = ?', user.id)

  it("the page holds a form that posts, with where the sign-in was going", async () => {
    const user = await app.enrolled()
    const { client, page } = await held(user, "/dashboard?from=mail")
    expect(new URL(page, app.url).searchParams.get("callbackUrl")).toBe("/dashboard?from=mail")
    const { text } = await client.get(page)
    const form = /<form [^>]*>(?=.*?name="code")/s.exec(text)?.[0]
    expect(form).toContain('method="post"')
    expect(form).toContain(`action="${formPath}"`)
    expect(text).toMatch(/name="callbackUrl"[^>]* value="\/dashboard\?from=mail"/)
    expect(text).not.toContain("no-referrer")
  })

  it("T79 a right code signs in and leads to the target, which is never another site", async () => {
    const user = await app.enrolled()
    const { client } = await held(user, "/dashboard?from=mail")
    const done = await submit(client, { code: oathCode(user.secret), callbackUrl: "//evil.example/" })
    expect(done.status).toBe(303)
    expect(done.headers.get("location")).toBe("/dashboard?from=mail")
    expect(done.headers.get("cache-control")).toBe("no-store")
    expect((await client.session())?.user.email).toBe(user.email)
    expect([...client.cookies.keys()].some((name) => name.includes("mfa-challenge"))).toBe(false)
  })

  it("a backup code signs in, chosen or pasted into the other field", async () => {
    const user = await app.enrolled()
    for (const [index, fields] of [{ method: "backup" }, { method: "app" }].entries()) {
      const { client } = await held(user)
      expect(target(await submit(client, { code: user.backupCodes[index] ?? "", ...fields })).pathname).toBe("/dashboard")
      expect((await client.session())?.user.email).toBe(user.email)
    }
  })

  it("T79 a wrong code leads back to the page, which says so; the code is in no address", async () => {
    const user = await app.enrolled()
    const { client } = await held(user)
    const code = wrongCode(user.secret)
    const answer = await submit(client, { code, callbackUrl: "/dashboard?from=mail" })
    expect(answer.status).toBe(303)
    const { pathname, search, searchParams } = target(answer)
    expect(pathname).toBe(fixture.challenge)
    expect(Object.fromEntries(searchParams)).toEqual({ error: "invalid_code", callbackUrl: "/dashboard?from=mail" })
    expect(search).not.toContain(code)
    const { text } = await client.get(pathname + search)
    expect(text).toMatch(/role="alert"[^>]*>That code is not valid\./)
    expect(await client.session()).toBeNull()
  })

  it("T25 another site's form is refused, and counts no attempt", async () => {
    const user = await app.enrolled()
    const { client } = await held(user)
    const code = oathCode(user.secret)
    const foreign: Record<string, string>[] = [
      {},
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "not an origin" },
      ...["cross-site", "same-site", "none"].map((site) => ({ "sec-fetch-site": site, origin: app.url })),
    ]
    for (const headers of foreign) {
      expect((await submit(client, { code }, headers)).status, JSON.stringify(headers)).toBe(403)
      expect((await submit(client, { cancel: "1" }, headers)).status, JSON.stringify(headers)).toBe(403)
    }
    expect([await challenges(user), await attempts(user)]).toEqual([1, 0])
    expect(await client.session()).toBeNull()
    // A browser that sends no Origin with its own form, as some do for a page without a referrer.
    expect((await submit(client, { code }, { origin: "null", "sec-fetch-site": "same-origin" })).status).toBe(303)
    expect(await client.session()).not.toBeNull()
  })

  it("anything but a form is refused, and so is a long one", async () => {
    const user = await app.enrolled()
    const { client } = await held(user)
    const code = oathCode(user.secret)
    const own = { origin: app.url }
    for (const type of ["application/json", "text/plain", "multipart/form-data; boundary=x"])
      expect((await send(client, JSON.stringify({ code }), { ...own, "content-type": type })).status, type).toBe(415)
    expect((await submit(client, { code, padding: "x".repeat(100_000) })).status).toBe(413)
    expect((await client.get(`${formPath}?code=${code}`)).status).toBe(405)
    expect(await client.session()).toBeNull()
    expect(await attempts(user)).toBe(0)
  })

  it("T50 odd input stays a question, and an incomplete code costs no attempt", async () => {
    const user = await app.enrolled()
    const { client } = await held(user)
    for (const body of ["", "code=", "code=+12+3", "method=backup&code=123456", "code[]=123456", "code=%00%00%00", "=&&=", "code=%F0%28"])
      expect(target(await send(client, body, { origin: app.url })).searchParams.get("error"), body).toBe("incomplete")
    expect(await attempts(user)).toBe(0)
    for (const body of ["code=abcdef", "code=1234567890123456789012345678901234567890", "code=%E2%91%A0123456"])
      expect(target(await send(client, body, { origin: app.url })).searchParams.get("error"), body).toBe("invalid_code")
    expect(await client.session()).toBeNull()
  })

  it("the page knows its errors: others get a general text, and none gets into the page", async () => {
    const user = await app.enrolled()
    const { client } = await held(user)
    const general = /role="alert"[^>]*>Something went wrong\. Please try again\./
    for (const error of ["<script>alert(1)</script>", "constructor", "__proto__", "toString"]) {
      const query = new URLSearchParams({ error, wait: "<b>1</b>", callbackUrl: "javascript:alert(1)", method: "<i>" })
      const { status, text } = await client.get(`${fixture.challenge}?${query}`)
      expect(status).toBe(200)
      expect(text).toMatch(general)
      expect(text).not.toMatch(/<script>alert|<b>1|<i>|href="javascript|value="javascript/)
    }
    // Five minutes, of which nearly four are over.
    await app.sql.rows(
      'UPDATE "MfaThrottle" SET "failures" = 10, "remaining" = 0, "lastAttemptAt" = ? WHERE "userId" = ?',
      new Date(Date.now() - 220_000).toISOString(),
      user.id,
    )
    const blocked = await client.get(`${fixture.challenge}?error=too_many_attempts&wait=9999`)
    expect(blocked.text).toContain("A code from your app works again in 2 minutes; a backup code works at once.")
  })

  it("Cancel forgets the sign-in, on both sides", async () => {
    const user = await app.enrolled()
    const { client } = await held(user)
    const copy = client.clone()
    const answer = await submit(client, { cancel: "1", callbackUrl: "/dashboard" })
    expect(answer.status).toBe(303)
    expect(target(answer).pathname).toBe("/login")
    expect([...client.cookies.keys()].some((name) => name.includes("mfa-challenge"))).toBe(false)
    expect(await challenges(user)).toBe(0)
    expect((await copy.verify(oathCode(user.secret))).status).toBe(401)
    // Nothing of nobody is cancelled without an error either.
    expect((await submit(app.client(), { cancel: "1" })).status).toBe(303)
  })

  it("T1 a challenge that is used up says so, with the account's own wait, and offers to sign in again", async () => {
    const user = await app.enrolled()
    const { client } = await held(user)
    const wrong = { code: wrongCode(user.secret), callbackUrl: "/dashboard?from=mail" }
    for (let attempt = 0; attempt < 5; attempt++) expect(target(await submit(client, wrong)).searchParams.get("error")).toBe("invalid_code")
    const used = target(await submit(client, wrong))
    expect(used.searchParams.get("error")).toBe("challenge_exhausted")
    const told = `SELECT count(*) FROM "MfaEvent" WHERE "userId" = ? AND "type" = 'challenge_exhausted'`
    expect(await app.count(told, user.id)).toBe(1)
    const wait = Number(used.searchParams.get("wait"))
    expect(wait).toBeGreaterThan(30)
    expect(wait).toBeLessThanOrEqual(60)
    const { text } = await client.get(used.pathname + used.search)
    expect(text).toContain("Too many wrong codes")
    expect(text).toContain(`A code from your app works again in ${wait} seconds; a backup code works at once.`)
    expect(text).toContain('href="/login?callbackUrl=%2Fdashboard%3Ffrom%3Dmail"')
    expect(text).not.toContain('name="code"')

    // A new sign-in: codes of the app are blocked for as long, a backup code is not.
    const again = (await held(user)).client
    const blocked = target(await submit(again, { code: oathCode(user.secret) }))
    expect(blocked.searchParams.get("error")).toBe("too_many_attempts")
    expect(Number(blocked.searchParams.get("wait"))).toBeGreaterThan(30)
    expect(target(await submit(again, { code: user.backupCodes[0] ?? "", method: "backup" })).pathname).toBe("/dashboard")
  })

  it("a challenge that has expired says so and keeps where the sign-in was going", async () => {
    const user = await app.enrolled()
    const { client } = await held(user)
    await app.sql.rows('UPDATE "MfaChallenge" SET "expiresAt" = ? WHERE "userId" = ?', new Date(0).toISOString(), user.id)
    const answer = target(await submit(client, { code: oathCode(user.secret), callbackUrl: "/dashboard?from=mail" }))
    expect(answer.searchParams.get("error")).toBe("no_challenge")
    const { text } = await client.get(answer.pathname + answer.search)
    expect(text).toContain("Your sign-in has expired")
    expect(text).toContain('href="/login?callbackUrl=%2Fdashboard%3Ffrom%3Dmail"')
    const silent = await client.get(`${fixture.challenge}?callbackUrl=%2Fdashboard%3Ffrom%3Dmail`)
    expect(silent.status).toBe(307)
    expect(silent.headers.get("location")).toBe("/login?callbackUrl=%2Fdashboard%3Ffrom%3Dmail")
    const evil = await client.get(`${fixture.challenge}?callbackUrl=${encodeURIComponent("//evil.example/x")}`)
    expect(evil.headers.get("location")).toBe("/login?callbackUrl=%2F")
  })

  it("T27 a browser that is signed in goes on from the challenge page, to a path of this site", async () => {
    const user = await app.createUser()
    const client = await app.signedIn(user)
    const leads = async (callbackUrl: string) => target(await client.get(`${fixture.challenge}?${new URLSearchParams({ callbackUrl })}`))
    expect((await leads("/dashboard?from=mail")).href).toBe(`${app.url}/dashboard?from=mail`)
    for (const evil of [
      "//evil.example",
      "/\\evil.example",
      "/.//evil.example",
      "/\t/evil.example",
      "https:evil.example",
      "javascript:alert(1)",
    ])
      expect((await leads(evil)).origin, evil).toBe(app.url)
  })
})
