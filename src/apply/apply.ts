import { join } from "node:path"
import { insertionsBetween, takeOut } from "../edit/merge"
import type { Insertion } from "../edit/splice"
import type { Action, EditAction, Plan } from "../plan/types"
import { isWrite } from "../plan/types"
import { isKeptWithStore } from "./git"
import {
  type Answers,
  basePath,
  emptyManifest,
  hashOf,
  type InstalledEdit,
  type InstalledEnv,
  type InstalledFeature,
  type Left,
  type Manifest,
  manifestPath,
  manifestText,
  readManifest,
  readStored,
} from "./store"
import { commit, missingFolders, type Write } from "./transaction"

/**
 * @property left the app's own files as an earlier run left them, with what it had inserted
 * @property verify looks at what was written; where it throws, everything is restored
 */
export type Application = {
  version: string
  answers: Answers
  left: ReadonlyMap<string, Left>
  verify(): Promise<void>
}

/** Carries out a plan: host files and the record of what was done, in one transaction. */
export async function apply(plan: Plan, { version, answers, left, verify }: Application): Promise<Action[]> {
  const { root, workspace } = plan.host
  const planned = plan.actions.filter(isWrite).filter(({ state }) => state === "planned")
  const writes = planned.map((action): Write => {
    if (action.kind === "create") return { path: action.path, before: null, after: action.after }
    if (action.kind === "delete") return { path: action.path, before: action.before, after: null }
    return { path: action.path, before: action.before, after: action.after }
  })
  const folders = missingFolders(
    root,
    writes.map(({ path }) => path),
  )
  const manifest = readManifest(root) ?? emptyManifest()
  const installed = record(manifest.features[plan.feature], plan, { version, answers, left, folders })
  const project = { root, boundary: join(root, workspace ?? ".") }
  const texts = planned.flatMap((action) => ("after" in action && action.kind !== "env" ? [[action.path, action.after] as const] : []))
  const isOurs = (path: string) => installed.created.some((file) => file.path === path)
  const bases = texts.filter(([path]) => isOurs(path) || isKeptWithStore(project, path))
  await commit(root, project.boundary, {
    command: "add",
    verify,
    writes: [
      ...writes,
      ...bases.map(([path, after]) => storeWrite(root, basePath(path), after)),
      manifestWrite(root, { ...manifest, features: { ...manifest.features, [plan.feature]: installed } }),
    ],
  })
  return plan.actions.map((action) => (isWrite(action) && action.state === "planned" ? { ...action, state: "done" } : action))
}

/** A write of a file of chimerai's own. */
export function storeWrite(root: string, path: string, after: string | null): Write {
  return { path, before: readStored(root, path), after }
}

/** The manifest comes last: what it says is there, is there. */
export const manifestWrite = (root: string, manifest: Manifest): Write => storeWrite(root, manifestPath, manifestText(manifest))

/** Where insertions are, without their text: it may be a secret. */
export const rangesOf = (edits: Insertion[]): InstalledEnv["ranges"] => edits.map(({ at, text }) => ({ at, length: text.length }))

type Run = Omit<Application, "verify"> & { folders: string[] }

/** What an earlier run installed, and what this one adds to it. */
function record(earlier: InstalledFeature | undefined, plan: Plan, { version, answers, left, folders }: Run): InstalledFeature {
  const installed: InstalledFeature = earlier
    ? structuredClone(earlier)
    : { version, answers, created: [], edited: [], env: [], dependencies: [], folders: [] }
  Object.assign(installed, { version, answers: { ...installed.answers, ...answers } })
  installed.folders.push(...folders.filter((folder) => !installed.folders.includes(folder)))
  installed.dependencies.push(...plan.dependencies.added)
  for (const action of plan.actions) {
    if (action.state !== "planned") continue
    if (action.kind === "create") installed.created.push({ path: action.path, hash: hashOf(action.after) })
    if (action.kind === "edit" || action.kind === "dependency") {
      const known = installed.edited.find(({ path }) => path === action.path)
      const edit = editOf(action, left.get(action.path))
      if (known) Object.assign(known, edit)
      else installed.edited.push(edit)
    }
    if (action.kind === "env")
      installed.env.push({
        path: action.path,
        created: action.before === null,
        hash: hashOf(action.after),
        names: action.names,
        ...(action.filled?.length && { filled: action.filled }),
        secret: action.secret,
        ranges: rangesOf(action.edits),
      })
  }
  return installed
}

/** What is ours in a file: with what an earlier run put there, where that still stands. */
function editOf({ path, before, after, edits }: EditAction, left: Left | undefined): InstalledEdit {
  const clean = left ? takeOut(before, left.text, left.insertions) : null
  const insertions = clean === null ? edits : (insertionsBetween(clean, after) ?? edits)
  return { path, hash: hashOf(after), insertions }
}
