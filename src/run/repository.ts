import { lstatSync } from "node:fs"
import { dirname, join } from "node:path"

/**
 * The top of the repository that a folder belongs to: the nearest one with `.git` in it, a folder, or a file that names
 * one. A folder that looks like the inside of a repository (`HEAD`, `config`, `objects`) is none: git would take an app
 * that was committed in that shape for a repository of its own, with settings that came with the clone.
 * @param folder a real path
 */
export function repositoryOf(folder: string): string | null {
  for (let dir = folder; ; dir = dirname(dir)) {
    if (lstatSync(join(dir, ".git"), { throwIfNoEntry: false })) return dir
    if (dir === dirname(dir)) return null
  }
}

/**
 * The repositories that a folder came with, the nearest first: that of a submodule, or of a worktree within another, is
 * in one that was cloned with it. There `.git` is a file; above a folder of that name, nothing belongs together.
 * @param folder a real path
 */
export function repositoriesOf(folder: string): string[] {
  const found: string[] = []
  for (let top = repositoryOf(folder); top !== null; top = dirname(top) === top ? null : repositoryOf(dirname(top))) {
    found.push(top)
    if (lstatSync(join(top, ".git")).isDirectory()) break
  }
  return found
}
