/** Ways of real apps to say who somebody is: ids, addresses, objects and callbacks that no tutorial has. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Client } from "../../scripts/http-client.mjs"
import { newName, ownWays, password, TestApp } from "../support/fixtures"
import { oathCode } from "../support/otp"
import { isReachable } from "../support/sql"

const reachable = new Map(await Promise.all(ownWays.map(async ({ database }) => [database, await isReachable(database)] as const)))
const [five, four] = ownWays as [(typeof ownWays)[number], (typeof ownWays)[number]]
type Answer = { headers: Headers; json?: { url?: string } }
/** next-auth 4 answers a script with JSON where it cannot redirect. */
const pathOf = ({ headers, json }: Answer) => new URL(headers.get("location") ?? json?.url ?? "/none", "http://app").pathname

function running(fixture: (typeof ownWays)[number], WAY: string) {
  const host = { app: undefined as unknown as TestApp, it: test.skipIf(!reachable.get(fixture.database)) }
  beforeAll(async () => {
    if (reachable.get(fixture.database)) host.app = await TestApp.start(fixture, { WAY })
  })
  afterAll(() => host.app?.stop())
  return host
}

async function userOf(app: TestApp, prefix = "") {
  const name = prefix + newName()
  const user = await app.createUser(name)
  const column = app.fixture.major === 5 ? "publicId" : "address"
  await app.sql.rows(`UPDATE "User" SET "${column}" = ? WHERE "id" = ?`, `outside-${name}`, user.id)
  return user
}

describe.each([
  ["an adapter with ids of its own", five, "public-ids"],
  ["a whole user in the token", five, "nested"],
  ["a user who is looked up when a session is read", five, "late"],
  ["an address to write to in place of the one to sign in with", five, "contact"],
  ["objects of a class", five, "classes"],
  ["callbacks that call each other", five, "labels"],
  ["a wallet's address, looked up when a session is read", four, "late"],
  ["rows that are frozen", four, "frozen"],
  ["objects of a class, next-auth 4", four, "classes"],
  ["callbacks that call each other, next-auth 4", four, "labels"],
] as const)("%s", (_name, fixture, way) => {
  const host = running(fixture, way)

  host.it("T87 somebody turns MFA on, is held on every way in, and is signed in by a code; sessions of before have ended", async () => {
    const { app } = host
    const user = await userOf(app)
    const others = await Promise.all(app.fixture.ways.map(async (kind) => [kind, await app.signedIn(user, kind)] as const))
    const enrolled = await app.enrol(user, await app.signedIn(user))
    for (const [kind, client] of others) {
      expect(await client.session(), `a session of before: ${kind}`).toBeNull()
      const held = app.client()
      expect(pathOf(await app.firstFactor(held, user, { way: kind })), kind).toBe(fixture.challenge)
      expect(held.sessionCookie, kind).toBeUndefined()
      expect((await (await held.get("/api/me")).json).user ?? null, kind).toBeNull()
    }
    const client = await app.held(user)
    const before = others[0]?.[1]
    const answer = await client.verify(oathCode(enrolled.secret))
    expect(answer.status, answer.text).toBe(200)
    const session: any = await client.session()
    expect(session.user.email, JSON.stringify(session)).toBe(user.email)
    if (way === "classes") expect(session.permissions).toEqual(["read", "write"])
    if (way === "labels") expect(session.label).toMatch(/observer|reader/)
    expect(before?.sessionCookie).toBeUndefined()
    expect((await client.get("/api/mfa/status")).json.enabled).toBe(true)
  })
})

describe("an adapter that knows aliases", () => {
  const host = running(five, "aliases")

  host.it("T87 an account of an alias is held for whom next-auth will find", async () => {
    const { app } = host
    const { name, email, secret } = await app.enrolled()
    const alias = { name, email: email.replace("@", "+work@"), subject: `sub-${name}` }
    const client = app.client()
    expect(pathOf(await app.firstFactor(client, alias, { way: "oauth" }))).toBe(five.challenge)
    expect((await client.verify(oathCode(secret))).status).toBe(200)
    expect((await client.session())?.user.email).toBe(email)
  })
})

