/** Two session cookies of one name, of which each parser takes another one: MFA and the app must mean the same person. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fixturesNamed, newName, TestApp } from "../support/fixtures"
import { isReachable } from "../support/sql"

const postgres = await isReachable("postgresql")

describe.each(fixturesNamed("next15-v4-jwt", "next14-v4-pages", "next16-split-postgres"))("%s", (_name, fixture) => {
  let app: TestApp
  const it = test.skipIf(fixture.database === "postgresql" && !postgres)
  beforeAll(async () => {
    if (fixture.database !== "postgresql" || postgres) app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  /** Ways to write two of a name. */
  const pairs = (first: string, second: string) => {
    const name = app.sessionCookieName
    return [
      `${name}=${first}; ${name}=${second}`,
      `${name}=${first}; \t${name}=${second}`,
      `${name}=${first};${name} =${second}`,
      `${name}="${first}"; ${name}=${second}`,
      `${name}=%zz; ${name}=${first}; ${name}=${second}`,
    ]
  }

  it("T82 whoever MFA takes for signed in is whom the app takes for it", async () => {
    const [mine, theirs] = [await app.createUser(), await app.createUser()]
    const own = (await app.signedIn(mine)).cookies.get(app.sessionCookieName) ?? ""
    const stolen = (await app.signedIn(theirs)).cookies.get(app.sessionCookieName) ?? ""
    const { email } = await setupOf(own)
    expect(email, "a session alone").toBe(mine.email)
    for (const cookie of [...pairs(own, stolen), ...pairs(stolen, own), ...pairs(own, "stale"), ...pairs("stale", own)]) {
      const answer = await fetch(`${app.url}/api/me`, { headers: { cookie } })
      // Where the app itself cannot read them, MFA may fail too.
      const me = answer.ok ? (await answer.json()).user : null
      const setup = await setupOf(cookie, true)
      expect([setup.status === 200, setup.email], cookie.slice(0, 60)).toEqual([Boolean(me), me?.email])
      if (answer.ok && !me) expect(setup.status).toBe(401)
    }
  })

  /** For whom a setup begins: the one row that has a pending secret. */
  async function setupOf(value: string, isHeader = false): Promise<{ status: number; email: unknown }> {
    await app.sql.rows('DELETE FROM "MfaFactor"')
    const cookie = isHeader ? value : `${app.sessionCookieName}=${value}`
    const { status } = await fetch(`${app.url}/api/mfa/setup`, {
      method: "POST",
      headers: { cookie, "content-type": "application/json" },
      body: "{}",
    })
    const [row] = await app.sql.rows('SELECT "email" FROM "User" WHERE "id" IN (SELECT "userId" FROM "MfaFactor")')
    return { status, email: row?.email }
  }

  it("T82 a stolen session does not pass step-up with the thief's own proof", async () => {
    const [admin, thief, third] = [await app.enrolled(`admin-${newName()}`), await app.enrolled(), await app.enrolled()]
    const [stolen, own] = [admin, thief].map(({ client }) => client.cookies.get(app.sessionCookieName) ?? "")
    const proof = [...thief.client.cookies].find(([name]) => name.endsWith("mfa-proof"))
    for (const pair of [...pairs(stolen ?? "", own ?? ""), ...pairs(own ?? "", stolen ?? "")]) {
      const cookie = `${pair}; ${proof?.join("=")}`
      const page = await fetch(`${app.url}/admin`, { redirect: "manual", headers: { cookie } })
      expect(await page.text()).not.toContain(admin.email)
      const reset = await fetch(`${app.url}/api/admin/reset`, {
        method: "POST",
        headers: { cookie, "content-type": "application/json", origin: app.url },
        body: JSON.stringify({ userId: third.id, reason: "because I can" }),
      })
      expect(reset.status).not.toBe(200)
    }
    expect(await app.count('SELECT count(*) FROM "User" WHERE "mfaEnabled" AND "id" = ?', third.id)).toBe(1)
  })
})
