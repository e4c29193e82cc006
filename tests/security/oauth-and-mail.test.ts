import type pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { builtApp, freePort, run, startApp } from "../../scripts/apps.mjs"
import { Client } from "../../scripts/http-client.mjs"
import { type IdentityProvider, startIdentityProvider } from "../support/identity-provider"
import { type MailServer, startMailServer } from "../support/mail-server"
import { oathCode, wrongCode } from "../support/otp"
import { createDatabase, hasPostgres } from "../support/postgres"

const reachable = await hasPostgres()
if (!reachable)
  console.error("\n!!! SKIPPED: OAuth, magic links and database sessions need PostgreSQL on 127.0.0.1:5432 with trust login\n")

let app: Awaited<ReturnType<typeof startApp>>
/** A second instance of the same app on the same database. */
let other: Awaited<ReturnType<typeof startApp>>
let idp: IdentityProvider
let mail: MailServer
let db: pg.Client
let dropDatabase: () => Promise<void>

beforeAll(async () => {
  if (!reachable) return
  // The mutation check puts an app with one defence taken out here.
  const dir = process.env.CHIMERAI_TEST_APP_next15_t3_database ?? builtApp("next15-t3-database")
  const sql = run("npx", ["prisma", "migrate", "diff", "--from-empty", "--to-schema-datamodel", "prisma/schema.prisma", "--script"], {
    cwd: dir,
  })
  const database = await createDatabase(sql)
  db = database.client
  dropDatabase = database.drop
  const port = await freePort()
  idp = await startIdentityProvider(await freePort(), `http://localhost:${port}/api/auth/callback/idp`)
  mail = await startMailServer(await freePort())
  const env = { DATABASE_URL: database.url, AUTH_IDP_ISSUER: idp.issuer, EMAIL_SERVER: mail.url }
  app = await startApp(dir, { port, env })
  other = await startApp(dir, { env })
})
afterAll(async () => {
  await Promise.all([app?.stop(), other?.stop()])
  await Promise.all([idp?.stop(), mail?.stop()])
  await dropDatabase?.()
})

const newName = () => Math.random().toString(36).slice(2, 10)

/** Sends the browser to the provider and back; the answer is the app's to the callback. */
async function signInWithProvider(client: Client, account: string) {
  idp.signInAs(account)
  const { json } = await client.get("/api/auth/csrf")
  const body = new URLSearchParams({ csrfToken: json.csrfToken, callbackUrl: "/?from=idp" })
  const start = await client.request("/api/auth/signin/idp", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
  })
  let location = start.headers.get("location") ?? ""
  const provider = new Client(idp.issuer)
  while (location.startsWith(idp.issuer)) location = new URL((await provider.get(location)).headers.get("location") ?? "", idp.issuer).href
  return client.get(location)
}

async function askForLink(client: Client, address: string): Promise<string> {
  const { json } = await client.get("/api/auth/csrf")
  const body = new URLSearchParams({ csrfToken: json.csrfToken, email: address, callbackUrl: "/?from=mail" })
  const answer = await client.request("/api/auth/signin/nodemailer", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
  })
  expect(answer.headers.get("location")).toMatch(/verify-request/)
  return /http:\/\/localhost:\d+\/api\/auth\/callback\/nodemailer\?\S+/.exec(await mail.waitFor(address))?.[0] ?? ""
}

/** A user who first signed in through the provider and then turned MFA on. */
async function enrolled() {
  const name = newName()
  const client = new Client(app.url)
  await signInWithProvider(client, name)
  const setup = await client.post("/api/mfa/setup")
  expect(setup.status, app.output.join("")).toBe(200)
  const verified = await client.post("/api/mfa/verify", { code: oathCode(setup.json.secret, -1) })
  expect(verified.status, app.output.join("")).toBe(200)
  return {
    name,
    email: `${name}@example.com`,
    client,
    secret: setup.json.secret as string,
    backupCodes: verified.json.backupCodes as string[],
  }
}

const rows = async (sql: string, ...values: unknown[]) => (await db.query(sql, values)).rows
const sessionsOf = async (email: string) => rows('SELECT s.* FROM "Session" s JOIN "User" u ON u.id = s."userId" WHERE u.email = $1', email)

