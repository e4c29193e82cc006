import { request } from "node:http"
import { encode } from "next-auth/jwt"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Client } from "../../scripts/http-client.mjs"
import { challenged, count, createUser, enrolledUser, type RunningApp, runFixture, signedIn } from "../support/app"
import { oathCode, wrongCode } from "../support/otp"

let app: RunningApp
const secret = "a-secret-for-these-tests-only-0123456789"
beforeAll(async () => {
  app = await runFixture("next16-credentials", { env: { AUTH_SECRET: secret } })
})
afterAll(() => app.stop())

const isEnabled = (id: string) => count(app, "SELECT mfaEnabled FROM User WHERE id = ?", id)

/** An hour may begin while the test runs: then there is one row more. */
async function eventsOf(userId: string, type: string) {
  const { rows } = await app.database.execute({
    sql: "SELECT count, at FROM MfaEvent WHERE userId = ? AND type = ?",
    args: [userId, type],
  })
  const hours = new Set(rows.map(({ at }) => new Date(Number(at) || String(at)).toISOString().slice(0, 13)))
  return { rows: rows.length - (hours.size - 1), count: rows.reduce((sum, row) => sum + Number(row.count), 0) }
}

describe("setting up", () => {
  test("answers secret, key URI and picture, and turns nothing on", async () => {
    const user = await createUser(app)
    const client = await signedIn(app, user.email)
    const { status, json } = await client.post("/api/mfa/setup")
    expect(status).toBe(200)
    expect(json.secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(json.otpauthUrl).toBe(
      `otpauth://totp/paperplane:${encodeURIComponent(user.email)}?issuer=paperplane&secret=${json.secret}&algorithm=SHA1&digits=6&period=30`,
    )
    expect(json.qrCodeDataUrl).toMatch(/^data:image\/png;base64,/)
    expect(await isEnabled(user.id)).toBe(0)
  })

  test("opened twice it shows the same key; its code turns MFA on once", async () => {
    const user = await createUser(app)
    const client = await signedIn(app, user.email)
    const [first, second] = [await client.post("/api/mfa/setup"), await client.post("/api/mfa/setup")]
    expect(second.json.secret).toBe(first.json.secret)
    expect((await client.post("/api/mfa/verify", { code: wrongCode(first.json.secret) })).json.code).toBe("invalid_code")
    const answers = await Promise.all([1, 2, 3].map(() => client.clone().post("/api/mfa/verify", { code: oathCode(first.json.secret) })))
    const enabled = answers.filter(({ status }) => status === 200)
    expect(enabled.length).toBeGreaterThan(0)
    // Those that came too late find the pending key gone, or their session ended by the one that won.
    for (const { status } of answers) expect([200, 409, 401]).toContain(status)
    expect(enabled[0]?.json.backupCodes).toHaveLength(10)
    expect(new Set(enabled.flatMap(({ json }) => json.backupCodes)).size, "every answer has the same codes").toBe(10)
    expect(await count(app, "SELECT mfaEpoch FROM User WHERE id = ?", user.id)).toBe(1)
    expect(await count(app, "SELECT count(*) FROM MfaBackupCode WHERE userId = ?", user.id)).toBe(10)
    expect(await eventsOf(user.id, "enabled")).toEqual({ rows: 1, count: 1 })
  })

  test("T59 another session of the same user never sees its key, and cannot finish it", async () => {
    const user = await createUser(app)
    const [thief, owner] = [await signedIn(app, user.email), await signedIn(app, user.email)]
    const planted = (await thief.post("/api/mfa/setup")).json.secret
    const shown = (await owner.post("/api/mfa/setup")).json.secret
    expect(shown).not.toBe(planted)
    expect((await owner.post("/api/mfa/verify", { code: oathCode(planted) })).json.code).toBe("invalid_code")
    expect((await thief.post("/api/mfa/verify", { code: oathCode(planted) })).json.code).toBe("not_started")
    expect((await thief.post("/api/mfa/verify", { code: oathCode(shown) })).json.code).toBe("not_started")
    expect(await isEnabled(user.id)).toBe(0)
    expect((await owner.post("/api/mfa/verify", { code: oathCode(shown) })).status).toBe(200)
    expect(await thief.session()).toBeNull()
  })

  test("verify without setup is not_started", async () => {
    const user = await createUser(app)
    const answer = await (await signedIn(app, user.email)).post("/api/mfa/verify", { code: "123456" })
    expect([answer.status, answer.json.code]).toEqual([409, "not_started"])
  })

  test("T8 a setup while MFA is on overwrites nothing", async () => {
    const user = await enrolledUser(app)
    const refused = await user.client.post("/api/mfa/setup")
    expect([refused.status, refused.json.code]).toEqual([409, "already_enabled"])
    expect((await (await challenged(app, user.email)).verify(oathCode(user.secret))).status).toBe(200)
    expect(await isEnabled(user.id)).toBe(1)
  })

  test("T8 replacing a device: the old secret works until the new one is verified, and not after", async () => {
    const user = await enrolledUser(app)
    const setup = await user.client.post("/api/mfa/setup", { code: user.backupCodes[1] })
    expect(setup.status).toBe(200)
    expect(setup.json.secret).not.toBe(user.secret)
    // Steps are counted for the account, so the new device's next code is one of a later step.
    expect((await (await challenged(app, user.email)).verify(oathCode(user.secret))).status).toBe(200)
    expect((await (await challenged(app, user.email)).verify(oathCode(setup.json.secret))).status).toBe(400)
    const verified = await user.client.post("/api/mfa/verify", { code: oathCode(setup.json.secret, -1) })
    expect(verified.json.backupCodes).toHaveLength(10)
    expect(await count(app, "SELECT count(*) FROM MfaEvent WHERE userId = ? AND type = 'replaced'", user.id)).toBe(1)
    expect((await (await challenged(app, user.email)).verify(oathCode(user.secret, 1))).status).toBe(400)
    expect((await (await challenged(app, user.email)).verify(user.backupCodes[0], true)).status).toBe(400)
    expect((await (await challenged(app, user.email)).verify(oathCode(setup.json.secret, 1))).status).toBe(200)
  })

  test("T77 a count of a hundred failures from before does not keep a new setup out", async () => {
    const user = await createUser(app)
    const client = await signedIn(app, user.email)
    await app.database.execute({ sql: "INSERT INTO MfaThrottle (userId, failures, remaining) VALUES (?, 100, 0)", args: [user.id] })
    const { json } = await client.post("/api/mfa/setup")
    expect((await client.post("/api/mfa/verify", { code: oathCode(json.secret) })).status).toBe(200)
  })

  test("T65 wrong codes for a setup are one event, however many", async () => {
    const user = await createUser(app)
    const client = await signedIn(app, user.email)
    for (let round = 0; round < 3; round++) {
      const { json } = await client.post("/api/mfa/setup")
      for (let attempt = 0; attempt < 4; attempt++) await client.post("/api/mfa/verify", { code: wrongCode(json.secret) })
    }
    expect(await eventsOf(user.id, "setup_failed")).toEqual({ rows: 1, count: 12 })
  })

  test("T65 turned on and off again and again it is counted after the first few times", async () => {
    const user = await createUser(app)
    const client = await signedIn(app, user.email)
    for (let round = 0; round < 8; round++) {
      const { json } = await client.post("/api/mfa/setup")
      const { backupCodes } = (await client.post("/api/mfa/verify", { code: oathCode(json.secret) })).json
      expect((await client.post("/api/mfa/disable", { code: backupCodes[0] })).status).toBe(200)
    }
    for (const type of ["enabled", "disabled"]) {
      const events = await eventsOf(user.id, type)
      expect(events.count, type).toBe(8)
      expect(events.rows, type).toBeLessThanOrEqual(6)
    }
  })

  test("T65 with MFA off a step-up is no guess, and no event", async () => {
    const user = await createUser(app)
    const client = await signedIn(app, user.email)
    for (let time = 0; time < 7; time++) {
      const answer = await client.post("/api/mfa/step-up", { code: "000000" })
      expect([answer.status, answer.json.code]).toEqual([409, "not_enabled"])
    }
    expect(await count(app, "SELECT count(*) FROM MfaEvent WHERE userId = ?", user.id)).toBe(0)
    expect(await count(app, "SELECT count(*) FROM MfaThrottle WHERE userId = ?", user.id)).toBe(0)
  })

  test("T9 a session whose sign-in is older than ten minutes, or of unknown age, must sign in again", async () => {
    const user = await createUser(app)
    const client = new Client(app.url)
    const stale = { sub: user.id, id: user.id, email: user.email }
    for (const claims of [stale, { ...stale, mfaUid: user.id, mfaEpoch: 0, mfaSid: "s1", mfaAt: Math.floor(Date.now() / 1000) - 601 }]) {
      client.cookies.set("authjs.session-token", await encode({ token: claims, secret, salt: "authjs.session-token" }))
      const answer = await client.post("/api/mfa/setup")
      expect([answer.status, answer.json.code]).toEqual([403, "reauth_required"])
    }
    expect(await count(app, "SELECT count(*) FROM MfaFactor WHERE userId = ?", user.id)).toBe(0)
  })
})

describe("changing", () => {
  test.each(["disable", "backup-codes"])("T10 %s needs a current factor", async (route) => {
    const user = await enrolledUser(app)
    const path = `/api/mfa/${route}`
    const before = await app.database.execute({
      sql: "SELECT codeHash FROM MfaBackupCode WHERE userId = ? ORDER BY codeHash",
      args: [user.id],
    })
    for (const body of [{}, { code: wrongCode(user.secret) }, { code: user.enrolCode }, { code: "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA" }]) {
      const answer = await user.client.post(path, body)
      expect([answer.status, answer.json.code]).toEqual([400, "invalid_code"])
    }
    const after = await app.database.execute({
      sql: "SELECT codeHash FROM MfaBackupCode WHERE userId = ? ORDER BY codeHash",
      args: [user.id],
    })
    expect(after.rows).toEqual(before.rows)
    expect(await isEnabled(user.id)).toBe(1)
  })

  test("T10 setup for another device needs a current factor", async () => {
    const user = await enrolledUser(app)
    for (const code of [wrongCode(user.secret), user.enrolCode, ""])
      expect((await user.client.post("/api/mfa/setup", { code })).status).toBe(400)
    expect(
      (await app.database.execute({ sql: "SELECT pendingSecret FROM MfaFactor WHERE userId = ?", args: [user.id] })).rows[0]?.pendingSecret,
    ).toBeNull()
  })

  test("T1 the settings share the account's limit", async () => {
    const user = await enrolledUser(app)
    const wrong = wrongCode(user.secret)
    const statuses = []
    for (let attempt = 0; attempt < 6; attempt++) statuses.push((await user.client.post("/api/mfa/disable", { code: wrong })).status)
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429])
  })

  test("nothing incomplete is counted as an attempt", async () => {
    const user = await enrolledUser(app)
    for (const code of ["", "12345", "1234567", "abc", null, "ABCD-EFGH"])
      expect((await user.client.post("/api/mfa/disable", { code })).status).toBe(400)
    expect(await count(app, "SELECT failures FROM MfaThrottle WHERE userId = ?", user.id)).toBe(0)
    expect(await count(app, "SELECT count(*) FROM MfaEvent WHERE userId = ? AND type = 'challenge_failed'", user.id)).toBe(0)
  })

  test("T65 wrong backup codes are one event, however many, and no attempt", async () => {
    const user = await enrolledUser(app)
    for (let time = 0; time < 30; time++) await user.client.post("/api/mfa/disable", { code: "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA" })
    expect(await eventsOf(user.id, "challenge_failed")).toEqual({ rows: 1, count: 30 })
    expect(await count(app, "SELECT failures FROM MfaThrottle WHERE userId = ?", user.id)).toBe(0)
  })

  test("T77 a backup code ends a block of any length", async () => {
    const user = await enrolledUser(app)
    await app.database.execute({ sql: "UPDATE MfaThrottle SET failures = 100, remaining = 0 WHERE userId = ?", args: [user.id] })
    expect((await user.client.post("/api/mfa/disable", { code: oathCode(user.secret) })).status).toBe(429)
    expect((await user.client.post("/api/mfa/backup-codes", { code: user.backupCodes[0] })).status).toBe(200)
    expect((await user.client.post("/api/mfa/disable", { code: oathCode(user.secret) })).status).toBe(200)
  })

  test("T76 a code in full-width digits with an invisible mark is a code", async () => {
    const user = await enrolledUser(app)
    const wide = oathCode(user.secret).replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))
    expect((await user.client.post("/api/mfa/disable", { code: `\u200e${wide.slice(0, 3)}\u2011${wide.slice(3)}` })).status).toBe(200)
  })

  test("backup codes that a failed disabling has left open nothing", async () => {
    const user = await enrolledUser(app)
    const held = await challenged(app, user.email)
    await app.database.execute({ sql: "UPDATE User SET mfaEnabled = 0, mfaSecret = NULL WHERE id = ?", args: [user.id] })
    expect((await held.verify(user.backupCodes[0], true)).status).toBe(401)
    expect((await user.client.get("/api/mfa/status")).json).toMatchObject({ enabled: false, backupCodesRemaining: 0 })
    // A repeat finishes.
    expect((await user.client.post("/api/mfa/disable", { code: "123456" })).json.code).toBe("not_enabled")
    for (const table of ["MfaBackupCode", "MfaFactor", "MfaChallenge"])
      expect(await count(app, `SELECT count(*) FROM ${table} WHERE userId = ?`, user.id), table).toBe(0)
  })

  test("disable clears everything; the next sign-in is not held", async () => {
    const user = await enrolledUser(app)
    const waiting = await challenged(app, user.email)
    const answer = await user.client.post("/api/mfa/disable", { code: oathCode(user.secret) })
    expect(answer.json).toEqual({ success: true })
    const { rows } = await app.database.execute({ sql: "SELECT mfaSecret, mfaEnabled FROM User WHERE id = ?", args: [user.id] })
    expect(rows[0]).toMatchObject({ mfaSecret: null, mfaEnabled: 0 })
    for (const table of ["MfaBackupCode", "MfaFactor", "MfaChallenge"])
      expect(await count(app, `SELECT count(*) FROM ${table} WHERE userId = ?`, user.id), table).toBe(0)
    expect((await waiting.verify(oathCode(user.secret, 1))).status).toBe(401)
    expect(await (await signedIn(app, user.email)).session()).not.toBeNull()
    expect((await user.client.post("/api/mfa/disable", { code: "123456" })).json.code).toBe("not_enabled")
  })

  test("a lost phone: a backup code turns MFA off", async () => {
    const user = await enrolledUser(app)
    expect((await user.client.post("/api/mfa/disable", { code: user.backupCodes[3] })).status).toBe(200)
    expect(await isEnabled(user.id)).toBe(0)
  })

  test("T78 new backup codes that cannot be stored leave the old ones, and a repeat stores them", async () => {
    const user = await enrolledUser(app)
    const [first, second, third] = user.backupCodes
    await app.database.execute(
      `CREATE TRIGGER refusing BEFORE INSERT ON MfaBackupCode WHEN NEW.userId = '${user.id}' BEGIN SELECT RAISE(ABORT, 'refused'); END`,
    )
    try {
      expect((await user.client.post("/api/mfa/backup-codes", { code: first })).status).toBe(500)
    } finally {
      await app.database.execute("DROP TRIGGER refusing")
    }
    expect((await (await challenged(app, user.email)).verify(second, true)).status).toBe(200)
    const { json } = await user.client.post("/api/mfa/backup-codes", { code: third })
    expect(json.backupCodes).toHaveLength(10)
    expect(await count(app, "SELECT count(*) FROM MfaBackupCode WHERE userId = ?", user.id)).toBe(10)
    expect((await (await challenged(app, user.email)).verify(json.backupCodes[9], true)).status).toBe(200)
    expect(await eventsOf(user.id, "backup_codes_regenerated")).toEqual({ rows: 1, count: 1 })
  })

  test("new backup codes void the old ones, and no route shows them again (T52)", async () => {
    const user = await enrolledUser(app)
    const { json } = await user.client.post("/api/mfa/backup-codes", { code: oathCode(user.secret) })
    expect(json.backupCodes).toHaveLength(10)
    expect((await (await challenged(app, user.email)).verify(user.backupCodes[0], true)).status).toBe(400)
    expect((await (await challenged(app, user.email)).verify(json.backupCodes[0], true)).status).toBe(200)
    const status = await user.client.get("/api/mfa/status")
    expect(status.json).toEqual({ enabled: true, backupCodesRemaining: 9, reauthRequired: false })
    const page = await user.client.get("/settings/mfa")
    for (const code of json.backupCodes) expect(page.text.includes(code)).toBe(false)
  })
})

