import { createSpinner } from "nanospinner"

/** Shows that something is going on while `work` runs; a plain line where there is no terminal. */
export async function withProgress<T>(message: string, work: () => Promise<T>, failed: (result: T) => boolean): Promise<T> {
  if (!process.stderr.isTTY) {
    process.stderr.write(`${message}\n`)
    return work()
  }
  const spinner = createSpinner(message, { stream: process.stderr }).start()
  const result = await work()
  if (failed(result)) spinner.error()
  else spinner.success()
  return result
}
