/**
 * The built CLI over a folder of checkouts: what it found against what is known, what it would do, and whether its
 * promises held. Each host is copied first; nothing of it runs.
 *   npm run hosts -- <dir> [hosts.json] [--types] [--only owner/name]
 *
 * <dir>       the checkouts, as `owner+name` (or `name`)
 * hosts.json  their facts; without it, <dir>/hosts.json
 * --types     installs the dependencies with scripts off, generates the client, and counts the type errors that are new
 */
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join, posix } from "node:path"
import { check as prettierCheck, resolveConfig } from "prettier"
import { transformWithEsbuild } from "vite"
import { prepare } from "./prepare.mjs"

prepare()
const { fixtureWithDependencies, prismaEnv, root } = await import("./apps.mjs")

const flags = process.argv.slice(2)
const wantsTypes = flags.includes("--types")
const only = flags.includes("--only") ? flags[flags.indexOf("--only") + 1] : null
const [dir, list] = flags.filter((flag, index) => !flag.startsWith("--") && flags[index - 1] !== "--only")
if (!dir) {
  console.error("npm run hosts -- <dir> [hosts.json] [--types] [--only owner/name]")
  process.exit(2)
}
const hosts = JSON.parse(readFileSync(list ?? join(dir, "hosts.json"), "utf8")).filter(({ repo }) => only === null || repo === only)
const prisma = join(fixtureWithDependencies("next16-credentials").dependencies, ".bin/prisma")

const rows = []
for (const host of hosts) {
  const checkout = [host.repo.replace("/", "+"), basename(host.repo), host.repo].map((name) => join(dir, name)).find(existsSync)
  if (!checkout) {
    rows.push({ host, verdict: "no checkout", notes: [] })
    continue
  }
  const copy = join(mkdtempSync(join(tmpdir(), "hosts-")), "host")
  cpSync(checkout, copy, { recursive: true, filter: (path) => !/(^|\/)(\.git|node_modules|\.next)$/.test(path) })
  try {
    rows.push({ host, ...(await tryHost(host, copy)) })
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  print(rows.at(-1))
}
summarize()
process.exitCode = rows.some(({ verdict }) => ["WRONG", "BROKEN"].includes(verdict)) ? 1 : 0

async function tryHost(host, copy) {
  const before = treeOf(copy)
  const typesBefore = wantsTypes ? typeErrors(host, copy) : null
  const run = (command, ...more) => {
    const app = host.appPath && host.appPath !== "." ? ["--app", host.appPath] : []
    const args = [join(root, "bin/chimerai.js"), command, "mfa", copy, ...app, "--yes", "--no-install", "--json", ...more]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 1 << 26 })
    return { status, stderr, json: stdout.startsWith("{") ? JSON.parse(stdout) : {} }
  }
  const added = run("add")
  const after = treeOf(copy)
  const refused = host.category !== undefined && host.category !== "positive"
  if (added.status !== 0) {
    const notes = same(before, after) ? [] : ["CHANGED BY A REFUSAL"]
    const { code = added.stderr.slice(-200), message = "" } = added.json.error ?? {}
    const verdict = notes.length > 0 || added.status === 1 ? "BROKEN" : refused ? "refused, as it should be" : "refused"
    return { verdict, code, notes: [...notes, message] }
  }
  const notes = refused ? ["INSTALLED WHERE IT SHOULD NOT BE"] : []
  notes.push(...factsAgainst(host, added.json.host))
  const edited = [...before.keys()].filter((path) => after.has(path) && after.get(path) !== before.get(path))
  for (const path of edited) {
    const [old, now] = [before.get(path), after.get(path)]
    if (!isSubsequence(old, now)) notes.push(`NOT ONLY INSERTIONS: ${path}`)
    if (!(await parses(path, now))) notes.push(`DOES NOT PARSE: ${path}`)
    if (await isFormatted(path, old, copy)) if (!(await isFormatted(path, now, copy))) notes.push(`prettier: ${path}`)
  }
  const schema = join(copy, added.json.host.prisma.schema)
  if (!isValid(schema)) notes.push("SCHEMA INVALID")
  if (typesBefore) {
    const fresh = [...typeErrors(host, copy)].filter((error) => !typesBefore.has(error))
    if (fresh.length > 0) notes.push(`TYPES: ${fresh.length} new, ${fresh[0]}`)
  }
  if (run("add").json.status !== "unchanged" || !same(after, treeOf(copy))) notes.push("SECOND RUN CHANGES SOMETHING")
  run("remove", "--purge")
  if (!same(before, treeOf(copy))) notes.push("REMOVE LEAVES SOMETHING")
  const manual = added.json.actions.filter(({ kind }) => kind === "manual").map(({ path, reason }) => `you: ${path}: ${reason}`)
  const verdict = notes.some((note) => /^[A-Z]{3}/.test(note))
    ? "BROKEN"
    : notes.some((note) => note.startsWith("fact"))
      ? "WRONG"
      : "installed"
  return { verdict, actions: added.json.actions.length, edited: edited.length, notes: [...notes, ...manual] }
}

