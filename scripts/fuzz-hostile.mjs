/**
 * Trees that somebody prepared to do harm, thousands of them: links, special files, modes, names, texts, settings of git,
 * journals and manifests, in every mixture. After each command: nothing outside has changed, nothing of the tree has
 * run, no secret is shown, and the run has ended in time, with an exit code of the contract and no internal error.
 *
 *   npm run fuzz:hostile -- --trees 10000 --seed 5 --only 123 --kind link
 */
import { execFileSync, fork, spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { hosts } from "./fuzz/hosts.mjs"

const { values } = parseArgs({
  options: {
    trees: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    from: { type: "string", default: "0" },
    only: { type: "string" },
    kind: { type: "string" },
    workers: { type: "string", default: "2" },
    keep: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
})
const seed = Number(values.seed)
const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url))
const bin = fileURLToPath(new URL("../bin/chimerai.js", import.meta.url))
/** A run ends within this time of the processor, or it hangs. One that waits, for a FIFO say, uses none. */
const patience = { processor: 10_000, clock: 90_000 } // ms
/** Trees after which a worker is replaced: each run leaves a module behind. */
const longestLife = 120

// Memory is a disk that flushes at once, where there is one.
const base = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()
const work = mkdtempSync(join(base, "chimerai-fuzz-"))
chmodSync(work, 0o755)
process.on("exit", () => values.keep || rmSync(work, { recursive: true, force: true }))
// What was found until then is told.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
])
  process.on(signal, () => {
    summarize()
    process.exit(code)
  })

const first = Number(values.only ?? values.from)
const indices = Array.from({ length: values.only ? 1 : Number(values.trees) }, (_, index) => first + index)
const total = indices.length
const isRoot = process.getuid?.() === 0
/** As root, and as somebody who may not do everything. */
const nobody = 65_534
const lanes = isRoot
  ? [
      { user: null, indices: indices.filter((index) => index % 2 === 0) },
      { user: nobody, indices: indices.filter((index) => index % 2 === 1) },
    ]
  : [{ user: null, indices }]
const findings = []
const counts = { trees: 0, runs: 0, slowest: 0, codes: {}, errors: {}, kinds: {} }

console.error(`seed ${seed}, ${total} trees in ${work}`)
makeTemplates()
await makeSpecials()
const started = Date.now()
const workers = Number(values.workers)
await Promise.all(Array.from({ length: workers }, (_, number) => worker(number)))
for (let number = workers; number < lanes.length; number++) await worker(number)
summarize()
process.exitCode = findings.length > 0 ? 1 : 0

function summarize() {
  const seconds = Math.round((Date.now() - started) / 1000)

  const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([, a], [, b]) => b - a))
  if (values.json) console.log(JSON.stringify({ seed, ...counts, findings }))
  else {
    for (const finding of findings)
      console.log(
        `\n✖ tree ${finding.index} (${finding.host}; ${finding.made.join("; ")})\n  ${finding.args?.join(" ")}\n  ${finding.found}\n${finding.output ?? ""}`,
      )
    console.log(
      `\nexit codes ${JSON.stringify(sorted(counts.codes))}\nerrors ${JSON.stringify(sorted(counts.errors))}\nchanges ${JSON.stringify(sorted(counts.kinds))}`,
    )
  }
  console.log(
    `\n${counts.trees} trees, ${counts.runs} runs in ${seconds} s, the slowest ${counts.slowest} ms: ${findings.length} findings (seed ${seed})`,
  )
}

/** Every app as it is, and with MFA installed; for each a repository in which it is committed, and one with the env files too. */
function makeTemplates() {
  const templates = join(work, "templates")
  for (const [name, { app, tree }] of Object.entries(hosts)) {
    const plain = join(templates, name)
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(plain, path)), { recursive: true })
      writeFileSync(join(plain, path), text)
    }
    const installed = join(templates, `${name}-installed`)
    cpSync(plain, installed, { recursive: true })
    execFileSync(process.execPath, [bin, "add", "mfa", join(installed, app), "--yes", "--no-install"], { stdio: "pipe" })
    for (const dir of [plain, installed]) {
      commit(dir, [], `${dir}-clean.git`)
      commit(dir, ["--force"], `${dir}-with-env.git`)
    }
  }
}

function commit(dir, flags, to) {
  const git = (...args) =>
    execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", ...args], { cwd: dir, stdio: "pipe" })
  git("init", "-q")
  git("add", "-A", ...flags)
  git("commit", "-qm", "first")
  renameSync(join(dir, ".git"), to)
}

