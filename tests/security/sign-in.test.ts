import { decode, encode } from "next-auth/jwt"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Client } from "../../scripts/http-client.mjs"
import { challenged, count, createUser, enrolledUser, password, type RunningApp, runFixture, signedIn } from "../support/app"
import { oathCode, stepAfter, wrongCode } from "../support/otp"

let app: RunningApp
const secret = "a-secret-for-these-tests-only-0123456789"
beforeAll(async () => {
  app = await runFixture("next16-credentials", { env: { AUTH_SECRET: secret } })
})
afterAll(() => app.stop())

const protectedPaths = ["/dashboard", "/settings/mfa"]

describe("a user without MFA", () => {
  test("signs in as before, to the same place", async () => {
    const user = await createUser(app)
    const client = new Client(app.url)
    const answer = await client.signIn(user.email, password)
    expect(answer.status).toBe(302)
    expect(new URL(answer.headers.get("location") ?? "").pathname).toBe("/dashboard")
    expect((await client.session())?.user).toMatchObject({ id: user.id, email: user.email })
    expect(await count(app, "SELECT count(*) FROM MfaChallenge WHERE userId = ?", user.id)).toBe(0)
  })

  test("no column of ours reaches the session or its token", async () => {
    const { client } = await enrolledUser(app)
    const { text } = await client.get("/api/auth/session")
    expect(text).not.toMatch(/mfa/i)
    const token = await decode({ token: client.sessionCookie ?? "", secret, salt: "authjs.session-token" })
    expect(Object.keys(token ?? {}).filter((name) => /^mfa/.test(name))).toEqual(["mfaUid", "mfaEpoch", "mfaAt", "mfaSid"])
    expect(JSON.stringify(token)).not.toMatch(/mfaSecret|passwordHash/)
  })
})

describe("a held sign-in", () => {
  test("is completed by a code and lands where it was going", async () => {
    const user = await enrolledUser(app)
    const client = new Client(app.url)
    const held = await client.signIn(user.email, password, { callbackUrl: "/dashboard?from=mail" })
    expect(held.status).toBe(302)
    expect(new URL(held.headers.get("location") ?? "").pathname).toBe("/login/mfa")
    const page = await client.get("/login/mfa")
    expect(page.status).toBe(200)
    expect(page.text).toContain(user.email)
    const done = await client.verify(oathCode(user.secret))
    expect(done.json).toEqual({ success: true, redirectTo: "/dashboard?from=mail" })
    expect((await client.session())?.user).toMatchObject({ id: user.id, email: user.email })
    expect((await client.get("/dashboard")).status).toBe(200)
    expect([...client.cookies.keys()].some((name) => name.includes("mfa-challenge"))).toBe(false)
  })

  test("codes are accepted in groups, as people type them", async () => {
    const user = await enrolledUser(app)
    const client = await challenged(app, user.email)
    expect((await client.verify(oathCode(user.secret).replace(/(...)(...)/, " $1-$2 "))).status).toBe(200)
  })

  test("the password and the code may come together", async () => {
    const user = await enrolledUser(app)
    const client = new Client(app.url)
    const wrong = await client.signIn(user.email, password, { mfaCode: wrongCode(user.secret) })
    const wrongPassword = await new Client(app.url).signIn(user.email, "wrong password")
    expect(wrong.headers.get("location")).toBe(wrongPassword.headers.get("location"))
    expect(client.sessionCookie).toBeUndefined()
    expect(await count(app, "SELECT failures FROM MfaThrottle WHERE userId = ?", user.id)).toBe(1)
    await client.signIn(user.email, password, { mfaCode: oathCode(user.secret) })
    expect((await client.session())?.user.id).toBe(user.id)
  })

  test("a backup code signs in once", async () => {
    const user = await enrolledUser(app)
    const [code = ""] = user.backupCodes
    expect((await (await challenged(app, user.email)).verify(code.toUpperCase().replaceAll("-", " "), true)).status).toBe(200)
    const again = await (await challenged(app, user.email)).verify(code, true)
    expect(again.status).toBe(400)
    expect((await user.client.get("/api/mfa/status")).json).toMatchObject({ enabled: true, backupCodesRemaining: 9 })
  })

  test("every outcome is an event, with what sent it", async () => {
    const user = await enrolledUser(app)
    const client = await challenged(app, user.email)
    await client.post("/api/auth/mfa-verify", { code: wrongCode(user.secret) }, { "user-agent": "TestBrowser/1" })
    await client.verify(user.backupCodes[1], true)
    const { rows } = await app.database.execute({
      sql: "SELECT type, userAgent FROM MfaEvent WHERE userId = ? ORDER BY at",
      args: [user.id],
    })
    expect(rows.map(({ type }) => type)).toEqual(["enabled", "challenge_failed", "backup_code_used", "challenge_passed"])
    expect(rows[1]?.userAgent).toBe("TestBrowser/1")
  })
})

