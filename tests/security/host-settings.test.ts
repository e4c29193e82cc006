/** Settings of a host that sign-ins depend on: its middleware, its cookies, its columns, its callbacks, its database's bad moments. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Client } from "../../scripts/http-client.mjs"
import { type Fixture, fixturesNamed, recordedFixtures, TestApp } from "../support/fixtures"
import { oathCode } from "../support/otp"
import { isReachable, type Kind } from "../support/sql"

const kinds: Kind[] = ["sqlite", "postgresql", "mariadb"]
const reachable = new Map(await Promise.all(kinds.map(async (kind) => [kind, await isReachable(kind)] as const)))

/** The app of the fixture, for the tests of one block. */
function running(fixture: Fixture, env: Record<string, string> = {}) {
  let app: TestApp | undefined
  beforeAll(async () => {
    if (reachable.get(fixture.database)) app = await TestApp.start(fixture, env)
  })
  afterAll(() => app?.stop())
  const it = test.skipIf(!reachable.get(fixture.database))
  return {
    it,
    get app() {
      if (!app) throw new Error("not running")
      return app
    },
  }
}

const guarded = ["next16-credentials/cached", "next16-credentials/strict", "next15-v4-jwt/provider-ids"]
describe.each(fixturesNamed(...guarded))("%s", (_name, fixture) => {
  describe("middleware that guards everything", () => {
    const host = running(fixture)

    host.it.each(["", "/"])("T69 the challenge is reached, and completed, at its path with %j behind it", async (slash) => {
      const { app } = host
      const user = await app.enrolled()
      const client = await app.held(user)
      const page = await client.get(fixture.challenge + slash)
      expect([page.status, page.headers.get("location")]).toEqual([200, null])
      expect(page.text).toContain(user.email)
      expect((await client.verify(oathCode(user.secret))).status).toBe(200)
      expect((await client.session())?.user.email).toBe(user.email)
    })

    host.it("T12, T47 nothing else is reached with a sign-in that is held", async () => {
      const { app } = host
      const client = await app.held(await app.enrolled())
      for (const path of [
        "/dashboard",
        "/settings/mfa",
        "/settings/mfa/confirm",
        `${fixture.challenge}/x`,
        `${fixture.challenge}x`,
        `${fixture.challenge}%2f`,
      ]) {
        const answer = await client.get(path)
        expect(answer.status, path).not.toBe(200)
        expect(answer.text, path).not.toContain("@example.com")
      }
    })
  })
})

