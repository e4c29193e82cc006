import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { parseModule } from "../../../src/edit/typescript/module"
import { makeHost } from "../../support/host"
import { cli } from "../../support/paths"

// Found by the fuzzer (seed 6014): TypeScript's reader of documentation comments does not come back from this one.
test.each(["auth.ts", "auth.js"])("a documentation comment without an end is an error of %s", (path) => {
  const dir = makeHost()
  const text = "const x = 1\n/** Whatt-au"
  writeFileSync(join(dir, "auth.ts"), text)
  // In a process of its own, which can be ended.
  const run = spawnSync(process.execPath, [cli, "add", "mfa", dir, "--yes", "--json"], { encoding: "utf8", timeout: 30_000 })
  expect([run.signal, run.status]).toEqual([null, 3])
  expect(parseModule(path, text)).toMatchObject({ ok: false, message: "'*/' expected.", offset: text.length })
})
