import { generateSecret, readManifest } from "../apply/store"
import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/module"
import { CliError } from "../errors"
import { isFor, render } from "../feature/render"
import type { LoadedFeature } from "../feature/types"
import { assertFromRegistry, assertNotAliased } from "../host/aliased-packages"
import { AuthElsewhere } from "../host/auth-elsewhere"
import { assertRanges } from "../host/dependency-ranges"
import { type Detection, detect } from "../host/detect"
import type { HostFiles } from "../host/files"
import { assertLockedFromRegistry } from "../host/locked-packages"
import { signInOf } from "../host/sign-in-callers"
import { takenRoutes } from "../host/taken-routes"
import { undeclaredInTurbo } from "../host/turbo"
import { plan as decide } from "../plan/plan"
import type { Plan } from "../plan/types"
import { assertEdits } from "./check-code"
import type { RunOptions } from "./options"

/**
 * detect, render, plan: everything up to the point where something would be written.
 * @param written texts by path that stand for what is on disk
 */
export async function makePlan(feature: LoadedFeature, options: RunOptions, written?: ReadonlyMap<string, string | null>): Promise<Plan> {
  const detection = await detect(options.dir, feature.requires, options, written)
  assertNotAliased(
    detection.modules,
    feature.dependencies.map(({ name }) => name),
  )
  assertPackages(detection.files, feature)
  const { files, host } = detection
  const wanted = feature.dependencies.filter(({ when }) => isFor(host, when))
  host.warnings.push(...assertRanges(files, wanted, host.packageManager))
  const [
    { wrapCall },
    { joinImports },
    { addCall },
    { wrapResults },
    { redirectImport },
    { wrapMiddleware },
    { followResult },
    { eraseTypes },
  ] = await Promise.all([
    import("../edit/typescript/wrap-call"),
    import("../edit/typescript/imports"),
    import("../edit/typescript/add-call"),
    import("../edit/typescript/wrap-results"),
    import("../edit/typescript/redirect-import"),
    import("../edit/typescript/wrap-middleware"),
    import("../edit/typescript/follow-result"),
    import("../edit/typescript/erase-types"),
  ])
  const edits = { wrapCall, joinImports, addCall, wrapResults, redirectImport, wrapMiddleware, followResult }
  const plan = decide(detection.host, feature, await render(feature, detection.host, eraseTypes), {
    ...sourcesOf(detection, feature.name),
    edits,
    generate: generateSecret,
  })
  await assertEdits(plan, detection.modules)
  return plan
}

/**
 * The packages that the feature brings are those that are published.
 * @throws CliError name_taken
 */
export function assertPackages(files: HostFiles, { dependencies }: LoadedFeature): void {
  const names = dependencies.map(({ name }) => name)
  assertFromRegistry(files, names)
  assertLockedFromRegistry(files, names)
}

function sourcesOf({ files, modules, host }: Detection, feature: string) {
  const created = new Set(readManifest(host.root)?.features[feature]?.created.map(({ path }) => path))
  return {
    read: (path: string) => files.read(path),
    isLink: (path: string) => files.isLink(path),
    signInOf: (module: Module) => signInOf(modules, module, host.auth.calls[0]),
    routesAt: takenRoutes(files, host),
    undeclaredInTurbo: (names: string[]) => undeclaredInTurbo(files, names),
    isInstalled: (path: string) => created.has(path),
    means: (from: string, specifier: string, module: string) => modules.means(from, specifier, module),
    elsewhere: (name: string, module: string) =>
      new AuthElsewhere(modules, { name, means: (from, specifier) => modules.means(from, specifier, module) }),
    parse(path: string, text: string) {
      const known = modules.parsed(path)
      if (known?.text === text) return known
      const result = modules.locate.parseModule(path, text)
      if (!result.ok)
        throw new CliError("parse_failed", `${path} does not parse: ${result.message}`, { file: path, line: lineAt(text, result.offset) })
      return result.module
    },
  }
}
