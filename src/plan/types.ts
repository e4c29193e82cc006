import type { Insertion } from "../edit/splice"
import type { Routes } from "../feature/render"
import type { Host, Warning } from "../host/types"

type Base = { path: string; reason: string; state: "planned" | "unchanged" | "done" | "conflict" }

/** A file that comes into being, or one whose text grows. `before` is what was read, and what must still be there at apply. */
export type CreateAction = Base & {
  kind: "create"
  after: string
  /** What stands there instead, in a file that an earlier run has created: it is left, and shown. */
  existing?: string
}
export type EditAction = Base & { kind: "edit" | "dependency"; before: string; after: string; edits: Insertion[] }
/** @property filled names that stood there without a value, and get one */
export type EnvAction = Base & {
  kind: "env"
  before: string | null
  after: string
  edits: Insertion[]
  names: string[]
  filled?: string[]
  secret: boolean
}
/** What only the user can do. `snippet` is in the host's own names. */
export type ManualAction = Base & { kind: "manual"; snippet: string }
export type DeleteAction = Base & { kind: "delete"; before: string }

export type Action = CreateAction | EditAction | EnvAction | ManualAction | DeleteAction
export type WriteAction = Exclude<Action, ManualAction>

/** A command for the user, and the folder it is run in; or what to write into a file. */
export type NextStep = { dir: string; command: string } | { file: string; text: string }

/** One object for preview, JSON and apply: what is shown is what is done. */
export type Plan = {
  feature: string
  host: Host
  actions: Action[]
  dependencies: { added: string[]; kept: string[] }
  routes: Routes
  nextSteps: NextStep[]
  warnings: Warning[]
}

/** Whether a file that an earlier run has created holds something else than this one would write. */
export const isDifferent = (action: Action): boolean => action.kind === "create" && action.existing !== undefined
export const isWrite = (action: Action): action is WriteAction => action.kind !== "manual"
export const hasChanges = (plan: Plan): boolean => plan.actions.some((action) => isWrite(action) && action.state === "planned")