describe("attacks on the sign-in", () => {
  test("T1 brute force, sequential", async () => {
    const user = await enrolledUser(app)
    const client = await challenged(app, user.email)
    const wrong = wrongCode(user.secret)
    const answers = []
    for (let attempt = 0; attempt < 6; attempt++) answers.push(await client.verify(wrong))
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 429])
    expect(Number(answers[5]?.headers.get("retry-after"))).toBeGreaterThan(0)
    // A fresh challenge does not help: the account is blocked, for a right code too.
    const fresh = await challenged(app, user.email)
    const blocked = await fresh.verify(oathCode(user.secret))
    expect(blocked.status).toBe(429)
    expect(Number(blocked.headers.get("retry-after"))).toBeGreaterThan(30)
    expect(await fresh.session()).toBeNull()
  })

  test("T1 a challenge has a cap of its own, whatever the account's count", async () => {
    const user = await enrolledUser(app)
    const client = await challenged(app, user.email)
    const statuses: number[] = []
    for (let attempt = 0; attempt < 6; attempt++) {
      await app.database.execute({ sql: "UPDATE MfaThrottle SET failures = 0, remaining = 5 WHERE userId = ?", args: [user.id] })
      statuses.push((await client.verify(wrongCode(user.secret))).status)
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429])
    expect((await client.verify(user.backupCodes[0], true)).status).toBe(429)
    expect((await (await challenged(app, user.email)).verify(user.backupCodes[0], true)).status).toBe(200)
  })

  test("T1 a right code ends the count", async () => {
    const user = await enrolledUser(app)
    const client = await challenged(app, user.email)
    for (let attempt = 0; attempt < 3; attempt++) await client.verify(wrongCode(user.secret))
    expect(await count(app, "SELECT failures FROM MfaThrottle WHERE userId = ?", user.id)).toBe(3)
    expect((await client.verify(oathCode(user.secret))).status).toBe(200)
    expect(await count(app, "SELECT failures FROM MfaThrottle WHERE userId = ?", user.id)).toBe(0)
  })

  test("T1 the blocks grow: 5 failures a minute, 10 five minutes, 100 for good", async () => {
    const user = await enrolledUser(app)
    const set = (failures: number, minutesAgo: number) =>
      app.database.execute({
        sql: "UPDATE MfaThrottle SET failures = ?, remaining = 0, lastAttemptAt = ? WHERE userId = ?",
        args: [failures, new Date(Date.now() - minutesAgo * 60_000).toISOString(), user.id],
      })
    const attempt = async () => (await (await challenged(app, user.email)).verify(wrongCode(user.secret))).status
    for (const [failures, minutes] of [
      [5, 1],
      [10, 5],
      [20, 15],
      [50, 60],
    ] as const) {
      await set(failures, minutes - 0.5)
      expect(await attempt(), `${failures} failures, before the end`).toBe(429)
      await set(failures, minutes + 0.1)
      expect(await attempt(), `${failures} failures, after the end`).toBe(400)
    }
    await set(100, 60 * 24 * 365)
    expect(await attempt()).toBe(429)
  })

  test("T2 parallel guesses: 60 on one challenge", async () => {
    const user = await enrolledUser(app)
    const client = await challenged(app, user.email)
    const wrong = wrongCode(user.secret)
    const answers = await Promise.all(Array.from({ length: 60 }, () => client.clone().verify(wrong)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 400).length).toBeLessThanOrEqual(5)
    expect(statuses.every((status) => [400, 429, 503].includes(status))).toBe(true)
  })

  test("T2, T7 parallel guesses over 20 challenges: the account's cap holds and the count is exact", async () => {
    const user = await enrolledUser(app)
    const clients = await Promise.all(Array.from({ length: 20 }, () => challenged(app, user.email)))
    const wrong = wrongCode(user.secret)
    const answers = await Promise.all(clients.flatMap((client) => [1, 2, 3].map(() => client.clone().verify(wrong))))
    const invalid = answers.filter(({ status }) => status === 400).length
    expect(invalid).toBeLessThanOrEqual(5)
    expect(invalid).toBeGreaterThan(0)
    expect(await count(app, "SELECT failures FROM MfaThrottle WHERE userId = ?", user.id)).toBe(invalid)
    expect(await count(app, "SELECT count(*) FROM MfaEvent WHERE userId = ? AND type = 'challenge_failed'", user.id)).toBe(invalid)
  })

  test("T3 replay inside the window, and the step before a used one", async () => {
    const user = await enrolledUser(app)
    const code = oathCode(user.secret)
    expect((await (await challenged(app, user.email)).verify(code)).status).toBe(200)
    const replayed = await (await challenged(app, user.email)).verify(code)
    expect(replayed.status).toBe(400)
    const next = oathCode(user.secret, 1)
    expect((await (await challenged(app, user.email)).verify(next)).status).toBe(200)
    const older = await (await challenged(app, user.email)).verify(oathCode(user.secret))
    expect(older.status).toBe(400)
    // T23 the answer does not tell a reused code from a wrong one
    const wrong = await (await challenged(app, user.email)).verify(wrongCode(user.secret))
    expect(replayed.text).toBe(wrong.text)
    expect(older.text).toBe(wrong.text)
  })

  test("T4 the same code twice in parallel", async () => {
    const user = await enrolledUser(app)
    const clients = await Promise.all([challenged(app, user.email), challenged(app, user.email)])
    const code = oathCode(user.secret)
    const answers = await Promise.all(clients.map((client) => client.verify(code)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400])
    const sessions = await Promise.all(clients.map((client) => client.session()))
    expect(sessions.filter(Boolean)).toHaveLength(1)
  })

  test("T5 the code of the setup does not sign in", async () => {
    const user = await enrolledUser(app)
    expect((await (await challenged(app, user.email)).verify(user.enrolCode)).status).toBe(400)
  })

  test("T6 a backup code in 20 parallel requests", async () => {
    const user = await enrolledUser(app)
    const clients = await Promise.all(Array.from({ length: 20 }, () => challenged(app, user.email)))
    const answers = await Promise.all(clients.map((client) => client.verify(user.backupCodes[0], true)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await user.client.get("/api/mfa/status")).json.backupCodesRemaining).toBe(9)
  })

  test("T12 half-authenticated: after the first factor nobody is signed in anywhere", async () => {
    const user = await enrolledUser(app)
    const client = new Client(app.url)
    const answer = await client.signIn(user.email, password)
    expect(answer.headers.getSetCookie().join("\n")).not.toMatch(/session-token=[^;]/)
    expect((await client.get("/api/auth/session")).text).toBe("null")
    for (const path of protectedPaths) expect((await client.get(path)).headers.get("location"), path).toMatch(/\/login/)
    for (const path of ["setup", "verify", "disable", "backup-codes"])
      expect((await client.post(`/api/mfa/${path}`, { code: oathCode(user.secret) })).status, path).toBe(401)
    expect((await client.get("/api/mfa/status")).status).toBe(401)
  })

  test("T12 the challenge cookie is HttpOnly, SameSite and not a session cookie by name", async () => {
    const user = await enrolledUser(app)
    const answer = await new Client(app.url).signIn(user.email, password)
    const cookie = answer.headers.getSetCookie().find((value) => value.includes("mfa-challenge")) ?? ""
    expect(cookie).toMatch(/HttpOnly/)
    expect(cookie).toMatch(/SameSite=Lax/)
    expect(cookie).toMatch(/Max-Age=600/)
    expect(cookie).not.toMatch(/^authjs\.session-token/)
    // T28 the token is nowhere else
    const token = cookie.slice(cookie.indexOf("=") + 1, cookie.indexOf(";"))
    expect(answer.headers.get("location")).not.toContain(token)
    expect(await count(app, "SELECT count(*) FROM MfaChallenge WHERE id = ?", token)).toBe(0)
  })

  test("T12 behind TLS the cookie is Secure and __Host-, and the sign-in completes under next-auth's secure names", async () => {
    const user = await enrolledUser(app)
    const client = new Client(app.url)
    const headers = { "x-forwarded-proto": "https" }
    const { json } = await client.get("/api/auth/csrf", headers)
    const body = new URLSearchParams({ csrfToken: json.csrfToken, email: user.email, password, callbackUrl: "/dashboard" })
    const form = { ...headers, "content-type": "application/x-www-form-urlencoded" }
    const answer = await client.request("/api/auth/callback/credentials", { method: "POST", headers: form, body })
    expect(answer.headers.getSetCookie().find((value) => value.startsWith("__Host-mfa-challenge="))).toMatch(/; Path=\/;.*; Secure/)
    // a challenge under the name without the prefix, as a neighbouring subdomain could plant it, is not looked at
    const planted = client.clone()
    planted.cookies.set("mfa-challenge", client.cookies.get("__Host-mfa-challenge") ?? "")
    planted.cookies.delete("__Host-mfa-challenge")
    expect((await planted.post("/api/auth/mfa-verify", { code: oathCode(user.secret) }, headers)).json.code).toBe("no_challenge")
    const done = await client.post("/api/auth/mfa-verify", { code: oathCode(user.secret) }, headers)
    expect(done.json).toEqual({ success: true, redirectTo: "/dashboard" })
    expect([...client.cookies.keys()].filter((name) => name.includes("session-token"))).toEqual(["__Secure-authjs.session-token"])
    expect((await client.get("/api/auth/session", headers)).json.user.email).toBe(user.email)
  })

  test("T13 another user's challenge, and a planted session cookie", async () => {
    const [a, b] = [await enrolledUser(app), await enrolledUser(app)]
    const client = await challenged(app, b.email)
    client.cookies.set("authjs.session-token", "planted")
    expect((await client.verify(oathCode(a.secret))).status).toBe(400)
    expect(await client.session()).toBeNull()
    expect((await new Client(app.url).verify(oathCode(a.secret))).json.code).toBe("no_challenge")
    client.cookies.set("authjs.session-token", "planted")
    expect((await client.verify(oathCode(b.secret))).status).toBe(200)
    expect(client.sessionCookie).not.toBe("planted")
    expect((await client.session())?.user.id).toBe(b.id)
  })

  test("T13 a challenge that was used, or has expired, is no challenge", async () => {
    const user = await enrolledUser(app)
    const client = await challenged(app, user.email)
    const copy = client.clone()
    expect((await client.verify(user.backupCodes[0], true)).status).toBe(200)
    expect((await copy.verify(user.backupCodes[1], true)).json.code).toBe("no_challenge")
    const late = await challenged(app, user.email)
    await app.database.execute({
      sql: "UPDATE MfaChallenge SET expiresAt = ? WHERE userId = ?",
      args: [new Date(Date.now() - 1000).toISOString(), user.id],
    })
    expect((await late.verify(user.backupCodes[1], true)).json.code).toBe("no_challenge")
  })

  test("T14 update() data cannot forge our claims", async () => {
    const user = await enrolledUser(app)
    const { json } = await user.client.get("/api/auth/csrf")
    await user.client.post("/api/auth/session", { csrfToken: json.csrfToken, data: { mfaEpoch: 99, mfaUid: "someone", mfaAt: 1 } })
    const token = await decode({ token: user.client.sessionCookie ?? "", secret, salt: "authjs.session-token" })
    expect(token).toMatchObject({ mfaUid: user.id, mfaEpoch: 1 })
  })

  test("T21 wrong passwords never count against the second factor, and a backup code works while codes are blocked", async () => {
    const user = await enrolledUser(app)
    await Promise.all(Array.from({ length: 50 }, () => new Client(app.url).signIn(user.email, "wrong password", { mfaCode: "123456" })))
    expect(await count(app, "SELECT failures FROM MfaThrottle WHERE userId = ?", user.id)).toBe(0)
    const wrong = wrongCode(user.secret)
    const attacker = await challenged(app, user.email)
    for (let attempt = 0; attempt < 5; attempt++) expect((await attacker.verify(wrong)).status, `attempt ${attempt}`).toBe(400)
    const owner = await challenged(app, user.email)
    expect((await owner.verify(oathCode(user.secret))).status).toBe(429)
    expect((await owner.verify(user.backupCodes[0], true)).status).toBe(200)
    expect((await owner.session())?.user.id).toBe(user.id)
    expect(await user.client.session(), "existing sessions go on").not.toBeNull()
  })

  test("T22 a wrong password answers the same with MFA, without, and for nobody", async () => {
    const [withMfa, without] = [await enrolledUser(app), await createUser(app)]
    const before = await count(app, "SELECT count(*) FROM MfaChallenge")
    const answers = await Promise.all(
      [withMfa.email, without.email, "nobody@example.com"].map((email) => new Client(app.url).signIn(email, "wrong password")),
    )
    const seen = answers.map(({ status, text, headers }) => ({
      status,
      text,
      location: headers.get("location"),
      cookies: headers.getSetCookie().map((cookie) => cookie.split("=")[0]),
    }))
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
    expect(await count(app, "SELECT count(*) FROM MfaChallenge")).toBe(before)
  })

  test("T37 a secret copied to another user's row opens for neither", async () => {
    const [a, b] = [await enrolledUser(app), await enrolledUser(app)]
    const sealed = async (id: string) =>
      (await app.database.execute({ sql: "SELECT mfaSecret FROM User WHERE id = ?", args: [id] })).rows[0]?.mfaSecret ?? null
    const [secretA, secretB] = [await sealed(a.id), await sealed(b.id)]
    await app.database.execute({ sql: "UPDATE User SET mfaSecret = ? WHERE id = ?", args: [secretB, a.id] })
    await app.database.execute({ sql: "UPDATE User SET mfaSecret = ? WHERE id = ?", args: [secretA, b.id] })
    expect((await (await challenged(app, a.email)).verify(oathCode(b.secret))).status).toBe(400)
    expect((await (await challenged(app, b.email)).verify(oathCode(a.secret))).status).toBe(400)
    expect(await count(app, "SELECT count(*) FROM MfaEvent WHERE type = 'tampered' AND userId IN (?, ?)", a.id, b.id)).toBe(2)
  })

  test("T38 one flipped character in the ciphertext denies", async () => {
    const user = await enrolledUser(app)
    const { rows } = await app.database.execute({ sql: "SELECT mfaSecret FROM User WHERE id = ?", args: [user.id] })
    const sealed = String(rows[0]?.mfaSecret)
    const at = sealed.lastIndexOf(".") - 4
    const flipped = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1)
    await app.database.execute({ sql: "UPDATE User SET mfaSecret = ? WHERE id = ?", args: [flipped, user.id] })
    expect((await (await challenged(app, user.email)).verify(oathCode(user.secret))).status).toBe(400)
  })

  test("T39 the database holds no secret, code, cookie or their plain hashes", async () => {
    const { createHash } = await import("node:crypto")
    const user = await enrolledUser(app)
    const client = await challenged(app, user.email)
    const cookie = [...client.cookies].find(([name]) => name.includes("mfa-challenge"))?.[1] ?? ""
    expect(cookie).not.toBe("")
    const tables = ["User", "MfaFactor", "MfaThrottle", "MfaBackupCode", "MfaChallenge", "MfaEvent"]
    const dump = JSON.stringify(await Promise.all(tables.map(async (table) => (await app.database.execute(`SELECT * FROM ${table}`)).rows)))
    const codes = user.backupCodes.flatMap((code) => [code, code.replaceAll("-", "")])
    for (const value of [user.secret, cookie, ...codes]) expect(dump.includes(value)).toBe(false)
    for (const value of [user.secret, ...codes])
      for (const encoding of ["hex", "base64", "base64url"] as const)
        expect(dump.includes(createHash("sha256").update(value).digest(encoding))).toBe(false)
  })

  test("T40 one step of drift either way, no more", async () => {
    const user = await enrolledUser(app)
    // The code of the setup never signs in, nor does one before it: by then the step before is a later one.
    await stepAfter(Date.now())
    const verdicts: number[] = []
    for (const step of [-2, -1, 0, 1, 2]) {
      await app.database.execute({ sql: "UPDATE MfaFactor SET lastStep = 0 WHERE userId = ?", args: [user.id] })
      verdicts.push((await (await challenged(app, user.email)).verify(oathCode(user.secret, step))).status)
    }
    expect(verdicts).toEqual([400, 200, 200, 200, 400])
  })

  test("T42 a deleted user: nothing is left, and no session goes on", async () => {
    const user = await enrolledUser(app)
    const client = await challenged(app, user.email)
    await app.database.execute("PRAGMA foreign_keys = ON")
    await app.database.execute({ sql: "DELETE FROM User WHERE id = ?", args: [user.id] })
    for (const table of ["MfaFactor", "MfaThrottle", "MfaBackupCode", "MfaChallenge", "MfaEvent"])
      expect(await count(app, `SELECT count(*) FROM ${table} WHERE userId = ?`, user.id), table).toBe(0)
    expect((await client.verify(oathCode(user.secret))).status).toBe(401)
    expect(await user.client.session()).toBeNull()
  })

  test("T45 turning MFA on ends the other sessions, those from before the install too", async () => {
    const user = await createUser(app)
    const [other, client, legacy] = [await signedIn(app, user.email), await signedIn(app, user.email), new Client(app.url)]
    legacy.cookies.set(
      "authjs.session-token",
      await encode({ token: { sub: user.id, id: user.id, email: user.email }, secret, salt: "authjs.session-token" }),
    )
    expect(await legacy.session()).not.toBeNull()
    const { json } = await client.post("/api/mfa/setup")
    expect((await client.post("/api/mfa/verify", { code: oathCode(json.secret) })).status).toBe(200)
    expect(await other.session()).toBeNull()
    expect((await legacy.get("/dashboard")).headers.get("location")).toMatch(/\/login/)
    expect(await client.session()).not.toBeNull()
    expect((await client.get("/dashboard")).status).toBe(200)
  })

  test("T63 what the first factor proved has to be so still when the second completes it", async () => {
    const change = (user: { id: string }, columns: string) =>
      app.database.execute({ sql: `UPDATE User SET ${columns} WHERE id = ?`, args: [user.id] })
    const ended = async (columns: string) => {
      const user = await enrolledUser(app)
      const client = await challenged(app, user.email)
      await change(user, columns)
      const answer = await client.verify(oathCode(user.secret))
      expect((await client.session()) !== null, columns).toBe(answer.status === 200)
      return [answer.status, answer.json.code ?? null]
    }
    expect(await ended("passwordHash = 'of a new password'")).toEqual([401, "no_challenge"])
    expect(await ended("mfaEpoch = mfaEpoch + 1")).toEqual([401, "no_challenge"])
    expect(await ended("mfaEnabled = 0")).toEqual([401, "no_challenge"])
    expect(await ended("name = 'Another Name'"), "what is no factor ends nothing").toEqual([200, null])
  })

  test("T50 long and odd input is a fast 400", async () => {
    const user = await enrolledUser(app)
    const odd: unknown[] = [
      "1".repeat(1_000_000),
      "１２３４５６",
      "123\u0000456",
      ["123456"],
      { $gt: "" },
      123456,
      null,
      true,
      undefined,
      "",
      "12345",
      "1234567",
    ]
    for (const code of odd) {
      const client = await challenged(app, user.email)
      await app.database.execute({ sql: "UPDATE MfaThrottle SET failures = 0, remaining = 5 WHERE userId = ?", args: [user.id] })
      expect((await client.verify(code)).status, String(code).slice(0, 20)).toBe(400)
      expect((await client.verify(code, true)).status, String(code).slice(0, 20)).toBe(400)
    }
  })

  test("T53 extra fields in the body change nothing", async () => {
    const user = await enrolledUser(app)
    const client = await challenged(app, user.email)
    // As text: in an object literal "__proto__" would never be sent.
    const extra = '"userId":"user-x","mfaEnabled":false,"timestamp":0,"constructor":{},"__proto__":{"isBackupCode":true}'
    expect((await client.post("/api/auth/mfa-verify", `{"code":"${wrongCode(user.secret)}",${extra}}`)).status).toBe(400)
    expect((await client.post("/api/auth/mfa-verify", `{"code":"${user.backupCodes[0]}",${extra}}`)).status).toBe(400)
  })

  test("T29 nothing secret in what the app printed", async () => {
    const user = await enrolledUser(app)
    const printed = app.output.join("")
    for (const value of [user.secret, ...user.backupCodes, secret, password]) expect(printed.includes(value)).toBe(false)
  })
})
