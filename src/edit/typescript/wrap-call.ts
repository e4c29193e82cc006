import { type EditResult, eolOf, type Insertion } from "../splice"
import { behind, claimName, importInsertion, type Origin, usualWidth } from "./imports"
import { type Call, callsOfDefault, strayUseOf } from "./locate"
import { type Module, topLevelNames } from "./module"

export type WrapRequest = Origin & {
  /** The package whose default export is called. */
  library: string
  wrapper: string
}

/**
 * `Library(...)` becomes `wrapper(Library)(...)`: one pair of insertions around the callee and one import,
 * whatever the arguments are. It stays clean under the host's own formatter, because nothing is nested deeper.
 */
export function wrapCall(module: Module, { library, wrapper, from, means }: WrapRequest): EditResult {
  const calls = callsOfDefault(module, library)
  const [call] = calls
  if (!call) return { kind: "refuse", code: "edit_unsafe", message: `${library} is not called in this file.` }
  if (calls.length > 1) return { kind: "refuse", code: "edit_unsafe", message: `${library} is called ${calls.length} times in this file.` }

  const stray = strayUseOf(module, library, calls)
  if (stray !== null)
    return {
      kind: "refuse",
      code: "edit_unsafe",
      message: `${library} is used in this file in another way than by its one call: what is made there would go past ${wrapper}.`,
      offset: stray,
      snippet: `import NextAuth from "${library}"\n\nNextAuth(...) // the only use of it in this file`,
    }

  const { ours, taken } = claimName(module, wrapper, { means })
  if (taken) return taken
  if (call.wrappedBy === wrapper && ours) return { kind: "present" }
  if (call.wrappedBy !== null)
    return { kind: "refuse", code: "edit_unsafe", message: `${library} is already wrapped by ${call.wrappedBy}(...).` }

  const wrap = [
    { at: call.calleeStart, text: `${wrapper}(` },
    { at: call.calleeEnd, text: ")" },
  ]
  const length = lineLength(module.text, call.calleeStart)
  const outgrows = length <= usualWidth && length + wrapper.length + 2 > usualWidth
  // An import that cannot be renamed is no reason to refuse: the line is long then.
  const edits = (outgrows && rename(module, call, library, wrapper)) || wrap
  // In one offset the import comes first, then what uses it.
  return { kind: "edit", edits: ours ? edits : [importInsertion(module, wrapper, from), ...edits] }
}

function lineLength(text: string, at: number): number {
  const start = text.lastIndexOf("\n", at - 1) + 1
  const end = text.indexOf("\n", at)
  return text.slice(start, end === -1 ? undefined : end).trimEnd().length
}

/** For a long line: the import gets another name, and the old name is the wrapped one. The call stays as it is. */
function rename(module: Module, { calleeStart, calleeEnd }: Call, library: string, wrapper: string): Insertion[] | null {
  const local = module.text.slice(calleeStart, calleeEnd)
  const base = `Base${local}`
  const declaration = module.imports.find(({ specifier }) => specifier === library)
  const last = module.imports.at(-1)
  const name = declaration ? /^import\s+(?=[A-Za-z_$])/.exec(module.text.slice(declaration.start, declaration.end)) : null
  if (
    !declaration ||
    !last ||
    !name ||
    // The new constant comes behind the last import, and has its value only from there on.
    calleeStart < last.end ||
    !module.text.startsWith(local, declaration.start + name[0].length) ||
    topLevelNames(module).has(base)
  )
    return null
  const eol = eolOf(module.text)
  const semicolon = module.text.slice(last.start, last.end).endsWith(";") ? ";" : ""
  return [
    { at: declaration.start + name[0].length, text: "Base" },
    behind(module.text, last.end, `${eol}${eol}const ${local} = ${wrapper}(${base})${semicolon}`),
  ]
}
