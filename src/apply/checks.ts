/** What is looked at before the first write: every place, and then, when nobody else can be at work, every text. */
import { entryAt, isPossible, readText } from "../disk/look"
import { isLink, type Place, placeOf, unsafeLink } from "../disk/place"
import { assertWritable } from "../disk/write"
import { CliError } from "../errors"
import type { Write } from "./journal"

/**
 * Whether everything may be written, and to which files. @returns the places, in the order of the writes
 * @throws CliError, whatever it is that goes wrong: nothing is written yet
 */
export function checkPlaces(root: string, boundary: string, writes: Write[]): Place[] {
  const names = new Map<string, string>()
  const writable = new Set<string>()
  return beforeAnyWrite(() =>
    writes.map((write) => {
      const place = checkPlace(root, boundary, write, writable)
      const other = names.get(place.target)
      // What is written to one of them would be in the other: an empty key of `.env.example` in `.env`.
      if (other !== undefined) throw unsafeLink(write.path, `and ${other} are the same file, ${place.target}.`)
      names.set(place.target, write.path)
      return place
    }),
  )
}

function checkPlace(root: string, boundary: string, { path, before, after }: Write, writable: Set<string>): Place {
  const place = placeOf(root, boundary, path)
  // No text was read there.
  if (before === null && entryIn(place) === "folder")
    throw new CliError("file_exists", `${path} is a folder, and a file of that name was to be written. Nothing was changed.`, {
      file: path,
      suggestion: "Move or rename the folder, then run this again.",
    })
  if (!isPossible(place.target))
    throw notWritable(path, "its name is too long", "Give the file, or the folders that it is in, a shorter name, then run this again.")
  // Met in the middle of the writes, it would be a failure.
  if (place.existing !== place.target && entryAt(place.existing) !== "folder")
    throw notWritable(path, "a file is where its folder would be", "Move or rename that file, then run this again.")
  try {
    assertWritable(place, writable)
  } catch {
    throw notWritable(path, "it is write-protected", "Give yourself write permission, then run this again.")
  }
  // To give it back, one would have to know where it led.
  if (after === null && isLink(root, place)) throw unsafeLink(path, "is a link, and is not removed.")
  return place
}

const notWritable = (path: string, why: string, suggestion: string): CliError =>
  new CliError("not_writable", `${path} cannot be written: ${why}. Nothing was changed.`, { file: path, suggestion })

/** Nothing is looked at where it is known that nothing is there. */
const entryIn = ({ target, existing }: Place) => (existing === target ? entryAt(target) : null)

/** @throws CliError file_changed: a file is not as it was planned with */
export function checkTexts(writes: Write[], places: Place[]): void {
  beforeAnyWrite(() => {
    for (const [index, place] of places.entries())
      if (read(place) !== writes[index]?.before)
        throw new CliError("file_changed", `${place.path} changed while the plan was made. Nothing was changed.`, {
          file: place.path,
          suggestion: "Run this again.",
        })
  })
}

function beforeAnyWrite<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw error instanceof CliError ? error : failure(error, "Nothing was changed.")
  }
}

/** The text of a file at its place; null where there is none. */
export const read = ({ path, target }: Place): string | null => readText(target, path)

export function failure(error: unknown, state: string): CliError {
  const { code } = error as NodeJS.ErrnoException
  const isFull = code === "ENOSPC" || code === "EDQUOT"
  return new CliError(isFull ? "disk_full" : "apply_failed", `${messageOf(error)} ${state}`, {
    suggestion: isFull ? "Make room, then run this again." : "Mend the cause, then run this again.",
  })
}

export const messageOf = (error: unknown): string => `${(error as Error).message.replace(/\.$/, "")}.`
