import type { HostFiles } from "./files"
import { type MissingConfig, type PathOptions, placed, readPathOptions } from "./tsconfig-options"
import type { AliasFact, Warning } from "./types"

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
  /** A config that is extended and not here, where nothing else says what `@/` is. */
  readonly #missing: MissingConfig | null
  /** What `@/` usually is in an app with folders like these, the likeliest first. */
  readonly #usual: string[]
  #isGuessed = false

  constructor(private readonly files: HostFiles) {
    const config = files.first(["tsconfig.json", "jsconfig.json"])
    const { options, missing } = config ? readPathOptions(files, config) : { options: {} as PathOptions, missing: [] }
    const { paths, baseUrl } = options
    this.#baseUrl = baseUrl ?? null
    this.#paths = paths ? { paths: paths.patterns, base: baseUrl ?? paths.dir, evidence: paths.evidence } : null
    this.#missing = (paths === undefined && missing[0]) || null
    this.#usual = files.first(["app", "pages"]) === null ? ["src", "."] : [".", "src"]
  }

  /**
   * What `@/lib/x` may mean, as paths from the root: the targets of the most specific pattern, as TypeScript takes them;
   * without one that fits, what is below `baseUrl`.
   */
  resolve(specifier: string): string[] {
    const [, rest] = (this.#missing !== null && /^[@~]\/(.+)$/.exec(specifier)) || []
    if (rest !== undefined) {
      this.#isGuessed = true
      return this.#usual.map((dir) => placed(dir, rest))
    }
    const { base, paths } = this.#paths ?? { base: ".", paths: {} }
    let best = { star: "", weight: -1, targets: [] as string[] }
    for (const [pattern, targets] of Object.entries(paths)) {
      const match = matchAlias(pattern, specifier)
      if (match !== null && match.weight > best.weight) best = { ...match, targets }
    }
    if (best.weight < 0 && this.#baseUrl !== null) return [this.files.direct(placed(this.#baseUrl, specifier))]
    // A config further up names the app's own folder.
    return best.targets.map((target) =>
      this.files.direct(
        placed(
          base,
          target.replace("*", () => best.star),
        ),
      ),
    )
  }

  /** Said where an import was followed by what `@/` usually is. */
  get warnings(): Warning[] {
    if (this.#missing === null || !this.#isGuessed) return []
    const { name, file, line } = this.#missing
    const message = `${file} extends ${JSON.stringify(name)}, which is not here, so what "@/" stands for was taken from where the files are. Install the packages of the app and run this again, to be sure that it is right.`
    return [{ code: "config_missing", message, file, ...(line !== null && { line }) }]
  }

  /** The alias under which files in `dir` (or above it) are imported: the widest one, `@/*` and its like. */
  covering(dir: string): { fact: AliasFact; evidence: string } | null {
    if (!this.#paths) return null
    const { base, evidence } = this.#paths
    const candidates = Object.entries(this.#paths.paths).flatMap(([pattern, [target]]) => {
      // What begins like a path is one, wherever it is written: no alias is asked for.
      if (!target || !pattern.endsWith("/*") || !target.endsWith("/*") || /^[./\\]/.test(pattern)) return []
      const root = this.files.direct(placed(base, target.slice(0, -2)).replace(/\/$/, ""))
      const aliased = root === "." ? "" : root
      return aliased === "" || `${dir}/`.startsWith(`${aliased}/`) ? [{ pattern, prefix: pattern.slice(0, -1), dir: aliased }] : []
    })
    const fact = candidates.toSorted((a, b) => b.dir.length - a.dir.length)[0]
    if (!fact) return null
    const others = Object.keys(this.#paths.paths).filter((pattern) => pattern !== fact.pattern)
    return { fact: { ...fact, others }, evidence }
  }
}
