import { posix } from "node:path"
import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/module"
import { CliError } from "../errors"
import type { HostFiles } from "./files"
import { parseManifest } from "./json"
import { Packages } from "./packages"
import { SubpathImports } from "./subpath-imports"
import { Aliases } from "./tsconfig"

type Locate = typeof import("../edit/typescript/reading")

/** Characters of all modules that are parsed: some seconds. */
const longestOfAll = 3_000_000

/** The host's modules, parsed when asked for and once. Follows imports inside the host; packages are where it ends. */
export class Modules {
  readonly #parsed = new Map<string, Module | null>()
  readonly #failed = new Set<string>()
  /** What names that are no paths lead to: the same from everywhere, or from everywhere in a package. */
  readonly #named = new Map<string, string | null>()
  readonly #subpaths: SubpathImports
  #parsedText = 0

  constructor(
    private readonly files: HostFiles,
    private readonly aliases: Aliases,
    readonly locate: Locate,
    readonly packages: Packages,
  ) {
    this.#subpaths = new SubpathImports(files)
  }

  /** Loads the parser. */
  static async of(files: HostFiles, aliases = new Aliases(files)): Promise<Modules> {
    return new Modules(files, aliases, await import("../edit/typescript/reading"), new Packages(files))
  }

  get parsedCount(): number {
    return this.#parsed.size
  }

  /** A module that has been parsed already. */
  parsed(path: string): Module | null {
    return this.#parsed.get(path) ?? null
  }

  exists(path: string): boolean {
    return this.files.isFile(path)
  }

  /** @throws CliError parse_failed: a file we have to understand does not parse */
  parse(path: string): Module | null {
    const known = this.#parsed.get(path)
    if (known !== undefined) return known
    const text = this.files.read(path)
    this.#parsedText += text?.length ?? 0
    const result = text === null ? null : this.locate.parseModule(path, text)
    if (result && !result.ok)
      throw new CliError("parse_failed", `${path} does not parse: ${result.message}`, {
        file: path,
        line: lineAt(text ?? "", result.offset),
        suggestion: "Mend the file, then run this again.",
      })
    const module = result?.module ?? null
    this.#parsed.set(path, module)
    return module
  }

  /** A module that nothing is decided by; null where it does not parse, or is too much to parse. */
  tryParse(path: string): Module | null {
    const known = this.#parsed.get(path)
    if (known !== undefined || this.#failed.has(path)) return known ?? null
    const module = this.#parseOr(path, "skip", false)
    // Read once, however many import it. Not kept as parsed: whoever has to understand the file is told what is wrong.
    if (module === null) this.#failed.add(path)
    return module
  }

  #parseOr(path: string, unreadable: "throw" | "skip", isEntry: boolean): Module | null {
    try {
      // A generated client may be that long, and nothing of a sign-in is in it.
      const length = isEntry ? 0 : (this.files.read(path) ?? "").length
      if (length > this.locate.longestModule || this.#parsedText + length > longestOfAll) return null
      return this.parse(path)
    } catch (error) {
      if (unreadable === "throw" || !(error instanceof CliError)) throw error
      return null
    }
  }

  /** The file an import means, or null when it is a package's or not there. */
  resolve(from: string, specifier: string): string | null {
    if (specifier.startsWith(".")) return this.#find(from, specifier)
    const key = specifier.startsWith("#") ? `${this.#subpaths.scopeOf(from)} ${specifier}` : specifier
    const known = this.#named.get(key)
    if (known !== undefined) return known
    const found = this.#find(from, specifier)
    this.#named.set(key, found)
    return found
  }

  #find(from: string, specifier: string): string | null {
    for (const base of this.#basesOf(from, specifier)) {
      const found = this.#at(base)
      // The first place with something to load is the one that counts, also where what it has is not read here.
      if (found !== undefined) return found
    }
    if (specifier.startsWith(".")) return null
    const names = specifier.startsWith("#") ? this.#subpaths.targetsOf(from, specifier).names : [specifier]
    for (const base of names.flatMap((name) => this.packages.entriesOf(name))) {
      const found = this.#fileAt(base)
      if (found !== undefined) return found
    }
    return null
  }

