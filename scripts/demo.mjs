/**
 * The main job, from a fresh clone: a demo app gets MFA and runs.
 *   npm run demo              starts it and prints where, and as whom to sign in
 *   npm run demo -- --check   signs in through MFA over HTTP, says what it saw, and exits
 */
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { prepare } from "./prepare.mjs"

const check = process.argv.includes("--check")
const step = (text) => console.log(`\n▸ ${text}`)

step("Installing and building chimerai")
prepare()
// Only now are the packages there that these need.
const { chimerai, copyFixture, finishApp, freePort, startApp } = await import("./apps.mjs")
const { createClient } = await import("@libsql/client")
const { hashSync } = await import("bcryptjs")

const dir = mkdtempSync(join(tmpdir(), "chimerai-demo-"))
step(`Copying the demo app to ${dir}`)
copyFixture("next16-credentials", dir)

step("npx chimerai add mfa --yes")
console.log(chimerai(["add", "mfa", dir, "--yes"]))

step("Creating the SQLite tables, and building the app")
finishApp(dir)

const user = { email: "demo@example.com", password: "correct horse battery staple" }
const database = createClient({ url: `file:${join(dir, "prisma/dev.db")}` })
await database.execute({
  sql: "INSERT INTO User (id, email, name, passwordHash) VALUES ('demo', ?, 'Demo', ?)",
  args: [user.email, hashSync(user.password, 10)],
})
database.close()

const app = await startApp(dir, { port: await freePort(check ? 0 : Number(process.env.PORT ?? 3000)) })
if (check) {
  const { checkDemo } = await import("./demo-check.mjs")
  let ok = false
  try {
    ok = await checkDemo(app.url, user)
  } finally {
    await app.stop()
    rmSync(dir, { recursive: true, force: true })
  }
  process.exit(ok ? 0 : 1)
}

console.log(`
  The app runs with MFA:   ${app.url}/login
  user                     ${user.email}
  password                 ${user.password}

  Sign in, open "Two-step verification", scan the picture with an authenticator app,
  sign out and in again. The code is in ${dir}. Ctrl+C ends it.
`)
openBrowser(`${app.url}/login`)
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => app.stop().then(() => process.exit(0)))

/** Only where a person sits in front of a desktop. */
function openBrowser(url) {
  if (!process.stdout.isTTY || process.env.CI) return
  const opener = { darwin: "open", win32: "explorer" }[process.platform] ?? "/usr/bin/xdg-open"
  if (opener.startsWith("/") && !existsSync(opener)) return
  spawn(opener, [url], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref()
}
