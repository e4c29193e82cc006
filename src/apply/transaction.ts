import { accessSync, constants, existsSync, lstatSync, readFileSync, realpathSync, rmdirSync, statSync, unlinkSync } from "node:fs"
import { dirname, join, resolve, sep } from "node:path"
import { CliError } from "../errors"
import { flushFolder, temporaryOf, writeFileAtomically } from "./atomic-write"
import { assertNobodyAtWork, assertNoJournal, closeJournal, type Journal, openJournal, readJournal, tidyStore, type Write } from "./journal"
import { ignorePath, ignoreText, journalPath, storeDir } from "./store"

export type { Write } from "./journal"
/**
 * @property verify looks at what was written, once everything is; where it throws, everything is restored
 * @property emptied folders that go where nothing is left in them
 */
export type Transaction = { command: string; writes: Write[]; verify(): Promise<void>; emptied?: string[] }

/**
 * Writes all files or none. The journal comes first, then each file is replaced by an atomic rename; any failure or
 * signal on the way restores what was, in reverse order. Nothing is lost when the process, or the machine, dies instead:
 * `rollBack` and `resume` go on from the journal.
 * @param root the app, from which paths are named
 * @param boundary the folder outside of which nothing is written: the app's, or its workspace's
 * @throws CliError not_writable, outside_root, file_changed, interrupted_run, run_under_way (nothing written);
 * apply_failed, disk_full, verification_failed, cancelled (rolled back); rollback_failed (the journal is kept);
 * folder_vanished
 */
export async function commit(root: string, boundary: string, { command, writes, verify, emptied = [] }: Transaction): Promise<void> {
  assertThere(root)
  assertNoJournal(root)
  checkAll(root, boundary, writes)
  const folders = missingFolders(root, [...writes.filter(({ after }) => after !== null).map(({ path }) => path), journalPath])
  const modeOf = (path: string) => (existsSync(path) ? statSync(path).mode : null)
  const journalled = writes.map((write) => ({ ...write, mode: modeOf(join(root, write.path)) }))
  const journal: Journal = { pid: process.pid, command, writes: journalled, folders, emptied, hasStore: existsSync(join(root, ignorePath)) }
  try {
    openJournal(root, journal)
  } catch (error) {
    throw error instanceof CliError ? error : failure(error, "Nothing was changed.")
  }
  try {
    // Again, now that nobody else can be at work here.
    checkAll(root, boundary, writes)
  } catch (error) {
    closeJournal(root)
    throw error
  }
  const interrupt = watchSignals()
  try {
    for (const write of writes) {
      await interrupt.heed()
      assertThere(root)
      carryOut(root, write)
    }
    await verify()
    await interrupt.heed()
    finish(root, boundary, journal)
  } catch (error) {
    undo(root, journal, error)
  } finally {
    interrupt.stop()
  }
}

/** @throws CliError always: what went wrong, and that every file is as it was, or that it is not */
function undo(root: string, journal: Journal, cause: unknown): never {
  // Where nothing is left, nothing is restored: whoever took the folder away does not want some of its files back.
  assertThere(root)
  try {
    restore(root, journal)
  } catch (error) {
    throw notRestored(`${messageOf(cause)} And restoring the files failed too: ${messageOf(error)}`)
  }
  if (cause instanceof CliError) throw new CliError(cause.code, `${cause.message} Every file is as it was.`, cause.details)
  throw failure(cause, "Every file is as it was.")
}

const notRestored = (why: string): CliError =>
  new CliError("rollback_failed", `${why} Some are changed; their originals are in ${journalPath}.`, {
    file: journalPath,
    suggestion: "Mend the cause, then restore every file: npx chimerai add mfa --rollback",
  })

/** @throws CliError folder_vanished */
function assertThere(root: string): void {
  if (existsSync(root)) return
  throw new CliError("folder_vanished", `${root} is gone: there is nothing to write to, and nothing was put in its place.`, {
    suggestion: "Run this again where the app is now.",
  })
}

function failure(error: unknown, state: string): CliError {
  const { code } = error as NodeJS.ErrnoException
  const isFull = code === "ENOSPC" || code === "EDQUOT"
  return new CliError(isFull ? "disk_full" : "apply_failed", `${messageOf(error)} ${state}`, {
    suggestion: isFull ? "Make room, then run this again." : "Mend the cause, then run this again.",
  })
}

const messageOf = (error: unknown): string => `${(error as Error).message.replace(/\.$/, "")}.`

/** What became of an interrupted run. `kept` are files that somebody has edited since: they are left as they are. */
export type Recovery = { command: string; paths: string[]; kept: string[] }

/**
 * Puts back what an interrupted run has changed. @returns null when there is none
 * @throws CliError outside_root: the journal is not one of ours. Whoever clones a repository gets what it has committed;
 * rollback_failed (the journal is kept)
 */
export function rollBack(root: string, boundary: string): Recovery | null {
  const journal = readJournal(root)
  // Where the process died beside the journal: before it was there, or after it was gone.
  if (journal === null) tidyStore(root)
  if (journal === null) return null
  if (journal === "unwritten") {
    closeJournal(root)
    return { command: "", paths: [], kept: [] }
  }
  assertNobodyAtWork(root)
  for (const { path } of journal.writes) assertInside(root, boundary, path)
  const folders = journal.folders.filter((folder) => isBelow(boundary, resolve(root, folder)))
  try {
    const kept = restore(root, { ...journal, folders })
    return { command: journal.command, paths: journal.writes.map(({ path }) => path), kept }
  } catch (error) {
    throw notRestored(`Restoring the files failed: ${messageOf(error)}`)
  }
}

/**
 * Finishes what an interrupted run had begun. @returns null when there is none
 * @throws CliError file_changed: a file is neither as that run found it nor as it would leave it; nothing more is written
 */
