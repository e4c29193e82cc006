import { posix } from "node:path"
import * as z from "zod/mini"
import { evidenceOf, type HostFiles } from "./files"
import { parseConfig } from "./json"
import type { AliasFact } from "./types"

/** Aliases. A monorepo of hundreds of packages has one for each. */
const mostPatterns = 1_000

const configShape = z.looseObject({
  extends: z.optional(z.union([z.string(), z.array(z.string())])),
  compilerOptions: z.optional(
    z.looseObject({
      // Null takes back what a config that is extended says.
      baseUrl: z.nullish(z.string()),
      paths: z.nullish(
        z
          .record(z.string(), z.array(z.string()).check(z.maxLength(100)))
          .check(z.refine((paths) => Object.keys(paths).length <= mostPatterns, "too many patterns")),
      ),
    }),
  ),
})
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

  constructor(files: HostFiles) {
    const config = files.first(["tsconfig.json", "jsconfig.json"])
    this.#paths = config ? readPaths(files, config, new Set()) : null
  }

  /** What `@/lib/x` may mean, as paths from the root: the most specific pattern first, each with all its targets. */
  resolve(specifier: string): string[] {
    const base = this.#paths?.base ?? "."
    return Object.entries(this.#paths?.paths ?? {})
      .flatMap(([pattern, targets]) => {
        const match = matchAlias(pattern, specifier)
        if (match === null) return []
        const paths = targets.map((target) =>
          posix.normalize(
            posix.join(
              base,
              target.replace("*", () => match.star),
            ),
          ),
        )
        return [{ weight: match.weight, paths }]
      })
      .toSorted((a, b) => b.weight - a.weight)
      .flatMap(({ paths }) => paths)
  }

  /** The alias under which files in `dir` (or above it) are imported: the widest one, `@/*` and its like. */
  covering(dir: string): { fact: AliasFact; evidence: string } | null {
    if (!this.#paths) return null
    const { base, evidence } = this.#paths
    const candidates = Object.entries(this.#paths.paths).flatMap(([pattern, [target]]) => {
      // What begins like a path is one, wherever it is written: no alias is asked for.
      if (!target || !pattern.endsWith("/*") || !target.endsWith("/*") || /^[./\\]/.test(pattern)) return []
      const root = posix.normalize(posix.join(base, target.slice(0, -1)))
      const aliased = root === "./" || root === "." ? "" : root.replace(/^\.\//, "")
      return `${dir}/`.startsWith(aliased) ? [{ pattern, prefix: pattern.slice(0, -1), dir: aliased.replace(/\/$/, "") }] : []
    })
    const fact = candidates.toSorted((a, b) => b.dir.length - a.dir.length)[0]
    if (!fact) return null
    const others = Object.keys(this.#paths.paths).filter((pattern) => pattern !== fact.pattern)
    return { fact: { ...fact, others }, evidence }
  }
}

function readPaths(files: HostFiles, path: string, seen: Set<string>): Paths | null {
  if (seen.has(path)) return null
  seen.add(path)
  const text = files.read(path)
  if (text === null) return null
  // Comments and trailing commas are part of the format.
  const config = parseConfig(path, text, configShape)
  const own = config.compilerOptions
  const dir = posix.dirname(path)
  if (own?.paths === null) return null
  if (own?.paths) return { paths: own.paths, base: posix.join(dir, own.baseUrl ?? "."), evidence: evidenceOf(path, text, '"paths"') }
  for (const parent of [config.extends ?? []].flat().toReversed()) {
    if (!parent.startsWith(".")) continue
    const file = posix.normalize(posix.join(dir, parent))
    const found = readPaths(files, file.endsWith(".json") ? file : `${file}.json`, seen)
    if (found) return found
  }
  return null
}
