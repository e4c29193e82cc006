import { posix } from "node:path"
import { CliError } from "../errors"
import type { HostFiles } from "./files"
import { parseManifest } from "./json"

type Manifest = { name?: string; main?: string; module?: string; types?: string; exports?: unknown; workspaces?: unknown }

/**
 * The other packages of the workspace that the app belongs to. Which there are is looked up when an import first asks
 * for one; of each, its package.json is read.
 */
export class Packages {
  #dirs: Map<string, string> | null = null

  constructor(private readonly files: HostFiles) {}

  /** Where the code of an import by name may begin: `@acme/db/client` as paths from the app, the likeliest first. */
  entriesOf(specifier: string): string[] {
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0]
    const dir = name === undefined ? undefined : this.#all().get(name)
    if (name === undefined || dir === undefined) return []
    const manifest = readManifest(this.files, dir)
    const subpath = `.${specifier.slice(name.length)}`
    const stated = exported(manifest?.exports, subpath)
    const named = subpath === "." ? [manifest?.types, manifest?.module, manifest?.main] : [subpath]
    const usual = subpath === "." ? ["src/index", "index"] : [`src/${subpath}`]
    // Built output is not there, or not what is edited: its source is.
    return [...stated, ...named, ...usual]
      .filter((path) => path !== undefined)
      .flatMap((path) => [path, path.replace(/^(\.\/)?(dist|build|lib)\//, "src/")])
      .map((path) => posix.normalize(posix.join(dir, path.replace(/\.d\.ts$/, ""))))
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
    const patterns = workspacePatterns(this.files, ".").map(widened)
    return foldersOf(this.files, ".", patterns).find((dir) => dir !== "." && readManifest(this.files, dir)?.name === name) ?? null
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

/** What `exports` of a package.json says of a subpath: every file it names, whatever the condition. */
function exported(exports: unknown, subpath: string): string[] {
  if (typeof exports === "string") return subpath === "." ? [exports] : []
  if (!exports || typeof exports !== "object") return []
  const table = exports as Record<string, unknown>
  if (!Object.keys(table).some((key) => key.startsWith("."))) return subpath === "." ? filesIn(table) : []
  if (subpath in table) return filesIn(table[subpath])
  for (const [pattern, value] of Object.entries(table)) {
    const [before = "", after = ""] = pattern.split("*")
    if (!pattern.includes("*") || !subpath.startsWith(before) || !subpath.endsWith(after)) continue
    const star = subpath.slice(before.length, subpath.length - after.length)
    return filesIn(value).map((path) => path.replace("*", star))
  }
  return []
}

const filesIn = (value: unknown): string[] =>
  typeof value === "string" ? [value] : value && typeof value === "object" ? Object.values(value).flatMap(filesIn) : []

function readManifest(files: HostFiles, dir: string): Manifest | null {
  const text = files.read(posix.join(dir, "package.json"))
  return text === null ? null : parseManifest(text)
}

/** `apps/*`, `packages/**`, `tools/cli`: of pnpm-workspace.yaml, else of package.json. */
export function workspacePatterns(files: HostFiles, root: string): string[] {
  const yaml = files.read(posix.join(root, "pnpm-workspace.yaml"))
  const listed = yaml && /^packages:\s*\r?\n((?:[ \t]*(?:-.*|#.*)?\r?\n?)+)/m.exec(yaml)?.[1]
  if (listed) return Array.from(listed.matchAll(/^[ \t]*-[ \t]*["']?([^"'#\s]+)/gm), ([, pattern = ""]) => pattern)
  const inline = yaml && /^packages:[ \t]*\[([^\]]*)\]/m.exec(yaml)?.[1]
  if (inline) return inline.split(",").flatMap((item) => item.replace(/["'\s]/g, "") || [])
  const stated = readManifest(files, root)?.workspaces
  const patterns = Array.isArray(stated) ? stated : (stated as { packages?: unknown } | undefined)?.packages
  return Array.isArray(patterns) ? patterns.filter((pattern) => typeof pattern === "string") : []
}

/** Part of a name with a sign of a pattern in it counts as `*`: package managers know more signs than are read here. */
const widened = (pattern: string): string =>
  pattern
    .split("/")
    .map((segment) => (segment !== "**" && /[*?[\]{}()]/.test(segment) ? "*" : segment))
    .join("/")

/** Folders that the patterns of one workspace name, on the way to packages too. No real one comes near it; `**` many times over would. */
const mostFolders = 50_000

/**
 * The folders that the patterns of a workspace name, as paths from the app. Those that are not in it, by the pattern or
 * by a link, are somebody else's projects.
 * @throws CliError workspace_too_large
 */
export function foldersOf(files: HostFiles, root: string, patterns: string[]): string[] {
  let named = 0
  const count = (folders: number) => {
    named += folders
    if (named > mostFolders)
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
  const matching = (pattern: string): string[] => {
    const segments = pattern.split("/").filter((segment) => segment !== "" && segment !== ".")
    if (pattern.startsWith("!") || segments.includes("..")) return []
    let dirs = [root]
    for (const segment of segments) {
      // Also where a folder is only named: patterns may be many, and long.
      count(dirs.length)
      if (segment === "**")
        dirs = dirs.flatMap((dir) => {
          const children = inside(dir)
          return [dir, ...children, ...children.flatMap(inside)]
        })
      else if (segment === "*") dirs = dirs.flatMap(inside)
      else dirs = dirs.map((dir) => posix.join(dir, segment))
      dirs = [...new Set(dirs)]
    }
    return dirs
  }
  const isPackage = (dir: string) => files.isFile(posix.join(dir, "package.json")) && (dir === root || files.isWithin(root, dir))
  return [...new Set(patterns.flatMap(matching))].filter(isPackage)
}
