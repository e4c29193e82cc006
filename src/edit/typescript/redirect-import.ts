import type { EditResult } from "../splice"
import type { Origin } from "./imports"
import { type Module, specifiersOf } from "./module"

/**
 * Imports and re-exports of one module come from another instead. The old specifier stays behind it as a comment:
 * an edit only ever adds, so that it can be taken back to the byte.
 */
export function redirectImport(module: Module, { specifier, from: to, means }: Origin & { specifier: string }): EditResult {
  const found = specifiersOf(module)
  const old = found.filter(({ text }) => text === specifier)
  if (old.length === 0) {
    return found.some(({ text }) => means(text))
      ? { kind: "present" }
      : { kind: "refuse", code: "edit_unsafe", message: `${specifier} is not imported in this file.` }
  }
  const edits = old.map(({ start, end }) => {
    const quote = module.text.charAt(start)
    const rest = /^[^\r\n]*/.exec(module.text.slice(end))?.[0] ?? ""
    const semicolon = rest.startsWith(";") ? ";" : ""
    return { at: start, text: `${quote}${to}${quote}${semicolon} // instead of ` }
  })
  return { kind: "edit", edits }
}
