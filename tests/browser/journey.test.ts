import { mkdirSync, readFileSync } from "node:fs"
import jsQR from "jsqr"
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core"
import { PNG } from "pngjs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { count, createUser, type Enrolled, enrolledUser, password, type RunningApp, runFixture, signedIn } from "../support/app"
import { chromiumPath } from "../support/chromium"
import { oathCode, wrongCode } from "../support/otp"
import { cache } from "../support/paths"

let app: RunningApp
let browser: Browser
beforeAll(async () => {
  app = await runFixture("next16-credentials")
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox", "--disable-background-networking"] })
  mkdirSync(`${cache}screenshots`, { recursive: true })
})
afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

const email = "ada@example.com"
/** With where the sign-in was going. */
const challenge = "**/login/mfa?**"
const picture = (page: Page, name: string) => page.screenshot({ path: `${cache}screenshots/${name}.png`, fullPage: true })

async function signIn(page: Page, address = email, path = "/login") {
  await page.goto(app.url + path)
  await page.getByLabel("E-mail").fill(address)
  await page.getByLabel("Password").fill(password)
  await page.getByRole("button", { name: "Sign in" }).click()
}

async function signOut(page: Page) {
  await page.goto(`${app.url}/dashboard`)
  await page.getByRole("button", { name: "Sign out" }).click()
  await page.waitForURL("**/login")
}

const hasFocus = (locator: Locator) => expect.poll(() => locator.evaluate((element) => element === document.activeElement)).toBe(true)

/** What an authenticator app's camera sees. */
async function scan(page: Page): Promise<string> {
  const drawing = page.getByRole("img", { name: /QR code/ })
  // A `data:` image would need the permission of the app's Content-Security-Policy.
  expect(await drawing.evaluate((element) => [element.tagName, element.querySelectorAll("image, img").length])).toEqual(["svg", 0])
  const image = PNG.sync.read(await drawing.screenshot())
  const found = jsQR(new Uint8ClampedArray(image.data), image.width, image.height)
  if (!found) throw new Error("no QR code in the picture")
  return found.data
}

