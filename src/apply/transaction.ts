import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { basename, dirname, join, sep } from "node:path"
import { CliError } from "../errors"
import { ignorePath, journalPath, storeDir } from "./store"

/** A file as it must be before, and as it is afterwards. Null: it does not exist. */
export type Write = { path: string; before: string | null; after: string | null }

type Journal = { pid: number; originals: { path: string; text: string | null }[]; folders: string[] }

/**
 * Writes all files or none. The originals are journalled before the first byte changes, each file is replaced by an
 * atomic rename, and any failure or signal on the way restores the originals in reverse order.
 * @param root the app, from which paths are named
 * @param boundary the folder outside of which nothing is written: the app's, or its workspace's
 * @throws CliError not_writable, outside_root, file_changed, interrupted_run (nothing written); apply_failed, cancelled (rolled back)
 */
export function commit(root: string, boundary: string, writes: Write[]): void {
  if (existsSync(join(root, journalPath))) throw interruptedRun()
  for (const write of writes) check(root, boundary, write)
  const folders = missingFolders(root, [...writes.filter(({ after }) => after !== null).map(({ path }) => path), journalPath])
  const journal: Journal = { pid: process.pid, originals: writes.map(({ path, before }) => ({ path, text: before })), folders }
  // Before the `try`: whoever does not get the journal must not restore, or remove, somebody else's.
  openJournal(root, journal)
  const interrupt = watchSignals()
  try {
    for (const { path, after } of writes) {
      if (interrupt.signal) throw new CliError("cancelled", "Interrupted.")
      if (after === null) unlinkSync(join(root, path))
      else writeFileAtomically(join(root, path), after)
    }
    rmSync(join(root, journalPath))
  } catch (error) {
    restore(root, journal)
    if (error instanceof CliError) throw new CliError(error.code, `${error.message} Every file is as it was.`, error.details)
    throw new CliError("apply_failed", `${(error as Error).message}. Every file is as it was.`, {
      suggestion: "Mend the cause, then run this again.",
    })
  } finally {
    interrupt.stop()
  }
}

/** Puts back what an interrupted run had journalled. @returns the paths restored, or null when there is no journal */
export function rollBack(root: string): string[] | null {
  const path = join(root, journalPath)
  if (!existsSync(path)) return null
  const journal = JSON.parse(readFileSync(path, "utf8")) as Journal
  restore(root, journal)
  return journal.originals.map((original) => original.path)
}

/** @throws CliError interrupted_run when an earlier run did not get to its end */
export function assertNoJournal(root: string): void {
  if (existsSync(join(root, journalPath))) throw interruptedRun()
}

const interruptedRun = () =>
  new CliError("interrupted_run", "An earlier run was interrupted, or another one is under way.", {
    file: journalPath,
    suggestion: "Restore every file as it was before it: npx chimerai add mfa --rollback",
  })

function check(root: string, boundary: string, { path, before }: Write): void {
  const full = join(root, path)
  let existing = full
  while (!existsSync(existing)) existing = dirname(existing)
  const real = realpathSync(existing)
  if (real !== boundary && !real.startsWith(boundary + sep))
    throw new CliError("outside_root", `${path} leads out of the project, to ${real}. Nothing was changed.`, { file: path })
  try {
    accessSync(existing, constants.W_OK)
    if (existing === full) accessSync(dirname(full), constants.W_OK)
  } catch {
    throw new CliError("not_writable", `${path} cannot be written. Nothing was changed.`, {
      file: path,
      suggestion: "Give yourself write permission, then run this again.",
    })
  }
  const now = existsSync(full) ? readFileSync(full, "utf8") : null
  if (now !== before)
    throw new CliError("file_changed", `${path} changed while the plan was made. Nothing was changed.`, {
      file: path,
      suggestion: "Run this again.",
    })
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

/** `wx` makes the journal the lock: of two runs at once, one gets it. It holds originals, so git must not take it. */
function openJournal(root: string, journal: Journal): void {
  mkdirSync(join(root, storeDir), { recursive: true })
  if (!existsSync(join(root, ignorePath))) writeFileSync(join(root, ignorePath), "journal.json\n")
  const file = lock(join(root, journalPath))
  writeSync(file, JSON.stringify(journal))
  fsyncSync(file)
  closeSync(file)
}

function lock(path: string): number {
  try {
    return openSync(path, "wx", 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw interruptedRun()
    throw error
  }
}

/** Temporary file beside the target, then rename: a reader sees the old text or the new one, never half of it. */
function writeFileAtomically(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  // A link stays a link: what it points to is replaced.
  const target = existsSync(path) ? realpathSync(path) : path
  const temporary = join(dirname(target), `.${basename(target)}.chimerai`)
  const file = openSync(temporary, "w", 0o644)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  if (existsSync(target)) chmodSync(temporary, statSync(target).mode)
  renameSync(temporary, target)
}

function restore(root: string, { originals, folders }: Journal): void {
  for (const { path, text } of originals.toReversed()) {
    const full = join(root, path)
    const temporary = join(dirname(full), `.${basename(full)}.chimerai`)
    if (existsSync(temporary)) rmSync(temporary)
    if (text === null) {
      if (existsSync(full)) rmSync(full)
    } else if (!existsSync(full) || readFileSync(full, "utf8") !== text) writeFileAtomically(full, text)
  }
  rmSync(join(root, journalPath), { force: true })
  if (folders.includes(storeDir)) rmSync(join(root, ignorePath), { force: true })
  removeEmptyFolders(root, folders)
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

/** A signal during the writes is remembered and acted on between two of them. */
function watchSignals(): { signal: NodeJS.Signals | null; stop(): void } {
  const watch = {
    signal: null as NodeJS.Signals | null,
    stop() {
      for (const name of names) process.removeListener(name, remember)
    },
  }
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const
  const remember = (signal: NodeJS.Signals) => {
    watch.signal = signal
  }
  for (const name of names) process.on(name, remember)
  return watch
}
