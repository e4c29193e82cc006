import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join } from "node:path"

/** Where a write of `path` lands: a link stays a link, and what it points to is replaced. */
function targetOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : path
}

/** The name under which a file is written before it is renamed; a run that was killed may have left it. */
export const temporaryOf = (path: string): string => {
  const target = targetOf(path)
  return join(dirname(target), `.${basename(target)}.chimerai`)
}

/**
 * Temporary file beside the target, flushed, then rename: a reader, and a disk after a power cut, has the old text or
 * the new one, never half of it. Permission bits and owner stay what they were.
 * @param lost the permission bits of a file that is gone, and comes back
 */
export function writeFileAtomically(path: string, text: string, lost?: number): void {
  mkdirSync(dirname(path), { recursive: true })
  const target = targetOf(path)
  const temporary = temporaryOf(path)
  const before = statSync(target, { throwIfNoEntry: false })
  const mode = before?.mode ?? lost
  const file = openSync(temporary, "w", mode ?? 0o644)
  try {
    try {
      // Not one `write`, which may stop short of the end on a full disk without an error.
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    if (mode !== undefined) chmodSync(temporary, mode)
    // Under sudo the file would become root's.
    if (before && process.getuid?.() === 0 && (before.uid !== 0 || before.gid !== 0)) chownSync(temporary, before.uid, before.gid)
    renameSync(temporary, target)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
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
