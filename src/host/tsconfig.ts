import { posix } from "node:path"
import * as z from "zod/mini"
import { evidenceOf, type HostFiles } from "./files"
import { parseConfig } from "./json"
import type { AliasFact } from "./types"

const configShape = z.looseObject({
  extends: z.optional(z.union([z.string(), z.array(z.string())])),
  compilerOptions: z.optional(
    z.looseObject({
      // Null takes back what a config that is extended says.
      baseUrl: z.nullish(z.string()),
      paths: z.nullish(z.record(z.string(), z.array(z.string()).check(z.maxLength(100)))),
    }),
  ),
})
type Paths = { paths: Record<string, string[]>; base: string; evidence: string }

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
        const [prefix = "", suffix] = pattern.split("*")
        const exact = suffix === undefined
        const matches = exact
          ? specifier === pattern
          : specifier.length >= pattern.length - 1 && specifier.startsWith(prefix) && specifier.endsWith(suffix)
        if (!matches) return []
        const star = exact ? "" : specifier.slice(prefix.length, specifier.length - suffix.length)
        const paths = targets.map((target) => posix.normalize(posix.join(base, target.replace("*", star))))
        return [{ weight: exact ? Number.POSITIVE_INFINITY : prefix.length, paths }]
      })
      .toSorted((a, b) => b.weight - a.weight)
      .flatMap(({ paths }) => paths)
  }

  /** The alias under which files in `dir` (or above it) are imported: the widest one, `@/*` and its like. */
  covering(dir: string): { fact: AliasFact; evidence: string } | null {
    if (!this.#paths) return null
    const { base, evidence } = this.#paths
    const candidates = Object.entries(this.#paths.paths).flatMap(([pattern, [target]]) => {
      if (!target || !pattern.endsWith("/*") || !target.endsWith("/*")) return []
      const root = posix.normalize(posix.join(base, target.slice(0, -1)))
      const aliased = root === "./" || root === "." ? "" : root.replace(/^\.\//, "")
      return `${dir}/`.startsWith(aliased) ? [{ pattern, prefix: pattern.slice(0, -1), dir: aliased.replace(/\/$/, "") }] : []
    })
    const fact = candidates.toSorted((a, b) => b.dir.length - a.dir.length)[0]
    return fact ? { fact, evidence } : null
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
