import type { EditResult, Insertion } from "../splice"
import type { Origin } from "./imports"
import { type Module, specifiersOf } from "./module"

/** A line that ends behind the import, or goes on with a comment of its own. */
const restOfLine = /^;?[ \t]*(?:\/\/[^\r\n\u2028\u2029]*)?(?=[\r\n\u2028\u2029]|$)/

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
  const edits = old.flatMap(({ start, end }): Insertion[] => {
    const quote = module.text.charAt(start)
    const instead = quote + to + quote
    const rest = restOfLine.exec(module.text.slice(end))?.[0]
    // Code that follows on the line, or a comment that ends on another, must stay what it is.
    if (rest === undefined)
      return [
        { at: start, text: `${instead} /* instead of ` },
        { at: end, text: " */" },
      ]
    return [{ at: start, text: `${instead}${rest.startsWith(";") ? ";" : ""} // instead of ` }]
  })
  return { kind: "edit", edits }
}