describe.each(fixturesNamed("next16-credentials/strict"))("%s", (_name, fixture) => {
  const host = running(fixture)

  host.it("T73 a row with a Decimal, and fields that the client computes, is no reason to refuse a sign-in", async () => {
    const { app } = host
    const user = await app.enrolled()
    await app.sql.rows('UPDATE "User" SET "credit" = 12.5 WHERE "id" = ?', user.id)
    const client = await app.held(user)
    expect((await client.verify(oathCode(user.secret))).status, app.output.slice(-2000)).toBe(200)
    expect((await client.get("/dashboard")).text).toContain("12.50")
    expect((await client.get("/api/auth/session")).text).not.toMatch(/mfa|passwordHash|credit/)
  })

  host.it("T71 in a frame the challenge comes back: its cookie is as the app's own, SameSite=None and Secure", async () => {
    const { app } = host
    const user = await app.enrolled()
    const client = app.client()
    const answer = await app.firstFactor(client, user)
    const cookie = answer.headers.getSetCookie().find((value) => /mfa-challenge=[^;]/.test(value)) ?? ""
    expect(cookie).toMatch(/^__Host-mfa-challenge=/)
    for (const attribute of [/; SameSite=None/i, /; Secure/i, /; HttpOnly/i, /; Path=\/(;|$)/i]) expect(cookie).toMatch(attribute)
    expect(cookie).not.toMatch(/; Domain=/i)
  })

  host.it("T26, T69 the app's Content-Security-Policy is on the challenge page too, with the nonce of its scripts", async () => {
    const { app } = host
    const client = await app.held(await app.enrolled())
    const page = await client.get(fixture.challenge)
    const policy = page.headers.get("content-security-policy") ?? ""
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1]
    expect(policy).toContain("script-src")
    expect(nonce).toBeTruthy()
    const scripts = page.text.match(/<script\b[^>]*>/g) ?? []
    expect(scripts.length).toBeGreaterThan(0)
    for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`)
    expect(page.text).not.toMatch(/ style="/)
  })

  host.it("T75 what a proxy says of the app's name, in whatever spelling, is no other site", async () => {
    const { app } = host
    const { client } = await app.enrolled()
    for (const name of ["app.example", "app.example, app.example", "app.example:443"]) {
      const browser = new Client(app.url, undefined, {
        origin: "https://app.example",
        headers: { "x-forwarded-host": name, "x-forwarded-proto": "https" },
      })
      for (const [key, value] of client.cookies) browser.cookies.set(key, value)
      expect((await browser.post("/api/auth/mfa-verify", { code: "123456" })).json.code, name).toBe("no_challenge")
      const evil = await browser.post("/api/auth/mfa-verify", { code: "123456" }, { origin: "https://evil.example" })
      expect(evil.json.code, name).toBe("cross_site")
    }
  })

  host.it("T75 a held sign-in is sent to the name that visitors know, or to where next-auth sends one without MFA", async () => {
    const { app } = host
    const originOf = (answer: { headers: Headers }) => new URL(answer.headers.get("location") ?? "", app.origin).origin
    const plain = await app.firstFactor(app.client(), await app.createUser())
    const client = app.client()
    const held = await app.firstFactor(client, await app.enrolled())
    expect([...client.cookies.keys()]).toContain("__Host-mfa-challenge")
    // Without AUTH_URL, next-auth 5 goes by what Next.js makes of the address the server listens on.
    expect([app.origin, originOf(plain)]).toContain(originOf(held))
  })
})

const reading = [
  ...["next16-credentials", "next16-credentials/cached", "next16-split-postgres", "next15-v4-jwt", "next15-v4-jwt/provider-ids"],
  ...["next15-t3-database", "next14-v4-mariadb"],
]
describe.each(fixturesNamed(...reading))("%s", (_name, fixture) => {
  describe("the database blinks", () => {
    const host = running(fixture)

    host.it.each(["with MFA", "without"])("T49, T68 a user %s is not signed in meanwhile, and is again afterwards", async (kind) => {
      const { app } = host
      const user = kind === "without" ? await app.createUser() : await app.enrolled()
      const client: Client = "client" in user ? (user.client as Client) : await app.signedIn(user)
      const cookie = client.sessionCookie
      expect(cookie).toBeDefined()
      await app.sql.rows('ALTER TABLE "User" RENAME TO "Gone"')
      try {
        for (const path of ["/api/auth/session", "/dashboard", "/api/auth/session"]) {
          const answer = await client.get(path)
          expect(answer.json?.user ?? null, path).toBeNull()
          expect(answer.text, path).not.toContain(user.email)
          for (const set of answer.headers.getSetCookie().filter((value) => value.includes("session-token"))) {
            expect(set, path).not.toMatch(/^[^=]+=;/)
            expect(set, path).not.toMatch(/max-age=0|expires=thu, 01 jan 1970/i)
          }
        }
      } finally {
        await app.sql.rows('ALTER TABLE "Gone" RENAME TO "User"')
      }
      expect(client.sessionCookie, "the cookie is kept").toBeDefined()
      expect((await client.session())?.user.email).toBe(user.email)
    })
  })
})

const recorded = recordedFixtures.filter(({ name }) => ["next16-credentials/recorded", "next15-v4-jwt"].includes(name))
describe.each(recorded.map((fixture): [string, Fixture] => [fixture.name, fixture]))("%s", (_name, fixture) => {
  describe("fields beside the password", () => {
    const host = running(fixture, { RECORD: "1" })

    host.it("T29, T70 what only sounds like a secret reaches the app's signIn after the code; what is one does not", async () => {
      const { app } = host
      const user = await app.enrolled()
      const kept = { companyCode: "c-17", zipCode: "10115", pinCode: "560001", tokenized: "no", shippingPin: "north gate" }
      const from = app.output.length
      const client = app.client()
      await app.firstFactor(client, user, { extra: { ...kept, otp: "999111", token: "t-0k3n" } })
      expect(app.output.slice(from), "the app's own callback has not run yet").not.toContain("callback signIn")
      expect((await client.verify(oathCode(user.secret))).status).toBe(200)
      await expect.poll(() => app.output.slice(from)).toContain("callback signIn")
      const lines = app.output.slice(from).match(/^RECORD .*callback signIn.*$/gm) ?? []
      expect(lines).toHaveLength(1)
      const [, { credentials }] = JSON.parse((lines[0] ?? "").slice("RECORD ".length))
      expect(credentials).toMatchObject(kept)
      for (const name of ["password", "otp", "token", "mfaCode"]) expect(credentials, name).not.toHaveProperty(name)
    })
  })
})

describe.each(fixturesNamed("next16-split-postgres/provider-ids", "next15-v4-jwt/provider-ids"))("%s", (_name, fixture) => {
  const host = running(fixture)
  const verdict = async (status: string) => {
    const { app } = host
    const user = await app.enrolled()
    await app.sql.rows('UPDATE "User" SET "status" = ? WHERE "id" = ?', status, user.id)
    const client = await app.held(user)
    return { client, done: await client.verify(oathCode(user.secret)) }
  }

  host.it("T72 a URL is followed after the code, without a session", async () => {
    const { client, done } = await verdict("unpaid")
    expect([done.status, done.json.redirectTo], done.text).toEqual([200, "/?invoice=open"])
    expect(client.sessionCookie).toBeUndefined()
    expect(await client.session()).toBeNull()
  })

  host.it.each(["blocked", "ended"])("T72 a refusal is a refusal, and the code is spent: %s", async (status) => {
    const { client, done } = await verdict(status)
    expect([done.status, done.json.code], done.text).toEqual([403, "denied"])
    expect(client.sessionCookie).toBeUndefined()
    expect((await client.verify("123456")).json.code).toBe("no_challenge")
  })
})

describe.each(fixturesNamed("next16-split-postgres", "next14-v4-pages"))("%s", (_name, fixture) => {
  describe("what fails at the end of a sign-in", () => {
    const host = running(fixture)

    host.it("T49, T72 is not called a refusal", async () => {
      const { app } = host
      const user = await app.enrolled()
      if (fixture.linking === "when-signed-in") await app.firstFactor(user.client, user, { way: "oauth" })
      const client = await app.held(user, "oauth")
      await app.sql.rows('ALTER TABLE "Account" RENAME TO "Gone"')
      try {
        const done = await client.verify(oathCode(user.secret))
        expect([500, 503], done.text).toContain(done.status)
        expect(done.json.code).not.toBe("denied")
        expect(done.text).not.toMatch(/prisma|Gone|Account/)
        expect(client.sessionCookie).toBeUndefined()
        expect(await client.session()).toBeNull()
      } finally {
        await app.sql.rows('ALTER TABLE "Gone" RENAME TO "Account"')
      }
      const again = await app.held(user)
      expect((await again.verify(user.backupCodes[0], true)).status).toBe(200)
    })
  })
})
