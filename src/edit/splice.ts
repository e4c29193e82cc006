/** An edit of somebody's file: text that comes in, and nothing that goes. */
export type Insertion = { at: number; text: string }

export type EditResult = { kind: "edit"; edits: Insertion[] } | { kind: "present" } | Refusal

/** @property snippet what a person can write instead, in the names of the file */
export type Refusal = {
  kind: "refuse"
  code: "parse_failed" | "name_taken" | "schema_name_taken" | "edit_unsafe"
  message: string
  offset?: number
  snippet?: string
}

/** Inserts into the original string. Insertions at one offset keep their order. */
export function applyInsertions(text: string, edits: Insertion[]): string {
  let result = ""
  let from = 0
  for (const { at, text: inserted } of inOrder(edits)) {
    result += text.slice(from, at) + inserted
    from = at
  }
  return result + text.slice(from)
}

/** Takes the insertions out of the edited text again. Null when one of them is no longer where it was put. */
export function undoInsertions(edited: string, edits: Insertion[]): string | null {
  let result = ""
  let from = 0
  let shift = 0
  for (const { at, text } of inOrder(edits)) {
    const start = at + shift
    if (!edited.startsWith(text, start)) return null
    result += edited.slice(from, start)
    from = start + text.length
    shift += text.length
  }
  return result + edited.slice(from)
}

const inOrder = (edits: Insertion[]) => edits.toSorted((a, b) => a.at - b.at)

/** The line ending most of the file uses. */
export function eolOf(text: string): "\n" | "\r\n" {
  const crlf = text.split("\r\n").length - 1
  return crlf > (text.split("\n").length - 1) / 2 ? "\r\n" : "\n"
}

/** The lines of the text that was asked for last: a file of 50,000 places is not counted through 50,000 times. */
let table: { text: string; ends: number[] } = { text: "", ends: [] }

/** The 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  if (table.text !== text) {
    const ends: number[] = []
    for (let index = text.indexOf("\n"); index !== -1; index = text.indexOf("\n", index + 1)) ends.push(index)
    table = { text, ends }
  }
  let [low, high] = [0, table.ends.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((table.ends[middle] as number) < offset) low = middle + 1
    else high = middle
  }
  return low + 1
}
