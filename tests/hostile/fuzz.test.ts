/** Some of the trees that `npm run fuzz:hostile` prepares by the thousand, others each time. */
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { root } from "../support/paths"
import { seed } from "../support/random"

const trees = Number(process.env.CHIMERAI_TREES ?? 80)

test(`${trees} prepared trees do no harm (seed ${seed})`, { timeout: 1_800_000 }, async () => {
  const args = [join(root, "scripts/fuzz-hostile.mjs"), "--trees", String(trees), "--seed", String(seed)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 })
  expect(stdout).toContain(`${trees} trees`)
})
