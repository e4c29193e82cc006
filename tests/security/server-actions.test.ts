/** The server's own `signIn`, called in a form's action: sent as a browser without JavaScript sends it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fixtures, password, TestApp } from "../support/fixtures"
import { oathCode } from "../support/otp"
import { isReachable } from "../support/sql"

const reachable = await isReachable("postgresql")

describe.each(
  fixtures
    .filter(({ name, ways }) => name.includes("split") && ways[0] === "credentials")
    .map((fixture) => [fixture.name, fixture] as const),
)("%s", (_, fixture) => {
  let app: TestApp
  beforeAll(async () => {
    if (reachable) app = await TestApp.start(fixture)
  })
  afterAll(() => app?.stop())

  async function submit(client: ReturnType<TestApp["client"]>, email: string, secret: string) {
    const page = await client.get("/signin")
    const form = new FormData()
    for (const [, name = "", value = ""] of page.text.matchAll(/<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?/g))
      form.set(name, value)
    form.set("email", email)
    form.set("password", secret)
    return client.request("/signin", { method: "POST", body: form })
  }

  test.skipIf(!reachable)("T12 a sign-in by a server action is held, completed, and as before for everybody else", async () => {
    const plain = await app.createUser()
    const client = app.client()
    const signedIn = await submit(client, plain.email, password)
    expect(new URL(signedIn.headers.get("location") ?? "", app.url).pathname, app.output.slice(-2000)).toBe("/dashboard")
    expect((await client.session())?.user.email).toBe(plain.email)

    const user = await app.enrolled()
    const held = app.client()
    const answer = await submit(held, user.email, password)
    expect(new URL(answer.headers.get("location") ?? "", app.url).pathname).toBe(fixture.challenge)
    expect(await held.session()).toBeNull()
    const done = await held.verify(oathCode(user.secret))
    expect([done.status, done.json.success]).toEqual([200, true])
    expect((await held.session())?.user.email).toBe(user.email)

    const refused = await submit(app.client(), user.email, "wrong password")
    expect(refused.headers.get("location")).toContain("/signin?error=")
  })
})
