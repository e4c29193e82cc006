/**
 * The mutation check: each defence is taken out of the generated code in turn, the app is built again, and the test that
 * is there for it has to fail. One that goes on passing is an empty test.
 *   npm run mutants             all of them (about an hour: most are built anew)
 *   npm run mutants -- replay   those whose name has the word, or one of several
 *   npm run mutants -- 1/2      every second one, from the first; the others in another clone beside it
 */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { prepare } from "./prepare.mjs"

prepare()
const { builtApp, root, run } = await import("./apps.mjs")

const security = { files: ["security/sign-in", "security/settings"], build: true, fixture: "next16-credentials" }
const unit = { files: ["e2e/generated-code"], build: false, fixture: "next16-credentials" }
const rim = { files: ["e2e/generated-rim"], build: false, fixture: "next16-credentials" }
/** Sessions that are rows, in a database that can be told to refuse a statement. */
const setups = { files: ["security/setup-session"], build: true, fixture: "next15-t3-database" }
/** Races need two instances, which need a database server. */
const instances = { files: ["security/oauth-and-mail"], build: true, fixture: "next15-t3-database" }
/** next-auth 4 has its own hook. */
const v4 = { files: ["security/matrix"], build: true, fixture: "next15-v4-jwt" }
const ownSessions = { files: ["security/own-sessions"], build: true }
const form = { files: ["security/form"], build: true, fixture: "next16-credentials" }
const journey = { files: ["browser/journey"], build: true, fixture: "next16-credentials" }
const ways = { files: ["security/own-ways"], build: true, fixture: "next16-split-postgres/own-ways" }
const stepUp = { files: ["security/step-up"], build: true, fixture: "next15-v4-jwt" }

/**
 * name, file under lib/mfa, what is there, what it becomes (or several of both, each with a file of its own if need be),
 * the test that must fail, the ring it is in
 */