describe.skipIf(!reachable)("OAuth with database sessions", () => {
  test("without MFA: signed in, linked, where it was going; no column of ours in the session", async () => {
    const client = new Client(app.url)
    const name = newName()
    const answer = await signInWithProvider(client, name)
    expect(answer.headers.get("location")).toBe(`${app.url}/?from=idp`)
    expect((await client.session())?.user).toMatchObject({ name, email: `${name}@example.com` })
    expect((await client.get("/api/auth/session")).text).not.toMatch(/mfa/i)
    expect(await rows('SELECT type, provider FROM "Account" WHERE "providerAccountId" = $1', name)).toEqual([
      { type: "oidc", provider: "idp" },
    ])
  })

  test("T15, T12 with MFA: held, no session row and no session cookie; then the same session as without", async () => {
    const user = await enrolled()
    const before = await sessionsOf(user.email)
    const client = new Client(app.url)
    const held = await signInWithProvider(client, user.name)
    expect(new URL(held.headers.get("location") ?? "").pathname).toBe("/login/mfa")
    expect(client.sessionCookie).toBeUndefined()
    expect(await client.session()).toBeNull()
    expect(await sessionsOf(user.email)).toEqual(before)
    expect((await client.get("/login/mfa")).text).toContain(user.email)
    expect((await client.verify(wrongCode(user.secret))).status).toBe(400)
    const done = await client.verify(oathCode(user.secret))
    expect([done.status, done.json]).toEqual([200, { success: true, redirectTo: "/?from=idp" }])
    expect((await client.session())?.user).toMatchObject({ name: user.name, email: user.email })
    expect(await sessionsOf(user.email)).toHaveLength(before.length + 1)
    expect(await rows('SELECT type FROM "Account" WHERE "providerAccountId" = $1', user.name)).toEqual([{ type: "oidc" }])
  })

  test("T45 turning MFA on deletes the other sessions and keeps this one", async () => {
    const name = newName()
    const [here, there] = [new Client(app.url), new Client(app.url)]
    await signInWithProvider(there, name)
    await signInWithProvider(here, name)
    const { json } = await here.post("/api/mfa/setup")
    expect((await here.post("/api/mfa/verify", { code: oathCode(json.secret) })).status).toBe(200)
    expect(await there.session()).toBeNull()
    expect(await here.session()).not.toBeNull()
    expect(await sessionsOf(`${name}@example.com`)).toHaveLength(1)
  })

  test("T9 a session whose sign-in is older than ten minutes must sign in again; doing so is enough", async () => {
    const name = newName()
    const client = new Client(app.url)
    await signInWithProvider(client, name)
    const [cookie, token = ""] = [...client.cookies].find(([key]) => key.includes("session-token")) ?? []
    const old = token.replace(/\.\w+$/, `.${(Date.now() - 601_000).toString(36)}`)
    await db.query('UPDATE "Session" SET "sessionToken" = $1 WHERE "sessionToken" = $2', [old, token])
    client.cookies.set(cookie ?? "", old)
    expect((await client.session())?.user.name).toBe(name)
    expect((await client.post("/api/mfa/setup")).json.code).toBe("reauth_required")
    const again = new Client(app.url)
    await signInWithProvider(again, name)
    expect((await again.post("/api/mfa/setup")).status).toBe(200)
  })

  test("T9 linking an account of one's own to a stolen old session makes it no younger", async () => {
    const victim = newName()
    const thief = new Client(app.url)
    await signInWithProvider(thief, victim)
    const [cookie, token = ""] = [...thief.cookies].find(([key]) => key.includes("session-token")) ?? []
    const old = token.replace(/\.\w+$/, `.${(Date.now() - 601_000).toString(36)}`)
    await db.query('UPDATE "Session" SET "sessionToken" = $1 WHERE "sessionToken" = $2', [old, token])
    thief.cookies.set(cookie ?? "", old)
    await signInWithProvider(thief, newName())
    expect((await thief.session())?.user.name).toBe(victim)
    expect((await thief.post("/api/mfa/setup")).json.code).toBe("reauth_required")
  })

  test("linking another account while signed in is not held, and signs nobody out", async () => {
    const user = await enrolled()
    const other = newName()
    const answer = await signInWithProvider(user.client, other)
    expect(answer.headers.get("location")).toBe(`${app.url}/?from=idp`)
    expect((await user.client.session())?.user.email).toBe(user.email)
    expect(await rows('SELECT u.email FROM "Account" a JOIN "User" u ON u.id = a."userId" WHERE "providerAccountId" = $1', other)).toEqual([
      { email: user.email },
    ])
    // and signing in with it is held like any other way in
    const held = await signInWithProvider(new Client(app.url), other)
    expect(new URL(held.headers.get("location") ?? "").pathname).toBe("/login/mfa")
  })

  test("T18 an account that nobody has, with the address of a user with MFA, gets no session and no challenge", async () => {
    const user = await enrolled()
    await db.query('UPDATE "Account" SET "providerAccountId" = $1 WHERE "providerAccountId" = $2', [`${user.name}-moved`, user.name])
    const before = (await rows('SELECT id FROM "MfaChallenge"')).length
    const answer = await signInWithProvider(new Client(app.url), user.name)
    expect(answer.headers.get("location")).toContain("OAuthAccountNotLinked")
    expect((await rows('SELECT id FROM "MfaChallenge"')).length).toBe(before)
  })
})

