import { eolOf, type Insertion, type Refusal } from "../splice"
import type { Elsewhere } from "./elsewhere"
import { type Module, prologueEnd, topLevelNames } from "./module"

/** Prettier's default. A line that grows past it would be broken up by the host's formatter, and fail its check. */
export const usualWidth = 80

/** What is imported, and from where. */
export type Origin = {
  /** The specifier, as this file would write it. */
  from: string
  /**
   * Whether a specifier of this file means the same module: `@/lib/x` and `../lib/x` may, and a package that is called
   * alike does not.
   */
  means(specifier: string): boolean
  /** What other modules of the app have to do with it. */
  elsewhere?: Elsewhere
}

/**
 * How `name` of a module is called here, where it is imported: by its name, or as a member of a namespace. Under another
 * one it is imported once more: what an edit inserts has to be known for ours by its text. `taken` is the refusal where
 * the name is somebody else's.
 */
export function claimName(module: Module, name: string, { means }: Pick<Origin, "means">): { local: string | null; taken: Refusal | null } {
  const own = localNames(module, name, { means })
  const local = own.find((one) => one === name) ?? own.find((one) => one.endsWith(`.${name}`)) ?? null
  const message = `The name ${name} is used for something else in this file.`
  const taken: Refusal = { kind: "refuse", code: "name_taken", message }
  return { local, taken: local === null && topLevelNames(module).has(name) ? taken : null }
}

/** Every way to call `name` of a module here: `name`, `another` of `{ name as another }`, `all.name` of `* as all`. */
export function localNames(module: Module, name: string, { means }: Pick<Origin, "means">): string[] {
  const isMeant = ({ imported }: { imported: string }) => imported === name || imported === "*"
  return module.imports
    .filter(({ typeOnly, names, specifier }) => !typeOnly && names.some(isMeant) && means(specifier))
    .flatMap(({ names }) => names.filter(isMeant).map(({ imported, local }) => (imported === "*" ? `${local}.${name}` : local)))
}

/** A new import of `name`, behind the last one, in the quotes and with the semicolons of the file. */
export function importInsertion(module: Module, name: string, from: string): Insertion {
  const { text, imports } = module
  const eol = eolOf(text)
  const last = imports.at(-1)
  const sample = imports[0] ? text.slice(imports[0].start, imports[0].end) : ""
  const quote = /['"]/.exec(sample)?.[0] ?? '"'
  const semicolon = sample === "" || sample.endsWith(";") ? ";" : ""
  const spaced = !imports.some(({ start, end }) => /\{\S/.test(text.slice(start, end)))
  const braces = spaced ? `{ ${name} }` : `{${name}}`
  const statement = `import ${braces} from ${quote}${from}${quote}${semicolon}`
  if (last) return behind(text, last.end, eol + statement)
  const at = prologueEnd(module)
  return at === 0 ? { at: text.startsWith("\uFEFF") ? 1 : 0, text: statement + eol } : { at, text: eol + statement }
}

/**
 * The end of a line whose rest is a comment: it belongs to the import before it. Otherwise the offset itself. A comment
 * ends at U+2028 as well, and code follows.
 */
function endOfLine(text: string, at: number): number {
  const rest = /^[ \t]*(?:\/\/[^\r\n\u2028\u2029]*)?(?=\r?\n|$)/.exec(text.slice(at))
  return rest ? at + rest[0].length : at
}

/** A statement of its own behind the line that ends at `end`, also where that line goes on with code. */
export function behind(text: string, end: number, inserted: string): Insertion {
  const at = endOfLine(text, end)
  return { at, text: inserted + (at === text.length || /[\r\n]/.test(text.charAt(at)) ? "" : eolOf(text)) }
}

type Place = { start: number; end: number }

/**
 * A statement of its own behind another one, in the style of `sample`. Where code follows that begins with a bracket, it
 * would be read as the statement's end without a semicolon (found by the fuzzer, seed 7017).
 */
export function statementBehind({ text }: Module, { start, end }: Place, inserted: string, sample: Place = { start, end }): Insertion {
  const isContinued = /^[([`+\-*/.,?]/.test(text.slice(end).replace(/^(\s|\/\/.*|\/\*[\s\S]*?\*\/)+/, ""))
  const semicolon = isContinued || text.slice(sample.start, sample.end).endsWith(";") ? ";" : ""
  const eol = eolOf(text)
  return behind(text, end, `${eol}${eol}${inserted}${semicolon}`)
}

/** New imports from one module at one place become one import, in which each name stands once. */
export function joinImports(edits: Insertion[]): Insertion[] {
  const joined: Insertion[] = []
  for (const edit of edits) {
    const own = importIn(edit.text)
    const at = own === null ? -1 : joined.findIndex((other) => other.at === edit.at && importIn(other.text)?.rest === own.rest)
    const other = joined[at]
    if (!own || !other) joined.push(edit)
    else joined[at] = { at: edit.at, text: other.text.replace(listOfNames, withNames(own.names)) }
  }
  return joined
}

const listOfNames = /\{( ?)([\w, ]+?)( ?)\}/

const withNames = (added: string[]) => (_: string, before: string, names: string, after: string) =>
  `{${before}${[...new Set([...names.split(", "), ...added])].join(", ")}${after}}`

function importIn(text: string): { names: string[]; rest: string } | null {
  const match = /^(\s*import \{ ?)(\w+(?:, \w+)*)( ?\} from \S+\s*)$/.exec(text)
  return match ? { names: (match[2] as string).split(", "), rest: `${match[1]}${match[3]}` } : null
}
