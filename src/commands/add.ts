import kleur from "kleur"
import { ownOf } from "../apply/own"
import { readManifest } from "../apply/store"
import { CliError, exit } from "../errors"
import { loadFeature } from "../feature/load"
import { HostFiles } from "../host/files"
import { assertNoTwins } from "../host/twins"
import { notInstalled } from "../host/workspace"
import { assertSecretsUnknown } from "../plan/env"
import { type Action, hasChanges, isDifferent, type Plan } from "../plan/types"
import { type Outcome, planDocument, type Status } from "../report/json"
import { commandFrom, type Shown, shownEvidence, shownFrom } from "../report/paths"
import { planTable } from "../report/plan-table"
import { createReport, printJson, type Report } from "../report/port"
import { ownVersion } from "../version"
import { visible } from "../visible"
import { answersOf, contradicted, withAnswers } from "./answers"
import type { OpenAfter } from "./check-result"
import { assertSame } from "./installed-version"
import { makePlan } from "./make-plan"
import type { RunOptions } from "./options"

/** `chimerai add <feature>`: detect, plan, preview, confirm, apply, install, verify, report. */
export async function add(given: RunOptions): Promise<number> {
  const report = createReport(given)
  const version = ownVersion()
  const feature = loadFeature(given.feature, given.templates)
  const { recover } = await import("./recover")
  const recovered = await recover("add", given)
  if (recovered !== null) return recovered

  const options = withAnswers(given)
  const files = new HostFiles(options.dir)
  const installed = readManifest(files.root)?.features[feature.name]
  if (installed) {
    ownOf(installed, feature, files)
    assertSame(installed.version)
  }
  const plan = await makePlan(feature, options)
  const pathsOf = (kind: Action["kind"]) => plan.actions.flatMap((action) => (action.kind === kind ? [action.path] : []))
  assertNoTwins(files, pathsOf("create"), pathsOf("edit"))
  plan.warnings.push(...assertSecretsUnknown(plan.host, feature, files), ...(await contradicted(given, feature, plan.host)))
  if (!options.json || options.diff) await preview(plan, options, report)
  const shown = shownFrom(options.app)
  const planned = plan.nextSteps.map((step) => commandFrom(shown, step))
  const finish = (outcome: Outcome, code: number) => {
    if (options.json) printJson(planDocument("add", version, plan, outcome, options.app))
    return code
  }
  const outcome = (status: Status): Outcome => ({ status, actions: plan.actions, nextSteps: planned, warnings: plan.warnings })
  const manual = plan.actions.filter(({ kind, state }) => kind === "manual" && state === "planned")
  const left = options.strict && manual.length > 0 ? exit.manualStepsLeft : exit.done

  if (!hasChanges(plan)) {
    report.out(
      `\n${kleur.green("✔")} ${feature.name} is installed already; nothing to change${plan.actions.some(isDifferent) ? ", but look at the files that are not as generated" : ""}.`,
    )
    const missing = notInstalled(new HostFiles(options.dir), plan.dependencies.kept)
    if (missing.length === 0) return finish(outcome("unchanged"), left)
    // The run that wrote the files was cut short in its last step: to resume is to take that step.
    const { installDependencies } = await import("./install-step")
    const { packageManager, root } = plan.host
    const wanted = { ...options, install: options.install && options.resume }
    const { ok, nextSteps, warnings } = await installDependencies(root, packageManager, missing, wanted, report)
    if (nextSteps.length > 0) report.out(`Not installed yet: ${missing.join(", ")}. Run: ${nextSteps.join("\n")}`)
    return finish(
      { ...outcome("unchanged"), nextSteps: [...nextSteps, ...planned], warnings: [...plan.warnings, ...warnings] },
      ok ? left : exit.manualStepsLeft,
    )
  }
  if (options.dryRun) return finish(outcome("planned"), exit.done)
  if (!(await confirmed(options))) {
    report.note("Nothing was changed.")
    return exit.interrupted
  }

  const { assertClean } = await import("./dirty")
  const { assertInstallable, installDependencies } = await import("./install-step")
  const needsInstall = plan.dependencies.added.length > 0
  await assertClean(
    plan.actions.flatMap(({ kind, state, path }) => (state === "planned" && ["edit", "dependency", "env"].includes(kind) ? [path] : [])),
    options,
  )
  if (needsInstall) assertInstallable(plan.host.packageManager, options)
  const { assertCode } = await import("./check-code")
  const { assertNothingOpen, openAfter } = await import("./check-result")
  const written = new Map(plan.actions.flatMap((action) => ("after" in action ? [[action.path, action.after] as const] : [])))
  const isNew = ({ kind, state }: Action) => kind === "create" && state === "planned"
  await assertCode(
    { dir: options.dir, host: plan.host },
    plan.actions.flatMap((action) => (isNew(action) && "after" in action ? [[action.path, action.after] as const] : [])),
    written,
  )
  const open = openAfter(feature, options, plan)
  await rehearse(written, open)
  const { apply } = await import("../apply/apply")
  const { leftBehind } = await import("./left-behind")
  const actions = await apply(plan, {
    version,
    answers: answersOf(options),
    left: installed ? await leftBehind(new HostFiles(options.dir), installed) : new Map(),
    verify: async () => assertNothingOpen(await open()),
  })
  const packages = needsInstall
    ? await installDependencies(plan.host.root, plan.host.packageManager, plan.dependencies.added, options, report)
    : { ok: true, nextSteps: [], warnings: [] }
  const warnings = [...plan.warnings, ...packages.warnings]
  const nextSteps = [...packages.nextSteps.map((command) => commandFrom(shown, { dir: ".", command })), ...planned]
  if (!options.json) report.out(summary(plan, actions.filter(({ state }) => state === "done").length, nextSteps, warnings, shown))
  return finish({ status: "applied", actions, nextSteps, warnings }, packages.ok ? left : exit.manualStepsLeft)
}

