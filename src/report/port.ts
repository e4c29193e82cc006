/**
 * The one place that prints. Results go to stdout; everything about how it went goes to stderr. What comes by here may
 * hold names and texts of a stranger's: nothing of it but our own line breaks and colours acts on a terminal.
 */
import kleur from "kleur"
import { visibleJson, visibleLines } from "../visible"

export type Report = {
  out(text: string): void
  note(text: string): void
  detail(text: string): void
}

export function createReport(options: { json: boolean; verbose: boolean; color: boolean }): Report {
  kleur.enabled = options.color
  const printed = (text: string) => `${visibleLines(text, options.color)}\n`
  const stderr = (text: string) => process.stderr.write(printed(text))
  const stdout = (text: string) => process.stdout.write(printed(text))
  return {
    out: options.json ? stderr : stdout,
    note: stderr,
    detail: options.verbose ? stderr : () => {},
  }
}

export function printJson(document: object): void {
  process.stdout.write(`${visibleJson(JSON.stringify(document, null, 2))}\n`)
}

/** NO_COLOR and FORCE_COLOR are what other tools understand by them: https://no-color.org */
export function wantsColor(flag: boolean): boolean {
  if (!flag || process.env.NO_COLOR) return false
  return Boolean(process.env.FORCE_COLOR && process.env.FORCE_COLOR !== "0") || Boolean(process.stdout.isTTY)
}
