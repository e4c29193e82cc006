import kleur from "kleur"
import { installCommand } from "../apply/install"
import { assertNoJournal } from "../apply/journal"
import { ownOf } from "../apply/own"
import { type InstalledFeature, readManifest } from "../apply/store"
import { CliError, exit } from "../errors"
import { loadFeature } from "../feature/load"
import type { LoadedFeature } from "../feature/types"
import { type Bypasses, findBypasses, type Place } from "../host/bypasses"
import { detect } from "../host/detect"
import { HostFiles } from "../host/files"
import { isMigrated } from "../host/migrations"
import { delegateOf } from "../host/prisma"
import type { Host, Warning } from "../host/types"
import { notInstalled } from "../host/workspace"
import type { Action, Plan } from "../plan/types"
import { hostDocument } from "../report/json"
import { commandFrom, type Shown, shownFrom } from "../report/paths"
import { createReport, printJson } from "../report/port"
import { ownVersion } from "../version"
import { visible, visibleLines } from "../visible"
import { answerDiffers, contradicted, withAnswers } from "./answers"
import { schemaErrors, validatorMajor } from "./check-result"
import { envChecks } from "./env-checks"
import { fileChecks } from "./file-checks"
import { compareToOwn } from "./installed-version"
import { assertPackages, makePlan } from "./make-plan"
import type { RunOptions } from "./options"

/**
 * @property state `unknown`: files do not tell, and somebody who knows the app has to
 * @property fix what to do about it, where it is not well
 */
export type Check = { id: string; state: "ok" | "todo" | "unknown"; message: string; fix?: string }

/** `chimerai status`: what is installed, what has drifted, and what is still to do. Reads only. */
export async function status(given: RunOptions): Promise<number> {
  const report = createReport(given)
  const files = new HostFiles(given.dir)
  const shown = shownFrom(given.app)
  const document = (rest: object) => ({ command: "status", feature: given.feature, version: ownVersion(), ...rest })

  const interrupted = await interruption(files.root)
  const installed = interrupted ? undefined : readManifest(files.root)?.features[given.feature]
  if (!installed) {
    const checks = interrupted ? [interrupted] : []
    if (given.json) printJson(document({ status: interrupted ? "interrupted" : "not-installed", checks }))
    report.out(interrupted ? line(interrupted) : `${given.feature} is not installed here. Install it: npx chimerai add ${given.feature}`)
    return interrupted ? exit.failed : exit.done
  }

  const options = withAnswers(given)
  const feature = loadFeature(options.feature)
  ownOf(installed, feature, files)
  const known = [versionCheck(installed), ...(await fileChecks(files, installed, shown))]
  const ofHost = (host: Host) => [...envChecks(files, host, feature, shown), ...bypassChecks(files, host, installed, shown)]
  const finish = (host: Host, checks: Check[]): number => {
    const open = checks.filter(({ state }) => state === "todo")
    const unknown = checks.filter(({ state }) => state === "unknown")
    const nothing =
      unknown.length === 0 ? "Nothing is left to do." : `Nothing else is left to do; what files do not tell is marked with a ?.`
    if (options.json) printJson(document({ status: open.length === 0 ? "ok" : "open", host: hostDocument(host, options.app), checks }))
    for (const check of checks) report.out(line(check))
    report.out(open.length === 0 ? `\n${kleur.green("✔")} ${nothing}` : `\n${open.length} of ${checks.length} checks need you.`)
    return open.length === 0 ? exit.done : exit.failed
  }
  const sources = sourceChecks(files, feature)
  if (compareToOwn(installed.version) !== 0 || sources.length > 0) {
    // What another version has inserted is not judged by what this one would insert.
    const { host } = await detect(options.dir, feature.requires, options)
    return finish(host, [...known, ...sources, ...ofHost(host)])
  }
  const plan = await makePlan(feature, options).catch(rangeConflict)
  if (plan instanceof CliError) {
    const { host } = await detect(options.dir, feature.requires, options)
    const fix = plan.details.suggestion?.replace(/^Nothing was changed\. /, "")
    return finish(host, [...known, { id: plan.code, state: "todo", message: plan.message, ...(fix && { fix }) }, ...ofHost(host)])
  }
  plan.warnings.push(...(await contradicted(given, feature, plan.host)))
  return finish(plan.host, [
    ...known,
    ...planChecks(plan, feature, shown),
    ...packageChecks(files, plan),
    schemaCheck(files, plan),
    migrationCheck(files, plan, feature, shown),
    ...ofHost(plan.host),
    ...plan.warnings.map((warning) => warningCheck(warning, shown)),
  ])
}