describe.each([
  ["banned", five],
  ["revoked", four],
] as const)("callbacks that end sessions themselves: %s", (way, fixture) => {
  const host = running(fixture, way)

  host.it("T86 whom the app signs out is nobody to MFA either", async () => {
    const { app } = host
    const user = await app.createUser()
    const client = await app.signedIn(user)
    const name = `${way}-${user.name}`
    await app.sql.rows('UPDATE "User" SET "name" = ? WHERE "id" = ?', name, user.id)
    if (fixture.major === 4) await app.rewrite(client, (claims) => ({ ...claims, name }))
    for (const path of ["setup", "verify", "disable", "backup-codes", "step-up"]) {
      const answer = await client.post(`/api/mfa/${path}`, { code: "123456" })
      expect([answer.status, answer.json.code], path).toEqual([401, "unauthorized"])
    }
    expect((await client.get("/api/mfa/status")).status).toBe(401)
  })
})

describe("a token that is good once", () => {
  const host = running(five, "once")

  host.it("is not lost by MFA's own reads", async () => {
    const { app } = host
    const user = await app.createUser()
    const client = app.client()
    await app.firstFactor(client, user)
    const { secret, backupCodes } = await app.enrol(user, client)
    await client.get("/api/mfa/status")
    expect((await client.post("/api/mfa/step-up", { code: oathCode(secret) })).status).toBe(200)
    expect((await client.post("/api/mfa/backup-codes", { code: backupCodes[0] })).status).toBe(200)
    const session = await client.session()
    expect(session).toMatchObject({ user: { email: user.email } })
    expect(session).not.toHaveProperty("error")
  })
})

describe.each(["logins", "logins alone"])("%s, in a table of their own", (way) => {
  const host = running(five, way)

  host.it("T92 an address that somebody else has taken does not decide whose second factor is asked for", async () => {
    const { app } = host
    const user = await app.createUser()
    const contact = `contact-of-${user.name}@corp.example`
    await app.sql.rows('UPDATE "User" SET "publicId" = ? WHERE "id" = ?', contact, user.id)
    const { secret } = await app.enrol(user, await app.signedIn(user))
    const client = await app.held(user)
    expect((await client.verify(oathCode(secret))).status).toBe(200)
    expect((await client.session())?.user.id).toBe(user.id)
    const stranger = await app.createUser()
    await app.sql.rows('UPDATE "User" SET "email" = ? WHERE "id" = ?', contact, stranger.id)
    const thief = app.client()
    await app.firstFactor(thief, user)
    expect([await thief.session(), thief.sessionCookie], "the thief's own address").toEqual([null, undefined])
    await app.sql.rows('DELETE FROM "User" WHERE "id" = ?', stranger.id)
    expect(pathOf(await app.firstFactor(app.client(), user))).toBe(five.challenge)
  })
})

describe.each([
  ["a user in it", five, "nested", (id: string, _outside: string) => ({ user: { id } })],
  ["an id that the session callback looks up", five, "late", (_id: string, outside: string) => ({ sub: outside })],
  ["one that it looks up, next-auth 4", four, "late", (_id: string, outside: string) => ({ sub: outside })],
] as const)("a token of an instance without MFA, with %s", (_name, fixture, way, claims) => {
  const host = running(fixture, way)

  host.it("T93 ends when its user has turned MFA on, and goes on for everybody else", async () => {
    const { app } = host
    const [user, other] = [await userOf(app), await userOf(app)]
    const olderThanMfa = async ({ id, name }: { id: string; name: string }) => {
      const client = app.client()
      const cookie = await app.forge(claims(id, `outside-${name}`))
      client.cookies.set(cookie.name, cookie.value)
      return client
    }
    const [read, unread, others] = [await olderThanMfa(user), await olderThanMfa(user), await olderThanMfa(other)]
    expect((await read.session())?.user.id).toBe(user.id)
    await app.enrol(user, await app.signedIn(user))
    expect([await read.session(), await unread.session(), await (await olderThanMfa(user)).session()]).toEqual([null, null, null])
    expect((await others.session())?.user.id).toBe(other.id)
    expect((await others.get("/api/mfa/status")).json).toMatchObject({ enabled: false, reauthRequired: true })
  })
})

