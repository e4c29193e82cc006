/**
 * Speed and size, as ratios within one run: a machine's own pace cancels out.
 * Every time is the median of several runs, taken in turn so that a busy moment hits all alike.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { prepare } from "./prepare.mjs"

prepare()
const root = fileURLToPath(new URL("../", import.meta.url))
const rounds = Number(process.env.BENCH_ROUNDS ?? 11)
const scratch = mkdtempSync(join(tmpdir(), "chimerai-bench-"))
const node = process.execPath
const cli = join(root, "bin/chimerai.js")

const fixture = join(scratch, "fixture")
cpSync(join(root, "fixtures/next16-credentials"), fixture, { recursive: true, filter: (path) => !/[/\\](node_modules|\.next)$/.test(path) })
const hosts = [100, 50_000].map((files) => crowded(files))
writeFileSync(join(scratch, "parser.cjs"), `require(${JSON.stringify(join(root, "node_modules/ts-morph"))})\n`)

const dryRun = (dir) => [node, cli, "add", "mfa", dir, "--dry-run", "--yes", "--json"]
const commands = {
  "node -e 0": [node, "-e", "0"],
  "node, parser loaded": [node, join(scratch, "parser.cjs")],
  "chimerai --version": [node, cli, "--version"],
  "chimerai --help": [node, cli, "--help"],
  "chimerai add --dry-run, fixture": dryRun(fixture),
  "chimerai add --dry-run, 100 files": dryRun(hosts[0]),
  "chimerai add --dry-run, 50,000 files": dryRun(hosts[1]),
  ...others(),
}

const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]))
for (let round = 0; round <= rounds; round++) {
  for (const [name, [command, ...args]] of Object.entries(commands)) {
    const start = process.hrtime.bigint()
    const { status, stderr } = spawnSync(command, args, { stdio: ["ignore", "ignore", "pipe"] })
    if (status !== 0) throw new Error(`${name} failed: ${stderr}`)
    // The first round warms the disk's cache.
    if (round > 0) times[name].push(Number(process.hrtime.bigint() - start) / 1e6)
  }
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const ms = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]))

console.log(`\nMedian of ${rounds} runs, in turn\n`)
for (const [name, value] of Object.entries(ms))
  console.log(`${name.padEnd(40)} ${value.toFixed(0).padStart(6)} ms  ${(value / ms["node -e 0"]).toFixed(2).padStart(6)} x node`)
const parser = ms["node, parser loaded"] - ms["node -e 0"]
const overNode = (name) => ms[name] - ms["node -e 0"]
console.log(`
against the budget
  --version over bare node                 ${overNode("chimerai --version").toFixed(0)} ms (budget 50)
  --help over bare node                    ${overNode("chimerai --help").toFixed(0)} ms (budget 50)
  add --dry-run less the parser's load     ${((ms["chimerai add --dry-run, fixture"] - parser) / ms["node -e 0"]).toFixed(2)} x node (budget 3)
  50,000 files against 100                 ${(ms["chimerai add --dry-run, 50,000 files"] / ms["chimerai add --dry-run, 100 files"]).toFixed(2)} x`)

const { packed, installed, packages } = sizes()
console.log(`  packed                                   ${(packed / 1024).toFixed(0)} KiB
  installed                                ${(installed / 1024 / 1024).toFixed(1)} MiB in ${packages} packages (budget 20 MiB in 30)`)
rmSync(scratch, { recursive: true, force: true })

/** The fixture beside many other source files. */
function crowded(files) {
  const dir = join(scratch, `host-${files}`)
  cpSync(fixture, dir, { recursive: true })
  for (let index = 0; index < files; index++) {
    const folder = join(dir, "src/components", String(Math.floor(index / 500)))
    if (index % 500 === 0) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `c${index}.tsx`), "export const value = 1;\n")
  }
  return dir
}

/** Other tools of the trade, where the registry can be reached. */
function others() {
  const dir = join(scratch, "others")
  mkdirSync(dir)
  writeFileSync(join(dir, "package.json"), '{ "private": true }')
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "shadcn@latest", "sv@latest"], {
    cwd: dir,
    stdio: "ignore",
  })
  if (status !== 0) {
    console.error("shadcn and sv could not be installed: they are left out")
    return {}
  }
  return Object.fromEntries(
    ["shadcn", "sv"].map((name) => [`${name} --version`, [node, join(dir, "node_modules/.bin", name), "--version"]]),
  )
}

/** What `npm install chimerai` would bring. */
function sizes() {
  const [{ filename, size }] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--pack-destination", scratch], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  )
  const dir = join(scratch, "installed")
  mkdirSync(dir)
  writeFileSync(join(dir, "package.json"), '{ "private": true }')
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", join(scratch, filename)], { cwd: dir, stdio: "ignore" })
  const modules = join(dir, "node_modules")
  const listed = execFileSync("npm", ["ls", "--all", "--parseable"], { cwd: dir, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
  return { packed: size, installed: sizeOf(modules), packages: listed.trim().split("\n").length - 1 }
}

function sizeOf(path) {
  if (!existsSync(path)) return 0
  const stats = statSync(path)
  return stats.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : stats.size
}
