/** The small modules at the rim of the generated code, called directly. */
import { join } from "node:path"
import { Readable } from "node:stream"
import { build } from "esbuild"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { builtApp } from "../../scripts/apps.mjs"
import { oathCode } from "../support/otp"

// The mutation check puts an app with one defence taken out here.
const app: string = process.env.CHIMERAI_TEST_APP_next16_credentials ?? builtApp("next16-credentials")
const load = (module: string) => import(join(app, "src/lib", module))
const withoutDatabase = () => vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({}))
afterEach(() => {
  vi.unstubAllEnvs()
  vi.useRealTimers()
})

describe("held.ts", () => {
  beforeEach(() => void vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({ stripMfaColumns: (user: object) => user })))

  test("T63 the state of a password is its own, in a process that has just started and in one that is warm", async () => {
    const { passwordState } = await load("mfa/held.ts")
    const row = { id: "u1", email: "ada@example.com", passwordHash: "$2b$10$abc", passwordChangedAt: new Date(0), salt: 7n }
    // Enough for the code to be optimized on the way: how a list is stored then is not how it was before.
    const states = Array.from({ length: 30_000 }, () => passwordState({ ...row }))
    expect(new Set(states).size).toBe(1)
    for (const other of [{ passwordHash: "$2b$10$abd" }, { passwordHash: new Uint8Array([1]) }, { salt: "s" }, { passwordHash: null }])
      expect(passwordState({ ...row, ...other })).not.toBe(states[0])
    const ofStrangers = { passwordResetToken: "t", passwordFailures: 3, wrongPasswordTries: 1, lastPasswordAt: new Date(2), salt: 8n }
    expect(passwordState({ ...row, name: "Ada", ...ofStrangers })).toBe(states[0])
  })

  test("sets, maps and what a class computes are what they were when the sign-in completes", async () => {
    const { decode, encode, holdUser, restoreUser } = await load("mfa/held.ts")
    class User {
      readonly permissions = new Set(["read"])
      readonly limits = new Map([["files", { most: 3 }]])
      get isAdmin() {
        return this.permissions.has("all")
      }
    }
    const { permissions, limits, isAdmin } = restoreUser(decode(encode(holdUser(new User(), {}))), {})
    expect([permissions, limits, isAdmin]).toEqual([new Set(["read"]), new Map([["files", { most: 3 }]]), false])
  })

  test("T63 a column that the app's callbacks hand on is the row's when the sign-in completes", async () => {
    const { decode, encode, holdUser, restoreUser } = await load("mfa/held.ts")
    const row = { id: "u1", roles: ["a", { b: [1, 2] }], since: new Date(0), bytes: new Uint8Array([1]), big: 7n }
    for (let round = 0; round < 10_000; round++) holdUser({ ...row, roles: ["a", { b: [1, 2] }] }, row)
    const held = decode(encode(holdUser({ ...row, own: "x", roles: ["a", { b: [1, 2] }] }, row)))
    expect(restoreUser(held, { ...row, roles: [], big: 8n })).toEqual({ ...row, own: "x", roles: [], big: 8n })
  })
})

describe("client.ts", () => {
  afterEach(() => vi.unstubAllGlobals())

  test("a form that stays on its page goes to this app's challenge page, whatever its server takes its origin for", async () => {
    const assign = vi.fn()
    vi.stubGlobal("window", { location: { href: "http://localhost:3001/login", assign }, addEventListener: vi.fn() })
    const { goToMfaChallenge } = await load("mfa/client.ts")
    expect(goToMfaChallenge({ url: "http://localhost:3000/login/mfa?callbackUrl=%2Fx" })).toBe(true)
    expect(assign.mock.calls).toEqual([["/login/mfa?callbackUrl=%2Fx"]])
    for (const result of [undefined, { url: null }, { url: "/dashboard" }]) expect(goToMfaChallenge(result)).toBe(false)
    expect(assign).toHaveBeenCalledTimes(1)
  })

  test("who waits for a held sign-in gets no answer any more; every other answer is passed on", async () => {
    const assign = vi.fn()
    vi.stubGlobal("window", { location: { href: "http://localhost:3001/login", assign }, addEventListener: vi.fn() })
    const { followSignIn } = await load("mfa/client.ts")
    for (const result of [undefined, { ok: false, error: "CredentialsSignin", url: null }, { ok: true, url: "/dashboard" }])
      expect(await followSignIn(Promise.resolve(result))).toBe(result)
    await expect(followSignIn(Promise.reject(new Error("lost")))).rejects.toThrow("lost")
    expect(assign).not.toHaveBeenCalled()
    const answered = vi.fn()
    followSignIn(Promise.resolve({ ok: true, url: "/login/mfa" })).finally(answered)
    await vi.waitFor(() => expect(assign.mock.calls).toEqual([["/login/mfa"]]))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(answered).not.toHaveBeenCalled()
  })
})

describe("session-row.ts", () => {
  const findSession = async (claims: object, rows: object) => {
    vi.resetModules()
    vi.doMock(join(app, "src/lib/mfa/whose.ts"), () => rows)
    const found = await (await load("mfa/session-row.ts")).findSession({}, claims, {})
    vi.doUnmock(join(app, "src/lib/mfa/whose.ts"))
    return found
  }

  test("T80 an address that a provider has claimed ends a session, and makes it nobody's", async () => {
    const owner = { id: "u1", email: "ada@example.com", mfaEnabled: false, mfaEpoch: 0 }
    let late: object[] = []
    const rows = { ofAddress: async () => [owner], ofOldToken: async () => late }
    expect(await findSession({ mfaUid: null, mfaMail: owner.email }, rows)).toEqual({ ended: false, user: null })
    owner.mfaEpoch = 1
    expect(await findSession({ mfaUid: null, mfaMail: owner.email }, rows)).toEqual({ ended: true, user: null })
    expect(await findSession({ mfaUid: null, mfaMail: owner.email, mfaEpoch: 1 }, rows)).toEqual({ ended: false, user: null })
    // Whom the app's callbacks name by now: a row that came later, and has turned MFA on.
    late = [{ ...owner, id: "u2", mfaEpoch: 2 }]
    expect(await findSession({ mfaUid: null, mfaMail: owner.email, mfaEpoch: 1 }, rows)).toEqual({ ended: true, user: null })
  })
})

