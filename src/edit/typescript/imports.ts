import { type EditResult, eolOf, type Insertion } from "../splice"
import { bindingOf, type Module, prologueEnd, topLevelNames } from "./module"

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
}

/** Whether `name` is imported here from its module already; `taken` is the refusal when it is somebody else's. */
export function claimName(module: Module, name: string, { means }: Pick<Origin, "means">): { ours: boolean; taken: EditResult | null } {
  const binding = bindingOf(module, name)
  const ours = binding !== null && binding.imported === name && means(binding.specifier)
  const message = `The name ${name} is used for something else in this file.`
  const taken: EditResult = { kind: "refuse", code: "name_taken", message }
  return { ours, taken: topLevelNames(module).has(name) && !ours ? taken : null }
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

/**
 * A statement of its own behind another one, in the other's style. Where code follows that begins with a bracket, it
 * would be read as the statement's end without a semicolon (found by the fuzzer, seed 7017).
 */
export function statementBehind({ text }: Module, { start, end }: { start: number; end: number }, inserted: string): Insertion {
  const isContinued = /^[([`+\-*/.,?]/.test(text.slice(end).replace(/^(\s|\/\/.*|\/\*[\s\S]*?\*\/)+/, ""))
  const semicolon = isContinued || text.slice(start, end).endsWith(";") ? ";" : ""
  const eol = eolOf(text)
  return behind(text, end, `${eol}${eol}${inserted}${semicolon}`)
}

/** New imports from one module at one place become one import. */
export function joinImports(edits: Insertion[]): Insertion[] {
  const joined: Insertion[] = []
  for (const edit of edits) {
    const names = namesImported(edit.text)
    const same = names && joined.findIndex(({ at, text }) => at === edit.at && namesImported(text)?.rest === names.rest)
    if (!names || same === undefined || same === null || same === -1) joined.push(edit)
    else joined[same] = { at: edit.at, text: (joined[same] as Insertion).text.replace(/( ?)\}/, `, ${names.names}$1}`) }
  }
  return joined
}

function namesImported(text: string): { names: string; rest: string } | null {
  const match = /^(\s*import \{ ?)(\w+(?:, \w+)*)( ?\} from \S+\s*)$/.exec(text)
  return match ? { names: match[2] as string, rest: `${match[1]}${match[3]}` } : null
}
