import { applyEdits, findNodeAtLocation, getNodeValue, modify, type Node, type ParseError, parseTree } from "jsonc-parser"
import { type EditResult, eolOf, type Insertion } from "./splice"

export type Dependency = { name: string; range: string; dev: boolean }

/** Adds dependencies that the file does not have, in alphabetical order and the file's own layout. */
export function addDependencies(text: string, dependencies: Dependency[]): EditResult {
  const root = parseRoot(text)
  if (!root) return { kind: "refuse", code: "parse_failed", message: "package.json is not valid JSON." }
  const twice = twiceIn(root)
  if (twice)
    return {
      kind: "refuse",
      code: "edit_unsafe",
      message: `package.json has ${JSON.stringify(twice.name)} twice, of which the last counts alone.`,
      offset: twice.offset,
      snippet: `"${twice.name}": { ... } // once, with all that is needed`,
    }
  const missing = missingDependencies(text, dependencies)
  if (missing.length === 0) return { kind: "present" }
  const edits = (["dependencies", "devDependencies"] as const).flatMap((field) => {
    const entries = missing.filter(({ dev }) => dev === (field === "devDependencies"))
    return entries.length === 0 ? [] : addToField(text, root, field, entries)
  })
  return { kind: "edit", edits }
}

/** The second field of dependencies of one name. */
function twiceIn(root: Node): { name: string; offset: number } | null {
  const fields = (root.children ?? []).map(({ children, offset }) => ({ name: String(children?.[0]?.value), offset }))
  const isSecond = (name: string, index: number) => isField(name) && fields.findIndex((field) => field.name === name) < index
  return fields.find(({ name }, index) => isSecond(name, index)) ?? null
}

/** Those that the file does not name at all; a range that is there is kept, whatever it is. */
export function missingDependencies(text: string, dependencies: Dependency[]): Dependency[] {
  const root = parseRoot(text)
  return dependencies.filter(
    ({ name }) => !root || !["dependencies", "devDependencies"].some((field) => findNodeAtLocation(root, [field, name])),
  )
}

/** The file without these, the rest of it as it is. */
export function withoutDependencies(text: string, names: string[]): string {
  const fields = ["dependencies", "devDependencies"]
  return fields
    .flatMap((field) => names.map((name) => [field, name]))
    .reduce((result, path) => {
      const root = parseRoot(result)
      return root && findNodeAtLocation(root, path) ? applyEdits(result, modify(result, path, undefined, {})) : result
    }, text)
}

const isField = (name: string): boolean => name === "dependencies" || name === "devDependencies"

/** Whether two texts say the same but for these dependencies, and for fields that have no others. */
export function isSameBut(text: string, other: string, names: string[]): boolean {
  const [one, two] = [text, other].map((each) => {
    const root = parseRoot(each)
    if (root === null) return null
    const data = getNodeValue(root) as Record<string, unknown>
    const entries = Object.entries(data).map(([field, value]): [string, unknown] => {
      if (!isField(field) || typeof value !== "object" || value === null) return [field, value]
      return [field, Object.entries(value).filter(([name]) => !names.includes(name))]
    })
    return JSON.stringify(entries.filter(([field, value]) => !isField(field) || !Array.isArray(value) || value.length > 0))
  })
  return one !== null && one === two
}

/** Offsets count in `text`, its byte order mark included. */
function parseRoot(text: string): Node | null {
  const errors: ParseError[] = []
  const root = parseTree(text.replace(/^\uFEFF/, " "), errors)
  return errors.length === 0 && root?.type === "object" ? root : null
}

function addToField(text: string, root: Node, field: string, entries: Dependency[]): Insertion[] {
  const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const object = findNodeAtLocation(root, [field])
  const properties = object?.children ?? []
  const last = properties.at(-1)
  if (object && last) return sorted.map((entry) => addBeside(text, properties, last, entry))

  // An empty field, or none: lines of our own, indented as the file is.
  const eol = eolOf(text)
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? "  "
  const block = eol + sorted.map((entry) => indent + indent + print(entry)).join(`,${eol}`) + eol + indent
  if (object) return [{ at: object.offset + 1, text: block }]
  const before = (findNodeAtLocation(root, ["dependencies"])?.parent ?? root.children?.at(-1)) as Node | undefined
  const property = `"${field}": {${block}}`
  return [
    before
      ? { at: before.offset + before.length, text: `,${eol}${indent}${property}` }
      : { at: root.offset + 1, text: `${eol}${indent}${property}${eol}` },
  ]
}

function addBeside(text: string, properties: Node[], last: Node, entry: Dependency): Insertion {
  const next = properties.find((property) => String(property.children?.[0]?.value) > entry.name)
  if (next) return { at: next.offset, text: `${print(entry)},${gapBefore(text, next)}` }
  return { at: last.offset + last.length, text: `,${gapBefore(text, last)}${print(entry)}` }
}

const print = ({ name, range }: Dependency) => `${JSON.stringify(name)}: ${JSON.stringify(range)}`
/** Not `/\s*$/`, which tries every blank of the file for a beginning. */
function gapBefore(text: string, { offset }: Node): string {
  const before = text.slice(0, offset)
  return before.slice(before.trimEnd().length)
}
