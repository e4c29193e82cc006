import { expect } from "vitest"
import { applyInsertions, type EditResult, undoInsertions } from "../../src/edit/splice"

/** The edited text, after the gates every edit has to pass: it undoes to the byte, and a second one has nothing to do. */
export function applyEdit(text: string, edit: (text: string) => EditResult): string {
  const result = edit(text)
  if (result.kind !== "edit") throw new Error(JSON.stringify(result))
  const after = applyInsertions(text, result.edits)
  expect(undoInsertions(after, result.edits)).toBe(text)
  expect(edit(after)).toEqual({ kind: "present" })
  return after
}

/** Where something is imported from, for edits of a text without an app around it. */
export const origin = (from: string) => ({ from, means: (specifier: string) => specifier === from })
