/** Turns a fixture into a running app with MFA: what the demo shows and the tests attack. */
import { execFile, execFileSync, spawn } from "node:child_process"
import { createHash, randomBytes, randomInt } from "node:crypto"
import { constants, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

export const root = fileURLToPath(new URL("../", import.meta.url))
const cache = join(root, ".cache")

/** Prisma's engines cannot be downloaded everywhere; its WebAssembly engine needs only that these two name some file. */
const anyExecutable = process.execPath
export const prismaEnv = {
  PRISMA_SCHEMA_ENGINE_BINARY: anyExecutable,
  PRISMA_QUERY_ENGINE_LIBRARY: anyExecutable,
  PRISMA_HIDE_UPDATE_MESSAGE: "1",
  CHECKPOINT_DISABLE: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  // The fixtures' lockfiles name no download addresses, which Next.js takes for damage.
  NEXT_IGNORE_INCORRECT_LOCKFILE: "1",
  npm_config_prefer_offline: "true",
  npm_config_audit: "false",
}

/**
 * A changed copy of a text file.
 * @param {string} from
 * @param {string} to
 * @param {(text: string) => string} change
 * @returns where it is
 */
export function copyTextFile(from, to, change) {
  writeFileSync(to, change(readFileSync(from, "utf8")))
  return to
}

/** Runs a command to its end. @returns what it printed; @throws with the end of its output when it fails */
export function run(command, args, options = {}) {
  try {
    return start(command, args, options)
  } catch (error) {
    const output = `${error.stdout ?? ""}${error.stderr ?? ""}`.split("\n").slice(-30).join("\n")
    throw new Error(`${command} ${args.join(" ")} failed:\n${output || error.message}`)
  }
}

function start(command, args, options) {
  return execFileSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
    ...options,
    env: { ...process.env, ...prismaEnv, ...options.env },
  })
}

/**
 * `next14-v4-pages/advanced` is the fixture `next14-v4-pages` with the files of its `variants/advanced` over it, less
 * those that its `removed.json` names.
 */
function placesOf(name) {
  const [base, variant] = name.split("/")
  const fixture = join(root, "fixtures", base)
  return { base, fixture, overlay: variant ? join(fixture, "variants", variant) : null }
}

/** The fixture with its dependencies, installed once per lockfile. */
export function fixtureWithDependencies(name) {
  const { base, fixture } = placesOf(name)
  const hash = createHash("sha256")
    .update(readFileSync(join(fixture, "package-lock.json")))
    .digest("hex")
    .slice(0, 12)
  const dir = join(cache, "dependencies", `${base}-${hash}`)
  if (!existsSync(join(dir, "node_modules"))) {
    mkdirSync(dir, { recursive: true })
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(fixture, file), join(dir, file))
    run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: dir })
  }
  return { fixture, dependencies: join(dir, "node_modules") }
}

