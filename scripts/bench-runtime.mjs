/**
 * What MFA costs an app, as ratios of one run on one machine: with the hook against without it, with a full database
 * against an empty one. Needs PostgreSQL on 127.0.0.1.
 *   npm run bench:runtime
 */
import { Client } from "./http-client.mjs"
import { prepare } from "./prepare.mjs"

prepare()
const { codeOf, createDatabase, createUsers, enrol, median, password, startInstance, timed } = await import("./runtime-app.mjs")

const rounds = 5
const { db, url, drop } = await createDatabase()
const plain = await startInstance(url, { withMfa: false })
const hooked = [await startInstance(url)]
const users = await createUsers(db, 40, "plain")

const signIn = async (origin, user) => {
  const client = new Client(origin)
  await client.signIn(user.email, password)
  if (!client.sessionCookie) throw new Error("not signed in")
  return client
}
const signIns = (origin) => timed(users, 4, (user) => signIn(origin, user))
const reads = async (origin) => {
  const client = await signIn(origin, users[0])
  return timed(Array.from({ length: 300 }), 4, () => client.get("/api/me"))
}

/** Medians of two measurements taken in turn. */
async function compare(first, second) {
  const times = [[], []]
  for (let round = 0; round <= rounds; round++)
    for (const [index, measure] of [first, second].entries()) {
      const seconds = await measure()
      if (round > 0) times[index].push(seconds)
    }
  return times.map(median)
}

/** Statements per operation, as the database counts them: each is a transaction of its own. */
async function statements(count, act) {
  const committed = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1500))
    await db.query("SELECT pg_stat_clear_snapshot()")
    const { rows } = await db.query("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
    return Number(rows[0].xact_commit)
  }
  const idle = -(await committed()) + (await committed())
  const before = await committed()
  for (let index = 0; index < count; index++) await act(index)
  return ((await committed()) - before - idle) / count
}

const line = (what, value) => console.log(`  ${what.padEnd(74)} ${value}`)

const [withoutHook, withHook] = await compare(
  () => signIns(plain.url),
  () => signIns(hooked[0].url),
)
console.log("\na user without MFA")
line(
  "sign-ins per second with the hook against without",
  `${(withoutHook / withHook).toFixed(2)}x  (${(users.length / withHook).toFixed(0)}/s and ${(users.length / withoutHook).toFixed(0)}/s)`,
)
const [plainReads, hookedReads] = await compare(
  () => reads(plain.url),
  () => reads(hooked[0].url),
)
line(
  "session reads per second with the hook against without",
  `${(plainReads / hookedReads).toFixed(2)}x  (${(300 / hookedReads).toFixed(0)}/s and ${(300 / plainReads).toFixed(0)}/s)`,
)

const enrolled = []
for (const user of await createUsers(db, 60, "mfa")) enrolled.push(await enrol(hooked[0].url, user))

async function challenge(user, origin) {
  const client = new Client(hooked[0].url)
  await client.signIn(user.email, password)
  client.origin = origin
  return client
}
/** Verifies a code of every enrolled user, over so many processes. @returns challenges per second */
async function verifications(origins) {
  const rates = []
  for (let round = 0; round <= rounds; round++) {
    await db.query('UPDATE "MfaFactor" SET "lastStep" = 0')
    const held = []
    for (const [index, user] of enrolled.entries()) held.push([await challenge(user, origins[index % origins.length]), user])
    const seconds = await timed(held, 8, async ([client, { secret }]) => {
      const { status } = await client.verify(codeOf(secret))
      if (status !== 200) throw new Error(`verify: ${status}`)
    })
    if (round > 0) rates.push(held.length / seconds)
  }
  return median(rates)
}

console.log("\nchallenges verified per second, PostgreSQL")
const one = await verifications([hooked[0].url])
line("1 process", one.toFixed(0))
for (const processes of [2, 4]) {
  while (hooked.length < processes) hooked.push(await startInstance(url))
  const rate = await verifications(hooked.map((app) => app.url))
  line(`${processes} processes`, `${rate.toFixed(0)}  (${(rate / one).toFixed(2)}x of one)`)
}

console.log("\nstatements per operation")
const reader = await signIn(hooked[0].url, users[0])
const plainReader = await signIn(plain.url, users[0])
line("session read, without the hook", (await statements(20, () => plainReader.get("/api/me"))).toFixed(1))
line("session read", (await statements(20, () => reader.get("/api/me"))).toFixed(1))
line("sign-in without MFA, without the hook", (await statements(20, (index) => signIn(plain.url, users[index]))).toFixed(1))
line("sign-in without MFA", (await statements(20, (index) => signIn(hooked[0].url, users[index]))).toFixed(1))
const heldClients = []
line(
  "first factor of a user with MFA",
  (await statements(20, async (index) => heldClients.push(await challenge(enrolled[index], hooked[0].url)))).toFixed(1),
)
await db.query('UPDATE "MfaFactor" SET "lastStep" = 0')
line("second factor, right code", (await statements(20, (index) => heldClients[index].verify(codeOf(enrolled[index].secret)))).toFixed(1))

console.log("\n100,000 users and 1,000,000 events in the tables, against what was measured above")
const rate = { signIns: withHook, reads: hookedReads, verified: one }
await db.query(
  `INSERT INTO "User" ("id", "email", "name") SELECT 'many-' || n, 'many-' || n || '@example.com', 'many' FROM generate_series(1, 100000) n`,
)
await db.query(
  `INSERT INTO "MfaEvent" ("id", "userId", "type") SELECT 'event-' || n, 'many-' || (1 + n % 100000), 'challenge_passed' FROM generate_series(1, 1000000) n`,
)
await db.query("ANALYZE")
const [emptySignIns, fullSignIns] = [rate.signIns, median(await repeat(() => signIns(hooked[0].url)))]
line("sign-ins", `${(emptySignIns / fullSignIns).toFixed(2)}x`)
line("session reads", `${(rate.reads / median(await repeat(() => reads(hooked[0].url)))).toFixed(2)}x`)
line("challenges, 1 process", `${((await verifications([hooked[0].url])) / rate.verified).toFixed(2)}x`)

async function repeat(measure) {
  const times = []
  for (let round = 0; round < rounds; round++) times.push(await measure())
  return times
}

await Promise.all([plain, ...hooked].map((app) => app.stop()))
await drop()
