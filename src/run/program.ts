import { accessSync, constants, realpathSync, statSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path"
import { isWithin, type Project } from "./project"
import { repositoriesOf } from "./repository"

/**
 * A program that may be started.
 * @property path where it is, absolute
 * @property searchPath the PATH for it and for what it starts: `#!/usr/bin/env node` looks there for node
 */
export type Program = { path: string; searchPath: string }

const found = new Map<string, Program | null>()

/**
 * Finds a program in PATH, outside of the project: `npm exec` puts the `node_modules/.bin` of a clone first, and a
 * clone can have committed a `git` there. It is looked for once, so that nothing written later can take its place.
 * @returns null where there is none
 */
export function findProgram(name: string, project: Project): Program | null {
  const path = process.env.PATH ?? ""
  const key = [name, path, project.root, project.boundary].join("\0")
  const known = found.get(key)
  if (known !== undefined) return known
  const isOwn = ownedBy(project)
  const folders = path.split(delimiter).flatMap((element) => {
    // An empty element and a relative one mean the current folder, which is the clone.
    // As it is written counts too: `node_modules` and its `.bin` may be links that were committed, to any other folder.
    const folder = isAbsolute(element) && !isOwn(resolve(element)) ? real(element) : null
    return folder === null || isOwn(folder) ? [] : [folder]
  })
  const candidates = folders.flatMap((folder) => fileNames(name).map((file) => join(folder, file)))
  const first = candidates.find((candidate) => {
    const target = real(candidate)
    return target !== null && !isOwn(target) && isExecutable(target)
  })
  const program = first === undefined ? null : { path: first, searchPath: folders.join(delimiter) }
  found.set(key, program)
  return program
}

/** On Windows git is a program, and package managers are scripts beside one. */
function fileNames(name: string): string[] {
  return process.platform === "win32" ? [`${name}.exe`, `${name}.cmd`] : [name]
}

/**
 * Whether a path is the project's own: in the app, its workspace, its repositories, or a `node_modules` above it, as that
 * is written and where it really is.
 */
function ownedBy({ root, boundary }: Project): (path: string) => boolean {
  const home = real(homedir()) ?? homedir()
  // Whoever keeps their home folder in git has their programs in there.
  const isOfUser = (dir: string) => isWithin(dir, home)
  const folders = [root, boundary, ...repositoriesOf(root).filter((repository) => !isOfUser(repository))]
  for (let dir = root; ; dir = dirname(dir)) {
    const packages = join(dir, "node_modules")
    folders.push(packages)
    // A link to the system's own folders is left: without those there would be no git to ask.
    if (!isOfUser(dir))
      folders.push(...[packages, join(packages, ".bin")].flatMap((path) => real(path) ?? []).filter((path) => isWithin(dir, path)))
    if (dir === dirname(dir)) break
  }
  return (path) => folders.some((folder) => isWithin(folder, path))
}

function real(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
