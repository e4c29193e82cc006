/** Three-way merges, for files that their user has edited since we wrote them. Pure: texts in, a text or nothing out. */
import { diff3Merge } from "node-diff3"
import { differences } from "./differences"
import type { Insertion } from "./splice"
import { undoInsertions } from "./splice"

export type Merge = { text: string; conflicts: number }

/**
 * What both have changed of `base`, line by line. Where both changed the same lines differently, `mine` stands between
 * markers with `theirs`.
 */
export function merge(mine: string, base: string, theirs: string): Merge {
  let conflicts = 0
  const texts = [linesOf(mine), linesOf(base), linesOf(theirs)] as const
  const effort = pairs(texts[0], texts[1]) + pairs(texts[2], texts[1])
  if (effort > pairsLeft) return { text: marked(mine, theirs), conflicts: 1 }
  pairsLeft -= effort
  const regions = diff3Merge(...texts, { excludeFalseConflicts: true })
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

/** Each of them is looked at, in all merges of a run. A file of ours, and any that people write, has some thousand. */
let pairsLeft = 10_000_000

/** How often a line of one text is one of the other as well. */
function pairs(one: string[], other: string[]): number {
  const counts = new Map<string, number>()
  for (const line of other) counts.set(line, (counts.get(line) ?? 0) + 1)
  return one.reduce((sum, line) => sum + (counts.get(line) ?? 0), 0)
}

/** How many lines have to go, or to come, to make one text of another. */
export function distance(from: string, to: string): number {
  const parts = differences(linesOf(from), linesOf(to))
  if (!parts) return Number.POSITIVE_INFINITY
  return parts.reduce((lines, { added, removed, value }) => lines + (added || removed ? value.length : 0), 0)
}

/**
 * Takes insertions out of a text that may have been edited around them since. One that is gone already is left gone.
 * @param left the text as it was left with them
 * @returns null where one of them has been edited itself
 */
export function takeOut(now: string, left: string, insertions: Insertion[]): string | null {
  const before = undoInsertions(left, insertions)
  if (before === null || now === left) return before
  const alignment = align(left, now)
  if (alignment === null) return null
  const { segments: common, unknown } = alignment
  const cuts: Range[] = []
  let shift = 0
  for (const { at, text } of insertions.toSorted((a, b) => a.at - b.at)) {
    const [from, to] = [at + shift, at + shift + text.length]
    if (unknown.some((range) => range.from < to && from < range.to)) return null
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
    const pieces = piecesOf(common, from, to).filter((piece) => now.slice(piece.from, piece.to).trim() !== "")
    const cut = whole ?? remains(now, left.slice(from, to), pieces, cuts.at(-1)?.to ?? 0)
    if (cut) cuts.push(cut)
    else if (pieces.length > 0) return null
  }
  return cuts.toReversed().reduce((text, { from, to }) => text.slice(0, from) + text.slice(to), now)
}

type Range = { from: number; to: number }

/** What a range of the left text is now: what of it is common to both. */
function piecesOf(common: Segment[], from: number, to: number): Range[] {
  return common.flatMap(({ left, now, length }) => {
    const [start, end] = [Math.max(left, from), Math.min(left + length, to)]
    return start < end ? [{ from: start - left + now, to: end - left + now }] : []
  })
}

/**
 * Where lines of ours still stand of which some have been deleted, or spaced otherwise. Nothing else may stand among
 * them: what is cut then is nobody else's.
 * @param own the insertion as it was
 * @param pieces what of it is still to be found, blank ones left out
 * @param free where the text begins that is not spoken for
 */
function remains(now: string, own: string, pieces: Range[], free: number): Range | null {
  const [first, last] = [pieces[0], pieces.at(-1)]
  if (!first || !last) return null
  const found = now.slice(first.from, last.to)
  const [from, to] = [last.to - found.trimStart().length, first.from + found.trimEnd().length]
  const standsAlone = /(^|\n)[^\S\n]*$/.test(now.slice(0, from)) && /^[^\S\n]*(\n|$)/.test(now.slice(to))
  const lines = (text: string) => linesOf(text).flatMap((line) => (line.trim() === "" ? [] : [line.trim().replace(/\s+/g, " ")]))
  const ours = lines(own)
  let at = 0
  const isNext = (line: string): boolean => {
    at = ours.indexOf(line, at) + 1
    return at > 0
  }
  if (!standsAlone || ours.length < 2 || !lines(now.slice(from, to)).every(isNext)) return null
  const [before, after] = [own.slice(0, own.length - own.trimStart().length), own.slice(own.trimEnd().length)]
  const start = from - before.length >= free && now.slice(0, from).endsWith(before) ? from - before.length : from
  return start < free ? null : { from: start, to: now.startsWith(after, to) ? to + after.length : to }
}

/**
 * Ranges whose removal gives the same text: a line break and the line after it, or that line and its own break. Where
 * somebody has put a line between, one of them is still in one piece.
 */
function equalRanges(text: string, from: number, to: number): Range[] {
  const ranges = [{ from, to }]
  for (let step = 0; step < 4 && text[from + step] === text[to + step] && to + step < text.length; step++)
    ranges.push({ from: from + step + 1, to: to + step + 1 })
  for (let step = 1; step <= 4 && from - step >= 0 && text[from - step] === text[to - step]; step++)
    ranges.push({ from: from - step, to: to - step })
  return ranges
}

type Segment = { left: number; now: number; length: number }

/** @property unknown where the left text differs so much that what is left of it there is not looked for */
type Alignment = { segments: Segment[]; unknown: Range[] }

/** What two texts have in common, in order: by lines, and by words where lines differ. Null: next to nothing. */
function align(left: string, now: string): Alignment | null {
  const segments: Segment[] = []
  const unknown: Range[] = []
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
    const words = differences(wordsOf(removed), wordsOf(added))
    if (!words) {
      unknown.push({ from: at.left, to: at.left + removed.length })
      at.left += removed.length
      at.now += added.length
      return
    }
    for (const part of words) {
      const { length } = part.value.join("")
      if (part.removed) at.left += length
      else if (part.added) at.now += length
      else keep(length)
    }
  }
  const lines = differences(linesOf(left), linesOf(now))
  if (!lines) return null
  for (const { value, added, removed } of lines) {
    const text = value.join("")
    if (removed) hunk.removed += text
    else if (added) hunk.added += text
    else {
      close()
      keep(text.length)
    }
  }
  close()
  return { segments, unknown }
}

const wordsOf = (text: string): string[] => text.match(/\r?\n|[^\S\n]+|\w+|[^\w\s]/g) ?? []

/** How `after` comes from `before` by insertions alone; null where something is gone. */
export function insertionsBetween(before: string, after: string): Insertion[] | null {
  const insertions: Insertion[] = []
  const common = align(before, after)
  if (common === null) return null
  const at = { before: 0, after: 0 }
  for (const { left, now, length } of [...common.segments, { left: before.length, now: after.length, length: 0 }]) {
    if (left !== at.before) return null
    if (now > at.after) insertions.push({ at: left, text: after.slice(at.after, now) })
    Object.assign(at, { before: left + length, after: now + length })
  }
  return insertions
}
