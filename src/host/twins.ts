/**
 * Finds files that a bundler or Node may take in the place of a module. `./totp` is `totp.ts` to the type checker, and to
 * webpack `totp.js`, where there is one: whoever plants it decides what a code is compared with, and nothing shows.
 */
import { posix } from "node:path"
import { CliError } from "../errors"
import type { HostFiles } from "./files"
import type { Warning } from "./types"

/** Every ending that a bundler or Node tries, or that can be added to those by one word of a config. */
const code = /\.(?:[cm]?[jt]sx?|json|node|wasm)$/i

/** @property twin what may be loaded instead of `path`: a file beside it, or one in a folder of its name */
export type Twin = { path: string; twin: string }

/** @param paths modules by their paths; files that are none, and others of `paths`, are nobody's twins */
export function twinsOf(files: HostFiles, paths: string[]): Twin[] {
  const ours = new Set(paths)
  const listed = new Map<string, string[]>()
  const namesIn = (dir: string): string[] => {
    const known = listed.get(dir) ?? files.list(dir).map(({ name }) => name)
    listed.set(dir, known)
    return known
  }
  /** Disks may not tell case: a name in other letters counts where the disk has it under ours. */
  const isSame = (dir: string, name: string, wanted: string) =>
    name === wanted || (name.toLowerCase() === wanted.toLowerCase() && files.exists(posix.join(dir, wanted)))
  return paths.filter(isModule).flatMap((path): Twin[] => {
    const dir = posix.dirname(path)
    const stem = stemOf(posix.basename(path))
    const beside = namesIn(dir).filter((name) => {
      const bare = stemOf(name)
      // `totp` without an ending is tried first, and read as code. `totp.test.ts` and `totp.css` are no `totp`.
      return isSame(dir, bare, stem) || (bare !== name && isSame(dir, name, stem + name.slice(bare.length)))
    })
    const candidates = beside.flatMap((name) => {
      const full = posix.join(dir, name)
      // Also a link to what is not there yet: it may lead to what this run makes.
      if (!files.isDirectory(full)) return [full]
      return stemOf(name) === name ? entriesIn(full, namesIn(full)) : []
    })
    return candidates.filter((twin) => !ours.has(twin)).map((twin) => ({ path, twin }))
  })
}

const isModule = (path: string): boolean => /\.[jt]sx?$/.test(path)
const stemOf = (name: string): string => name.replace(code, "")

/** What a folder is loaded by: its index, or what its package.json says. */
const entriesIn = (dir: string, names: string[]): string[] =>
  names.filter((name) => stemOf(name) === "index" || name === "package.json").map((name) => posix.join(dir, name))

const said = ({ path, twin }: Twin): string => `${twin} may be loaded in the place of ${path}`

/**
 * @param created modules that are, or will be, the feature's
 * @param edited modules of the app's own that are inserted into
 * @throws CliError file_exists
 */
export function assertNoTwins(files: HostFiles, created: string[], edited: string[]): void {
  // An app may well have `lib/auth.ts` and a folder `lib/auth`, or `lib/auth.json`: there the module wins everywhere.
  const beside = twinsOf(files, edited).filter(({ path, twin }) => posix.dirname(path) === posix.dirname(twin) && /[jt]sx?$/.test(twin))
  const [first] = [...twinsOf(files, created), ...beside]
  if (!first) return
  throw new CliError("file_exists", `${said(first)}: bundlers look for other endings first.`, {
    file: first.twin,
    suggestion: "Nothing was changed. Move or rename the file, then run this again.",
  })
}

/** The same of what is installed, where one has come since. */
export function twinWarnings(files: HostFiles, created: string[]): Warning[] {
  return twinsOf(files, created).map((found) => ({
    code: "module_shadowed",
    message: `${said(found)}, and is not ours. Move or rename it.`,
    file: found.twin,
  }))
}
