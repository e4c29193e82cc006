/** An app whose visitors come over TLS, through a proxy: its own URL is what it is told, and its cookies are Secure. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Client } from "../../scripts/http-client.mjs"
import { type Fixture, fixtures, password, TestApp } from "../support/fixtures"
import { oathCode } from "../support/otp"
import { isReachable } from "../support/sql"

const using = fixtures.filter(({ name }) => ["next16-split-postgres", "next15-v4-jwt", "next14-v4-pages"].includes(name))
const reachable = new Map(await Promise.all(using.map(async ({ database }) => [database, await isReachable(database)] as const)))
const outside = "https://app.example"

describe.each(using.map((fixture): [string, Fixture] => [fixture.name, fixture]))("%s", (_name, fixture) => {
  let app: TestApp
  let url: string
  const it = test.skipIf(!reachable.get(fixture.database))
  beforeAll(async () => {
    if (!reachable.get(fixture.database)) return
    app = await TestApp.start(fixture)
    url = await app.instance(fixture.major === 4 ? { NEXTAUTH_URL: outside } : { AUTH_URL: outside })
  })
  afterAll(() => app?.stop())

  it("T12, T13 a sign-in is held and completed under the secure names; planted cookies are not looked at", async () => {
    const user = await app.enrolled()
    const client = new Client(url)
    const answer = await client.signIn(user.email, password, { callbackUrl: `${outside}/dashboard?from=outside` })
    expect(answer.headers.get("location")).toBe(`${outside}${fixture.challenge}?callbackUrl=%2Fdashboard%3Ffrom%3Doutside`)
    const cookie = answer.headers.getSetCookie().find((value) => value.startsWith("__Host-mfa-challenge="))
    expect(cookie).toMatch(/; Path=\/;.*HttpOnly.*; Secure/)
    expect(client.sessionCookie).toBeUndefined()

    const verify = (browser: Client, origin: string) => browser.post("/api/auth/mfa-verify", { code: oathCode(user.secret) }, { origin })
    const planted = client.clone()
    planted.cookies.set("mfa-challenge", client.cookies.get("__Host-mfa-challenge") ?? "")
    planted.cookies.delete("__Host-mfa-challenge")
    expect((await verify(planted, outside)).json.code).toBe("no_challenge")
    expect((await verify(client, url)).json.code, "the inner name is another site").toBe("cross_site")

    const done = await verify(client, outside)
    expect([done.status, new URL(done.json.redirectTo, outside).href]).toEqual([200, `${outside}/dashboard?from=outside`])
    expect([...client.cookies.keys()].filter((name) => name.includes("session-token"))).toEqual([
      fixture.major === 4 ? "__Secure-next-auth.session-token" : "__Secure-authjs.session-token",
    ])
    expect((await client.session())?.user.email).toBe(user.email)
  })
})
