/**
 * Every ring of tests, with what it needs installed first. The last line counts: "N passed, N failed".
 * A ring whose tools cannot be had is skipped loudly; in CI that is a failure.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { prepare } from "./prepare.mjs"
import { isDocumented, printMatrix } from "./security-docs.mjs"

const root = fileURLToPath(new URL("../", import.meta.url))
const inCi = Boolean(process.env.CI)
const started = Date.now()
const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`

console.log("▸ packages and build")
prepare()

const tools = [
  { name: "oathtool", package: "oathtool", rings: ["e2e", "security", "browser"], has: () => onPath("oathtool") },
  { name: "KeePassXC's CLI", package: "keepassxc", rings: ["e2e"], has: () => onPath("keepassxc-cli") },
  {
    name: "Chromium",
    package: "chromium",
    rings: ["browser"],
    has: () =>
      Boolean(process.env.CHROMIUM_PATH) || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].some(existsSync),
  },
]
const skipped = new Map()
for (const tool of tools)
  if (!tool.has() && !installDebian(tool))
    for (const ring of tool.rings) skipped.set(ring, `${tool.name} is not installed (Debian: apt-get install ${tool.package})`)

const checks = [
  ["lint", ["npm", "run", "--silent", "lint"]],
  ["types", ["npm", "run", "--silent", "types"]],
]
let failedChecks = 0
for (const [name, [command, ...args]] of checks) {
  console.log(`▸ ${name}`)
  if (spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).status !== 0) {
    failedChecks++
    console.error(`✖ ${name} failed`)
  }
}

const rings = ["unit", "property", "crash", "e2e", "hostile", "security", "browser"].filter((ring) => !skipped.has(ring))
console.log(`▸ rings: ${rings.join(", ")} (${seconds()})`)
const report = join(root, ".cache/results.json")
mkdirSync(join(root, ".cache"), { recursive: true })
const vitest = spawnSync(
  process.execPath,
  [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    ...rings.flatMap((ring) => ["--project", ring]),
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ],
  { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
)
const results = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 }

if (rings.includes("security") && results.testResults) {
  printMatrix(results)
  checks.push(["docs", []])
  const complete = results.numFailedTests === 0 && results.numPendingTests === 0
  if (complete && !isDocumented(results)) {
    failedChecks++
    console.error("✖ docs/security.md is not what these results show: node scripts/security-docs.mjs writes it")
  }
}

for (const [ring, why] of skipped) console.error(`\n!!! SKIPPED: the ${ring} ring did not run: ${why}`)
const notRun = results.numPendingTests + skipped.size
const crashed = vitest.status !== 0 && results.numFailedTests === 0 ? 1 : 0
const failed = results.numFailedTests + failedChecks + crashed + (inCi ? notRun : 0)
if (inCi && notRun > 0) console.error("In CI nothing may be skipped.")
console.log(`\nall rings in ${seconds()}`)
console.log(`${results.numPassedTests + checks.length - failedChecks} passed, ${failed} failed${notRun > 0 ? `, ${notRun} skipped` : ""}`)
process.exit(failed > 0 ? 1 : 0)

function onPath(command) {
  return (process.env.PATH ?? "").split(":").some((dir) => existsSync(join(dir, command)))
}

/** On Debian, as root, a missing tool is installed; elsewhere that is the user's to decide. */
function installDebian({ name, package: debian, has }) {
  if (process.getuid?.() !== 0 || !onPath("apt-get")) return false
  console.log(`▸ installing ${name}`)
  try {
    const options = { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } }
    execFileSync("apt-get", ["update", "-qq"], options)
    execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", debian], options)
  } catch {
    return false
  }
  return has()
}
