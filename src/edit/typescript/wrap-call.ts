import { type EditResult, eolOf, type Insertion } from "../splice"
import { behind, claimName, importInsertion, type Origin, usualWidth } from "./imports"
import { type Call, callsOfDefault, isEntry, strayUseOf } from "./library-calls"
import { type Module, topLevelNames } from "./module"
import { Guarded } from "./ours"

export type WrapRequest = Origin & {
  /** The package whose default export is called. */
  library: string
  wrapper: string
}

/**
 * `Library(...)` becomes `wrapper(Library)(...)`: one pair of insertions around the callee and one import,
 * whatever the arguments are. It stays clean under the host's own formatter, because nothing is nested deeper.
 */
export function wrapCall(module: Module, { library, wrapper, from, means, elsewhere }: WrapRequest): EditResult {
  const calls = callsOfDefault(module, library, elsewhere)
  if (calls.length === 0) return refuse(`${library} is not called in this file.`)
  const guarded = new Guarded(module, { name: wrapper, means, ...(elsewhere && { elsewhere }) })
  const stray = strayUseOf(module, library, calls, (use) => guarded.has(use))
  if (stray !== null)
    return refuse(
      `${library} is used in this file in another way than by its one call: what is made there would go past ${wrapper}.`,
      stray,
      `import NextAuth from "${library}"\n\nNextAuth(...) // the only use of it in this file`,
    )
  const open = calls.filter((call) => !call.isGuarded && !guarded.has(call.library))
  const [call] = open
  if (!call) return { kind: "present" }

  const { local, taken } = claimName(module, wrapper, { means })
  const byHand = linesByHand(open, { wrapper, from, local, isTaken: taken !== null })
  if (calls.length > 1) {
    const rest = open.length < calls.length ? `, ${open.length} of them past ${wrapper}` : ""
    return refuse(`${library} is called ${calls.length} times in this file${rest}.`, call.start, byHand)
  }
  if (taken) return { ...taken, offset: call.start, snippet: byHand }
  if (call.wrappers.length > 0) {
    const wrappers = call.wrappers.map((one) => `${one.getText()}(...)`).join(" and ")
    return refuse(`${library} is already wrapped by ${wrappers}.`, call.start, byHand)
  }

  const name = local ?? wrapper
  const wrap = [
    { at: call.calleeStart, text: `${name}(` },
    { at: call.calleeEnd, text: ")" },
  ]
  const length = lineLength(module.text, call.calleeStart)
  const outgrows = length <= usualWidth && length + name.length + 2 > usualWidth
  // An import that cannot be renamed is no reason to refuse: the line is long then.
  const edits = (outgrows && rename(module, call, library, name)) || wrap
  // In one offset the import comes first, then what uses it.
  return { kind: "edit", edits: local !== null ? edits : [importInsertion(module, wrapper, from), ...edits] }
}

const refuse = (message: string, offset?: number, snippet?: string): EditResult => ({
  kind: "refuse",
  code: "edit_unsafe",
  message,
  ...(offset !== undefined && { offset }),
  ...(snippet !== undefined && { snippet }),
})

type ByHand = { wrapper: string; from: string; local: string | null; isTaken: boolean }

/** What a person can write, in the names of the file, so that the next run finds it there. */
function linesByHand(calls: Call[], { wrapper, from, local, isTaken }: ByHand): string {
  const name = isTaken ? `${wrapper}Hook` : (local ?? wrapper)
  const declared = isTaken ? `${wrapper} as ${name}` : wrapper
  const lines = calls.map(({ library, parts: [callee = library] }) => {
    const isInCallee = library.getStart() >= callee.getStart() && library.getEnd() <= callee.getEnd()
    const outer = isInCallee ? callee : library
    const text = outer.getText()
    const at = library.getStart() - outer.getStart()
    const wrapped = `${text.slice(0, at)}${name}(${library.getText()})${text.slice(at + library.getText().length)}`
    return `${wrapped}${isInCallee ? "(...)" : ""}`
  })
  return [...(local === null ? [`import { ${declared} } from "${from}"`, ""] : []), ...new Set(lines)].join("\n")
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
  const declaration = module.imports.find(({ specifier }) => isEntry(library, specifier))
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
