import { execa } from "execa"
import { visibleLines } from "../visible"
import type { Program } from "./program"

/** @property output what it wrote, both streams in the order of time, or why it could not be started */
export type Ended = { ok: boolean; output: string }

/**
 * Runs a program to its end, without a shell and without a terminal. Ctrl+C ends the program, and not us: what is in
 * place by then is ours to say.
 * @param env variables beside the user's own
 * @param verbose its output goes to stderr as well: what packages print there acts on no terminal
 */
export async function runToEnd(
  { path, searchPath }: Program,
  args: string[],
  { cwd, env, verbose }: { cwd: string; env: Record<string, string>; verbose: boolean },
): Promise<Ended> {
  const stay = () => {}
  process.on("SIGINT", stay)
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
  const [result] = await Promise.all([running, verbose && passOn(running.all)])
  process.removeListener("SIGINT", stay)
  return { ok: !result.failed, output: (result.all ?? "").trim() || (result.shortMessage ?? "") }
}

/** Line by line, for a character or an escape may come in two pieces. */
async function passOn(output: AsyncIterable<Buffer>): Promise<void> {
  const decoder = new TextDecoder()
  const show = (line: string) => process.stderr.write(`${visibleLines(line, true)}\n`)
  let rest = ""
  for await (const chunk of output) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) show(line)
  }
  if (rest !== "") show(rest)
}

/** The user's variables but for PATH. Windows calls it Path as often, and two of them contradict each other. */
function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined || /^path$/i.test(name) ? [] : [[name, value]])),
  )
}
