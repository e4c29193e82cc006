/** Linking an account to a session's user: a change like any other, which a stolen or ended session cannot make. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "../../scripts/http-client.mjs"
import { type Enrolled, fixturesNamed, newName, TestApp, type User } from "../support/fixtures"
import { oathCode, wrongCode } from "../support/otp"
import { isReachable } from "../support/sql"

const using = fixturesNamed("next16-split-postgres", "next14-v4-pages", "next15-t3-database", "next14-v4-mariadb")
const reachable = new Map(await Promise.all(using.map(async ([, { database }]) => [database, await isReachable(database)] as const)))
const tenMinutes = 600

describe.each(using)("%s", (_name, fixture) => {
  let app: TestApp
  const it = test.skipIf(!reachable.get(fixture.database))
  const only = (applies: boolean) => (applies ? it : () => {})
  const jwt = fixture.sessions === "jwt"
  beforeAll(async () => {
    if (reachable.get(fixture.database)) app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  const pageOf = (answer: { headers: Headers }) => new URL(answer.headers.get("location") ?? "/none", app.url).pathname
  /** An account at the provider that no user here has. */
  const newAccount = () => {
    const name = newName()
    return { name, email: `${name}@example.com` }
  }
  type Account = ReturnType<typeof newAccount>
  const link = (client: Client, account: Account) => app.firstFactor(client, account, { way: "oauth" })
  const ownerOf = async (account: Account) =>
    (await app.sql.rows('SELECT "userId" FROM "Account" WHERE "providerAccountId" = ?', account.name))[0]?.userId ?? null
  const linkings = (user: User) => app.count(`SELECT count(*) FROM "MfaEvent" WHERE "type" = 'account_linked' AND "userId" = ?`, user.id)
  /** A new session of this user, which proved the second factor just now. */
  async function proved(user: Enrolled) {
    const client = await app.held(user)
    expect((await client.verify(user.backupCodes[9], true)).status).toBe(200)
    return client
  }

  it("T10, T57 a session whose second factor is older than ten minutes links nothing, however often it is tried", async () => {
    const user = await app.enrolled()
    const thief = await proved(user)
    await app.age(thief, tenMinutes + 1)
    expect((await thief.session())?.user.email, "the session itself goes on").toBe(user.email)
    const account = newAccount()
    for (const attempt of ["first", "second"]) {
      expect(pageOf(await link(thief, account)), attempt).toBe("/settings/mfa/confirm")
      expect(await ownerOf(account), attempt).toBeNull()
      if (jwt) expect(pageOf(await thief.get("/admin")), attempt).toBe("/settings/mfa/confirm")
    }
    expect(await linkings(user)).toBe(0)
    const elsewhere = app.client()
    await link(elsewhere, account)
    expect((await elsewhere.session())?.user.email ?? account.email).toBe(account.email)
  })

  it("T10, T57 a wrong or a used code in between changes nothing; the right one lets the account be linked, as an event", async () => {
    const user = await app.enrolled()
    const client = await proved(user)
    await app.age(client, tenMinutes + 1)
    const account = newAccount()
    for (const code of [wrongCode(user.secret), user.enrolCode]) {
      expect((await client.post("/api/mfa/step-up", { code })).status).toBe(400)
      expect(pageOf(await link(client, account))).toBe("/settings/mfa/confirm")
      expect(await ownerOf(account)).toBeNull()
    }
    expect((await client.post("/api/mfa/step-up", { code: oathCode(user.secret) })).status).toBe(200)
    await link(client, account)
    expect(await ownerOf(account), app.output.slice(-2000)).toBe(user.id)
    expect(await linkings(user)).toBe(1)
    expect((await client.session())?.user.email).toBe(user.email)
  })

  it("T57 within ten minutes of the second factor an account is linked, as an event, and its sign-ins are held", async () => {
    const user = await app.enrolled()
    const client = await proved(user)
    const account = newAccount()
    await link(client, account)
    expect(await ownerOf(account), app.output.slice(-2000)).toBe(user.id)
    expect(await linkings(user)).toBe(1)
    const elsewhere = app.client()
    expect(pageOf(await link(elsewhere, account))).toBe(fixture.challenge)
    expect(await elsewhere.session()).toBeNull()
  })

  only(jwt)("T57 signing in as oneself while signed in proves no second factor", async () => {
    const user = await app.enrolled()
    const client = await proved(user)
    const account = newAccount()
    await link(client, account)
    expect(await ownerOf(account)).toBe(user.id)
    await app.age(client, tenMinutes + 1)
    for (const attempt of ["first", "second"]) {
      await link(client, account)
      const admin = await client.get("/admin")
      expect([302, 307], attempt).toContain(admin.status)
      expect(admin.text, attempt).not.toContain(user.email)
    }
  })

  it("T9, T57 without MFA, an account linked to an old session makes it no younger", async () => {
    const user = await app.createUser()
    const client = await app.signedIn(user)
    await app.age(client, tenMinutes + 1)
    await link(client, newAccount())
    expect((await client.session())?.user.email).toBe(user.email)
    expect((await client.post("/api/mfa/setup")).json.code).toBe("reauth_required")
    expect(await linkings(user), "that event is of people with MFA").toBe(0)
  })

  it("T9, T94 nor does a sign-in with that account enrol a device, until a day has passed; one of before it does", async () => {
    const user = await app.createUser()
    const [stolen, own] = [await app.signedIn(user), await app.signedIn(user)]
    await app.age(stolen, tenMinutes + 1)
    await app.age(own, 60)
    const account = newAccount()
    await link(stolen, account)
    expect(await ownerOf(account), app.output.slice(-2000)).toBe(user.id)
    const thief = app.client()
    await link(thief, account)
    expect((await thief.session())?.user.email, "next-auth signs in with it").toBe(user.email)
    // Another one behind that sign-in makes it no sign-in of before.
    await link(stolen, newAccount())
    const refused = await thief.post("/api/mfa/setup")
    expect([refused.status, refused.json.code]).toEqual([403, "linked_recently"])
    expect((await own.post("/api/mfa/setup")).status, "a sign-in of before").toBe(200)
    const told = await app.sql.rows('SELECT "type", "detail" FROM "MfaEvent" WHERE "userId" = ?', user.id)
    expect(told).toEqual([1, 2].map(() => ({ type: "account_linked_unproved", detail: expect.any(String) })))
    const longAgo = new Date(Date.now() - 25 * 3_600_000)
    const at = fixture.database === "sqlite" ? longAgo.toISOString() : longAgo.toISOString().replace("T", " ").replace("Z", "")
    await app.sql.rows('UPDATE "MfaEvent" SET "at" = ? WHERE "userId" = ?', at, user.id)
    expect((await thief.post("/api/mfa/setup")).status, "a day later").toBe(200)
  })

  it("T94 an account linked by a session that is fresh is the user's", async () => {
    const user = await app.createUser()
    const client = await app.signedIn(user)
    const account = newAccount()
    await link(client, account)
    expect(await ownerOf(account)).toBe(user.id)
    const elsewhere = app.client()
    await link(elsewhere, account)
    expect((await elsewhere.post("/api/mfa/setup")).status).toBe(200)
    expect(await app.count('SELECT count(*) FROM "MfaEvent" WHERE "userId" = ?', user.id)).toBe(0)
  })

  /** The user's, from before they turned MFA on: dead since. */
  async function ended() {
    const user = await app.createUser()
    const stolen = await app.signedIn(user)
    const enrolled = await app.enrol(user, await app.signedIn(user))
    return { user: enrolled, stolen }
  }
  async function expectNobody(stolen: Client, user: User) {
    const account = newAccount()
    await link(stolen, account)
    expect(await ownerOf(account), "whoever has the account, it is not the victim").not.toBe(user.id)
    expect((await stolen.session())?.user.email ?? account.email).toBe(account.email)
    const elsewhere = app.client()
    await link(elsewhere, account)
    expect((await elsewhere.session())?.user.email ?? account.email).toBe(account.email)
  }

  only(jwt)("T45, T58 a session that turning MFA on has ended links nothing", async () => {
    const { user, stolen } = await ended()
    await expectNobody(stolen, user)
  })

  only(jwt)("T45, T58 nor does it after MFA is turned off again", async () => {
    const { user, stolen } = await ended()
    expect((await user.client.post("/api/mfa/disable", { code: oathCode(user.secret) })).status).toBe(200)
    // The thief keeps the cookie that next-auth takes from this browser.
    expect(await stolen.clone().session()).toBeNull()
    await expectNobody(stolen, user)
  })

  only(jwt)("T46, T58 nor after an administrator's reset, which ends the sessions since too", async () => {
    const { user, stolen } = await ended()
    const admin = await app.enrolled(`admin-${newName()}`)
    const reset = { userId: user.id, reason: "lost the phone" }
    expect((await admin.client.post("/api/admin/reset", reset)).json, app.output.slice(-2000)).toEqual({ done: true })
    const since = user.client.clone()
    await expectNobody(stolen, user)
    await expectNobody(since, user)
  })
})