describe("what a token names besides the user who signs in", () => {
  const rows = [
    { id: "u1", email: "old@example.com", mfaEnabled: false, mfaEpoch: 0 },
    { id: "main", email: "ada@example.com", mfaEnabled: true, mfaEpoch: 2 },
  ]
  const findMany = vi.fn(async ({ where: { id, email } }: any) =>
    rows.filter((row) => (id === undefined ? [email.in ?? email].flat().includes(row.email) : row.id === id)),
  )
  const loadFresh = (module: string) => {
    vi.resetModules()
    findMany.mockClear()
    for (const name of ["challenge", "events", "factor", "recent-sign-in"]) vi.doMock(join(app, `src/lib/mfa/${name}.ts`), () => ({}))
    vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({
      db: { user: { findMany } },
      retry: (query: () => unknown) => query(),
      stripMfaColumns: (user: object) => user,
      toUserId: (id: unknown) => id ?? null,
    }))
    return load(`mfa/${module}.ts`)
  }
  afterEach(() => {
    for (const name of ["challenge", "events", "factor", "recent-sign-in", "db"]) vi.doUnmock(join(app, `src/lib/mfa/${name}.ts`))
  })

  test("T17 another user with MFA is one whose second factor has to be proved", async () => {
    const { namesUnproved } = await loadFresh("gate")
    const params = { user: { id: "u1" }, account: { providerAccountId: "77" } }
    expect(await namesUnproved({}, { sub: "u1", id: "u1", userId: "77" }, params)).toBe(false)
    expect(findMany, "its own ids cost no lookup").not.toHaveBeenCalled()
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    const attempt = { rows: new Map(), sendTo: undefined }
    expect(await namesUnproved({}, { sub: "main" }, params, attempt)).toBe(true)
    expect(attempt.sendTo, "next-auth must not take it for done").toBe("/api/auth/error?error=AccessDenied")
    expect(log.mock.calls.flat().join()).toContain("callbacks.jwt")
    log.mockRestore()
    const proved = { decision: { verdict: "pass", as: "main", proof: "new" }, proved: "main", rows: new Map() }
    expect(await namesUnproved({}, { sub: "u1", user: { id: "main" } }, params, proved)).toBe(false)
  })

  test("T45 a session of before the installation has ended where whom it names by itself has had MFA since", async () => {
    const { hasEnded } = await loadFresh("session-row")
    expect(await hasEnded({}, { sub: "main", email: "ada@example.com" })).toBe(true)
    expect(await hasEnded({}, { sub: "gh-1", email: "ada@example.com" })).toBe(true)
    expect(await hasEnded({ mfaUid: null, mfaMail: "ada@example.com", mfaEpoch: 1 }, {})).toBe(true)
    expect(await hasEnded({ mfaUid: null, mfaMail: "ada@example.com", mfaEpoch: 2 }, {})).toBe(false)
    expect(await hasEnded({}, { sub: "u1", email: "old@example.com" })).toBe(false)
  })
})

describe("attempt.ts", () => {
  test("T81 a decision of before MFA was turned on lets nobody pass as somebody who has it", async () => {
    const { passedAs } = await load("mfa/attempt.ts")
    const passing = (proof: string, proved: string | null, as = "u1") => ({ decision: { verdict: "pass", as, proof }, proved })
    expect(passedAs("u1", passing("new", null))).toBe(false)
    expect(passedAs("u1", passing("new", "u2"))).toBe(false)
    expect(passedAs("u1", passing("new", "u1", "u2"))).toBe(false)
    expect(passedAs("u1", { decision: { verdict: "hold", userId: "u1" }, proved: "u1" })).toBe(false)
    expect(passedAs("u1", undefined)).toBe(false)
    expect(passedAs("u1", passing("new", "u1"))).toBe(true)
    expect(passedAs("u1", passing("kept", null))).toBe(true)
  })
})

describe("whose.ts", () => {
  test("T81 who is found by an address is the same row when asked by id, whatever has changed meanwhile", async () => {
    vi.resetModules()
    const row = { id: "u1", email: "ada@example.com", mfaEnabled: false, mfaEpoch: 0 }
    const findMany = vi.fn(async () => [row])
    vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({
      db: { user: { findMany } },
      retry: (query: () => unknown) => query(),
      toUserId: (id: unknown) => id,
    }))
    const { byAddress, byId } = await load("mfa/whose.ts")
    const rows = new Map()
    await byAddress(row.email, rows)
    findMany.mockResolvedValue([{ ...row, mfaEnabled: true, mfaEpoch: 1 }])
    expect(await byId("u1", rows)).toEqual(row)
    vi.doUnmock(join(app, "src/lib/mfa/db.ts"))
  })
})

describe("whose.ts, where an address is several rows'", () => {
  const column = [
    { id: "u1", email: "Ann@example.com", mfaEnabled: false, mfaEpoch: 0 },
    { id: "u2", email: "ANN@example.com", mfaEnabled: false, mfaEpoch: 0 },
  ]
  const load2 = (rows: typeof column) => {
    vi.resetModules()
    const findMany = async ({ where: { id, email } }: any) =>
      rows.filter((row) =>
        id === undefined ? (email.in?.includes(row.email) ?? row.email.toLowerCase() === email.startsWith.toLowerCase()) : row.id === id,
      )
    vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({
      db: { user: { findMany } },
      retry: (query: () => unknown) => query(),
      toUserId: (id: unknown) => id ?? null,
    }))
    return load("mfa/whose.ts")
  }
  afterEach(() => vi.doUnmock(join(app, "src/lib/mfa/db.ts")))

  test.each([
    ["in two spellings", column],
    ["in one, as the column is not unique", column.map((row) => ({ ...row, email: "ann@example.com" }))],
  ])("T56 %s: whoever comes first is no answer", async (_, rows) => {
    expect(await (await load2(rows)).byAddressAlone("ann@example.com")).toBe("other")
    const second = rows.map((row) => ({ ...row, mfaEnabled: row.id === "u2", mfaEpoch: row.id === "u2" ? 1 : 0 }))
    const { byAddressAlone, byIdAndAddress } = await load2(second)
    expect(await byAddressAlone("ann@example.com")).toBe("unclear")
    expect(await byIdAndAddress("u2", "ann@example.com"), "its id says it").toEqual(second[1])
    expect(await byIdAndAddress("u1", "ann@example.com")).toEqual(second[0])
  })
})

describe("totp.ts", () => {
  test("T91 what is no secret has no code, although everybody could compute one", async () => {
    const { verifyMfaCode } = await load("mfa.ts")
    const { TOTP, Secret } = await import(join(app, "node_modules/otpauth/dist/otpauth.node.cjs"))
    for (const text of ["", "A", "AAAA", "JBSWY3DPEHPK3"])
      expect(verifyMfaCode(text, new TOTP({ secret: Secret.fromBase32(text) }).generate()), text).toBe(false)
    for (const nothing of [null, undefined, 7, "not base32!"]) expect(verifyMfaCode(nothing as never, "123456")).toBe(false)
    const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    for (const gap of [" ", "-"])
      expect(verifyMfaCode(secret.toLowerCase().replace(/.{4}(?=.)/g, `$&${gap}`), oathCode(secret)), gap).toBe(true)
  })
})