const mutants = [
  ["held sign-in", "decision.ts", "if (!endsAs.mfaEnabled ||", "if (true ||", "is completed by a code and lands", security],
  [
    "inline code checked",
    "gate.ts",
    "if (!(await proveFactor(whose.id, code)).ok) return false",
    "",
    "password and the code may come together",
    security,
  ],
  [
    "inline code answers as a wrong password",
    "inline-code.ts",
    "proveInlineCode(config, user, code, attempt)) ? user : null",
    "proveInlineCode(config, user, code, attempt)) ? user : Promise.reject(new Error())",
    "password and the code may come together",
    security,
  ],
  [
    "row stripped before the token",
    "guard-adapter.ts",
    "stripMfaColumns(await method(...args))",
    "await method(...args)",
    "no column of ours leaves the adapter",
    unit,
  ],
  [
    "gate fails closed",
    "with-mfa.ts",
    "    return false\n  }\n}\n\n/**\n * Who is signed in",
    "    return true\n  }\n}\n\n/**\n * Who is signed in",
    "T49 an error in the gate",
    unit,
  ],
  [
    "second gate, token",
    "session-token.ts",
    "if (known?.mfaEnabled && !passedAs(known.id, attempt)) return",
    "if (false) return",
    "T17 a token is not issued",
    unit,
  ],
  [
    "second gate, database",
    "guard-adapter.ts",
    "await assertPassed(adapter, session.userId, attempt)",
    "session.userId",
    "T17, T18 neither a database session",
    unit,
  ],
  [
    "second gate, linking",
    "guard-adapter.ts",
    "await assertPassed(adapter, account.userId, attempt)",
    "account.userId",
    "T17, T18 neither a database session",
    unit,
  ],
  [
    "claims stamped after the app's callback",
    "session-token.ts",
    "{ ...Object.fromEntries(rest), ...claims } as Token",
    "{ ...claims, ...token } as Token",
    "T14 update",
    unit,
  ],
  ["other sessions end", "session-token.ts", "found.ended && endSessionsOnEnable && !renewed", "false", "T45 turning MFA on", security],
  ["deleted user's session ends", "session-row.ts", "ended: !user ||", "ended: user !== null &&", "T42 a deleted user", security],
  ["callbackUrl kept", "with-mfa.ts", "attempt.callbackUrl ??=", "void", "lands where it was going", security],
  ["epoch raised", "turn-on.ts", ", mfaEpoch: { increment: 1 }", "", "T45 turning MFA on", security],
  [
    "setup does not overwrite",
    "enrolment.ts",
    'if (user.mfaEnabled && body.code === undefined) throw new MfaError(409, "already_enabled")',
    "",
    "T8 a setup while MFA is on",
    security,
  ],
  [
    "another device needs a factor",
    "enrolment.ts",
    "if (user.mfaEnabled) await requireFactor(userId, body.code, undefined, user)\n  else",
    "if (user.mfaEnabled) void 0\n  else",
    "T10 setup for another device",
    security,
  ],
  [
    "recent sign-in to enrol",
    "enrolment.ts",
    "if (!(await isRecent(viewer))) throw",
    "if (false) throw",
    "T9 a session whose sign-in is older",
    security,
  ],
  ["setup code spent", "factor.ts", "match > active.enabledAt", "match > 0", "T5 the code of the setup", security],
  [
    "disable needs a factor",
    "enrolment.ts",
    "if (user.mfaEnabled) await requireFactor(userId, body.code, undefined, user)\n  const wasOn",
    "const wasOn",
    "T10 disable needs",
    security,
  ],
  [
    "regenerate needs a factor",
    "enrolment.ts",
    "await requireFactor(userId, body.code, undefined, user)\n  const state = { enabled: true",
    "const state = { enabled: true",
    "T10 backup-codes needs",
    security,
  ],
  [
    "disable clears the codes",
    "turn-off.ts",
    "() => retry(() => db.mfaBackupCode.deleteMany({ where: leftBy(userId) })),",
    "",
    "disable clears everything",
    security,
  ],
  ["step accepted once", "factor.ts", "lastStep: { lt: step }", "lastStep: { lt: step + 1 }", "T3 replay inside", security],
  [
    "tampering denies",
    "crypto.ts",
    "decipher.setAuthTag(tag)\n  return Buffer.concat([decipher.update(ciphertext), decipher.final()])",
    "return decipher.update(ciphertext)",
    "T38",
    unit,
  ],
  [
    "ciphertext bound to its user",
    "crypto.ts",
    /c(?:iph|eciph)er\.setAAD\([^\n]*\n|decipher\.setAAD\([^\n]*\n/g,
    "\n",
    "T37 another owner",
    unit,
  ],
  ["malformed key refused", "crypto.ts", "if (raw.length !== 32)", "if (false)", "T35 a missing or malformed key", unit],
  ["attempts reserved", "throttle.ts", "remaining: { gt: 0 }", "remaining: { gt: -1000 }", "T2, T7 parallel guesses", security],
  ["blocks last", "throttle.ts", "if (retryAfter > 0)", "if (false)", "T1 the blocks grow", security],
  [
    "a right code ends the count",
    "throttle.ts",
    "data = { failures: 0, remaining: throttleLevels[0].failures }",
    "data = {}",
    "T1 a right code ends the count",
    security,
  ],
  [
    "challenge's own cap",
    "challenge.ts",
    "attempts: { lt: attemptsPerChallenge }",
    "attempts: { lt: 1000 }",
    "T1 a challenge has a cap",
    security,
  ],
  [
    "challenge used once",
    "challenge.ts",
    "return count === 1\n}\n\n/** Gives",
    "return true\n}\n\n/** Gives",
    "T4 one challenge answered in parallel",
    instances,
  ],
  [
    "challenge expires",
    "challenge.ts",
    /expiresAt: \{ gt: new Date\(\) \}|\|\| row\.expiresAt <= new Date\(\)/g,
    "",
    "T13 a challenge that was used",
    security,
  ],
  [
    "cookie's token hashed",
    "challenge.ts",
    'createHash("sha256").update(token).digest("base64url")',
    "token",
    "T39 the database holds",
    security,
  ],
  ["backup code used once", "backup-codes.ts", "usedAt: null }\n", "}\n", "T6 a backup code in 20", security],
  [
    "backup codes hashed",
    "backup-codes.ts",
    "codes.map((code) => hashes(userId, code))",
    "codes.map((code) => [code])",
    "T39 the database holds",
    security,
  ],
  ["window of one step", "totp.ts", "const window = 1", "const window = 2", "T40 one step of drift", security],
  ["every step computed", "totp.ts", "match = step", "return step", "T24 every step", unit],
  ["codes have a length", "codes.ts", "|| value.length > maxLength", "", "is not", rim],
  ["digits of every script", "codes.ts", ".replace(digits, toAscii)", "", "T76 digits of arabic", rim],
  ["separators of every kind", "codes.ts", '.replace(separators, "")', "", "T76 a backup code with the dashes", rim],
  ["a browser leaves the site", "return-to.ts", "&& url.origin === here", "", "T27 ", rim],
  ["a path that becomes an address", "return-to.ts", 'url.pathname.replace(/^[/\\\\]+/, "/")', "url.pathname", "T27 ", rim],
  ["a blob is no path", "return-to.ts", 'url.protocol === "http:" && ', "", "T27 ", rim],
  ["no sign-in in the future", "times.ts", " && milliseconds <= Date.now() + tolerance", "", "T67 ", rim],
  ["the nearest proxy's address", "events.ts", "entries[entries.length - trustedProxies]", "entries[0]", "T64 ", rim],
  ["an address is one", "events.ts", "isIP(plain) ? plain : null", "address", "T64 ", rim],
  ["the hook is not waited for", "after-answer.ts", "void start()", "await start()", "T74 one that hangs", rim],
  ["the hook's errors are its own", "after-answer.ts", "logFailure(what, error)", "throw error", "T74 one that throws", rim],
  ["the hook is not called without end", "events.ts", "if (/^10*$/.test(String(count)))", "", "T65 what can happen", rim],
  ["no default port, no odd setting", "origin.ts", 'host.replace(/:(80|443)$/, "")', "host", "T75 ", rim],
  ["odd headers are no exception", "origin.ts", "    return null\n", "    throw new Error()\n", "T75 ", rim],
  [
    "wrong backup codes are counted",
    "factor.ts",
    'countEvent(userId, "challenge_failed")',
    'recordEvent(userId, "challenge_failed")',
    "T65 wrong backup codes",
    security,
  ],
  ["changes are counted after a few", "events.ts", /"enabled",\s+"replaced",\s+"disabled",/, "", "T65 turned on and off", security],
  [
    "no step-up while MFA is off",
    "step-up.ts",
    'if (user && !user.mfaEnabled) throw new MfaError(409, "not_enabled")',
    "",
    "T65 with MFA off",
    security,
  ],
  ["empty entries are no keys", "crypto.ts", '.filter((entry) => entry.trim() !== "")', "", "T35 empty entries", unit],
  [
    "code of the app's own is shown a new secret",
    "server.ts",
    "epoch: user.mfaEpoch }, true)",
    "epoch: user.mfaEpoch })",
    "T59 a secret that somebody",
    setups,
  ],
  ["an overtaken setup leaves no codes", "backup-codes.ts", "await standing.isOn()", "true", "T60 a reset that overtakes", setups],
  ["of two sets one stays", "backup-codes.ts", "await remove(userId, others)", "", "T78 new backup codes asked", setups],
  ["failed setups are counted", "events.ts", '"setup_failed", ', "", "T65 wrong codes for a setup", security],
  ["reading stops at the cap", "http.ts", "if (size > maxBody) throw", "if (false) throw", "T66 /api/mfa/setup", security],
  ["same-origin suffices", "http.ts", 'if (site === "same-origin") return', "", "T75 what the browser", security],
  ["nothing incomplete is counted", "factor.ts", "if (digits === null) return { ok: false }", "", "nothing incomplete", security],
  ["a new setup clears an old count", "enrolment.ts", "await clearFailures(userId)", "", "T77 a count of a hundred", security],
  [
    "left-over backup codes open nothing",
    "factor.ts",
    "!user?.mfaEnabled || !(await spend",
    "!(await spend",
    "backup codes that a failed",
    security,
  ],
  ["a setup is its session's", "pending-setup.ts", /:\$\{sessionKey\}/, "", "T59 another session", setups],
  [
    "a setup is void under another state",
    "turn-on.ts",
    [
      ["if (!isUnder(setup, stateOf(user)) && !isDone(user, setup))", "if (false)"],
      ["mfaEnabled: enabled, mfaEpoch: epoch", ""],
    ],
    "",
    "T60 a setup of another state",
    setups,
  ],
  [
    "sessions end before the switch",
    "turn-on.ts",
    "await endOtherSessions(enroller)\n    await throwSwitch",
    "await throwSwitch",
    "before the switch leaves",
    setups,
  ],
  ["a repeat finishes", "turn-on.ts", " && !isDone(user, setup)) throw", ") throw", "at INSERT MfaBackupCode", setups],
  [
    "a repeat of the reset finishes",
    "admin.ts",
    /if \(!wasOn && [^\n]*return false/,
    "if (!wasOn) return false",
    "T78 a reset that failed",
    setups,
  ],
  ["own origin", "http.ts", "(origin !== null && !isOwnOrigin(origin, headers))", "false", "T25 /api/mfa/disable", security],
  ["Sec-Fetch-Site", "http.ts", '(site !== null && site !== "none") ||', "", "T25 /api/mfa/disable", security],
  ["JSON only", "http.ts", 'if (type !== "application/json")', "if (false)", "T25 /api/mfa/disable", security],
  ["never cached", "http.ts", 'response.headers.set("Cache-Control", "no-store")', "", "T34 /api/mfa/setup", security],
  ["HttpOnly", "cookies.ts", "HttpOnly; ", "", "T12 the challenge cookie is HttpOnly", security],
  ["__Host-", "cookies.ts", '"__Host-" : ""', '"" : ""', "T12 behind TLS", security],
  ["events", "factor.ts", 'await recordEvent(userId, "backup_code_used")', "", "every outcome is an event", security],
  ["v4: held sign-in", "decision.ts", "if (!endsAs.mfaEnabled ||", "if (true ||", "next15-v4-jwt T12 with MFA", v4],
  [
    // The second gate covers for the first, so both have to go.
    "v4: gate fails closed",
    "options.ts",
    [
      ['logFailure("sign-in", error)\n    return false', 'logFailure("sign-in", error)\n    return true'],
      ["if (known?.mfaEnabled && !passedAs(known.id, attempt))", "if (false)", "session-token.ts"],
    ],
    "",
    "next15-v4-jwt T49 without the table MfaChallenge",
    { ...v4, files: ["security/failures"] },
  ],
  [
    "v4: inline code checked",
    "gate.ts",
    "if (!(await proveFactor(whose.id, code)).ok) return false",
    "",
    "next15-v4-jwt the password and the code",
    v4,
  ],
  ["v4: other sessions end", "session-token.ts", "found.ended && endSessionsOnEnable && !renewed", "false", "next15-v4-jwt T45", v4],
  [
    "v4: options guarded where they are declared",
    "with-mfa.ts",
    "Object.assign(options, guardOptions(options, {}))",
    "",
    "next15-v4-jwt T45",
    v4,
  ],
  [
    "v4: claims stamped after the app's callback",
    "session-token.ts",
    "{ ...Object.fromEntries(rest), ...claims } as Token",
    "{ ...claims, ...token } as Token",
    "next15-v4-jwt T14",
    v4,
  ],
  ["v4: deleted user's session ends", "session-row.ts", "ended: !user ||", "ended: user !== null &&", "next15-v4-jwt T42", v4],
  ["v4: this session goes on", "session-token.ts", "&& !renewed", "", "next15-v4-jwt T45", v4],
  ["v4: callbackUrl kept", "options.ts", "attempt.callbackUrl ??=", "void", "next15-v4-jwt T12 with MFA", v4],
  [
    "step-up has an age",
    "step-up.ts",
    "Date.now() - proved.at.getTime() < maxAge * 1000",
    "true",
    "next15-v4-jwt a fresh sign-in passes",
    stepUp,
  ],
  ["proof bound to its session", "proof.ts", /:\$\{sessionKey\}/, "", "next15-v4-jwt the proof is this session", stepUp],
  ["reset ends sessions", "turn-off.ts", "...(endSessions && { mfaEpoch: { increment: 1 } })", "", "next15-v4-jwt T46", stepUp],
  [
    "secrets move to the new key",
    "factor.ts",
    "if (active) await moveSecret",
    "if (false) await moveSecret",
    "next15-v4-jwt T36",
    { ...v4, files: ["security/failures"] },
  ],
  [
    "own sessions: the note of a sign-in is its user's",
    "recent-sign-in.ts",
    /`signed-in:[^`]*`/,
    '"signed-in"',
    "next16-split-postgres/own-sessions T9",
    { ...ownSessions, fixture: "next16-split-postgres/own-sessions" },
  ],
  [
    "own sessions: the app's cookies are kept",
    "replay.ts",
    "[...ownCookies(), ...answer.cookies, ...added, used]",
    "answer.cookies",
    "next14-v4-pages/own-sessions the second factor",
    { ...ownSessions, fixture: "next14-v4-pages/own-sessions" },
  ],
  [
    "form: own origin",
    "form.ts",
    "if (!isSameSite(request.headers)) return new Response(null, { status: 403 })",
    "",
    "next16-credentials T25 another site's form",
    form,
  ],
  ["form: a browser that says nothing is refused", "form.ts", "origin !== null &&", "origin === null ||", "next16-credentials T25", form],
  ["form: Sec-Fetch-Site", "form.ts", 'return site === "same-origin"', "return true", "next16-credentials T25 another site's form", form],
  [
    "form: forms only",
    "form.ts",
    'if (type !== "application/x-www-form-urlencoded") return new Response(null, { status: 415 })',
    "",
    "next16-credentials anything but a form",
    form,
  ],
  ["form: body capped", "form.ts", "if (size > maxBody)", "if (false)", "next16-credentials anything but a form", form],
  [
    "form: an incomplete code is not tried",
    "form.ts",
    'if (isIncomplete(code, kind)) return goTo(challengeWith("incomplete", fields))',
    "",
    "next16-credentials T50",
    form,
  ],
  [
    "cancel deletes the row",
    "sign-in.ts",
    "await cancelChallenge(readChallengeCookie(request.headers))",
    "",
    "next16-credentials Cancel forgets",
    form,
  ],
  [
    "challenge page: target on this site",
    "challenge-view.ts",
    "safeReturnTo(query.callbackUrl)",
    "String(query.callbackUrl)",
    "next16-credentials T27",
    form,
  ],
  [
    "a page that is left forgets key and codes",
    "../../app/(app)/settings/mfa/mfa-settings.tsx",
    'const forget = () => setView({ name: "idle" })',
    "const forget = () => undefined",
    "leave neither the key nor codes",
    journey,
  ],
]

/** The decision's own table, and what is handed on to the token, the adapter and the answer. */
const table = { files: ["e2e/decision"], build: false, fixture: "next16-credentials" }
const linking = { files: ["security/linking"], build: true, fixture: "next16-split-postgres" }
const whose = { files: ["security/whose"], build: true, fixture: "next16-split-postgres/provider-ids" }
const whoseV4 = { ...whose, fixture: "next15-v4-jwt/provider-ids" }
const blink = { files: ["security/host-settings"], build: true, fixture: "next16-credentials" }
mutants.push(
  [
    "linking wants a recent factor",
    "decision.ts",
    'if (links && viewer.mfaEnabled && !viewer.provedRecently) return { verdict: "confirm" }',
    "",
    "cells of the decision",
    table,
  ],
  ["one's own sign-in keeps the proof", "decision.ts", 'proof: "kept" }\n  }', 'proof: "new" }\n  }', "cells of the decision", table],
  [
    "an unclear sign-in is refused",
    "decision.ts",
    'if (endsAs === "unclear") return { verdict: "refuse" }',
    "",
    "cells of the decision",
    table,
  ],
  ["somebody else's factor", "decision.ts", "proved === endsAs.id", "proved !== null", "cells of the decision", table],
  [
    "a kept session stays as old",
    "session-token.ts",
    'decision?.verdict === "pass" && decision.proof === "kept" ? await attempt?.viewer() : null',
    "null",
    "T9, T57 signing in as oneself",
    unit,
  ],
  [
    "a password alone proves no factor",
    "session-token.ts",
    "attempt?.proved === user.id && { mfaProved: attempt.provedBy }",
    '{ mfaProved: "totp" }',
    "T17 a token is not issued",
    unit,
  ],
  [
    "claims stripped on the edge",
    "session-token.ts",
    "return withOwn(config, params, claimsOf(params.token), context)",
    "return config.callbacks?.jwt?.(params)",
    "T14 neither where the session has no row",
    unit,
  ],
  [
    "an ended session links nothing",
    "guard-adapter.ts",
    "return (await isSignedIn(adapter, attempt, id)) ? getUser(id) : null",
    "return getUser(id)",
    "T58 a session that has ended",
    unit,
  ],
  [
    "no sign-in without an attempt",
    "with-mfa.ts",
    "if (!attempt) return false",
    "if (!attempt) return true",
    "T49 an error in the gate",
    unit,
  ],
  ["linking, in an app", "decision.ts", "!viewer.provedRecently", "false", "T57", linking],
  [
    "an ended session, in an app",
    "guard-adapter.ts",
    "return (await isSignedIn(adapter, attempt, id)) ? getUser(id) : null",
    "return getUser(id)",
    "T58",
    linking,
  ],
  [
    "a provider's id is no row's",
    "whose.ts",
    "const isProviders = (id: unknown) => providerIds.includes(String(id))",
    "const isProviders = (_id: unknown) => false",
    "T54",
    whoseV4,
  ],
  [
    "the second look at the token",
    "gate.ts",
    "const decision = decide(facts)",
    'const decision = decide({ ...facts, endsAs: "nobody" })',
    "T55",
    whose,
  ],
  ["two rows are refused", "whose.ts", '? "unclear" : "other"', '? "nobody" : "other"', "T56", whose],
  ["a blink ends no session", "answer.ts", "/;\\s*Max-Age=0/i.test(cookie)", "false", "T68", blink],
  ["a changed password ends what is held", "sign-in.ts", "|| passwordState(row) !== held.password", "", "T63", security],
  ["another epoch ends what is held", "sign-in.ts", "|| row.mfaEpoch !== held.epoch", "", "T63", security],
  [
    "the way on stays on the site",
    "return-to.ts",
    /replace\(\/\^\[\/\\\\\]\+\/, ""\)/,
    "slice(1)",
    "next16-credentials T27",
    { ...security, files: ["security/matrix"] },
  ],
)

mutants.push(
  [
    "another sign-in",
    "replay.ts",
    "if (nameOf(original, held.provider, attempt) !== held.app) {",
    "if (false) {",
    "T85 completes what it has",
    ways,
  ],
  ["the secret of a sign-in", "ends-as.ts", "[scope, secret,", "[scope,", "T85 an app with another secret", ways],
  [
    "ids of an adapter",
    "ends-as.ts",
    "return user ? byIdAndAddress(user.id, user.email, rows) : null",
    'return user ? "nobody" : null',
    "ids of its own T87",
    ways,
  ],
  [
    "aliases of an adapter",
    "ends-as.ts",
    'if (whose !== "nobody" || typeof address !== "string") return whose',
    "return whose",
    "T87 an account of an alias",
    ways,
  ],
  [
    "no user in a session",
    "signed-in.ts",
    "if (user === null || user === false) return false",
    "if (user === undefined || user === null) return true",
    "T86 a session without its user",
    rim,
  ],
  ["circles", "pass-challenge.ts", "isTooMany || ", "", "T88 who keeps coming back", rim],
  [
    "a page that sends to itself",
    "pass-challenge.ts",
    "isToSignIn(first, request) || ",
    "",
    "T88 a sign-in page that sends to itself",
    rim,
  ],
  ["other cookies of nobody's", "pass-challenge.ts", "filter((pair) => !isLeftOut(pair))", "filter(() => false)", "T88 as nobody", rim],
  ["an address somebody has taken", "whose.ts", 'doubtful === "unclear" ? doubtful : several(named)', "doubtful", "T92", ways],
  [
    "credentials get a second look",
    "gate.ts",
    'if (kind !== "credentials") return undefined',
    'if (kind !== "credentials" || whose !== "nobody") return undefined',
    "T92",
    ways,
  ],
  ["what the session callback says", "ends-as.ts", "...(session ? [session] : [])", "", "looked up when a session is read T87", ways],
  ["tokens without claims", "session-row.ts", "(await ofOldToken(token, readSession))", "(await ofOldToken(token))", "T93", ways],
  ["a session callback that asks", "request.ts", "readings.getStore()", "undefined", "is answered, and not asked", ways],
  ["a change is told once", "turn-on.ts", /, null, `epoch .*`/, "", "T89 is told once", setups],
  [
    "an adapter's ids when accounts are linked",
    "guard-adapter.ts",
    " || viewer.userId === (await rowOf(adapter, id, attempt))?.id",
    "",
    "T17, T18, T58 an adapter",
    unit,
  ],
  ["the event behind the switch", "turn-on.ts", /await recordEvent\(userId, setup\.enabled.*/, "", "T89 a device is replaced", setups],
  ["older setups are void", "pending-setup.ts", "return pending !== null && ", "return false && ", "T89 a device is replaced", setups],
  ["codes before what may fail", "pending-setup.ts", 'logFailure("ending a setup", error)', "throw error", "T89 new backup codes", setups],
  [
    "right codes before what may fail",
    "factor.ts",
    /await clearFailures\(userId\)\.catch\(.*\)$/gm,
    "await clearFailures(userId)",
    "T89 a right code signs in",
    setups,
  ],
  ["sessions of the version before", "guard-adapter.ts", "(isOfAnother(found.user, token) && !makesOwnSessions())", "false", "T90", setups],
  [
    "what an old session has linked",
    "enrolment.ts",
    /if \(await followsOldLink.*/,
    "",
    "T94 nor does a sign-in",
    { files: ["security/linking"], build: true, fixture: "next15-t3-database" },
  ],
  [
    "another user's token",
    "session-token.ts",
    "!attempt?.arrival && (await namesUnproved",
    "false && (await namesUnproved",
    "T17 nor where the app",
    unit,
  ],
  ["update() of an ended session", "session-token.ts", 'params.trigger === "update") {', "false) {", "T45 what a session of before", unit],
  [
    "circles are of one page",
    "pass-challenge.ts",
    "pages.filter((earlier) => earlier === page)",
    "pages.filter(() => true)",
    "T88 a way over several pages",
    rim,
  ],
  ["no secret", "totp.ts", " || !isSecret(secret)", "", "T91", rim],
  ["a decision of before", "attempt.ts", 'return proved === userId || decision.proof === "kept"', "return true", "T81", rim],
  [
    "guests",
    "ends-as.ts",
    "(isStrict ? byIdWithAddress : byIdAndAddress)",
    "byIdAndAddress",
    "T83",
    { files: ["security/guests"], build: true, fixture: "next16-credentials/strict" },
  ],
  ["a claimed address", "session-row.ts", "user: mfaUid === null ? null : first", "user: first", "T80", rim],
  ["columns in what callbacks return", "session-token.ts", ".filter(([name]) => !columns.has(name))", "", "T37", rim],
  [
    "a key on its way",
    "factor.ts",
    "if (user?.mfaEnabled && user.mfaSecret) requireKeyOf(user.mfaSecret)",
    "",
    "a right code is no wrong one",
    { files: ["security/operations"], build: true, fixture: "next16-split-postgres" },
  ],
  [
    "two cookies",
    "core.ts",
    "Object.fromEntries(cookies.map(",
    "Object.fromEntries([...cookies].reverse().map(",
    "T82",
    { files: ["security/two-sessions"], build: true, fixture: "next15-v4-jwt" },
  ],
)

const words = process.argv.slice(2)
const [, part, parts] = /^(\d+)\/(\d+)$/.exec(words[0] ?? "")?.map(Number) ?? []
const chosen = mutants.filter(([name], index) =>
  parts ? index % parts === part - 1 : words.length === 0 || words.some((word) => name.includes(word)),
)
const apps = Object.fromEntries([...new Set(chosen.map(([, , , , , { fixture }]) => fixture))].map((name) => [name, builtApp(name)]))
const variable = (name) => `CHIMERAI_TEST_APP_${name.replace(/\W/g, "_")}`
const env = {
  ...process.env,
  CHIMERAI_FIXTURES: "none",
  ...Object.fromEntries(Object.entries(apps).map(([name, dir]) => [variable(name), dir])),
}

// A mutant may well be badly typed; that is not the question here.
const configs = Object.values(apps).map((dir) => {
  const path = ["next.config.ts", "next.config.js", "next.config.mjs"].map((name) => join(dir, name)).find(existsSync)
  return { path, original: readFileSync(path, "utf8") }
})
for (const { path, original } of configs)
  writeFileSync(path, original.replace(/const config(: NextConfig)? = \{/, "$& typescript: { ignoreBuildErrors: true },"))

const survivors = []
for (const [name, file, before, after, test, { files, build, fixture }] of chosen) {
  const dir = apps[fixture]
  const originals = new Map()
  try {
    for (const [from, to, place = file] of Array.isArray(before) ? before : [[before, after]]) {
      const path = ["src/lib/mfa", "lib/mfa"].map((folder) => join(dir, folder, place)).find(existsSync)
      const text = readFileSync(path, "utf8")
      if (!originals.has(path)) originals.set(path, text)
      const mutated = text.replace(from, () => to)
      if (mutated === text) throw new Error(`${name}: what it takes out is not in ${place}`)
      writeFileSync(path, mutated)
    }
    if (build) run("npx", ["next", "build"], { cwd: dir })
    const ring = files[0].split("/")[0]
    const args = ["run", "--project", ring, ...files.map((name) => `tests/${name}`), "-t", test]
    const { status } = spawnSync(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), ...args], {
      cwd: root,
      env,
      stdio: "ignore",
    })
    if (status === 0) survivors.push(name)
    console.log(`${status === 0 ? "✖ SURVIVED" : "✔ killed  "}  ${name}  (${test})`)
  } finally {
    for (const [path, original] of originals) writeFileSync(path, original)
  }
}
for (const { path, original } of configs) writeFileSync(path, original)
for (const app of Object.values(apps)) run("npx", ["next", "build"], { cwd: app })
console.log(`\n${chosen.length - survivors.length} of ${chosen.length} defences have a test that fails without them`)
process.exit(survivors.length > 0 ? 1 : 0)
