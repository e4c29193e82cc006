import { formatPatch, structuredPatch } from "diff"
import { patchBetween } from "../edit/differences"
import { assignmentsOf } from "../edit/env"
import type { Action, EnvAction } from "../plan/types"
import { isDifferent } from "../plan/types"
import type { Change } from "../plan/update"
import { visibleLines } from "../visible"
import type { Shown } from "./paths"

/**
 * The planned changes as unified diffs, and what stands in files of ours instead of what is generated. No value of an
 * env file is part of one, whatever file it stands in.
 * @param appName package.json says it to everybody, and some apps have it in an env file as well
 */
export function planDiff(actions: Action[], shownPath: Shown, appName = ""): string {
  const patches = actions
    .filter((action) => action.kind !== "manual" && (action.state === "planned" || isDifferent(action)))
    .map((action) => {
      if (action.kind === "manual") return ""
      if (action.kind === "create" && action.existing !== undefined)
        return patch(`generated/${shownPath(action.path)}`, `b/${shownPath(action.path)}`, action.after, action.existing)
      const before = action.kind === "create" ? "" : (action.before ?? "")
      const after = action.kind === "delete" ? "" : action.after
      const isNew = action.kind === "create" || (action.kind === "env" && action.before === null)
      const [from, to] = [isNew ? "/dev/null" : `a/${shownPath(action.path)}`, `b/${shownPath(action.path)}`]
      return action.kind === "env" || isEnvFile(action.path) ? envPatch(from, to, before, after) : patch(from, to, before, after)
    })
  return withoutSecrets(
    patches.join("\n"),
    actions.filter((action) => action.kind === "env").flatMap(({ before, after }) => [before ?? "", after]),
    appName,
  )
}

/** The same for the files of an update; what is new in env files is a plan's. */
export function changesDiff(changes: Change[], shownPath: Shown, env: EnvAction[]): string {
  const patches = changes
    .filter(({ kind, path }) => kind !== "env" && !isEnvFile(path))
    .map(({ path, before, after }) => {
      const [from, to] = [before === null ? "/dev/null" : `a/${shownPath(path)}`, after === null ? "/dev/null" : `b/${shownPath(path)}`]
      return patch(from, to, before ?? "", after ?? "")
    })
  return withoutSecrets(
    patches.join("\n"),
    env.flatMap(({ before, after }) => [before ?? "", after]),
  )
}

function patch(from: string, to: string, before: string, after: string): string {
  const found = patchBetween({ from, to }, before, after)
  return found === null ? `--- ${from}\n+++ ${to}\nToo much differs to be shown.\n` : found.replace(/^=+\n/, "")
}

/** The rest of an env file is none of anybody's business: only what comes in is shown, at its line, without its value. */
function envPatch(from: string, to: string, before: string, after: string): string {
  // A last line that only gets its end is not shown as one that changes.
  const whole = before === "" || before.endsWith("\n") ? before : `${before}\n`
  const patch = structuredPatch(from, to, whole, after, undefined, undefined, { context: 0 })
  const hunks = patch.hunks.map((hunk) => ({ ...hunk, lines: hunk.lines.map(withoutValue) }))
  return formatPatch({ ...patch, hunks }).replace(/^=+\n/, "")
}

const isEnvFile = (path: string): boolean => /(?:^|\/)\.env[\w.-]*$/i.test(path)

/** `NAME=value` as `NAME=<generated>`; an empty value stays, and comments are ours. */
const withoutValue = (line: string): string =>
  /^.#/.test(line) || !/=\s*\S/.test(line) ? line : `${line.slice(0, line.indexOf("=") + 1)}<generated>`

/** Characters. What is shorter is no secret, and stands in code by chance: `true`, `3000`. */
const shortestSecret = 8
/** Values. An env file with more is none that somebody keeps by hand. */
const mostSecrets = 1_000

/** A value of an env file may have been copied, or an example may be a link to the file itself. */
function withoutSecrets(text: string, envFiles: string[], known = ""): string {
  // As dotenv reads them, each line by itself, as a difference shows it; and what stands in a line, whatever it is there.
  const read = envFiles.flatMap((file) => Array.from(assignmentsOf(file), ({ value }) => value.split(/\r?\n/))).flat()
  const written = envFiles
    .flatMap((file) => file.split("\n"))
    .filter((line) => !line.trimStart().startsWith("#") && line.includes("="))
    .map((line) =>
      line
        .slice(line.indexOf("=") + 1)
        .trim()
        .replace(/^(["'])(.*)\1$/, "$2"),
    )
  const values = [...read.map((line) => line.trim()), ...written].filter((value) => value.length >= shortestSecret && value !== known)
  // A value may be the beginning of another: the rest of that one would be shown.
  const secrets = [...new Set(values)].toSorted((a, b) => b.length - a.length).slice(0, mostSecrets)
  const shown = secrets.reduce((rest, value) => rest.replaceAll(value, "<secret>"), text)
  // Colours that stand in somebody's code are not ours.
  return visibleLines(shown, false)
}
