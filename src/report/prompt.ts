/** Questions, only ever asked of a person: never without a terminal, never in CI. */
export const canAsk = (): boolean => Boolean(process.stdin.isTTY && process.stdout.isTTY) && !process.env.CI

/** False when the user declines or leaves with Ctrl+C. */
export async function confirm(message: string): Promise<boolean> {
  const { default: prompts } = await import("prompts")
  const answer: { value?: boolean } = await prompts({ type: "confirm", name: "value", message, initial: true })
  return answer.value === true
}
