import { CliError } from "../errors"
import type { PackageManager } from "../host/types"
import { findProgram, type Program } from "../run/program"
import type { Project } from "../run/project"
import { runToEnd } from "../run/start"

export type InstallResult = { ok: true } | { ok: false; command: string; output: string }

export const installCommand = (manager: PackageManager): string => `${manager} install`

/**
 * Looked at before anything is written: files that wait for packages nobody can install help nobody. One of the project's
 * own does not count: a clone may have committed it.
 * @throws CliError package_manager_missing
 */
export function assertAvailable(project: Project, manager: PackageManager): Program {
  const program = findProgram(manager, project)
  if (program !== null) return program
  throw new CliError("package_manager_missing", `This app uses ${manager}, which is not on the PATH outside of this project.`, {
    suggestion: `Nothing was changed. Install ${manager}, name another one (--pm npm), or install by yourself afterwards (--no-install).`,
  })
}

/**
 * Runs the app's package manager. A failure leaves the files as they are: the command can be run again by hand.
 * Its output goes to stderr with `verbose`, and the end of it into the result.
 * @throws CliError package_manager_missing
 */
export async function install(project: Project, manager: PackageManager, verbose: boolean): Promise<InstallResult> {
  const flags = { npm: ["--no-audit", "--no-fund"], pnpm: ["--no-frozen-lockfile"], yarn: [], bun: [] }[manager]
  const { ok, output } = await runToEnd(assertAvailable(project, manager), ["install", ...flags], {
    cwd: project.root,
    // In CI yarn 2 and later take a changed package.json for a mistake.
    env: { YARN_ENABLE_IMMUTABLE_INSTALLS: "false" },
    verbose,
  })
  if (ok) return { ok }
  return { ok, command: installCommand(manager), output: output.split("\n").slice(-20).join("\n") }
}