describe("signed-in.ts", () => {
  test("T86 a session without its user is nobody's", async () => {
    const { isSomebodys } = await load("mfa/signed-in.ts")
    for (const none of [null, {}, { expires: "x" }, { expires: "x", user: null }, { user: undefined, error: "banned" }])
      expect(isSomebodys(none), JSON.stringify(none)).toBe(false)
    for (const none of [{ user: {} }, { user: { name: null } }, { user: null, role: "admin" }]) expect(isSomebodys(none)).toBe(false)
    const somebodys = [{ user: {}, accessToken: "x" }, { expires: "x", user: { id: 1 } }, { id: 1 }, { user: "ada" }]
    for (const some of somebodys) expect(isSomebodys(some), JSON.stringify(some)).toBe(true)
  })

  test("T86 a user that the app has taken out is still told when other things are left", async () => {
    const { isSomebodys, withTakenUser } = await load("mfa/signed-in.ts")
    const seen = (session: unknown) => isSomebodys(JSON.parse(JSON.stringify(withTakenUser(session) ?? null)))
    expect(seen({ user: undefined, accessToken: "x" })).toBe(false)
    expect([seen({ accessToken: "x" }), seen({ user: { id: 1 } }), seen(undefined)]).toEqual([true, true, false])
  })
})

describe("request.ts", () => {
  test("what a read of the session has set is in the answer, and is what the next read is given", async () => {
    const { inRequest, keepCookies, keptCookies, requestHeaders } = await load("mfa/request.ts")
    const headers = new Headers({ cookie: "a=1; session.0=x; session.1=y; b=2" })
    await inRequest(headers, async () => {
      keepCookies(["session.0=new; Path=/; HttpOnly", "session.1=; Path=/; Max-Age=0"])
      expect((await requestHeaders()).get("cookie")).toBe("a=1; b=2;session.0=new")
      expect(keptCookies()).toHaveLength(2)
    })
    expect(headers.get("cookie"), "the request itself").toContain("session.1=y")
    keepCookies(["c=1"])
    expect(keptCookies()).toEqual([])
  })
})

describe("session-token.ts", () => {
  test("T37 no column of ours is left of what the app's callbacks return, however deep", async () => {
    const { withoutColumns } = await load("mfa/session-token.ts")
    const row = { id: "u1", since: new Date(0), mfaSecret: "v1", mfaEnabled: true, mfaEpoch: 1 }
    const nested = { a: { b: [{ c: { d: [{ e: { row } }] } }] } }
    expect(JSON.stringify(withoutColumns(nested))).not.toMatch(/mfa/)
    const circle: { row: object; self?: unknown } = { row }
    circle.self = circle
    expect(withoutColumns(circle).row).toEqual({ id: "u1", since: row.since })
    const seen = withoutColumns({ user: row, list: [{ row }], role: "admin" })
    expect(seen).toEqual({ user: { id: "u1", since: row.since }, list: [{ row: { id: "u1", since: row.since } }], role: "admin" })
    expect(row.mfaSecret, "the app's own object is left alone").toBe("v1")
  })

  test("T17 a token that the app's shared callback makes anew in the middleware keeps our claims, and those alone", async () => {
    const { keepClaims } = await load("mfa/session-token.ts")
    const jwt = ({ token }: any) => ({ sub: token.sub, mfaUid: "forged", mfaEnabled: true })
    const token = { sub: "u1", name: "Ada", mfaUid: "u1", mfaEpoch: 2, mfaSid: "s1" }
    expect(await keepClaims({ providers: [], callbacks: { jwt } })({ token })).toEqual({
      sub: "u1",
      mfaUid: "u1",
      mfaEpoch: 2,
      mfaSid: "s1",
    })
    expect(await keepClaims({ providers: [], callbacks: { jwt: () => null } })({ token })).toBeNull()
  })
})

describe("gate.ts", () => {
  /** What the token turns out to name, and what the gate makes of it for a sign-in that the first look let pass. */
  const gateToken = async (named: object | string) => {
    vi.resetModules()
    for (const module of ["challenge", "events", "factor", "recent-sign-in"]) vi.doMock(join(app, `src/lib/mfa/${module}.ts`), () => ({}))
    vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({ stripMfaColumns: (user: object) => user, toUserId: (id: unknown) => id }))
    vi.doMock(join(app, "src/lib/mfa/whose.ts"), () => ({ byToken: async () => named }))
    const attempt: Record<string, unknown> = {
      arrival: { kind: "account", user: {}, credentials: undefined, providerIds: [] },
      decision: { verdict: "pass", as: "u1", proof: "new" },
      user: { id: "u1", mfaEnabled: false, mfaEpoch: 0 },
      headers: new Headers(),
      proved: null,
    }
    const gate = await load("mfa/gate.ts")
    return { passes: await gate.gateToken({ providers: [] }, { account: {}, profile: {}, token: {} }, attempt), attempt }
  }
  afterEach(() => {
    for (const module of ["challenge", "events", "factor", "recent-sign-in", "db", "whose"])
      vi.doUnmock(join(app, `src/lib/mfa/${module}.ts`))
  })

  test("T56 a session is that of the user whom the app's callbacks name, and nobody's where they name nobody", async () => {
    const other = { id: "u2", mfaEnabled: false, mfaEpoch: 0 }
    expect(await gateToken(other)).toMatchObject({ passes: true, attempt: { user: other, decision: { as: "u2" } } })
    const { passes, attempt } = await gateToken("nobody")
    expect([passes, attempt.user, (attempt.decision as { as: unknown }).as]).toEqual([true, undefined, null])
    expect(await gateToken("unclear")).toMatchObject({ passes: false })
  })
})

describe("return-to.ts", () => {
  const slashes = [
    "/",
    "\\",
    "//",
    "/\\",
    "\\/",
    "\\\\",
    "/./",
    "/.//",
    "/..//",
    "/\t/",
    "/\n/",
    "\t//",
    " //",
    "///",
    "/%2f",
    "%2f/",
    "/.\\",
  ]
  const schemes = ["https:", "http:", "HTTPS:/", "https:///", "javascript:", "data:", "blob:http://here.invalid/", "ftp://", "http:////"]
  const spellings = [
    ...slashes,
    ...schemes,
    ...slashes.flatMap((a) => ["/x/..", "/a;"].map((b) => b + a)),
    "http://here.invalid//",
    "@",
    "?//",
    "#//",
  ]

  test.each(spellings.map((start) => `${start}evil.example/x`))("T27 %j stays on the site, read once or twice", async (value) => {
    const { safeReturnTo } = await load("mfa/return-to.ts")
    const path = safeReturnTo(value)
    for (const site of ["https://app.example", "http://localhost:3000"]) {
      expect(new URL(path, site).origin, path).toBe(site)
      // What a form, a redirect or a router makes of the path once more.
      expect(new URL(new URL(path, site).pathname, site).origin, path).toBe(site)
    }
    expect(path).toMatch(/^\/(?![/\\])/)
    expect(safeReturnTo(path)).toBe(path)
  })

  test("T27 another site is the front page, and a path that reads as one is the path", async () => {
    const { safeReturnTo } = await load("mfa/return-to.ts")
    for (const other of ["https://evil.example/x", "http://evil.example/x", "//evil.example/x"]) expect(safeReturnTo(other)).toBe("/")
    expect(safeReturnTo("/.//evil.example/x")).toBe("/evil.example/x")
  })

  test("a path is kept with its query and fragment; what is no text is the front page", async () => {
    const { safeReturnTo } = await load("mfa/return-to.ts")
    for (const path of ["/", "/a/b?c=//d&e=https://f#g", "/%E2%82%AC", "/a//b"]) expect(safeReturnTo(path)).toBe(path)
    for (const value of [undefined, null, 1, ["/a"], {}, "http://", "//", "https://[", ""])
      expect(safeReturnTo(value), String(value)).toBe("/")
  })
})

