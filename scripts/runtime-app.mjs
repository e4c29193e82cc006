/** A fixture with MFA on PostgreSQL, in as many processes as asked for, with users: what load is put on. */
import { hashSync } from "bcryptjs"
import { authenticator } from "otplib"
import pg from "pg"
import { builtApp, builtWithoutMfa, run, startApp } from "./apps.mjs"
import { Client } from "./http-client.mjs"

export const fixture = "next16-split-postgres"
export const password = "correct horse battery"
const server = "postgresql://postgres@127.0.0.1:5432"
const secret = "a-secret-for-measuring-only-0123456789"
const passwordHash = hashSync(password, 4)

/** A database with the tables of the app, and a client of it. */
export async function createDatabase() {
  const dir = builtApp(fixture)
  const name = `chimerai_load_${process.pid}_${Date.now()}`
  const admin = new pg.Client({ connectionString: `${server}/postgres` })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  const db = new pg.Client({ connectionString: `${server}/${name}` })
  await db.connect()
  await db.query(
    run("npx", ["prisma", "migrate", "diff", "--from-empty", "--to-schema-datamodel", "prisma/schema.prisma", "--script"], { cwd: dir }),
  )
  return {
    db,
    url: `${server}/${name}`,
    async drop() {
      await db.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    },
  }
}

/** One more process. */
export const startInstance = (url, { withMfa = true } = {}) =>
  startApp(withMfa ? builtApp(fixture) : builtWithoutMfa(fixture), { env: { DATABASE_URL: url, AUTH_SECRET: secret } })

export async function createUsers(db, count, prefix) {
  const users = Array.from({ length: count }, (_, index) => ({ id: `${prefix}-${index}`, email: `${prefix}-${index}@example.com` }))
  for (const { id, email } of users)
    await db.query('INSERT INTO "User" ("id", "email", "name", "passwordHash") VALUES ($1, $2, $1, $3)', [id, email, passwordHash])
  return users
}

/** Signs a user in and turns MFA on, with the code of the step before. */
export async function enrol(origin, user) {
  const client = new Client(origin)
  await client.signIn(user.email, password)
  const setup = await client.post("/api/mfa/setup")
  const verify = () => client.post("/api/mfa/verify", { code: codeOf(setup.json.secret, -1) })
  const first = await verify()
  // The clock may have moved on to the next step in between.
  const verified = first.status === 400 ? await verify() : first
  if (verified.status !== 200) throw new Error(`enrolment: ${setup.status} ${verified.status} ${verified.text}`)
  return { ...user, secret: setup.json.secret, backupCodes: verified.json.backupCodes, client }
}

/** @param {string} secret @param {number} step 30-second steps from now */
export const codeOf = (secret, step = 0) => authenticator.clone({ epoch: Date.now() + step * 30_000 }).generate(secret)

/** Runs `act` on every item, `width` at a time. @returns seconds */
export async function timed(items, width, act) {
  const queue = [...items.entries()]
  const started = performance.now()
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await act(next[1], next[0])
    }),
  )
  return (performance.now() - started) / 1000
}

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
