import { unsafeLink } from "../disk/place"
import { CliError } from "../errors"
import type { RenderedFile } from "../feature/render"
import { forCode, isCreatable } from "../names"
import type { Sources } from "./sources"
import type { Action } from "./types"

/**
 * @throws CliError file_exists: something else has the name, whatever lies beside it that says it were ours;
 * feature_invalid: it is no place for a feature's file; link_unsafe; name_unsafe
 */
export function planFiles(files: RenderedFile[], sources: Sources): Action[] {
  const folders = new Set<string>()
  return files.map(({ path, text }) => {
    const action = { kind: "create" as const, path, after: text, reason: "generated" }
    if (!isCreatable(forCode("path", "The path of a new file", path)))
      throw new CliError("feature_invalid", `${path} would be created, which is no place for a feature's file.`, { file: path })
    assertRoom(path, folders, sources)
    // Its text would be shown, and what it leads to may be anything of the user's.
    if (sources.isLink(path)) throw unsafeLink(path, "is a link, and would be a file of the feature's.")
    const existing = sources.read(path)
    if (existing === null) return { ...action, state: "planned" }
    if (existing === text) return { ...action, state: "unchanged" }
    // A file of ours that the user has edited since is theirs; `update` merges, `add` leaves it. That it is one, the
    // manifest says and the templates, which have just given it.
    if (sources.isInstalled(path)) return { ...action, state: "unchanged", existing }
    throw new CliError("file_exists", `${path} exists already and is not ours.`, {
      file: path,
      suggestion: "Nothing was changed. Move or rename the file, then run this again.",
    })
  })
}

/** Bytes. No disk takes a longer name. */
const longestName = 240

/**
 * Whether there can be a file: what fails when it is written has to be undone.
 * @param folders those that were looked at
 * @throws CliError name_unsafe, file_exists
 */
function assertRoom(path: string, folders: Set<string>, sources: Sources): void {
  if (path.split("/").some((part) => Buffer.byteLength(part) > longestName))
    throw new CliError("name_unsafe", `${path} has a part that is too long to be the name of a file.`, { file: path })
  const above = (inner: string) => inner.slice(0, Math.max(inner.lastIndexOf("/"), 0))
  for (let dir = above(path); dir !== "" && !folders.has(dir) && !dir.endsWith(".."); dir = above(dir)) {
    folders.add(dir)
    if (sources.read(dir) === null) continue
    throw new CliError("file_exists", `${dir} is a file, and ${path} would be in a folder of that name.`, {
      file: dir,
      suggestion: "Nothing was changed. Move or rename the file, then run this again.",
    })
  }
}
