import kleur from "kleur"
import { ownOf } from "../apply/own"
import { type InstalledFeature, readManifest } from "../apply/store"
import { takeOut } from "../edit/merge"
import { isSameBut } from "../edit/package-json"
import { undoInsertions } from "../edit/splice"
import { CliError, exit } from "../errors"
import { loadFeature } from "../feature/load"
import type { LoadedFeature } from "../feature/types"
import { HostFiles } from "../host/files"
import { twinWarnings } from "../host/twins"
import { assertSecretsUnknown } from "../plan/env"
import { filesDiffer } from "../plan/plan"
import type { Plan } from "../plan/types"
import { type Change, type EditedFile, planUpdate, type UpdatePlan } from "../plan/update"
import { hostDocument } from "../report/json"
import { commandFrom, shownFrom } from "../report/paths"
import { createReport, printJson } from "../report/port"
import { ownVersion } from "../version"
import { visible } from "../visible"
import { answerDiffers, answersOf, contradicted, withAnswers } from "./answers"
import { assertNotNewer } from "./installed-version"
import { leftBehind } from "./left-behind"
import { makePlan } from "./make-plan"
import type { RunOptions } from "./options"
import { recover } from "./recover"

/** `chimerai update <feature>`: what is installed becomes what this version installs, and what the user has made of it stays. */
export async function update(given: RunOptions): Promise<number> {
  const report = createReport(given)
  const recovered = await recover("update", given)
  if (recovered !== null) return recovered
  const feature = loadFeature(given.feature, given.templates)
  const options = withAnswers(given)
  const files = new HostFiles(options.dir)
  const shown = shownFrom(options.app)
  const installed = readManifest(files.root)?.features[feature.name]
  if (!installed || installed.created.length === 0)
    throw new CliError("not_installed", `${feature.name} is not installed here; there is nothing to update.`, {
      suggestion: `Install it: npx chimerai add ${feature.name}`,
    })
  ownOf(installed, feature, files)
  assertNotNewer(installed.version)

  const { fresh, plan } = await planFrom(installed, feature, options)
  const doubts = [...assertSecretsUnknown(fresh.host, feature, files), ...(await contradicted(given, feature, fresh.host))]
  const version = ownVersion()
  const planned = plan.changes.filter(({ state }) => state === "planned")
  const conflicts = plan.changes.filter(({ state }) => state === "conflict")
  // Whatever a repository says that they were: what is in them instead decides whether a second factor is asked for.
  const differing = plan.changes.filter(({ path, after }) => after !== null && plan.created.has(path) && after !== plan.created.get(path))
  const twins = twinWarnings(files, [...plan.created.keys()])
  const warnings = [...fresh.warnings, ...doubts, ...filesDiffer(differing.map(({ path }) => path)), ...twins]
  const document = (status: string, state: string, nextSteps: string[] = []) => ({
    command: "update",
    feature: feature.name,
    version,
    status,
    from: installed.version,
    host: hostDocument(fresh.host, options.app),
    actions: plan.changes.map((change) => ({
      kind: change.kind,
      path: shown(change.path),
      state: change.state === "planned" ? state : change.state,
      reason: change.reason,
    })),
    nextSteps,
    warnings,
  })
  const isSaid = (code: string) => ["files_differ", "module_shadowed", "secret_doubtful", answerDiffers].includes(code)
  for (const { code, message } of warnings) if (isSaid(code)) report.note(`${kleur.yellow("!")} ${visible(message)}`)
  for (const change of [...planned, ...conflicts]) report.out(row(change, shown(change.path)))
  if (options.diff) {
    const { changesDiff, planDiff } = await import("../report/diff")
    report.out([changesDiff(planned, shown, plan.env), planDiff(plan.env, shown)].filter((text) => text !== "").join("\n"))
  }
  if (planned.length === 0 && installed.version === version) {
    report.out(`\n${kleur.green("✔")} ${feature.name} is up to date${conflicts.length > 0 ? ", but for the conflicts above" : ""}.`)
    if (options.json) printJson(document(conflicts.length > 0 ? "conflicts" : "unchanged", "unchanged"))
    return conflicts.length > 0 ? exit.manualStepsLeft : exit.done
  }
  if (options.dryRun) {
    if (options.json) printJson(document("planned", "planned"))
    return exit.done
  }
  const { canAsk, confirm } = await import("../report/prompt")
  if (!options.yes && !options.json && canAsk() && !(await confirm("Update it?"))) throw new CliError("cancelled", "Nothing was changed.")

  const { assertClean } = await import("./dirty")
  const { assertInstallable, installDependencies } = await import("./install-step")
  await assertClean(
    planned.flatMap(({ kind, path }) => (kind === "edit" || kind === "env" ? [path] : [])),
    options,
  )
  const needsInstall = planned.some(({ path }) => path === "package.json")
  if (needsInstall) assertInstallable(fresh.host.packageManager, options)
  const { applyUpdate } = await import("../apply/update")
  const { assertCode } = await import("./check-code")
  const { assertNothingOpen, openIn, openPaths, schemaErrors } = await import("./check-result")
  const changed = [...plan.created].filter(([path]) => planned.some((change) => change.path === path))
  await assertCode({ dir: options.dir, host: fresh.host }, changed, plan.created)
  const schemaWasValid = schemaErrors(files, fresh.host.prisma.files) === ""
  const verify = async () => {
    const left = readManifest(files.root)?.features[feature.name] as InstalledFeature
    const { fresh, plan } = await planFrom(left, feature, options)
    const again = plan.changes.filter(({ state }) => state === "planned").map(({ path }) => path)
    // What its owner has taken out for good does not count, nor what they have to settle first.
    const insertions =
      conflicts.length > 0 ? "" : await openIn(makePlan(feature, options), ({ actions }) => openPaths(actions, ["edit", "dependency"]))
    const schema = () => (schemaWasValid ? schemaErrors(new HostFiles(options.dir), fresh.host.prisma.files) : "")
    assertNothingOpen(again.join(", ") || insertions || schema())
  }
  await applyUpdate(files.root, files.boundary, feature.name, plan, { version, answers: answersOf(options), verify })
  const install = needsInstall
    ? await installDependencies(files.root, fresh.host.packageManager, ["the dependencies"], options, report)
    : { ok: true, nextSteps: [], warnings: [] }
  const schemaChanged = planned.some(({ path }) => path.endsWith(".prisma"))
  const nextSteps = [...install.nextSteps, ...(schemaChanged ? fresh.nextSteps.map((step) => commandFrom(shown, step)) : [])]
  report.out(
    `\n${kleur.green("✔")} ${feature.name}: ${installed.version} → ${version}, ${planned.length} files${conflicts.length > 0 ? `, ${conflicts.length} left to you` : ""}.`,
  )
  for (const step of nextSteps) report.out(`  ${kleur.bold(step)}`)
  for (const { message } of install.warnings) report.note(message)
  if (options.json) printJson(document(conflicts.length > 0 ? "conflicts" : "applied", "done", nextSteps))
  return conflicts.length > 0 || !install.ok ? exit.manualStepsLeft : exit.done
}

