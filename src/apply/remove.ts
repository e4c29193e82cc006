import { isUtf8 } from "node:buffer"
import { join } from "node:path"
import { readBytes } from "../disk/look"
import { withoutAssignments, withoutValues } from "../edit/env"
import { takeOut } from "../edit/merge"
import { isSameBut, withoutDependencies } from "../edit/package-json"
import { CliError } from "../errors"
import { manifestWrite, storeWrite } from "./apply"
import {
  basePath,
  emptyManifest,
  hashOf,
  type InstalledEnv,
  type InstalledFeature,
  type Left,
  type Manifest,
  manifestPath,
  readManifest,
  storeFolders,
} from "./store"
import { commit, type Write } from "./transaction"

export type Removal = { kind: "delete" | "edit" | "env"; path: string; reason: string; write: Write }
export type RemovalPlan = {
  removals: Removal[]
  /** Files of ours that the user has edited: theirs now. */
  edited: string[]
  /** Env files that keep their key. */
  keys: string[]
  /** Dependencies of ours that the app's own code imports. */
  used: string[]
  installed: InstalledFeature
  manifest: Manifest
}

/** Which of the packages that `add` brought the app imports by itself. */
export type UsedPackages = (names: string[], ours: ReadonlySet<string>) => string[]

export type RemovalOptions = {
  force: boolean
  purge: boolean
  /** Files as an earlier run left them, with what it had inserted. */
  left: ReadonlyMap<string, Left>
  /** What of the manifest's entry is the feature's own. */
  own(installed: InstalledFeature): InstalledFeature
}

/**
 * What taking a feature out again would do.
 * @returns null where it is not installed
 * @throws CliError user_edited: what was inserted into a file of the app's has been edited, and cannot be told from its own
 */
export function planRemoval(root: string, feature: string, options: RemovalOptions, usedPackages: UsedPackages): RemovalPlan | null {
  const manifest = readManifest(root)
  const stated = manifest?.features[feature]
  if (!manifest || !stated) return null
  const installed = options.own(stated)
  const plan: RemovalPlan = { removals: [], edited: [], keys: [], used: [], installed, manifest }
  const ours = new Set(installed.created.map(({ path }) => path))
  plan.used = usedPackages(installed.dependencies, ours)
  const unused = installed.dependencies.filter((name) => !plan.used.includes(name))

  for (const { path } of installed.created) {
    const text = readBytes(join(root, path), path)?.toString("utf8")
    if (text === undefined) continue
    if (text === options.left.get(path)?.text || options.force)
      plan.removals.push({ kind: "delete", path, reason: "created by add", write: { path, before: read(root, path), after: null } })
    else plan.edited.push(path)
  }
  for (const { path, insertions } of installed.edited) {
    const text = read(root, path)
    if (text === null) continue
    const left = options.left.get(path)
    const clean = left === undefined ? null : takeOut(text, left.text, left.insertions)
    // Dependencies have names: they are found whatever their owner has made of their versions.
    // What a manifest says of the text is believed as far as nothing else of the file means something new by it.
    const isNamed = path === "package.json" && (plan.used.length > 0 || clean === null || !isSameBut(text, clean, unused))
    const after = isNamed ? withoutDependencies(text, unused) : clean
    if (after === null)
      throw new CliError("user_edited", `What add inserted into ${path} has been edited since, and cannot be told from your own code.`, {
        file: path,
        suggestion: `Nothing was changed. Take these lines out by hand, then run this again:\n\n${insertions.map(({ text }) => text.trim()).join("\n")}`,
      })
    if (after !== text)
      plan.removals.push({ kind: "edit", path, reason: "without what add inserted", write: { path, before: text, after } })
  }
  for (const env of installed.env) {
    const text = read(root, env.path)
    if (text === null) continue
    if (env.secret && !options.purge) plan.keys.push(env.path)
    else plan.removals.push(envRemoval(env.path, text, withoutKeys(text, env)))
  }
  return plan
}

/** Of a feature that is not installed any more, the key may still be there: `--purge` takes it where its comment stands. */
export function planPurge(root: string, file: string, keys: { name: string; comment: string }[]): RemovalPlan | null {
  const text = read(root, file)
  if (text === null) return null
  const ours = keys.filter((key) => isCommented(text, key))
  if (ours.length === 0) return null
  const names = ours.map(({ name }) => name)
  const installed = { version: "", answers: {}, created: [], edited: [], env: [], dependencies: [], folders: [] }
  const removals = [envRemoval(file, text, withoutAssignments(text, names))]
  return { removals, edited: [], keys: [], used: [], installed, manifest: emptyManifest() }
}

/** Whether a variable stands where a run has put it: under its comment. */
export const isCommented = (text: string, { name, comment }: { name: string; comment: string }): boolean =>
  ["\n", "\r\n"].some((eol) => text.includes(`# ${comment}${eol}${name}=`))

const envRemoval = (path: string, before: string, after: string | null): Removal => ({
  kind: "env",
  path,
  reason: "without our keys",
  write: { path, before, after },
})

/** @throws CliError encoding_unsupported: what is not UTF-8 could not be written back byte for byte */
function read(root: string, path: string): string | null {
  const bytes = readBytes(join(root, path), path)
  if (bytes === null) return null
  if (!isUtf8(bytes)) throw new CliError("encoding_unsupported", `${path} is not UTF-8. Nothing was changed.`, { file: path })
  return bytes.toString("utf8")
}

/**
 * @param verify looks at what was written; where it throws, everything is restored
 * @throws CliError as `commit`
 */
export async function applyRemoval(
  root: string,
  boundary: string,
  feature: string,
  { removals, installed, manifest }: RemovalPlan,
  verify: () => Promise<void>,
): Promise<void> {
  const { [feature]: _removed, ...others } = manifest.features
  const isLast = Object.keys(others).length === 0
  const paths = [...installed.created, ...installed.edited].map(({ path }) => path)
  const own = [...paths.map(basePath), ...(isLast ? [manifestPath] : [])].map((path) => storeWrite(root, path, null))
  await commit(root, boundary, {
    command: "remove",
    verify,
    writes: [
      ...removals.map(({ write }) => write),
      ...own.filter(({ before }) => before !== null),
      ...(isLast ? [] : [manifestWrite(root, { ...manifest, features: others })]),
    ],
    emptied: [...installed.folders, ...storeFolders(paths)],
  })
}

/** Null: the file was ours alone. */
function withoutKeys(text: string, { created, hash, names, ranges, filled = [] }: InstalledEnv): string | null {
  const added = names.filter((name) => !filled.includes(name))
  const rest = withoutAssignments(withoutValues(text, filled), added)
  if (hashOf(text) !== hash) return rest
  if (created) return rest.trim() === "" ? null : rest
  const cut = ranges.toReversed().reduce((result, { at, length }) => result.slice(0, at) + result.slice(at + length), text)
  // The ranges are somebody's word: they may name blank lines besides, and no line of another variable.
  return linesOf(cut) === linesOf(rest) ? cut : rest
}

/** The lines with something on them. */
const linesOf = (text: string): string =>
  text
    .split("\n")
    .flatMap((line) => line.trim() || [])
    .join("\n")
