/** The ring `hostile` with every row of its tables, of which `npm test` takes a part: `npm run test:hostile`. */
import { spawnSync } from "node:child_process"
import { prepare } from "./prepare.mjs"

prepare()
const { status } = spawnSync("npx", ["vitest", "run", "--project", "hostile"], {
  env: { ...process.env, CHIMERAI_HOSTILE: "whole" },
  stdio: "inherit",
})
process.exit(status ?? 1)