test("a person signs up, turns MFA on by the picture, signs in with a code and with a backup code, and turns it off", async () => {
  const context = await browser.newContext()
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: app.url })
  const page = await context.newPage()
  const problems: string[] = []
  page.on("pageerror", (error) => problems.push(error.message))
  page.on("console", (message) => message.type() === "error" && !/status of 4\d\d/.test(message.text()) && problems.push(message.text()))

  // sign up
  await page.goto(`${app.url}/signup`)
  await page.getByLabel("E-mail").fill(email)
  await page.getByLabel("Password").fill(password)
  await page.getByRole("button", { name: "Sign up" }).click()
  await page.waitForURL("**/login")
  await signIn(page)
  await page.waitForURL("**/dashboard")

  // enrol
  await page.getByRole("link", { name: "Two-step verification" }).click()
  await page.waitForURL("**/settings/mfa")
  await picture(page, "settings-idle")
  await page.getByRole("button", { name: "Set up two-step verification" }).click()
  const uri = new URL(await scan(page))
  await picture(page, "settings-setup")
  const secret = uri.searchParams.get("secret") ?? ""
  expect(uri.href.startsWith("otpauth://totp/paperplane:ada%40example.com?")).toBe(true)
  expect((await page.locator("code").textContent())?.replaceAll(" ", "")).toBe(secret)
  await hasFocus(page.getByRole("heading", { name: "Scan the QR code" }))
  const code = page.getByLabel("Six-digit code")
  await code.fill("123")
  await page.keyboard.press("Enter")
  await page.getByText("That code is not complete.").waitFor()
  await code.fill(wrongCode(secret))
  await page.keyboard.press("Enter")
  await page.getByText("That code is not valid. Check that your phone sets its time automatically.").waitFor()
  expect(await code.getAttribute("aria-invalid")).toBe("true")
  await code.fill(oathCode(secret, -1))
  await page.keyboard.press("Enter")

  // backup codes: shown once, copied, downloaded, confirmed
  await hasFocus(page.getByRole("heading", { name: "Save your backup codes" }))
  await picture(page, "settings-backup-codes")
  const codes = await page.getByRole("listitem").allInnerTexts()
  expect(codes).toHaveLength(10)
  await page.getByRole("button", { name: "Copy" }).click()
  await page.getByText("Copied.").waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(codes.join("\n"))
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()])
  const saved = readFileSync(await download.path(), "utf8")
  expect(saved).toContain(codes.join("\n"))
  expect(await page.getByRole("button", { name: "Done" }).isDisabled()).toBe(true)
  await page.getByLabel("I have saved my backup codes").check()
  await page.getByRole("button", { name: "Done" }).click()
  await hasFocus(page.getByRole("heading", { name: "Two-step verification is on." }))
  await page.getByRole("button", { name: "Back to settings" }).click()
  await hasFocus(page.getByRole("heading", { name: "Two-step verification", exact: true }))
  await page.reload()
  await page.getByText("10 of 10 backup codes left.").waitFor()
  await picture(page, "settings-on")
  for (const shown of codes) expect((await page.content()).includes(shown)).toBe(false)

  // sign in with a code
  await signOut(page)
  await signIn(page)
  await page.waitForURL(challenge)
  await page.getByText(`Signing in as ${email}`).waitFor()
  await picture(page, "challenge")
  const field = page.getByLabel("Code from your authenticator app")
  expect(await field.getAttribute("autocomplete")).toBe("one-time-code")
  expect(await field.getAttribute("inputmode")).toBe("numeric")
  await page.goto(`${app.url}/dashboard`)
  await page.waitForURL("**/login**")
  await page.goto(`${app.url}/login/mfa`)
  await field.fill("12")
  await page.keyboard.press("Enter")
  await page.getByText("That code is not complete.").waitFor()
  await field.fill(wrongCode(secret))
  await page.keyboard.press("Enter")
  await page.getByText("That code is not valid.").waitFor()
  expect(await field.evaluate((input) => input === document.activeElement)).toBe(true)
  await field.fill(oathCode(secret))
  await page.keyboard.press("Enter")
  await page.waitForURL("**/dashboard")
  await page.getByText(email).waitFor()

  // sign in with a backup code
  await signOut(page)
  await signIn(page)
  await page.waitForURL(challenge)
  await page.getByRole("link", { name: "Use a backup code instead" }).click()
  const backup = page.getByLabel("Backup code")
  expect(await backup.getAttribute("inputmode")).toBe("text")
  await expect.poll(() => backup.evaluate((input) => input === document.activeElement)).toBe(true)
  await backup.fill(codes[0] ?? "")
  await page.getByRole("button", { name: "Verify" }).click()
  await page.waitForURL("**/dashboard")
  await page.goto(`${app.url}/settings/mfa`)
  await page.getByText("9 of 10 backup codes left.").waitFor()

  // turn it off
  await page.getByRole("button", { name: "Turn off" }).click()
  await page.getByLabel("Code from your app, or a backup code").fill(codes[1] ?? "")
  await page.getByRole("button", { name: "Turn off two-step verification" }).click()
  await page.getByText("Two-step verification is off.").waitFor()
  await signOut(page)
  await signIn(page)
  await page.waitForURL("**/dashboard")
  expect(await count(app, "SELECT count(*) FROM MfaBackupCode")).toBe(0)
  expect(problems).toEqual([])
  await context.close()
})

