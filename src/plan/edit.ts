import { applyInsertions, type EditResult, type Insertion, lineAt, undoInsertions } from "../edit/splice"
import { CliError } from "../errors"
import { isEditable } from "../names"
import type { EditAction } from "./types"

/** An edit with its gates: it can be undone to the byte, and editing the result again changes nothing. */
export function toEdit(
  kind: "edit" | "dependency",
  path: string,
  before: string,
  apply: (text: string) => EditResult,
  reason: string,
  snippet: string,
): EditAction {
  // Through git's folder, packages or a hidden file nothing is edited, wherever an import leads.
  if (!isEditable(path))
    throw new CliError("name_unsafe", `${path} would be edited, which is no file of an app's own code.`, {
      file: path,
      suggestion: "Nothing was changed. Move the file to where the app's code is, then run this again.",
    })
  const result = apply(before)
  if (result.kind === "refuse") throw refusal(path, result, before, snippet)
  if (result.kind === "present") return { kind, path, before, after: before, edits: [], reason, state: "unchanged" }
  const after = applyInsertions(before, result.edits)
  const again = apply(after)
  if (undoInsertions(after, result.edits) !== before || again.kind !== "present")
    throw new CliError("edit_unsafe", `${path} has a shape that cannot be edited safely.`, {
      file: path,
      ...(snippet && { suggestion: `Add this by hand, then run the command again:\n\n${snippet}` }),
    })
  return { kind, path, before, after, edits: result.edits, reason, state: "planned" }
}

export function refusal(
  path: string,
  { code, message, offset, snippet }: Extract<EditResult, { kind: "refuse" }>,
  text: string,
  fallback = "",
): CliError {
  const lines = snippet ?? fallback
  const byHand = lines === "" ? "" : `Nothing was changed. Make the change by hand, then run the command again:\n\n${lines}`
  const suggestion =
    code === "schema_name_taken"
      ? "Nothing was changed. Rename yours in the schema (@map or @@map keeps its name in the database), then run this again."
      : byHand
  return new CliError(code, message, {
    file: path,
    ...(offset !== undefined && { line: lineAt(text, offset) }),
    ...(suggestion && { suggestion }),
  })
}

/** Several edits of one text as one. Each sees the original; where two add at one offset, the first comes first. */
export function inTurn(text: string, edits: ((text: string) => EditResult)[], join = (insertions: Insertion[]) => insertions): EditResult {
  const results = edits.map((edit) => edit(text))
  const refused = results.find((result) => result.kind === "refuse")
  if (refused) return refused
  const insertions = results.flatMap((result) => (result.kind === "edit" ? result.edits : []))
  return insertions.length > 0 ? { kind: "edit", edits: join(insertions) } : { kind: "present" }
}
