/**
 * Reads where imports lead of tsconfig.json and of every config that it extends, as TypeScript puts them together. Not by
 * get-tsconfig: it reads through `node:fs` alone, past the limits and links of `HostFiles`, and again for each way that
 * leads to a config.
 */
import { join, posix } from "node:path"
import { resolveExports } from "resolve-pkg-maps"
import * as z from "zod/mini"
import { isBelow } from "../disk/place"
import { CliError } from "../errors"
import { evidenceOf, type HostFiles } from "./files"
import { parseConfig, parseManifest } from "./json"
import { Packages } from "./packages"

/** Aliases. A monorepo of hundreds of packages has one for each. */
const mostPatterns = 1_000
/** Places that one alias stands for. Most have one. */
const mostTargets = 10
/** Configs that extend one another. */
const mostConfigs = 100

const configShape = z.looseObject({
  extends: z.optional(z.union([z.string(), z.array(z.string())])),
  compilerOptions: z.optional(
    z.looseObject({
      // Null takes back what a config that is extended says.
      baseUrl: z.nullish(z.string()),
      paths: z.nullish(
        z
          .record(z.string(), z.array(z.string()).check(z.maxLength(mostTargets)))
          .check(z.refine((paths) => Object.keys(paths).length <= mostPatterns, "too many patterns")),
      ),
    }),
  ),
})

type Declared = { patterns: Record<string, string[]>; dir: string; evidence: string }
/** What a config says with those that it extends; null is said, too. */
export type PathOptions = { baseUrl?: string | null; paths?: Declared | null }
/** A config that another one extends, and that is not here: `extends` of a package that is not installed. */
export type MissingConfig = { name: string; file: string; line: number | null }

/** @throws CliError config_invalid */
export function readPathOptions(files: HostFiles, path: string): { options: PathOptions; missing: MissingConfig[] } {
  const reader = new Reader(files)
  return { options: reader.optionsOf(path), missing: reader.missing }
}

/** Where a target leads, as a path from the root: the place of the app's own config by its name, or below the base. */
export function placed(base: string, target: string): string {
  const fromRoot = target.replace(/^\$\{configDir\}/i, "./")
  return posix.normalize(posix.join(fromRoot === target ? base : ".", fromRoot))
}

class Reader {
  readonly missing: MissingConfig[] = []
  /** The options of every config that was read; of one that is being read, none. */
  readonly #known = new Map<string, PathOptions>()

  constructor(private readonly files: HostFiles) {}

  optionsOf(path: string): PathOptions {
    const before = this.#known.get(path)
    if (before) return before
    if (this.#known.size >= mostConfigs)
      throw new CliError("config_invalid", `${path} is one of more than ${mostConfigs} configs that extend one another.`, { file: path })
    this.#known.set(path, {})
    const text = this.files.read(path)
    if (text === null) return {}
    const config = parseConfig(path, text, configShape)
    const dir = posix.dirname(path)
    const options: PathOptions = {}
    // Each option by itself: a later config wins, the one that extends them over all, and null takes it back.
    for (const name of [config.extends ?? []].flat()) {
      const parent = extendedFile(this.files, dir, name)
      if (parent !== null) Object.assign(options, this.optionsOf(parent))
      else this.missing.push({ name, file: path, line: Number(evidenceOf(path, text, '"extends"').split(":")[1]) || null })
    }
    const { baseUrl, paths } = config.compilerOptions ?? {}
    if (baseUrl !== undefined) options.baseUrl = baseUrl === null ? null : placed(dir, baseUrl)
    if (paths !== undefined) options.paths = paths === null ? null : { patterns: paths, dir, evidence: evidenceOf(path, text, '"paths"') }
    this.#known.set(path, options)
    return options
  }
}

/** The file that `extends` means; null where it is not there. */
function extendedFile(files: HostFiles, dir: string, name: string): string | null {
  const first = (paths: string[]) => paths.map((path) => posix.normalize(path)).find((path) => files.isFile(path)) ?? null
  const path = posix.join(dir, name)
  if (name === "." || name === "..") return first([posix.join(path, "tsconfig.json")])
  // The name as it is written comes before the one with an ending.
  if (/^\.\.?\//.test(name)) return first([path, `${path}.json`])
  const [, packageName, subpath = ""] = /^((?:@[^/]+\/)?[^@./\\:][^/\\:]*)(?:\/(.*))?$/.exec(name) ?? []
  if (packageName === undefined) return null
  for (const folder of packagesNamed(files, dir, packageName)) {
    const found = first(configsIn(files, folder, subpath))
    if (found !== null) return found
  }
  return null
}

/** Where a package may be: installed beside the config or above, else in the workspace, where its link is still missing. */
function* packagesNamed(files: HostFiles, dir: string, name: string): Generator<string> {
  const top = files.ancestors().at(-1) ?? files.root
  const isInside = (at: string) => join(files.root, at) === top || isBelow(top, join(files.root, at))
  for (let at = dir; isInside(at); at = posix.join(at, "..")) {
    const folder = posix.join(at, "node_modules", name)
    if (files.isDirectory(folder)) yield files.realFolder(folder)
  }
  const inWorkspace = new Packages(files).folderNamed(name)
  if (inWorkspace !== null) yield inWorkspace
}

/** The files of a package that `@acme/tsconfig` or `@acme/tsconfig/next` may be. */
function configsIn(files: HostFiles, folder: string, subpath: string): string[] {
  const { exports, tsconfig } = parseManifest(files.read(posix.join(folder, "package.json")) ?? "")
  const named =
    subpath === ""
      ? [...(typeof tsconfig === "string" ? [tsconfig] : []), "tsconfig.json"]
      : [subpath, `${subpath}.json`, `${subpath}/tsconfig.json`]
  return [...exportedBy(exports, subpath), ...named].map((path) => posix.join(folder, path))
}

function exportedBy(exports: unknown, subpath: string): string[] {
  if (!exports) return []
  try {
    return resolveExports(exports as Parameters<typeof resolveExports>[0], subpath, ["types", "require", "node"])
  } catch {
    // Not exported, or not as it must be.
    return []
  }
}
