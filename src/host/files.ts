import { basename, dirname, extname, join, relative, resolve, sep } from "node:path"
import {
  type Entry,
  entriesOf,
  entryAt,
  exists,
  findRepository,
  isFile,
  isFolder,
  isRegular,
  readBytes,
  readText,
  realPath,
  sizeOf,
} from "../disk/look"
import { isBelow, isGitFolder, unsafeLink, writablePlace } from "../disk/place"
import { envFiles, holdsSecrets } from "../disk/secrets"
import { lineAt } from "../edit/splice"
import { CliError } from "../errors"
import { foldersOf, workspacePatterns } from "./packages"

export type { Entry } from "../disk/look"

/** Bytes of all files that a run reads to understand the app. Those of a real one have a hundredth of it. */
const mostBytes = 32 * 1024 * 1024

const tooMuch = (path: string): CliError =>
  new CliError("file_too_large", `With ${path}, the files that have to be read come to more than ${mostBytes / 1024 / 1024} MB.`, {
    file: path,
    suggestion: "Nothing was changed. Look at what makes them so large, and remove it; then run this again.",
  })

/**
 * Reads the host and nothing else of it: every path is relative to the root, with `/`.
 * Texts given to it stand for what is on disk (null: it is not there): a plan is rehearsed on them before anything is written.
 */
export class HostFiles {
  readonly root: string
  /** The way to the root of the workspace that the app is a package of: `../..`; null when it is by itself. */
  readonly workspace: string | null
  readonly #texts = new Map<string, string | null>()
  /** Folders of files that were read, with where they really are. */
  readonly #realFolders = new Map<string, string>()
  #reads = 0
  #bytes = 0

  /** @throws CliError not_a_directory */
  constructor(
    dir: string,
    private readonly written: ReadonlyMap<string, string | null> = new Map(),
  ) {
    const path = resolve(dir)
    if (!isFolder(path))
      throw new CliError("not_a_directory", `${dir} is not a directory.`, { suggestion: "Pass the folder of your Next.js app." })
    this.root = realPath(path)
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
    return this.written.has(path) ? this.written.get(path) !== null : exists(join(this.root, path))
  }

  isFile(path: string): boolean {
    return this.written.has(path) ? this.written.get(path) !== null : isFile(join(this.root, path))
  }

  isDirectory(path: string): boolean {
    return isFolder(join(this.root, path)) || this.#writtenIn(path).length > 0
  }

