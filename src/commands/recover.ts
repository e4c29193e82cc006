import { assertNoJournal } from "../apply/journal"
import { type Recovery, resume, rollBack } from "../apply/transaction"
import { exit } from "../errors"
import { HostFiles } from "../host/files"
import { detectPackageManager } from "../host/workspace"
import { shownFrom } from "../report/paths"
import { createReport, printJson } from "../report/port"
import { ownVersion } from "../version"
import { visible } from "../visible"
import type { RunOptions } from "./options"

/**
 * `--rollback` and `--resume`: the end of a run that did not get to its own.
 * @returns null where the command itself is to go on: neither is asked for, or there is nothing to resume because the
 * run was interrupted before it had changed anything, or after it had changed everything
 * @throws CliError interrupted_run where neither is asked for and one is needed
 */
export async function recover(command: string, options: RunOptions): Promise<number | null> {
  const files = new HostFiles(options.dir)
  if (!options.rollback && !options.resume) {
    await assertNoJournal(files.root)
    return null
  }
  const report = createReport(options)
  const recovery = await (options.rollback ? rollBack(files.root, files.boundary) : resume(files.root, files.boundary))
  if (options.resume && (recovery === null || recovery.paths.length === 0)) {
    report.note("No file is half done here: this run starts at the beginning.")
    return null
  }
  report.out(told(recovery, options, shownFrom(options.app)))
  const nextSteps: string[] = []
  if (options.resume && recovery?.paths.includes("package.json")) {
    const manager = options.pm ?? detectPackageManager(files).name
    const { installDependencies } = await import("./install-step")
    nextSteps.push(...(await installDependencies(files.root, manager, ["the dependencies"], options, report)).nextSteps)
  }
  const status = recovery === null ? "unchanged" : options.rollback ? "rolled-back" : "applied"
  if (options.json) printJson({ command, feature: options.feature, version: ownVersion(), status, nextSteps, kept: recovery?.kept ?? [] })
  return recovery && recovery.kept.length > 0 ? exit.manualStepsLeft : exit.done
}

function told(recovery: Recovery | null, { rollback }: RunOptions, shown: (path: string) => string): string {
  if (recovery === null) return "There is no interrupted run here; nothing to restore."
  if (recovery.paths.length === 0) return "The run was interrupted before it had changed anything: every file is as it was."
  if (!rollback) return `Finished: ${recovery.paths.length} files are as ${recovery.command} was to leave them.`
  const kept = recovery.kept.map((path) => `\n  ${visible(shown(path))} has been edited since, and is left as it is.`).join("")
  return `Restored: ${kept === "" ? "every file is as it was" : "every other file is as it was"} before ${recovery.command}.${kept}`
}
