import { assertAvailable, install, installCommand } from "../apply/install"
import { HostFiles } from "../host/files"
import type { PackageManager, Warning } from "../host/types"
import type { Report } from "../report/port"
import { withProgress } from "../report/progress"
import type { RunOptions } from "./options"

export type Installed = { ok: boolean; nextSteps: string[]; warnings: Warning[] }

/** Throws while nothing is written yet, where a package manager will be needed that is not there. */
export function assertInstallable(manager: PackageManager, { install: wanted, dir }: RunOptions): void {
  if (wanted) assertAvailable(new HostFiles(dir), manager)
}

/** The last step: it may fail, and what is in place stays. */
export async function installDependencies(
  root: string,
  manager: PackageManager,
  names: string[],
  { install: wanted, verbose }: RunOptions,
  report: Report,
): Promise<Installed> {
  if (!wanted) return { ok: true, nextSteps: [installCommand(manager)], warnings: [] }
  const result = await withProgress(
    `Installing ${names.join(", ")} with ${manager}`,
    () => install(new HostFiles(root), manager, verbose),
    ({ ok }) => !ok,
  )
  if (result.ok) return { ok: true, nextSteps: [], warnings: [] }
  report.detail(result.output)
  const message = `The files are in place, but the dependencies could not be installed. Run: ${result.command}\n${result.output}`
  return { ok: false, nextSteps: [result.command], warnings: [{ code: "install_failed", message }] }
}
