/**
 * What the attack suite covers, from the results of a test run: the matrix of threats and host shapes, and the
 * requirements of ASVS 5.0 and NIST SP 800-63B-4 that its tests answer. `node scripts/security-docs.mjs` writes
 * docs/security.md from the last run; `npm test` fails when that is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { notHere, threats } from "./threats.mjs"

const root = fileURLToPath(new URL("../", import.meta.url))
const resultsPath = join(root, ".cache/results.json")
const docsPath = join(root, "docs/security.md")

const fixtures = [
  "next16-credentials",
  "next16-credentials/cached",
  "next16-credentials/strict",
  "next16-split-postgres",
  "next16-split-postgres/provider-ids",
  "next14-split-early",
  "next15-t3-database",
  "next15-v4-jwt",
  "next15-v4-jwt/provider-ids",
  "next14-v4-mariadb",
  "next14-v4-pages",
  "next14-v4-pages/advanced",
  "next15-v4-javascript",
]

/** Suites that run on one fixture and do not name it. */
const homes = [
  [/security\/(sign-in|settings|host-settings)\.test/, "next16-credentials"],
  [/security\/(oauth-and-mail|setup-session)\.test/, "next15-t3-database"],
  [/security\/(instances|own-ways|own-callbacks)\.test/, "next16-split-postgres"],
  [/browser\/passkey\.test/, "next16-split-postgres"],
  [/e2e\/(generated-code|generated-rim|interoperability)\.test|browser\//, "next16-credentials"],
]

/** [standard, requirement, what is done, the threats whose tests show it] */
const requirements = [
  ["ASVS 2.2.2", "input is validated on the server", "every body is read and limited by the routes", [50, 53]],
  ["ASVS 2.3.1", "steps in their order only", "a session exists after the second step alone", [12, 13]],
  ["ASVS 2.3.4", "limited things are locked", "one guarded statement for each attempt, step and backup code", [2, 4, 6, 7, 43]],
  ["ASVS 3.3.1-3.3.4", "cookies are Secure, SameSite, __Host- and HttpOnly", "the challenge cookie is all of them", [12, 13, 28]],
  ["ASVS 3.5.1-3.5.3", "no requests from other sites, no state change by GET", "origin, fetch metadata and content type are checked", [25]],
  ["ASVS 6.3.1", "brute force is stopped", "five tries, then growing blocks", [1, 2]],
  ["ASVS 6.3.3", "a second factor can be required", "TOTP and backup codes", [12]],
  ["ASVS 6.3.4", "every way in is as strong", "the gate is in next-auth itself, for each of its providers", [12, 15, 16, 17, 18, 19]],
  ["ASVS 6.3.5, 6.3.7", "changes and failures can be told to the user", "each is an event, given to onMfaEvent", [37, 46]],
  ["ASVS 6.3.8", "nobody finds out who has an account or MFA", "nothing differs before the password", [22]],
  ["ASVS 6.4.4", "a lost factor is replaced with care", "an administrator's reset turns MFA off and chooses nothing", [46]],
  ["ASVS 6.5.1", "lookup secrets and one-time codes are used once", "guarded updates in the database", [3, 4, 5, 6]],
  ["ASVS 6.5.2", "lookup secrets are stored as hashes", "120 bits, keyed SHA-256", [39, 52]],
  ["ASVS 6.5.3, 11.5.1", "random values are from a CSPRNG", "node:crypto for secrets, codes and tokens", [39]],
  [
    "ASVS 6.5.5",
    "one-time codes live shortly",
    "one step either way, each accepted once; the standard's 30 s is `window = 0` in totp.ts",
    [40],
  ],
  ["ASVS 6.5.6", "a factor can be revoked", "turning off, replacing, resetting", [8, 10, 46]],
  ["ASVS 6.5.8", "time is the server's", "nothing is read from the client", [41]],
  ["ASVS 6.8.1", "users of identity providers are told apart by provider and subject", "accounts are looked up by both", [15, 18]],
  ["ASVS 7.2.1, 7.4.1", "sessions are checked and ended on the server", "the epoch is read with each session", [14, 45]],
  ["ASVS 7.2.4", "a new session after authentication", "next-auth's own, when the sign-in completes", [13]],
  ["ASVS 7.4.2", "a deleted user's sessions end", "no user, no epoch", [42]],
  ["ASVS 7.4.3", "other sessions end when a factor changes", "always, when MFA is turned on", [45]],
  ["ASVS 7.4.5", "administrators can end sessions", "the reset does", [46]],
  ["ASVS 7.5.1", "re-authentication before changing factors", "a sign-in of the last ten minutes, or a current code", [9, 10]],
  ["ASVS 7.5.3", "step-up for sensitive operations", "requireMfa({ maxAge })", [46]],
  ["ASVS 13.3.1, 13.3.4", "keys are kept apart and can be changed", "the environment's key, lazy re-encryption and a script", [36, 39]],
  ["ASVS 14.2.1", "nothing sensitive in URLs", "tokens are in cookies alone", [28]],
  ["ASVS 14.3.2", "sensitive answers are not cached", "no-store", [34]],
  ["ASVS 16.2.5", "no secrets in logs", "errors are logged without their messages", [29]],
  ["ASVS 16.3.1", "authentication is logged", "MfaEvent, with factor, time, address and browser", [37, 46]],
  ["ASVS 16.5.1, 16.5.3", "errors are generic and closed", "a failure anywhere denies", [35, 49]],
  ["SP 800-63B-4 look-up secrets", "approved random bits, used once, throttled", "120 bits", [6, 39]],
  ["SP 800-63B-4 OTP", "accepted once, limited lifetime", "the last accepted step is stored", [3, 4, 40]],
  ["SP 800-63B-4 throttling", "no more than 100 failures in a row; a success clears them", "the last level has no end", [1]],
  ["SP 800-63B-4 new authenticators", "bound after authentication, with notice", "fresh sign-in or current code; an event", [8, 9, 10]],
]

/** @returns the threats each fixture was attacked with: "passed" or "failed" */
function cellsOf(results) {
  const cells = new Map()
  for (const { name: file, assertionResults } of results.testResults)
    for (const { ancestorTitles, title, status } of assertionResults) {
      if (status !== "passed" && status !== "failed") continue
      const home = fixtures.includes(ancestorTitles[0]) ? ancestorTitles[0] : homes.find(([pattern]) => pattern.test(file))?.[1]
      if (!home) continue
      for (const [, threat] of `${ancestorTitles.join(" ")} ${title}`.matchAll(/\bT(\d+)\b/g)) {
        const key = `${home} ${threat}`
        cells.set(key, cells.get(key) === "failed" || status === "failed" ? "failed" : "passed")
      }
    }
  return cells
}

const marks = { passed: "✓", failed: "✗" }

/** The matrix as text for a terminal. */
export function printMatrix(results) {
  const cells = cellsOf(results)
  const header = fixtures.map((_, index) => String(index + 1).padStart(3)).join("")
  console.log(`\nthreats by host shape (${fixtures.map((name, index) => `${index + 1} ${name}`).join(", ")})`)
  console.log(`${" ".repeat(54)}${header}`)
  for (const [threat, { title }] of Object.entries(threats)) {
    const row = fixtures.map((fixture) => (marks[cells.get(`${fixture} ${threat}`)] ?? "·").padStart(3)).join("")
    console.log(`${`  T${threat}`.padEnd(6)}${title.padEnd(48)}${row}`)
  }
}

function markdown(results) {
  const cells = cellsOf(results)
  const rows = Object.entries(threats).map(([threat, { title }]) => {
    const row = fixtures.map((fixture) => marks[cells.get(`${fixture} ${threat}`)] ?? "")
    return `| T${threat} | ${title} | ${row.join(" | ")} |`
  })
  const shown = (threat) => fixtures.some((fixture) => cells.get(`${fixture} ${threat}`) === "passed")
  const said = Object.entries(threats).map(
    ([threat, { asserts }]) => `- T${threat}: ${asserts}${shown(threat) ? "" : " No test of the last run was of it."}`,
  )
  const found = Object.entries(threats).flatMap(([threat, { title, attack, defence, asserts }]) =>
    attack ? [`${threat}. **${title[0]?.toUpperCase()}${title.slice(1)}**: ${attack} → ${defence} T: ${asserts}`] : [],
  )
  const table = requirements.map(([standard, requirement, how, tests]) => {
    const missing = tests.filter((threat) => !shown(threat))
    if (missing.length > 0) throw new Error(`${standard} names T${missing.join(", T")}, which no test passed`)
    return `| ${standard} | ${requirement} | ${how} | ${tests.map((threat) => `T${threat}`).join(", ")} |`
  })
  return `# What is attacked, and what that shows

Written from the results of the tests by \`node scripts/security-docs.mjs\`. Each tick stands for at least one test that
attacks a running app of that shape, or the modules generated for it; \`npm run mutants\` takes defences out one by one, to
see that their tests fail.

## Threats by host shape

| | threat | ${fixtures.map((name) => `\`${name}\``).join(" | ")} |
| --- | --- | ${fixtures.map(() => "---").join(" | ")} |
${rows.join("\n")}

An empty cell is a threat that was not tried on that shape: it has no such way to sign in, or the test needs one shape only.

### What the tests assert

A tick is worth what is asserted for it:

${said.join("\n")}

### Found since the first list

Attack → defence → test. Each was seen to work, on one of these hosts or in a bug report.

${found.join("\n")}

### Not attacked, and why

${Object.entries(notHere)
  .map(([threat, why]) => `- T${threat}: ${why}.`)
  .join("\n")}

## Requirements

In our own words; the standards' texts are what counts.

| standard | asks that | what is done | shown by |
| --- | --- | --- | --- |
${table.join("\n")}

Where the two standards differ from practice: ASVS 6.5.5 gives a TOTP code 30 seconds. The default here accepts one step
either way, because clocks drift (RFC 6238, 5.2), and each code once.
`
}

/** Whether docs/security.md says what the results show. */
export const isDocumented = (results) => readFileSync(docsPath, "utf8") === markdown(results)

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(docsPath, markdown(JSON.parse(readFileSync(resultsPath, "utf8"))))
  console.log("docs/security.md written")
}
