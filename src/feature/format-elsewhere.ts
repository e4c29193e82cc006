/** Formats what somebody else may have written. Prettier takes twice as long for every level of some types, and so it has a thread and a time. */
import { Worker } from "node:worker_threads"
import { type Code, formatCode } from "./prettier"

/** Milliseconds, for all that a run formats. Fifty files of ours take some seconds of it. */
let timeLeft = 30_000
const megabytes = 1_024

let worker: Worker | null = null
let last: Promise<unknown> = Promise.resolve()
/** Whoever waits for the thread's answer. */
let settle: (answer: string | null) => void = () => {}

/** @returns null where it is not done in time */
export function formatElsewhere(code: Code): Promise<string | null> {
  // Tests run from the source, which a thread could not read.
  if (import.meta.url.endsWith(".ts")) return formatCode(code)
  const turn = last.then(() => answerTo(code))
  last = turn
  return turn
}

async function answerTo(code: Code): Promise<string | null> {
  if (timeLeft <= 0) return null
  worker ??= startWorker()
  const start = process.cpuUsage()
  const answer = await answerOf(worker, code, () => timeSince(start) > timeLeft)
  timeLeft -= timeSince(start)
  if (answer === null) {
    await worker.terminate()
    worker = null
  }
  return answer
}

/** Of the processor, which only the thread uses meanwhile: other programs of a busy machine take none of it. */
function timeSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

function startWorker(): Worker {
  const thread = new Worker(new URL("./format-worker.js", import.meta.url), {
    execArgv: [],
    // What is said there is no answer of a command.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: megabytes },
  })
  thread.on("message", (text: string) => settle(text))
  // It ends by itself where it is out of memory.
  thread.on("error", () => settle(null))
  thread.on("exit", () => settle(null))
  // A run ends without waiting for it.
  thread.unref()
  return thread
}

/** Null where the thread ends, or does not answer. */
function answerOf(thread: Worker, code: Code, isTooLate: () => boolean): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isTooLate()) settle(null)
    }, 100)
    settle = (answer) => {
      clearInterval(timer)
      resolve(answer)
    }
    thread.postMessage(code)
  })
}
