/** A few hundred of the trees that `npm run fuzz:hostile` prepares by the thousand, others each time. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { expect, test } from "vitest"
import { root } from "../support/paths"
import { seed } from "../support/random"

const trees = Number(process.env.CHIMERAI_TREES ?? 200)

test(`${trees} prepared trees do no harm (seed ${seed})`, { timeout: 1_800_000 }, () => {
  const flags = ["--trees", String(trees), "--seed", String(seed)]
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "scripts/fuzz-hostile.mjs"), ...flags], { encoding: "utf8" })
  expect(status, stdout + stderr).toBe(0)
  expect(stdout).toContain(`${trees} trees`)
})
