/** Several processes of one app share every limit and every single use: in the database, or with the throttle in Redis. */
import { cpSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { createClient } from "redis"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "../../scripts/http-client.mjs"
import { fixtures, TestApp, type User } from "../support/fixtures"
import { oathCode, wrongCode } from "../support/otp"
import { cache, root } from "../support/paths"
import { isReachable } from "../support/sql"

describe("four processes on one PostgreSQL", async () => {
  const reachable = await isReachable("postgresql")
  const it = test.skipIf(!reachable)
  let app: TestApp
  let urls: string[]
  beforeAll(async () => {
    const fixture = fixtures.find(({ name }) => name === "next16-split-postgres")
    if (!reachable || !fixture) return
    app = await TestApp.start(fixture)
    urls = [app.url, await app.instance(), await app.instance(), await app.instance()]
  })
  afterAll(() => app?.stop())

  /** The same held browser, at each of the processes. */
  const everywhere = (client: Client) =>
    urls.map((url) => {
      const copy = client.clone()
      copy.origin = url
      return copy
    })
  const held = async (user: User, browsers: number) => Promise.all(Array.from({ length: browsers }, () => app.held(user)))

  it("T2, T43 eighty guesses at once get the five tries of the account, and are counted exactly", async () => {
    const user = await app.enrolled()
    const wrong = wrongCode(user.secret)
    const clients = (await held(user, 5)).flatMap(everywhere)
    const answers = await Promise.all(clients.flatMap((client) => [1, 2, 3, 4].map(() => client.verify(wrong))))
    expect(answers.every(({ status }) => [400, 429].includes(status))).toBe(true)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(5)
    expect(await app.count('SELECT "failures" FROM "MfaThrottle" WHERE "userId" = ?', user.id)).toBe(5)
  })

  it("T4, T6 one code and one backup code win once among four processes, round after round", async () => {
    for (let round = 0; round < 5; round++) {
      const user = await app.enrolled()
      const code = oathCode(user.secret)
      const wins = async (kind: boolean, value = "") => {
        const clients = (await held(user, 4)).map((client, index) => everywhere(client)[index] ?? client)
        return (await Promise.all(clients.map((client) => client.verify(value, kind)))).filter(({ status }) => status === 200).length
      }
      expect(await wins(false, code)).toBe(1)
      expect(await wins(true, user.backupCodes[0])).toBe(1)
    }
  })

  it("T13 one challenge is consumed once, by whichever process", async () => {
    const user = await app.enrolled()
    const [client] = await held(user, 1)
    const answers = await Promise.all(everywhere(client as Client).map((copy, index) => copy.verify(user.backupCodes[index], true)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401])
  })

  it("MFA turned on while it is turned off elsewhere leaves an account that can sign in", async () => {
    for (let round = 0; round < 5; round++) {
      const user = await app.enrolled()
      const setup = await user.client.post("/api/mfa/setup", { code: oathCode(user.secret) })
      const [here, there] = everywhere(user.client)
      const [verified] = await Promise.all([
        here?.post("/api/mfa/verify", { code: oathCode(setup.json.secret, -1) }),
        there?.post("/api/mfa/disable", { code: user.backupCodes[0] }),
      ])
      const client = await app.held(user)
      if (await client.session()) continue
      const codes = verified?.status === 200 ? (verified.json.backupCodes as string[]) : user.backupCodes.slice(1)
      expect((await client.verify(codes[0], true)).status, "held, so there has to be a way in").toBe(200)
    }
  })
})

const redisUrl = "redis://127.0.0.1:6379"
async function redisReachable(): Promise<boolean> {
  const client = createClient({ url: redisUrl, socket: { reconnectStrategy: false, connectTimeout: 2000 } })
  client.on("error", () => {})
  return client.connect().then(
    () => client.close().then(() => true),
    () => false,
  )
}

describe("the throttle in Redis", async () => {
  const reachable = await redisReachable()
  if (!reachable) console.error("\n!!! SKIPPED: the Redis throttle needs Redis on 127.0.0.1:6379\n")
  const it = test.skipIf(!reachable)
  const dir = join(cache, `redis-${process.pid}`)
  type Throttle = {
    reserveAttempt(userId: string, now?: Date): Promise<{ ok: true } | { ok: false; retryAfter: number }>
    clearFailures(userId: string): Promise<void>
  }
  /** A process of its own, as far as the module can tell. */
  async function startProcess(name: string, url = redisUrl): Promise<Throttle> {
    const home = join(dir, name)
    mkdirSync(home, { recursive: true })
    cpSync(join(root, "templates/mfa/drop-ins/throttle-redis.ts"), join(home, "throttle.ts"))
    cpSync(join(root, "tests/e2e/__snapshots__/next16-credentials/src/lib/mfa/config.ts.txt"), join(home, "config.ts"))
    process.env.REDIS_URL = url
    return import(join(home, "throttle.ts"))
  }
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const account = () => `test-${Math.random()}`

  it("T1 blocks grow as they do in the database", async () => {
    const { reserveAttempt, clearFailures } = await startProcess("a")
    const user = account()
    let now = Date.now()
    let made = 0
    const waits: number[] = []
    while (made < 100) {
      const answer = await reserveAttempt(user, new Date(now))
      if (answer.ok) made++
      else {
        waits.push(answer.retryAfter)
        now += answer.retryAfter * 1000
      }
    }
    expect(waits).toEqual([60, 300, 900, 3600])
    expect(await reserveAttempt(user, new Date(now + 365 * 86_400_000))).toEqual({ ok: false, retryAfter: 86_400 })
    await clearFailures(user)
    expect(await reserveAttempt(user)).toEqual({ ok: true })
    await clearFailures(user)
  })

  it("T2, T43 sixty attempts at once over three processes are five", async () => {
    const throttles = [await startProcess("a"), await startProcess("b"), await startProcess("c")]
    const user = account()
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => throttles[index % 3]?.reserveAttempt(user)))
    expect(answers.filter((answer) => answer?.ok)).toHaveLength(5)
    await throttles[0]?.clearFailures(user)
  })

  it("T49 when Redis is gone nothing is reserved", async () => {
    const { reserveAttempt } = await startProcess("gone", "redis://127.0.0.1:1")
    await expect(reserveAttempt(account())).rejects.toThrow()
  })
})
