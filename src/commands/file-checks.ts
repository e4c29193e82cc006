/** What `status` says of the files that were created. */
import type { InstalledFeature } from "../apply/store"
import { HostFiles } from "../host/files"
import { Modules } from "../host/modules"
import { importsOf } from "../host/sources"
import { twinsOf } from "../host/twins"
import type { Shown } from "../report/paths"
import { leftBehind } from "./left-behind"
import type { Check } from "./status"

/** What the user has made of our files is theirs, and said; what is missing and still wanted is not well. */
export async function fileChecks(files: HostFiles, { created }: InstalledFeature, shown: Shown): Promise<Check[]> {
  const paths = created.map(({ path }) => path)
  const gone = paths.filter((path) => !files.exists(path))
  const wanted = await stillWanted(files, gone)
  const [missing, unmissed] = [wanted.map(shown), gone.filter((path) => !wanted.includes(path)).map(shown)]
  const left = await leftBehind(files, { created, edited: [] })
  const edited = paths.filter((path) => files.exists(path) && files.glance(path) !== left.get(path)?.text).map(shown)
  return [
    missing.length === 0
      ? { id: "files", state: "ok", message: `${created.length - unmissed.length} files are in place.` }
      : { id: "files", state: "todo", message: `These files are gone: ${missing.join(", ")}.`, fix: "npx chimerai add mfa" },
    ...twinsOf(files, paths).map(
      ({ path, twin }): Check => ({
        id: "module-shadowed",
        state: "todo",
        message: `${shown(twin)} may be loaded in the place of ${shown(path)}: bundlers look for other endings first.`,
        fix: "Move or rename it; it is not part of MFA.",
      }),
    ),
    ...(unmissed.length === 0
      ? []
      : [{ id: "deleted", state: "ok" as const, message: `Deleted, and imported by nothing: ${unmissed.join(", ")}.` }]),
    ...(edited.length === 0
      ? []
      : [{ id: "edited", state: "ok" as const, message: `Yours by now, and merged by update: ${edited.join(", ")}.` }]),
  ]
}

/** Pages and routes are there for browsers; of the rest, what some file imports. */
async function stillWanted(files: HostFiles, gone: string[]): Promise<string[]> {
  if (gone.length === 0) return []
  const modules = await Modules.of(new HostFiles(files.root, new Map(gone.map((path) => [path, ""]))))
  const imported = importsOf(files, new Set(gone), (from, specifier) => modules.resolve(from, specifier))
  const isOptional = (path: string) => /(^|\/)lib\/mfa\/|^scripts\//.test(path)
  return gone.filter((path) => !isOptional(path) || imported.some(({ target }) => target === path))
}
