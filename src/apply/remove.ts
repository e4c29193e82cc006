import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { undoInsertions } from "../edit/splice"
import { CliError } from "../errors"
import {
  basePath,
  hashOf,
  type InstalledEnv,
  type InstalledFeature,
  ignorePath,
  type Manifest,
  manifestPath,
  manifestText,
  readManifest,
  storeDir,
} from "./store"
import { commit, removeEmptyFolders, type Write } from "./transaction"

export type Removal = { kind: "delete" | "edit" | "env"; path: string; reason: string; write: Write }
export type RemovalPlan = {
  removals: Removal[]
  conflicts: { path: string; reason: string }[]
  kept: string[]
  installed: InstalledFeature
  manifest: Manifest
}

/** What taking a feature out again would do. Files the user has edited since are conflicts, unless forced. */
export function planRemoval(root: string, feature: string, options: { force: boolean; purge: boolean }): RemovalPlan | null {
  const manifest = readManifest(root)
  const installed = manifest?.features[feature]
  if (!manifest || !installed) return null
  const plan: RemovalPlan = { removals: [], conflicts: [], kept: [], installed, manifest }
  const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : null)

  for (const { path, hash } of installed.created) {
    const text = read(path)
    if (text === null) continue
    if (hashOf(text) === hash || options.force)
      plan.removals.push({ kind: "delete", path, reason: "created by add", write: { path, before: text, after: null } })
    else plan.conflicts.push({ path, reason: "you have edited it since it was created" })
  }
  for (const { path, hash, insertions } of installed.edited) {
    const text = read(path)
    if (text === null) continue
    const after =
      (hashOf(text) === hash ? undoInsertions(text, insertions) : null) ??
      takeOut(
        text,
        insertions.map((insertion) => insertion.text),
      )
    if (after === null)
      plan.conflicts.push({
        path,
        reason: `what add inserted is no longer there as it was: ${insertions.map(({ text }) => text.trim().split("\n")[0]).join(" … ")}`,
      })
    else plan.removals.push({ kind: "edit", path, reason: "without what add inserted", write: { path, before: text, after } })
  }
  for (const env of installed.env) {
    const text = read(env.path)
    if (text === null) continue
    if (env.secret && !options.purge) plan.kept.push(env.path)
    else
      plan.removals.push({
        kind: "env",
        path: env.path,
        reason: "without our keys",
        write: { path: env.path, before: text, after: withoutKeys(text, env) },
      })
  }
  return plan
}

/** @throws CliError as `commit` */
export function applyRemoval(root: string, boundary: string, feature: string, { removals, installed, manifest }: RemovalPlan): void {
  const { [feature]: _removed, ...others } = manifest.features
  const last = Object.keys(others).length === 0
  const before = readFileSync(join(root, manifestPath), "utf8")
  const bases = installed.created
    .map(({ path }) => basePath(path))
    .filter((path) => existsSync(join(root, path)))
    .map((path): Write => ({ path, before: readFileSync(join(root, path), "utf8"), after: null }))
  commit(root, boundary, [
    ...removals.map(({ write }) => write),
    ...bases,
    { path: manifestPath, before, after: last ? null : manifestText({ ...manifest, features: others }) },
  ])
  if (last) {
    rmSync(join(root, ignorePath), { force: true })
    rmSync(join(root, storeDir, "base"), { recursive: true, force: true })
    removeEmptyFolders(root, [storeDir])
  }
  removeEmptyFolders(root, installed.folders)
}

/** Removes texts that stand exactly once each; null when one does not. */
function takeOut(text: string, insertions: string[]): string | null {
  let result = text
  for (const insertion of insertions.toSorted((a, b) => b.length - a.length)) {
    const at = result.indexOf(insertion)
    // A lone bracket is no proof of where it stood.
    if (at === -1 || (insertion.length > 1 && result.indexOf(insertion, at + 1) !== -1)) return null
    if (insertion.length <= 1) return takeOutPair(text, insertions)
    result = result.slice(0, at) + result.slice(at + insertion.length)
  }
  return result
}

/** `wrapper(` ... `)` around one name, and the rest exactly once. */
function takeOutPair(text: string, insertions: string[]): string | null {
  const open = insertions.find((insertion) => insertion.endsWith("("))
  if (!open) return null
  const pattern = new RegExp(`${open.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}([\\w.]+)\\)`, "g")
  if (Array.from(text.matchAll(pattern)).length !== 1) return null
  const rest = insertions.filter((insertion) => insertion !== open && insertion !== ")")
  return takeOut(
    text.replace(pattern, (_, name: string) => name),
    rest,
  )
}

function withoutKeys(text: string, { created, hash, names, ranges }: InstalledEnv): string | null {
  if (hashOf(text) === hash) {
    if (created) return null
    return ranges.toReversed().reduce((result, { at, length }) => result.slice(0, at) + result.slice(at + length), text)
  }
  const lines = text.split(/(?<=\n)/)
  return lines
    .filter(
      (line, index) =>
        !names.some((name) => line.startsWith(`${name}=`) || (line.startsWith("#") && lines[index + 1]?.startsWith(`${name}=`))),
    )
    .join("")
}

export function conflictError(conflicts: RemovalPlan["conflicts"]): CliError {
  const [first] = conflicts
  return new CliError(
    "user_edited",
    `Not removed, because these files have changed since: ${conflicts.map(({ path, reason }) => `${path} (${reason})`).join("; ")}. Nothing was changed.`,
    {
      ...(first && { file: first.path }),
      suggestion: "Undo your changes to them, or take the created files out as well: npx chimerai remove mfa --force",
    },
  )
}
