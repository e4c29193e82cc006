import { createSpinner } from "nanospinner"
import { visible } from "../visible"

/** Shows that something is going on while `work` runs; a plain line where there is no terminal. */
export async function withProgress<T>(message: string, work: () => Promise<T>, failed: (result: T) => boolean): Promise<T> {
  const shown = visible(message)
  if (!process.stderr.isTTY) {
    process.stderr.write(`${shown}\n`)
    return work()
  }
  const spinner = createSpinner(shown, { stream: process.stderr }).start()
  const result = await work()
  if (failed(result)) spinner.error()
  else spinner.success()
  return result
}
