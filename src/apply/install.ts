import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"
import { execa } from "execa"
import { CliError } from "../errors"
import type { PackageManager } from "../host/types"

export type InstallResult = { ok: true } | { ok: false; command: string; output: string }

export const installCommand = (manager: PackageManager): string => `${manager} install`

/**
 * Looked at before anything is written: files that wait for packages nobody can install help nobody.
 * @throws CliError package_manager_missing
 */
export function assertAvailable(manager: PackageManager): void {
  const names = process.platform === "win32" ? [`${manager}.cmd`, `${manager}.exe`] : [manager]
  const found = (process.env.PATH ?? "").split(delimiter).some((dir) => names.some((name) => isExecutable(join(dir, name))))
  if (found) return
  throw new CliError("package_manager_missing", `This app uses ${manager}, which is not on the PATH.`, {
    suggestion: `Nothing was changed. Install ${manager}, name another one (--pm npm), or install by yourself afterwards (--no-install).`,
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Runs the app's package manager. A failure leaves the files as they are: the command can be run again by hand.
 * Its output goes to stderr with `verbose`, and the end of it into the result.
 */
export async function install(root: string, manager: PackageManager, verbose: boolean): Promise<InstallResult> {
  const flags = { npm: ["--no-audit", "--no-fund"], pnpm: ["--no-frozen-lockfile"], yarn: [], bun: [] }[manager]
  // Ctrl+C ends the package manager; what is in place by then is ours to say.
  const stay = () => {}
  process.on("SIGINT", stay)
  const result = await execa(manager, ["install", ...flags], {
    cwd: root,
    reject: false,
    all: true,
    stdin: "ignore",
    // In CI yarn 2 and later take a changed package.json for a mistake.
    env: { YARN_ENABLE_IMMUTABLE_INSTALLS: "false" },
    ...(verbose && { stdout: ["pipe", process.stderr], stderr: ["pipe", process.stderr] }),
  })
  process.removeListener("SIGINT", stay)
  if (!result.failed) return { ok: true }
  const output = (result.all ?? "").trim() || result.shortMessage || `${manager} could not be started`
  return { ok: false, command: installCommand(manager), output: output.split("\n").slice(-20).join("\n") }
}
