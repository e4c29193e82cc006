/** A passkey signs in by itself, and next-auth drops the path that its `signIn` callback returns: whole, in a browser. */
import { type Browser, type BrowserContext, chromium } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { chromiumPath } from "../support/chromium"
import { passkeyFixture, TestApp, type User } from "../support/fixtures"
import { oathCode, wrongCode } from "../support/otp"
import { isReachable } from "../support/sql"

const reachable = await isReachable(passkeyFixture.database)
let app: TestApp
let browser: Browser
beforeAll(async () => {
  if (!reachable) return
  app = await TestApp.start(passkeyFixture)
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox", "--disable-background-networking"] })
})
afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

/** A browser with an authenticator that holds a passkey of this user, who is signed in by password. */
async function withPasskey(user: User) {
  const context = await browser.newContext()
  const signedIn = await app.signedIn(user)
  await context.addCookies([...signedIn.cookies].map(([name, value]) => ({ name, value, url: app.url })))
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send("WebAuthn.enable")
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await page.goto(app.url)
  await page.getByRole("button", { name: "Add a passkey" }).click()
  await page.waitForURL("**/dashboard")
  expect(await app.count('SELECT count(*) FROM "Authenticator" WHERE "userId" = ?', user.id)).toBe(1)
  return { context, page, signedIn }
}

const sessionOf = async (context: BrowserContext) => (await (await context.request.get(`${app.url}/api/auth/session`)).json())?.user ?? null

test.skipIf(!reachable)("T17 a passkey of a user with MFA is held until the second factor, one without is not", async () => {
  const user = await app.createUser()
  const { context, page } = await withPasskey(user)
  const signInAgain = async () => {
    await context.clearCookies()
    await page.goto(app.url)
    await page.getByRole("button", { name: "Use a passkey" }).click()
  }
  await signInAgain()
  await page.waitForURL("**/dashboard")
  expect((await sessionOf(context))?.email, "without MFA").toBe(user.email)

  const client = await app.signedIn(user)
  const { json } = await client.post("/api/mfa/setup")
  expect((await client.post("/api/mfa/verify", { code: oathCode(json.secret, -1) })).status).toBe(200)

  await signInAgain()
  await page.waitForURL(({ pathname }) => pathname === passkeyFixture.challenge)
  expect(await sessionOf(context), "with MFA").toBeNull()
  await page.getByLabel(/code/i).fill(wrongCode(json.secret))
  await page.getByRole("button", { name: /verify|continue|sign in/i }).click()
  await page.getByText("That code is not valid.").waitFor()
  expect(await sessionOf(context)).toBeNull()
  await page.getByLabel(/code/i).fill(oathCode(json.secret))
  await page.getByRole("button", { name: /verify|continue|sign in/i }).click()
  await page.waitForURL("**/dashboard")
  expect(await sessionOf(context)).toMatchObject({ id: user.id, email: user.email })
})
