import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import { builtApp } from "../../scripts/apps.mjs"
import { oathCode } from "../support/otp"

// The mutation check puts an app with one defence taken out here.
const app: string = process.env.CHIMERAI_TEST_APP_next16_credentials ?? builtApp("next16-credentials")
const load = (module: string) => import(join(app, "src/lib", module))

describe("totp.ts", () => {
  // RFC 6238, appendix B, SHA-1; the product has six digits, which are the last six of the eight.
  const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
  const vectors = [
    [59, "94287082"],
    [1111111109, "07081804"],
    [1111111111, "14050471"],
    [1234567890, "89005924"],
    [2000000000, "69279037"],
    [20000000000, "65353130"],
  ] as const

  test.each(vectors)("RFC 6238 at %d s: %s", async (seconds, code) => {
    const { matchStep } = await load("mfa/totp.ts")
    expect(matchStep(seed, code.slice(2), seconds * 1000)).toBe(Math.floor(seconds / 30))
    expect(matchStep(seed, code.slice(2), (seconds + 30) * 1000)).toBe(Math.floor(seconds / 30))
    expect(matchStep(seed, code.slice(2), (seconds + 60) * 1000)).toBeNull()
  })

  test("T24 every step of the window is computed, whatever the code", async () => {
    const { matchStep, createSecret } = await load("mfa/totp.ts")
    const secret = createSecret()
    // The very copy that the app uses.
    const { TOTP } = await import(join(app, "node_modules/otpauth/dist/otpauth.node.mjs"))
    for (const code of [-1, 0, 1].map((step) => oathCode(secret, step)).concat("000000")) {
      const generate = vi.spyOn(TOTP.prototype, "generate")
      matchStep(secret, code)
      expect(generate).toHaveBeenCalledTimes(3)
      generate.mockRestore()
    }
  })

  test("secrets have 160 bits and differ", async () => {
    const { createSecret } = await load("mfa/totp.ts")
    const secrets = Array.from({ length: 50 }, () => createSecret())
    expect(new Set(secrets).size).toBe(50)
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  })
})

