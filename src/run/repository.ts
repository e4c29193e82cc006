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
