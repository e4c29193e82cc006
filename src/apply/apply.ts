import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Action, Plan } from "../plan/types"
import { isWrite } from "../plan/types"
import { basePath, hashOf, type InstalledFeature, type Manifest, manifestPath, manifestText, readManifest } from "./store"
import { commit, missingFolders, type Write } from "./transaction"

/** Carries out a plan: host files and the record of what was done, in one transaction. */
export function apply(plan: Plan, version: string): Action[] {
  const { root, workspace } = plan.host
  const planned = plan.actions.filter(isWrite).filter(({ state }) => state === "planned")
  const writes = planned.map((action): Write => {
    if (action.kind === "create") return { path: action.path, before: null, after: action.after }
    if (action.kind === "delete") return { path: action.path, before: action.before, after: null }
    return { path: action.path, before: action.before, after: action.after }
  })
  const manifest = readManifest(root) ?? { schema: 1, features: {} }
  const installed = record(
    manifest.features[plan.feature],
    plan,
    version,
    missingFolders(
      root,
      writes.map(({ path }) => path),
    ),
  )
  const next: Manifest = { ...manifest, features: { ...manifest.features, [plan.feature]: installed } }
  const bases = planned
    .filter((action) => action.kind === "create")
    .map((action): Write => ({ path: basePath(action.path), before: read(root, basePath(action.path)), after: action.after }))
  commit(root, join(root, workspace ?? "."), [
    ...writes,
    ...bases,
    { path: manifestPath, before: read(root, manifestPath), after: manifestText(next) },
  ])
  return plan.actions.map((action) => (isWrite(action) && action.state === "planned" ? { ...action, state: "done" } : action))
}

const read = (root: string, path: string): string | null => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : null)

/** What an earlier run installed, and what this one adds to it. */
function record(earlier: InstalledFeature | undefined, plan: Plan, version: string, folders: string[]): InstalledFeature {
  const installed: InstalledFeature = earlier ? structuredClone(earlier) : { version, created: [], edited: [], env: [], folders: [] }
  installed.version = version
  installed.folders.push(...folders.filter((folder) => !installed.folders.includes(folder)))
  for (const action of plan.actions) {
    if (action.state !== "planned") continue
    if (action.kind === "create") installed.created.push({ path: action.path, hash: hashOf(action.after) })
    if (action.kind === "edit" || action.kind === "dependency") {
      const known = installed.edited.find(({ path }) => path === action.path)
      if (known) Object.assign(known, { hash: hashOf(action.after), insertions: [...known.insertions, ...action.edits] })
      else installed.edited.push({ path: action.path, hash: hashOf(action.after), insertions: action.edits })
    }
    if (action.kind === "env")
      installed.env.push({
        path: action.path,
        created: action.before === null,
        hash: hashOf(action.after),
        names: action.names,
        secret: action.secret,
        ranges: action.edits.map(({ at, text }) => ({ at, length: text.length })),
      })
  }
  return installed
}
