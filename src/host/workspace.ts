import { dirname, join, posix } from "node:path"
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser"
import { minVersion, satisfies, validRange } from "semver"
import { lineAt } from "../edit/splice"
import { CliError } from "../errors"
import { rangeInCatalog } from "./catalogs"
import { evidenceOf, type HostFiles } from "./files"
import { parseManifest, tooMuch, wrongField } from "./json"
import { lockedVersions } from "./locked-version"
import type { PackageManager } from "./types"

export type PackageJson = {
  name?: string
  packageManager?: string
  devEngines?: { packageManager?: { name?: string } | { name?: string }[] }
  workspaces?: unknown
  prisma?: { schema?: string }
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  scripts?: Record<string, unknown>
}

/** @throws CliError package_json_missing, package_json_invalid */
export function readPackageJson(files: HostFiles): { data: PackageJson; text: string } {
  const text = files.read("package.json")
  if (text === null) throw noManifest(files)
  const problem = tooMuch(text)
  if (problem !== "") throw new CliError("package_json_invalid", `package.json ${problem}.`, { file: "package.json" })
  const errors: ParseError[] = []
  const data: unknown = parse(text.replace(/^\uFEFF/, ""), errors)
  const [error] = errors
  if (error)
    throw new CliError("package_json_invalid", `package.json is not valid JSON (${printParseErrorCode(error.error)}).`, {
      file: "package.json",
      line: lineAt(text, error.offset),
      suggestion: "Mend the file, then run this again.",
    })
  if (!data || typeof data !== "object" || Array.isArray(data))
    throw new CliError("package_json_invalid", "package.json is not a JSON object.", { file: "package.json" })
  const wrong = wrongField(data)
  if (wrong !== null)
    throw new CliError("package_json_invalid", `package.json has something else than it should in ${wrong}.`, {
      file: "package.json",
      suggestion: "Mend the file, then run this again.",
    })
  return { data: data as PackageJson, text }
}

/** An app of Nx may have all its packages from the root of the repository. */
function noManifest(files: HostFiles): CliError {
  const namesNext = (path: string) => dependencyRange(parseManifest(files.readAbove(path) ?? ""), "next") !== null
  const found = files.ancestors().map((dir) => join(dir, "package.json"))
  const above = files.relative(found.find(namesNext) ?? files.root)
  const isApp = ["app", "src/app", "pages", "src/pages"].some((dir) => files.isDirectory(dir))
  if (above === "" || !isApp)
    return new CliError("package_json_missing", "There is no package.json here.", {
      suggestion: "Run this in the folder of your Next.js app, or pass it: npx chimerai add mfa <dir>",
    })
  return new CliError(
    "package_json_missing",
    "This app has no package.json of its own: its packages are those of a folder above, as in a workspace of Nx. chimerai does not support that yet.",
    {
      file: above,
      suggestion:
        "Nothing was changed. Give the app a package.json that names next, next-auth and @prisma/client as the one above does, add its folder to the workspaces there, and run this again.",
    },
  )
}

export function dependencyRange({ dependencies, devDependencies }: PackageJson, name: string): string | null {
  return dependencies?.[name] ?? devDependencies?.[name] ?? null
}

const lockfiles: [string, PackageManager][] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["yarn.lock", "yarn"],
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
]

/** @property rivals lockfiles of other package managers beside the one that was believed */
export type ManagerFact = { name: PackageManager; evidence: string; rivals: string[] }

/**
 * By the `packageManager` field, then `devEngines`, then the nearest lockfile, up to the repository's root; then by what
 * runs us, `npx` or `pnpm dlx`.
 */
export function detectPackageManager(files: HostFiles): ManagerFact {
  for (const dir of files.ancestors()) {
    const path = join(dir, "package.json")
    const manifest = files.readAbove(path)
    const stated = manifest === null ? null : statedManager(manifest)
    const found = lockfiles.filter(([file]) => files.exists(files.relative(join(dir, file))))
    const name = stated?.name ?? found[0]?.[1]
    if (!name) continue
    const evidence =
      stated && manifest ? evidenceOf(files.relative(path), manifest, `"${stated.field}"`) : files.relative(join(dir, found[0]?.[0] ?? ""))
    return { name, evidence, rivals: found.filter(([, manager]) => manager !== name).map(([file]) => files.relative(join(dir, file))) }
  }
  const [, runner] = /^(npm|pnpm|yarn|bun)\//.exec(process.env.npm_config_user_agent ?? "") ?? []
  return { name: (runner as PackageManager | undefined) ?? "npm", evidence: runner ? "what runs chimerai" : "no lockfile", rivals: [] }
}

