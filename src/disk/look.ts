/**
 * Looks at the disk: what is where, and the bytes of regular files. A repository that somebody else prepared may hold a
 * FIFO, a device, a socket or a file of ten gigabytes in any place, or a link to one: each ends in an error with a code.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs"
import { dirname, join, parse, sep } from "node:path"
import { CliError } from "../errors"

/** Of a file that is only planned, nobody asks whether it is a link. */
export type Entry = { name: string; isDirectory(): boolean; isSymbolicLink?(): boolean }

/** Bytes. No file that people write, and no lockfile of a real project, comes near it. */
export const largestFile = 32 * 1024 * 1024

/** Links are followed; one to nowhere leads to nothing. */
export const exists = (path: string): boolean => existsSync(path)
export const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()
export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()
/** @throws an error of the system's where there is nothing */
export const realPath = (path: string): string => realpathSync(path)

/** What `path` is by itself, no link followed; null where nothing is. */
export function entryAt(path: string): "file" | "folder" | "link" | "special" | null {
  const stat = statAt(path)
  if (stat === null) return null
  if (stat.isSymbolicLink()) return "link"
  return stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "special"
}

/** Links on one way. Systems follow as many, and take more for a circle. */
const mostLinks = 40

/**
 * Where a path leads, every link on the way followed, also where nothing is there yet: what comes into being there is
 * behind the path from then on. Null for a circle.
 * @param path absolute
 */
export function destinationOf(path: string): string | null {
  let at = parse(path).root
  let links = 0
  for (const ahead = namesOf(path).reverse(); ahead.length > 0; ) {
    const name = ahead.pop() as string
    const next = name === ".." ? dirname(at) : join(at, name)
    if (name === ".." || entryAt(next) !== "link") {
      at = next
      continue
    }
    if (++links > mostLinks) return null
    const target = readlinkSync(next)
    ahead.push(...namesOf(target).reverse())
    at = parse(target).root || at
  }
  return at
}

const namesOf = (path: string): string[] =>
  path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((name) => name !== "" && name !== ".")

/** The permission bits of a file, links followed; null where nothing is. */
export const modeOf = (path: string): number | null => (existsSync(path) ? statSync(path).mode : null)

/** The bytes of a file, links followed; 0 where nothing is. */
export const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0)

/** Of the entry itself, no link followed; null where nothing is. */
export function statAt(path: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null
  } catch (error) {
    // Below a file, and at a name that no file can have, there is nothing. A rollback looks there, too, and must go on.
    if (["ENOTDIR", "ENAMETOOLONG"].includes((error as NodeJS.ErrnoException).code ?? "")) return null
    throw error
  }
}

/** Bytes of one name. On every disk in use it is this many, or characters of two bytes: this is the narrower of them. */
const longestName = 255

/** Whether a file can be at a path, by the length of its names and of the whole. */
export function isPossible(path: string): boolean {
  if (path.split(sep).some((name) => Buffer.byteLength(name) > longestName)) return false
  try {
    lstatSync(path, { throwIfNoEntry: false })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENAMETOOLONG") return false
    // Below a file: that is said by whoever looks at the folders.
    if (code === "ENOTDIR") return true
    throw error
  }
}

/** Which folder this is, on its disk, and whose a file is. Windows has no numbers for users. */
export const identityOf = (path: string): { inode: string; user: number | null } => {
  const { ino, uid } = lstatSync(path, { bigint: true })
  return { inode: String(ino), user: process.getuid === undefined ? null : Number(uid) }
}

/** When a file was last written, in milliseconds since 1970. */
export const writtenAt = (path: string): number => lstatSync(path).mtimeMs

export const entriesOf = (path: string): Entry[] => (isFolder(path) ? readdirSync(path, { withFileTypes: true }) : [])

/**
 * The bytes of a regular file, links followed; null where there is none, or a folder.
 * @param shown its name in an error
 * @throws CliError special_file, file_too_large
 */
export function readBytes(path: string, shown: string): Buffer | null {
  // To open a device can be to use it: it is looked at first, and once more when it is open.
  if (!isRegular(path, shown)) return null
  // Without O_NONBLOCK, a FIFO that has come into its place would be waited for.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const opened = fstatSync(file)
    if (!opened.isFile()) throw special(shown)
    if (opened.size > largestFile) throw tooLarge(shown)
    return readToEnd(file, opened.size, shown)
  } finally {
    closeSync(file)
  }
}

/**
 * Whether there is a regular file, links followed; false where there is nothing, or a folder.
 * @throws CliError special_file
 */
export function isRegular(path: string, shown: string): boolean {
  if (!existsSync(path)) return false
  const stat = statSync(path)
  if (!stat.isFile() && !stat.isDirectory()) throw special(shown)
  return stat.isFile()
}

export const readText = (path: string, shown: string): string | null => readBytes(path, shown)?.toString("utf8") ?? null

/** Files below /proc say that they are empty, and may have no end. */
function readToEnd(file: number, size: number, shown: string): Buffer {
  const chunks: Buffer[] = []
  for (let total = 0; ; ) {
    const chunk = Buffer.allocUnsafe(Math.max(size - total, 0) + 4096)
    const count = readSync(file, chunk, 0, chunk.length, null)
    if (count === 0) return Buffer.concat(chunks)
    total += count
    if (total > largestFile) throw tooLarge(shown)
    chunks.push(chunk.subarray(0, count))
    if (size > 0 && total >= size) return Buffer.concat(chunks)
  }
}

export const special = (shown: string): CliError =>
  new CliError("special_file", `${shown} is no regular file: it is a FIFO, a device or a socket, and is neither read nor written.`, {
    file: shown,
    suggestion: "Nothing was changed. Look at what it is, and remove it; then run this again.",
  })

const tooLarge = (shown: string): CliError =>
  new CliError("file_too_large", `${shown} has more than ${largestFile / 1024 / 1024} MB, and is not read.`, {
    file: shown,
    suggestion: "Nothing was changed. Look at what it is, and remove it; then run this again.",
  })

/** The nearest folder from `dir` upwards that has a `.git`; null where there is none. */
export function findRepository(dir: string): string | null {
  for (let folder = dir; ; folder = dirname(folder)) {
    if (exists(join(folder, ".git"))) return folder
    if (dirname(folder) === folder) return null
  }
}
