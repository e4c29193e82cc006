import { execa } from "execa"
import type { PackageManager } from "../host/types"

export type InstallResult = { ok: true } | { ok: false; command: string; output: string }

export const installCommand = (manager: PackageManager): string => `${manager} install`

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
    ...(verbose && { stdout: ["pipe", process.stderr], stderr: ["pipe", process.stderr] }),
  })
  process.removeListener("SIGINT", stay)
  if (!result.failed) return { ok: true }
  const output = (result.all ?? "").trim() || result.shortMessage || `${manager} could not be started`
  return { ok: false, command: installCommand(manager), output: output.split("\n").slice(-20).join("\n") }
}
