import { createTwoFilesPatch } from "diff"
import { merge } from "../edit/merge"
import type { Insertion } from "../edit/splice"
import type { CreateAction, Plan } from "./types"

/** What an earlier version installed, as texts. */
export type Installed = {
  /** Files that it created, as it left them. */
  created: ReadonlyMap<string, string>
  /** Files of the host's that it inserted into. */
  edited: string[]
}

export type Change = {
  kind: "create" | "edit" | "delete"
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
  /** Files of the host's in which the earlier insertions cannot be told apart: what is known of them stays. */
  kept: Set<string>
  /** What this version wants of package.json. */
  dependencies: string[]
}

/**
 * Brings an installation to this version. Three texts decide about each file: as the earlier version left it, as it is
 * now, and as this version would have it.
 * @param fresh a plan for the host as if nothing were installed
 * @param clean the host's own files without what was inserted; null where it cannot be told apart any more
 */
export function planUpdate(
  fresh: Plan,
  installed: Installed,
  now: (path: string) => string | null,
  clean: ReadonlyMap<string, string | null>,
  force: boolean,
): UpdatePlan {
  const plan: UpdatePlan = { changes: [], created: new Map(), edited: new Map(), kept: new Set(), dependencies: fresh.dependencies.added }
  const rendered = fresh.actions.filter((action) => action.kind === "create")
  for (const action of rendered) {
    plan.created.set(action.path, action.after)
    plan.changes.push(...updateFile(action, installed.created.get(action.path) ?? null, now, force))
  }
  for (const [path, base] of installed.created) {
    if (plan.created.has(path)) continue
    const mine = now(path)
    if (mine === null) continue
    const isOurs = mine === base || force
    const reason = isOurs ? "not part of this version" : "not part of this version; you have edited it, so it stays"
    plan.changes.push({ kind: "delete", path, before: mine, after: null, state: isOurs ? "planned" : "conflict", reason })
  }

  const edits = fresh.actions.filter(({ kind }) => kind === "edit" || kind === "dependency")
  for (const path of new Set([...edits.map((action) => action.path), ...installed.edited])) {
    const mine = now(path)
    const own = clean.get(path)
    const action = edits.find((edit) => edit.path === path)
    if (mine === null) continue
    if (own === null) plan.kept.add(path)
    if (own === null && action?.state !== "planned") continue
    if (own === null) {
      const reason = "what was inserted has been edited: bring it in line by hand"
      plan.changes.push({ kind: "edit", path, before: mine, after: mine, state: "conflict", reason })
      continue
    }
    const target = action && "after" in action ? action.after : (own ?? mine)
    if (action && "edits" in action && action.edits.length > 0) plan.edited.set(path, { left: target, insertions: action.edits })
    if (target !== mine)
      plan.changes.push({
        kind: "edit",
        path,
        before: mine,
        after: target,
        state: "planned",
        reason: "what is inserted, as in this version",
      })
  }
  return plan
}

function updateFile({ path, after }: CreateAction, base: string | null, now: (path: string) => string | null, force: boolean): Change[] {
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
  const rejected = createTwoFilesPatch(path, path, base, after, "as installed", "as in this version")
  // An earlier update may have left one.
  const neighbour = now(`${path}.rej`)
  const state = neighbour === rejected ? "unchanged" : "planned"
  return [
    change("conflict", mine, `${reason}: they are in ${path}.rej`),
    { kind: "create", path: `${path}.rej`, before: neighbour, after: rejected, state, reason: `what ${path} could not be given` },
  ]
}
