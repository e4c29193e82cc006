import { mkdirSync, readFileSync } from "node:fs"
import jsQR from "jsqr"
import { type Browser, chromium, type Page } from "playwright-core"
import { PNG } from "pngjs"
import { afterAll, beforeAll, expect, test } from "vitest"
import { count, type RunningApp, runFixture } from "../support/app"
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
const password = "a long enough password"
const picture = (page: Page, name: string) => page.screenshot({ path: `${cache}screenshots/${name}.png`, fullPage: true })

async function signIn(page: Page) {
  await page.goto(`${app.url}/login`)
  await page.getByLabel("E-mail").fill(email)
  await page.getByLabel("Password").fill(password)
  await page.getByRole("button", { name: "Sign in" }).click()
}

async function signOut(page: Page) {
  await page.goto(`${app.url}/dashboard`)
  await page.getByRole("button", { name: "Sign out" }).click()
  await page.waitForURL("**/login")
}

/** What an authenticator app's camera sees. */
async function scan(page: Page): Promise<string> {
  const image = PNG.sync.read(await page.getByRole("img", { name: /QR code/ }).screenshot())
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
  const code = page.getByLabel("Six-digit code")
  await expect.poll(() => code.evaluate((input) => input === document.activeElement)).toBe(true)
  await code.fill(wrongCode(secret))
  await page.keyboard.press("Enter")
  await page.getByText("That code is not valid. Check that your phone sets its time automatically.").waitFor()
  expect(await code.getAttribute("aria-invalid")).toBe("true")
  await code.fill(oathCode(secret, -1))
  await page.keyboard.press("Enter")

  // backup codes: shown once, copied, downloaded, confirmed
  await page.getByRole("heading", { name: "Save your backup codes" }).waitFor()
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
  await page.getByText("Two-step verification is on.").waitFor()
  await page.reload()
  await page.getByText("10 of 10 backup codes left.").waitFor()
  await picture(page, "settings-on")
  for (const shown of codes) expect((await page.content()).includes(shown)).toBe(false)

  // sign in with a code
  await signOut(page)
  await signIn(page)
  await page.waitForURL("**/login/mfa")
  await page.getByText(`Signing in as ${email}`).waitFor()
  await picture(page, "challenge")
  const field = page.getByLabel("Code from your authenticator app")
  expect(await field.getAttribute("autocomplete")).toBe("one-time-code")
  expect(await field.getAttribute("inputmode")).toBe("numeric")
  await page.goto(`${app.url}/dashboard`)
  await page.waitForURL("**/login**")
  await page.goto(`${app.url}/login/mfa`)
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
  await page.waitForURL("**/login/mfa")
  await page.getByRole("button", { name: "Use a backup code instead" }).click()
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

test("a session that is too old is asked to sign in again, and comes back to the settings", async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${app.url}/settings/mfa`)
  await page.waitForURL("**/login?callbackUrl=**")
  expect(new URL(page.url()).searchParams.get("callbackUrl")).toContain("/settings/mfa")
  await context.close()
})
