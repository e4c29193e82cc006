/**
 * Changes the disk: the only functions that do. Each takes a place (place.ts), whose path has no link in it, and works
 * on a descriptor from then on. What is new is created exclusively: a file or link that somebody has put there before
 * is never opened.
 */
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs"
import { dirname } from "node:path"
import { CliError } from "../errors"
import { exists, realPath, special, statAt } from "./look"
import type { Place } from "./place"

const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/** Permission bits of a file that only its owner reads. */
const onlyOwner = 0o600

/**
 * @param asked paths that are known to be writable, for many files are in one folder; what is asked here is added
 * @throws an error of the system's where the file, or the folder that it would be in, cannot be written
 */
export function assertWritable({ target, existing }: Place, asked: Set<string>): void {
  for (const path of existing === target ? [existing, dirname(target)] : [existing]) {
    if (asked.has(path)) continue
    accessSync(path, constants.W_OK)
    asked.add(path)
  }
}

/**
 * Makes the folders that a file needs, one by one.
 * @throws CliError outside_root: by now the folder is another one than it was when the place was looked up
 */
function makeFolder(folder: string, path: string): void {
  if (!exists(folder)) {
    makeFolder(dirname(folder), path)
    mkdirUnlessThere(folder)
  }
  if (realPath(folder) === folder) return
  throw new CliError("outside_root", `${path} has come to lead elsewhere, to ${realPath(folder)}.`, { file: path })
}

/** Two runs may make it at the same time; which of them goes on is for the journal to say. */
function mkdirUnlessThere(folder: string): void {
  try {
    mkdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  }
}

/** The permission bits of a new file. */
const newMode = (isSecret: boolean): number => (isSecret ? onlyOwner : 0o644 & ~process.umask())

/**
 * Creates a file, and flushes it. Where that fails, there is none.
 * @throws an error of the system's, EEXIST where anything is there, a link to nowhere included
 */
export function createFile({ path, target }: Place, text: string, { isSecret = false } = {}): void {
  makeFolder(dirname(target), path)
  write(target, text, (file) => {
    giveToOwnerOf(dirname(target), file)
    fchmodSync(file, newMode(isSecret))
  })
}

/**
 * Under sudo, or as root in a container, a new file would be root's, and the user could not read their own secrets.
 * A disk that knows no owners, or a container without the right to change them, leaves it as it is.
 */
function giveToOwnerOf(folder: string, file: number): void {
  if (process.getuid?.() !== 0) return
  const owner = statAt(folder)
  if (owner === null || (owner.uid === 0 && owner.gid === 0)) return
  try {
    fchownSync(file, owner.uid, owner.gid)
  } catch (error) {
    if (!["EPERM", "EINVAL", "ENOTSUP", "ENOSYS"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error
  }
}

/** @param settle sets the mode and the owner; until then only we can read it */
function write(target: string, text: string, settle: (file: number) => void): void {
  const file = openSync(target, create, onlyOwner)
  try {
    try {
      // Not one `write`, which may stop short of the end on a full disk without an error.
      writeFileSync(file, text)
      settle(file)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    unlinkSync(target)
    throw error
  }
}

/**
 * @property temporary where the text is written before it takes the file's place: on the same disk, a name that nobody
 * could know before
 * @property lost the permission bits of a file that is gone, and comes back
 * @property isSecret only its owner can read the file, where it is new
 */
export type Replacement = { temporary: Place; lost?: number; isSecret?: boolean }

/**
 * Temporary file, flushed, then rename: a reader, and a disk after a power cut, has the old text or the new one, never
 * half of it. Permission bits and owner stay what they were; until then only the owner can read it.
 * @throws CliError outside_root, special_file
 */
export function replaceFile({ path, target }: Place, text: string, { temporary, lost, isSecret = false }: Replacement): void {
  makeFolder(dirname(target), path)
  if (dirname(temporary.target) !== dirname(target)) makeFolder(dirname(temporary.target), path)
  const before = regularAt(target, path)
  const mode = before ? before.mode & 0o7777 : lost === undefined ? newMode(isSecret) : lost & 0o777
  write(temporary.target, text, (file) => {
    // Under sudo the file would become root's.
    if (!before) giveToOwnerOf(dirname(target), file)
    else if (process.getuid?.() === 0 && (before.uid !== 0 || before.gid !== 0)) fchownSync(file, before.uid, before.gid)
    fchmodSync(file, mode)
  })
  try {
    renameSync(temporary.target, target)
  } catch (error) {
    unlinkSync(temporary.target)
    throw error
  }
}

/** The file at a real path; null where nothing is. @throws CliError special_file */
function regularAt(target: string, path: string) {
  const stat = statAt(target)
  if (stat && !stat.isFile()) throw special(path)
  return stat
}

/**
 * Removes a file, where it is there.
 * @throws CliError special_file
 */
export function removeFile({ path, target }: Place): void {
  if (regularAt(target, path)) unlinkSync(target)
}

/** Removes a folder where nothing is in it; a link is none. */
export function removeEmptyFolder({ target }: Place): void {
  try {
    rmdirSync(target)
  } catch (error) {
    if (!["ENOTEMPTY", "ENOENT", "EEXIST", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error
  }
}

/** Makes the names in a folder survive a power cut. Windows has no such thing. */
export function flushFolder(path: string): void {
  if (process.platform === "win32") return
  const folder = openSync(path, "r")
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
