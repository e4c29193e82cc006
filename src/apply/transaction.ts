import { dirname, join } from "node:path"
import { entryAt, exists, modeOf } from "../disk/look"
import { isLink, type Place, placeOf, writablePlace } from "../disk/place"
import { holdsSecrets } from "../disk/secrets"
import { flushFolder, removeEmptyFolder, removeFile, replaceFile } from "../disk/write"
import { CliError } from "../errors"
import { checkPlaces, checkTexts, failure, messageOf, read } from "./checks"
import {
  assertNobodyAtWork,
  assertNoJournal,
  boundTo,
  closeJournal,
  type Journal,
  newId,
  openJournal,
  readIgnoring,
  readJournal,
  removeSecretFolder,
  secretTemporary,
  tidyStore,
  undoJournal,
  type Write,
} from "./journal"
import { ignorePath, journalPath, storeDir } from "./store"

export type { Write } from "./journal"
/**
 * @property verify looks at what was written, once everything is; where it throws, everything is restored
 * @property emptied folders that go where nothing is left in them
 */
export type Transaction = { command: Journal["command"]; writes: Write[]; verify(): Promise<void>; emptied?: string[] }

/**
 * Writes all files or none. The journal comes first, then each file is replaced by an atomic rename; any failure or
 * signal on the way restores what was, in reverse order. Nothing is lost when the process, or the machine, dies instead:
 * `rollBack` and `resume` go on from the journal.
 * @param root the app, from which paths are named
 * @param boundary the folder outside of which nothing is written: the app's, or its workspace's
 * @throws CliError not_writable, outside_root, path_forbidden, link_unsafe, special_file, file_too_large, file_changed,
 * interrupted_run, run_under_way, journal_foreign, journal_exposed (nothing written); apply_failed, disk_full,
 * verification_failed, cancelled (rolled back); rollback_failed (the journal is kept); folder_vanished
 */
export async function commit(root: string, boundary: string, transaction: Transaction): Promise<void> {
  const interrupt = watchSignals()
  try {
    const journal = await begin(root, boundary, transaction)
    try {
      const changed: Place[] = []
      for (const write of journal.writes) {
        await interrupt.heed()
        assertThere(root)
        changed.push(carryOut(root, boundary, journal.id, write))
      }
      await transaction.verify()
      await interrupt.heed()
      conclude(root, boundary, journal, changed, "done")
    } catch (error) {
      undo(root, boundary, journal, error)
    }
  } finally {
    interrupt.stop()
  }
}

/** Looks at every place, and writes the journal. @throws CliError: nothing is changed then */
async function begin(root: string, boundary: string, { command, writes, emptied = [] }: Transaction): Promise<Journal> {
  assertThere(root)
  await assertNoJournal(root)
  checkPlaces(root, boundary, writes)
  const journal: Journal = {
    id: newId(),
    place: boundTo(root),
    pid: process.pid,
    command,
    writes: writes.map((write) => ({ ...write, mode: modeOf(join(root, write.path)) })),
    folders: missingFolders(root, [...writes.filter(({ after }) => after !== null).map(({ path }) => path), journalPath]),
    emptied,
    ignoring: readIgnoring(root),
  }
  try {
    await openJournal(root, journal)
  } catch (error) {
    throw error instanceof CliError ? error : failure(error, "Nothing was changed.")
  }
  try {
    // Again, now that nobody else can be at work here; and what is in the files counts from now on.
    checkTexts(writes, checkPlaces(root, boundary, writes))
  } catch (error) {
    undoJournal(root, journal)
    throw error
  }
  return journal
}