describe("times.ts", () => {
  test("T67 a time in the future, or that is none, is null", async () => {
    const { pastTime } = await load("mfa/times.ts")
    const now = Date.now()
    for (const time of [now + 120_000, Number.NaN, Number.POSITIVE_INFINITY, -1, 9e15, String(now), null, undefined])
      expect(pastTime(time), String(time)).toBeNull()
    for (const time of [0, now, now + 30_000]) expect(pastTime(time)?.getTime()).toBe(time)
  })
})

describe("codes.ts", () => {
  const spelled = (first: number) => "482913".replace(/\d/g, (digit) => String.fromCodePoint(first + Number(digit)))
  const scripts = {
    fullWidth: 0xff10,
    arabic: 0x660,
    persian: 0x6f0,
    devanagari: 0x966,
    thai: 0xe50,
    bold: 0x1d7ce,
    monospace: 0x1d7f6,
    nko: 0x7c0,
  }

  test.each(Object.entries(scripts))("T76 digits of %s are read", async (_name, first) => {
    const { normalizeTotp } = await load("mfa/totp.ts")
    expect(normalizeTotp(spelled(first))).toBe("482913")
  })

  test.each([
    "482\u200e913",
    "\u200b482913",
    "482\u2013913",
    "482\u2011913",
    "482\u2212913",
    "482\u2014913",
    "482\u00a0913",
    "482\u202f913",
    "482\u3000913",
    "\u2066482 913\u2069",
    "\ufeff482-913\r\n",
    "4 8 2 9 1 3",
  ])("T76 %j is read", async (code) => {
    const { normalizeTotp } = await load("mfa/totp.ts")
    expect(normalizeTotp(code)).toBe("482913")
  })

  test.each(["482 91x", "48291", "4829133", "", "½82913", "٫482913", "4829١\u0000", `${" ".repeat(60)}482913`])(
    "%j is not",
    async (code) => {
      const { normalizeTotp } = await load("mfa/totp.ts")
      expect(normalizeTotp(code)).toBeNull()
    },
  )

  test("T76 a backup code with the dashes of a word processor", async () => {
    withoutDatabase()
    const { normalizeBackupCode } = await load("mfa/backup-codes.ts")
    expect(normalizeBackupCode("ABCD–EFGH—JKMN−PQRS TVWX\u200bYZ01")).toBe("abcdefghjkmnpqrstvwxyz01")
    expect(normalizeBackupCode("abcd-efgh-jkmn-pqrs-tvwx-yz0")).toBeNull()
  })
})

describe("origin.ts", () => {
  const headers = (entries: Record<string, string>) => new Headers(entries)
  beforeEach(() => {
    vi.stubEnv("AUTH_URL", undefined)
    vi.stubEnv("NEXTAUTH_URL", undefined)
  })

  test.each([
    ["https://app.example", { host: "app.example:443" }],
    ["https://app.example:443", { host: "app.example" }],
    ["http://app.example", { host: "app.example:80" }],
    ["https://app.example", { host: "10.0.0.1:3000", "x-forwarded-host": "app.example, app.example" }],
    ["https://app.example", { host: "APP.example" }],
    ["http://localhost:3000", { host: "localhost:3000" }],
  ])("T75 %s is the app at %j", async (origin, entries) => {
    const { isOwnOrigin } = await load("mfa/origin.ts")
    expect(isOwnOrigin(origin, headers(entries))).toBe(true)
  })

  test.each([
    ["https://app.example:8443", { host: "app.example" }],
    ["https://evil.example", { host: "app.example" }],
    ["https://app.example.evil.example", { host: "app.example" }],
    ["https://evilapp.example", { host: "app.example" }],
    ["null", { host: "null" }],
    ["", { host: "" }],
    ["https://evil.example", { host: "app.example", "x-forwarded-host": "app.example, evil.example" }],
    ["file:///x", { host: "" }],
    ["https://app.example", { host: "a b<" }],
  ])("%j is not the app at %j", async (origin, entries) => {
    const { isOwnOrigin } = await load("mfa/origin.ts")
    expect(isOwnOrigin(origin, { get: (name: string) => (entries as Record<string, string>)[name] ?? null })).toBe(false)
  })

  test("T75 an odd setting is no exception, and a good one wins over headers", async () => {
    const { ownOrigin, isOwnOrigin, isSecure } = await load("mfa/origin.ts")
    vi.stubEnv("AUTH_URL", "not a url")
    expect(ownOrigin(headers({ host: "app.example" }))).toBe("https://app.example")
    expect(isOwnOrigin("https://app.example", headers({ host: "app.example" }))).toBe(true)
    vi.stubEnv("AUTH_URL", "http://app.example/base")
    expect(ownOrigin(headers({ host: "other.example" }))).toBe("http://app.example")
    expect(isOwnOrigin("https://other.example", headers({ host: "other.example" }))).toBe(false)
    expect(isSecure(headers({}))).toBe(false)
  })
})