export function resume(root: string, boundary: string): Recovery | null {
  const journal = readJournal(root)
  if (journal === null || journal === "unwritten") return rollBack(root, boundary)
  assertNobodyAtWork(root)
  const open = journal.writes.filter(({ path, after }) => read(root, path) !== after)
  checkAll(root, boundary, open)
  try {
    for (const write of open) carryOut(root, write)
    finish(root, boundary, journal)
  } catch (error) {
    throw failure(error, "The run is still unfinished: --resume and --rollback go on from here.")
  }
  return { command: journal.command, paths: journal.writes.map(({ path }) => path), kept: [] }
}

function carryOut(root: string, { path, after }: Write): void {
  if (after !== null) writeFileAtomically(join(root, path), after)
  else if (existsSync(join(root, path))) unlinkSync(join(root, path))
}

function finish(root: string, boundary: string, { writes, emptied }: Journal): void {
  for (const { path } of writes) removeTemporary(join(root, path))
  const inside = emptied.filter((folder) => isBelow(boundary, resolve(root, folder)))
  conclude(root, writes, inside)
}

/**
 * The files are on the disk before the journal is off it; `folders` that are empty go before it does, so that a run that
 * dies here is found to be unfinished. The store goes last.
 */
function conclude(root: string, writes: Write[], folders: string[]): void {
  const changed = new Set(writes.map(({ path }) => dirname(join(root, path))))
  for (const folder of changed) if (existsSync(folder)) flushFolder(folder)
  removeEmptyFolders(
    root,
    folders.filter((folder) => folder !== storeDir),
  )
  closeJournal(root)
}

/** Undoes in reverse order. @returns files that are somebody's work since: neither the old text nor ours */
function restore(root: string, { writes, folders, hasStore }: Journal): string[] {
  const kept: string[] = []
  for (const { path, before, after, mode } of writes.toReversed()) {
    const full = join(root, path)
    removeTemporary(full)
    const now = read(root, path)
    if (now === before) continue
    if (now !== after && now !== null) kept.push(path)
    else if (before === null) unlinkSync(full)
    else writeFileAtomically(full, before, mode ?? undefined)
  }
  if (hasStore && !existsSync(join(root, ignorePath))) writeFileAtomically(join(root, ignorePath), ignoreText)
  conclude(root, writes, folders)
  return kept
}

function removeTemporary(path: string): void {
  const temporary = temporaryOf(path)
  if (existsSync(temporary)) unlinkSync(temporary)
}

function read(root: string, path: string): string | null {
  const full = join(root, path)
  return existsSync(full) && statSync(full).isFile() ? readFileSync(full, "utf8") : null
}

/** @throws CliError, whatever it is that goes wrong: nothing is written yet */
function checkAll(root: string, boundary: string, writes: Write[]): void {
  try {
    for (const write of writes) check(root, boundary, write)
  } catch (error) {
    throw error instanceof CliError ? error : failure(error, "Nothing was changed.")
  }
}

/**
 * Where writing `path` would begin, links followed: the file itself, or the nearest folder that is there.
 * @throws CliError outside_root
 */
function assertInside(root: string, boundary: string, path: string): { existing: string; real: string } {
  let existing = join(root, path)
  while (!isThere(existing)) existing = dirname(existing)
  const real = existsSync(existing) ? realpathSync(existing) : null
  if (real === null || (real !== boundary && !isBelow(boundary, real)))
    throw new CliError("outside_root", `${path} leads out of the project, to ${real ?? "nowhere"}. Nothing was changed.`, { file: path })
  return { existing, real }
}

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

function check(root: string, boundary: string, { path, before }: Write): void {
  const full = join(root, path)
  const { existing, real } = assertInside(root, boundary, path)
  try {
    accessSync(existing, constants.W_OK)
    if (existing === full) accessSync(dirname(real), constants.W_OK)
  } catch {
    throw new CliError("not_writable", `${path} cannot be written. Nothing was changed.`, {
      file: path,
      suggestion: "Give yourself write permission, then run this again.",
    })
  }
  if (read(root, path) !== before)
    throw new CliError("file_changed", `${path} changed while the plan was made. Nothing was changed.`, {
      file: path,
      suggestion: "Run this again.",
    })
}

/** A link to nowhere is there, and leads somewhere. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    // Below a file.
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return false
    throw error
  }
}

/** Folders that writing `paths` will make, outermost first. */
export function missingFolders(root: string, paths: string[]): string[] {
  const missing = new Set<string>()
  for (const path of paths) {
    const parts = dirname(path).split("/")
    for (let count = 1; count <= parts.length; count++) {
      const folder = parts.slice(0, count).join("/")
      if (folder !== "." && !existsSync(join(root, folder))) missing.add(folder)
    }
  }
  return [...missing].toSorted((a, b) => a.length - b.length)
}

/** Removes folders that are empty, innermost first. */
export function removeEmptyFolders(root: string, folders: string[]): void {
  for (const folder of folders.toSorted((a, b) => b.length - a.length)) {
    try {
      rmdirSync(join(root, folder))
    } catch (error) {
      if (!["ENOTEMPTY", "ENOENT", "EEXIST", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error
    }
  }
}

/** A signal during the writes is remembered, and acted on between two of them. */
function watchSignals() {
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const
  let heard = false
  const remember = () => {
    heard = true
  }
  for (const name of names) process.on(name, remember)
  return {
    /** @throws CliError cancelled */
    async heed() {
      // Signals are only heard when nothing else runs.
      await new Promise((resolve) => setImmediate(resolve))
      if (heard) throw new CliError("cancelled", "Interrupted.")
    },
    stop() {
      for (const name of names) process.removeListener(name, remember)
    },
  }
}
