/** The thread in which texts of others are formatted: one that can be ended. */
import { parentPort } from "node:worker_threads"
import { type Code, formatCode } from "./prettier"

parentPort?.on("message", async (code: Code) => {
  parentPort?.postMessage(await formatCode(code).catch(() => code.text))
})
