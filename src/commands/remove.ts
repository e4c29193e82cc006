import kleur from "kleur"
import { ownOf } from "../apply/own"
import { applyRemoval, isCommented, planPurge, planRemoval, type Removal } from "../apply/remove"
import { type InstalledFeature, readManifest } from "../apply/store"
import { CliError, exit } from "../errors"
import { loadFeature } from "../feature/load"
import { detectEnv } from "../host/env"
import { HostFiles } from "../host/files"
import { packagesUsed } from "../host/sources"
import type { Warning } from "../host/types"
import { detectPackageManager } from "../host/workspace"
import { shownFrom } from "../report/paths"
import { createReport, printJson } from "../report/port"
import { ownVersion } from "../version"
import { visible } from "../visible"
import { assertNothingOpen } from "./check-result"
import { assertClean } from "./dirty"
import { assertInstallable, installDependencies } from "./install-step"
import { leftBehind } from "./left-behind"
import type { RunOptions } from "./options"
import { recover } from "./recover"

/** `chimerai remove <feature>`: gives back every byte that `add` changed. Database columns stay. */
export async function remove(options: RunOptions): Promise<number> {
  const report = createReport(options)
  const recovered = await recover("remove", options)
  if (recovered !== null) return recovered
  const feature = loadFeature(options.feature, options.templates)
  const files = new HostFiles(options.dir)
  const shown = shownFrom(options.app)
  const document = (status: string, rest: object) => ({
    command: "remove",
    feature: options.feature,
    version: ownVersion(),
    status,
    ...rest,
  })

  const known = readManifest(files.root)?.features[options.feature]
  const own = (installed: InstalledFeature): InstalledFeature => {
    const ours = ownOf(installed, feature, files)
    // What a feature of somebody's own calls its variable may be the app's: a run of its has left it under its comment.
    const isOurs = (path: string, name: string) =>
      feature.isBuiltIn || feature.env.some((key) => key.name === name && isCommented(files.read(path) ?? "", key))
    const env = ours.env.map((entry) => ({ ...entry, names: entry.names.filter((name) => isOurs(entry.path, name)) }))
    return { ...ours, env: env.filter(({ names }) => names.length > 0) }
  }
  const removal = { ...options, own, left: known ? await leftBehind(files, own(known)) : new Map() }
  const plan =
    planRemoval(files.root, options.feature, removal, (names, ours) => packagesUsed(files, names, ours)) ??
    (options.purge ? planPurge(files.root, detectEnv(files).facts.file, feature.env) : null)
  if (!plan) {
    report.out(`${options.feature} is not installed here; nothing to remove.`)
    if (options.json) printJson(document("unchanged", { actions: [] }))
    return exit.done
  }

  const written = new Map(plan.removals.map(({ path, write }) => [path, write.after]))
  const { brokenAfter, stillImported } = await import("./check-removal")
  const broken = await brokenAfter(options.dir, [...written.keys()])
  assertUnused(await broken(written))
  const imported = await stillImported(options.dir, written)

  for (const removal of plan.removals) report.out(row(removal, shown(removal.path)))
  for (const path of plan.edited)
    report.out(`  ${kleur.yellow("kept".padEnd(7))} ${visible(shown(path))}  ${kleur.dim("you have edited it; --force takes it out too")}`)
  const actions = (state: string) => [
    ...plan.removals.map(({ kind, path, reason }) => ({ kind, path: shown(path), state, reason })),
    ...plan.edited.map((path) => ({ kind: "delete", path: shown(path), state: "conflict", reason: "you have edited it" })),
  ]
  const warnings = imported.map(({ file, line, specifier }): Warning => {
    const message = `${shown(file)}:${line} imports ${specifier}, which goes: take it out there, or the app does not build.`
    return { code: "still_imported", message, file: shown(file), line }
  })
  for (const { message } of warnings) report.note(`${kleur.yellow("!")} ${visible(message)}`)
  const nextSteps = ["The mfa columns and Mfa tables stay in the database. To drop them, create a migration from the restored schema."]
  if (options.dryRun) {
    if (options.json) printJson(document("planned", { actions: actions("planned"), nextSteps, warnings }))
    return exit.done
  }
  const { canAsk, confirm } = await import("../report/prompt")
  if (!options.yes && !options.json && canAsk() && !(await confirm("Remove it?"))) throw new CliError("cancelled", "Nothing was changed.")

  await assertClean(
    plan.removals.flatMap(({ kind, path }) => (kind === "edit" ? [path] : [])),
    options,
  )
  const manager = options.pm ?? detectPackageManager(files).name
  const hasDependencies = plan.removals.some(({ path }) => path === "package.json")
  if (hasDependencies) assertInstallable(manager, options)
  await applyRemoval(files.root, files.boundary, options.feature, plan, async () => {
    const left = planRemoval(files.root, options.feature, removal, () => [])
    assertNothingOpen(left?.removals.map(({ path }) => path).join(", ") || (await broken()))
  })
  const left = plan.edited.length > 0
  const installed = hasDependencies
    ? await installDependencies(files.root, manager, ["what is left"], options, report)
    : { nextSteps: [], warnings: [] }
  nextSteps.unshift(...installed.nextSteps)
  if (plan.keys.length > 0)
    nextSteps.push(`The key in ${plan.keys.map(shown).join(", ")} stays: it decrypts what is still in the database. --purge removes it.`)
  if (plan.used.length > 0) nextSteps.push(`${plan.used.join(", ")} stay in package.json: your own code imports them.`)
  if (left) nextSteps.push(`${plan.edited.map(shown).join(", ")}: yours now; delete them, or keep what you need of them.`)
  report.out(
    `\n${kleur.green("✔")} ${options.feature} is removed${left ? ", but for what you have edited" : ""}.\n${nextSteps.map((step) => `  ${step}`).join("\n")}`,
  )
  if (options.json)
    printJson(
      document(left ? "conflicts" : "applied", { actions: actions("done"), nextSteps, warnings: [...warnings, ...installed.warnings] }),
    )
  return left ? exit.manualStepsLeft : exit.done
}

/** @throws CliError still_used, before anything is written */
function assertUnused(broken: string): void {
  if (broken === "") return
  throw new CliError("still_used", `Without it the app would be broken: ${broken}`, {
    suggestion: "Nothing was changed. Take what is yours off the code, fields and models of MFA first, then run this again.",
  })
}

const row = ({ kind, reason }: Removal, path: string): string =>
  `  ${(kind === "delete" ? kleur.red : kleur.cyan)(kind.padEnd(7))} ${visible(path)}  ${kleur.dim(reason)}`
