/** Formats what somebody else may have written. Prettier takes twice as long for every level of some types, and so it has a thread and a time. */
import { Worker } from "node:worker_threads"
import { Patience } from "../patience"
import { type Code, formatCode } from "./prettier"

/** For all that a run formats. Fifty files that were edited take a second. */
const patience = new Patience(15_000)
const megabytes = 1_024

let worker: Worker | null = null
let last: Promise<unknown> = Promise.resolve()

/** @returns null where it is not done in time */
export function formatElsewhere(code: Code): Promise<string | null> {
  // Tests run from the source, which a thread could not read.
  if (import.meta.url.endsWith(".ts")) return formatCode(code)
  const turn = last.then(() => answerTo(code))
  last = turn
  return turn
}

async function answerTo(code: Code): Promise<string | null> {
  const limit = patience.limit(0)
  if (limit === 0) return null
  worker ??= startWorker()
  const start = performance.now()
  const answer = await answerOf(worker, code, limit)
  patience.spent(answer === null ? limit : performance.now() - start, 0)
  if (answer === null) {
    await worker.terminate()
    worker = null
  }
  return answer
}

function startWorker(): Worker {
  const thread = new Worker(new URL("./format-worker.js", import.meta.url), {
    execArgv: [],
    // What is said there is no answer of a command.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: megabytes },
  })
  // A run ends without waiting for it.
  thread.unref()
  return thread
}

/** Null where the thread ends, by itself or because it is out of memory, or does not answer. */
function answerOf(thread: Worker, code: Code, limit: number): Promise<string | null> {
  return new Promise((resolve) => {
    const answer = (text: string | null) => {
      clearTimeout(timer)
      thread.removeAllListeners()
      // An error that comes late must not end the run.
      thread.on("error", () => {})
      resolve(text)
    }
    const timer = setTimeout(() => answer(null), limit)
    thread.once("message", answer)
    thread.once("error", () => answer(null))
    thread.once("exit", () => answer(null))
    thread.postMessage(code)
  })
}
