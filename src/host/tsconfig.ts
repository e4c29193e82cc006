import { posix } from "node:path"
import * as z from "zod/mini"
import { evidenceOf, type HostFiles } from "./files"
import { parseConfig } from "./json"
import type { AliasFact } from "./types"

/** Aliases. A monorepo of hundreds of packages has one for each. */
const mostPatterns = 1_000
/** Places that one alias stands for. Most have one. */
const mostTargets = 10

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
type PathOptions = { baseUrl?: string | null; paths?: Declared | null }
type Paths = { paths: Record<string, string[]>; base: string; evidence: string }

/**
 * Whether a pattern of `paths` is for a specifier.
 * @returns what its `*` stands for, and how much the pattern says: the one that says most is taken
 */
export function matchAlias(pattern: string, specifier: string): { star: string; weight: number } | null {
  const [prefix = "", suffix] = pattern.split("*")
  if (suffix === undefined) return specifier === pattern ? { star: "", weight: Number.POSITIVE_INFINITY } : null
  if (specifier.length < pattern.length - 1 || !specifier.startsWith(prefix) || !specifier.endsWith(suffix)) return null
  return { star: specifier.slice(prefix.length, specifier.length - suffix.length), weight: prefix.length }
}

/** All path aliases of tsconfig.json or jsconfig.json, with those of the configs it extends. */
export class Aliases {
  readonly #paths: Paths | null
  /** What names without an alias are below, before they are packages. */
  readonly #baseUrl: string | null

  constructor(files: HostFiles) {
    const config = files.first(["tsconfig.json", "jsconfig.json"])
    const { paths, baseUrl } = config ? optionsOf(files, config, new Map()) : {}
    this.#baseUrl = baseUrl ?? null
    this.#paths = paths ? { paths: paths.patterns, base: baseUrl ?? paths.dir, evidence: paths.evidence } : null
  }

  /**
   * What `@/lib/x` may mean, as paths from the root: the targets of the most specific pattern, as TypeScript takes them;
   * without one that fits, what is below `baseUrl`.
   */
  resolve(specifier: string): string[] {
    const { base, paths } = this.#paths ?? { base: ".", paths: {} }
    let best = { star: "", weight: -1, targets: [] as string[] }
    for (const [pattern, targets] of Object.entries(paths)) {
      const match = matchAlias(pattern, specifier)
      if (match !== null && match.weight > best.weight) best = { ...match, targets }
    }
    if (best.weight < 0 && this.#baseUrl !== null) return [placed(this.#baseUrl, specifier)]
    return best.targets.map((target) =>
      placed(
        base,
        target.replace("*", () => best.star),
      ),
    )
  }

  /** The alias under which files in `dir` (or above it) are imported: the widest one, `@/*` and its like. */
  covering(dir: string): { fact: AliasFact; evidence: string } | null {
    if (!this.#paths) return null
    const { base, evidence } = this.#paths
    const candidates = Object.entries(this.#paths.paths).flatMap(([pattern, [target]]) => {
      // What begins like a path is one, wherever it is written: no alias is asked for.
      if (!target || !pattern.endsWith("/*") || !target.endsWith("/*") || /^[./\\]/.test(pattern)) return []
      const root = placed(base, target.slice(0, -1))
      const aliased = root === "./" || root === "." ? "" : root.replace(/^\.\//, "")
      return `${dir}/`.startsWith(aliased) ? [{ pattern, prefix: pattern.slice(0, -1), dir: aliased.replace(/\/$/, "") }] : []
    })
    const fact = candidates.toSorted((a, b) => b.dir.length - a.dir.length)[0]
    if (!fact) return null
    const others = Object.keys(this.#paths.paths).filter((pattern) => pattern !== fact.pattern)
    return { fact: { ...fact, others }, evidence }
  }
}

/** Where a target leads, as a path from the root: the place of the app's own config by its name, or below the base. */
function placed(base: string, target: string): string {
  const fromRoot = target.replace(/^\$\{configDir\}/i, "./")
  return posix.normalize(posix.join(fromRoot === target ? base : ".", fromRoot))
}

/** @param known the options of every config that was read; of one that is being read, none */
function optionsOf(files: HostFiles, path: string, known: Map<string, PathOptions>): PathOptions {
  const before = known.get(path)
  if (before) return before
  known.set(path, {})
  const text = files.read(path)
  if (text === null) return {}
  const config = parseConfig(path, text, configShape)
  const dir = posix.dirname(path)
  const options: PathOptions = {}
  // Each option by itself: a later config wins, the one that extends them over all, and null takes it back.
  for (const parent of [config.extends ?? []].flat())
    if (/^\.\.?\//.test(parent)) Object.assign(options, optionsOf(files, extendedFile(files, posix.join(dir, parent)), known))
  const { baseUrl, paths } = config.compilerOptions ?? {}
  if (baseUrl !== undefined) options.baseUrl = baseUrl === null ? null : placed(dir, baseUrl)
  if (paths !== undefined) options.paths = paths === null ? null : { patterns: paths, dir, evidence: evidenceOf(path, text, '"paths"') }
  known.set(path, options)
  return options
}

/** The name as it is written comes before the one with an ending. */
const extendedFile = (files: HostFiles, path: string): string => (files.isFile(path) || path.endsWith(".json") ? path : `${path}.json`)
