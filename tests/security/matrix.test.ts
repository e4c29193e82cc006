/**
 * The attack suite on every shape of host: the tests are named after SECURITY's threats, and `npm test` prints which
 * threat was tried on which fixture. What needs one host only is in the files beside this one.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "../../scripts/http-client.mjs"
import { evilTargets } from "../support/evil"
import { type Enrolled, fixtures, password, secret, TestApp } from "../support/fixtures"
import { oathCode, stepAfter, wrongCode } from "../support/otp"
import { isReachable } from "../support/sql"

const reachable = new Map(await Promise.all(fixtures.map(async ({ database }) => [database, await isReachable(database)] as const)))
for (const [kind, is] of reachable) if (!is) console.error(`\n!!! SKIPPED: fixtures that need ${kind} on 127.0.0.1 with trust login\n`)

const sessionCookie = /session-token(\.\d)?=[^;]/
const eventsOf = (app: TestApp, code: string) => app.count('SELECT count(*) FROM "MfaEvent" WHERE "type" = ?', code)

describe.each(fixtures.map((fixture) => [fixture.name, fixture] as const))("%s", (_, fixture) => {
  const credentials = fixture.ways.includes("credentials")
  const jwt = fixture.sessions === "jwt"
  let app: TestApp
  /** For tests that need codes which are older than the setup's own. */
  let early: Enrolled
  let enrolledEarly: number
  const it = test.skipIf(!reachable.get(fixture.database))
  /** What does not apply to a shape is no test of it, rather than a skipped one. */
  const only = (applies: boolean) => (applies ? it : () => {})

  beforeAll(async () => {
    if (!reachable.get(fixture.database)) return
    app = await TestApp.start(fixture)
    early = await app.enrolled()
    enrolledEarly = Date.now()
  })
  afterAll(() => app?.stop())

  const failures = async (user: Enrolled) => app.count('SELECT "failures" FROM "MfaThrottle" WHERE "userId" = ?', user.id)
  const isEnabled = async (user: { id: string }) => Boolean(await app.count('SELECT "mfaEnabled" FROM "User" WHERE "id" = ?', user.id))
  const place = (client: Client, answer: { headers: Headers }) => new URL(answer.headers.get("location") ?? "", client.publicOrigin)
  /** Pages have one address, whether or not the app puts a slash behind it. */
  const page = (client: Client, answer: { headers: Headers }) => place(client, answer).pathname.replace(/(.)\/$/, "$1")

  /** The route's own answer, unless the app's middleware has answered before it. */
  function expectRefused(client: Client, answer: Awaited<ReturnType<Client["get"]>>, path: string) {
    if (fixture.guardsApi && answer.status === 307) expect(page(client, answer), path).toBe("/login")
    else expect(answer.status, path).toBe(401)
  }

  /** Nobody is signed in, wherever the app looks. */
  async function expectSignedOut(client: Client) {
    expect(await client.session()).toBeNull()
    for (const path of fixture.readers) {
      const answer = await client.get(path)
      if (path.startsWith("/api") && !fixture.guardsApi) expect(answer.json.user, path).toBeNull()
      else expect([302, 307], path).toContain(answer.status)
    }
    for (const path of ["setup", "verify", "disable", "backup-codes"])
      expectRefused(client, await client.post(`/api/mfa/${path}`, { code: "123456" }), path)
    expectRefused(client, await client.get("/api/mfa/status"), "status")
  }

  it("a user without MFA signs in as before, to the same place", async () => {
    const user = await app.createUser()
    for (const way of fixture.ways) {
      const client = app.client()
      const answer = await app.firstFactor(client, user, { way, callbackUrl: "/dashboard?from=test" })
      if (way !== fixture.ways[0] && !(await client.session())) {
        expect(place(client, answer).search, "an account of the same address is not linked").toContain("OAuthAccountNotLinked")
        continue
      }
      expect(page(client, answer) + place(client, answer).search, way).toBe("/dashboard?from=test")
      expect((await client.session())?.user.email, way).toBe(user.email)
      expect((await client.get("/api/auth/session")).text, "no column of ours").not.toMatch(/mfa/i)
    }
    expect(await app.count('SELECT count(*) FROM "MfaChallenge" WHERE "userId" = ?', user.id)).toBe(0)
  })

  const threats: Record<string, string> = { credentials: "T12", oauth: "T15, T12", mail: "T16, T12" }
  test.each(fixture.ways.map((way) => [threats[way], way] as const))(
    "%s with MFA a sign-in by %s is held, and completed by a code",
    async (_threat, way) => {
      if (!reachable.get(fixture.database)) return expect.unreachable("the database is not reachable")
      const user = await app.enrolled()
      if (way !== fixture.ways[0] && fixture.linking === "when-signed-in") {
        // Only linked accounts sign in by OAuth here: link one while signed in.
        await app.firstFactor(user.client, user, { way })
      }
      const before = await app.count('SELECT count(*) FROM "MfaChallenge"')
      const client = app.client()
      const answer = await app.firstFactor(client, user, { way, callbackUrl: "/dashboard?from=test" })
      expect(page(client, answer), app.output.slice(-2000)).toBe(fixture.challenge)
      expect(answer.headers.getSetCookie().join("\n")).not.toMatch(sessionCookie)
      expect(await app.count('SELECT count(*) FROM "MfaChallenge"')).toBe(before + 1)
      await expectSignedOut(client)
      const shown = await client.get(fixture.challenge)
      expect(shown.status).toBe(200)
      expect(shown.text).toContain(user.email)
      const done = await client.verify(oathCode(user.secret))
      expect([done.status, done.json], app.output.slice(-2000)).toEqual([200, { success: true, redirectTo: "/dashboard?from=test" }])
      expect((await client.session())?.user.email).toBe(user.email)
      expect([...client.cookies.keys()].some((name) => name.includes("mfa-challenge"))).toBe(false)
      for (const path of fixture.readers) {
        const read = await client.get(path)
        expect(read.status, path).toBe(200)
        if (path.startsWith("/api")) expect(read.json.user, path).not.toBeNull()
      }
      expect((await client.get("/api/auth/session")).text, "no column of ours").not.toMatch(/mfa/i)
    },
  )

  only(fixture.ways.includes("mail"))("T16 sending a magic link is not held", async () => {
    const user = await app.enrolled()
    const before = await app.count('SELECT count(*) FROM "MfaChallenge"')
    expect(await app.askForLink(app.client(), user.email)).toMatch(/^http/)
    expect(await app.count('SELECT count(*) FROM "MfaChallenge"')).toBe(before)
  })

  only(credentials)("the password and the code may come together; a wrong one answers as a wrong password", async () => {
    const user = await app.enrolled()
    const client = app.client()
    const wrong = await client.signIn(user.email, password, { mfaCode: wrongCode(user.secret) })
    const wrongPassword = await app.client().signIn(user.email, "wrong password")
    expect([wrong.status, wrong.headers.get("location"), wrong.text]).toEqual([
      wrongPassword.status,
      wrongPassword.headers.get("location"),
      wrongPassword.text,
    ])
    expect(client.sessionCookie).toBeUndefined()
    expect(await failures(user)).toBe(1)
    await client.signIn(user.email, password, { mfaCode: oathCode(user.secret) })
    expect((await client.session())?.user.email).toBe(user.email)
  })

  it("T1 five wrong codes block the account, for right ones and new challenges too", async () => {
    const user = await app.enrolled()
    const client = await app.held(user)
    const wrong = wrongCode(user.secret)
    const answers = []
    for (let attempt = 0; attempt < 6; attempt++) answers.push(await client.verify(wrong))
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 429])
    expect(Number(answers[5]?.headers.get("retry-after"))).toBeGreaterThan(0)
    const fresh = await app.held(user)
    expect((await fresh.verify(oathCode(user.secret))).status).toBe(429)
    // T21 whoever has a backup code is not locked out, and sessions go on
    expect((await fresh.verify(user.backupCodes[0], true)).status).toBe(200)
    expect(await user.client.session()).not.toBeNull()
  })

  it("T2, T7 parallel guesses get no more tries, and the count is exact", async () => {
    const user = await app.enrolled()
    const clients = [await app.held(user), await app.held(user), await app.held(user)]
    const wrong = wrongCode(user.secret)
    const answers = await Promise.all(clients.flatMap((client) => Array.from({ length: 10 }, () => client.clone().verify(wrong))))
    const invalid = answers.filter(({ status }) => status === 400).length
    expect(answers.every(({ status }) => [400, 429, 503].includes(status))).toBe(true)
    expect(invalid).toBeGreaterThan(0)
    expect(invalid).toBeLessThanOrEqual(5)
    expect(await failures(user)).toBe(invalid)
  })

  it("T3, T5, T23 a used code, the step before it and the setup's own are answered like wrong ones", async () => {
    const user = await app.enrolled()
    const code = oathCode(user.secret)
    const setup = await (await app.held(user)).verify(user.enrolCode)
    expect((await (await app.held(user)).verify(code)).status).toBe(200)
    const replayed = await (await app.held(user)).verify(code)
    expect((await (await app.held(user)).verify(oathCode(user.secret, 1))).status).toBe(200)
    const older = await (await app.held(user)).verify(code)
    const wrong = await (await app.held(user)).verify(wrongCode(user.secret))
    for (const answer of [setup, replayed, older]) expect([answer.status, answer.text]).toEqual([400, wrong.text])
  })

  it("T4, T6 one code in parallel signs in once, and so does one backup code", async () => {
    const user = await app.enrolled()
    const clients = [await app.held(user), await app.held(user), await app.held(user)]
    const code = oathCode(user.secret)
    const answers = await Promise.all(clients.map((client) => client.verify(code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const others = [await app.held(user), await app.held(user), await app.held(user)]
    const backups = await Promise.all(others.map((client) => client.verify(user.backupCodes[0], true)))
    expect(backups.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await user.client.get("/api/mfa/status")).json.backupCodesRemaining).toBe(9)
  })

  /** Codes that were used are free again: a test may need more of them than there are steps. */
  const freeCodes = (user: Enrolled) => app.sql.rows('UPDATE "MfaFactor" SET "lastStep" = 0 WHERE "userId" = ?', user.id)
  const freeTries = (user: Enrolled) => app.sql.rows('UPDATE "MfaThrottle" SET "failures" = 0, "remaining" = 5 WHERE "userId" = ?', user.id)

  it("T8 a setup while MFA is on changes nothing; a device is replaced without a gap", async () => {
    const user = await app.enrolled()
    const expectOldCodeSignsIn = async (when: string) => {
      await freeCodes(user)
      expect((await (await app.held(user)).verify(oathCode(user.secret))).status, when).toBe(200)
      expect(await isEnabled(user), when).toBe(true)
      expect((await user.client.get("/api/mfa/status")).json.enabled, when).toBe(true)
    }
    expect((await user.client.post("/api/mfa/setup")).json.code).toBe("already_enabled")
    await expectOldCodeSignsIn("after a setup that is refused")
    await freeCodes(user)
    const setup = await user.client.post("/api/mfa/setup", { code: oathCode(user.secret) })
    expect(setup.status).toBe(200)
    expect(setup.json.secret).not.toBe(user.secret)
    await expectOldCodeSignsIn("while another device is pending")
    expect((await (await app.held(user)).verify(oathCode(setup.json.secret))).status, "the pending one signs nobody in").toBe(400)
    expect((await user.client.post("/api/mfa/verify", { code: wrongCode(setup.json.secret) })).status).toBe(400)
    await expectOldCodeSignsIn("after a wrong code of the pending device")
    const verified = await user.client.post("/api/mfa/verify", { code: oathCode(setup.json.secret, -1) })
    expect(verified.json.backupCodes).toHaveLength(10)
    expect((await (await app.held(user)).verify(user.backupCodes[0], true)).status).toBe(400)
    await freeCodes(user)
    expect((await (await app.held(user)).verify(oathCode(user.secret))).status, "the replaced device").toBe(400)
    expect((await (await app.held(user)).verify(oathCode(setup.json.secret))).status).toBe(200)
  })

  it("T9, T67 a session that is not fresh enrols nobody, and signing in again, by whatever way, is enough", async () => {
    const user = await app.createUser()
    const client = await app.signedIn(user)
    const expectTooOld = async (what: string) => {
      const answer = await client.post("/api/mfa/setup")
      expect([answer.status, answer.json.code], what).toEqual([403, "reauth_required"])
      expect((await client.post("/api/mfa/verify", { code: "123456" })).status, what).not.toBe(200)
    }
    const [name = "", fresh = ""] = [...client.cookies].find(([key]) => key.includes("session-token")) ?? []
    await app.age(client, 601)
    await expectTooOld("eleven minutes ago")
    /** The row of a database session has been renamed; a JWT's is only a copy. */
    const become = async (token: string) => {
      if (!jwt) await app.sql.rows('UPDATE "Session" SET "sessionToken" = ? WHERE "sessionToken" = ?', token, client.cookies.get(name))
      client.cookies.set(name, token)
    }
    await become(fresh)
    await app.age(client, -7200)
    await expectTooOld("in two hours")
    if (jwt) {
      const claims = app.claims(user)
      const now = Math.floor(Date.now() / 1000)
      const times = [601, -7200].map((seconds) => ({ mfaUid: user.id, mfaEpoch: 0, mfaAt: now - seconds }))
      for (const old of [{}, ...times, { mfaUid: user.id, mfaEpoch: 0, mfaAt: "soon" }]) {
        const forged = await app.forge({ ...claims, ...old })
        client.cookies.set(forged.name, forged.value)
        await expectTooOld(JSON.stringify(old))
      }
    } else {
      await become(fresh.split(".")[0] ?? "")
      await expectTooOld("nobody knows when")
    }
    expect(await app.count('SELECT count(*) FROM "MfaFactor" WHERE "userId" = ?', user.id)).toBe(0)
    expect(await isEnabled(user)).toBe(false)
    for (const way of fixture.ways) {
      if (way === "oauth" && way !== fixture.ways[0] && fixture.linking === "when-signed-in") continue // no account of theirs yet
      expect((await (await app.signedIn(user, way)).post("/api/mfa/setup")).status, way).toBe(200)
    }
  })

  it("T10 no change of settings without a current factor: no code, a wrong one, a used one; nothing changes", async () => {
    const user = await app.enrolled()
    const state = async () => {
      const tables = [
        await app.sql.rows('SELECT "mfaEnabled", "mfaSecret", "mfaEpoch" FROM "User" WHERE "id" = ?', user.id),
        await app.sql.rows('SELECT "codeHash", "usedAt" FROM "MfaBackupCode" WHERE "userId" = ? ORDER BY "codeHash"', user.id),
        await app.sql.rows('SELECT "pendingSecret", "lastStep" FROM "MfaFactor" WHERE "userId" = ?', user.id),
      ]
      return JSON.stringify(tables, (_key, value) => (typeof value === "bigint" ? String(value) : value))
    }
    const before = await state()
    const status = await user.client.get("/api/mfa/status")
    for (const path of ["setup", "disable", "backup-codes", "step-up"])
      for (const body of [{}, { code: "" }, { code: wrongCode(user.secret) }, { code: user.enrolCode }]) {
        await freeTries(user)
        const answer = await user.client.post(`/api/mfa/${path}`, body)
        expect(answer.status, `${path} ${JSON.stringify(body)}`).toBe(path === "setup" && !("code" in body) ? 409 : 400)
        expect(answer.text).not.toContain("backupCodes")
        expect(await state(), `${path} ${JSON.stringify(body)}`).toBe(before)
      }
    await freeTries(user)
    expect((await user.client.get("/api/mfa/status")).json).toEqual(status.json)
    expect(status.json).toMatchObject({ enabled: true, backupCodesRemaining: 10 })
    expect((await user.client.post("/api/mfa/disable", { code: oathCode(user.secret) })).json).toEqual({ success: true })
    expect(await isEnabled(user)).toBe(false)
    expect(await (await app.signedIn(user)).session()).not.toBeNull()
  })

  it("T13 a challenge is its browser's own: another's code, a planted session cookie, a used or foreign challenge", async () => {
    const [a, b] = [await app.enrolled(), await app.enrolled()]
    const client = await app.held(b)
    client.cookies.set(app.sessionCookieName, "planted")
    expect((await client.verify(oathCode(a.secret))).status).toBe(400)
    expect(await client.session()).toBeNull()
    expect((await app.client().verify(oathCode(a.secret))).json.code).toBe("no_challenge")
    const copy = client.clone()
    expect((await client.verify(oathCode(b.secret))).status).toBe(200)
    expect((await copy.verify(oathCode(b.secret, 1))).json.code).toBe("no_challenge")
  })

  /** What `useSession().update(data)` sends. */
  async function update(client: Client, data: object) {
    const { json } = await client.get("/api/auth/csrf")
    await client.post("/api/auth/session", { csrfToken: json.csrfToken, data })
  }
  only(jwt)("T14, T61 what a client sends to update its session does not reach our claims, whatever the app does with it", async () => {
    const now = Date.now()
    const user = await app.enrolled()
    const claims = (id: unknown) => ({ mfaEpoch: 99, mfaUid: id, mfaSid: "x", mfaAt: now, mfaProvedAt: now, mfaVerified: true, mfa: {} })
    await update(user.client, { ...claims("someone"), mfaAt: 1 })
    expect((await user.client.session())?.user.email).toBe(user.email)
    expect((await user.client.get("/api/mfa/status")).json.enabled).toBe(true)

    const other = await app.signedIn(await app.createUser())
    await update(other, claims(user.id))
    expect((await other.get("/api/mfa/status")).json.enabled, "not the status of the other").toBe(false)

    // A session of somebody who has no row, as one has whose user was deleted or never kept.
    const stranger = app.client()
    const forged = await app.forge({ sub: "0", id: 0, userId: "0", name: "Nobody", email: "nobody@example.com" })
    stranger.cookies.set(forged.name, forged.value)
    await update(stranger, claims(user.id))
    for (const path of ["setup", "verify", "disable", "backup-codes", "step-up"])
      expectRefused(stranger, await stranger.post(`/api/mfa/${path}`, { code: oathCode(user.secret) }), path)
    expectRefused(stranger, await stranger.get("/api/mfa/status"), "status")
    expect(await failures(user), "no attempt of theirs").toBe(0)

    await app.sql.rows('UPDATE "User" SET "mfaEpoch" = 2 WHERE "id" = ?', user.id)
    await update(user.client, claims(user.id))
    expect(await user.client.session(), "an ended session cannot raise its epoch").toBeNull()
  })

  only(fixture.linking === "when-signed-in")("T18 an account nobody has, with a victim's address, is neither linked nor held", async () => {
    const name = Math.random().toString(36).slice(2, 10)
    const email = `${name}@example.com`
    const id = `victim-${name}`
    await app.sql.rows(
      'INSERT INTO "User" ("id", "email", "mfaEnabled") VALUES (?, ?, ?)',
      id,
      email,
      fixture.database === "sqlite" ? 1 : true,
    )
    const client = app.client()
    const answer = await app.firstFactor(client, { email, name }, { way: "oauth" })
    expect(place(client, answer).search).toContain("OAuthAccountNotLinked")
    expect(await app.count('SELECT count(*) FROM "MfaChallenge" WHERE "userId" = ?', id)).toBe(0)
    expect(await client.session()).toBeNull()
  })

  only(fixture.linking === "by-address")(
    "T15, T18 where addresses link accounts, the first sign-in with a new account is held too",
    async () => {
      const user = await app.enrolled()
      const client = app.client()
      await app.firstFactor(client, user, { way: "oauth" })
      expect(await app.count('SELECT count(*) FROM "Account" WHERE "userId" = ?', user.id), "not linked before the code").toBe(0)
      expect(client.sessionCookie).toBeUndefined()
      expect(await client.session()).toBeNull()
      expect((await client.verify(wrongCode(user.secret))).status).toBe(400)
      expect(await app.count('SELECT count(*) FROM "Account" WHERE "userId" = ?', user.id), "nor by a wrong one").toBe(0)
      expect((await client.verify(oathCode(user.secret))).status).toBe(200)
      expect(await app.sql.rows('SELECT "provider", "access_token" FROM "Account" WHERE "userId" = ?', user.id)).toMatchObject([
        { provider: "idp", access_token: expect.any(String) },
      ])
    },
  )

  it("T19 next-auth knows no provider of ours", async () => {
    const { json } = await app.client().get("/api/auth/providers")
    expect(Object.keys(json).filter((id) => /mfa/i.test(id))).toEqual([])
    expect(Object.keys(json).length).toBeGreaterThan(0)
  })

  only(credentials)("T21, T22 a wrong password answers the same with MFA, without, and for nobody, and counts for nothing", async () => {
    const [withMfa, without] = [await app.enrolled(), await app.createUser()]
    const before = await app.count('SELECT count(*) FROM "MfaChallenge"')
    const answers = await Promise.all(
      [withMfa.email, without.email, "nobody@example.com"].map((email) =>
        app.client().signIn(email, "wrong password", { mfaCode: "123456" }),
      ),
    )
    const seen = answers.map(({ status, text, headers }) => ({
      status,
      text,
      location: headers.get("location"),
      cookies: headers.getSetCookie().map((cookie) => cookie.split("=")[0]),
    }))
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
    expect(await app.count('SELECT count(*) FROM "MfaChallenge"')).toBe(before)
    expect(await failures(withMfa)).toBe(0)
  })

  const routes = ["/api/mfa/setup", "/api/mfa/verify", "/api/mfa/disable", "/api/mfa/backup-codes", "/api/auth/mfa-verify"]
  it("T25 no route takes what another site can send; T34 none is cached", async () => {
    const user = await app.enrolled()
    for (const path of routes) {
      for (const headers of [
        { origin: "https://evil.example" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
      ]) {
        const answer = await user.client.post(path, { code: "123456" }, headers)
        expect([answer.status, answer.json.code], path).toEqual([403, "cross_site"])
        expect(answer.headers.get("cache-control")).toBe("no-store")
      }
      for (const type of ["text/plain", "application/x-www-form-urlencoded"])
        expect((await user.client.post(path, "code=1", { "content-type": type })).status, path).toBe(415)
      expect((await user.client.get(path)).status, path).toBe(405)
      for (const body of ["{", "[]", "null"]) expect((await user.client.post(path, body)).status, `${path} ${body}`).toBe(400)
    }
    expect(await isEnabled(user)).toBe(true)
    for (const path of ["/settings/mfa"]) expect((await user.client.get(path)).headers.get("cache-control"), path).toMatch(/no-store/)
    expect((await (await app.held(user)).get(fixture.challenge)).headers.get("cache-control")).toMatch(/no-store/)
  })

  it("T27 the sign-in ends on this site, wherever it was asked to go; T28 the challenge's token is in the cookie alone", async () => {
    const user = await app.enrolled()
    for (const callbackUrl of ["https://evil.example/", "//evil.example", "/\\evil.example"]) {
      const client = app.client()
      const answer = await app.firstFactor(client, user, { callbackUrl })
      const cookie = answer.headers.getSetCookie().find((value) => value.includes("mfa-challenge")) ?? ""
      expect(cookie).toMatch(/HttpOnly/)
      expect(cookie).toMatch(new RegExp(`SameSite=${fixture.sameSite ?? "Lax"}`, "i"))
      expect(cookie).not.toMatch(/^(authjs|next-auth)\.session-token/)
      const token = cookie.slice(cookie.indexOf("=") + 1, cookie.indexOf(";"))
      expect(answer.headers.get("location")).not.toContain(token)
      expect((await client.get(fixture.challenge)).text).not.toContain(token)
      expect(await app.count('SELECT count(*) FROM "MfaChallenge" WHERE "id" = ?', token)).toBe(0)
    }
    const without = await app.createUser()
    /** Where next-auth makes an error of the address at once, the provider is never reached. */
    const tryFirst = (browser: Client, who: typeof without, callbackUrl: string) =>
      app.firstFactor(browser, who, { callbackUrl }).catch(() => null)
    for (const callbackUrl of evilTargets) {
      await freeCodes(user)
      const client = app.client()
      await tryFirst(client, user, callbackUrl)
      if (![...client.cookies.keys()].some((name) => name.includes("mfa-challenge"))) {
        // What no parser takes for an address is an error of next-auth's own: nobody signs in with it.
        const plain = app.client()
        await tryFirst(plain, without, callbackUrl)
        expect([await client.session(), await plain.session()], JSON.stringify(callbackUrl)).toEqual([null, null])
        continue
      }
      const page = await client.get(`${fixture.challenge}?${new URLSearchParams({ callbackUrl })}`)
      const links = [...page.text.matchAll(/(?:href|action)="([^"]*)"/g)].map(([, link = ""]) => link.replaceAll("&amp;", "&"))
      for (const link of links) expect(new URL(link, app.origin).origin, `${callbackUrl} became ${link}`).toBe(app.origin)
      const { status, json } = await client.verify(oathCode(user.secret))
      expect(status, callbackUrl).toBe(200)
      // What a browser makes of it, standing on the challenge page.
      const target = new URL(json.redirectTo, app.origin + fixture.challenge)
      expect(target.origin, `${JSON.stringify(callbackUrl)} became ${json.redirectTo}`).toBe(app.origin)
    }
  })

  it("T26 a page that another site frames comes without cookies, unless the app chose that for its own", async () => {
    const user = await app.enrolled()
    const client = app.client()
    const held = await app.firstFactor(client, user)
    const done = await client.verify(user.backupCodes[0], true)
    const cookies = [...held.headers.getSetCookie(), ...done.headers.getSetCookie()].filter((cookie) =>
      /mfa-challenge=[^;]|session-token[^=]*=[^;]/.test(cookie),
    )
    expect(cookies.length).toBeGreaterThanOrEqual(2)
    for (const cookie of cookies) expect(cookie).toMatch(new RegExp(`SameSite=${fixture.sameSite ?? "Lax"}`, "i"))
    if (fixture.sameSite) for (const cookie of cookies) expect(cookie).toMatch(/; Secure/)
  })

  it("T37, T38 a secret that was swapped or altered opens for nobody", async () => {
    const [a, b] = [await app.enrolled(), await app.enrolled()]
    const sealed = async (user: Enrolled) =>
      String((await app.sql.rows('SELECT "mfaSecret" FROM "User" WHERE "id" = ?', user.id))[0]?.mfaSecret)
    const put = (user: Enrolled, text: string) => app.sql.rows('UPDATE "User" SET "mfaSecret" = ? WHERE "id" = ?', text, user.id)
    const [own, others] = [await sealed(a), await sealed(b)]
    const tampered = await eventsOf(app, "tampered")
    await put(a, others)
    expect((await (await app.held(a)).verify(oathCode(b.secret))).status).toBe(400)
    const at = own.lastIndexOf(".") - 4
    await put(a, own.slice(0, at) + (own[at] === "A" ? "B" : "A") + own.slice(at + 1))
    expect((await (await app.held(a)).verify(oathCode(a.secret))).status).toBe(400)
    expect(await eventsOf(app, "tampered")).toBe(tampered + 2)
    await put(a, own)
    expect((await (await app.held(a)).verify(oathCode(a.secret))).status).toBe(200)
  })

  it("T39 the database holds no secret, code or cookie", async () => {
    const user = await app.enrolled()
    const client = await app.held(user)
    const cookie = [...client.cookies].find(([name]) => name.includes("mfa-challenge"))?.[1] ?? ""
    expect(cookie).not.toBe("")
    const tables = ["User", "MfaFactor", "MfaThrottle", "MfaBackupCode", "MfaChallenge", "MfaEvent"]
    const dump = JSON.stringify(await Promise.all(tables.map((table) => app.sql.rows(`SELECT * FROM "${table}"`))), (_key, value) =>
      typeof value === "bigint" ? String(value) : value,
    )
    for (const value of [user.secret, cookie, ...user.backupCodes, ...user.backupCodes.map((code) => code.replaceAll("-", ""))])
      expect(dump.includes(value)).toBe(false)
  })

  it("T40, T41 one step of drift either way, and the server's clock alone", async () => {
    const user = early
    // The code of the setup never signs in, nor does one before it: by now the step before is a later one.
    await stepAfter(enrolledEarly)
    const verdicts: number[] = []
    for (const step of [-2, -1, 0, 1, 2]) {
      await app.sql.rows('UPDATE "MfaFactor" SET "lastStep" = 0 WHERE "userId" = ?', user.id)
      const client = await app.held(user)
      const body = { code: oathCode(user.secret, step), timestamp: Date.now() + step * 30_000, now: 0 }
      verdicts.push((await client.post("/api/auth/mfa-verify", body)).status)
    }
    expect(verdicts).toEqual([400, 200, 200, 200, 400])
  })

  it("T42 a deleted user: nothing is left, and no session goes on", async () => {
    const user = await app.enrolled()
    const client = await app.held(user)
    await app.sql.rows('DELETE FROM "User" WHERE "id" = ?', user.id)
    for (const table of ["MfaFactor", "MfaThrottle", "MfaBackupCode", "MfaChallenge", "MfaEvent"])
      expect(await app.count(`SELECT count(*) FROM "${table}" WHERE "userId" = ?`, user.id), table).toBe(0)
    expect((await client.verify(oathCode(user.secret))).status).toBe(401)
    expect(await user.client.session()).toBeNull()
  })

  it(`T45${fixture.linking === "no-adapter" ? ", T62" : ""} turning MFA on ends the other sessions, and this one goes on`, async () => {
    const user = await app.createUser()
    const [other, client] = [await app.signedIn(user), await app.signedIn(user)]
    const before = app.client()
    if (jwt) {
      const { name, value } = await app.forge(app.claims(user))
      before.cookies.set(name, value)
      expect(await before.session(), "a token from before the install").not.toBeNull()
    }
    const { json } = await client.post("/api/mfa/setup")
    expect((await client.post("/api/mfa/verify", { code: oathCode(json.secret) })).status).toBe(200)
    const readers = fixture.readers.filter((path) => path !== "/api/token")
    for (const ended of [other, before]) {
      for (const path of readers) {
        const answer = await ended.clone().get(path)
        if (path.startsWith("/api")) expect(answer.json.user ?? null, path).toBeNull()
        // A middleware with a NextAuth of its own goes by the token alone; what the page reads is nobody.
        else expect(answer.text, path).not.toContain(user.email)
      }
      expect(await ended.session()).toBeNull()
    }
    expect(await client.session()).not.toBeNull()
    for (const path of readers) expect((await client.get(path)).status, path).toBe(200)
  })

  only(fixture.readers.length > 0)("T47 a header that skips the middleware opens nothing", async () => {
    const client = await app.held(await app.enrolled())
    for (const path of fixture.readers) {
      const answer = await client.get(path, { "x-middleware-subrequest": Array.from({ length: 5 }, () => "middleware").join(":") })
      if (path.startsWith("/api")) expect(answer.json.user ?? null, path).toBeNull()
      expect(answer.text, path).not.toContain("@example.com")
    }
  })

  it("T50, T53 long, odd and extra input is a plain refusal", async () => {
    const user = await app.enrolled()
    const client = await app.held(user)
    for (const code of ["1".repeat(100_000), "１２３４５６", "123\u0000456", ["123456"], { $gt: "" }, 123456, null, true, "", "12345"]) {
      await app.sql.rows('UPDATE "MfaThrottle" SET "failures" = 0, "remaining" = 5 WHERE "userId" = ?', user.id)
      await app.sql.rows('UPDATE "MfaChallenge" SET "attempts" = 0 WHERE "userId" = ?', user.id)
      expect((await client.verify(code)).status, String(code).slice(0, 20)).toBe(400)
    }
    const extra = '"userId":"user-x","mfaEnabled":false,"constructor":{},"__proto__":{"isBackupCode":true}'
    expect((await client.post("/api/auth/mfa-verify", `{"code":"${user.backupCodes[0]}",${extra}}`)).status).toBe(400)
  })

  it("T52 backup codes are shown once", async () => {
    const user = await app.enrolled()
    const { json } = await user.client.post("/api/mfa/backup-codes", { code: oathCode(user.secret) })
    expect(json.backupCodes).toHaveLength(10)
    const seen = (await user.client.get("/api/mfa/status")).text + (await user.client.get("/settings/mfa")).text
    for (const code of [...json.backupCodes, ...user.backupCodes]) expect(seen.includes(code)).toBe(false)
  })

  it("T29 nothing secret in what the app printed", async () => {
    const user = await app.enrolled()
    await (await app.held(user)).verify(wrongCode(user.secret))
    for (const value of [user.secret, ...user.backupCodes, secret, password]) expect(app.output.includes(value)).toBe(false)
  })
})
