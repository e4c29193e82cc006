import { isUtf8 } from "node:buffer"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { takeOut } from "../edit/merge"
import { withoutDependencies } from "../edit/package-json"
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
}

/**
 * What taking a feature out again would do.
 * @returns null where it is not installed
 * @throws CliError user_edited: what was inserted into a file of the app's has been edited, and cannot be told from its own
 */
export function planRemoval(root: string, feature: string, options: RemovalOptions, usedPackages: UsedPackages): RemovalPlan | null {
  const manifest = readManifest(root)
  const installed = manifest?.features[feature]
  if (!manifest || !installed) return null
  const plan: RemovalPlan = { removals: [], edited: [], keys: [], used: [], installed, manifest }
  const ours = new Set(installed.created.map(({ path }) => path))
  plan.used = usedPackages(installed.dependencies, ours)
  const unused = installed.dependencies.filter((name) => !plan.used.includes(name))

  for (const { path } of installed.created) {
    if (!existsSync(join(root, path))) continue
    if (readFileSync(join(root, path), "utf8") === options.left.get(path)?.text || options.force)
      plan.removals.push({ kind: "delete", path, reason: "created by add", write: { path, before: read(root, path), after: null } })
    else plan.edited.push(path)
  }
  for (const { path, insertions } of installed.edited) {
    const text = read(root, path)
    if (text === null) continue
    const left = options.left.get(path)
    const clean = left === undefined ? null : takeOut(text, left.text, left.insertions)
    // Dependencies have names: they are found whatever their owner has made of their versions.
    const after = path === "package.json" && (clean === null || plan.used.length > 0) ? withoutDependencies(text, unused) : clean
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
  const ours = keys.filter(({ name, comment }) => text.includes(`# ${comment}\n${name}=`) || text.includes(`# ${comment}\r\n${name}=`))
  if (ours.length === 0) return null
  const names = ours.map(({ name }) => name)
  const installed = { version: "", answers: {}, created: [], edited: [], env: [], dependencies: [], folders: [] }
  const removals = [envRemoval(file, text, linesWithout(text, names))]
  return { removals, edited: [], keys: [], used: [], installed, manifest: emptyManifest() }
}

const envRemoval = (path: string, before: string, after: string | null): Removal => ({
  kind: "env",
  path,
  reason: "without our keys",
  write: { path, before, after },
})

/** @throws CliError encoding_unsupported: what is not UTF-8 could not be written back byte for byte */
function read(root: string, path: string): string | null {
  if (!existsSync(join(root, path))) return null
  const bytes = readFileSync(join(root, path))
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
  const own = [...paths.map(basePath), ...(isLast ? [manifestPath] : [])].filter((path) => existsSync(join(root, path)))
  await commit(root, boundary, {
    command: "remove",
    verify,
    writes: [
      ...removals.map(({ write }) => write),
      ...own.map((path) => storeWrite(root, path, null)),
      ...(isLast ? [] : [manifestWrite(root, { ...manifest, features: others })]),
    ],
    emptied: [...installed.folders, ...storeFolders(paths)],
  })
}

/** Null: the file was ours alone. */
function withoutKeys(text: string, { created, hash, names, ranges }: InstalledEnv): string | null {
  if (hashOf(text) !== hash) return linesWithout(text, names)
  if (created) return null
  return ranges.toReversed().reduce((result, { at, length }) => result.slice(0, at) + result.slice(at + length), text)
}

/** Without the lines that set `names`, and the comment above each. */
function linesWithout(text: string, names: string[]): string {
  const lines = text.split(/(?<=\n)/)
  const sets = (line: string | undefined) => names.some((name) => line?.startsWith(`${name}=`))
  return lines.filter((line, index) => !sets(line) && !(line.startsWith("#") && sets(lines[index + 1]))).join("")
}