test("without a session the settings lead to the sign-in, and back", async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${app.url}/settings/mfa`)
  await page.waitForURL("**/login?callbackUrl=**")
  expect(new URL(page.url()).searchParams.get("callbackUrl")).toContain("/settings/mfa")
  await context.close()
})

/** A browser of its own, and what it was asked for in its whole life. */
async function newBrowser(options: BrowserContextOptions = {}): Promise<{ context: BrowserContext; page: Page; addresses: string[] }> {
  const context = await browser.newContext(options)
  const addresses: string[] = []
  context.on("request", (request) => addresses.push(request.url()))
  return { context, page: await context.newPage(), addresses }
}

/** A browser in which somebody is signed in already. */
async function browserOf(client: Enrolled["client"]) {
  const opened = await newBrowser()
  await opened.context.addCookies([...client.cookies].map(([name, value]) => ({ name, value, url: app.url })))
  return opened
}

const deepLink = "/login?callbackUrl=%2Fdashboard%3Ffrom%3Dmail"

describe("the challenge", () => {
  test("works without JavaScript, and no code is ever part of an address", async () => {
    const user = await enrolledUser(app)
    const { context, page, addresses } = await newBrowser({ javaScriptEnabled: false })
    await signIn(page, user.email, deepLink)
    await page.waitForURL(challenge)
    const field = page.getByLabel("Code from your authenticator app")
    const wrong = wrongCode(user.secret)
    await field.fill(wrong)
    await page.getByRole("button", { name: "Verify" }).click()
    await page.getByRole("alert").getByText("That code is not valid.").waitFor()
    await picture(page, "challenge-without-javascript")
    await page.getByRole("link", { name: "Use a backup code instead" }).click()
    await page.getByLabel("Backup code").fill("0000-0000-0000-0000-0000-0000")
    await page.getByRole("button", { name: "Verify" }).click()
    await page.getByRole("alert").getByText("That code is not valid.").waitFor()
    await page.getByLabel("Backup code").waitFor()
    await page.getByRole("link", { name: "Use your authenticator app instead" }).click()
    const code = oathCode(user.secret)
    await field.fill(code)
    await page.keyboard.press("Enter")
    await page.waitForURL("**/dashboard?from=mail")
    await page.getByText(user.email).waitFor()
    for (const address of addresses) for (const typed of [wrong, code, "0000-0000"]) expect(address).not.toContain(typed)
    await context.close()
  })

  test("is submitted before its scripts have come, and no code is part of an address", async () => {
    const user = await enrolledUser(app)
    const { context, page, addresses } = await newBrowser()
    await signIn(page, user.email, deepLink)
    await page.waitForURL(challenge)
    await page.route("**/*.js", (route) => route.abort())
    await page.reload()
    const code = oathCode(user.secret)
    await page.getByLabel("Code from your authenticator app").fill(code)
    await page.unroute("**/*.js")
    await page.keyboard.press("Enter")
    await page.waitForURL("**/dashboard?from=mail")
    for (const address of addresses) expect(address).not.toContain(code)
    await context.close()
  })

  test("is cancelled: the account is forgotten on both sides", async () => {
    const user = await enrolledUser(app)
    const { context, page } = await newBrowser()
    await signIn(page, user.email)
    await page.waitForURL(challenge)
    await page.getByRole("button", { name: "Cancel" }).click()
    await page.waitForURL("**/login")
    expect((await context.cookies()).some(({ name }) => name.includes("mfa-challenge"))).toBe(false)
    expect(await count(app, "SELECT count(*) FROM MfaChallenge WHERE userId = ?", user.id)).toBe(0)
    await page.goto(`${app.url}/login/mfa`)
    await page.waitForURL("**/login")
    await context.close()
  })

  test("used up, it says so with the account's own wait; a new sign-in with a backup code goes where the first was going", async () => {
    const user = await enrolledUser(app)
    const { context, page } = await newBrowser()
    await signIn(page, user.email, deepLink)
    await page.waitForURL(challenge)
    const field = page.getByLabel("Code from your authenticator app")
    for (let attempt = 0; attempt < 5; attempt++) {
      await field.fill(wrongCode(user.secret))
      const answered = page.waitForResponse("**/mfa-verify")
      await page.keyboard.press("Enter")
      await answered
      await page.getByText("That code is not valid.").waitFor()
    }
    await field.fill(oathCode(user.secret))
    await page.keyboard.press("Enter")
    await hasFocus(page.getByRole("heading", { name: "Too many wrong codes" }))
    await page.getByText(/A code from your app works again in \d+ seconds; a backup code works at once\./).waitFor()
    await picture(page, "challenge-exhausted")
    await page.getByRole("link", { name: "Sign in again" }).click()
    await page.waitForURL("**/login?callbackUrl=%2Fdashboard%3Ffrom%3Dmail")
    await page.getByLabel("E-mail").fill(user.email)
    await page.getByLabel("Password").fill(password)
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.waitForURL(challenge)
    await field.fill(oathCode(user.secret))
    await page.keyboard.press("Enter")
    await page.getByText(/Too many wrong codes\. A code from your app works again in/).waitFor()
    await picture(page, "challenge-blocked")
    // Pasted into the field of the app's codes.
    await field.fill(user.backupCodes[0] ?? "")
    await page.keyboard.press("Enter")
    await page.waitForURL("**/dashboard?from=mail")
    await context.close()
  })

  test("expired, it says so and keeps where the sign-in was going", async () => {
    const user = await enrolledUser(app)
    const { context, page } = await newBrowser()
    await signIn(page, user.email, deepLink)
    await page.waitForURL(challenge)
    const past = new Date(0).toISOString()
    await app.database.execute({ sql: "UPDATE MfaChallenge SET expiresAt = ? WHERE userId = ?", args: [past, user.id] })
    await page.getByLabel("Code from your authenticator app").fill(oathCode(user.secret))
    await page.keyboard.press("Enter")
    await hasFocus(page.getByRole("heading", { name: "Your sign-in has expired" }))
    await picture(page, "challenge-expired")
    await page.getByRole("link", { name: "Sign in again" }).click()
    await page.waitForURL("**/login?callbackUrl=%2Fdashboard%3Ffrom%3Dmail")
    await context.close()
  })

  test("in a second tab goes on when the first has signed in, with a code and without", async () => {
    const user = await enrolledUser(app)
    const { context, page } = await newBrowser()
    await signIn(page, user.email, deepLink)
    await page.waitForURL(challenge)
    const [second, third] = [await context.newPage(), await context.newPage()]
    await second.goto(page.url())
    await page.getByLabel("Code from your authenticator app").fill(oathCode(user.secret))
    await page.keyboard.press("Enter")
    await page.waitForURL("**/dashboard?from=mail")
    await second.getByLabel("Code from your authenticator app").fill(oathCode(user.secret))
    await second.keyboard.press("Enter")
    await second.waitForURL("**/dashboard?from=mail")
    await third.goto(`${app.url}/login/mfa?callbackUrl=%2Fdashboard%3Fthird`)
    await third.waitForURL("**/dashboard?third")
    await context.close()
  })
})

describe("the settings", () => {
  async function startSetup(page: Page): Promise<string> {
    await page.goto(`${app.url}/settings/mfa`)
    await page.getByRole("button", { name: "Set up two-step verification" }).click()
    return (await page.locator("code").textContent())?.replaceAll(" ", "") ?? ""
  }

  test("after turning on, away and Back, show what is so; neither key nor codes come back", async () => {
    const user = await createUser(app)
    const { context, page } = await browserOf(await signedIn(app, user.email))
    await page.goto(`${app.url}/dashboard`)
    await page.getByRole("link", { name: "Two-step verification" }).click()
    await page.getByRole("button", { name: "Set up two-step verification" }).click()
    const secret = (await page.locator("code").textContent())?.replaceAll(" ", "") ?? ""
    await page.getByLabel("Six-digit code").fill(oathCode(secret, -1))
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Save your backup codes" }).waitFor()
    const [code = ""] = await page.getByRole("listitem").allInnerTexts()
    await page.goto(`${app.url}/dashboard`)
    await page.goBack()
    await page.getByText("10 of 10 backup codes left.").waitFor()
    expect(await page.getByRole("button", { name: "Set up two-step verification" }).count()).toBe(0)
    const content = await page.content()
    for (const shown of [secret, code]) expect(content.replaceAll(" ", "")).not.toContain(shown)
    await context.close()
  })

  test("leave neither the key nor codes in a page that is kept for Back", async () => {
    const user = await createUser(app)
    const { context, page } = await browserOf(await signedIn(app, user.email))
    const leave = () => page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })))
    const secret = await startSetup(page)
    await leave()
    await page.getByRole("button", { name: "Set up two-step verification" }).waitFor()
    expect((await page.content()).replaceAll(" ", "")).not.toContain(secret)
    const second = await startSetup(page)
    await page.getByLabel("Six-digit code").fill(oathCode(second, -1))
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Save your backup codes" }).waitFor()
    const [code = ""] = await page.getByRole("listitem").allInnerTexts()
    await leave()
    await page.getByText("10 of 10 backup codes left.").waitFor()
    expect(await page.content()).not.toContain(code)
    await context.close()
  })

  test("changed in another tab, they show what is so instead of an error", async () => {
    const user = await createUser(app)
    const client = await signedIn(app, user.email)
    const { context, page } = await browserOf(client)
    await page.goto(`${app.url}/settings/mfa`)
    const other = await context.newPage()
    const secret = await startSetup(other)
    await page.getByRole("button", { name: "Set up two-step verification" }).waitFor()
    await other.getByLabel("Six-digit code").fill(oathCode(secret, -1))
    await other.keyboard.press("Enter")
    await other.getByRole("heading", { name: "Save your backup codes" }).waitFor()
    await page.getByRole("button", { name: "Set up two-step verification" }).click()
    await page.getByText("10 of 10 backup codes left.").waitFor()
    await page.getByText("The settings had changed in the meantime.").waitFor()
    await hasFocus(page.getByRole("heading", { name: "Two-step verification", exact: true }))
    await context.close()
  })

  test("when the answer with the backup codes is lost, they say that it is on and offer new codes", async () => {
    const user = await createUser(app)
    const { context, page } = await browserOf(await signedIn(app, user.email))
    const secret = await startSetup(page)
    await page.route("**/api/mfa/verify", async (route) => {
      await route.fetch()
      await route.abort()
    })
    await page.getByLabel("Six-digit code").fill(oathCode(secret, -1))
    await page.keyboard.press("Enter")
    await hasFocus(page.getByRole("heading", { name: "Two-step verification is on" }))
    await picture(page, "settings-codes-lost")
    await page.getByRole("button", { name: "Get new backup codes" }).click()
    await page.getByLabel("Code from your app, or a backup code").fill(oathCode(secret))
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Save your backup codes" }).waitFor()
    expect(await page.getByRole("listitem").count()).toBe(10)
    await context.close()
  })

  test("when the answer to a replacement is lost, they tell to keep both devices, and how to find out which counts", async () => {
    const user = await createUser(app)
    const client = await signedIn(app, user.email)
    const { context, page } = await browserOf(client)
    const secret = await startSetup(page)
    await page.getByLabel("Six-digit code").fill(oathCode(secret, -1))
    await page.keyboard.press("Enter")
    await page.getByLabel("I have saved my backup codes").check()
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("button", { name: "Back to settings" }).click()
    await page.getByRole("button", { name: "Replace authenticator app" }).click()
    await page.getByLabel("Code from your app, or a backup code").fill(oathCode(secret))
    await page.keyboard.press("Enter")
    await page.getByLabel("Six-digit code").waitFor()
    await page.route("**/api/mfa/verify", (route) => route.abort())
    await page.getByLabel("Six-digit code").fill("123456")
    await page.keyboard.press("Enter")
    await hasFocus(page.getByRole("heading", { name: "Keep both devices for now" }))
    await page.getByRole("button", { name: "Get new backup codes" }).click()
    await page.getByLabel("Code from your app, or a backup code").fill(oathCode(secret, 1))
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Save your backup codes" }).waitFor()
    await context.close()
  })

  test("when the new session is lost with the codes, they say so and lead to a new sign-in and back", async () => {
    const user = await createUser(app)
    const client = await signedIn(app, user.email)
    const { context, page } = await browserOf(client)
    const secret = await startSetup(page)
    await page.route("**/api/mfa/verify", async (route) => {
      // Another client, so that this browser gets nothing of the answer.
      await client.post("/api/mfa/verify", route.request().postDataJSON())
      await route.abort()
    })
    await page.getByLabel("Six-digit code").fill(oathCode(secret, -1))
    await page.keyboard.press("Enter")
    await hasFocus(page.getByRole("heading", { name: "You have been signed out" }))
    await page.getByRole("button", { name: "Sign in again" }).click()
    await page.waitForURL("**/login?callbackUrl=%2Fsettings%2Fmfa")
    await page.getByLabel("E-mail").fill(user.email)
    await page.getByLabel("Password").fill(password)
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.waitForURL(challenge)
    await page.getByLabel("Code from your authenticator app").fill(oathCode(secret))
    await page.keyboard.press("Enter")
    await page.waitForURL("**/settings/mfa")
    await page.getByText("10 of 10 backup codes left.").waitFor()
    await context.close()
  })

  test("an old session signs out before it signs in again, so that a sign-in page cannot send it on, and comes back", async () => {
    const user = await createUser(app)
    const { context, page } = await browserOf(await signedIn(app, user.email))
    // A sign-in page that sends signed-in users on, as many apps have it.
    const isSignedIn = async () => (await context.cookies()).some(({ name }) => name === "authjs.session-token")
    await page.route("**/login?**", async (route) =>
      (await isSignedIn()) ? route.fulfill({ status: 302, headers: { location: "/dashboard" } }) : route.continue(),
    )
    const old = { enabled: false, backupCodesRemaining: 0, reauthRequired: true }
    await page.route("**/api/mfa/status", (route) => route.fulfill({ json: old }), { times: 1 })
    await page.goto(`${app.url}/settings/mfa`)
    await page.getByText("For your security, sign in again first.").waitFor()
    await picture(page, "settings-sign-in-again")
    await page.getByRole("button", { name: "Sign in again" }).click()
    await page.waitForURL("**/login?callbackUrl=%2Fsettings%2Fmfa")
    await page.getByLabel("E-mail").fill(user.email)
    await page.getByLabel("Password").fill(password)
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.waitForURL("**/settings/mfa")
    await page.getByRole("button", { name: "Set up two-step verification" }).waitFor()
    await context.close()
  })
})
