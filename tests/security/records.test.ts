/**
 * A sign-in that was held is, for the app, the sign-in it would have been: what next-auth tells its callbacks, adapter
 * and events is the same in order and arguments, and so are the rows and the cookies.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "../../scripts/http-client.mjs"
import { recordedFixtures, TestApp, type User, type Way } from "../support/fixtures"
import { isReachable } from "../support/sql"

type Entry = [what: string, ...facts: unknown[]]

/** What changes the app's state or is told to it. Looking somebody up may happen more often. */
const telling = /^(callback|event) |^(create|update|delete|link|unlink|use)/

/** Records without what differs between two users and two moments; the shape and every other value stay. */
function comparable(entries: Entry[], user: User): unknown {
  const text = JSON.stringify(entries.filter(([what]) => telling.test(what)))
    .replaceAll(user.email, "<email>")
    .replaceAll(`"${user.name}"`, '"<name>"')
    .replaceAll(`"${user.id}"`, '"<id>"')
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"<date>"')
    // Ours carries the time of its sign-in, and whether it took two factors.
    .replace(/"sessionToken":"[^"]*"/g, '"sessionToken":"<random>"')
    .replace(/"[\w-]+\.[\w-]+\.[\w-]+"/g, '"<jwt>"')
    .replace(/"(sessionToken|access_token|at_hash|nonce|token|id|userId|sub|jti|passwordHash)":"[^"<][^"]*"/g, '"$1":"<random>"')
    // The one thing that is not kept for later: what proves who somebody is.
    .replace(/"(password|csrfToken)":"[^"]*"/g, '"$1":""')
    .replace(/"(password|csrfToken)":"",|,?"(password|csrfToken)":""/g, "")
    // Some browsers send a path here, others a whole URL; completing gives the app the latter.
    .replace(/"callbackUrl":"https?:\/\/[^/"]+/g, '"callbackUrl":"')
    .replace(/"(expires_at|iat|exp|expires_in)":\d+/g, '"$1":0')
  return JSON.parse(text)
}

const reachable = new Map(await Promise.all(recordedFixtures.map(async ({ database }) => [database, await isReachable(database)] as const)))

describe.each(recordedFixtures.map((fixture) => [fixture.name, fixture] as const))("%s", (_name, fixture) => {
  let app: TestApp
  const it = test.skipIf(!reachable.get(fixture.database))
  beforeAll(async () => {
    if (reachable.get(fixture.database)) app = await TestApp.start(fixture, { RECORD: "1" })
  })
  afterAll(() => app?.stop())

  /** What was recorded while `act` ran. */
  async function recordsOf(act: () => Promise<unknown>): Promise<Entry[]> {
    const from = app.output.length
    await act()
    await new Promise((resolve) => setTimeout(resolve, 150))
    const lines = app.output.slice(from).match(/^RECORD .*$/gm) ?? []
    return lines.map((line) => JSON.parse(line.slice("RECORD ".length)))
  }

  const cookiesOf = (client: Client) =>
    [...client.cookies.keys()].filter((name) => !/csrf|callback-url|pkce|state|nonce/.test(name)).toSorted()

  const rowsOf = async (user: User) => {
    if (!fixture.linking || fixture.linking === "no-adapter") return null // no adapter, so nothing is written
    const accounts = await app.sql.rows('SELECT * FROM "Account" WHERE "userId" = ?', user.id)
    const people = await app.sql.rows('SELECT "emailVerified" FROM "User" WHERE "id" = ?', user.id)
    return {
      accounts: accounts.map((row) => Object.entries(row).flatMap(([name, value]) => (value === null ? [] : [name]))),
      verified: people.map(({ emailVerified }) => emailVerified !== null),
    }
  }

  const ways = fixture.ways.filter((way) => way !== "oauth" || fixture.ways[0] === "oauth" || fixture.linking === "by-address")
  it.each(ways)("a sign-in by %s with MFA is told to the app as one without", async (way: Way) => {
    const plain = await app.createUser()
    const withMfa = await app.enrolled()
    const [clientA, clientB] = [app.client(), app.client()]
    const expected = await recordsOf(() => app.firstFactor(clientA, plain, { way }))
    const [code = ""] = withMfa.backupCodes
    const actual = await recordsOf(async () => {
      await app.firstFactor(clientB, withMfa, { way })
      expect(await clientB.session()).toBeNull()
      expect((await clientB.verify(code, true)).status, app.output.slice(-2000)).toBe(200)
    })
    expect(await clientA.session()).not.toBeNull()
    expect(expected.some(([what]) => what === "callback signIn")).toBe(true)
    expect(expected.some(([what]) => what === "event signIn")).toBe(true)
    // The invitation is used when the link is opened; completing answers from what was held.
    const normal = comparable(expected, plain) as Entry[]
    expect(comparable(actual, withMfa)).toEqual(normal)
    expect(cookiesOf(clientB)).toEqual(cookiesOf(clientA))
    expect(await rowsOf(withMfa)).toEqual(await rowsOf(plain))
  })
})