describe("the rim", () => {
  const routes = ["/api/mfa/setup", "/api/mfa/verify", "/api/mfa/disable", "/api/mfa/backup-codes", "/api/auth/mfa-verify"]

  test.each(routes)("T25 %s refuses what another site can send", async (path) => {
    const user = await enrolledUser(app)
    const { client } = user
    const foreign = await client.post(path, { code: oathCode(user.secret) }, { origin: "https://evil.example" })
    expect([foreign.status, foreign.json.code]).toEqual([403, "cross_site"])
    for (const origin of ["null", app.url.replace("localhost", "evil.localhost")])
      expect((await client.post(path, {}, { origin })).status, origin).toBe(403)
    for (const site of ["cross-site", "same-site"]) expect((await client.post(path, {}, { "sec-fetch-site": site })).status, site).toBe(403)
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
      expect((await client.post(path, "code=1", { "content-type": type })).status, type).toBe(415)
    const none = await client.request(path, { method: "POST", body: new Uint8Array([123, 125]), headers: { origin: app.url } })
    expect(none.status).toBe(415)
    expect((await client.get(path)).status).toBe(405)
    for (const body of ["{", "[]", "null", "1", ""]) expect((await client.post(path, body)).status, body).toBe(400)
    expect(await isEnabled(user.id)).toBe(1)
  })

  test("T75 what the browser itself calls same-origin passes, whatever a proxy made of the host", async () => {
    const { client, secret: key } = await enrolledUser(app)
    const headers = { "x-forwarded-host": "app.example", "sec-fetch-site": "same-origin" }
    expect((await client.post("/api/mfa/backup-codes", { code: oathCode(key) }, headers)).status).toBe(200)
    const { port } = new URL(app.url)
    const twice = { "x-forwarded-host": `localhost:${port}, localhost:${port}` }
    // Auth.js itself cannot read a session under such a header; the challenge needs none.
    expect((await new Client(app.url).post("/api/auth/mfa-verify", {}, twice)).json.code).toBe("no_challenge")
  })

  test.each([
    ["/api/mfa/setup", "application/json", 400],
    ["/api/auth/mfa-verify", "application/json", 400],
    ["/api/auth/mfa-form", "application/x-www-form-urlencoded", 413],
  ])("T66 %s stops reading a body that has no end", async (path, type, expected) => {
    const { port } = new URL(app.url)
    const chunk = Buffer.alloc(65536, " ")
    let sent = 0
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sending = request({ port, path, method: "POST", headers: { "content-type": type, origin: app.url } }, (answer) => {
        resolve(answer.statusCode)
        sending.destroy()
      })
      sending.on("error", reject)
      const send = () => {
        while (sent < 200_000_000 && !sending.destroyed) {
          sent += chunk.length
          if (!sending.write(chunk)) return void sending.once("drain", send)
        }
        sending.end()
      }
      send()
    })
    expect(status).toBe(expected)
    // What is under way in sockets and streams, and no more.
    expect(sent).toBeLessThan(20_000_000)
  })

  test.each([...routes, "/api/mfa/status"])("T34 %s is never cached", async (path) => {
    const user = await enrolledUser(app)
    const client = path === "/api/auth/mfa-verify" ? await challenged(app, user.email) : user.client
    const answer = path.endsWith("status")
      ? await client.get(path)
      : await client.post(path, { code: path.endsWith("verify") && !path.includes("auth") ? "123456" : oathCode(user.secret) })
    expect(answer.headers.get("cache-control")).toBe("no-store")
    const error = path.endsWith("status") ? await new Client(app.url).get(path) : await new Client(app.url).post(path, {})
    expect(error.status).toBe(401)
    expect(error.headers.get("cache-control")).toBe("no-store")
  })

  test("T34 neither are the pages", async () => {
    const user = await enrolledUser(app)
    expect((await user.client.get("/settings/mfa")).headers.get("cache-control")).toMatch(/no-store/)
    expect((await (await challenged(app, user.email)).get("/login/mfa")).headers.get("cache-control")).toMatch(/no-store/)
  })

  test("without a challenge the challenge page leads to the sign-in", async () => {
    const answer = await new Client(app.url).get("/login/mfa")
    expect(answer.status).toBe(307)
    expect(answer.headers.get("location")).toBe("/login")
  })
})
