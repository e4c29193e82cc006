/** Turning MFA on and off where sessions are rows: whose a setup is, and what a failure half-way leaves behind. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { build, buildSync, type Plugin } from "esbuild"
import { execa } from "execa"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fixtures, TestApp } from "../support/fixtures"
import { oathCode } from "../support/otp"
import { isReachable } from "../support/sql"

const [fixture] = fixtures.filter(({ name }) => name === "next15-t3-database")
if (!fixture) throw new Error("no such fixture")
const it = test.skipIf(!(await isReachable(fixture.database)))
let app: TestApp
beforeAll(async () => {
  if (await isReachable(fixture.database)) app = await TestApp.start(fixture)
})
afterAll(() => app?.stop())

const stateOf = async (id: string) => {
  const [row] = await app.sql.rows('SELECT "mfaEnabled", "mfaEpoch" FROM "User" WHERE "id" = ?', id)
  return { enabled: row?.mfaEnabled, epoch: row?.mfaEpoch }
}
/** The app's own settings, as the script's first lines say. */
const withEnv = () => `--env-file=${join(app.dir, ".env")}`
const eventsOf = async (id: string) =>
  (await app.sql.rows('SELECT "type" FROM "MfaEvent" WHERE "userId" = ? ORDER BY "at"', id)).map(({ type }) => type)

/** While `act` runs, the database refuses one kind of statement. */
async function failing<T>(statement: string, act: () => Promise<T>): Promise<T> {
  const [operation, table] = statement.split(" ")
  await app.sql.rows("CREATE OR REPLACE FUNCTION refuse() RETURNS trigger AS 'BEGIN RAISE EXCEPTION ''refused''; END' LANGUAGE plpgsql")
  await app.sql.rows(`CREATE TRIGGER refusing BEFORE ${operation} ON "${table}" FOR EACH STATEMENT EXECUTE FUNCTION refuse()`)
  try {
    return await act()
  } finally {
    await app.sql.rows(`DROP TRIGGER refusing ON "${table}"`)
  }
}

describe("a setup belongs to the session that began it", () => {
  it("T59 another session never sees its key, and cannot finish it", async () => {
    const user = await app.createUser()
    const [thief, owner] = [await app.signedIn(user), await app.signedIn(user)]
    const planted = (await thief.post("/api/mfa/setup")).json.secret
    const shown = (await owner.post("/api/mfa/setup")).json.secret
    expect(shown).not.toBe(planted)
    expect((await owner.post("/api/mfa/verify", { code: oathCode(planted) })).json.code).toBe("invalid_code")
    expect((await thief.post("/api/mfa/verify", { code: oathCode(planted) })).json.code).toBe("not_started")
    expect((await thief.post("/api/mfa/verify", { code: oathCode(shown) })).json.code).toBe("not_started")
    expect(await stateOf(user.id)).toEqual({ enabled: false, epoch: 0 })
    expect((await owner.post("/api/mfa/verify", { code: oathCode(shown, -1) })).status).toBe(200)
    expect(await thief.session()).toBeNull()
    expect((await (await app.held(user)).verify(oathCode(planted))).status).toBe(400)
    expect((await (await app.held(user)).verify(oathCode(shown))).status).toBe(200)
  })

  it("T59 reopened by its session it is the same, and lives as long again", async () => {
    const user = await app.createUser()
    const client = await app.signedIn(user)
    const { secret } = (await client.post("/api/mfa/setup")).json
    await app.sql.rows(
      `UPDATE "MfaFactor" SET "pendingExpiresAt" = now() AT TIME ZONE 'UTC' + interval '12 seconds' WHERE "userId" = ?`,
      user.id,
    )
    expect((await client.post("/api/mfa/setup")).json.secret).toBe(secret)
    const left = await app.count(
      `SELECT extract(epoch FROM "pendingExpiresAt" - now() AT TIME ZONE 'UTC')::int FROM "MfaFactor" WHERE "userId" = ?`,
      user.id,
    )
    expect(left).toBeGreaterThan(590)
    const [first, second] = await Promise.all([client.post("/api/mfa/setup"), client.clone().post("/api/mfa/setup")])
    expect([first.json.secret, second.json.secret]).toEqual([secret, secret])
  })

  it("T60 a setup begun while MFA was off does not replace the device", async () => {
    for (let round = 0; round < 6; round++) {
      const user = await app.createUser()
      const client = await app.signedIn(user)
      const { secret } = (await client.post("/api/mfa/setup")).json
      const poll = async () => {
        const thief = client.clone()
        for (let time = 0; time < 8; time++) {
          const { json } = await thief.post("/api/mfa/setup")
          if (json.secret && json.secret !== secret) await thief.post("/api/mfa/verify", { code: oathCode(json.secret) })
        }
      }
      await Promise.all([client.post("/api/mfa/verify", { code: oathCode(secret) }), poll(), poll()])
      expect(await stateOf(user.id)).toEqual({ enabled: true, epoch: 1 })
      expect(await eventsOf(user.id)).not.toContain("replaced")
      expect((await (await app.held(user)).verify(oathCode(secret, 1))).status).toBe(200)
    }
  })

  it("T60 a setup of another state of the account is void", async () => {
    const user = await app.createUser()
    const client = await app.signedIn(user)
    for (const change of ['"mfaEpoch" = "mfaEpoch" + 1', '"mfaEnabled" = true']) {
      const { secret } = (await client.post("/api/mfa/setup")).json
      await app.sql.rows(`UPDATE "User" SET ${change} WHERE "id" = ?`, user.id)
      expect((await client.post("/api/mfa/verify", { code: oathCode(secret) })).json.code, change).toBe("not_started")
    }
  })
})

