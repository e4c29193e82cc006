/** What every script needs first: packages and a build. Uses nothing but Node. */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../", import.meta.url))
const npm = process.platform === "win32" ? "npm.cmd" : "npm"
const run = (...args) => execFileSync(npm, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] })

/** Installs the packages when the lockfile is newer than they are, and builds when a source is newer than the build. */
export function prepare() {
  const installed = join(root, "node_modules/.package-lock.json")
  if (!existsSync(installed) || statSync(join(root, "package-lock.json")).mtimeMs > statSync(installed).mtimeMs)
    run("install", "--no-audit", "--no-fund", "--prefer-offline")
  const built = join(root, "dist/cli.js")
  if (!existsSync(built) || newest(join(root, "src")) > statSync(built).mtimeMs) run("run", "--silent", "build", "--", "--silent")
}

function newest(dir) {
  const times = readdirSync(dir, { withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? newest(join(dir, entry.name)) : statSync(join(dir, entry.name)).mtimeMs,
  )
  return Math.max(...times)
}
