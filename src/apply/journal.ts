/**
 * The record of a transaction that is under way: every file as it was and as it will be, written before the first of
 * them changes. Being created exclusively, it is the lock as well: of two runs in one project, one gets it.
 *
 * Whoever finishes a journal writes whatever it says, so one that came with a repository is not believed: it names the
 * folder that it was written in, by path and inode, and the user; and git has none.
 */
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import ignore from "ignore"
import * as z from "zod/mini"
import { entriesOf, exists, identityOf, isFolder, readText, writtenAt } from "../disk/look"
import { type Place, placeOf } from "../disk/place"
import { createFile, flushFolder, removeEmptyFolder, removeFile } from "../disk/write"
import { CliError } from "../errors"
import { isTracked } from "./git"
import { ignorePath, ignoreText, journalPath, readStored, storeDir } from "./store"

const writeSchema = z.strictObject({
  path: z.string().check(z.minLength(1), z.regex(/^[^\0]*$/)),
  before: z.nullable(z.string()),
  after: z.nullable(z.string()),
  mode: z.nullable(z.int().check(z.nonnegative())),
})

const journalSchema = z.strictObject({
  id: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  place: z.strictObject({ root: z.string(), inode: z.string(), user: z.nullable(z.int()) }),
  pid: z.int(),
  command: z.enum(["add", "update", "remove"]),
  writes: z.array(writeSchema),
  folders: z.array(z.string()),
  emptied: z.array(z.string()),
  ignoring: z.nullable(z.string()),
})

/** A file as it must be before, and as it is afterwards. Null: it does not exist. */
export type Write = { path: string; before: string | null; after: string | null }
/** @property mode permission bits of a file that was there */
export type JournalledWrite = z.infer<typeof writeSchema>
/**
 * @property id what the names of its temporary files have in them
 * @property folders that come into being, outermost first
 * @property emptied folders that are removed at the end where they are empty then
 * @property ignoring what the store's ignore file said before the run; null where there was none
 */
export type Journal = z.infer<typeof journalSchema>

export const newId = (): string => randomBytes(16).toString("hex")

/** Where a journal counts, and for whom. */
export const boundTo = (root: string): Journal["place"] => ({
  root,
  inode: identityOf(root).inode,
  user: process.getuid?.() ?? null,
})

/** Characters. The rules of a store are a line or two; a million of them would be matched one by one, for minutes. */
const longestRules = 64 * 1024

/** What the store's ignore file says; null where there is none. @throws CliError journal_exposed: nobody writes so much */
export function readIgnoring(root: string): string | null {
  const text = readText(placeIn(root, ignorePath).target, ignorePath)
  if (text === null || text.length <= longestRules) return text
  throw exposed(`${ignorePath} is too long to be looked through`, `Leave the line journal.json in ${ignorePath}, then run this again.`)
}

/** How long a transaction may take: a journal older than this is not its process's any more, whoever has the number now. */
const longestTransaction = 60_000 // ms

const placeIn = (root: string, path: string): Place => placeOf(root, root, path)

/**
 * The temporary folder of secrets, and the file in it: a commit in the wrong moment must not take what `.env` is to hold,
 * and of the journal's name it is known that git ignores it.
 */
const secretFolder = (id: string): string => `${storeDir}/${id}`
export const secretTemporary = (id: string): string => `${secretFolder(id)}/journal.json`

