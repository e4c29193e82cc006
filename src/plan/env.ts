import { appendEnv } from "../edit/env"
import { applyInsertions, type Insertion } from "../edit/splice"
import type { LoadedFeature } from "../feature/types"
import type { Host } from "../host/types"
import type { Sources } from "./sources"
import type { Action } from "./types"

export function planEnv(host: Host, feature: LoadedFeature, sources: Sources): Action[] {
  const { file, ignored, example } = host.env
  const names = feature.env.map(({ name }) => name)
  const actions: Action[] = []
  if (ignored) {
    const before = sources.read(file)
    const entries = feature.env.map(({ name, comment, generate }) => ({ name, comment, value: sources.generate(generate) }))
    actions.push({
      kind: "env",
      path: file,
      before,
      names,
      secret: true,
      reason: "a new key, generated here",
      ...appended(before ?? "", entries),
    })
  } else {
    const commands = feature.env.map(({ name, generate }) => `${name}="$(openssl rand -base64 ${generate.split(":")[1]})"`)
    const done = feature.env.every(({ name }) => new RegExp(`^\\s*${name}=`, "m").test(sources.read(file) ?? ""))
    actions.push({
      kind: "manual",
      path: file,
      reason: `git does not ignore ${file}, so no secret is written to it: set ${names.join(", ")} yourself`,
      snippet: commands.join("\n"),
      state: done ? "unchanged" : "planned",
    })
  }
  if (example) {
    const before = sources.read(example)
    const entries = feature.env.map(({ name, comment }) => ({ name, comment, value: "" }))
    actions.push({
      kind: "env",
      path: example,
      before,
      names,
      secret: false,
      reason: "its name, without a value",
      ...appended(before ?? "", entries),
    })
  }
  return actions
}

function appended(
  before: string,
  entries: Parameters<typeof appendEnv>[1],
): { after: string; edits: Insertion[]; state: "planned" | "unchanged" } {
  const result = appendEnv(before, entries)
  const edits = result.kind === "edit" ? result.edits : []
  return { after: applyInsertions(before, edits), edits, state: edits.length > 0 ? "planned" : "unchanged" }
}
