import { type EditResult, eolOf } from "../splice"
import { bindingOf, callsOfDefault, type Module, prologueEnd, topLevelNames } from "./locate"

export type WrapRequest = {
  /** The package whose default export is called. */
  library: string
  wrapper: string
  /** What the wrapper is imported from, as this file would write it. */
  from: string
}

/**
 * `Library(...)` becomes `wrapper(Library)(...)`: one pair of insertions around the callee and one import,
 * whatever the arguments are. It stays clean under the host's own formatter, because nothing is nested deeper.
 */
export function wrapCall(module: Module, { library, wrapper, from }: WrapRequest): EditResult {
  const calls = callsOfDefault(module, library)
  const [call] = calls
  if (!call) return { kind: "refuse", code: "edit_unsafe", message: `${library} is not called in this file.` }
  if (calls.length > 1) return { kind: "refuse", code: "edit_unsafe", message: `${library} is called ${calls.length} times in this file.` }

  const taken = topLevelNames(module).has(wrapper)
  const binding = bindingOf(module, wrapper)
  const ours = binding !== null && binding.imported === wrapper && sameModule(binding.specifier, from)
  if (taken && !ours) return { kind: "refuse", code: "name_taken", message: `The name ${wrapper} is used for something else in this file.` }
  if (call.wrappedBy === wrapper && ours) return { kind: "present" }
  if (call.wrappedBy !== null) return { kind: "refuse", code: "edit_unsafe", message: `${library} is already wrapped by ${call.wrappedBy}(...).` }

  const edits = [
    { at: call.calleeStart, text: `${wrapper}(` },
    { at: call.calleeEnd, text: ")" },
  ]
  if (!ours) edits.unshift(importInsertion(module, wrapper, from))
  return { kind: "edit", edits }
}

/** `@/lib/x`, `../lib/x` and `~/lib/x` may all be the same module; what they end in has to be. */
function sameModule(a: string, b: string): boolean {
  const tail = (specifier: string) => specifier.replace(/^[^\w]*(?:@?\w*\/)?/, "")
  return a === b || tail(a).endsWith(tail(b)) || tail(b).endsWith(tail(a))
}

function importInsertion(module: Module, name: string, from: string): { at: number; text: string } {
  const { text, imports } = module
  const eol = eolOf(text)
  const last = imports.at(-1)
  const sample = imports[0] ? text.slice(imports[0].start, imports[0].end) : ""
  const quote = /['"]/.exec(sample)?.[0] ?? '"'
  const semicolon = sample === "" || sample.endsWith(";") ? ";" : ""
  const spaced = !imports.some(({ start, end }) => /\{\S/.test(text.slice(start, end)))
  const braces = spaced ? `{ ${name} }` : `{${name}}`
  const statement = `import ${braces} from ${quote}${from}${quote}${semicolon}`
  if (last) return { at: endOfLine(text, last.end), text: eol + statement }
  const at = prologueEnd(module)
  return at === 0 ? { at: text.startsWith("\uFEFF") ? 1 : 0, text: statement + eol } : { at, text: eol + statement }
}

/** The end of a line whose rest is a comment: it belongs to the import before it. Otherwise the offset itself. */
function endOfLine(text: string, at: number): number {
  const rest = /^[ \t]*(?:\/\/[^\r\n]*)?(?=\r?\n|$)/.exec(text.slice(at))
  return rest ? at + rest[0].length : at
}
