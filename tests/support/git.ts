import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import tmp from "tmp"
import { makeHost, type Tree } from "./host"

/** git, for a test to prepare a repository with. */
export const git = (dir: string, ...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", ...args], { cwd: dir, encoding: "utf8", stdio: "pipe" })

/** A host whose files are all committed, but for those that it ignores. */
export function committedHost(tree: Tree = {}): string {
  const dir = makeHost(tree)
  git(dir, "init", "-q")
  git(dir, "add", "-A")
  git(dir, "commit", "-qm", "first")
  return dir
}

/** A program that must not run: it notes its name where `ran` finds it, and says what filters pass on. */
export function tripwires(): { plant(path: string): string; ran(): string } {
  const log = join(realpathSync(tmp.dirSync({ unsafeCleanup: true, mode: 0o777 }).name), "ran")
  return {
    plant(path) {
      writeFileSync(path, `#!/bin/sh\necho "$0 $*" >> '${log}'\n[ -p /dev/stdin ] && exec /bin/cat\nexit 1\n`)
      chmodSync(path, 0o755)
      return path
    },
    ran: () => (existsSync(log) ? readFileSync(log, "utf8") : ""),
  }
}

/** A folder for PATH in which every usual program is a tripwire, but for git. */
export function pathOfTripwires(wires: ReturnType<typeof tripwires>): string {
  const bin = realpathSync(tmp.dirSync({ unsafeCleanup: true }).name)
  const names = [
    "node",
    "npm",
    "npx",
    "pnpm",
    "yarn",
    "bun",
    "sh",
    "bash",
    "env",
    "less",
    "cat",
    "ssh",
    "prisma",
    "next",
    "prettier",
    "tsc",
    "git-remote-ext",
  ]
  for (const name of names) wires.plant(join(bin, name))
  symlinkSync(realpathSync(execFileSync("/bin/sh", ["-c", "command -v git"], { encoding: "utf8" }).trim()), join(bin, "git"))
  return bin
}

/** Makes a folder and gives its path back. */
export function folder(...parts: string[]): string {
  const path = join(...parts)
  mkdirSync(path, { recursive: true })
  return path
}
