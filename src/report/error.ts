import kleur from "kleur"
import type { CliError } from "../errors"
import { visible, visibleLines } from "../visible"

/** What was found and where, why it stops us, and the next command. */
export function errorText({ code, message, details }: CliError): string {
  const place = details.file ? `${visible(details.file)}${details.line ? `:${details.line}` : ""}` : null
  return [
    `${kleur.red("✖")} ${visible(message)}`,
    ...(place ? [kleur.dim(`  at ${place}`)] : []),
    ...(details.suggestion ? ["", `  ${visibleLines(details.suggestion, false).replace(/\n(?=[^\n])/g, "\n  ")}`] : []),
    "",
    kleur.dim(`  ${code}`),
  ].join("\n")
}