/** What there is to do, from what the manifest says was installed and what is on disk now. */
export async function planFrom(
  installed: InstalledFeature,
  feature: LoadedFeature,
  options: RunOptions,
): Promise<{ fresh: Plan; plan: UpdatePlan }> {
  const files = new HostFiles(options.dir)
  const now = (path: string) => files.read(path)
  const left = await leftBehind(files, installed)
  const created = new Map(installed.created.map(({ path }) => [path, left.get(path)?.text ?? ""]))
  // The host as if nothing were installed.
  const view = new Map<string, string | null>([...created.keys()].map((path) => [path, null]))
  const edited = new Map<string, EditedFile>()
  for (const { path } of installed.edited) {
    const mine = now(path)
    if (mine === null) continue
    const { text, insertions } = left.get(path) ?? { text: mine, insertions: [] }
    const [found, before] = [takeOut(mine, text, insertions), undoInsertions(text, insertions)]
    // As when it is removed: of package.json nothing but our dependencies goes.
    const names = feature.dependencies.map(({ name }) => name)
    const clean = found !== null && path === "package.json" && !isSameBut(mine, found, names) ? null : found
    // Dependencies have names, and are found whatever their owner has made of their versions: nothing is to be merged.
    const isMerged = clean === null && before !== null && path !== "package.json"
    edited.set(path, isMerged ? { clean, left: text, before } : { clean, left: null, before: null })
    if (clean !== null) view.set(path, clean)
    else if (isMerged) view.set(path, before)
  }
  // A variable that was set then may be kept somewhere else by now: only those that are new are set.
  const known = new Set(installed.env.flatMap(({ names }) => names))
  const fresh = await makePlan({ ...feature, env: feature.env.filter(({ name }) => !known.has(name)) }, options, view)
  return { fresh, plan: planUpdate(fresh, { created, edited }, now, options.force) }
}

function row({ kind, state, reason }: Change, path: string): string {
  const colour = state === "conflict" ? kleur.yellow : kind === "delete" ? kleur.red : kind === "create" ? kleur.green : kleur.cyan
  return `  ${colour((state === "conflict" ? "yours" : kind).padEnd(7))} ${visible(path)}  ${kleur.dim(visible(reason))}`
}
