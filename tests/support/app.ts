import { copyFileSync, existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { Client as Database } from "@libsql/client"
import { hashSync } from "bcryptjs"
import { builtApp, freePort, startApp } from "../../scripts/apps.mjs"
import { Client } from "../../scripts/http-client.mjs"
import { oathCode } from "./otp"
import { cache } from "./paths"
import { openSqlite, waitsForLocks } from "./sql"

export type RunningApp = { url: string; output: string[]; database: Database; stop(): Promise<void> }

/** Starts the built fixture on a database of its own. */
export async function runFixture(name: string, options: { env?: Record<string, string>; databaseFile?: string } = {}): Promise<RunningApp> {
  // The mutation check puts an app with one defence taken out here.
  const dir: string = process.env.CHIMERAI_TEST_APP_next16_credentials ?? builtApp(name)
  const file = options.databaseFile ?? join(cache, `test-${process.pid}-${Math.random().toString(36).slice(2)}.db`)
  if (!existsSync(file)) copyFileSync(join(dir, "prisma/dev.db"), file)
  const database = await openSqlite(file)
  const app = await startApp(dir, { port: await freePort(), env: { DATABASE_URL: `file:${file}`, ...waitsForLocks, ...options.env } })
  return {
    ...app,
    database,
    async stop() {
      await app.stop()
      database.close()
      for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(file + suffix, { force: true })
    },
  }
}

export const password = "correct horse battery"
const passwordHash = hashSync(password, 4)

/** A user as the app's own sign-up makes one. */
export async function createUser(app: RunningApp, name = Math.random().toString(36).slice(2, 10)): Promise<{ id: string; email: string }> {
  const user = { id: `user-${name}`, email: `${name}@example.com` }
  await app.database.execute({
    sql: "INSERT INTO User (id, email, name, passwordHash) VALUES (?, ?, ?, ?)",
    args: [user.id, user.email, name, passwordHash],
  })
  return user
}

export type Enrolled = { id: string; email: string; secret: string; backupCodes: string[]; client: Client; enrolCode: string }

/**
 * A user with MFA, enrolled over HTTP with the code of the step before the current one,
 * so that the current and the next are free for the test. `client` is signed in.
 */
export async function enrolledUser(app: RunningApp): Promise<Enrolled> {
  const user = await createUser(app)
  const client = await signedIn(app, user.email)
  const setup = await client.post("/api/mfa/setup")
  if (setup.status !== 200) throw new Error(`setup: ${setup.status} ${setup.text}\n${app.output.join("")}`)
  const { secret } = setup.json
  const enrolCode = oathCode(secret, -1)
  const verify = await client.post("/api/mfa/verify", { code: enrolCode })
  if (verify.status !== 200) throw new Error(`verify: ${verify.status} ${verify.text}\n${app.output.join("")}`)
  return { ...user, secret, backupCodes: verify.json.backupCodes, client, enrolCode }
}

export async function signedIn(app: RunningApp, email: string): Promise<Client> {
  const client = new Client(app.url)
  await client.signIn(email, password)
  if (!(await client.session())) throw new Error(`${email} could not sign in\n${app.output.join("")}`)
  return client
}

/** A browser that has passed the first factor of a user with MFA. */
export async function challenged(app: RunningApp, email: string): Promise<Client> {
  const client = new Client(app.url)
  await client.signIn(email, password)
  return client
}

export async function count(app: RunningApp, sql: string, ...args: string[]): Promise<number> {
  const { rows } = await app.database.execute({ sql, args })
  return Number(rows[0]?.[0])
}