describe("events.ts", () => {
  test.each([
    ["6.6.6.6, 203.0.113.9", "203.0.113.9"],
    ["203.0.113.9:4711", "203.0.113.9"],
    ["6.6.6.6, [2001:db8::1]:4711", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["203.0.113.9, unknown", null],
    ["<script>", null],
    ["1.2.3.4,", null],
    ["", null],
  ])("T64 of %j the nearest proxy's word is kept: %j", async (list, address) => {
    withoutDatabase()
    const { addressOf } = await load("mfa/events.ts")
    expect(addressOf(new Headers({ "x-forwarded-for": list }))).toBe(address)
  })
})

describe("events.ts, behind another number of proxies", () => {
  test.each([
    [0, "6.6.6.6, 203.0.113.9", null],
    [2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"],
    [2, "203.0.113.9", null],
  ])("T64 with %i of %j: %j", async (trustedProxies, list, address) => {
    vi.resetModules()
    withoutDatabase()
    const config = join(app, "src/lib/mfa/config.ts")
    vi.doMock(config, async (original) => ({ ...(await original<object>()), trustedProxies }))
    const { addressOf } = await load("mfa/events.ts")
    expect(addressOf(new Headers({ "x-forwarded-for": list }))).toBe(address)
    vi.doUnmock(config)
    vi.resetModules()
  })
})

describe("lib/mfa.ts, for an app that changes a password", () => {
  test("T63 ends what is held for that user, and says how many it were", async () => {
    vi.resetModules()
    const deleteMany = vi.fn(async () => ({ count: 2 }))
    vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({ db: { mfaChallenge: { deleteMany } }, retry: (query: () => unknown) => query() }))
    const { endHeldSignIns } = await import(join(app, "src/lib/mfa/challenge.ts"))
    const server = vi.fn()
    vi.doMock(join(app, "src/lib/mfa/server.ts"), () => ({ endHeldSignIns: server.mockImplementation(endHeldSignIns) }))
    const { endHeldSignIns: face } = await load("mfa.ts")
    expect(await face("u1")).toBe(2)
    expect(server).toHaveBeenCalledTimes(1)
    expect(deleteMany.mock.calls).toEqual([[{ where: { userId: "u1" } }]])
    for (const module of ["db", "server"]) vi.doUnmock(join(app, `src/lib/mfa/${module}.ts`))
    vi.resetModules()
  })
})

describe("events.ts, with a hook of the app's own", () => {
  const calls: { type: string; count: number }[] = []
  let count = 0
  const events = (hook: () => Promise<void>) => {
    vi.resetModules()
    calls.length = count = 0
    const mfaEvent = { count: async () => 0, create: async () => ({}), upsert: async () => ({ count: ++count }) }
    vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({ db: { mfaEvent }, retry: (query: () => unknown) => query(), errorCode: () => "" }))
    const onMfaEvent = (event: { type: string; count: number }) => {
      calls.push(event)
      return hook()
    }
    vi.doMock(join(app, "src/lib/mfa/on-event.ts"), () => ({ onMfaEvent }))
    return load("mfa/events.ts")
  }
  const settled = (milliseconds = 20) => new Promise((resolve) => setTimeout(resolve, milliseconds))

  test("T74 one that hangs delays nothing", async () => {
    const { recordEvent } = await events(() => new Promise(() => {}))
    expect(await Promise.race([recordEvent("u1", "enabled").then(() => "done"), settled(5000)])).toBe("done")
    expect(calls).toMatchObject([{ type: "enabled", count: 1 }])
  })

  test("T74 one that throws fails nothing, and is logged without its message", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    const { recordEvent } = await events(() => {
      throw new Error("the secret")
    })
    await recordEvent("u1", "enabled")
    await settled()
    expect(log.mock.calls.join()).toContain("onMfaEvent failed")
    expect(log.mock.calls.join()).not.toContain("the secret")
    log.mockRestore()
  })

  test("T65 what can happen without end is told at its first time and at each tenfold", async () => {
    const { recordEvent } = await events(async () => {})
    for (let time = 0; time < 120; time++) await recordEvent("u1", "blocked")
    await settled()
    expect(calls.map(({ count }) => count)).toEqual([1, 10, 100])
  })
})

describe("backup-codes.ts", () => {
  test("T36 codes under a key that is gone are not counted as left", async () => {
    vi.resetModules()
    const count = vi.fn(async (_query: { where: { OR: unknown } }) => 0)
    vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({ db: { mfaBackupCode: { count } }, retry: (query: () => unknown) => query() }))
    const [first, second] = [7, 8].map((byte) => Buffer.alloc(32, byte).toString("base64"))
    vi.stubEnv("MFA_ENCRYPTION_KEY", `${first},${second}`)
    const { countBackupCodes } = await load("mfa/backup-codes.ts")
    const { keyIds } = await load("mfa/crypto.ts")
    for (const ring of [`${first},${second}`, second]) {
      vi.stubEnv("MFA_ENCRYPTION_KEY", ring)
      await countBackupCodes("u1")
      const ids: string[] = keyIds()
      expect(ids).toHaveLength(ring === second ? 1 : 2)
      expect(count.mock.lastCall?.[0].where.OR).toEqual(ids.map((id) => ({ codeHash: { startsWith: `${id}.` } })))
    }
  })
})

describe("pages-api.ts", () => {
  const pagesApp: string = process.env.CHIMERAI_TEST_APP_next14_v4_pages ?? builtApp("next14-v4-pages")
  const json = "application/json"
  const form = "application/x-www-form-urlencoded"

  /** What the route is given when a server in front has read the whole body, and parsed it or not. */
  async function reading(type: string, text: string, before: (request: Readable) => Promise<unknown>): Promise<string> {
    vi.doMock(join(pagesApp, "lib/mfa/db.ts"), () => ({}))
    const { pagesApi } = await import(join(pagesApp, "lib/mfa/pages-api.ts"))
    const request = Object.assign(Readable.from([Buffer.from(text)]), { method: "POST", url: "/", headers: { "content-type": type } })
    const body = await before(request)
    if (body !== undefined) Object.assign(request, { body })
    let seen = ""
    const answer = { status: () => answer, setHeader: () => answer, send: () => answer, end: () => answer }
    const route = async (asked: Request) => {
      seen = await asked.text()
      return new Response("{}")
    }
    await pagesApi(Object.fromEntries([["POST", route]]))(request, answer)
    return seen
  }
  const consumed = async (request: Readable) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  test("T66 a body is read once: by the route, or by a server before it", async () => {
    const text = '{"code":"123456"}'
    const parsed = { code: "123456", cancel: "1" }
    expect(await reading(json, text, async () => undefined)).toBe(text)
    // express.json() puts an empty object there for what it does not read.
    expect(await reading(form, "code=123456", async () => ({}))).toBe("code=123456")
    expect(await reading(json, text, async (request) => JSON.parse(await consumed(request)))).toBe(text)
    expect(await reading(json, text, consumed)).toBe(text)
    expect(await reading(json, text, async (request) => Buffer.from(await consumed(request)))).toBe(text)
    expect(await reading(form, "x", async (request) => consumed(request).then(() => parsed))).toBe("code=123456&cancel=1")
    expect(await reading(json, text, async (request) => consumed(request).then(() => undefined)), "lost").toBe("")
    expect(await reading(json, text, async (request) => void request.destroy())).toBe("")
  })
})

