import { patchBetween } from "../edit/differences"
import { merge } from "../edit/merge"
import type { Insertion } from "../edit/splice"
import type { EditAction, EnvAction, Plan } from "./types"

/** What an earlier version installed, as texts. */
export type Installed = {
  /** Files that it created, as it left them. */
  created: ReadonlyMap<string, string>
  /** Files of the host's that it inserted into. */
  edited: ReadonlyMap<string, EditedFile>
}

/**
 * @property clean the file without what was inserted; null where that has been edited, and cannot be told apart
 * @property left the file as the earlier version left it, with its insertions; null where that is not known
 * @property before the same without them
 */
export type EditedFile = { clean: string | null; left: string | null; before: string | null }

export type Change = {
  kind: "create" | "edit" | "delete" | "env"
  path: string
  before: string | null
  /** Null: it goes. */
  after: string | null
  state: "planned" | "unchanged" | "conflict"
  reason: string
}

export type UpdatePlan = {
  changes: Change[]
  /** Every file that is ours now, as this version renders it: the next update merges from there. */
  created: Map<string, string>
  edited: Map<string, { left: string; insertions: Insertion[] }>
  /** Files of which what is known stays as it is: conflicts in the host's own, and what goes when they are settled. */
  kept: Set<string>
  /** What this version wants of package.json. */
  dependencies: string[]
  /** Variables that are new in this version. */
  env: EnvAction[]
}

/**
 * Brings an installation to this version. Three texts decide about each file: as the earlier version left it, as it is
 * now, and as this version would have it.
 * @param fresh a plan for the host as if nothing were installed; where insertions cannot be told apart, for the file as
 * it was before them
 */
export function planUpdate(fresh: Plan, installed: Installed, now: (path: string) => string | null, force: boolean): UpdatePlan {
  const env = fresh.actions.filter((action): action is EnvAction => action.kind === "env" && action.state === "planned")
  const plan: UpdatePlan = {
    changes: [],
    created: new Map(),
    edited: new Map(),
    kept: new Set(),
    dependencies: fresh.dependencies.added,
    env,
  }
  for (const action of fresh.actions) {
    if (action.kind !== "create") continue
    plan.created.set(action.path, action.after)
    plan.changes.push(...updateFile(action.path, action.after, installed.created.get(action.path) ?? null, now, force))
  }

  const edits = fresh.actions.filter((action): action is EditAction => action.kind === "edit" || action.kind === "dependency")
  for (const path of new Set([...edits.map((action) => action.path), ...installed.edited.keys()])) {
    const mine = now(path)
    if (mine === null) continue
    const { clean, left, before } = installed.edited.get(path) ?? { clean: mine, left: null, before: null }
    const action = edits.find((edit) => edit.path === path)
    const target = action?.after ?? clean ?? before ?? mine
    // Markers are for files of ours: in the auth config or the schema they would stop the app, and its next update.
    const changes = clean === null && left !== null ? updateFile(path, target, left, now, false) : insertAnew(path, mine, target)
    plan.changes.push(...changes)
    const isOpen = changes.some(({ state }) => state === "conflict")
    if (isOpen || (clean === null && left === null)) plan.kept.add(path)
    else if (action && action.edits.length > 0) plan.edited.set(path, { left: target, insertions: action.edits })
  }

  // What is in conflict may still need what goes.
  const isSettled = plan.changes.every(({ state }) => state !== "conflict")
  for (const [path, base] of installed.created) {
    const mine = now(path)
    if (plan.created.has(path) || mine === null) continue
    const remove = (state: Change["state"], reason: string) =>
      plan.changes.push({ kind: "delete", path, before: mine, after: null, state, reason: `not part of this version; ${reason}` })
    if (mine !== base && !force) remove("conflict", "you have edited it, so it stays")
    else if (isSettled) remove("planned", "it goes")
    else {
      plan.kept.add(path)
      remove("unchanged", "it goes when the conflicts are settled")
    }
  }
  plan.changes.push(
    ...env.map(({ path, before, after, reason }) => ({ kind: "env" as const, path, before, after, state: "planned" as const, reason })),
  )
  return plan
}

function insertAnew(path: string, mine: string, target: string): Change[] {
  if (target === mine) return []
  return [{ kind: "edit", path, before: mine, after: target, state: "planned", reason: "what is inserted, as in this version" }]
}

function updateFile(path: string, after: string, base: string | null, now: (path: string) => string | null, force: boolean): Change[] {
  const mine = now(path)
  const change = (state: Change["state"], text: string | null, reason: string): Change => ({
    kind: mine === null ? "create" : "edit",
    path,
    before: mine,
    after: text,
    state,
    reason,
  })
  if (mine === null)
    return base === null ? [change("planned", after, "new in this version")] : [change("unchanged", null, "you have deleted it")]
  if (mine === after) return [change("unchanged", mine, "as in this version")]
  if (base === null) return [change("conflict", mine, "new in this version, and a file of yours has its name")]
  if (base === after) return [change("unchanged", mine, "yours; nothing new in this version")]
  if (mine === base) return [change("planned", after, "as in this version")]
  const merged = merge(mine, base, after)
  if (merged.conflicts === 0) return [change("planned", merged.text, "your changes and this version's, merged")]
  const reason = `${merged.conflicts} of this version's changes meet yours`
  if (force) return [change("planned", merged.text, `${reason}: both stand between markers`)]
  const names = { from: path, to: path, fromNote: "as installed", toNote: "as in this version" }
  const rejected = patchBetween(names, base, after) ?? patchBetween(names, "", after) ?? after
  // An earlier update may have left one.
  const neighbour = now(`${path}.rej`)
  const state = neighbour === rejected ? "unchanged" : "planned"
  return [
    change("conflict", mine, `${reason}: they are in ${path}.rej`),
    { kind: "create", path: `${path}.rej`, before: neighbour, after: rejected, state, reason: `what ${path} could not be given` },
  ]
}
