/**
 * What MFA costs an app, as ratios of one run on one machine: with the hook against without it, with a full database
 * against an empty one. Needs PostgreSQL on 127.0.0.1.
 *   npm run bench:runtime
 */
import { connect, createServer } from "node:net"
import { Client } from "./http-client.mjs"
import { prepare } from "./prepare.mjs"

prepare()
const { codeOf, createDatabase, createUsers, enrol, median, password, startInstance, timed } = await import("./runtime-app.mjs")

const rounds = 7
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
const signIns = (origin, of = users) => timed(of, 4, (user) => signIn(origin, user))
const reads = async (origin, of = users) => {
  const client = await signIn(origin, of[0])
  return timed(Array.from({ length: 300 }), 4, () => client.get("/api/me"))
}

/** Medians of two measurements taken in turn, after some that only warm up. */
async function compare(first, second, warmUps = 1) {
  const times = [[], []]
  for (let round = 0; round < warmUps + rounds; round++)
    for (const [index, measure] of [first, second].entries()) {
      const seconds = await measure()
      if (round >= warmUps) times[index].push(seconds)
    }
  return times.map(median)
}

/**
 * A way to the database that counts statements: each ends with a Sync message of PostgreSQL's protocol.
 * @returns the URL to use instead, and the count so far
 */
async function countingProxy(databaseUrl) {
  const counter = { statements: 0 }
  const server = createServer((client) => {
    const upstream = connect(5432, "127.0.0.1")
    let pending = Buffer.alloc(0)
    let started = false
    client.on("data", (chunk) => {
      upstream.write(chunk)
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        // The first message of a connection has no type.
        const header = started ? 1 : 0
        if (pending.length < header + 4) return
        const length = header + pending.readInt32BE(header)
        if (pending.length < length) return
        if (started && "SQ".includes(String.fromCharCode(pending[0]))) counter.statements++
        started = true
        pending = pending.subarray(length)
      }
    })
    upstream.pipe(client)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ])
      from.on("close", () => to.destroy()).on("error", () => to.destroy())
  })
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = new URL(databaseUrl)
  url.port = String(server.address().port)
  return { url: url.href, counter, stop: () => server.close() }
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

async function enrolUsers(on, origin) {
  const enrolled = []
  for (const user of await createUsers(on, 60, "mfa")) enrolled.push(await enrol(origin, user))
  return enrolled
}
const enrolled = await enrolUsers(db, hooked[0].url)

async function challenge(user, origin, at = hooked[0].url) {
  const client = new Client(at)
  await client.signIn(user.email, password)
  client.origin = origin
  return client
}
/** Verifies a code of every enrolled user, over so many processes of one database. @returns seconds */
async function verify(on, all, origins) {
  await on.query('UPDATE "MfaFactor" SET "lastStep" = 0')
  const held = []
  for (const [index, user] of all.entries()) held.push([await challenge(user, origins[index % origins.length], origins[0]), user])
  return timed(held, 8, async ([client, { secret }]) => {
    const { status } = await client.verify(codeOf(secret))
    if (status !== 200) throw new Error(`verify: ${status}`)
  })
}

/** @returns challenges per second */
async function verifications(origins) {
  const rates = []
  for (let round = 0; round <= rounds; round++) {
    const seconds = await verify(db, enrolled, origins)
    if (round > 0) rates.push(enrolled.length / seconds)
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
const proxy = await countingProxy(url)
const counted = { plain: await startInstance(proxy.url, { withMfa: false }), hooked: await startInstance(proxy.url) }
async function statements(what, act) {
  await act(0) // connects, and warms up
  const before = proxy.counter.statements
  for (let index = 1; index <= 20; index++) await act(index)
  line(what, ((proxy.counter.statements - before) / 20).toFixed(1))
}
const readers = { plain: await signIn(counted.plain.url, users[0]), hooked: await signIn(counted.hooked.url, users[0]) }
await statements("session read, without the hook", () => readers.plain.get("/api/me"))
await statements("session read", () => readers.hooked.get("/api/me"))
await statements("sign-in of a user without MFA, without the hook", (index) => signIn(counted.plain.url, users[index]))
await statements("sign-in of a user without MFA", (index) => signIn(counted.hooked.url, users[index]))
const held = []
await statements("first factor of a user with MFA", async (index) => {
  held[index] = await challenge(enrolled[index], counted.hooked.url, counted.hooked.url)
})
await db.query('UPDATE "MfaFactor" SET "lastStep" = 0')
await statements("second factor, right code", (index) => held[index].verify(codeOf(enrolled[index].secret)))
await Promise.all([counted.plain.stop(), counted.hooked.stop()])
proxy.stop()

console.log("\nwith 100,000 users and 1,000,000 events in the tables against without, in turn")
const big = await createDatabase()
await big.db.query(
  `INSERT INTO "User" ("id", "email", "name") SELECT 'many-' || n, 'many-' || n || '@example.com', 'many' FROM generate_series(1, 100000) n`,
)
await big.db.query(
  `INSERT INTO "MfaEvent" ("id", "userId", "type") SELECT 'event-' || n, 'many-' || (1 + n % 100000), 'challenge_passed' FROM generate_series(1, 1000000) n`,
)
await big.db.query("VACUUM ANALYZE")
// What a million rows leave to be written is not what is measured.
await big.db.query("CHECKPOINT")
// A process that has been under load for minutes is faster than a new one: both are new, and both are warmed up.
await Promise.all([plain, ...hooked].map((app) => app.stop()))
const [onSmall, onBig] = [await startInstance(url), await startInstance(big.url)]
const bigUsers = await createUsers(big.db, 40, "plain")
const bigEnrolled = await enrolUsers(big.db, onBig.url)
for (const [what, few, many] of [
  ["sign-ins per second", () => signIns(onSmall.url), () => signIns(onBig.url, bigUsers)],
  ["session reads per second", () => reads(onSmall.url), () => reads(onBig.url, bigUsers)],
  ["challenges verified per second, 1 process", () => verify(db, enrolled, [onSmall.url]), () => verify(big.db, bigEnrolled, [onBig.url])],
]) {
  const [secondsFew, secondsMany] = await compare(few, many, 6)
  line(what, `${(secondsFew / secondsMany).toFixed(2)}x`)
}

await Promise.all([onSmall, onBig].map((app) => app.stop()))
await Promise.all([drop(), big.drop()])
