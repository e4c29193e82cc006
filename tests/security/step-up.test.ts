/** Step-up and the administrator's reset, as the fixtures' own pages and routes use them. */
import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "../../scripts/http-client.mjs"
import { evilTargets } from "../support/evil"
import { type Enrolled, fixturesNamed, TestApp } from "../support/fixtures"
import { oathCode, wrongCode } from "../support/otp"
import { isReachable } from "../support/sql"

const withPages = fixturesNamed("next16-split-postgres", "next15-v4-jwt", "next14-v4-pages")
const using = [...withPages, ...fixturesNamed("next15-t3-database")]
const reachable = new Map(await Promise.all(using.map(async ([, { database }]) => [database, await isReachable(database)] as const)))

describe.each(using)("%s: getMfaState", (_name, fixture) => {
  let app: TestApp
  const it = test.skipIf(!reachable.get(fixture.database))
  beforeAll(async () => {
    if (reachable.get(fixture.database)) app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  it("says whether MFA is on, and when and by what this session last proved it", async () => {
    // Tokens know seconds.
    const began = Date.now() - 1_000
    const stateOf = async (client: Client) => {
      const { json } = await client.get("/api/state")
      if (json?.provedAt) expect(Date.parse(json.provedAt)).toBeGreaterThan(began)
      return json && [json.enabled, json.provedAt !== null, json.by]
    }
    expect(await stateOf(app.client())).toBeNull()
    const plain = await app.signedIn(await app.createUser())
    expect(await stateOf(plain)).toEqual([false, false, null])
    const user = await app.enrolled()
    expect(await stateOf(user.client), "turned on").toEqual([true, true, "totp"])
    const [first = "", second = ""] = user.backupCodes
    const client = await app.held(user)
    expect((await client.verify(first, true)).status).toBe(200)
    expect(await stateOf(client), "signed in").toEqual([true, true, "backup"])
    expect((await client.post("/api/mfa/step-up", { code: oathCode(user.secret) })).status).toBe(200)
    expect(await stateOf(client), "proved since").toEqual([true, true, "totp"])
    expect((await client.post("/api/mfa/step-up", { code: second })).status).toBe(200)
    expect(await stateOf(client), "and once more").toEqual([true, true, "backup"])
    const again = await app.held(user)
    expect((await again.verify(oathCode(user.secret, 1))).status).toBe(200)
    expect(await stateOf(again)).toEqual([true, true, "totp"])
  })
})

describe.each(withPages)("%s", (_name, fixture) => {
  let app: TestApp
  const it = test.skipIf(!reachable.get(fixture.database))
  beforeAll(async () => {
    if (reachable.get(fixture.database)) app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  const where = (answer: { headers: Headers }) => new URL(answer.headers.get("location") ?? "/none", app.url).pathname

  /** The same session, as if its sign-in had been this long ago. */
  async function aged(user: Enrolled, seconds: number) {
    const at = Math.floor(Date.now() / 1000) - seconds
    const { name, value } = await app.forge({
      sub: String(user.id),
      email: user.email,
      mfaUid: user.id,
      mfaEpoch: 1,
      mfaAt: at,
      mfaProved: "totp",
      mfaSid: randomUUID(),
    })
    user.client.cookies.set(name, value)
    return user.client
  }

  it("a fresh sign-in passes, an old one proves its factor first and comes back", async () => {
    const user = await app.enrolled()
    expect((await user.client.get("/admin")).text).toContain(user.email)
    const client = await aged(user, 301)
    const sent = await client.get("/admin")
    expect(where(sent)).toBe("/settings/mfa/confirm")
    expect(sent.headers.get("location")).toContain(encodeURIComponent("/admin"))
    const page = await client.get("/settings/mfa/confirm?returnTo=%2Fadmin")
    expect(page.status).toBe(200)
    // Sent before its scripts have come, it must not put the code into the address.
    expect(/<form [^>]*>(?=.*?name="code")/s.exec(page.text)?.[0]).toContain('method="post"')
    expect((await client.post("/api/mfa/step-up", { code: wrongCode(user.secret) })).status).toBe(400)
    expect(where(await client.get("/admin"))).toBe("/settings/mfa/confirm")
    expect((await client.post("/api/mfa/step-up", { code: oathCode(user.secret) })).json).toEqual({ success: true })
    expect((await client.get("/admin")).text).toContain(user.email)
  })

  it("the proof is this session's own", async () => {
    const [user, thief] = [await app.enrolled(), await app.enrolled()]
    const client = await aged(user, 301)
    await client.post("/api/mfa/step-up", { code: oathCode(user.secret) })
    const proof = client.cookies.get("mfa-proof") ?? ""
    expect(proof).not.toBe("")
    const other = await aged(thief, 302)
    other.cookies.set("mfa-proof", proof)
    expect(where(await other.get("/admin"))).toBe("/settings/mfa/confirm")
    const sameUser = await aged(user, 303)
    expect(where(await sameUser.get("/admin")), "another session of the same user").toBe("/settings/mfa/confirm")
    sameUser.cookies.set("mfa-proof", `${proof.slice(0, -2)}AA`)
    expect(where(await sameUser.get("/admin"))).toBe("/settings/mfa/confirm")
  })

  it("without MFA the way leads to its settings; without a session, to the sign-in", async () => {
    const client = await app.signedIn(await app.createUser())
    expect(where(await client.get("/admin"))).toBe("/settings/mfa")
    expect(where(await app.client().get("/admin"))).toMatch(/log-?in|signin/)
    expect((await app.client().post("/api/mfa/step-up", { code: "123456" })).status).toBe(401)
  })

  it("T46 only an administrator with a fresh second factor resets, with a reason; the user's sessions end", async () => {
    const user = await app.enrolled()
    const admin = await app.enrolled(`admin-${user.name}`)
    const body = { userId: user.id, reason: "lost the phone" }
    expect((await user.client.post("/api/admin/reset", body)).json).toEqual({ error: "forbidden" })
    const old = (await aged(admin, 301)).clone()
    expect((await old.post("/api/admin/reset", body)).json).toEqual({ error: "mfa_required" })
    expect(await app.count('SELECT "mfaEpoch" FROM "User" WHERE "id" = ?', user.id)).toBe(1)
    const fresh = await aged(admin, 1)
    expect((await fresh.post("/api/admin/reset", { ...body, reason: " " })).status).toBe(500)
    const held = await app.held(user)
    expect((await fresh.post("/api/admin/reset", body)).json).toEqual({ done: true })
    expect(await user.client.session(), "sessions end").toBeNull()
    expect((await held.verify(oathCode(user.secret))).status, "held sign-ins end").toBe(401)
    expect(await app.sql.rows('SELECT "mfaEnabled", "mfaSecret" FROM "User" WHERE "id" = ?', user.id)).toMatchObject([{ mfaSecret: null }])
    for (const table of ["MfaBackupCode", "MfaFactor", "MfaChallenge"])
      expect(await app.count(`SELECT count(*) FROM "${table}" WHERE "userId" = ?`, user.id), table).toBe(0)
    const [event] = await app.sql.rows(`SELECT "detail" FROM "MfaEvent" WHERE "type" = 'reset' AND "userId" = ?`, user.id)
    expect(event?.detail).toBe(`by ${admin.id}: lost the phone`)
    expect(await (await app.signedIn(user)).session(), "the first factor signs in again").not.toBeNull()
  })

  it("T27 nobody is sent elsewhere after a step-up", async () => {
    const user = await app.enrolled()
    for (const evil of evilTargets) {
      const page = await user.client.get(`/settings/mfa/confirm?${new URLSearchParams({ returnTo: evil })}`)
      expect(page.status, evil).toBe(200)
      const given = /returnTo\\?":\\?"((?:[^"\\]|\\[^"])*)/.exec(page.text)?.[1] ?? "nothing"
      expect(given, evil).toMatch(/^\//)
      expect(new URL(given.replaceAll("\\\\", "\\"), `${app.url}/settings/mfa/confirm`).origin, evil).toBe(app.url)
      expect(page.text, evil).not.toMatch(/(?:href|action)="[^"]*(?:evil|javascript:|data:)/)
    }
  })
})
