/**
 * Decides where on the disk a path of the host's really is, and whether anything may be written there. Links that lead
 * from inside to inside are followed, as an app may have them; the attacks are the links that lead anywhere else.
 */
import { dirname, join, relative, sep } from "node:path"
import { CliError } from "../errors"
import { entryAt, exists, realPath } from "./look"

/** The folder that chimerai keeps its own files in, in the app's root. */
export const storeDir = ".chimerai"

/**
 * @property path from the root, as it was given
 * @property target the real path: the file itself where there is one, no link on the way
 * @property existing the real path of the target, or of the nearest folder of it that is there
 */
export type Place = { path: string; target: string; existing: string }

/**
 * @param root the app's real path, from which `path` is named
 * @param boundary the real path of the folder below which things are written: the app's, or its workspace's
 * @throws CliError outside_root; path_forbidden: in `.git`, or in `node_modules`; link_unsafe: into the store or within it
 */
export function placeOf(root: string, boundary: string, path: string): Place {
  const full = join(root, path)
  const there = nearest(full)
  const existing = followed(there)
  if (existing === null) throw outside(path, "nowhere")
  const target = join(existing, relative(there, full))
  if (!isBelow(boundary, target)) throw outside(path, existing)
  // Git runs what is in there at its next command. The boundary itself may be in there, too.
  if (target.split(sep).some(isGitFolder)) throw forbidden(path, ".git")
  const parts = relative(boundary, target).split(sep)
  // Code of packages is replaced without a look at it, and runs at build time.
  if (parts.some((part) => part.toLowerCase() === "node_modules")) throw forbidden(path, "node_modules")
  const named = relative(root, full).split(sep)
  const isInStore = named[0] === storeDir ? target !== full : parts.some((part) => part.toLowerCase() === storeDir)
  if (isInStore) throw unsafeLink(path, `leads to ${target}: no link may lead into ${storeDir}, or be in it.`)
  return { path, target, existing }
}

/** Whether the last component of a path is a link, and so not what is at its place. */
export const isLink = (root: string, { path, target }: Place): boolean =>
  join(root, path) !== target && entryAt(join(root, path)) === "link"

/** The place of a folder; null where nothing may be written in it. */
export function writablePlace(root: string, boundary: string, path: string): Place | null {
  try {
    return placeOf(root, boundary, path)
  } catch (error) {
    if (error instanceof CliError) return null
    throw error
  }
}

export const isBelow = (folder: string, path: string): boolean => path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

/** The path itself where anything is, or what is nearest to it. */
function nearest(path: string): string {
  let missing: string | null = null
  let there = path
  for (; !exists(there); there = dirname(there)) missing = there
  // A link to nowhere is there, and leads somewhere. Below it nothing can be.
  return missing !== null && entryAt(missing) !== null ? missing : there
}

/** Null: a link to nowhere, or in a circle. */
function followed(path: string): string | null {
  try {
    return realPath(path)
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null
    throw error
  }
}

/**
 * As git sees it: disks without case, HFS+, which leaves some characters out, and NTFS, which has short names, streams,
 * and leaves dots and spaces out at the end.
 */
export function isGitFolder(name: string): boolean {
  const seen = name.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "").replace(/:.*$/s, "")
  return /^(\.git|git~\d)[. ]*$/i.test(seen)
}

const outside = (path: string, where: string): CliError =>
  new CliError("outside_root", `${path} leads out of the project, to ${where}. Nothing was changed.`, { file: path })

const forbidden = (path: string, folder: string): CliError =>
  new CliError("path_forbidden", `${path} is in ${folder}, or a link leads it there; nothing is written in there. Nothing was changed.`, {
    file: path,
    suggestion: "Somebody may have meant this to run code on your machine. Look at where the path leads, and remove the link.",
  })

export const unsafeLink = (path: string, why: string): CliError =>
  new CliError("link_unsafe", `${path} ${why} Nothing was changed.`, {
    file: path,
    suggestion: "Put a file in the place of the link, or remove it; then run this again.",
  })