describe("two things at once", () => {
  it.each([
    ["a reset", `"mfaEnabled" = false, "mfaSecret" = NULL, "mfaEpoch" = "mfaEpoch" + 1`],
    ["a disabling", `"mfaEnabled" = false, "mfaSecret" = NULL`],
    ["another device", `"mfaEpoch" = "mfaEpoch" + 1`],
  ])("T60 %s that overtakes a setup leaves none of its codes", async (_what, change) => {
    const user = await app.createUser()
    const client = await app.signedIn(user)
    const { secret } = (await client.post("/api/mfa/setup")).json
    // It comes at the worst of times: when the codes are being stored.
    await app.sql.rows(
      `CREATE OR REPLACE FUNCTION overtake() RETURNS trigger AS 'BEGIN UPDATE "User" SET ${change} WHERE "id" = NEW."userId"; RETURN NEW; END' LANGUAGE plpgsql`,
    )
    await app.sql.rows('CREATE TRIGGER overtaking BEFORE INSERT ON "MfaBackupCode" FOR EACH ROW EXECUTE FUNCTION overtake()')
    try {
      const answer = await client.post("/api/mfa/verify", { code: oathCode(secret) })
      expect([answer.status, answer.json.code]).toEqual([409, "not_started"])
    } finally {
      await app.sql.rows('DROP TRIGGER overtaking ON "MfaBackupCode"')
    }
    expect(await app.count('SELECT count(*) FROM "MfaBackupCode" WHERE "userId" = ?', user.id)).toBe(0)
    // It was on for that moment; what has overtaken it tells of itself.
    expect(await eventsOf(user.id)).toContain("enabled")
  })

  it("T78 new backup codes asked for several times are one set, and somebody has it", async () => {
    for (let round = 0; round < 4; round++) {
      const user = await app.enrolled()
      const [first, second, third, fourth] = user.backupCodes
      const other = await app.held(user)
      expect((await other.verify(fourth, true)).status).toBe(200)
      const answers = await Promise.all([
        user.client.clone().post("/api/mfa/backup-codes", { code: first }),
        user.client.clone().post("/api/mfa/backup-codes", { code: second }),
        other.post("/api/mfa/backup-codes", { code: third }),
      ])
      // Of those that come too late some find their code gone with the old set.
      for (const { status } of answers) expect([200, 400, 409]).toContain(status)
      expect(await app.count('SELECT count(*) FROM "MfaBackupCode" WHERE "userId" = ?', user.id)).toBe(10)
      const sets = new Set(answers.flatMap(({ json }) => (json.backupCodes ? [json.backupCodes[0]] : [])))
      const opened = await Promise.all([...sets].map(async (code) => (await (await app.held(user)).verify(code, true)).status))
      expect(opened.filter((status) => status === 200)).toHaveLength(1)
    }
  })
})