describe("middleware.ts", () => {
  const visiting = { accept: "text/html,application/xhtml+xml" }
  const dashboard = () => Response.redirect("https://app.example/dashboard")
  const setBy = ({ headers }: Response) => headers.get("set-cookie")?.split(";")[0] ?? ""
  const guarded = async (authorized: (params: any) => unknown) => {
    const { openChallenge } = await load("mfa/middleware.ts")
    const { NextRequest, NextResponse } = await import(join(app, "node_modules/next/server.js"))
    const { callbacks } = openChallenge({ providers: [], callbacks: { authorized } })
    const ask = (path: string, cookie = "", more: Record<string, string> = {}) =>
      callbacks.authorized({
        auth: { user: {} },
        request: new NextRequest(`https://app.example${path}`, { headers: { cookie, ...more } }),
      })
    /** The cookie of a browser that was sent on from this page twice within seconds. */
    const twice = async (path: string) => {
      const sent = async (cookie: string) => setBy(await ask(path, `sid=a; ${cookie}`, visiting))
      return sent(await sent(""))
    }
    return { ask, twice, NextResponse }
  }

  test("the challenge page opens, and keeps the headers that the app gives it", async () => {
    let verdict: unknown = false
    const { ask, NextResponse } = await guarded(() => verdict)
    expect(await ask("/login/mfa")).toBe(true)
    verdict = Response.redirect("https://app.example/login")
    expect(await ask("/login/mfa")).toBe(true)
    verdict = NextResponse.next({ headers: { "Content-Security-Policy": "default-src 'self'" } })
    expect(await ask("/login/mfa")).toBe(verdict)
    expect(await ask("/dashboard")).toBe(verdict)
  })

  test("T88 who keeps coming back to the sign-in page within seconds is nobody there, under a language too", async () => {
    const { ask } = await guarded(({ auth }) => (auth ? Response.redirect("https://app.example/dashboard") : true))
    for (const path of ["/login", "/login/", "/de/login", "/pt-BR/login"]) {
      const first = await ask(path)
      expect(first.headers.get("location")).toBe("https://app.example/dashboard")
      expect(first.headers.get("set-cookie")).toMatch(/^mfa-sent-on=\w+; Path=\/; Max-Age=5; HttpOnly; SameSite=Lax; Secure$/)
      const second = await ask(path, setBy(first))
      expect(setBy(second), "a link that was fetched before").toMatch(/^mfa-sent-on=(\w+)\.\1$/)
      expect(await ask(path, setBy(second))).toBe(true)
    }
    for (const [name, value] of [
      ["purpose", "prefetch"],
      ["sec-purpose", "prefetch;prerender"],
      ["x-middleware-prefetch", "1"],
    ] as const)
      expect((await ask("/login", "", { [name]: value })).headers.get("set-cookie"), name).toBeNull()
  })

  test("T88 who is sent to a page that has nothing for them, and comes back within a minute, is nobody there, until they have signed in", async () => {
    const { ask } = await guarded(({ auth }) => (auth ? dashboard() : true))
    /** What is left of the cookies when some seconds have passed. */
    const kept = (answer: Response) =>
      answer.headers
        .getSetCookie()
        .find((cookie) => cookie.includes("Max-Age=60"))
        ?.split(";")[0] ?? ""
    const visit = (session: string, mark: string) => ask("/login", `authjs.session-token=${session}; ${mark}`, visiting)
    const mark = kept(await visit("old", kept(await visit("old", ""))))
    expect(mark).toMatch(/^mfa-sent-from=(\w+)\.\1$/)
    expect(await visit("old", mark)).toBe(true)
    expect((await visit("new", mark)).headers.get("location"), "after a sign-in").toBe("https://app.example/dashboard")
    // A link to the page that is fetched beforehand is no visit, nor can anything be told of a session of another name.
    expect(kept(await ask("/login", "authjs.session-token=old"))).toBe("")
    expect(kept(await ask("/login", "sid=old", visiting))).toBe("")
  })

  test.each([
    ["true", () => true],
    ["a Response of its own", (request: any, next: any) => next({ headers: { "x-policy": "a" }, request: { headers: request.headers } })],
  ])("T88 who keeps coming back to any other page is nobody there, and so is the page: %s", async (_, pass) => {
    const { ask, twice, NextResponse } = await guarded(({ auth, request }) => (auth ? dashboard() : pass(request, NextResponse.next)))
    for (const path of ["/", "/blog/login", "/login/other"]) {
      // The browser chooses that cookie: what the middleware lets nobody see must not be shown with a session.
      const { headers } = await ask(path, `sid=a; ${await twice(path)}`, visiting)
      expect([headers.get("x-middleware-next"), headers.get("x-middleware-request-cookie")], path).toEqual(["1", ""])
    }
  })

  test("T88 a circle of pages that nobody may see ends at the sign-in page, and a page for members sends on as it did", async () => {
    const { ask, twice } = await guarded(({ auth }) => (auth ? dashboard() : false))
    expect(await ask("/", `sid=a; ${await twice("/")}`, visiting)).toBe(false)
    const { ask: askOther } = await guarded(() => dashboard())
    expect((await askOther("/", `sid=a; ${await twice("/")}`, visiting)).headers.get("location")).toBe("https://app.example/dashboard")
  })

  test("T88 what is no visit of somebody's is sent on as it was", async () => {
    const { ask, twice } = await guarded(({ auth }) => (auth ? dashboard() : true))
    const seen = `sid=a; ${await twice("/")}`
    for (const [path, cookie, headers] of [
      ["/", seen, {}],
      ["/api/download", seen, visiting],
      ["/", "", visiting],
    ] as const)
      expect((await ask(path, cookie, headers)).headers.get("set-cookie"), path).toBeNull()
    const cached = new Response(null, { status: 304 })
    const { ask: askCached } = await guarded(({ auth }) => (auth ? cached : true))
    expect(await askCached("/", seen, visiting)).toBe(cached)
  })

  test("T88 a way over several pages, each of which sends on to the next, is no circle, however often it is gone", async () => {
    const way = ["/", "/en", "/en/dashboard", "/en/dashboard/acme"]
    const { ask } = await guarded(({ auth, request }) => {
      const next = way[way.indexOf(request.nextUrl.pathname) + 1]
      return auth && next ? Response.redirect(`https://app.example${next}`) : Boolean(auth)
    })
    let cookie = ""
    for (let round = 0; round < 2; round++)
      for (const [index, page] of way.entries()) {
        const answer = await ask(page, `sid=a; ${cookie}`, visiting)
        if (index === way.length - 1) expect(answer).toBe(true)
        else {
          expect(answer.headers.get("location"), page).toBe(`https://app.example${way[index + 1]}`)
          cookie = setBy(answer)
        }
      }
  })

  test("T88 a sign-in page that sends to itself, in a language or on another host, is no circle", async () => {
    for (const itself of ["https://app.example/de/login", "https://www.app.example/login?from=app"]) {
      const { ask } = await guarded(() => Response.redirect(itself))
      expect((await ask("/login")).headers.get("set-cookie"), itself).toBeNull()
    }
  })

  test("T88 as nobody a browser keeps what is no session", async () => {
    const { passChallenge } = await load("mfa/pass-challenge.ts")
    const { NextRequest } = await import(join(app, "node_modules/next/server.js"))
    const seen: unknown[] = []
    const middleware = passChallenge((request: any) => {
      const known = request.headers.get("cookie")
      if (known.includes("session")) return Response.redirect("https://app.example/dashboard")
      return void seen.push(known)
    })
    const visit = (own: (request: unknown) => Response | Promise<Response>, cookie: string) =>
      own(new NextRequest("https://app.example/login", { headers: { cookie } }))
    const sessions = "__Secure-authjs.session-token.0=a; __Secure-authjs.session-token.1=b"
    const once = setBy(await visit(middleware, sessions))
    const sentOn = setBy(await visit(middleware, `${sessions}; ${once}`))
    const shown = await visit(middleware, `cart=3; ${sessions}; ${sentOn}; theme=dark`)
    expect(shown.headers.get("x-middleware-request-cookie"), "to the page as well").toBe(`cart=3; ${sentOn}; theme=dark`)
    expect(seen).toEqual([`cart=3; ${sentOn}; theme=dark`])
    const bySecretName = passChallenge((request: any) => {
      seen.push(request.headers.get("cookie"))
      return request.headers.get("cookie")?.includes("who=") ? Response.redirect("https://app.example/") : new Response("form")
    })
    const answer = await visit(bySecretName, `who=ada; ${sentOn}`)
    expect([await answer.text(), seen.slice(1)], "of a name that nobody knows").toEqual([
      "form",
      [`who=ada; ${sentOn}`, `who=ada; ${sentOn}`, ""],
    ])
  })
})

