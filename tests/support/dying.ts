/** The command line, killed at a file-system call of its own. */
import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import tmp from "tmp"
import { cli } from "./paths"

/** Loaded before the command line: counts the calls that change something, and dies at the one that is named. */
const preload = join(tmp.dirSync({ unsafeCleanup: true }).name, "die.mjs")
writeFileSync(
  preload,
  `import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
const at = Number(process.env.DIE_AT)
let count = 0
const read = new Set()
for (const name of ["openSync", "writeFileSync", "fsyncSync", "closeSync", "renameSync", "mkdirSync", "unlinkSync", "rmSync", "rmdirSync", "fchmodSync", "fchownSync"]) {
  const original = fs[name]
  fs[name] = (...args) => {
    // To open a file for reading, and to close it, changes nothing.
    if (name === "openSync" && (args[1] === "r" || (typeof args[1] === "number" && (args[1] & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) === 0))) {
      const file = original(...args)
      read.add(file)
      return file
    }
    if (name === "closeSync" && read.delete(args[0])) return original(...args)
    if (++count === at) {
      if (name === "writeFileSync") original(args[0], String(args[1]).slice(0, String(args[1]).length / 2))
      process.kill(process.pid, "SIGKILL")
    }
    return original(...args)
  }
}
syncBuiltinESMExports()
process.on("exit", () => fs.writeSync(2, \`calls: \${count}\`))
`,
)

/**
 * Runs the command line without a terminal.
 * @param dieAt which of its calls it does not survive, and only half does where that writes; null: it gets to its end
 * @returns `calls` is how many there were, of a run that got to its end
 */
export async function run(args: string[], dieAt: number | null): Promise<{ killed: boolean; calls: number }> {
  try {
    const env = { ...process.env, DIE_AT: String(dieAt ?? 0) }
    const { stderr } = await promisify(execFile)(process.execPath, ["--import", preload, cli, ...args], { env })
    return { killed: false, calls: Number(/calls: (\d+)/.exec(stderr)?.[1]) }
  } catch (error) {
    if ((error as { signal?: string }).signal !== "SIGKILL") throw error
    return { killed: true, calls: 0 }
  }
}
