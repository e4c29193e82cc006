/** The table of attacks and their tests is what is there. */
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { docsPath, hostileDocs, missingTests } from "../../scripts/hostile-docs.mjs"

test("every test that docs/hostile.md names exists, and the page is up to date", () => {
  expect(missingTests()).toEqual([])
  expect(readFileSync(docsPath, "utf8"), "run node scripts/hostile-docs.mjs").toBe(hostileDocs())
})
