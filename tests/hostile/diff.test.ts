/** Texts that differ without end are shown in no time, or not at all (H17). */
import { expect, test } from "vitest"
import type { Action } from "../../src/plan/types"
import { planDiff } from "../../src/report/diff"

const lines = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}${index}`).join("\n")
const instead = (after: string, existing: string): Action => ({
  kind: "create",
  path: "lib/a.ts",
  after,
  existing,
  reason: "",
  state: "unchanged",
})

test("a file of ours that somebody has made into another one is not compared to the end", () => {
  const started = Date.now()
  const shown = planDiff([instead(lines("a", 30_000), lines("b", 60_000))], (path) => path)
  expect(Date.now() - started).toBeLessThan(5_000)
  expect(shown).toContain("Too much differs to be shown.")
  expect(planDiff([instead("a\nb\n", "a\nc\n")], (path) => path)).toContain("+c")
})
