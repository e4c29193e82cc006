import { CliError } from "../errors"
import type { RenderedFile } from "../feature/render"
import type { Sources } from "./sources"
import type { Action } from "./types"

export function planFiles(files: RenderedFile[], sources: Sources): Action[] {
  return files.map(({ path, text }) => {
    const existing = sources.read(path)
    // A file of ours that the user has edited since is theirs; `update` merges, `add` leaves it.
    if (existing !== null && existing !== text && sources.rendered(path) === null)
      throw new CliError("file_exists", `${path} exists already and is not ours.`, {
        file: path,
        suggestion: "Nothing was changed. Move or rename the file, then run this again.",
      })
    return { kind: "create", path, after: text, reason: "generated", state: existing === null ? "planned" : "unchanged" }
  })
}
