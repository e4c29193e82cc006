/** Three-way merges, for files that their user has edited since we wrote them. Pure: texts in, a text or nothing out. */
import { diffArrays } from "diff"
import { diff3Merge } from "node-diff3"
import type { Insertion } from "./splice"
import { undoInsertions } from "./splice"

export type Merge = { text: string; conflicts: number }

/**
 * What both have changed of `base`, line by line. Where both changed the same lines differently, `mine` stands between
 * markers with `theirs`.
 */
export function merge(mine: string, base: string, theirs: string): Merge {
  let conflicts = 0
  const regions = diff3Merge(linesOf(mine), linesOf(base), linesOf(theirs), { excludeFalseConflicts: true })
  const parts = regions.map(({ ok, conflict }) => {
    if (ok) return ok.join("")
    conflicts++
    return conflict ? marked(conflict.a.join(""), conflict.b.join("")) : ""
  })
  return { text: parts.join(""), conflicts }
}

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
const marked = (mine: string, theirs: string): string => `<<<<<<< yours\n${ended(mine)}=======\n${ended(theirs)}>>>>>>> chimerai\n`
const ended = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n`)

/**
 * Takes insertions out of a text that may have been edited around them since.
 * @param left the text as it was left with them
 * @returns null where one of them has been edited itself
 */
export function takeOut(now: string, left: string, insertions: Insertion[]): string | null {
  const before = undoInsertions(left, insertions)
  if (before === null || now === left) return before
  return mergeFinely(now, left, before, [linesOf, wordsOf])
}

/** First by lines, which is fast; what is in conflict then, by words. */
function mergeFinely(mine: string, base: string, theirs: string, [split, ...finer]: ((text: string) => string[])[]): string | null {
  if (!split) return null
  let text = ""
  for (const { ok, conflict } of diff3Merge(split(mine), split(base), split(theirs), { excludeFalseConflicts: true })) {
    const part = ok ? ok.join("") : conflict && mergeFinely(conflict.a.join(""), conflict.o.join(""), conflict.b.join(""), finer)
    if (part === null || part === undefined) return null
    text += part
  }
  return text
}

const wordsOf = (text: string): string[] => text.match(/\r?\n|[^\S\n]+|\w+|[^\w\s]/g) ?? []

/** How `after` comes from `before` by insertions alone; null where something is gone. */
export function insertionsBetween(before: string, after: string): Insertion[] | null {
  const insertions: Insertion[] = []
  let at = 0
  for (const { value, added, removed } of diffArrays(wordsOf(before), wordsOf(after))) {
    const text = value.join("")
    if (removed) return null
    if (added) insertions.push({ at, text })
    else at += text.length
  }
  return insertions
}
