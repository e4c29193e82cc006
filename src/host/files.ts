import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import { lineAt } from "../edit/splice"
import { CliError } from "../errors"
import { foldersOf, workspacePatterns } from "./packages"

export type Entry = { name: string; isDirectory(): boolean }

/**
 * Reads the host and nothing else of it: every path is relative to the root, with `/`.
 * Texts given to it stand for what is on disk (null: it is not there): a plan is rehearsed on them before anything is written.
 */
export class HostFiles {
  readonly root: string
  /** The way to the root of the workspace that the app is a package of: `../..`; null when it is by itself. */
  readonly workspace: string | null
  readonly #texts = new Map<string, string | null>()
  #reads = 0

  /** @throws CliError not_a_directory */
  constructor(
    dir: string,
    private readonly written: ReadonlyMap<string, string | null> = new Map(),
  ) {
    const path = resolve(dir)
    if (!existsSync(path) || !statSync(path).isDirectory())
      throw new CliError("not_a_directory", `${dir} is not a directory.`, { suggestion: "Pass the folder of your Next.js app." })
    this.root = realpathSync(path)
    this.workspace = findWorkspace(this)
  }

  /** Nothing outside of this folder is read as the host's, or written. */
  get boundary(): string {
    return this.workspace === null ? this.root : join(this.root, this.workspace)
  }

  /** How many files have been read: detection must not grow with the host. */
  get reads(): number {
    return this.#reads
  }

  exists(path: string): boolean {
    return this.written.has(path) ? this.written.get(path) !== null : existsSync(join(this.root, path))
  }

  isFile(path: string): boolean {
    const full = join(this.root, path)
    return this.written.has(path) ? this.written.get(path) !== null : existsSync(full) && statSync(full).isFile()
  }

  isDirectory(path: string): boolean {
    const full = join(this.root, path)
    return (existsSync(full) && statSync(full).isDirectory()) || this.#writtenIn(path).length > 0
  }

  #writtenIn(path: string): Entry[] {
    const files = [...this.written].flatMap(([file, text]) => (text === null ? [] : [file]))
    const names = files.filter((file) => file.startsWith(`${path}/`)).map((file) => file.slice(path.length + 1))
    const isFile = new Set(names)
    return [...new Set(names.map((name) => name.split("/")[0] as string))].map((name) => ({ name, isDirectory: () => !isFile.has(name) }))
  }

  /** Where `path` really is, links followed, when that is outside the root; null when it is inside. */
  outside(path: string): string | null {
    let existing = join(this.root, path)
    while (!existsSync(existing)) existing = dirname(existing)
    const real = realpathSync(existing)
    return real === this.boundary || real.startsWith(this.boundary + sep) ? null : real
  }

  /**
   * The text of a file, or null when there is none. A byte order mark and CRLF stay in it.
   * @throws CliError encoding_unsupported when it is not UTF-8: it could not be written back byte for byte
   */
  read(path: string): string | null {
    const known = this.written.has(path) ? this.written.get(path) : this.#texts.get(path)
    if (known !== undefined) return known
    const full = join(this.root, path)
    let text: string | null = null
    if (existsSync(full) && statSync(full).isFile()) {
      const bytes = readFileSync(full)
      text = bytes.toString("utf8")
      this.#reads++
      if (!Buffer.from(text, "utf8").equals(bytes)) throw new CliError("encoding_unsupported", `${path} is not UTF-8.`, { file: path })
    }
    this.#texts.set(path, text)
    return text
  }

  /** The text of a file to look at, whatever its encoding; empty when there is none. It is not kept. */
  glance(path: string): string {
    return (this.written.has(path) ? this.written.get(path) : this.readAbove(join(this.root, path))) ?? ""
  }

  list(path: string): Entry[] {
    const full = join(this.root, path)
    const onDisk = existsSync(full) && statSync(full).isDirectory() ? readdirSync(full, { withFileTypes: true }) : []
    const isGone = ({ name }: Entry) => this.written.get(path === "." ? name : `${path}/${name}`) === null
    const names = new Set(onDisk.map(({ name }) => name))
    return [...onDisk.filter((entry) => !isGone(entry)), ...this.#writtenIn(path).filter(({ name }) => !names.has(name))]
  }

  /** The first of `paths` that exists. */
  first(paths: string[]): string | null {
    return paths.find((path) => this.exists(path)) ?? null
  }

  /** The folder with `.git` that the app is in. */
  get repository(): string | null {
    const top = this.ancestors().at(-1) ?? this.root
    return existsSync(join(top, ".git")) ? top : null
  }

  /** Folders from the root upwards to the repository's, for lockfiles and ignore rules. */
  ancestors(): string[] {
    const found = [this.root]
    let dir = this.root
    while (!existsSync(join(dir, ".git")) && dirname(dir) !== dir) {
      dir = dirname(dir)
      found.push(dir)
    }
    if (existsSync(join(dir, ".git"))) return found
    // Without a repository, the workspace is what belongs together.
    return found.filter((folder) => folder === this.root || folder === this.boundary || folder.startsWith(this.boundary + sep))
  }

  /** Reads a file by absolute path: ignore rules and lockfiles above the root. */
  readAbove(path: string): string | null {
    return existsSync(path) ? readFileSync(path, "utf8") : null
  }

  relative(path: string): string {
    return toSlashes(relative(this.root, path))
  }
}

/** The nearest folder above whose workspaces include the app. */
function findWorkspace(files: HostFiles): string | null {
  for (const dir of ["..", "../..", "../../.."]) {
    // A repository of its own is nobody's package.
    if (existsSync(join(files.root, dir.slice(0, -2), ".git"))) return null
    const patterns = workspacePatterns(files, dir)
    if (patterns.some((pattern) => foldersOf(files, dir, pattern).some((found) => resolve(files.root, found) === files.root))) return dir
  }
  return null
}

/** @param separator the system's own, unless a test says otherwise */
export const toSlashes = (path: string, separator: string = sep): string => path.split(separator).join("/")

/** Evidence for a fact that a text in a file shows: the line where it first appears. */
export function evidenceOf(path: string, text: string, needle: string): string {
  const at = text.indexOf(needle)
  return at === -1 ? path : `${path}:${lineAt(text, at)}`
}
