import { addDependencies, missingDependencies } from "../edit/package-json"
import { scanSchema } from "../edit/prisma/scan"
import { isFor, type Recipe } from "../feature/render"
import type { LoadedFeature } from "../feature/types"
import type { Host, Warning } from "../host/types"
import { toEdit } from "./edit"
import { planEnv } from "./env"
import { planFiles } from "./files"
import { assertRoutesFree } from "./routes"
import { planSchema } from "./schema"
import { planAuth, planMiddleware, planSignInCallers } from "./sign-in"
import type { Sources } from "./sources"
import type { Action, NextStep, Plan } from "./types"

/** Decides every change. Nothing is half-planned: a file that cannot be edited safely refuses the whole. */
export function plan(host: Host, feature: LoadedFeature, recipe: Recipe, sources: Sources): Plan {
  const dependencies = planDependencies(host, feature, sources)
  const created = planFiles(recipe.files, sources)
  const shadowed = assertRoutesFree(host, recipe.files, recipe.routes, sources)
  const actions = [
    ...created,
    ...planAuth(host, feature, recipe, sources),
    ...planSchema(host, feature, recipe, sources),
    ...planEnv(host, feature, sources),
    dependencies.action,
    ...planMiddleware(host, feature, recipe, sources),
    ...planSignInCallers(host, feature, recipe, sources),
  ]
  return {
    feature: feature.name,
    host,
    actions,
    dependencies: { added: dependencies.added, kept: dependencies.kept },
    routes: recipe.routes,
    nextSteps: [...nextSteps(host, feature), ...turboStep(feature, sources)],
    warnings: [...host.warnings, ...shadowed, ...otherSecondFactors(host, feature, recipe), ...otherContent(actions)],
  }
}

/**
 * Files that an earlier run has created and that are not what this one would create: somebody has edited them, or the
 * app has changed, or a repository only claims that they were ours. Whether a second factor is asked for, they decide.
 */
function otherContent(actions: Action[]): Warning[] {
  return filesDiffer(actions.flatMap((action) => (action.kind === "create" && action.existing !== undefined ? [action.path] : [])))
}

/** @param paths files of ours whose text is not as this version generates it */
export function filesDiffer([first, ...more]: string[]): Warning[] {
  if (first === undefined) return []
  const message = `These files are not as this version generates them for this app; what is in them instead is for you to judge: ${[first, ...more].join(", ")}. To see it: npx chimerai add mfa --dry-run --diff`
  return [{ code: "files_differ", message, file: first }]
}

/** A second factor of the app's own is left alone, and said. */
function otherSecondFactors({ prisma }: Host, feature: LoadedFeature, recipe: Recipe): Warning[] {
  const models = scanSchema(recipe.models)
  const ours = new Set([
    ...feature.schema.userFields.map((field) => field.name),
    ...(models.ok ? models.blocks.flatMap(({ kind, name }) => (kind === "model" ? name : [])) : []),
  ])
  const [first, ...more] = prisma.secondFactors.filter(({ name }) => !ours.has(name))
  if (!first) return []
  const names = [first, ...more].map(({ name }) => name).join(", ")
  const message = `The schema has what looks like a second factor already: ${names}. It is left alone; users who have both are asked for both.`
  return [{ code: "second_factor_present", message, file: first.file, line: first.line }]
}

function planDependencies(host: Host, feature: LoadedFeature, sources: Sources): { action: Action; added: string[]; kept: string[] } {
  const text = sources.read("package.json") ?? "{}"
  const wanted = feature.dependencies.filter(({ when }) => isFor(host, when))
  const missing = missingDependencies(text, wanted)
  const names = wanted.map(({ name }) => name)
  const action = toEdit(
    "dependency",
    "package.json",
    text,
    (current) => addDependencies(current, wanted),
    (missing.length > 0 ? missing : wanted).map(({ name, range }) => `${name}@${range}`).join(", "),
    "",
  )
  const added = missing.map(({ name }) => name)
  return { action, added, kept: names.filter((name) => !added.includes(name)) }
}

/** turbo hands no variable on that it does not know of, and takes builds with another key for the same. */
function turboStep({ env }: LoadedFeature, sources: Sources): NextStep[] {
  const undeclared = sources.undeclaredInTurbo(env.map(({ name }) => name))
  if (undeclared === null) return []
  const names = undeclared.names.map((name) => JSON.stringify(name)).join(", ")
  return [{ file: undeclared.file, text: `add ${names} to globalEnv, or turbo keeps it from the tasks that it runs` }]
}

function nextSteps(host: Host, feature: LoadedFeature): NextStep[] {
  const exec = { npm: "npx", pnpm: "pnpm exec", yarn: "yarn", bun: "bunx" }[host.packageManager]
  const filled = (command: string) => command.replace("{exec}", exec).replace("{env}", host.env.file).replace("{language}", host.language)
  const { migrations, push, generate, after } = feature.nextSteps
  const { home, version } = host.prisma
  const major = Number(/\d+/.exec(version)?.[0] ?? 6)
  return [
    { dir: home, command: filled(host.usesMigrations ? migrations : push) },
    ...(major >= 7 ? [{ dir: home, command: filled(generate) }] : []),
    ...after.filter(({ when }) => isFor(host, when)).map(({ command }) => ({ dir: ".", command: filled(command) })),
  ]
}
