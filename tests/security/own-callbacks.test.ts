/** What an app's own callbacks do while somebody signs in, or while MFA asks who is signed in. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fixturesNamed, newName, passkeyFixture, TestApp } from "../support/fixtures"
import { oathCode } from "../support/otp"
import { isReachable } from "../support/sql"

describe(passkeyFixture.name, async () => {
  const it = test.skipIf(!(await isReachable(passkeyFixture.database)))
  let app: TestApp
  beforeAll(async () => {
    if (await isReachable(passkeyFixture.database)) app = await TestApp.start(passkeyFixture)
  })
  afterAll(() => app?.stop())

  it.each(["left", "moved"])("T72 what the app's signIn throws is a refusal, and no sign-in is noted: %s", async (kind) => {
    const user = await app.enrolled()
    await app.sql.rows('UPDATE "User" SET "email" = ? WHERE "id" = ?', `${kind}-${newName()}@example.com`, user.id)
    const [row] = await app.sql.rows('SELECT "email" FROM "User" WHERE "id" = ?', user.id)
    const client = await app.held({ ...user, email: String(row?.email) })
    const answer = await client.verify(oathCode(user.secret))
    expect([answer.status, answer.json.code], answer.text).toEqual([403, "denied"])
    expect(client.sessionCookie).toBeUndefined()
    expect((await client.verify("123456")).json.code).toBe("no_challenge")
    const passed = `SELECT count(*) FROM "MfaEvent" WHERE "type" = 'challenge_passed' AND "userId" = ?`
    expect(await app.count(passed, user.id)).toBe(0)
  })
})

describe.each(fixturesNamed("next15-v4-javascript"))("%s", (_name, fixture) => {
  let app: TestApp
  beforeAll(async () => {
    app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  test("what is good once, and traded in whenever a session is read, is not lost by MFA's own reads", async () => {
    const user = await app.createUser()
    const client = await app.signedIn(user)
    const enrolled = await app.enrol(user, client)
    await client.get("/api/mfa/status")
    await client.post("/api/mfa/step-up", { code: oathCode(enrolled.secret) })
    expect((await client.post("/api/mfa/backup-codes", { code: enrolled.backupCodes[0] })).status).toBe(200)
    const session = await client.session()
    expect(session).toMatchObject({ user: { email: user.email } })
    expect(session).not.toHaveProperty("error")
  })

  test("what the app's session callback notes in the token stays there", async () => {
    const client = await app.signedIn(await app.createUser())
    const before: any = await client.session()
    const after: any = await client.session()
    expect(after.visits).toBe(before.visits + 1)
  })
})
