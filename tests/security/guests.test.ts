/** Credentials that are nobody's password, beside those of the users: what is typed there must not reach a user's MFA. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "../../scripts/http-client.mjs"
import { fixturesNamed, TestApp } from "../support/fixtures"
import { oathCode } from "../support/otp"

describe.each(fixturesNamed("next16-credentials/strict"))("%s", (_name, fixture) => {
  let app: TestApp
  beforeAll(async () => {
    app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  async function asGuest(client: Client, email: string) {
    const { json } = await client.get("/api/auth/csrf")
    return client.request("/api/auth/callback/guest", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ csrfToken: json.csrfToken, email, callbackUrl: "/dashboard" }),
    })
  }

  test("T83 a guest who types a user's address does not turn MFA on for them", async () => {
    const user = await app.createUser()
    const guest = app.client()
    await asGuest(guest, user.email)
    expect((await guest.session())?.user.id, "signed in, as a guest").toMatch(/^guest-/)
    expect((await guest.post("/api/mfa/setup")).status).toBe(401)
    expect((await guest.post("/api/mfa/verify", { code: "123456" })).status).toBe(401)
    expect(await app.count('SELECT count(*) FROM "MfaFactor" WHERE "userId" = ?', user.id)).toBe(0)
    expect((await (await app.signedIn(user)).session())?.user.email).toBe(user.email)
  })

  test("T83 nor gets at the tries of a user who has MFA", async () => {
    const user = await app.enrolled()
    const guest = app.client()
    await asGuest(guest, user.email)
    expect(await guest.session()).toBeNull()
    expect(await app.count('SELECT count(*) FROM "MfaChallenge" WHERE "userId" = ?', user.id)).toBe(0)
    for (let guess = 0; guess < 6; guess++) expect((await guest.verify("000000")).status).toBe(401)
    const owner = await app.held(user)
    expect((await owner.verify(oathCode(user.secret))).status).toBe(200)
    expect((await owner.session())?.user.id).toBe(user.id)
  })
})