describe("lib/mfa.ts, the face", () => {
  test("generateMfaSetup and verifyMfaCode agree with an independent tool", async () => {
    const { generateMfaSetup, verifyMfaCode } = await load("mfa.ts")
    const { secret, otpauthUrl, qrCodeDataUrl } = await generateMfaSetup("a:b@example.com", "My: App")
    expect(otpauthUrl).toBe(
      `otpauth://totp/My%20%20App:a%20b%40example.com?issuer=My%20%20App&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
    )
    expect(qrCodeDataUrl.startsWith("data:image/png;base64,")).toBe(true)
    expect(verifyMfaCode(secret, oathCode(secret))).toBe(true)
    expect(verifyMfaCode(secret, oathCode(secret, 5))).toBe(false)
    expect(verifyMfaCode(secret, "")).toBe(false)
  })

  test("the issuer is MFA_APP_NAME, else the package's name", async () => {
    const { generateMfaSetup } = await load("mfa.ts")
    expect((await generateMfaSetup("a@example.com")).otpauthUrl).toContain("issuer=paperplane")
    vi.stubEnv("MFA_APP_NAME", "Other")
    expect((await generateMfaSetup("a@example.com")).otpauthUrl).toContain("issuer=Other")
    vi.unstubAllEnvs()
  })
})

describe("crypto.ts", () => {
  const key = () => randomBytes(32).toString("base64")
  const [first, second] = [key(), key()]
  let crypto: any
  beforeAll(async () => {
    crypto = await load("mfa/crypto.ts")
  })
  beforeEach(() => void vi.stubEnv("MFA_ENCRYPTION_KEY", first))
  afterEach(() => void vi.unstubAllEnvs())

  test("opens what it sealed, and never seals the same twice", () => {
    const [a, b] = [crypto.seal("secret", "totp:1"), crypto.seal("secret", "totp:1")]
    expect(a).not.toBe(b)
    expect(crypto.unseal(a, "totp:1").toString()).toBe("secret")
  })

  test("T37 another owner or purpose does not open it", () => {
    const sealed = crypto.seal("secret", "totp:1")
    for (const context of ["totp:2", "held:1", ""]) expect(() => crypto.unseal(sealed, context)).toThrow()
  })

  test("T38 no altered character opens", () => {
    const sealed: string = crypto.seal("secret", "totp:1")
    for (let at = 0; at < sealed.length; at++) {
      // The last character of a part may carry unused bits; what they decode to is then the same bytes.
      const altered = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1)
      const bytes = (text: string) =>
        text
          .split(".")
          .map((part) => Buffer.from(part, "base64url").toString("hex"))
          .join(".")
      if (bytes(altered) === bytes(sealed) && altered.startsWith("v1.")) continue
      expect(() => crypto.unseal(altered, "totp:1"), `character ${at}`).toThrow()
    }
  })

  test("T36 rotation: the first key seals, older ones open, a dropped one does not", () => {
    const old = crypto.seal("secret", "totp:1")
    const [oldHash] = crypto.keyedHashes("code", "backup-code")
    vi.stubEnv("MFA_ENCRYPTION_KEY", `new:${second},old:${first}`)
    expect(crypto.unseal(old, "totp:1").toString()).toBe("secret")
    expect(crypto.keyedHashes("code", "backup-code")).toContain(oldHash)
    const fresh = crypto.seal("secret", "totp:1")
    vi.stubEnv("MFA_ENCRYPTION_KEY", second)
    expect(crypto.unseal(fresh, "totp:1").toString()).toBe("secret")
    expect(() => crypto.unseal(old, "totp:1")).toThrow(/unknown key/)
  })

  test("T35 empty entries of the ring are none, and the log says what is wrong with the key", async () => {
    const sealed = crypto.seal("secret", "totp:1")
    for (const ring of [`${first},`, ` ,${first}, ,`]) {
      vi.stubEnv("MFA_ENCRYPTION_KEY", ring)
      expect(crypto.unseal(sealed, "totp:1").toString()).toBe("secret")
    }
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({}))
    const { logFailure } = await load("mfa/http.ts")
    for (const ring of ["", ",", " , "]) {
      vi.stubEnv("MFA_ENCRYPTION_KEY", ring)
      try {
        crypto.seal("secret", "totp:1")
      } catch (error) {
        logFailure("request", error)
      }
      expect(log.mock.lastCall?.[0]).toMatch(/^mfa: request failed: MfaKeyError: MFA_ENCRYPTION_KEY is not set\n/)
    }
    logFailure("request", new Error("values of a query"))
    expect(log.mock.lastCall?.[0]).not.toContain("values")
    log.mockRestore()
    vi.doUnmock(join(app, "src/lib/mfa/db.ts"))
  })

  test.each(["", "short", Buffer.alloc(31).toString("base64"), "not base64 at all, but long enough to be thirty-two"])(
    "T35 a missing or malformed key closes: %j",
    (value) => {
      vi.stubEnv("MFA_ENCRYPTION_KEY", value)
      expect(() => crypto.seal("secret", "totp:1")).toThrow(/MFA_ENCRYPTION_KEY/)
    },
  )
})

describe("with-mfa.ts, between next-auth and hostile or careless callbacks of the app", () => {
  type User = { id: string; email: string; mfaEnabled: boolean; mfaEpoch: number }
  const database = {
    user: null as User | null,
    verdict: true as boolean | string | Error,
    isGone: false,
    hasEnded: false,
    isUnproved: false,
  }
  const noteLink = vi.fn(async () => {})
  const load = async () => {
    vi.resetModules()
    noteLink.mockClear()
    vi.doMock(join(app, "node_modules/next-auth/index.js"), () => ({ AuthError: class extends Error {} }))
    vi.doMock(join(app, "node_modules/next/server.js"), () => ({ NextRequest: Request }))
    vi.doMock(join(app, "src/lib/mfa/http.ts"), () => ({ logFailure: () => {} }))
    vi.doMock(join(app, "src/lib/mfa/gate.ts"), () => ({
      toUserId: (id: unknown) => (typeof id === "string" && id !== "" ? id : null),
      findUserById: async (id: unknown) => (database.user?.id === id ? database.user : null),
      async findSession(_config: object, { mfaUid, mfaEpoch }: { mfaUid?: unknown; mfaEpoch?: number }, { sub }: { sub?: string }) {
        if (database.isGone) throw new Error("the database is away")
        const user = database.user?.id === (mfaUid ?? sub) ? database.user : null
        const ended = user ? user.mfaEpoch > Number(mfaEpoch ?? 0) : mfaUid !== undefined && mfaUid !== null
        return { ended, user, ...(!user && mfaUid === undefined && { claims: { mfaUid: null, mfaMail: "as it was" } }) }
      },
      findUser: async ({ id }: { id: string }) => (database.user?.id === id.replace("outside-", "") ? database.user : null),
      latestEpochAt: async (address: unknown) => (database.user?.email === address ? database.user?.mfaEpoch : 0),
      latestEpoch: async () => 0,
      gateToken: async () => false,
      hasEnded: async () => database.hasEnded,
      namesUnproved: async () => database.isUnproved,
      noteLink,
      stripMfaColumns: (user: object) => Object.fromEntries(Object.entries(user).filter(([name]) => !name.startsWith("mfa"))),
      async gateSignIn() {
        if (database.verdict instanceof Error) throw database.verdict
        return database.verdict
      },
    }))
    return import(join(app, "src/lib/mfa/with-mfa.ts"))
  }
  const user = { id: "u1", email: "u1@example.com" }
  const withMfa = { id: "u1", email: "u1@example.com", mfaEnabled: true, mfaEpoch: 1 }
  const hostile = { jwt: ({ token, session }: any) => Object.assign(token, session), signIn: vi.fn(() => true) }
  type Attempt = {
    decision?: object
    proved: string | null
    provedBy: string
    completes: boolean
    isCallback: boolean
    epoch: number
    rows: Map<string, null>
    viewer: () => Promise<object | null>
  }
  const attempt = (given: Partial<Attempt> = {}) => ({
    headers: new Headers(),
    viewer: async () => null,
    setCookie: () => {},
    completes: false,
    proved: null,
    rows: new Map(),
    ...given,
  })
  const passing = (as: string, proof = "new") => ({ decision: { verdict: "pass", as, proof } })

  test("T14 update() data that the app copies into the token does not reach our claims", async () => {
    const { guardConfig } = await load()
    database.user = { ...withMfa, mfaEpoch: 2 }
    const { jwt } = guardConfig({ providers: [], callbacks: hostile }, {}).callbacks
    const session = { mfaUid: "u2", mfaEpoch: 99, mfaAt: 99, mfaSid: "theirs", mfaProved: "totp" }
    const claims = { mfaUid: "u1", mfaEpoch: 2, mfaAt: 5, mfaSid: "mine" }
    const updated = await jwt({ token: { sub: "u1", ...claims }, session, trigger: "update" })
    expect(updated).toEqual({ sub: "u1", ...claims })
    expect(await jwt({ token: { sub: "u1", ...claims, mfaEpoch: 1 }, session, trigger: "update" })).toBeNull()
  })

  test("T14 neither where the session has no row, nor on the edge", async () => {
    const { guardConfig } = await load()
    database.user = withMfa
    const seen = vi.fn()
    const { jwt } = guardConfig({ providers: [], callbacks: hostile }, { onViewer: seen }).callbacks
    const session = { mfaUid: "u1", mfaEpoch: 1, mfaAt: 99, mfaProved: "totp", other: "kept" }
    expect(await jwt({ token: { sub: "nobody" }, session, trigger: "update" })).toEqual({
      sub: "nobody",
      other: "kept",
      mfaUid: null,
      mfaMail: "as it was",
    })
    expect(seen, "nobody is signed in for our routes").not.toHaveBeenCalled()
    vi.stubEnv("NEXT_RUNTIME", "edge")
    expect(await jwt({ token: { sub: "nobody", mfaSid: "mine" }, session, trigger: "update" })).toEqual({
      sub: "nobody",
      mfaSid: "mine",
      other: "kept",
    })
    vi.unstubAllEnvs()
  })

  test("T17 a token is not issued for a user with MFA whose second factor nobody has seen", async () => {
    const { guardConfig } = await load()
    database.user = withMfa
    const issue = (given?: Partial<Attempt>) =>
      guardConfig({ providers: [], callbacks: hostile }, given ? { attempt: attempt(given) } : {}).callbacks.jwt({
        token: { sub: "u1" },
        user,
        account: {},
        trigger: "signIn",
      })
    expect(await issue(), "no sign-in at all").toBeNull()
    expect(await issue({})).toBeNull()
    expect(await issue({ decision: { verdict: "hold", userId: "u1" } })).toBeNull()
    expect(await issue({ ...passing("u2"), proved: "u2" }), "somebody else's factor").toBeNull()
    expect(await issue({ proved: "u1" }), "a factor, and no decision").toBeNull()
    expect(await issue({ ...passing("u1"), proved: "u1", provedBy: "totp" })).toMatchObject({
      mfaUid: "u1",
      mfaEpoch: 1,
      mfaProved: "totp",
    })
    database.user = { ...withMfa, mfaEnabled: false, mfaEpoch: 0 }
    expect(await issue(passing("u1")), "a password alone proves no second factor").not.toHaveProperty("mfaProved")
  })

  test("T17 nor where the app makes the token that of another user, whose second factor nobody has seen", async () => {
    const { guardConfig } = await load()
    database.user = { ...withMfa, mfaEnabled: false, mfaEpoch: 0 }
    const merged = { jwt: ({ token }: any) => ({ ...token, sub: "the main account" }) }
    const { jwt } = guardConfig({ providers: [], callbacks: merged }, { attempt: attempt(passing("u1")) }).callbacks
    const signIn = () => jwt({ token: { sub: "u1" }, user, account: {}, trigger: "signIn" })
    expect(await signIn()).toMatchObject({ sub: "the main account" })
    database.isUnproved = true
    expect(await signIn()).toBeNull()
    database.isUnproved = false
  })

  test("T45 what a session of before the installation brings along with update() reaches the app only while it goes on", async () => {
    const { guardConfig } = await load()
    database.user = null
    const own = vi.fn(({ token }: any) => token)
    const { jwt } = guardConfig({ providers: [], callbacks: { jwt: own } }, {}).callbacks
    const update = () => jwt({ token: { sub: "old" }, session: { email: "thief@example.com" }, trigger: "update" })
    expect(await update()).toMatchObject({ sub: "old" })
    expect(own).toHaveBeenCalledTimes(1)
    database.hasEnded = true
    expect(await update()).toBeNull()
    expect(own, "nothing is written for it").toHaveBeenCalledTimes(1)
    database.hasEnded = false
  })

  test("T9, T57 signing in as oneself while signed in keeps the session's age, name and proof", async () => {
    const { guardConfig } = await load()
    database.user = withMfa
    const issue = (viewer: object, given: Partial<Attempt>) =>
      guardConfig({ providers: [], callbacks: {} }, { attempt: attempt({ viewer: async () => viewer, ...given }) }).callbacks.jwt({
        token: { sub: "u1" },
        user,
        account: {},
        trigger: "signIn",
      })
    const old = { userId: "u1", sessionKey: "s1", authenticatedAt: new Date(5000), provedAt: null, sessionToken: null }
    const kept = await issue(old, passing("u1", "kept"))
    expect(kept).toMatchObject({ mfaAt: 5, mfaSid: "s1" })
    expect(kept).not.toHaveProperty("mfaProved")
    const unknown = await issue({ ...old, authenticatedAt: null, sessionKey: null }, passing("u1", "kept"))
    for (const name of ["mfaAt", "mfaSid", "mfaProved"]) expect(unknown).not.toHaveProperty(name)
  })

  test("T17, T18 neither a database session nor a linked account is written for one", async () => {
    const { guardConfig } = await load()
    database.user = withMfa
    const adapter = { createSession: vi.fn(async (session) => session), linkAccount: vi.fn(async () => null), deleteSession: vi.fn() }
    const guarded = (given?: Partial<Attempt>) => guardConfig({ providers: [], adapter }, given ? { attempt: attempt(given) } : {}).adapter
    for (const given of [undefined, {}, { proved: "u1" }, passing("u2")]) {
      await expect(guarded(given).createSession({ userId: "u1", sessionToken: "t" })).rejects.toThrow()
      await expect(guarded(given).linkAccount({ userId: "u1" })).rejects.toThrow()
    }
    expect([adapter.createSession.mock.calls, adapter.linkAccount.mock.calls, noteLink.mock.calls]).toEqual([[], [], []])
    const passed = guarded({ ...passing("u1"), proved: "u1", provedBy: "totp" })
    expect((await passed.createSession({ userId: "u1", sessionToken: "t" })).sessionToken).toMatch(/^t\.\w{8}\.2$/)
    const withBackupCode = guarded({ ...passing("u1"), proved: "u1", provedBy: "backup" })
    expect((await withBackupCode.createSession({ userId: "u1", sessionToken: "t" })).sessionToken).toMatch(/^t\.\w{8}\.2b$/)
    await passed.linkAccount({ userId: "u1", provider: "idp" })
    const stale = guarded({ ...passing("u1"), proved: "u1", epoch: 0 })
    await expect(stale.createSession({ userId: "u1", sessionToken: "t" }), "turned on meanwhile").rejects.toThrow("meanwhile")
    expect(adapter.deleteSession).toHaveBeenCalledTimes(1)
    expect(noteLink.mock.calls).toEqual([["u1", "idp"]])
  })

  test("T17, T18, T58 an adapter may give its users ids of its own", async () => {
    const { guardConfig } = await load()
    database.user = withMfa
    const getUser = async (id: string) => (id === "outside-u1" ? { id, email: "u1@example.com" } : null)
    const adapter = { getUser, createSession: vi.fn(), linkAccount: vi.fn() }
    const guarded = (given: Partial<Attempt>) => guardConfig({ providers: [], adapter }, { attempt: attempt(given) }).adapter
    await expect(guarded({}).createSession({ userId: "outside-u1", sessionToken: "t" })).rejects.toThrow("second factor")
    await expect(guarded({}).linkAccount({ userId: "outside-u1" })).rejects.toThrow("second factor")
    await guarded({ ...passing("u1"), proved: "u1", provedBy: "totp" }).linkAccount({ userId: "outside-u1", provider: "idp" })
    expect(noteLink.mock.calls).toEqual([["u1", "idp"]])
    const seen = (userId: string) => guarded({ viewer: async () => ({ userId }) }).getUser("outside-u1")
    expect([await seen("u1"), await seen("u2")]).toEqual([{ id: "outside-u1", email: "u1@example.com" }, null])
  })

  test("T45 somebody without a row does not end by an MFA that was there before the sign-in", async () => {
    const { guardConfig } = await load()
    database.user = { ...withMfa, mfaEnabled: false, mfaEpoch: 3 }
    const { jwt } = guardConfig({ providers: [], callbacks: {} }, { attempt: attempt() }).callbacks
    const somebody = { id: "idp-1", email: "u1@example.com" }
    expect(await jwt({ token: { accessToken: "x" }, user: somebody, account: {}, trigger: "signIn" })).toMatchObject({
      mfaUid: null,
      mfaMail: "u1@example.com",
      mfaEpoch: 3,
    })
  })

  test("T58 a session that has ended is nobody for next-auth too, when it links accounts", async () => {
    const { guardConfig } = await load()
    database.user = withMfa
    const adapter = { getUser: async (id: string) => ({ id, email: "u1@example.com" }) }
    const getUser = (given: Partial<Attempt>) => guardConfig({ providers: [], adapter }, { attempt: attempt(given) }).adapter.getUser("u1")
    expect(await getUser({ isCallback: true }), "whose passkey it is, before the gate").toMatchObject({ id: "u1" })
    expect(await getUser({})).toBeNull()
    expect(await getUser({ isCallback: true, ...passing("u1") })).toBeNull()
    expect(await getUser({ viewer: async () => ({ userId: "u2" }) })).toBeNull()
    expect(await getUser({ viewer: async () => ({ userId: "u1" }), completes: true }), "while a held sign-in completes").toBeNull()
    expect(await getUser({ viewer: async () => ({ userId: "u1" }) })).toMatchObject({ id: "u1" })
  })

  test("a session that MFA has ended already is not missing to next-auth, and another failure still fails", async () => {
    const { guardConfig } = await load()
    const remove = vi.fn(async (_token: string): Promise<unknown> => "gone now")
    const { deleteSession } = guardConfig({ providers: [], adapter: { deleteSession: remove } }, { attempt: attempt() }).adapter
    expect(await deleteSession("t")).toBe("gone now")
    remove.mockRejectedValueOnce(Object.assign(new Error("No record was found for a delete."), { code: "P2025" }))
    expect(await deleteSession("t")).toBeNull()
    remove.mockRejectedValueOnce(Object.assign(new Error("Can't reach database server"), { code: "P1001" }))
    await expect(deleteSession("t")).rejects.toThrow("reach")
  })

  test("a user that the adapter has just made is looked up anew", async () => {
    const { guardConfig } = await load()
    const rows = new Map([["u9", null]])
    const adapter = { createUser: async (made: object) => ({ ...made, mfaEnabled: false }) }
    const guarded = guardConfig({ providers: [], adapter }, { attempt: attempt({ rows }) }).adapter
    expect(await guarded.createUser({ id: "u9" })).toEqual({ id: "u9" })
    expect(rows.size).toBe(0)
  })

  test("no column of ours leaves the adapter", async () => {
    const { guardConfig } = await load()
    const row = { id: "u1", name: "Ada", mfaSecret: "sealed", mfaEnabled: true, mfaEpoch: 1 }
    const found = async () => row
    const adapter = {
      createUser: found,
      getUser: found,
      getUserByEmail: found,
      getUserByAccount: found,
      updateUser: found,
      getSessionAndUser: async () => ({ session: {}, user: row }),
    }
    const guarded = guardConfig({ providers: [], adapter }, {}).adapter
    for (const name of ["createUser", "getUser", "getUserByEmail", "getUserByAccount", "updateUser"])
      expect(await guarded[name]("x"), name).toEqual({ id: "u1", name: "Ada" })
    expect((await guarded.getSessionAndUser(`t.${Date.now().toString(36)}`)).user).toEqual({ id: "u1", name: "Ada" })
  })

  test("a session callback that gives nothing back leaves the session as it is, as with auth()", async () => {
    const { guardConfig } = await load()
    const sessionOf = (context: object) =>
      guardConfig({ providers: [], callbacks: { session: async () => undefined } }, context).callbacks.session({ session: { user: {} } })
    expect(await sessionOf({ onViewer: () => {} })).toEqual({ user: {} })
    expect(await sessionOf({})).toBeUndefined()
  })

  test("T9 the time in a session's token counts only where it can have been", async () => {
    const { guardConfig } = await load()
    const seen: { authenticatedAt: Date | null; provedAt: Date | null; provedBy: string | null }[] = []
    const adapter = { getSessionAndUser: async () => ({ session: {}, user: { id: "u1" } }) }
    const guarded = guardConfig({ providers: [], adapter }, { onViewer: (viewer: any) => seen.push(viewer) }).adapter
    const now = Date.now()
    const at = (time: number) => `.${time.toString(36)}`
    for (const suffix of [at(now), `${at(now)}.2`, `${at(now)}.2b`, at(now + 3_600_000), ".zzzzzzzz", "", ".!", `${at(now)}.3`])
      await guarded.getSessionAndUser(`token${suffix}`)
    const times = ({ authenticatedAt, provedAt }: (typeof seen)[number]) => [
      authenticatedAt?.getTime() ?? null,
      provedAt?.getTime() ?? null,
    ]
    expect(seen.map((viewer) => [...times(viewer), viewer.provedBy])).toEqual([
      [now, null, null],
      [now, now, "totp"],
      [now, now, "backup"],
      ...Array.from({ length: 5 }, () => [null, null, null]),
    ])
  })

  test("T49 an error in the gate lets nobody in, and the app's signIn is not asked", async () => {
    const { guardConfig } = await load()
    const under: ReturnType<typeof attempt> & { failure?: unknown } = attempt()
    const { signIn } = guardConfig({ providers: [], callbacks: hostile }, { attempt: under }).callbacks
    for (const verdict of [new Error("database down"), false, "/login/mfa"]) {
      database.verdict = verdict
      expect(await signIn({ user, account: {} })).toBe(verdict instanceof Error ? false : verdict)
    }
    expect(under.failure, "told apart from a refusal, where a held sign-in completes").toEqual(new Error("database down"))
    database.verdict = "/login/mfa"
    expect(await signIn({ user, account: { type: "webauthn" } }), "next-auth obeys nothing but false there").toBe(false)
    expect(hostile.signIn).not.toHaveBeenCalled()
    database.verdict = true
    expect(await signIn({ user, account: {} })).toBe(true)
    expect(hostile.signIn).toHaveBeenCalledTimes(1)
    const { signIn: withoutAttempt } = guardConfig({ providers: [], callbacks: hostile }, {}).callbacks
    expect(await withoutAttempt({ user, account: {} }), "every way to sign in makes an attempt").toBe(false)
  })

  test("a database that cannot be asked denies the read, and says so to whoever answers", async () => {
    const { guardConfig } = await load()
    database.user = withMfa
    database.isGone = true
    const told = vi.fn()
    const { jwt } = guardConfig({ providers: [], callbacks: {} }, { onUnavailable: told }).callbacks
    await expect(jwt({ token: { sub: "u1", mfaUid: "u1", mfaEpoch: 1 } })).rejects.toThrow()
    expect(told).toHaveBeenCalledTimes(1)
    database.isGone = false
  })

  test("the callback for sending a magic link is the app's own", async () => {
    const { guardConfig } = await load()
    database.verdict = false
    const { signIn } = guardConfig({ providers: [], callbacks: hostile }, { attempt: attempt() }).callbacks
    expect(await signIn({ user, email: { verificationRequest: true } })).toBe(true)
  })
})

describe("the text of the generated files", () => {
  const files = (dir: string): string[] =>
    readdirSync(join(app, dir), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  const generated = [
    join(app, "src/lib/mfa.ts"),
    ...files("src/lib/mfa"),
    ...files("src/app/api/mfa"),
    ...files("src/app/login/mfa"),
    ...files("src/app/(app)/settings/mfa"),
  ]

  test("no line is wider than an editor, and no placeholder is left", () => {
    for (const file of generated)
      for (const [index, line] of readFileSync(file, "utf8").split("\n").entries()) {
        // Class names are one string, whatever their number.
        if (!line.includes("className=")) expect(line.length, `${file}:${index + 1}`).toBeLessThanOrEqual(120)
        expect(line).not.toMatch(/\{\{|\}\}\}|undefined as|as any|@ts-ignore/)
        // The list of threats is not in the app: its comments say the attack in words.
        expect(line, `${file}:${index + 1}`).not.toMatch(/\bT\d{1,3}\b/)
      }
  })

  test("what the edge may import loads neither the database nor node:crypto", () => {
    const seen = new Set<string>()
    const visit = (file: string) => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(file, "utf8")
      for (const [, typeOnly, specifier = ""] of text.matchAll(/^import (type )?[^;]*?from "([^"]+)"$/gm)) {
        if (typeOnly) continue
        expect(specifier, file).not.toMatch(/^node:(?!async_hooks)|prisma/)
        if (specifier.startsWith("./")) visit(join(app, "src/lib/mfa", `${specifier.slice(2)}.ts`))
      }
    }
    visit(join(app, "src/lib/mfa/with-mfa.ts"))
    expect([...seen].map((file) => file.split("/").at(-1)).toSorted()).toEqual([
      "answer.ts",
      "attempt.ts",
      "config.ts",
      "guard-adapter.ts",
      "inline-code.ts",
      "middleware.ts",
      "origin.ts",
      "pass-challenge.ts",
      "request.ts",
      "response.ts",
      "return-to.ts",
      "session-token.ts",
      "signed-in.ts",
      "times.ts",
      "with-mfa.ts",
    ])
  })
})