/** What was detected where the list knows better. */
function factsAgainst(host, found) {
  const at = (path) => posix.normalize(path)
  const pairs = [
    ["router", host.router, found.router],
    ["language", host.lang?.toLowerCase(), found.language],
    ["auth.major", host.nextAuthMajor, found.auth.major],
    ["auth.calls", host.nextAuthCallFiles?.map(at), found.auth.calls.map(at)],
    ["auth.config", host.authConfigPath && at(host.authConfigPath), at(found.auth.config)],
    ["prisma.userModel", host.userModel, found.prisma.userModel],
    ["prisma.userId", host.userIdType, found.prisma.userId.type],
    ["prisma.provider", host.prismaProvider, found.prisma.provider],
    ["prisma.client", host.prismaClientMain?.file && at(host.prismaClientMain.file), at(found.prisma.client.split("#")[0])],
  ]
  return pairs
    .filter(([, wanted, actual]) => wanted !== undefined && wanted !== null && !agrees(wanted, actual))
    .map(([fact, wanted, actual]) => `fact ${fact}: ${actual}, not ${wanted}`)
}

/** Of several calls, the one that was chosen has to be among those that are known. */
function agrees(wanted, actual) {
  return Array.isArray(wanted) ? actual.every((path) => wanted.includes(path)) : wanted === actual
}

function treeOf(copy, prefix = "", found = new Map()) {
  for (const name of readdirSync(join(copy, prefix)).toSorted()) {
    if (name === "node_modules") continue
    const path = prefix ? `${prefix}/${name}` : name
    if (statSync(join(copy, path), { throwIfNoEntry: false })?.isDirectory()) {
      found.set(`${path}/`, "")
      treeOf(copy, path, found)
    } else if (existsSync(join(copy, path))) found.set(path, readFileSync(join(copy, path), "latin1"))
  }
  return found
}

function same(a, b) {
  return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text)
}

function isSubsequence(old, now) {
  let at = 0
  for (const char of now) if (char === old[at]) at++
  return at === old.length
}

/** By another parser than the one that edits. */
async function parses(path, text) {
  const loader = { ts: "ts", tsx: "tsx", mts: "ts", js: "jsx", jsx: "jsx", mjs: "jsx", json: "json" }[path.split(".").at(-1)]
  if (!loader) return true
  try {
    const source = Buffer.from(text, "latin1")
      .toString("utf8")
      .replace(/^\uFEFF/, "")
    await transformWithEsbuild(source, basename(path), { loader, tsconfigRaw: {} })
    return true
  } catch {
    return false
  }
}

async function isFormatted(path, text, copy) {
  if (!/\.([cm]?[jt]sx?|json)$/.test(path)) return true
  const config = await resolveConfig(join(copy, path)).catch(() => null)
  if (!config) return false
  const plain = { ...config, plugins: [], filepath: path }
  return prettierCheck(Buffer.from(text, "latin1").toString("utf8"), plain).catch(() => false)
}

function isValid(schema) {
  const files = statSync(schema).isDirectory()
    ? readdirSync(schema, { recursive: true }).map((name) => join(schema, String(name)))
    : [schema]
  const text = files
    .filter((path) => path.endsWith(".prisma"))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n")
  const urls = Object.fromEntries(Array.from(text.matchAll(/env\("(\w+)"\)/g), ([, name]) => [name, urlFor(text)]))
  const { status } = spawnSync(prisma, ["validate", "--schema", schema], { cwd: tmpdir(), env: { ...process.env, ...prismaEnv, ...urls } })
  return status === 0
}

function urlFor(schema) {
  const provider = /datasource[^}]*provider\s*=\s*"(\w+)"/.exec(schema)?.[1] ?? "postgresql"
  return (
    { sqlite: "file:./dev.db", mongodb: "mongodb://h/d", sqlserver: "sqlserver://h;database=d" }[provider] ??
    `${provider === "cockroachdb" ? "postgresql" : provider}://u:p@h/d`
  )
}

/** The errors of the host's own compiler, without their positions. */
function typeErrors(host, copy) {
  const cwd = join(copy, host.appPath ?? ".")
  const env = { ...process.env, ...prismaEnv, CI: "1" }
  spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", "--no-save"], { cwd, env })
  spawnSync("npx", ["--no-install", "prisma", "generate"], { cwd, env })
  const { stdout } = spawnSync("npx", ["--no-install", "tsc", "--noEmit", "--incremental", "false"], { cwd, env, encoding: "utf8" })
  return new Set(Array.from(stdout.matchAll(/^(\S+)\(\d+,\d+\): error (TS\d+: .*)$/gm), ([, path, error]) => `${path} ${error}`))
}

function print({ host, verdict, code, actions, edited, notes }) {
  console.log(`${host.repo.padEnd(60)} ${verdict}${code ? ` (${code})` : ""}${actions ? `, ${actions} actions, ${edited} edited` : ""}`)
  for (const note of notes.filter(Boolean)) console.log(`    ${note}`)
}

function summarize() {
  const count = (key) => {
    const groups = Map.groupBy
      ? Map.groupBy(rows, key)
      : rows.reduce((map, row) => map.set(key(row), [...(map.get(key(row)) ?? []), row]), new Map())
    return [...groups].toSorted(([a], [b]) => String(a).localeCompare(String(b)))
  }
  console.log("\nby shape of the auth config")
  for (const [shape, of] of count(({ host }) => host.authShape ?? "unknown"))
    console.log(`  ${String(shape).padEnd(40)} ${of.filter(({ verdict }) => verdict === "installed").length} of ${of.length}`)
  console.log("\nin all")
  for (const [verdict, of] of count(({ verdict }) => verdict)) console.log(`  ${verdict.padEnd(40)} ${of.length}`)
}
