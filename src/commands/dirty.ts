import { uncommitted } from "../apply/git"
import { hashOf, readManifest } from "../apply/store"
import { CliError } from "../errors"
import { HostFiles } from "../host/files"
import { shownFrom } from "../report/paths"
import type { RunOptions } from "./options"

/**
 * Uncommitted work in a file that is about to be edited stops the run. What an earlier run left there, and nobody has
 * touched since, is not somebody's work.
 * @throws CliError dirty_files, git_failed
 */
export async function assertClean(paths: string[], options: RunOptions): Promise<void> {
  if (options.allowDirty) return
  const files = new HostFiles(options.dir)
  const left = new Map(readManifest(files.root)?.features[options.feature]?.edited.map(({ path, hash }) => [path, hash]))
  const touched = paths.filter((path) => left.get(path) !== hashOf(files.read(path) ?? ""))
  const [first, ...more] = uncommitted(files, touched)
  if (!first) return
  const shown = shownFrom(options.app)
  const names = [first, ...more].map(shown).join(", ")
  throw new CliError("dirty_files", `These files have uncommitted changes, and would be edited: ${names}.`, {
    file: first,
    suggestion: "Nothing was changed. Commit or stash them, so that you can tell your changes from these; or pass --allow-dirty.",
  })
}
