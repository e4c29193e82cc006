import { execa } from "execa"
import { visibleLines } from "../visible"
import type { Program } from "./program"

/** @property output what it wrote, both streams in the order of time, or why it could not be started */
export type Ended = { ok: boolean; output: string }

/** What was written just before the end may still be on its way for so long. */
const lastOutput = 1_000 // ms

/**
 * Runs a program to its end, without a shell and without a terminal. Ctrl+C ends the program, and not us: what is in
 * place by then is ours to say. Of what it leaves behind in the background, as a package's script may, nothing is waited
 * for, though it keeps the output open; nor is anything after a second Ctrl+C, or one after the end.
 * @param env variables beside the user's own
 * @param verbose its output goes to stderr as well: what packages print there acts on no terminal
 */
export async function runToEnd(
  { path, searchPath }: Program,
  args: string[],
  { cwd, env, verbose }: { cwd: string; env: Record<string, string>; verbose: boolean },
): Promise<Ended> {
  const running = execa(path, args, {
    cwd,
    reject: false,
    all: true,
    stdin: "ignore",
    shell: false,
    // Nothing is taken from node_modules/.bin of the folder that it runs in.
    preferLocal: false,
    extendEnv: false,
    env: { ...inherited(), PATH: searchPath, ...env },
  })
  let status: number | null | undefined
  let interrupts = 0
  let timer: NodeJS.Timeout | undefined
  const stopWaiting = () => {
    if (status === undefined) running.kill("SIGKILL")
    for (const stream of [running.stdout, running.stderr, running.all]) stream?.destroy()
  }
  const interrupted = () => {
    interrupts++
    if (interrupts > 1 || status !== undefined) stopWaiting()
  }
  process.on("SIGINT", interrupted)
  running.on("exit", (code) => {
    status = code
    timer = setTimeout(stopWaiting, lastOutput)
  })
  const [result] = await Promise.all([running, verbose && passOn(running.all)])
  clearTimeout(timer)
  process.removeListener("SIGINT", interrupted)
  // Streams that were closed by us are no failure of the program's.
  const ok = status === undefined ? !result.failed : status === 0
  return { ok, output: (result.all ?? "").trim() || (result.shortMessage ?? "") }
}

/** Line by line, for a character or an escape may come in two pieces. */
async function passOn(output: AsyncIterable<Buffer>): Promise<void> {
  const decoder = new TextDecoder()
  const show = (line: string) => process.stderr.write(`${visibleLines(line, true)}\n`)
  let rest = ""
  try {
    for await (const chunk of output) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) show(line)
    }
  } catch (error) {
    // It was closed while somebody kept it open.
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error
  }
  if (rest !== "") show(rest)
}

/** The user's variables but for PATH. Windows calls it Path as often, and two of them contradict each other. */
function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined || /^path$/i.test(name) ? [] : [[name, value]])),
  )
}