describe.skipIf(!reachable)("two instances on one PostgreSQL", () => {
  /** The same browser, talking to one instance after the other. */
  const spread = (client: Client, requests: number) =>
    Array.from({ length: requests }, (_, index) => {
      const copy = client.clone()
      copy.origin = index % 2 === 0 ? app.url : other.url
      return copy
    })
  async function held(user: { name: string }) {
    const client = new Client(app.url)
    await signInWithProvider(client, user.name)
    return client
  }

  test("T4 one challenge answered in parallel with several right codes gives one session", async () => {
    for (let round = 0; round < 3; round++) {
      const user = await enrolled()
      const client = await held(user)
      const answers = await Promise.all(spread(client, 5).map((copy, index) => copy.verify(user.backupCodes[index], true)))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401, 401])
    }
  })

  test("T4 one code over two challenges, T6 one backup code over four", async () => {
    const user = await enrolled()
    const clients = [...spread(await held(user), 1), ...spread(await held(user), 2).slice(1)]
    const code = oathCode(user.secret)
    const answers = await Promise.all(clients.map((client) => client.verify(code)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400])
    const four = [await held(user), await held(user), await held(user), await held(user)].map(
      (client, index) => spread(client, 2)[index % 2] ?? client,
    )
    const backups = await Promise.all(four.map((client) => client.verify(user.backupCodes[0], true)))
    expect(backups.map(({ status }) => status).toSorted()).toEqual([200, 400, 400, 400])
  })

  test("T2, T43 parallel guesses share the account's cap, and the count is exact", async () => {
    const user = await enrolled()
    const clients = await Promise.all(Array.from({ length: 10 }, () => held(user)))
    const wrong = wrongCode(user.secret)
    const answers = await Promise.all(clients.flatMap((client) => spread(client, 4)).map((client) => client.verify(wrong)))
    const invalid = answers.filter(({ status }) => status === 400).length
    expect(answers.every(({ status }) => [400, 429].includes(status))).toBe(true)
    expect(invalid).toBe(5)
    expect(await rows('SELECT failures FROM "MfaThrottle" t JOIN "User" u ON u.id = t."userId" WHERE email = $1', user.email)).toEqual([
      { failures: 5 },
    ])
    const [, late] = spread(await held(user), 2)
    expect((await late?.verify(oathCode(user.secret)))?.status).toBe(429)
  })
})

describe.skipIf(!reachable)("magic links with database sessions", () => {
  test("T16 sending the link is not held, opening it is; the session comes with the code", async () => {
    const user = await enrolled()
    const before = await sessionsOf(user.email)
    const client = new Client(app.url)
    const challenges = (await rows('SELECT id FROM "MfaChallenge"')).length
    const link = await askForLink(client, user.email)
    expect((await rows('SELECT id FROM "MfaChallenge"')).length).toBe(challenges)
    const opened = await client.get(link)
    expect(new URL(opened.headers.get("location") ?? "").pathname).toBe("/login/mfa")
    expect(await client.session()).toBeNull()
    expect(await sessionsOf(user.email)).toEqual(before)
    expect(await rows('SELECT "emailVerified" FROM "User" WHERE email = $1', user.email), "verified at completion only").toEqual([
      { emailVerified: null },
    ])
    const done = await client.verify(user.backupCodes[0], true)
    expect([done.status, done.json]).toEqual([200, { success: true, redirectTo: "/?from=mail" }])
    expect((await client.session())?.user.email).toBe(user.email)
    expect((await rows('SELECT "emailVerified" FROM "User" WHERE email = $1', user.email))[0]?.emailVerified).toBeInstanceOf(Date)
    expect((await client.get(link)).headers.get("location"), "the link is used up").toContain("error=Verification")
  })

  test("without MFA it signs in as before", async () => {
    const client = new Client(app.url)
    const address = `${newName()}@example.com`
    const opened = await client.get(await askForLink(client, address))
    expect(opened.headers.get("location")).toBe(`${app.url}/?from=mail`)
    expect((await client.session())?.user.email).toBe(address)
  })
})