/** What a package.json says of its package manager, in either of the two places. */
function statedManager(manifest: string): { name: PackageManager; field: string } | null {
  const data = parseManifest(manifest)
  const [, field] = /^(npm|pnpm|yarn|bun)@/.exec(data.packageManager ?? "") ?? []
  if (field) return { name: field as PackageManager, field: "packageManager" }
  const engines = [data.devEngines?.packageManager ?? []].flat()
  const engine = engines.find(({ name }) => /^(npm|pnpm|yarn|bun)$/.test(name ?? ""))
  return engine?.name ? { name: engine.name as PackageManager, field: "devEngines" } : null
}

export type VersionFact = {
  version: string
  range: string
  /** Nothing says which version is installed; this is the lowest that the range allows. */
  guessed: boolean
  evidence: string
}

/** An address without the login it is fetched with, `git+https://me:token@github.com/x`: versions are printed. */
export const withoutLogin = (range: string): string => range.replace(/\/\/[^/\s]*@/g, "//<secret>@")

/** Characters. To parse a range takes longer than its length says. */
const longestRange = 200

/**
 * The version that a package has in the app, or in another package of its workspace: what is installed, else what a
 * lockfile gives to just that package, else what its range begins with. What is outside of the range is somebody else's,
 * or of another time, and does not count.
 * @param dir the folder of the package.json that `manifestText` is of
 */
export function versionOf(files: HostFiles, name: string, stated: string, manifestText: string, dir = "."): VersionFact {
  const meant = meantRange(files, name, stated)
  const isFitting = (version: string) =>
    meant.length > longestRange || validRange(meant) === null || satisfies(version, meant, { includePrerelease: true })
  const range = withoutLogin(meant)
  const evidence = evidenceOf(posix.join(dir, "package.json"), manifestText, `"${name}"`)
  const installed = installedVersion(files, name, dir)
  if (installed !== null && isFitting(installed)) return { version: installed, range, guessed: false, evidence }
  const owner = parseManifest(manifestText).name ?? ""
  for (const { version, isCurrent } of lockedVersions(files, dir, { name, ranges: [stated, meant], owner }))
    if (isCurrent || isFitting(version)) return { version, range, guessed: false, evidence }
  const [, simple] = /^[\^~>=v\s]*(\d[\w.+*-]*)$/.exec(range) ?? []
  const lowest = simple ?? (range.length > longestRange || validRange(range) === null ? null : minVersion(range)?.version)
  return { version: lowest ?? range, range, guessed: !/^v?\d[\w.+*-]*$/.test(range), evidence }
}

/** What a range stands for: an entry of a catalogue, or the package by its own name. */
export function meantRange(files: HostFiles, name: string, stated: string): string {
  const range = (stated.startsWith("catalog:") ? rangeInCatalog(files, name, stated) : null) ?? stated
  return range.startsWith(`npm:${name}@`) ? range.slice(`npm:${name}@`.length) : range
}

/** What stands in `node_modules`, where Node would look for it from a folder. */
export function installedVersion(files: HostFiles, name: string, from = "."): string | null {
  let dir = join(files.root, from)
  for (;;) {
    const manifest = files.readAbove(join(dir, "node_modules", name, "package.json"))
    if (manifest) return /"version"\s*:\s*"([^"]+)"/.exec(manifest)?.[1] ?? null
    if (dirname(dir) === dir) return null
    dir = dirname(dir)
  }
}

/** Those of `names` that Node would not find. Without any packages at all, nothing is missing in particular. */
export function notInstalled(files: HostFiles, names: string[]): string[] {
  // Plug'n'Play keeps them in archives of its own.
  const isElsewhere = files.ancestors().some((dir) => [".pnp.cjs", ".pnp.js"].some((name) => files.exists(files.relative(join(dir, name)))))
  if (isElsewhere || installedVersion(files, "next") === null) return []
  return names.filter((name) => installedVersion(files, name) === null)
}