/** @throws CliError run_under_way, interrupted_run: somebody else's journal is there; link_unsafe, journal_exposed */
export async function openJournal(root: string, journal: Journal): Promise<void> {
  try {
    await keepOutOfCommits(root, journal.id)
    createFile(placeIn(root, journalPath), JSON.stringify(journal), { isSecret: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw await journalThere(root)
    forgetStore(root, journal)
    throw error
  }
  try {
    flushFolder(join(root, storeDir))
  } catch (error) {
    undoJournal(root, journal)
    throw error
  }
}

/**
 * First of all: the journal holds what `.env` holds. What the ignore file says may be somebody's own, or half of ours,
 * from a run that was killed while it wrote it.
 * @throws CliError journal_exposed
 */
async function keepOutOfCommits(root: string, id: string): Promise<void> {
  // What git tracks, it takes into the next commit whatever it is told to ignore.
  if (await isTracked(root, journalPath))
    throw exposed(
      "git tracks a file of its name",
      `Take it out of the repository, commit that, then run this again: git rm --cached ${journalPath}`,
    )
  const place = placeIn(root, ignorePath)
  const text = readIgnoring(root)
  if (text === null) return createFile(place, ignoreText)
  if (text !== ignoreText && ignoreText.startsWith(text)) {
    // Not added to: of a file with several names, another one may be outside.
    removeFile(place)
    return createFile(place, ignoreText)
  }
  const rules = ignore({ ignorecase: false }).add(text)
  // A NUL ends a line to git, and to nobody else: such rules may say the contrary there.
  const isReadAlike = !text.includes("\0")
  if (isReadAlike && [journalPath, secretTemporary(id)].every((path) => rules.ignores(path.slice(storeDir.length + 1)))) return
  throw exposed(`${ignorePath} does not keep it out of commits`, `Add the line journal.json to ${ignorePath}, then run this again.`)
}

const exposed = (why: string, suggestion: string): CliError =>
  new CliError("journal_exposed", `A run keeps what it changes in ${journalPath}, secrets included, and ${why}. Nothing was changed.`, {
    file: ignorePath,
    suggestion,
  })

/** A run is over, and what it has done stays. */
export function closeJournal(root: string): void {
  remove(root, journalPath)
  tidyStore(root)
}

/** A run is over, and everything is to be as it was before it. */
export function undoJournal(root: string, journal: Journal): void {
  remove(root, journalPath)
  forgetStore(root, journal)
}

/**
 * The ignore file becomes what it was before the run, unless somebody has edited it since; whatever else is in the store
 * stays. That comes after the journal is gone: what it was may not have kept that out of commits.
 */
function forgetStore(root: string, { ignoring, folders }: Journal): void {
  const now = readStored(root, ignorePath)
  if (ignoring !== null) {
    if (now === ignoring || (now !== null && now !== ignoreText)) return
    remove(root, ignorePath)
    createFile(placeIn(root, ignorePath), ignoring)
    return
  }
  remove(root, ignorePath)
  if (folders.includes(storeDir)) removeEmptyFolder(placeIn(root, storeDir))
}

function remove(root: string, path: string): void {
  removeFile(placeIn(root, path))
}

/** To be called when nothing is in it any more. */
export function removeSecretFolder(root: string, id: string): void {
  if (exists(join(root, secretFolder(id)))) removeEmptyFolder(placeIn(root, secretFolder(id)))
}

/**
 * A store with nothing in it goes: where nothing is installed, nothing is kept. An ignore file that says something else
 * than ours is somebody's.
 */
export function tidyStore(root: string): void {
  const { target } = placeIn(root, storeDir)
  if (!isFolder(target) || entriesOf(target).some(({ name }) => `${storeDir}/${name}` !== ignorePath)) return
  if (!ignoreText.startsWith(readStored(root, ignorePath) ?? "")) return
  remove(root, ignorePath)
  removeEmptyFolder(placeIn(root, storeDir))
}

/**
 * Null: no run was interrupted. `"unwritten"`: one was, before it had changed anything.
 * @throws CliError journal_foreign; link_unsafe, special_file, file_too_large
 */
export async function readJournal(root: string): Promise<Journal | "unwritten" | null> {
  const text = readStored(root, journalPath)
  if (text === null) return null
  const { user } = identityOf(join(root, journalPath))
  if (user !== boundTo(root).user) throw foreign("belongs to another user")
  if (await isTracked(root, journalPath)) throw foreign("is in git")
  const value = parsed(text)
  // It was cut off while it was written, which is before anything else is.
  if (value === undefined) return "unwritten"
  const result = journalSchema.safeParse(value)
  if (!result.success) throw foreign("is not what this version of chimerai writes")
  const [here, there] = [boundTo(root), result.data.place]
  if (here.user !== there.user) throw foreign("was written by another user")
  if (here.root !== there.root || here.inode !== there.inode) throw foreign(`was written for another folder, ${there.root}`)
  return result.data
}

/** Undefined: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const foreign = (why: string): CliError =>
  new CliError("journal_foreign", `${journalPath} ${why}: it may have come with the project. Nothing was changed.`, {
    file: journalPath,
    suggestion:
      "If no run of yours was interrupted in this folder, delete it: rm .chimerai/journal.json\nIf one was, --rollback and --resume work as the same user, in the folder where it ran, with the same version.",
  })

/** @throws CliError run_under_way, interrupted_run when an earlier run did not get to its end; as `readJournal` */
export async function assertNoJournal(root: string): Promise<void> {
  if (readStored(root, journalPath) !== null) throw await journalThere(root)
  // In its place no journal could be written.
  if (exists(join(root, journalPath))) throw foreign("is a folder")
}

/** @throws CliError run_under_way: whoever has written the journal is still at it */
export function assertNobodyAtWork(root: string, journal: Journal): void {
  if (isAtWork(root, journal)) throw underWay(journal.pid)
}

const underWay = (pid: number | "unknown"): CliError =>
  new CliError("run_under_way", `Another chimerai (process ${pid}) is at work in this project. Nothing was changed.`, {
    file: journalPath,
    suggestion: "Wait for it to end, then run this again.",
  })

async function journalThere(root: string): Promise<CliError> {
  const journal = await readJournal(root)
  // Another run is about to write it, or has just removed it.
  if (journal === null) return underWay("unknown")
  if (journal !== "unwritten" && isAtWork(root, journal)) return underWay(journal.pid)
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
  if (pid === process.pid || Date.now() - writtenAt(join(root, journalPath)) > longestTransaction) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