/** db.ts, without a client. */
async function withoutClient() {
  const { outputFiles } = await build({
    entryPoints: [join(app, "src/lib/mfa/db.ts")],
    bundle: true,
    write: false,
    format: "esm",
    plugins: [
      {
        name: "no database",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /prisma/ }, () => ({ path: "prisma", namespace: "none" }))
          onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "export const prisma = {}" }))
        },
      },
    ],
  })
  const text = outputFiles[0]?.text ?? ""
  return import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`)
}

const atOnce = (task: () => Promise<unknown>) => task()

describe("turn-off.ts", () => {
  const db = { user: { update: vi.fn(), findUnique: vi.fn() } }
  const noted = ["challenge", "http"]
  beforeEach(() => {
    vi.resetModules()
    for (const module of noted) vi.doMock(join(app, `src/lib/mfa/${module}.ts`), () => ({}))
    vi.doMock(join(app, "src/lib/mfa/factor.ts"), () => ({ readUser: () => db.user.findUnique() }))
    vi.doMock(join(app, "src/lib/mfa/db.ts"), () => ({ db, changed: atOnce, untilItWorks: atOnce }))
  })
  afterEach(() => {
    for (const module of [...noted, "factor", "db"]) vi.doUnmock(join(app, `src/lib/mfa/${module}.ts`))
  })

  test("MFA that is off counts as turned off, also where the database's answer was lost", async () => {
    const { switchOff } = await load("mfa/turn-off.ts")
    db.user.update.mockRejectedValue(new Error("connection lost"))
    db.user.findUnique.mockResolvedValue({ mfaEnabled: false })
    expect(await switchOff("u1", { endSessions: false })).toBe(true)
    db.user.findUnique.mockResolvedValue({ mfaEnabled: true })
    await expect(switchOff("u1", { endSessions: false })).rejects.toThrow("connection lost")
  })
})

describe("turn-on.ts", () => {
  test("a replacement whose answer was lost is one, and one that did not happen is none", async () => {
    vi.resetModules()
    const setup = { secret: "NEW", enabled: true, epoch: 4, codes: [] }
    const [before, after] = [4, 5].map((mfaEpoch) => ({ id: "u1", mfaEnabled: true, mfaEpoch, mfaSecret: mfaEpoch === 5 ? "NEW" : "OLD" }))
    const [readUser, recordEvent] = [vi.fn(), vi.fn()]
    const mocks: Record<string, object> = {
      "active-secret": { readActiveSecret: (_id: string, secret: string) => ({ secret }), sealActiveSecret: () => "NEW" },
      "backup-codes": {},
      challenge: {},
      db: { db: { user: {} }, changed: () => Promise.reject(new Error("connection lost")), untilItWorks: atOnce },
      events: { recordEvent },
      factor: { readUser },
      "pending-setup": { findPending: async () => ({ setup }), isUnder: ({ epoch }: any, state: any) => epoch === state.epoch },
      throttle: { clearFailures: async () => {}, reserveAttempt: async () => ({ ok: true }) },
      totp: { matchStep: () => 7, normalizeTotp: (code: string) => code },
    }
    for (const [module, mock] of Object.entries(mocks)) vi.doMock(join(app, `src/lib/mfa/${module}.ts`), () => mock)
    const { turnOn } = await load("mfa/turn-on.ts")
    const enroller = { userId: "u1", sessionKey: "s1", sessionToken: null }
    readUser.mockResolvedValueOnce(before).mockResolvedValueOnce(after)
    expect((await turnOn(enroller, "123456")).setup).toBe(setup)
    expect(recordEvent.mock.calls).toEqual([["u1", "replaced", null, "epoch 5"]])
    readUser.mockResolvedValue(before)
    await expect(turnOn(enroller, "123456")).rejects.toThrow("connection lost")
    for (const module of Object.keys(mocks)) vi.doUnmock(join(app, `src/lib/mfa/${module}.ts`))
    vi.resetModules()
  })
})

describe("enrolment.ts", () => {
  test("the session is renewed although the database blinks behind the switch", async () => {
    vi.resetModules()
    const { untilItWorks } = await withoutClient()
    const viewer = { userId: "u1", sessionKey: "s1", sessionToken: null }
    const renewSession = vi
      .fn()
      .mockRejectedValueOnce(new Error("away"))
      .mockRejectedValueOnce(new Error("away"))
      .mockResolvedValue(["renewed"])
    const mocks: Record<string, object> = {
      "backup-codes": {},
      events: {},
      factor: {},
      "pending-setup": {},
      proof: { proofCookie: () => "proof" },
      "recent-sign-in": {},
      "require-user": { keyOfSession: () => "s1", requireUser: async () => viewer },
      session: { hostCookie: async () => ({}), renewSession },
      "setup-key": {},
      db: { isBusy: () => false, untilItWorks },
      throttle: {},
      "turn-off": {},
      "turn-on": { turnOn: async () => ({ setup: { epoch: 1 } }), finishTurningOn: async () => ["code"] },
    }
    for (const [module, mock] of Object.entries(mocks)) vi.doMock(join(app, `src/lib/mfa/${module}.ts`), () => mock)
    const { finishSetup } = await load("mfa/enrolment.ts")
    const { body, cookies } = await finishSetup(new Request("https://app.example"), { code: "123456" })
    expect([body.backupCodes, cookies]).toEqual([["code"], ["renewed", "proof"]])
    expect(renewSession.mock.calls.map(([, epoch]) => epoch)).toEqual([2, 2, 2])
    for (const module of Object.keys(mocks)) vi.doUnmock(join(app, `src/lib/mfa/${module}.ts`))
    vi.resetModules()
  })
})

describe("step-up.ts", () => {
  test("T86 somebody whom the app knows and MFA does not is told so by the settings, and passes nowhere", async () => {
    vi.resetModules()
    const readVisitor = vi.fn()
    const findUnique = vi.fn(async () => ({ mfaEnabled: true }))
    const redirect = vi.fn()
    const mocks: Record<string, object> = {
      db: { db: { user: { findUnique } }, retry: (query: () => unknown) => query() },
      events: {},
      factor: {},
      proof: { lastProof: () => ({ at: new Date() }) },
      request: { requestHeaders: async () => new Headers() },
      "require-user": {},
      session: { readVisitor },
    }
    for (const [module, mock] of Object.entries(mocks)) vi.doMock(join(app, `src/lib/mfa/${module}.ts`), () => mock)
    vi.doMock(join(app, "node_modules/next/navigation.js"), () => ({ redirect }))
    const { hasRecentMfa, requireMfa } = await load("mfa/step-up.ts")
    readVisitor.mockResolvedValue("stranger")
    await requireMfa({ maxAge: 300, returnTo: "/admin" })
    expect(redirect.mock.calls).toEqual([["/settings/mfa"]])
    expect(await hasRecentMfa({ maxAge: 300 })).toBe(false)
    expect(findUnique, "nobody to look up").not.toHaveBeenCalled()
    readVisitor.mockResolvedValue(null)
    await requireMfa({ maxAge: 300, returnTo: "/admin" })
    expect(redirect.mock.lastCall?.[0]).toMatch(/^\/login\?.*%2Fadmin/)
    readVisitor.mockResolvedValue({ userId: "u1", sessionKey: "s1" })
    expect(await hasRecentMfa({ maxAge: 300 })).toBe(true)
    for (const module of Object.keys(mocks)) vi.doUnmock(join(app, `src/lib/mfa/${module}.ts`))
    vi.doUnmock(join(app, "node_modules/next/navigation.js"))
    vi.resetModules()
  })
})

describe("db.ts", () => {
  test("what the database says itself is tried again where it is transient: deadlock, lock, changed meanwhile", async () => {
    const { isBusy, retry } = await withoutClient()
    const failing = (error: object) =>
      vi
        .fn()
        .mockRejectedValueOnce(Object.assign(new Error("x"), error))
        .mockResolvedValue(1)
    for (const originalCode of ["40001", "40P01", "55P03", "1020", "1205", "1213", 1213]) {
      expect(await retry(failing({ cause: { originalCode } })), String(originalCode)).toBe(1)
      expect(await retry(failing({ meta: { driverAdapterError: { cause: { originalCode } } } }))).toBe(1)
    }
    await expect(retry(failing({ cause: { originalCode: "23505" } }))).rejects.toThrow("x")
    for (const text of ["timeout exceeded when trying to connect", "pool timeout: failed to retrieve a connection"])
      expect(isBusy(new Error(text)), text).toBe(true)
    expect([isBusy({ code: "P2037" }), isBusy(new Error("x"))]).toEqual([true, false])
  })

  test("a pool without a free connection is busy, and is not asked again and again", async () => {
    const { isBusy, retry } = await withoutClient()
    const failing = (code: string) =>
      vi
        .fn()
        .mockRejectedValueOnce(Object.assign(new Error("x"), { code }))
        .mockResolvedValue(1)
    const [noConnection, conflict] = [failing("P2024"), failing("P2034")]
    await expect(retry(noConnection).catch((error: unknown) => isBusy(error))).resolves.toBe(true)
    expect(noConnection).toHaveBeenCalledTimes(1)
    expect(await retry(conflict)).toBe(1)
  })
})

describe("cookies.ts", () => {
  const secure = new Headers({ host: "app.example", "x-forwarded-proto": "https" })
  const plain = new Headers({ host: "app.example", "x-forwarded-proto": "http" })

  test("T71 they follow the host's own where that is safe", async () => {
    vi.stubEnv("AUTH_URL", undefined)
    vi.stubEnv("NEXTAUTH_URL", undefined)
    const { challengeCookie, cookieHeader } = await load("mfa/cookies.ts")
    const header = (headers: Headers, host?: object) => cookieHeader(challengeCookie(headers, "t", host))
    expect(header(secure)).toBe("__Host-mfa-challenge=t; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure")
    expect(header(secure, { sameSite: "none", partitioned: true })).toMatch(/HttpOnly; SameSite=None; Secure; Partitioned$/)
    expect(header(plain, { sameSite: "none", partitioned: true })).toBe("mfa-challenge=t; Path=/; Max-Age=600; HttpOnly; SameSite=Lax")
    expect(header(secure, { sameSite: "strict" })).toMatch(/SameSite=Lax; Secure$/)
  })
})

describe("active-secret.ts", () => {
  test("opens what was stored before it knew a step, and what is stored now", async () => {
    const { readActiveSecret, sealActiveSecret } = await load("mfa/active-secret.ts")
    const { seal } = await load("mfa/crypto.ts")
    vi.stubEnv("MFA_ENCRYPTION_KEY", Buffer.alloc(32, 7).toString("base64"))
    expect(readActiveSecret("u1", seal("ABCD", "totp:u1"))).toEqual({ secret: "ABCD", enabledAt: -1 })
    expect(readActiveSecret("u1", sealActiveSecret("u1", { secret: "ABCD", enabledAt: 7 }))).toEqual({ secret: "ABCD", enabledAt: 7 })
    expect(() => readActiveSecret("u2", seal("ABCD", "totp:u1"))).toThrow()
  })
})

describe("lib/mfa.ts", () => {
  test("loads where there is neither node:crypto nor qrcode nor a database", async () => {
    // A bundle without what is imported dynamically, in which no module of Node.js can be found.
    const { outputFiles } = await build({
      stdin: { contents: 'export { verifyMfaCode, verifyTotp } from "./src/lib/mfa"', resolveDir: app },
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["edge-light", "import"],
      define: { "process.env.NEXT_RUNTIME": '"edge"' },
      minifySyntax: true,
    })
    const text = outputFiles[0]?.text ?? ""
    expect(text).not.toMatch(/node:|qrcode|@prisma/)
    const edge = await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`)
    const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    expect(edge.verifyMfaCode(secret, oathCode(secret))).toBe(true)
    expect(edge.verifyTotp(secret, oathCode(secret, 5))).toBe(false)
  })

  test("T30 the drawing is the picture's: every dark module, and no other", async () => {
    const { generateMfaSetup } = await load("mfa.ts")
    const { qrCode, otpauthUrl } = await generateMfaSetup("a@example.com")
    const { default: QRCode } = await import(join(app, "node_modules/qrcode/lib/index.js"))
    const { size, data } = QRCode.create(otpauthUrl, {}).modules
    const drawn = new Uint8Array(size * size)
    for (const [, x, y, width] of qrCode.path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g))
      for (let at = 0; at < Number(width); at++) drawn[Number(y) * size + Number(x) + at] = 1
    expect(qrCode.size).toBe(size)
    expect(Buffer.from(drawn).equals(Buffer.from(data.map((dark: number) => (dark ? 1 : 0))))).toBe(true)
  })
})
