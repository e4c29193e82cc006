import { type EditResult, eolOf } from "./splice"

export type EnvEntry = { name: string; value: string; comment: string }

/** Appends entries that are missing. A key that is there, with whatever value, is never touched. */
export function appendEnv(text: string, entries: EnvEntry[]): EditResult {
  const missing = entries.filter(({ name }) => !new RegExp(`^[ \\t]*(export[ \\t]+)?${name}[ \\t]*=`, "m").test(text))
  if (missing.length === 0) return { kind: "present" }
  const eol = eolOf(text)
  const lines = missing.flatMap(({ name, value, comment }) => [`# ${comment}`, `${name}=${value}`])
  const gap = text === "" ? "" : text.endsWith("\n") ? eol : eol + eol
  return { kind: "edit", edits: [{ at: text.length, text: gap + lines.join(eol) + eol }] }
}
