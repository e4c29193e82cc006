/** What goes wrong around a sign-in lets nobody in, says nothing about why, and leaves no secret in the log. */
import { randomBytes } from "node:crypto"
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { buildSync } from "esbuild"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { run } from "../../scripts/apps.mjs"
import { Client } from "../../scripts/http-client.mjs"
import { type Enrolled, fixtures, TestApp } from "../support/fixtures"
import { oathCode } from "../support/otp"
import { isReachable } from "../support/sql"

const using = fixtures.filter(({ name }) => ["next16-split-postgres", "next15-v4-jwt", "next14-v4-mariadb"].includes(name))
const reachable = new Map(await Promise.all(using.map(async ({ database }) => [database, await isReachable(database)] as const)))
const key = () => randomBytes(32).toString("base64")

describe.each(using.map((fixture) => [fixture.name, fixture] as const))("%s", (_name, fixture) => {
  let app: TestApp
  const first = key()
  const it = test.skipIf(!reachable.get(fixture.database))
  beforeAll(async () => {
    if (reachable.get(fixture.database)) app = await TestApp.start(fixture, { MFA_ENCRYPTION_KEY: first })
  })
  afterAll(() => app?.stop())

  const expectNothingSaid = (user: Enrolled, texts: string[]) => {
    for (const value of [user.secret, ...user.backupCodes, first])
      for (const text of [app.output, ...texts]) expect(text.includes(value)).toBe(false)
  }
  /** The first factor at another process, which knows other keys. */
  async function heldAt(url: string, user: Enrolled): Promise<Client> {
    const client = app.client()
    await app.firstFactor(client, user)
    const there = new Client(url)
    for (const [name, value] of client.cookies) there.cookies.set(name, value)
    there.origin = url
    return there
  }

  /** Every process is known under the one origin that NEXTAUTH_URL names. */
  const verifyAt = (client: Client, code: unknown, isBackupCode = false) =>
    client.post("/api/auth/mfa-verify", { code, isBackupCode }, { origin: fixture.major === 4 ? app.url : client.origin })

  it.each(["MfaChallenge", "MfaThrottle", "MfaFactor", "User"])(
    "T49 without the table %s nobody gets in, and with it again everybody does",
    async (table) => {
      const user = await app.enrolled()
      const early = await app.held(user)
      const from = app.output.length
      await app.sql.rows(`ALTER TABLE "${table}" RENAME TO "Gone"`)
      const client = app.client()
      const texts: string[] = []
      try {
        const answer = await app.firstFactor(client, user).catch(() => null)
        texts.push(answer?.text ?? "", answer?.headers.get("location") ?? "")
        expect(client.sessionCookie, "after the first factor").toBeUndefined()
        const verified = await early.verify(oathCode(user.secret))
        texts.push(verified.text)
        expect([verified.status, verified.json.code]).toEqual([500, "internal"])
        expect(early.sessionCookie, "after the second").toBeUndefined()
      } finally {
        await app.sql.rows(`ALTER TABLE "Gone" RENAME TO "${table}"`)
      }
      expect(app.output.slice(from), "the log says what failed").toMatch(/mfa: (request|sign-in) failed|PrismaClient|prisma|adapter/i)
      // What the app's own `authorize` throws, next-auth 4 puts into the URL, with MFA and without.
      const ours = fixture.major === 4 && fixture.ways[0] === "credentials" && table === "User" ? texts.slice(2) : texts
      for (const text of ours) expect(text).not.toMatch(/prisma|Gone|does not exist|table/i)
      expectNothingSaid(user, texts)
      expect((await (await app.held(user)).verify(user.backupCodes[0], true)).status).toBe(200)
    },
  )

  it.each([
    ["missing", ""],
    ["broken", "not a key"],
  ])("T35 with a key that is %s a user with MFA stays out, one without gets in", async (_what, value) => {
    const user = await app.enrolled()
    const url = await app.instance({ MFA_ENCRYPTION_KEY: value })
    if (fixture.ways[0] === "credentials") {
      const other = new TestAppClient(url)
      await other.signIn(user.email)
      expect(other.client.sessionCookie).toBeUndefined()
      const without = new TestAppClient(url)
      await without.signIn((await app.createUser()).email)
      expect(without.client.sessionCookie).toBeDefined()
    }
    const held = await heldAt(url, user)
    for (const [code, backup] of [
      [oathCode(user.secret), false],
      [user.backupCodes[0], true],
    ] as const) {
      const answer = await verifyAt(held, code, backup)
      expect([answer.status, answer.json.code]).toEqual([500, "internal"])
      expect(held.sessionCookie).toBeUndefined()
      expectNothingSaid(user, [answer.text])
    }
  })

  it("T35 with somebody else's key no code is right", async () => {
    const user = await app.enrolled()
    const url = await app.instance({ MFA_ENCRYPTION_KEY: key() })
    const held = await heldAt(url, user)
    expect([400, 500]).toContain((await verifyAt(held, oathCode(user.secret))).status)
    expect(held.sessionCookie).toBeUndefined()
    expect((await (await app.held(user)).verify(oathCode(user.secret))).status).toBe(200)
  })

  it("T36 a new key: sign-ins move secrets to it, and the script moves the rest", async () => {
    const second = key()
    const [active, idle] = [await app.enrolled(), await app.enrolled()]
    const sealed = async (user: Enrolled) =>
      String((await app.sql.rows('SELECT "mfaSecret" FROM "User" WHERE "id" = ?', user.id))[0]?.mfaSecret)
    const before = [await sealed(active), await sealed(idle)]
    const both = await app.instance({ MFA_ENCRYPTION_KEY: `new:${second},old:${first}` })
    expect((await verifyAt(await heldAt(both, active), oathCode(active.secret))).status).toBe(200)
    expect((await sealed(active)).split(".")[1]).not.toBe(before[0]?.split(".")[1])
    expect(await sealed(idle)).toBe(before[1])

    const script = ["ts", "js"].map((extension) => join(app.dir, `scripts/mfa-rotate.${extension}`)).find(existsSync) ?? ""
    const bundle = join(app.dir, `scripts/.rotate-${process.pid}.mjs`)
    buildSync({
      entryPoints: [script],
      outfile: bundle,
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      logLevel: "error",
    })
    try {
      const env = { DATABASE_URL: app.sql.url, MFA_ENCRYPTION_KEY: `${second},${first}` }
      const printed = run(process.execPath, [bundle], { cwd: app.dir, env })
      expect(printed).toMatch(/^[1-9]\d* secrets moved, 0 unreadable, [1-9]\d* backup codes on old keys$/m)
      expect(run(process.execPath, [bundle], { cwd: app.dir, env })).toMatch(/^0 secrets moved, 0 unreadable/m)
      expect((await sealed(idle)).split(".")[1]).toBe((await sealed(active)).split(".")[1])
    } finally {
      rmSync(bundle)
    }
    // What a process holds is under its first key; one that has the new key alone completes it.
    const held = await heldAt(await app.instance({ MFA_ENCRYPTION_KEY: second }), idle)
    expect((await verifyAt(held, oathCode(idle.secret))).status, "held under the old key").toBe(500)
    const there = await heldAt(both, idle)
    expect((await verifyAt(there, oathCode(idle.secret))).status).toBe(200)
  })
})

/** The first factor by password at one process. */
class TestAppClient {
  readonly client: Client
  constructor(url: string) {
    this.client = new Client(url)
  }
  signIn(email: string) {
    return this.client.signIn(email, "correct horse battery")
  }
}
