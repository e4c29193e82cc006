/**
 * Links by which the web server would publish a file that is elsewhere: `public/favicon.txt -> ../.env`, or a link in
 * `public` to a folder above it.
 */
import { join } from "node:path"
import { destinationOf, entriesOf, isFolder } from "../disk/look"
import { isBelow } from "../disk/place"
import { holdsSecrets } from "../disk/secrets"
import { realPathOf } from "../run/git"
import type { HostFiles } from "./files"
import { foldersOf, workspacePatterns } from "./packages"

/** Of every app, what Next.js serves as it is; and where it serves files by their names, or builds code from them. */
const asItIs = ["public", "static"]
const byName = ["app", "pages", "src/app", "src/pages"]

/** Entries. More than people serve from a repository; beyond, a link may be anywhere. */
const most = 100_000

/** @property isWhole whether everything was looked at */
export type ServedLinks = { isWhole: boolean; leadTo(file: string): boolean }

/** Looks through what this app serves, and every other package of its workspace. */
export function servedLinks(files: HostFiles): ServedLinks {
  // Without case: on some disks `.ENV` is `.env`, and a link to a file that is not there yet may spell it as it likes.
  const targets = new Set<string>()
  const serve = (real: string) => targets.add(real.toLowerCase())
  const seen = new Set<string>()
  const queue: { folder: string; isAsItIs: boolean }[] = []
  const reach = (path: string, isAsItIs: boolean): void => {
    const real = realPathOf(path) ?? destinationOf(path)
    if (real === null) return
    // A folder above the app, or out of the project, is not looked through: if it is served, everything below it is.
    if (!isBelow(files.boundary, real) || isBelow(real, files.root)) {
      if (isAsItIs) serve(real)
      return
    }
    if (isFolder(real)) {
      if (isAsItIs) serve(real)
      queue.push({ folder: real, isAsItIs })
    }
    // By a secret's name nothing is served, and no code is built.
    else if (isAsItIs || !holdsSecrets(path)) serve(real)
  }
  for (const dir of [".", ...packagesOf(files)]) {
    for (const name of asItIs) reach(join(files.root, dir, name), true)
    for (const name of byName) reach(join(files.root, dir, name), false)
  }
  let room = most
  for (let next = queue.shift(); next && room > 0; next = queue.shift()) {
    const { folder, isAsItIs } = next
    const key = `${isAsItIs} ${folder}`
    if (seen.has(key)) continue
    seen.add(key)
    for (const entry of entriesOf(folder)) {
      room--
      if (entry.isSymbolicLink?.()) reach(join(folder, entry.name), isAsItIs)
      else if (entry.isDirectory()) queue.push({ folder: join(folder, entry.name), isAsItIs })
    }
  }
  // Of a folder that is served, what is below it is; a set of links is small, and so is the number of env files.
  const leadTo = (file: string) => targets.has(file.toLowerCase()) || [...targets].some((target) => isBelow(target, file.toLowerCase()))
  return { isWhole: room > 0, leadTo }
}

function packagesOf(files: HostFiles): string[] {
  return files.workspace === null ? [] : foldersOf(files, files.workspace, workspacePatterns(files, files.workspace))
}