function line({ state, message, fix }: Check): string {
  const mark = { ok: kleur.green("✔"), todo: kleur.yellow("!"), unknown: kleur.cyan("?") }[state]
  return `${mark} ${visible(message)}${fix ? `\n    ${visibleLines(fix, false).replaceAll("\n", "\n    ")}` : ""}`
}

async function interruption(root: string): Promise<Check | null> {
  try {
    await assertNoJournal(root)
    return null
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return { id: error.code, state: "todo", message: error.message, ...(error.details.suggestion && { fix: error.details.suggestion }) }
  }
}

/** A version with a known flaw is to be left; how the app tells its users apart is not in its files; the rest is to be known. */
function warningCheck({ code, message, file }: Warning, shown: Shown): Check {
  const text = file ? `${message} (${shown(file)})` : message
  if (code === "auth_version_old") return { id: code, state: "todo", message: text, fix: "Upgrade next-auth, then run this again." }
  const isUnknown = [
    ...["oauth_without_adapter", "several_credentials", "own_jwt_encoding", "sign_in_made_in_function"],
    ...["providers_unknown", "sign_in_page_unknown"],
    "files_differ",
    answerDiffers,
  ].includes(code)
  return { id: code, state: isUnknown ? "unknown" : "ok", message: text }
}

function versionCheck({ version }: InstalledFeature): Check {
  const own = ownVersion()
  const order = compareToOwn(version)
  if (order === 0) return { id: "version", state: "ok", message: `MFA ${version} is installed.` }
  const fix = order < 0 ? "npx chimerai update mfa" : "npx chimerai@latest status"
  return {
    id: "version",
    state: "todo",
    message: `MFA ${version} is installed; this is ${own}, which cannot tell how its insertions are.`,
    fix,
  }
}

/** What a plan would still do to the app's own files. */
function planChecks({ host, actions, routes, warnings }: Plan, feature: LoadedFeature, shown: Shown): Check[] {
  const again = `npx chimerai add ${feature.name}`
  const isOpen = (kind: Action["kind"], path: string) =>
    actions.some((action) => action.kind === kind && action.path === path && action.state === "planned")
  const [call] = host.auth.calls
  const authFiles = [...new Set([call, ...host.auth.options.map(({ file }) => file)])]
  const hook = authFiles.filter((path) => isOpen("edit", path))
  const manual = actions.filter((action) => action.kind === "manual" && action.state === "planned")
  const isDoubtful = warnings.some(({ code }) => code === answerDiffers)
  const checks: Check[] = [
    hook.length === 0
      ? {
          id: "hook",
          state: isDoubtful ? "unknown" : "ok",
          message: `Every sign-in of ${shown(call)} goes through ${feature.wrapCall.wrapper}.`,
        }
      : { id: "hook", state: "todo", message: `The hook is missing in ${hook.map(shown).join(", ")}: sign-ins are not held.`, fix: again },
    isOpen("dependency", "package.json")
      ? { id: "dependencies", state: "todo", message: "package.json lacks what MFA needs.", fix: again }
      : { id: "dependencies", state: "ok", message: "Its dependencies are in package.json." },
  ]
  const { middleware } = host
  if (middleware !== null) {
    const isManual = manual.some(({ path }) => path === middleware)
    checks.push(
      isManual || isOpen("edit", middleware)
        ? {
            id: "middleware",
            state: "todo",
            message: `${shown(middleware)} may keep people from ${routes.challenge}.`,
            fix: isManual ? `Leave ${routes.challenge} open to everybody there.` : again,
          }
        : { id: "middleware", state: "ok", message: `${routes.challenge} is reachable past ${shown(middleware)}.` },
    )
  }
  const callers = new Set(host.signInCallers.map(({ file }) => file))
  for (const action of actions) {
    if (!callers.has(action.path) || action.state !== "planned") continue
    const fix = action.kind === "manual" ? action.snippet : again
    checks.push({ id: "sign-in-form", state: "todo", message: `${shown(action.path)}: ${action.reason}.`, fix })
  }
  return checks
}

/** An installation that was cut short leaves package.json right and `node_modules` wanting. */
function packageChecks(files: HostFiles, { host, dependencies }: Plan): Check[] {
  const missing = notInstalled(files, dependencies.kept)
  if (missing.length === 0) return []
  return [{ id: "packages", state: "todo", message: `Not installed yet: ${missing.join(", ")}.`, fix: installCommand(host.packageManager) }]
}

/** Where a package of MFA comes from somewhere else, nothing is planned: add and update refuse it. */
function sourceChecks(files: HostFiles, feature: LoadedFeature): Check[] {
  try {
    assertPackages(files, feature)
    return []
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "name_taken") throw error
    return [{ id: "package_sources", state: "todo", message: error.message, fix: "Take that entry out, then install again." }]
  }
}

