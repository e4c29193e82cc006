import { type EditResult, eolOf } from "./splice"

export type EnvEntry = { name: string; value: string; comment: string }

/** @property line what the line of the name says of the value, where that has several */
export type Assignment = { name: string; value: string; line: string }

const assignment = /[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*(?:=|:(?=\s))/y

/**
 * What an env file assigns, in its order, as dotenv reads it: the text in quotes may have several lines, be they like
 * assignments themselves, and begin on a later one; without quotes a `#` begins a remark.
 */
export function* assignmentsOf(text: string): Generator<Assignment> {
  for (let at = 0; at < text.length; ) {
    assignment.lastIndex = at
    const name = assignment.exec(text)?.[1]
    const end = endOfLine(text, at)
    if (name === undefined) {
      at = end + 1
      continue
    }
    const start = assignment.lastIndex
    const quoted = quotedAt(text, start)
    const line = plainValue(text.slice(start, end))
    yield { name, value: quoted?.value ?? line, line }
    at = endOfLine(text, quoted?.end ?? end) + 1
  }
}

function endOfLine(text: string, at: number): number {
  const breaks = /[\r\n]/g
  breaks.lastIndex = at
  return breaks.exec(text)?.index ?? text.length
}

/** What stands in quotes behind `at`, where nothing but a remark follows them. */
function quotedAt(text: string, at: number): { value: string; end: number } | null {
  const blank = /\s*/y
  blank.lastIndex = at
  blank.exec(text)
  const start = blank.lastIndex
  const quote = text.charAt(start)
  if (quote === "" || !"\"'`".includes(quote)) return null
  let end = text.indexOf(quote, start + 1)
  while (end !== -1 && text.charAt(end - 1) === "\\") end = text.indexOf(quote, end + 1)
  if (end === -1) return null
  const rest = text.slice(end + 1, endOfLine(text, end + 1)).trim()
  return rest === "" || rest.startsWith("#") ? { value: text.slice(start + 1, end), end: end + 1 } : null
}

const plainValue = (rest: string): string => (rest.split("#", 1)[0] ?? "").trim().replace(/^(["'`])(.*)\1$/, "$2")

/** Appends entries that are missing. A key that is there, with whatever value, is never touched. */
export function appendEnv(text: string, entries: EnvEntry[]): EditResult {
  const assigned = new Set(Array.from(assignmentsOf(text), ({ name }) => name))
  const missing = entries.filter(({ name }) => !assigned.has(name))
  if (missing.length === 0) return { kind: "present" }
  const eol = eolOf(text)
  const lines = missing.flatMap(({ name, value, comment }) => [`# ${comment}`, `${name}=${value}`])
  const gap = text === "" ? "" : text.endsWith("\n") ? eol : eol + eol
  return { kind: "edit", edits: [{ at: text.length, text: gap + lines.join(eol) + eol }] }
}
