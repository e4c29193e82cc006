import { posix } from "node:path"
import type { NextStep } from "../plan/types"
import { quoted } from "../shell"
import { visible } from "../visible"

/** How a path of the app is shown to someone who named another folder: from there. */
export type Shown = (path: string) => string

/** @param app the way to the app from the folder that was named */
export const shownFrom =
  (app: string): Shown =>
  (path) =>
    app === "." ? path : posix.normalize(posix.join(app.replaceAll("\\", "/"), path))

/** A command as it is typed where the user stands; words where the folder's name would not be text to their shell. */
export function commandFrom(shown: Shown, step: NextStep, platform?: NodeJS.Platform): string {
  if ("text" in step) return `${visible(shown(step.file))}: ${step.text}`
  const { dir, command } = step
  if (shown(dir) === ".") return command
  const folder = quoted(shown(dir), platform)
  return folder === null ? `In the folder that is named above: ${command}` : `cd ${folder} && ${command}`
}

/** Evidence is a place in a file, or words. */
export const shownEvidence = (evidence: Record<string, string>, shown: Shown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(evidence).map(([fact, source]) => [fact, /^[^\s,]+\.\w+(:\d+)?$/.test(source) ? shown(source) : source]),
  )
