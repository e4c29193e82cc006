import { Secret, TOTP } from "otpauth"
import { Client } from "./http-client.mjs"

/** One user's way through MFA. Prints each step with what the app answered; false when one was not as promised. */
export async function checkDemo(url, { email, password }) {
  let ok = true
  const saw = (what, seen, expected) => {
    const right = JSON.stringify(seen) === JSON.stringify(expected)
    ok &&= right
    console.log(`  ${right ? "✔" : "✖"} ${what}: ${JSON.stringify(seen)}${right ? "" : `, expected ${JSON.stringify(expected)}`}`)
  }
  const code = (secret, step) => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + step * 30_000 })
  const nameOf = async (client) => (await client.session())?.user.email ?? null

  console.log("\n▸ Signing in through MFA")
  // The codes below are of the step before and of this one: not while the clock is about to move on.
  const left = 30_000 - (Date.now() % 30_000)
  if (left < 5000) await new Promise((resolve) => setTimeout(resolve, left + 50))
  const settings = new Client(url)
  await settings.signIn(email, password)
  saw("signed in with the password, before MFA is on", await nameOf(settings), email)
  const { json: setup } = await settings.post("/api/mfa/setup")
  const enabled = await settings.post("/api/mfa/verify", { code: code(setup.secret, -1) })
  saw("MFA turned on, backup codes shown", [enabled.status, enabled.json.backupCodes?.length], [200, 10])

  const browser = new Client(url)
  const held = await browser.signIn(email, password)
  saw("the password alone leads to", new URL(held.headers.get("location") ?? url).pathname, "/login/mfa")
  saw("and signs nobody in", await nameOf(browser), null)
  const wrong = await browser.verify("000000")
  saw("a wrong code", [wrong.status, wrong.json.code], [400, "invalid_code"])
  const right = await browser.verify(code(setup.secret, 0))
  saw("the right code leads to", [right.status, right.json.redirectTo], [200, "/dashboard"])
  saw("signed in", await nameOf(browser), email)

  const replay = new Client(url)
  await replay.signIn(email, password)
  const reused = await replay.verify(code(setup.secret, -1))
  saw("a code used before", [reused.status, reused.json.code], [400, "invalid_code"])
  const backup = await replay.verify(enabled.json.backupCodes[0], true)
  saw("a backup code", backup.status, 200)
  saw("signed in", await nameOf(replay), email)
  console.log(ok ? "\nEverything as promised." : "\nNot as promised.")
  return ok
}
