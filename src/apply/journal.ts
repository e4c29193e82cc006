/**
 * The record of a transaction that is under way: every file as it was and as it will be, written before the first of
 * them changes. Being created exclusively, it is the lock as well: of two runs in one project, one gets it.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { CliError } from "../errors"
import { flushFolder } from "./atomic-write"
import { ignorePath, ignoreText, journalPath, storeDir } from "./store"

/** A file as it must be before, and as it is afterwards. Null: it does not exist. */
export type Write = { path: string; before: string | null; after: string | null }
/** @property mode permission bits of a file that was there */
export type JournalledWrite = Write & { mode: number | null }

export type Journal = {
  pid: number
  command: string
  writes: JournalledWrite[]
  /** Folders that come into being, outermost first. */
  folders: string[]
  /** Folders that are removed at the end where they are empty then. */
  emptied: string[]
  /** The store was there before, with what keeps the journal out of commits. */
  hasStore: boolean
}

/** How long a transaction may take: a journal older than this is not its process's any more, whoever has the number now. */
const longestTransaction = 60_000 // ms

/** @throws CliError run_under_way, interrupted_run: somebody else's journal is there */
export function openJournal(root: string, journal: Journal): void {
  const path = join(root, journalPath)
  let file: number
  try {
    mkdirSync(join(root, storeDir), { recursive: true })
    // First of all: the journal holds what `.env` holds, and a commit in the wrong moment must not take it.
    if (!ignoresJournal(root)) writeFileSync(join(root, ignorePath), ignoreText)
    file = openSync(path, "wx", 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw journalThere(root)
    tidyStore(root)
    throw error
  }
  try {
    try {
      writeFileSync(file, JSON.stringify(journal))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    flushFolder(join(root, storeDir))
  } catch (error) {
    closeJournal(root)
    throw error
  }
}

/** What is there may be somebody's own, or half of ours, from a run that was killed while it wrote it. */
function ignoresJournal(root: string): boolean {
  const path = join(root, ignorePath)
  const text = existsSync(path) ? readFileSync(path, "utf8") : ""
  return text === ignoreText || !ignoreText.startsWith(text)
}

export function closeJournal(root: string): void {
  rmSync(join(root, journalPath), { force: true })
  tidyStore(root)
}

/** A store with nothing in it goes: where nothing is installed, nothing is kept. */
export function tidyStore(root: string): void {
  const dir = join(root, storeDir)
  if (!existsSync(dir) || readdirSync(dir).some((name) => join(dir, name) !== join(root, ignorePath))) return
  rmSync(join(root, ignorePath), { force: true })
  rmdirSync(dir)
}

/** Null: no run was interrupted. `"unwritten"`: one was, before it had changed anything. */
export function readJournal(root: string): Journal | "unwritten" | null {
  const path = join(root, journalPath)
  if (!existsSync(path)) return null
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Journal
  } catch (error) {
    // It was cut off while it was written, which is before anything else is.
    if (error instanceof SyntaxError) return "unwritten"
    throw error
  }
}

/** @throws CliError run_under_way, interrupted_run when an earlier run did not get to its end */
export function assertNoJournal(root: string): void {
  if (existsSync(join(root, journalPath))) throw journalThere(root)
}

/** @throws CliError run_under_way: whoever has written the journal is still at it */
export function assertNobodyAtWork(root: string): void {
  const error = journalThere(root)
  if (error.code === "run_under_way") throw error
}

function journalThere(root: string): CliError {
  const journal = existsSync(join(root, journalPath)) ? readJournal(root) : null
  if (journal !== null && journal !== "unwritten" && isAtWork(root, journal))
    return new CliError("run_under_way", `Another chimerai (process ${journal.pid}) is at work in this project. Nothing was changed.`, {
      file: journalPath,
      suggestion: "Wait for it to end, then run this again.",
    })
  const message =
    journal === "unwritten"
      ? "An earlier run was interrupted before it had changed anything."
      : "An earlier run was interrupted: some of its files may be written, and others not."
  return new CliError("interrupted_run", message, {
    file: journalPath,
    suggestion:
      "Restore every file as it was before it: npx chimerai add mfa --rollback\nOr finish what it had begun:            npx chimerai add mfa --resume",
  })
}

function isAtWork(root: string, { pid }: Journal): boolean {
  if (pid === process.pid || Date.now() - statSync(join(root, journalPath)).mtimeMs > longestTransaction) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
