/** Session tokens too long for one cookie: next-auth spreads them over several, and so must everything of ours. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fixtures, TestApp } from "../support/fixtures"
import { oathCode } from "../support/otp"

const using = fixtures.filter(({ name }) => ["next16-credentials", "next15-v4-jwt"].includes(name))

describe.each(using.map((fixture) => [fixture.name, fixture] as const))("%s", (_name, fixture) => {
  let app: TestApp
  beforeAll(async () => {
    app = await TestApp.start(fixture)
  })
  afterAll(() => app.stop())

  test("setup, the sign-in after it, and the end of other sessions", async () => {
    const user = await app.createUser()
    await app.sql.rows('UPDATE "User" SET "name" = ? WHERE "id" = ?', "n".repeat(6000), user.id)
    const [client, other] = [await app.signedIn(user), await app.signedIn(user)]
    const chunks = ({ cookies }: typeof client) => [...cookies.keys()].filter((name) => /session-token\.\d$/.test(name))
    expect(chunks(client).length).toBeGreaterThan(1)

    const { json } = await client.post("/api/mfa/setup")
    expect((await client.post("/api/mfa/verify", { code: oathCode(json.secret, -1) })).status).toBe(200)
    expect((await client.session())?.user?.email, "this session goes on").toBe(user.email)
    expect(await other.session(), "the others end").toBeNull()

    const held = await app.held(user)
    expect(chunks(held)).toEqual([])
    expect((await held.verify(oathCode(json.secret))).status).toBe(200)
    expect(chunks(held).length).toBeGreaterThan(1)
    expect((await held.session())?.user?.email).toBe(user.email)
  })
})