/** With a package of MFA's in another version nothing is planned either. */
function rangeConflict(error: unknown): CliError {
  if (error instanceof CliError && error.code === "dependency_range_conflict") return error
  throw error
}

function schemaCheck(files: HostFiles, { host, actions }: Plan): Check {
  const open = actions.filter(({ path, state }) => path.endsWith(".prisma") && state === "planned")
  if (open.length > 0)
    return {
      id: "schema",
      state: "todo",
      message: `The schema lacks fields or models of MFA (${host.prisma.schema}).`,
      fix: "npx chimerai add mfa",
    }
  const errors = schemaErrors(files, host.prisma.files)
  const message = `The fields of ${host.prisma.userModel} and the models of MFA are in ${host.prisma.schema}.`
  if (errors === "") return { id: "schema", state: "ok", message }
  return host.prisma.version.startsWith(`${validatorMajor}.`)
    ? { id: "schema", state: "todo", message: `Prisma does not accept the schema: ${errors}`, fix: "npx prisma validate" }
    : { id: "schema", state: "ok", message: `${message} Prisma ${validatorMajor} would not accept it, yours may: ${errors}` }
}

function migrationCheck(files: HostFiles, plan: Plan, feature: LoadedFeature, shown: Shown): Check {
  const models = feature.schema.userFields.flatMap(({ type }) => (/^Mfa\w+/.exec(type)?.[0] ? [/^Mfa\w+/.exec(type)?.[0] as string] : []))
  const migrated = isMigrated(files, plan.host.prisma, models)
  const fix = plan.nextSteps
    .filter((step) => "command" in step)
    .map((step) => commandFrom(shown, step))
    .join("\n")
  if (migrated === null)
    return { id: "migration", state: "unknown", message: "There are no migrations here: files do not tell whether the tables exist.", fix }
  return migrated
    ? { id: "migration", state: "ok", message: "A migration makes the tables of MFA." }
    : { id: "migration", state: "todo", message: "No migration makes the tables of MFA yet.", fix }
}

function bypassChecks(files: HostFiles, host: Host, { created }: InstalledFeature, shown: Shown): Check[] {
  const known = new Set([
    ...created.map(({ path }) => path),
    ...host.auth.calls,
    host.auth.config,
    ...host.auth.options.map(({ file }) => file),
  ])
  const { makesSessions, readsTokens, takesKeys, changesPasswords }: Bypasses = findBypasses(
    files,
    known,
    delegateOf(host.prisma.userModel),
  )
  const list = (places: Place[]) => places.map(({ file, line }) => `${shown(file)}:${line}`).join(", ")
  // A middleware with a NextAuth or a token of its own asks no database.
  const ofMiddleware = host.middleware && (host.middlewareGuard === "with-auth" || host.middlewareGuard === "own-call")
  const believing = [...(ofMiddleware ? [{ file: host.middleware as string, line: 1 }] : []), ...readsTokens]
  return [
    ...(host.bareSessions.length === 0
      ? []
      : [
          {
            id: "sessions-without-options",
            state: "todo" as const,
            message: `getServerSession is called without options, and goes on accepting sessions that have ended: ${list(host.bareSessions)}.`,
            fix: "Pass it the options that NextAuth is called with: getServerSession(authOptions).",
          },
        ]),
    ...(makesSessions.length === 0
      ? [{ id: "bypass", state: "ok" as const, message: "No other code was found that makes sessions." }]
      : [
          {
            id: "bypass",
            state: "todo" as const,
            message: `Sessions may be made beside the sign-in, without a second factor: ${list(makesSessions)}.`,
            fix: "See that nobody gets there with a first factor alone.",
          },
        ]),
    ...(believing.length === 0
      ? []
      : [
          {
            id: "older-tokens",
            state: "ok" as const,
            message: `These read the session's cookie by themselves, and accept an older one until it is next read through next-auth: ${list(believing)}.`,
          },
        ]),
    ...(takesKeys.length === 0
      ? []
      : [
          {
            id: "api-keys",
            state: "ok" as const,
            message: `Callers may be known here by a key instead of a session, and are asked for no second factor; requireMfa belongs where such keys are made: ${list(takesKeys)}.`,
          },
        ]),
    ...(changesPasswords.length === 0
      ? []
      : [
          {
            id: "password-change",
            state: "unknown" as const,
            message: `A password seems to be changed here. Somebody who has signed in with the old one, and is being asked for a code, can still finish: ${list(changesPasswords)}.`,
            fix: "Call endHeldSignIns(userId) of lib/mfa/challenge right after the change.",
          },
        ]),
  ]
}