  /** The file that a path means. @returns undefined where there is none */
  #fileAt(named: string, isLast = true): string | undefined {
    const base = this.files.direct(named)
    return this.#isInside(base) ? candidatesFor(base, isLast).find((path) => this.files.isFile(path)) : undefined
  }

  /**
   * The same of a path that may be a folder with a package.json, which says what is loaded, before any index.
   * @returns null where something is there that is no module to read
   */
  #at(named: string): string | null | undefined {
    const base = this.files.direct(named)
    const file = this.#fileAt(base, false)
    if (file !== undefined || !this.#isInside(base)) return file
    if (this.files.isFile(base)) return null
    if (!this.files.isFile(`${base}/package.json`)) return this.#fileAt(base)
    const { main, module } = parseManifest(this.files.read(`${base}/package.json`) ?? "")
    const [entry] = [main, module].filter((path) => path !== undefined)
    if (entry === undefined) return this.#fileAt(base) ?? null
    const path = posix.join(base, entry)
    return this.#fileAt(path) ?? (this.files.isFile(path) ? null : (this.#fileAt(base) ?? null))
  }

  /** Whether an alias, or `baseUrl`, has a name lead to something that is not in node_modules. */
  aliasLeadsTo(specifier: string): string | null {
    for (const base of this.#basesOf("package.json", specifier)) {
      const found = base.split("/").includes("node_modules") ? undefined : this.#at(base)
      if (found !== undefined) return found ?? base
    }
    return null
  }

  /**
   * Whether a specifier means `target`, which may not be there yet. What is found under it decides; only where nothing
   * is, where it would be looked for.
   */
  means(from: string, specifier: string, target: string): boolean {
    const found = this.resolve(from, specifier)
    if (found !== null) return found === target
    const bases = this.#basesOf(from, specifier)
    return bases.every((base) => this.#at(base) === undefined) && bases.some((base) => candidatesFor(base).includes(target))
  }

  /** Whether a specifier means a module that `add` puts into the app: `lib/mfa/with-mfa`, in the app's language and place. */
  meansOurs(from: string, specifier: string, module: string): boolean {
    return ["", "src/"].some((base) => [".ts", ".js"].some((extension) => this.means(from, specifier, base + module + extension)))
  }

  /** Where a specifier leads that is no package's. */
  #basesOf(from: string, specifier: string): string[] {
    if (specifier.startsWith(".")) return [posix.normalize(posix.join(posix.dirname(from), specifier))]
    const aliased = this.aliases.resolve(specifier)
    return specifier.startsWith("#") ? [...aliased, ...this.#subpaths.targetsOf(from, specifier).paths] : aliased
  }

  /** Within the app, or the workspace that it is a package of. */
  #isInside(path: string): boolean {
    const up = /^(?:\.\.\/?)+/.exec(path)?.[0].replace(/\/$/, "")
    return up === undefined || (this.files.workspace !== null && up.length <= this.files.workspace.length)
  }

  /**
   * The modules reachable from `entry`, nearest first, at most `limit`.
   * @param unreadable what to do about one that does not parse: `skip` where nothing is decided by it
   */
  *reachable(entry: string, limit = 40, unreadable: "throw" | "skip" = "throw"): Generator<Module> {
    const queue = [entry]
    const seen = new Set(queue)
    for (let count = 0; count < limit && queue.length > 0; count++) {
      const path = queue.shift()
      const module = path === undefined ? null : this.#parseOr(path, unreadable, path === entry)
      if (!module) continue
      yield module
      const specifiers = [...module.imports.filter(({ typeOnly }) => !typeOnly).map(({ specifier }) => specifier), ...module.reexports]
      for (const specifier of specifiers) {
        const next = this.resolve(module.path, specifier)
        if (next !== null && !seen.has(next)) {
          seen.add(next)
          queue.push(next)
        }
      }
    }
  }
}

const extensions = [".ts", ".tsx", ".js", ".jsx", ".mjs", ".mts"]

/**
 * The files that `base` may stand for, as bundlers look for them: a `.js` may be written for a `.ts`.
 * @param isLast also those in a folder of that name
 */
function candidatesFor(base: string, isLast = true): string[] {
  const bare = base.replace(/\.(js|jsx|mjs)$/, "")
  const named = /\.[cm]?[jt]sx?$/.test(base) ? [base] : []
  return [
    ...named,
    ...extensions.flatMap((extension) => [base + extension, bare + extension]),
    ...(isLast ? extensions.map((extension) => `${base}/index${extension}`) : []),
  ]
}
