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
 * Takes insertions out of a text that may have been edited around them since. One that is gone already is left gone.
 * @param left the text as it was left with them
 * @returns null where one of them has been edited itself
 */
export function takeOut(now: string, left: string, insertions: Insertion[]): string | null {
  const before = undoInsertions(left, insertions)
  if (before === null || now === left) return before
  const common = align(left, now)
  const cuts: { from: number; to: number }[] = []
  let shift = 0
  for (const { at, text } of insertions.toSorted((a, b) => a.at - b.at)) {
    const [from, to] = [at + shift, at + shift + text.length]
    shift += text.length
    const whole = equalRanges(left, from, to).flatMap((range) => {
      const own = left.slice(range.from, range.to)
      // Blank lines around it are like any others, and may be matched with those beside a line that somebody has added.
      const [core, end] =
        own.trim() === "" ? [range.from, range.to] : [range.to - own.trimStart().length, range.from + own.trimEnd().length]
      const segment = common.find((one) => one.left <= core && one.left + one.length >= end)
      const start = segment ? range.from - segment.left + segment.now : -1
      const isFree = start >= (cuts.at(-1)?.to ?? 0)
      return segment && isFree && now.startsWith(own, start) ? [{ from: start, to: start + own.length }] : []
    })[0]
    if (whole) cuts.push(whole)
    else if (common.some((segment) => left.slice(Math.max(segment.left, from), Math.min(segment.left + segment.length, to)).trim() !== ""))
      return null
  }
  return cuts.toReversed().reduce((text, { from, to }) => text.slice(0, from) + text.slice(to), now)
}

/**
 * Ranges whose removal gives the same text: a line break and the line after it, or that line and its own break. Where
 * somebody has put a line between, one of them is still in one piece.
 */
function equalRanges(text: string, from: number, to: number): { from: number; to: number }[] {
  const ranges = [{ from, to }]
  for (let step = 0; step < 4 && text[from + step] === text[to + step] && to + step < text.length; step++)
    ranges.push({ from: from + step + 1, to: to + step + 1 })
  for (let step = 1; step <= 4 && from - step >= 0 && text[from - step] === text[to - step]; step++)
    ranges.push({ from: from - step, to: to - step })
  return ranges
}

type Segment = { left: number; now: number; length: number }

/** What two texts have in common, in order: by lines, and by words where lines differ. */
function align(left: string, now: string): Segment[] {
  const segments: Segment[] = []
  const at = { left: 0, now: 0 }
  const keep = (length: number) => {
    const last = segments.at(-1)
    if (last && last.left + last.length === at.left && last.now + last.length === at.now) last.length += length
    else segments.push({ ...at, length })
    at.left += length
    at.now += length
  }
  const hunk = { removed: "", added: "" }
  const close = () => {
    const { removed, added } = hunk
    Object.assign(hunk, { removed: "", added: "" })
    for (const part of diffArrays(wordsOf(removed), wordsOf(added))) {
      const { length } = part.value.join("")
      if (part.removed) at.left += length
      else if (part.added) at.now += length
      else keep(length)
    }
  }
  for (const { value, added, removed } of diffArrays(linesOf(left), linesOf(now))) {
    const text = value.join("")
    if (removed) hunk.removed += text
    else if (added) hunk.added += text
    else {
      close()
      keep(text.length)
    }
  }
  close()
  return segments
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