describe("T78 a failure half-way", () => {
  const begun = async () => {
    const user = await app.createUser()
    const [client, other] = [await app.signedIn(user), await app.signedIn(user)]
    const { secret } = (await client.post("/api/mfa/setup")).json
    const verify = () => client.post("/api/mfa/verify", { code: oathCode(secret, -1) })
    return { user, client, other, secret, verify }
  }

  it("T78 before the switch leaves MFA off, and a repeat turns it on", async () => {
    const { user, client, verify } = await begun()
    expect((await failing("DELETE Session", verify)).status).toBe(500)
    expect(await stateOf(user.id)).toEqual({ enabled: false, epoch: 0 })
    expect((await verify()).json.backupCodes).toHaveLength(10)
    expect(await client.session()).not.toBeNull()
  })

  it.each(["INSERT MfaBackupCode", "DELETE MfaBackupCode", "DELETE MfaChallenge"])(
    "at %s leaves no other session, and a repeat gives the codes",
    async (statement) => {
      const { user, other, secret, verify } = await begun()
      expect((await failing(statement, verify)).json.code).toBe("internal")
      expect(await stateOf(user.id)).toEqual({ enabled: true, epoch: 1 })
      expect(await other.session()).toBeNull()
      const [first, second] = await Promise.all([verify(), verify()])
      const codes = first.json.backupCodes ?? second.json.backupCodes
      expect(codes).toHaveLength(10)
      for (const answer of [first, second]) if (answer.status === 200) expect(answer.json.backupCodes).toEqual(codes)
      expect(await stateOf(user.id)).toEqual({ enabled: true, epoch: 1 })
      expect(await app.count('SELECT count(*) FROM "MfaBackupCode" WHERE "userId" = ?', user.id)).toBe(10)
      expect(await eventsOf(user.id)).toContain("enabled")
      expect((await (await app.held(user)).verify(codes[9], true)).status).toBe(200)
      expect((await (await app.held(user)).verify(oathCode(secret))).status).toBe(200)
      expect((await verify()).json.code, "finished").toBe("not_started")
    },
  )

  it.each([true, false])("T89 is told once, by whichever request comes so far (the event is lost at first: %s)", async (isLost) => {
    const { user, verify } = await begun()
    const fail = () => failing("INSERT MfaBackupCode", verify)
    expect((await (isLost ? failing("INSERT MfaEvent", fail) : fail())).json.code).toBe("internal")
    expect(await eventsOf(user.id)).toEqual(isLost ? [] : ["enabled"])
    expect((await verify()).json.backupCodes).toHaveLength(10)
    expect(await eventsOf(user.id)).toEqual(["enabled"])
  })

  it("T78 of disabling does not fail it, and never reaches a setup that turned MFA on meanwhile", async () => {
    const user = await app.enrolled()
    const answer = await failing("DELETE MfaBackupCode", () => user.client.post("/api/mfa/disable", { code: oathCode(user.secret) }))
    expect(answer.json).toEqual({ success: true })
    const { secret } = (await user.client.post("/api/mfa/setup")).json
    await user.client.post("/api/mfa/disable", { code: "123456" })
    const { json } = await user.client.post("/api/mfa/verify", { code: oathCode(secret) })
    expect(json.backupCodes).toHaveLength(10)
    expect((await (await app.held(user)).verify(user.backupCodes[0], true)).status).toBe(400)
    expect((await (await app.held(user)).verify(json.backupCodes[0], true)).status).toBe(200)
  })
})

