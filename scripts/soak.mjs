/**
 * Mixed valid and hostile traffic over four processes on one PostgreSQL, one of which is killed every 30 seconds.
 * Fails when a code is accepted twice, an account gets more tries than its limit, anything answers 500, or memory grows.
 *   npm run soak               ten minutes
 *   npm run soak -- 60         so many seconds
 */
import { execFileSync } from "node:child_process"
import { Client } from "./http-client.mjs"
import { prepare } from "./prepare.mjs"

prepare()
const { codeOf, createDatabase, createUsers, enrol, password, startInstance } = await import("./runtime-app.mjs")
const seconds = Number(process.argv[2] ?? 600)
const { db, url, drop } = await createDatabase()
const apps = []
while (apps.length < 4) apps.push(await startInstance(url))

const people = []
for (const user of await createUsers(db, 60, "soak")) people.push(await enrol(apps[0].url, user))
const [honest, attacked] = [people.slice(0, 40), people.slice(40)]

const seen = { accepted: 0, refused: 0, blocked: 0, unreachable: 0, read: 0, busy: 0 }
const problems = []
const acceptedCodes = new Map()
/** When an attacked account's guesses were answered as wrong, since its last block ended. */
const tries = new Map(attacked.map(({ id }) => [id, []]))

const pick = (list) => list[Math.floor(Math.random() * list.length)]
/** A request that a killed process may leave without an answer. */
async function attempt(act) {
  try {
    const answer = await act()
    if (answer.status >= 500 && answer.status !== 503) problems.push(`${answer.status}: ${answer.text.slice(0, 200)}`)
    if (answer.status === 503) seen.busy++
    return answer
  } catch {
    seen.unreachable++
    return null
  }
}
const held = async (user) => {
  const client = new Client(pick(apps).url)
  await attempt(() => client.signIn(user.email, password))
  client.origin = pick(apps).url
  return client
}
function accepted(user, code) {
  seen.accepted++
  const key = `${user.id} ${code}`
  const times = (acceptedCodes.get(key) ?? 0) + 1
  acceptedCodes.set(key, times)
  // Six digits come round again: the same code within five minutes is the same one.
  setTimeout(() => acceptedCodes.delete(key), 300_000).unref()
  if (times > 1) problems.push(`accepted twice: ${key}`)
}

const traffic = [
  // signs in, twice at once with one code
  async () => {
    const user = pick(honest)
    const code = codeOf(user.secret)
    const clients = await Promise.all([held(user), held(user)])
    const answers = await Promise.all(clients.map((client) => attempt(() => client.verify(code))))
    for (const answer of answers)
      if (answer?.status === 200) accepted(user, code)
      else seen.refused++
  },
  // uses a backup code again and again
  async () => {
    const user = pick(honest)
    const code = pick(user.backupCodes)
    const answers = await Promise.all([1, 2].map(async () => attempt(async () => (await held(user)).verify(code, true))))
    for (const answer of answers) if (answer?.status === 200) accepted(user, code)
  },
  // guesses, many at once
  async () => {
    const user = pick(attacked)
    const client = await held(user)
    const wrong = String(Math.floor(Math.random() * 1e6)).padStart(6, "0")
    if ([-2, -1, 0, 1, 2].some((step) => codeOf(user.secret, step) === wrong)) return
    const answers = await Promise.all(Array.from({ length: 6 }, () => attempt(() => client.clone().verify(wrong))))
    for (const answer of answers) {
      if (answer?.status === 429) seen.blocked++
      if (answer?.status === 400) tries.get(user.id).push(Date.now())
      if (answer?.status === 200) problems.push(`a guess was accepted: ${user.id}`)
    }
  },
  // odd input and foreign requests
  async () => {
    const client = new Client(pick(apps).url)
    await attempt(() => client.post("/api/auth/mfa-verify", pick(["{", "[]", '{"code":{}}', `{"code":"${"9".repeat(3000)}"}`])))
    await attempt(() => client.post("/api/mfa/disable", { code: "123456" }, { origin: "https://evil.example" }))
  },
  // reads sessions
  async () => {
    const user = pick(honest)
    user.client.origin = pick(apps).url
    const answer = await attempt(() => user.client.get("/api/me"))
    if (answer?.status === 200 && !answer.json.user) problems.push(`a session was lost: ${user.id}`)
    seen.read++
  },
]

const memoryOf = ({ pid }) => Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024
const started = Date.now()
const running = () => Date.now() - started < seconds * 1000
let kills = 0
const memory = []

async function killer() {
  while (running()) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(30_000, seconds * 250)))
    if (!running()) return
    // The first process lives on: its memory is watched.
    const victim = 1 + (kills++ % 3)
    await apps[victim].stop()
    apps[victim] = await startInstance(url)
  }
}
async function watcher() {
  while (running()) {
    memory.push(memoryOf(apps[0]))
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}
async function worker() {
  while (running()) await pick(traffic)()
}
await Promise.all([killer(), watcher(), ...Array.from({ length: 12 }, worker)])

/** The levels of config.ts: so many failures in a row, and how long they block. */
const levels = [
  [5, 60_000],
  [10, 300_000],
  [20, 900_000],
]
for (const [user, times] of tries)
  for (const [failures, block] of levels) {
    const [last, next] = [times.toSorted((a, b) => a - b)[failures - 1], times.toSorted((a, b) => a - b)[failures]]
    if (next !== undefined && next - last < block - 2000)
      problems.push(`${user} had its try ${failures + 1} ${next - last} ms after the one before`)
  }
const third = Math.floor(memory.length / 3)
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length
const growth = mean(memory.slice(-third)) / mean(memory.slice(third, 2 * third))
// The heap fills in the first minutes: a shorter run cannot tell that from a leak.
const canTell = seconds >= 300
if (canTell && growth > 1.15) problems.push(`memory of the process that lived on grew ${growth.toFixed(2)}x`)
const { rows } = await db.query('SELECT count(*) FROM "MfaEvent"')

console.log(`${seconds} s, ${kills} processes killed, ${rows[0].count} events`)
console.log(
  Object.entries(seen)
    .map(([what, count]) => `${count} ${what}`)
    .join(", "),
)
console.log(`memory of the process that lived on: last third ${growth.toFixed(2)}x of the middle one (${memory.at(-1)?.toFixed(0)} MiB)`)
for (const problem of [...new Set(problems)].slice(0, 20)) console.error(`✖ ${problem}`)
console.log(
  problems.length === 0
    ? `✔ no code accepted twice, no limit exceeded, no 500, memory ${canTell ? "flat" : "not judged: too short a run"}`
    : `✖ ${problems.length} problems`,
)
await Promise.all(apps.map((app) => app.stop()))
await drop()
process.exit(problems.length === 0 ? 0 : 1)
