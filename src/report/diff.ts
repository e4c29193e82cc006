import { createTwoFilesPatch } from "diff"
import type { Action } from "../plan/types"
import type { Change } from "../plan/update"
import type { Shown } from "./paths"

/** The planned changes as unified diffs. The value of a secret is never part of one. */
export function planDiff(actions: Action[], shownPath: Shown): string {
  return actions
    .filter(({ kind, state }) => kind !== "manual" && state === "planned")
    .map((action) => {
      if (action.kind === "manual") return ""
      const before = action.kind === "create" ? "" : (action.before ?? "")
      const after = action.kind === "delete" ? "" : action.after
      const isNew = action.kind === "create" || (action.kind === "env" && action.before === null)
      const shown =
        action.kind === "env" && action.secret ? redact(action.edits.map(({ text }) => text).join(""), action.names) : { before, after }
      return createTwoFilesPatch(
        isNew ? "/dev/null" : `a/${shownPath(action.path)}`,
        `b/${shownPath(action.path)}`,
        shown.before,
        shown.after,
        undefined,
        undefined,
        { context: 3 },
      ).replace(/^=+\n/, "")
    })
    .join("\n")
}

/** The same for the files of an update; what is new in env files is a plan's. */
export function changesDiff(changes: Change[], shownPath: Shown): string {
  return changes
    .filter(({ kind }) => kind !== "env")
    .map(({ path, before, after }) => {
      const [from, to] = [before === null ? "/dev/null" : `a/${shownPath(path)}`, after === null ? "/dev/null" : `b/${shownPath(path)}`]
      return createTwoFilesPatch(from, to, before ?? "", after ?? "", undefined, undefined, { context: 3 }).replace(/^=+\n/, "")
    })
    .join("\n")
}

/** The rest of an env file is none of anybody's business either: only what comes in is shown. */
function redact(inserted: string, names: string[]): { before: string; after: string } {
  const after = names.reduce((text, name) => text.replace(new RegExp(`^(${name}=).*$`, "m"), "$1<generated>"), inserted)
  return { before: "", after }
}