/** Files that are linked into a tree where a FIFO, a socket or a device is to be: to make one takes a process, or more rights. */
async function makeSpecials() {
  const specials = join(work, "specials")
  mkdirSync(specials)
  execFileSync("mkfifo", [join(specials, "fifo")])
  const server = createServer()
  await new Promise((resolve) => server.listen(join(specials, "socket"), resolve))
  server.unref()
  // As /dev/zero: it never ends.
  if (isRoot) spawnSync("mknod", [join(specials, "zero"), "c", "1", "5"])
  // Nobody but root may link to what is another's.
  if (isRoot) for (const name of readdirSync(specials)) chownSync(join(specials, name), nobody, nobody)
}

/** @param number the place that it works in */
async function worker(number) {
  const place = join(work, `place-${number}`)
  mkdirSync(place)
  const trap = join(place, "trap.sh")
  writeFileSync(trap, `#!/bin/sh\necho "$0 $*" >> ${place}/marks/ran\n[ -p /dev/stdin ] && exec /bin/cat\nexit 1\n`)
  chmodSync(trap, 0o755)
  const lane = lanes[number % lanes.length]
  while (lane.indices.length > 0) await life(place, lane)
}

/** One process, for as many trees as it lives. */
function life(place, { user, indices }) {
  if (user !== null) give(place, user)
  const argument = JSON.stringify({ seed, place, cli, user })
  const child = fork(fileURLToPath(new URL("./fuzz/worker.mjs", import.meta.url)), [argument], {
    execArgv: ["--max-old-space-size=1024"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...process.env, NO_COLOR: "1", CI: "" },
  })
  let [stderr, lived, current, since] = ["", 0, null, null]
  const timer = setInterval(() => {
    const used = since && { processor: processorTime(child.pid) - since.processor, clock: Date.now() - since.clock }
    if (!used || (used.processor < patience.processor && used.clock < patience.clock)) return
    found({ ...current, found: `has not ended after ${used.processor} ms of the processor, ${used.clock} ms by the clock` })
    current = since = null
    child.kill("SIGKILL")
  }, 500)
  child.stderr.on("data", (text) => {
    stderr = (stderr + text).slice(-3000)
  })
  const next = () => {
    since = null
    const index = lived++ < longestLife ? indices.shift() : undefined
    if (index === undefined) {
      current = null
      return child.kill()
    }
    current = { index, made: [], host: "" }
    child.send({ index, kind: values.kind ?? null })
  }
  child.on("message", (message) => {
    if (message.running) {
      current = { ...message, args: message.running }
      since = { processor: processorTime(child.pid), clock: Date.now() }
    } else if (message.found) {
      found(message)
    } else {
      count(message)
      current = null
      next()
    }
  })
  next()
  return new Promise((resolve) =>
    child.on("exit", (code, signal) => {
      clearInterval(timer)
      if (current !== null) found({ ...current, found: `the process died: ${code ?? signal}`, output: stderr.slice(-1500) })
      resolve()
    }),
  )
}

function found(finding) {
  findings.push(finding)
  tell(finding)
}

/** Of a process and the ones that it has waited for. Where there is no /proc, the clock has to do. */
function processorTime(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/s, "").trim().split(" ")
    // utime, stime, cutime, cstime: hundredths of a second.
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0)
  } catch {
    return 0
  }
}

function tell({ index, found, host, made, args }) {
  console.error(
    `✖ tree ${index}: ${args?.filter((arg) => !arg.startsWith("/")).join(" ")} ${found.slice(0, 400)} (${host}; ${made.join("; ")})`,
  )
}

function count({ done, made }) {
  counts.trees++
  counts.runs += done.length
  const add = (to, key) => {
    to[key] = (to[key] ?? 0) + 1
  }
  for (const { code, error, ms } of done) {
    add(counts.codes, code)
    if (error) add(counts.errors, error)
    counts.slowest = Math.max(counts.slowest, ms)
  }
  for (const kind of made) add(counts.kinds, kind.split(" ")[0])
  if (counts.trees % 500 === 0) console.error(`${counts.trees} of ${total} trees, ${findings.length} findings`)
}

/** What is in a place belongs to whoever works there. */
function give(path, user) {
  chownSync(path, user, user)
  if (!lstatSync(path).isDirectory()) return
  for (const name of readdirSync(path)) if (!lstatSync(join(path, name)).isSymbolicLink()) give(join(path, name), user)
}
