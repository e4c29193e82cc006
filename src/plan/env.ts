import { appendEnv } from "../edit/env"
import { applyInsertions, type Insertion } from "../edit/splice"
import { CliError } from "../errors"
import type { LoadedFeature } from "../feature/types"
import { type EnvFile, holdersOf, isKnown, knownFileOf, type Privacy, valueIn, wasCommittedOnce } from "../host/env"
import type { HostFiles } from "../host/files"
import type { Host } from "../host/types"
import type { Sources } from "./sources"
import type { Action } from "./types"

export function planEnv(host: Host, feature: LoadedFeature, sources: Sources): Action[] {
  const { example } = host.env
  const names = feature.env.map(({ name }) => name)
  const { path: file, privacy } = homeOf(host, names, sources)
  const actions: Action[] = []
  if (privacy === "ignored") {
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
    const done = feature.env.every(({ name }) => holdersOf(name, host.env, sources.read).some((holder) => !isKnown(holder)))
    actions.push({
      kind: "manual",
      path: file,
      reason: `${whyNotPrivate(privacy, file)}, so no secret is written to it: set ${names.join(", ")} yourself`,
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

/** Why a file takes no secret. */
export function whyNotPrivate(privacy: Exclude<Privacy, "ignored">, file: string): string {
  return {
    unignored: `git does not ignore ${file}`,
    tracked: `git tracks ${file}`,
    served: `${file} is in a folder that browsers can read`,
    elsewhere: `${file} is a link that leads out of the app's own files`,
    unsaid: `git does not say whether it ignores ${file}`,
  }[privacy]
}

/** The file that has one of the variables, so that none gets a second value; else the one for secrets. */
function homeOf({ env }: Host, names: string[], sources: Sources): EnvFile {
  const usual = env.files.filter(({ path }) => path === ".env" || path === ".env.local")
  const holders = names.flatMap((name) => holdersOf(name, env, sources.read)).filter((holder) => usual.includes(holder))
  return holders.find((holder) => !isKnown(holder)) ?? { path: env.file, privacy: env.privacy }
}

/**
 * Refuses a secret that came with the repository: whoever has a clone could read everybody's second factor. It is not
 * replaced here. Where MFA is in use already, a new key would turn every authenticator app away.
 * @throws CliError secret_known
 */
export function assertSecretsUnknown(host: Host, feature: LoadedFeature, files: HostFiles): void {
  for (const { name } of feature.env) {
    const { holder, why } = knownHolder(name, host, files)
    if (holder !== null)
      throw new CliError("secret_known", `${name} is set in ${holder.path}, ${why}.`, {
        file: holder.path,
        suggestion: `Nothing was changed. Take ${name} out of ${holder.path}, then run this again. If MFA is in use with that key, rotate it: put the new key first, ${name}="new:KEY,old:KEY", in a file that git ignores.`,
      })
  }
}

/** The env file with a value of the variable that others know, and why they do. */
export function knownHolder(name: string, { env }: Host, files: HostFiles): { holder: EnvFile; why: string } | { holder: null; why: null } {
  const read = (path: string) => files.read(path)
  const holders = holdersOf(name, env, read)
  const open = knownFileOf(name, env, read) ?? holders.find(isKnown)
  if (open) return { holder: open, why: whoKnows(open) }
  const former = holders.find(({ path }) => wasCommittedOnce(files, valueIn(read(path) ?? "", name) ?? ""))
  if (!former) return { holder: null, why: null }
  return { holder: former, why: "and an earlier commit has it: a key that was committed is known to everybody who has the repository" }
}

/** Who may know what is in a file. */
const whoKnows = ({ privacy }: EnvFile): string =>
  privacy === "served"
    ? "which is in a folder that browsers can read: a key that was published is no key"
    : "which git tracks: a key that was committed is known to everybody who has the repository"

function appended(
  before: string,
  entries: Parameters<typeof appendEnv>[1],
): { after: string; edits: Insertion[]; state: "planned" | "unchanged" } {
  const result = appendEnv(before, entries)
  const edits = result.kind === "edit" ? result.edits : []
  return { after: applyInsertions(before, edits), edits, state: edits.length > 0 ? "planned" : "unchanged" }
}
