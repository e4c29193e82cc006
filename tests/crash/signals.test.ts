/** Ctrl+C and `kill` while files are being written: every byte is as it was, the message says so, and the exit code is 130. */
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { copyFixture } from "../../scripts/apps.mjs"
import { snapshot } from "../support/host"
import { cli } from "../support/paths"
import { scratch } from "../support/scratch"

const work = scratch()
const preload = join(work, "signal.mjs")
writeFileSync(
  preload,
  `import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
let renames = 0
const rename = fs.renameSync
fs.renameSync = (...args) => {
  if (++renames === Number(process.env.SIGNAL_AT)) process.kill(process.pid, process.env.SIGNAL)
  return rename(...args)
}
syncBuiltinESMExports()
`,
)

test.each([
  ["SIGINT", 1],
  ["SIGINT", 20],
  ["SIGTERM", 2],
  ["SIGTERM", 45],
  ["SIGHUP", 30],
])("%s at the %d. file", (signal, at) => {
  const dir = copyFixture("next16-credentials", join(work, `${signal}-${at}`), { modules: false })
  const before = snapshot(dir)
  const run = spawnSync(process.execPath, ["--import", preload, cli, "add", "mfa", dir, "--yes", "--no-install", "--json"], {
    encoding: "utf8",
    env: { ...process.env, SIGNAL: signal, SIGNAL_AT: String(at) },
  })
  expect([run.status, run.signal], run.stderr).toEqual([130, null])
  expect(JSON.parse(run.stdout)).toMatchObject({ status: "rolled-back", error: { code: "cancelled" } })
  expect(run.stderr).toContain("Interrupted. Every file is as it was.")
  expect(snapshot(dir)).toEqual(before)
})