describe("code of the app's own", () => {
  let bundle = ""
  const begin = async (user: { id: string; email: string }): Promise<{ secret: string }> => {
    const env = { ...process.env, DATABASE_URL: app.sql.url }
    const { stdout } = await execa(process.execPath, [withEnv(), bundle, user.id, user.email], { cwd: app.dir, env })
    return JSON.parse(/ANSWER(.*)/.exec(stdout)?.[1] ?? "{}")
  }
  beforeAll(async () => {
    if (!app) return
    bundle = join(app.dir, `.begin-${process.pid}.cjs`)
    const contents = `import { generateMfaSecret } from "./src/lib/mfa"
      generateMfaSecret(process.argv[2], process.argv[3]).then((answer) => {
        console.log("ANSWER" + JSON.stringify(answer))
        process.exit(0)
      })`
    // Outside of a request there is no session.
    const setup: Plugin["setup"] = ({ onLoad }) =>
      onLoad({ filter: /lib\/mfa\/session\.ts$/ }, () => ({ contents: "export const readViewer = async () => null" }))
    await build({
      stdin: { contents, resolveDir: app.dir, loader: "ts" },
      ...{ outfile: bundle, bundle: true, platform: "node", format: "cjs", packages: "external", logLevel: "error" },
      plugins: [{ name: "no-session", setup }],
    })
  })
  afterAll(() => rmSync(bundle, { force: true }))

  it("T59 a secret that somebody has been shown is shown to nobody again", async () => {
    const user = await app.createUser()
    const planted = await begin(user)
    const shown = await begin(user)
    expect(planted.secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(shown.secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(shown.secret).not.toBe(planted.secret)
  })
})

describe("a change that is made counts, whatever happens beside it", () => {
  it("T89 a device is replaced, its codes are shown and the event is kept, although another setup is begun meanwhile", async () => {
    const user = await app.enrolled()
    const setup = await user.client.post("/api/mfa/setup", { code: user.backupCodes[0] })
    // What a parallel request began before the switch lands right behind it.
    await app.sql.rows(
      `CREATE OR REPLACE FUNCTION begin_another() RETURNS trigger AS 'BEGIN UPDATE "MfaFactor" SET "pendingSecret" = OLD."mfaEpoch" || '':another'' WHERE "userId" = OLD."id"; RETURN NEW; END' LANGUAGE plpgsql`,
    )
    await app.sql.rows('CREATE TRIGGER beside AFTER UPDATE OF "mfaEpoch" ON "User" FOR EACH ROW EXECUTE FUNCTION begin_another()')
    const answer = await user.client.post("/api/mfa/verify", { code: oathCode(setup.json.secret, -1) })
    await app.sql.rows('DROP TRIGGER beside ON "User"')
    expect(answer.status, answer.text).toBe(200)
    expect(await eventsOf(user.id)).toEqual(["enabled", "backup_code_used", "replaced"])
    expect((await (await app.held(user)).verify(answer.json.backupCodes[0], true)).status).toBe(200)
    expect((await (await app.held(user)).verify(oathCode(setup.json.secret))).status).toBe(200)
  })

  it("T89 new backup codes are shown, whatever fails behind them", async () => {
    const user = await app.enrolled()
    await app.sql.rows(
      `CREATE OR REPLACE FUNCTION refuse_ending() RETURNS trigger AS 'BEGIN IF NEW."pendingSecret" IS NULL THEN RAISE EXCEPTION ''refused''; END IF; RETURN NEW; END' LANGUAGE plpgsql`,
    )
    await app.sql.rows(
      'CREATE TRIGGER ending BEFORE UPDATE OF "pendingSecret" ON "MfaFactor" FOR EACH ROW EXECUTE FUNCTION refuse_ending()',
    )
    const answer = await user.client.post("/api/mfa/backup-codes", { code: user.backupCodes[0] })
    await app.sql.rows('DROP TRIGGER ending ON "MfaFactor"')
    expect(answer.status, answer.text).toBe(200)
    expect((await (await app.held(user)).verify(answer.json.backupCodes[0], true)).status).toBe(200)
  })

  it("T89 a right code signs in although its failures cannot be cleared", async () => {
    const user = await app.enrolled()
    const held = await app.held(user)
    const answer = await failing("UPDATE MfaThrottle", () => held.verify(user.backupCodes[0], true))
    expect(answer.status, answer.text).toBe(200)
    expect((await held.session())?.user.email).toBe(user.email)
  })

  it("T90 a session that was made without the second factor, by the version before, is none", async () => {
    const [user, other] = [await app.enrolled(), await app.createUser()]
    const sessionOf = async (id: string) => {
      const sessionToken = `made-by-another-version-${id}`
      await app.sql.rows(
        `INSERT INTO "Session" ("id", "sessionToken", "userId", "expires") VALUES (?, ?, ?, now() + interval '1 day')`,
        sessionToken,
        sessionToken,
        id,
      )
      const client = app.client()
      client.cookies.set(app.sessionCookieName, sessionToken)
      return client.session()
    }
    expect((await sessionOf(other.id))?.user.email, "without MFA").toBe(other.email)
    expect(await sessionOf(user.id), "with MFA").toBeNull()
  })
})

describe("the operator's script", () => {
  let bundle = ""
  const operate = async (...args: string[]): Promise<string> => {
    const env = { ...process.env, DATABASE_URL: app.sql.url }
    const { stdout, stderr } = await execa(process.execPath, [withEnv(), bundle, ...args], { cwd: app.dir, env, reject: false })
    return stdout + stderr
  }
  beforeAll(() => {
    if (!app) return
    bundle = join(app.dir, `scripts/.reset-${process.pid}.cjs`)
    const entryPoints = [join(app.dir, "scripts/mfa-reset.ts")]
    buildSync({ entryPoints, outfile: bundle, bundle: true, platform: "node", format: "cjs", packages: "external", logLevel: "error" })
  })
  afterAll(() => rmSync(bundle, { force: true }))

  it("T78 a reset that failed half-way is finished by the next", async () => {
    const user = await app.enrolled()
    expect(await failing("DELETE MfaBackupCode", () => operate("reset", user.email, "--reason", "lost the phone"))).toMatch(/refused/)
    expect(await stateOf(user.id)).toEqual({ enabled: false, epoch: 2 })
    expect(await user.client.session()).toBeNull()
    expect(await operate("reset", user.id, "--reason", "lost the phone")).toMatch(/is off/)
    for (const table of ["MfaBackupCode", "MfaFactor", "MfaChallenge"])
      expect(await app.count(`SELECT count(*) FROM "${table}" WHERE "userId" = ?`, user.id), table).toBe(0)
    expect(await eventsOf(user.id)).toContain("reset")
    expect(await operate("reset", user.email, "--reason", "lost the phone")).toMatch(/nothing to do/)
  })

  it("T77 unblocks, reports, and wants a reason; it prints no secret", async () => {
    const user = await app.enrolled()
    await app.sql.rows('UPDATE "MfaThrottle" SET "failures" = 100, "remaining" = 0 WHERE "userId" = ?', user.id)
    const before = await operate("report")
    expect(before).toMatch(new RegExp(`${user.email}: 10 backup codes left, blocked until they are unblocked$`, "m"))
    expect(before).toMatch(/\d+ of \d+ users have MFA/)
    expect(await operate("unblock", user.email)).toMatch(/usage/)
    expect(await operate("unblock", "nobody@example.com", "--reason", "x")).toMatch(/nobody has/)
    expect(await operate("unblock", user.email.toUpperCase(), "--reason", "ticket 1")).toMatch(/may try codes again/)
    expect(await eventsOf(user.id)).toContain("unblocked")
    expect((await (await app.held(user)).verify(oathCode(user.secret))).status).toBe(200)
    expect(await operate("report")).toMatch(new RegExp(`${user.email}: 10 backup codes left$`, "m"))
    expect(before).not.toContain(user.secret)
  })
})