async function preview(plan: Plan, options: RunOptions, report: Report): Promise<void> {
  const shown = shownFrom(options.app)
  if (!options.diff || !options.dryRun) report.out(planTable(plan, shown))
  for (const { message, file } of plan.warnings)
    report.note(`${kleur.yellow("!")} ${visible(`${message}${file ? ` (${shown(file)})` : ""}`)}`)
  if (options.diff) {
    const { planDiff } = await import("../report/diff")
    report.out(planDiff(plan.actions, shown, plan.host.name))
  }
  for (const [fact, source] of Object.entries(shownEvidence(plan.host.evidence, shown)))
    report.detail(kleur.dim(`  ${fact}: ${visible(source)}`))
}

/** A person is asked once; `--yes`, CI and a missing terminal take the plan as it is. */
async function confirmed({ yes, json }: RunOptions): Promise<boolean> {
  const { canAsk, confirm } = await import("../report/prompt")
  return yes || json || !canAsk() || confirm("Apply this plan?")
}

/**
 * Plans once more, for what the plan would leave behind: nothing may be open then, and the schema must be one.
 * @throws CliError edit_unsafe while nothing has been written
 */
async function rehearse(written: ReadonlyMap<string, string>, openAfter: OpenAfter): Promise<void> {
  const open = await openAfter(written)
  if (open === "") return
  throw new CliError("edit_unsafe", `The result would not be read as it was meant: ${open}`, {
    suggestion: "Nothing was changed. This is a defect of chimerai: please report it, with the file that is named.",
  })
}

function summary(plan: Plan, count: number, nextSteps: string[], warnings: Plan["warnings"], shown: Shown): string {
  const manual = plan.actions.filter((action) => action.kind === "manual")
  return [
    "",
    `${kleur.green("✔")} ${plan.feature} is in your code: ${count} files.`,
    ...warnings.filter(({ code }) => code === "install_failed").map(({ message }) => `${kleur.yellow("!")} ${message}`),
    "",
    "Next:",
    ...nextSteps.map((step, index) => `  ${index + 1}. ${kleur.bold(step)}`),
    `  ${nextSteps.length + 1}. Start the app and open ${kleur.bold(plan.routes.settings)}. Sign-ins are held at ${plan.routes.challenge}.`,
    ...manual.flatMap(({ path, reason, snippet }) => [
      "",
      `${kleur.yellow("You")}: ${visible(`${shown(path)}: ${reason}`)}`,
      ...snippet.split("\n").map((line) => `    ${line}`),
    ]),
    "",
    kleur.dim(`Take it out again: npx chimerai remove ${plan.feature}`),
  ].join("\n")
}
