import { posix } from "node:path"
import { CliError } from "../errors"
import { at } from "./catalogs"
import type { HostFiles } from "./files"
import { anyFolders, globsOf, isMatch, type Part } from "./globs"
import { parseManifest } from "./json"
import { readYaml } from "./yaml"

type Manifest = { name?: string; main?: string; module?: string; types?: string; exports?: unknown; workspaces?: unknown }

/**
 * The other packages of the workspace that the app belongs to. Which there are is looked up when an import first asks
 * for one; of each, its package.json is read.
 */
export class Packages {
  #dirs: Map<string, string> | null = null
  readonly #entries = new Map<string, Entry>()

  constructor(private readonly files: HostFiles) {}

  /** Where the code of an import by name may begin: `@acme/db/client` as paths from the app, the likeliest first. */
  entriesOf(specifier: string): string[] {
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0]
    const dir = name === undefined ? undefined : this.#all().get(name)
    if (name === undefined || dir === undefined) return []
    const { exported, main } = this.#entryOf(dir)
    const subpath = `.${specifier.slice(name.length)}`
    const stated = exported(subpath)
    const named = subpath === "." ? main : [subpath]
    const usual = subpath === "." ? ["src/index", "index"] : [`src/${subpath}`]
    // Built output is not there, or not what is edited: its source is.
    return [...stated, ...named, ...usual]
      .filter((path) => path !== undefined)
      .flatMap((path) => [path, path.replace(/^(\.\/)?(dist|build|lib)\//, "src/")])
      .map((path) => posix.normalize(posix.join(dir, path.replace(/\.d\.ts$/, ""))))
  }

  /** Read once: a module may import a thousand names of one package. */
  #entryOf(dir: string): Entry {
    const known = this.#entries.get(dir)
    if (known) return known
    const manifest = readManifest(this.files, dir)
    const entry = { exported: exportsOf(manifest?.exports), main: [manifest?.types, manifest?.module, manifest?.main] }
    this.#entries.set(dir, entry)
    return entry
  }

  /** The folder of the package that a file outside the app belongs to. */
  ownerOf(path: string): string | null {
    for (let dir = posix.dirname(path); dir.startsWith("../"); dir = posix.dirname(dir))
      if (this.files.isFile(`${dir}/package.json`)) return dir
    return null
  }

  /** The folders of all packages of the workspace, as paths from the app. */
  get dirs(): string[] {
    return [...this.#all().values()]
  }

  /**
   * The folder of a package of this name, of the workspace that the app is in or whose root it is: package managers link
   * it whether there is code in it or not.
   */
  folderNamed(name: string): string | null {
    const known = this.#all().get(name)
    if (known !== undefined || this.files.workspace !== null) return known ?? null
    return (
      foldersOf(this.files, ".", workspacePatterns(this.files, ".")).find(
        (dir) => dir !== "." && readManifest(this.files, dir)?.name === name,
      ) ?? null
    )
  }

  #all(): Map<string, string> {
    if (this.#dirs) return this.#dirs
    this.#dirs = new Map()
    const root = this.files.workspace
    if (root === null) return this.#dirs
    for (const dir of foldersOf(this.files, root, workspacePatterns(this.files, root))) {
      const name = readManifest(this.files, dir)?.name
      if (name) this.#dirs.set(name, dir)
    }
    return this.#dirs
  }
}

type Entry = { exported: (subpath: string) => string[]; main: (string | undefined)[] }

/** Subpaths with a star that one package names. Real ones name some. */
const mostPatterns = 1_000

/** What `exports` of a package.json says of a subpath: every file it names, whatever the condition. */
function exportsOf(exports: unknown): Entry["exported"] {
  if (typeof exports === "string") return (subpath) => (subpath === "." ? [exports] : [])
  if (!exports || typeof exports !== "object") return () => []
  const table = exports as Record<string, unknown>
  if (!Object.keys(table).some((key) => key.startsWith("."))) return (subpath) => (subpath === "." ? filesIn(table) : [])
  const patterns = Object.entries(table)
    .filter(([pattern]) => pattern.includes("*"))
    .slice(0, mostPatterns)
    .map(([pattern, value]) => ({ parts: pattern.split("*"), value }))
  return (subpath) => {
    if (Object.hasOwn(table, subpath)) return filesIn(table[subpath])
    for (const { parts, value } of patterns) {
      const [before = "", after = ""] = parts
      if (!subpath.startsWith(before) || !subpath.endsWith(after)) continue
      const star = subpath.slice(before.length, subpath.length - after.length)
      return filesIn(value).map((path) => path.replace("*", () => star))
    }
    return []
  }
}

const filesIn = (value: unknown): string[] =>
  typeof value === "string" ? [value] : value && typeof value === "object" ? Object.values(value).flatMap(filesIn) : []

function readManifest(files: HostFiles, dir: string): Manifest | null {
  const text = files.read(posix.join(dir, "package.json"))
  return text === null ? null : parseManifest(text)
}

/** `apps/*`, `packages/**`, `!packages/old`: of pnpm-workspace.yaml, else of package.json. */
export function workspacePatterns(files: HostFiles, root: string): string[] {
  const text = files.read(posix.join(root, "pnpm-workspace.yaml"))
  const yaml = text === null ? null : readYaml(text)
  // What pnpm cannot read either names no packages.
  const listed = yaml?.ok ? at(yaml.data, ["packages"]) : null
  const stated = readManifest(files, root)?.workspaces
  const patterns = [listed, stated, at(stated, ["packages"])].find((value) => Array.isArray(value)) ?? []
  return (patterns as unknown[]).filter((pattern) => typeof pattern === "string")
}

/** Folders that the patterns of one workspace name, on the way to packages too. No real one comes near it; `**` many times over would. */
const mostFolders = 50_000
/** Levels that `**` is looked for packages in. */
const deepest = 4

/**
 * The folders that the patterns of a workspace name, as paths from the app. Those that are not in it, by the pattern or
 * by a link, are somebody else's projects.
 * @throws CliError workspace_too_large
 */
export function foldersOf(files: HostFiles, root: string, patterns: string[]): string[] {
  let total = 0
  const count = (folders: number) => {
    total += folders
    if (total > mostFolders)
      throw new CliError("workspace_too_large", `The workspace's patterns name more than ${mostFolders} folders.`, {
        file: posix.join(root, "package.json"),
        suggestion: "Nothing was changed. Name the folders more closely; or run this in a copy of the app alone.",
      })
  }
  const inside = (dir: string) => {
    count(1)
    return files
      .list(dir)
      .filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."))
      .map(({ name }) => posix.join(dir, name))
  }
  const below = (dir: string): string[] => {
    const found = [dir]
    for (let level = 0, dirs = [dir]; level < deepest && dirs.length > 0; level++) {
      dirs = dirs.flatMap(inside)
      found.push(...dirs)
    }
    return found
  }
  const matching = (glob: Part[]): string[] => {
    let dirs = [root]
    for (const part of glob) {
      // Also where a folder is only named: patterns may be many, and long.
      count(dirs.length)
      if (part === anyFolders) dirs = dirs.flatMap(below)
      else if (typeof part === "function") dirs = dirs.flatMap((dir) => inside(dir).filter((path) => part(posix.basename(path))))
      else dirs = dirs.map((dir) => posix.join(dir, part))
      dirs = [...new Set(dirs)]
    }
    return dirs
  }
  const excluded = patterns.flatMap((pattern) => (pattern.startsWith("!") ? globsOf(pattern.slice(1)) : []))
  const isExcluded = (dir: string) => {
    const names = posix.relative(root, dir).split("/")
    count(excluded.length)
    return excluded.some((glob) => isMatch(glob, names))
  }
  const isPackage = (dir: string) => files.isFile(posix.join(dir, "package.json")) && (dir === root || files.isWithin(root, dir))
  const named = new Set(patterns.flatMap((pattern) => (pattern.startsWith("!") ? [] : globsOf(pattern))).flatMap(matching))
  return [...named].filter((dir) => isPackage(dir) && !isExcluded(dir))
}