/** @throws CliError always: what went wrong, and that every file is as it was, or that it is not */
function undo(root: string, boundary: string, journal: Journal, cause: unknown): never {
  // Where nothing is left, nothing is restored: whoever took the folder away does not want some of its files back.
  assertThere(root)
  try {
    restore(root, boundary, journal)
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
  if (exists(root)) return
  throw new CliError("folder_vanished", `${root} is gone: there is nothing to write to, and nothing was put in its place.`, {
    suggestion: "Run this again where the app is now.",
  })
}

/** What became of an interrupted run. `kept` are files that somebody has edited since: they are left as they are. */
export type Recovery = { command: string; paths: string[]; kept: string[] }

/**
 * Puts back what an interrupted run has changed. @returns null when there is none
 * @throws CliError journal_foreign; outside_root, path_forbidden, link_unsafe: what the journal names leads elsewhere by
 * now; rollback_failed (the journal is kept)
 */
export async function rollBack(root: string, boundary: string): Promise<Recovery | null> {
  const journal = await readJournal(root)
  // Where the process died beside the journal: before it was there, or after it was gone.
  if (journal === null) tidyStore(root)
  if (journal === null) return null
  if (journal === "unwritten") {
    closeJournal(root)
    return { command: "", paths: [], kept: [] }
  }
  assertNobodyAtWork(root, journal)
  for (const { path } of journal.writes) placeOf(root, boundary, path)
  try {
    const kept = restore(root, boundary, journal)
    return { command: journal.command, paths: journal.writes.map(({ path }) => path), kept }
  } catch (error) {
    throw notRestored(`Restoring the files failed: ${messageOf(error)}`)
  }
}

/**
 * Finishes what an interrupted run had begun. @returns null when there is none
 * @throws CliError as `rollBack`; file_changed: a file is neither as that run found it nor as it would leave it; nothing
 * more is written
 */
export async function resume(root: string, boundary: string): Promise<Recovery | null> {
  const journal = await readJournal(root)
  if (journal === null || journal === "unwritten") return rollBack(root, boundary)
  assertNobodyAtWork(root, journal)
  const places = new Map(journal.writes.map(({ path }) => [path, placeOf(root, boundary, path)]))
  const open = journal.writes.filter(({ path, after }) => read(places.get(path) as Place) !== after)
  checkTexts(open, checkPlaces(root, boundary, open))
  try {
    removeTemporaries(root, boundary, journal)
    for (const write of open) carryOut(root, boundary, journal.id, write)
    conclude(root, boundary, journal, [...places.values()], "done")
  } catch (error) {
    throw failure(error, "The run is still unfinished: --resume and --rollback go on from here.")
  }
  return { command: journal.command, paths: journal.writes.map(({ path }) => path), kept: [] }
}

/** Each place is looked up right before it is written to: links may have changed since the last look. */
function carryOut(root: string, boundary: string, id: string, { path, after }: Write): Place {
  const place = placeOf(root, boundary, path)
  if (after === null) removeFile(place)
  else replaceFile(place, after, { temporary: temporaryOf(root, place, id), isSecret: holdsSecrets(path) })
  return place
}

/** Beside the file, for there it is on the same disk; a secret on its way is where git ignores it. */
function temporaryOf(root: string, { path, target }: Place, id: string): Place {
  if (holdsSecrets(path)) return placeOf(root, root, secretTemporary(id))
  const temporary = join(dirname(target), `.${id}.chimerai`)
  return { path, target: temporary, existing: dirname(target) }
}

/**
 * The files are on the disk before the journal is off it; `folders` that are empty go before it does, so that a run that
 * dies here is found to be unfinished. The store goes last.
 */
function conclude(root: string, boundary: string, journal: Journal, changed: Place[], outcome: "done" | "undone"): void {
  const parents = new Set(changed.map(({ target }) => dirname(target)))
  for (const folder of parents) if (exists(folder)) flushFolder(folder)
  removeEmptyFolders(
    root,
    boundary,
    (outcome === "done" ? journal.emptied : journal.folders).filter((folder) => folder !== storeDir),
  )
  removeSecretFolder(root, journal.id)
  if (outcome === "done") closeJournal(root)
  else undoJournal(root, journal)
}

/** Undoes in reverse order. @returns files that are somebody's work since: neither the old text nor ours */
function restore(root: string, boundary: string, journal: Journal): string[] {
  const { id, writes } = journal
  const kept: string[] = []
  const places: Place[] = []
  removeTemporaries(root, boundary, journal)
  for (const { path, before, after, mode } of writes.toReversed()) {
    const place = placeOf(root, boundary, path)
    places.push(place)
    const now = read(place)
    if (now === before) continue
    const isTheirs = (now !== after && now !== null) || (before === null && isLink(root, place))
    if (isTheirs) kept.push(path)
    else if (before === null) removeFile(place)
    else replaceFile(place, before, { temporary: temporaryOf(root, place, id), ...(mode !== null && { lost: mode }) })
  }
  conclude(root, boundary, journal, places, "undone")
  return kept
}

/** What a killed run, or a rollback that was killed itself, has left of its temporary files. */
function removeTemporaries(root: string, boundary: string, { id, writes }: Journal): void {
  const places = [...writes.map(({ path }) => placeOf(root, boundary, path)), placeOf(root, root, ignorePath)]
  for (const target of new Set(places.map((place) => temporaryOf(root, place, id).target)))
    removeFile({ path: storeDir, target, existing: target })
}

/** Folders that writing `paths` will make, outermost first. */
export function missingFolders(root: string, paths: string[]): string[] {
  const folders = new Set(
    paths.flatMap((path) => {
      const parts = dirname(path).split("/")
      return parts.map((_, index) => parts.slice(0, index + 1).join("/"))
    }),
  )
  const missing = [...folders].filter((folder) => folder !== "." && !exists(join(root, folder)))
  return missing.toSorted((a, b) => a.length - b.length)
}

/** Removes folders that are empty, innermost first; those that a link leads to are not ours. */
function removeEmptyFolders(root: string, boundary: string, folders: string[]): void {
  for (const folder of folders.toSorted((a, b) => b.length - a.length)) {
    if (entryAt(join(root, folder)) !== "folder") continue
    const place = writablePlace(root, boundary, folder)
    if (place !== null) removeEmptyFolder(place)
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
