import { type JSONPath, modify, type ParseError, parse, parseTree, findNodeAtLocation } from "jsonc-parser"
import { applyInsertions, type EditResult, eolOf, type Insertion } from "./splice"

export type Dependency = { name: string; range: string; dev: boolean }

/** Adds dependencies that the file does not have, in alphabetical order, in the file's own indentation. */
export function addDependencies(text: string, dependencies: Dependency[]): EditResult {
  const errors: ParseError[] = []
  parse(text.replace(/^\uFEFF/, " "), errors)
  if (errors.length > 0) return { kind: "refuse", code: "parse_failed", message: "package.json is not valid JSON." }
  const missing = missingDependencies(text, dependencies)
  if (missing.length === 0) return { kind: "present" }
  // One at a time: each sees the text with the earlier ones in it, and all of them become one insertion per field.
  let after = text
  for (const dependency of missing) after = insertOne(after, dependency)
  const edits = diffInsertions(text, after)
  if (!edits || applyInsertions(text, edits) !== after) return { kind: "refuse", code: "edit_unsafe", message: "package.json has a layout that cannot be extended in place." }
  return { kind: "edit", edits }
}

/** Those that the file does not name at all; a range that is there is kept, whatever it is. */
export function missingDependencies(text: string, dependencies: Dependency[]): Dependency[] {
  const tree = parseTree(text.replace(/^\uFEFF/, " "))
  return dependencies.filter(({ name }) => !tree || !["dependencies", "devDependencies"].some((field) => findNodeAtLocation(tree, [field, name])))
}

function insertOne(text: string, { name, range, dev }: Dependency): string {
  const path: JSONPath = [dev ? "devDependencies" : "dependencies", name]
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? "  "
  const edits = modify(text, path, range, {
    formattingOptions: { insertSpaces: !indent.includes("\t"), tabSize: indent.includes("\t") ? 1 : indent.length, eol: eolOf(text) },
    getInsertionIndex: (names) => {
      const index = names.findIndex((other) => other > name)
      return index === -1 ? names.length : index
    },
  })
  return edits.toReversed().reduce((result, edit) => result.slice(0, edit.offset) + edit.content + result.slice(edit.offset + edit.length), text)
}

/** `after` as insertions into `before`, line by line; null when something else changed too. */
function diffInsertions(before: string, after: string): Insertion[] | null {
  const edits: Insertion[] = []
  let from = 0
  let at = 0
  while (at < before.length || from < after.length) {
    if (at < before.length && before[at] === after[from]) {
      at++
      from++
      continue
    }
    // The shortest insertion after which the next stretch of the original goes on.
    const rest = before.slice(at, at + 64)
    const next = rest === "" ? after.length : after.indexOf(rest, from)
    if (next <= from) return null
    edits.push({ at, text: after.slice(from, next) })
    from = next
  }
  return edits
}