/** Hard links where the system has them: half a gigabyte of packages need not be copied. */
function linkTree(from, to) {
  try {
    run("cp", ["-al", from, to])
  } catch {
    rmSync(to, { recursive: true, force: true })
    cpSync(from, to, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
  }
}

/** `shared.json` of a fixture says which files of fixtures/shared it has, and where. */
function takeShared(target) {
  const list = join(target, "shared.json")
  if (!existsSync(list)) return
  for (const path of JSON.parse(readFileSync(list, "utf8"))) cpSync(join(root, "fixtures/shared", basename(path)), join(target, path))
  rmSync(list)
}

/** A copy of a fixture to work in. */
export function copyFixture(name, target, { modules = true } = {}) {
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  const { fixture, overlay } = placesOf(name)
  for (const entry of readdirSync(fixture))
    if (!["node_modules", ".next", "variants", "after"].includes(entry))
      cpSync(join(fixture, entry), join(target, entry), { recursive: true })
  takeShared(target)
  if (overlay) {
    cpSync(overlay, target, { recursive: true, filter: (path) => path !== join(overlay, "after") })
    takeShared(target)
    const removed = join(target, "removed.json")
    if (existsSync(removed))
      for (const path of [...JSON.parse(readFileSync(removed, "utf8")), "removed.json"]) rmSync(join(target, path), { recursive: true })
  }
  if (modules) {
    const { dependencies } = fixtureWithDependencies(name)
    linkTree(dependencies, join(target, "node_modules"))
  }
  if (existsSync(join(target, ".env.example"))) {
    const secret = randomBytes(32).toString("base64")
    const env = readFileSync(join(target, ".env.example"), "utf8").replace(/^(AUTH_SECRET|NEXTAUTH_SECRET)=.*$/m, `$1="${secret}"`)
    writeFileSync(join(target, ".env"), env)
  }
  return target
}

export function chimerai(args, options = {}) {
  return run(process.execPath, [join(root, "bin/chimerai.js"), ...args], options)
}

/** What `add mfa` makes of a fixture: as long as that is the same, the build of an earlier run is used again. */
function fingerprint(name) {
  const dir = mkdtempSync(join(tmpdir(), "chimerai-"))
  copyFixture(name, dir, { modules: false })
  chimerai(["add", "mfa", "--yes", "--no-install", dir])
  addUses(name, dir)
  const hash = addTree(createHash("sha256"), dir)
  rmSync(dir, { recursive: true })
  return hash.digest("hex").slice(0, 12)
}

/** What the app's authors write with what they have got: the fixture's files in `after/`. */
function addUses(name, dir) {
  const { fixture, overlay } = placesOf(name)
  const after = join(overlay ?? fixture, "after")
  if (existsSync(after)) cpSync(after, dir, { recursive: true })
}

/** Secrets and what is noted about them are new each time. */
const changing = ["node_modules", ".next", ".env", ".chimerai"]

function addTree(hash, path) {
  if (!statSync(path).isDirectory()) return hash.update(readFileSync(path))
  for (const name of readdirSync(path).toSorted()) {
    if (changing.includes(name)) continue
    hash.update(name)
    addTree(hash, join(path, name))
  }
  return hash
}

const built = new Map()

/** A fixture after `add mfa`, with tables and a production build. */
export function builtApp(name, log = () => {}) {
  const known = built.get(name)
  if (known) return known
  const dir = join(cache, "apps", `${name.replace("/", "-")}-${fingerprint(name)}`)
  built.set(name, dir)
  if (existsSync(join(dir, ".built"))) return dir
  log(`copying ${name}`)
  copyFixture(name, dir)
  log("chimerai add mfa --yes")
  log(chimerai(["add", "mfa", "--yes", dir]))
  addUses(name, dir)
  log("creating the tables and building")
  finishApp(dir)
  writeFileSync(join(dir, ".built"), "")
  return dir
}

/**
 * Builds several, two at a time: a build of Next.js keeps one core busy for most of its time.
 * @param {string[]} names
 * @throws with the output of the first that failed
 */
export async function buildApps(names) {
  // Variants share their fixture's packages: those are installed before two builds could do it at once.
  for (const name of names) fixtureWithDependencies(name)
  const queue = [...names]
  const worker = async () => {
    for (let name = queue.shift(); name; name = queue.shift())
      await promisify(execFile)(process.execPath, [join(root, "scripts/build-app.mjs"), name], { maxBuffer: 64 * 1024 * 1024 })
  }
  await Promise.all([worker(), worker()])
}

/** The fixture as it is, built: what MFA is compared with. Its database is the one that has MFA's columns too. */
export function builtWithoutMfa(name) {
  const { fixture } = placesOf(name)
  const dir = join(cache, "apps", `${name.replace("/", "-")}-plain-${addTree(createHash("sha256"), fixture).digest("hex").slice(0, 12)}`)
  if (existsSync(join(dir, ".built"))) return dir
  copyFixture(name, dir)
  finishApp(dir)
  writeFileSync(join(dir, ".built"), "")
  return dir
}

/** Tables and a production build, after `add mfa`. */
export function finishApp(dir) {
  prepareDatabase(dir)
  run("npx", ["next", "build"], { cwd: dir })
}

/** The client, and the tables where the database is a file. (`migrate dev` needs a person; other databases are the test's.) */
function prepareDatabase(dir) {
  const isFile = /provider\s*=\s*"sqlite"/.test(readFileSync(join(dir, "prisma/schema.prisma"), "utf8"))
  if (isFile) run("npx", ["prisma", "db", "push", "--skip-generate", "--accept-data-loss"], { cwd: dir })
  run("npx", ["prisma", "generate"], { cwd: dir })
}

/**
 * A port to listen on: `wanted` where it is free, else one from below the range that systems give to outgoing
 * connections, which would be taken again before the app listens.
 * @param {number} [wanted] none, or 0, is any
 * @returns {Promise<number>}
 */
export function freePort(wanted = 0) {
  // The system's own choice for 0 is from that range, and `wanted` itself says nothing about what it chose.
  const port = wanted || 10_000 + randomInt(20_000)
  return new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(freePort()))
    server.listen(port, () => server.close(() => resolve(port)))
  })
}

/**
 * Starts a built app and waits until it answers. `output` collects what it prints.
 * @param {string} dir
 * @param {{ port?: number, env?: Record<string, string>, authPath?: string }} options
 */
export async function startApp(dir, { port, env = {}, authPath = "/api/auth" } = {}) {
  const chosen = port ?? (await freePort())
  /** @type {string[]} */
  const output = []
  const child = spawn(process.execPath, [join(dir, "node_modules/next/dist/bin/next"), "start", "-p", String(chosen)], {
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...prismaEnv, NODE_ENV: "production", AUTH_TRUST_HOST: "true", ...env },
  })
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output.push(String(data)))
  const url = `http://localhost:${chosen}`
  for (let attempt = 0; ; attempt++) {
    const up = await fetch(`${url}${authPath}/csrf`).then(
      (response) => response.ok,
      () => false,
    )
    if (up) break
    if (child.exitCode !== null || attempt > 300) throw new Error(`the app did not start:\n${output.join("")}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const stop = () =>
    new Promise((resolve) => {
      child.once("exit", resolve)
      child.kill("SIGKILL")
    })
  return { url, output, stop, pid: child.pid }
}