describe("a session callback that asks for the state of MFA", () => {
  const host = running(five, "badge")

  host.it("is answered, and not asked again for ever", async () => {
    const { app } = host
    const plain = await app.signedIn(await app.createUser())
    expect((await plain.session())?.badge).toBe(false)
    const { client } = await app.enrolled()
    expect((await client.session())?.badge).toBe(true)
    expect((await client.get("/api/mfa/status")).json.enabled).toBe(true)
  })
})

describe("an adapter with ids of its own, and an account that somebody signed in adds", () => {
  const host = running(five, "public-ids")

  host.it("is linked to them", async () => {
    const { app } = host
    const user = await userOf(app)
    const client = await app.signedIn(user)
    const account = { name: newName(), email: `${newName()}@elsewhere.example`, subject: `sub-${newName()}` }
    await app.firstFactor(client, account, { way: "oauth" })
    expect((await client.session())?.user.email).toBe(user.email)
    expect(await app.count('SELECT count(*) FROM "Account" WHERE "userId" = ?', user.id)).toBe(1)
    expect(await app.count('SELECT count(*) FROM "User" WHERE "email" = ?', account.email)).toBe(0)
  })
})

describe("a row deep in the session", () => {
  const host = running(five, "deep")

  host.it("T37 brings no column of ours along", async () => {
    const { app } = host
    const { client } = await app.enrolled()
    const text = JSON.stringify(await client.session())
    expect(text).toContain("passwordHash") // the app's own doing
    expect(text).not.toMatch(/mfa(Secret|Enabled|Epoch)/)
  })
})

describe.each([
  ["", "with configs of their own"],
  ["functions", "with configs that a function gives"],
])("the staff's sign-in beside the customers' %s %s", (way) => {
  const host = running(five, way)
  const staffOf = (app: TestApp) => new Client(app.url, "/api/staff/auth")
  const staffUser = async (client: Client) => (await client.get("/api/staff/me")).json.user

  host.it("T85 completes what it has held, and nothing that the other has", async () => {
    const { app } = host
    const [customer, employee] = [await app.enrolled(), await app.enrolled(`staff-${newName()}`)]
    const staff = staffOf(app)
    expect(pathOf(await staff.signIn(employee.email, password))).toBe(five.challenge)
    // Both have been asked by now, the staff's after the customers'.
    const held = await app.held(customer)
    expect((await held.verify(oathCode(customer.secret))).status).toBe(200)
    expect([(await held.session())?.user.email, await staffUser(held)]).toEqual([customer.email, null])
    const code = await staff.post("/api/auth/mfa-verify", { code: oathCode(employee.secret) })
    expect(code.status, code.text).toBe(200)
    expect((await staffUser(staff)).email).toBe(employee.email)
    expect((await staff.get("/api/auth/session")).json, "no session of the customers' comes with it").toBeNull()
    const refused = staffOf(app)
    await refused.signIn(customer.email, password)
    expect(await staffUser(refused)).toBeNull()
  })

  host.it("T85 an app with another secret completes nothing that this one has held", async () => {
    const { app } = host
    const user = await app.enrolled()
    const held = await app.held(user)
    const there = new Client(await app.instance({ AUTH_SECRET: "another-secret-for-these-tests-0123456789" }))
    for (const [name, value] of held.cookies) there.cookies.set(name, value)
    const answer = await there.verify(oathCode(user.secret))
    expect([answer.status, there.sessionCookie], answer.text).toEqual([401, undefined])
  })
})
