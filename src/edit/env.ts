import { type EditResult, eolOf, type Insertion } from "./splice"

export type EnvEntry = { name: string; value: string; comment: string }

/**
 * @property line what the line of the name says of the value, where that has several
 * @property start where its line begins
 * @property valueAt where a value goes that it has not
 * @property end of the last line of it, before the break
 */
export type Assignment = { name: string; value: string; line: string; start: number; valueAt: number; end: number }

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
    const last = endOfLine(text, quoted?.end ?? end)
    const valueAt = quoted && quoted.end <= end ? quoted.end - 1 - quoted.value.length : start
    yield { name, value: quoted?.value ?? line, line, start: at, valueAt, end: last }
    at = last + 1
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

/** Gives a value to entries that are there without one; the last one of a name counts. */
export function fillEnv(text: string, entries: EnvEntry[]): Insertion[] {
  const assigned = new Map(Array.from(assignmentsOf(text), (found) => [found.name, found] as const))
  const fills = entries.flatMap(({ name, value }) => {
    const found = assigned.get(name)
    if (found?.value !== "" || value === "") return []
    // Behind a colon there has to be a blank.
    return [{ at: found.valueAt, text: text.charAt(found.valueAt - 1) === ":" ? ` ${value}` : value }]
  })
  return fills.toSorted((a, b) => a.at - b.at)
}

/** Without the lines that assign `names`, and the comment above each. */
export function withoutAssignments(text: string, names: string[]): string {
  let rest = ""
  let from = 0
  for (const { name, start, end } of assignmentsOf(text)) {
    if (!names.includes(name)) continue
    const before = text.slice(from, start)
    rest += before.replace(/(?<=^|\n)#[^\n]*\n$/, "")
    from = end + (/^\r?\n|^\r/.exec(text.slice(end, end + 2))?.[0].length ?? 0)
  }
  return rest + text.slice(from)
}

/** With no value for `names`, where they stand for the last time. */
export function withoutValues(text: string, names: string[]): string {
  const assigned = new Map(Array.from(assignmentsOf(text), (found) => [found.name, found] as const))
  const found = names.flatMap((name) => assigned.get(name) ?? [])
  return found
    .toSorted((a, b) => b.valueAt - a.valueAt)
    .reduce((rest, { value, valueAt, end }) => {
      const at = rest.indexOf(value, valueAt)
      const from = text.charAt(valueAt - 1) === ":" ? valueAt : at
      return at === -1 || at + value.length > end ? rest : rest.slice(0, from) + rest.slice(at + value.length)
    }, text)
}
