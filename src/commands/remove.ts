import kleur from "kleur"
import { applyRemoval, conflictError, planRemoval } from "../apply/remove"
import { assertNoJournal } from "../apply/transaction"
import { CliError, exit } from "../errors"
import { HostFiles } from "../host/files"
import { detectPackageManager } from "../host/workspace"
import { shownFrom } from "../report/paths"
import { createReport, printJson } from "../report/port"
import { ownVersion } from "../version"
import type { RunOptions } from "./options"

/** `chimerai remove <feature>`: gives back every byte that `add` changed. Database columns stay. */
export async function remove(options: RunOptions): Promise<number> {
  const report = createReport(options)
  const files = new HostFiles(options.dir)
  const shown = shownFrom(options.app)
  assertNoJournal(files.root)
  const document = (status: string, rest: object) => ({
    command: "remove",
    feature: options.feature,
    version: ownVersion(),
    status,
    ...rest,
  })

  const plan = planRemoval(files.root, options.feature, options)
  if (!plan) {
    report.out(`${options.feature} is not installed here; nothing to remove.`)
    if (options.json) printJson(document("unchanged", { actions: [] }))
    return exit.done
  }
  if (plan.conflicts.length > 0) throw conflictError(plan.conflicts)

  for (const { kind, path, reason } of plan.removals)
    report.out(`  ${(kind === "delete" ? kleur.red : kleur.cyan)(kind.padEnd(7))} ${shown(path)}  ${kleur.dim(reason)}`)
  const actions = (state: string) => plan.removals.map(({ kind, path, reason }) => ({ kind, path: shown(path), state, reason }))
  const nextSteps = ["The mfa columns and Mfa tables stay in the database. To drop them, create a migration from the restored schema."]
  if (options.dryRun) {
    if (options.json) printJson(document("planned", { actions: actions("planned"), nextSteps }))
    return exit.done
  }
  const { canAsk, confirm } = await import("../report/prompt")
  if (!options.yes && !options.json && canAsk() && !(await confirm("Remove it?"))) throw new CliError("cancelled", "Nothing was changed.")

  applyRemoval(files.root, files.boundary, options.feature, plan)
  const manager = options.pm ?? detectPackageManager(files).name
  if (options.install && plan.removals.some(({ path }) => path === "package.json")) {
    const { install } = await import("../apply/install")
    const { withProgress } = await import("../report/progress")
    const result = await withProgress(
      `Updating dependencies with ${manager}`,
      () => install(files.root, manager, options.verbose),
      ({ ok }) => !ok,
    )
    if (!result.ok) nextSteps.unshift(result.command)
  }
  if (plan.kept.length > 0)
    nextSteps.push(`The key in ${plan.kept.map(shown).join(", ")} stays: it decrypts what is still in the database. --purge removes it.`)
  report.out(`\n${kleur.green("✔")} ${options.feature} is removed.\n${nextSteps.map((step) => `  ${step}`).join("\n")}`)
  if (options.json) printJson(document("applied", { actions: actions("done"), nextSteps }))
  return exit.done
}