  #writtenIn(path: string): Entry[] {
    const files = [...this.written].flatMap(([file, text]) => (text === null ? [] : [file]))
    const names = files.filter((file) => file.startsWith(`${path}/`)).map((file) => file.slice(path.length + 1))
    const isFile = new Set(names)
    return [...new Set(names.map((name) => name.split("/")[0] as string))].map((name) => ({ name, isDirectory: () => !isFile.has(name) }))
  }

  /** Whether the folder `dir` really is below the folder `root`, and one that things may be written in. */
  isWithin(root: string, dir: string): boolean {
    const top = join(this.root, root)
    return writablePlace(top, top, relative(top, join(this.root, dir))) !== null
  }

  /**
   * The text of a file, or null when there is none. A byte order mark and CRLF stay in it.
   * @throws CliError encoding_unsupported when it is not UTF-8: it could not be written back byte for byte;
   * outside_root, link_unsafe: what a plan shows and edits is not what a link leads to out of the project, or a secret;
   * special_file, file_too_large
   */
  read(path: string): string | null {
    const known = this.written.has(path) ? this.written.get(path) : this.#texts.get(path)
    if (known !== undefined) return known
    const full = join(this.root, path)
    let text: string | null = null
    this.#assertReadable(path, full)
    const bytes = readBytes(full, path)
    if (bytes !== null) {
      text = bytes.toString("utf8")
      this.#reads++
      this.#bytes += bytes.length
      if (this.#bytes > mostBytes) throw tooMuch(path)
      if (!Buffer.from(text, "utf8").equals(bytes)) throw new CliError("encoding_unsupported", `${path} is not UTF-8.`, { file: path })
    }
    this.#texts.set(path, text)
    return text
  }

  /**
   * Packages are linked from wherever a package manager keeps them; any other link leads to a file of the project's, by
   * whose name nobody would think it secret.
   */
  #assertReadable(path: string, full: string): void {
    if (/(^|\/)node_modules\//.test(path) || !exists(full)) return
    const real = this.#realOf(full)
    const top = findRepository(this.root) ?? (this.workspace ? this.boundary : this.root)
    // A path may lead out by itself: what is committed here names the schema. Configs that the app's own extends, and those
    // of a workspace that is still looked for, may stand above; what they say is not shown.
    const isConfigAbove = !isBelow(top, full) && (extname(path) === ".json" || basename(path) === "pnpm-workspace.yaml")
    // Worktrees and deployments share an env file by a link. What is in it is compared and never shown, and writing has a
    // gate of its own.
    if (!isBelow(top, real) && !isConfigAbove && !envFiles.includes(path))
      throw new CliError("outside_root", `${path} leads out of the project, to ${real}. Nothing was changed.`, { file: path })
    if (real === full) return
    const isSecret =
      holdsSecrets(real) || envFiles.some((file) => exists(join(this.root, file)) && realPath(join(this.root, file)) === real)
    if ((isSecret && !holdsSecrets(path)) || real.split(sep).some(isGitFolder))
      throw unsafeLink(path, `leads to ${this.relative(real)}, which may hold secrets.`)
    // Not every secret is known by its name. What is read as code or as a schema is some file of that kind.
    if (extname(path) !== "" && extname(real) !== extname(path) && !holdsSecrets(path))
      throw unsafeLink(path, `leads to ${this.relative(real)}, a file of another kind.`)
  }

  /** Whether the last component of a path is a link. */
  isLink(path: string): boolean {
    return !this.written.has(path) && entryAt(join(this.root, path)) === "link"
  }

  #realOf(full: string): string {
    if (entryAt(full) === "link") return realPath(full)
    const dir = dirname(full)
    const known = this.#realFolders.get(dir) ?? realPath(dir)
    this.#realFolders.set(dir, known)
    return join(known, basename(full))
  }

  /**
   * The text of a file to look at, whatever its encoding; empty when there is none, or where a link leads to what is not
   * the project's. It is not kept.
   */
  glance(path: string): string {
    return (this.written.has(path) ? this.written.get(path) : this.readAbove(join(this.root, path))) ?? ""
  }

  /** Where a folder really is, if that is in the project, else the folder itself: package managers link packages. */
  realFolder(path: string): string {
    const real = realPath(join(this.root, path))
    return isBelow(this.repository ?? this.boundary, real) ? this.relative(real) : path
  }

  /** The bytes of a file that is only looked at; 0 where there is none. */
  size(path: string): number {
    return this.written.get(path)?.length ?? sizeOf(join(this.root, path))
  }

  list(path: string): Entry[] {
    const onDisk = entriesOf(join(this.root, path))
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
    return findRepository(this.root)
  }

  /** Folders from the root upwards to the repository's, for lockfiles and ignore rules. */
  ancestors(): string[] {
    // Without a repository, the workspace is what belongs together.
    const top = this.repository ?? this.boundary
    const found = [this.root]
    for (let dir = this.root; dir !== top; ) {
      dir = dirname(dir)
      found.push(dir)
    }
    return found
  }

  /**
   * Reads a file by absolute path: lockfiles and packages above the root. Null also where a link leads out of the project.
   * @throws CliError special_file, file_too_large
   */
  readAbove(path: string): string | null {
    const shown = this.relative(path)
    try {
      this.#assertReadable(shown, path)
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      isRegular(path, shown)
      return null
    }
    return readText(path, shown)
  }

  /** A path without a detour: from `apps/web`, `../../apps/web/lib` is its own `lib`. */
  direct(path: string): string {
    return path.startsWith("../") ? this.relative(join(this.root, path)) || "." : path
  }

  relative(path: string): string {
    return toSlashes(relative(this.root, path))
  }
}

/** The nearest folder above whose workspaces include the app. */
function findWorkspace(files: HostFiles): string | null {
  for (const dir of ["..", "../..", "../../.."]) {
    // A repository of its own is nobody's package.
    if (exists(join(files.root, dir.slice(0, -2), ".git"))) return null
    const packages = foldersOf(files, dir, workspacePatterns(files, dir))
    if (packages.some((found) => resolve(files.root, found) === files.root)) return dir
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
