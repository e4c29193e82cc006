/** The table in decision.ts, every cell of it, as it is generated for next-auth 4 and for 5. */
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { chimerai, copyFixture } from "../../scripts/apps.mjs"
import { cache } from "../support/paths"

type Facts = {
  kind: "credentials" | "email" | "account"
  viewer: { userId: string; mfaEnabled: boolean; provedRecently: boolean } | null
  linkedTo: string
  endsAs: { id: string; mfaEnabled: boolean } | "nobody" | "unclear"
  proved: string | null
}
type Decision = { verdict: "pass" | "hold" | "confirm" | "refuse"; as?: string | null; proof?: "new" | "kept"; userId?: string }

const dirs: string[] = []
afterAll(() => dirs.map((dir) => rmSync(dir, { recursive: true, force: true })))

async function generated(fixture: string, lib: string): Promise<(facts: Facts) => Decision> {
  // The mutation check puts an app with one defence taken out here.
  const built = process.env[`CHIMERAI_TEST_APP_${fixture.replace(/\W/g, "_")}`]
  if (built) return (await import(join(built, lib, "mfa/decision.ts"))).decide
  const dir = mkdtempSync(join(cache, "decision-"))
  dirs.push(dir)
  copyFixture(fixture, dir, { modules: false })
  chimerai(["add", "mfa", "--yes", "--no-install", dir])
  return (await import(join(dir, lib, "mfa/decision.ts"))).decide
}

const kinds = ["credentials", "email", "account"] as const
const users = ["u", "v"]
const viewers: Facts["viewer"][] = [
  null,
  ...[true, false].flatMap((mfaEnabled) => [true, false].map((provedRecently) => ({ userId: "v", mfaEnabled, provedRecently }))),
]
const ends: Facts["endsAs"][] = ["nobody", "unclear", ...users.flatMap((id) => [true, false].map((mfaEnabled) => ({ id, mfaEnabled })))]
const cells: Facts[] = kinds.flatMap((kind) =>
  viewers.flatMap((viewer) =>
    ["nobody", "unknown", ...users].flatMap((linkedTo) =>
      ends.flatMap((endsAs) => [null, ...users].map((proved) => ({ kind, viewer, linkedTo, endsAs, proved }))),
    ),
  ),
)

describe.each([
  ["next-auth 5", "next16-credentials", "src/lib"],
  ["next-auth 4", "next15-v4-jwt", "src/lib"],
])("%s", (_name, fixture, lib) => {
  let decisionOf: (facts: Facts) => Decision
  beforeAll(async () => {
    decisionOf = await generated(fixture, lib)
  })

  test(`the ${cells.length} cells of the decision`, () => {
    const seen = new Set<string>()
    for (const facts of cells) {
      const { kind, viewer, linkedTo, endsAs, proved } = facts
      const decision = decisionOf(facts)
      const where = JSON.stringify(facts)
      seen.add(decision.verdict)
      // The three rows of somebody who is signed in and uses an account that is theirs or nobody's.
      const own = kind === "account" && viewer && (linkedTo === "nobody" || linkedTo === viewer.userId)
      if (own && linkedTo === "nobody" && viewer.mfaEnabled && !viewer.provedRecently)
        expect(decision, where).toEqual({ verdict: "confirm" })
      else if (own) expect(decision, where).toEqual({ verdict: "pass", as: viewer.userId, proof: "kept" })
      else if (endsAs === "unclear") expect(decision, where).toEqual({ verdict: "refuse" })
      else if (endsAs === "nobody") expect(decision, where).toEqual({ verdict: "pass", as: null, proof: "new" })
      else if (endsAs.mfaEnabled && proved !== endsAs.id) expect(decision, where).toEqual({ verdict: "hold", userId: endsAs.id })
      else expect(decision, where).toEqual({ verdict: "pass", as: endsAs.id, proof: "new" })
    }
    expect([...seen].toSorted()).toEqual(["confirm", "hold", "pass", "refuse"])
  })

  test("what no cell may do", () => {
    for (const facts of cells) {
      const { viewer, endsAs, proved } = facts
      const decision = decisionOf(facts)
      const where = JSON.stringify(facts)
      const isWithMfa = typeof endsAs === "object" && endsAs.mfaEnabled
      // Nobody becomes a user with MFA without that user's factor, unless they are that user's live session already.
      if (decision.verdict === "pass" && isWithMfa && decision.as === endsAs.id)
        expect(proved === endsAs.id || (viewer?.userId === endsAs.id && decision.proof === "kept"), where).toBe(true)
      // Somebody else's factor never lets anybody pass.
      if (isWithMfa && proved !== null && proved !== endsAs.id && viewer?.userId !== endsAs.id && decision.verdict === "pass")
        expect(decision.as, where).not.toBe(endsAs.id)
      // A proof is new only where nothing was kept from a session that may be stolen.
      if (decision.proof === "new" && facts.kind === "account" && viewer) expect(facts.linkedTo, where).not.toBe(viewer.userId)
    }
  })
})
