import { quotedOr } from "../shell"
import { visible } from "../visible"

/** Questions, only ever asked of a person: never without a terminal, never in CI. */
export const canAsk = (): boolean => Boolean(process.stdin.isTTY && process.stdout.isTTY) && !process.env.CI

/** What was asked for and answered in this run, as the flags that would have said it. */
const answers: string[] = []

/** The command that needs no questions; null where none was asked. */
export const commandWithoutQuestions = (): string | null =>
  answers.length === 0
    ? null
    : `npx chimerai ${[...process.argv.slice(2), ...answers].map((word) => (/^--?[\w=-]*$/.test(word) ? word : quotedOr(word, "..."))).join(" ")}`

/** False when the user declines or leaves with Ctrl+C. */
export async function confirm(message: string): Promise<boolean> {
  const { default: prompts } = await import("prompts")
  const answer: { value?: boolean } = await prompts({ type: "confirm", name: "value", message, initial: true })
  if (answer.value === true) answers.push("--yes")
  return answer.value === true
}

/** @returns null when the user leaves with Ctrl+C */
export async function choose(message: string, { flag, values }: { flag: string; values: string[] }): Promise<string | null> {
  const { default: prompts } = await import("prompts")
  const choices = values.map((value) => ({ title: visible(value), value }))
  const { value }: { value?: string } = await prompts({ type: "select", name: "value", message: visible(message), choices })
  if (value === undefined) return null
  answers.push(`--${flag}`, value)
  return value
}
