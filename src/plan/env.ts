import { appendEnv, type EnvEntry, fillEnv } from "../edit/env"
import { applyInsertions } from "../edit/splice"
import { CliError } from "../errors"
import type { LoadedFeature } from "../feature/types"
import { type EnvFile, emptyIn, holdersOf, isKnown, knownFileOf, type Privacy, valueIn, wasCommittedOnce } from "../host/env"
import type { HostFiles } from "../host/files"
import type { Host, Warning } from "../host/types"
import type { Sources } from "./sources"
import type { Action, EnvAction } from "./types"

export function planEnv(host: Host, feature: LoadedFeature, sources: Sources): Action[] {
  const { example } = host.env
  const names = feature.env.map(({ name }) => name)
  const { path: file, privacy } = homeOf(host, names, sources)
  const actions: Action[] = emptyNames(host, names, file, sources)
  if (privacy === "ignored") {
    const before = sources.read(file)
    const entries = feature.env.map(({ name, comment, generate }) => ({ name, comment, value: sources.generate(generate) }))
    const change = changed(before ?? "", entries)
    const reason = change.state === "planned" ? "a new key, generated here" : "it has a key already"
    actions.push({ kind: "env", path: file, before, names, secret: true, reason, ...change })
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
      ...changed(before ?? "", entries),
    })
  }
  return actions
}

/** Why a file takes no secret. */
export function whyNotPrivate(privacy: Exclude<Privacy, "ignored">, file: string): string {
  return {
    unignored: `git does not ignore ${file}`,
    tracked: `git tracks ${file}`,
    served: `${file} is in a folder that browsers can read, or a link there leads to it`,
    unsearched: `what this app serves is too much to be looked through for a link to ${file}`,
    elsewhere: `${file} is a link that leads out of the app's own files`,
    unsaid: `git does not say whether it ignores ${file}`,
  }[privacy]
}

/**
 * The file that has one of the variables, so that none gets a second value; else one that names it without a value and is
 * read before the others; else the one for secrets.
 */
function homeOf({ env }: Host, names: string[], { read }: Sources): EnvFile {
  const usual = env.files.filter(({ path }) => path === ".env" || path === ".env.local")
  const holders = names.flatMap((name) => holdersOf(name, env, read)).filter((holder) => usual.includes(holder))
  const empty = names.flatMap((name) => emptyIn(name, env.file, env, read)).filter(({ file }) => usual.includes(file))
  return (
    holders.find((holder) => !isKnown(holder)) ??
    empty.find(({ file, isBefore }) => file.privacy === "ignored" && (isBefore || file.path === env.file))?.file ?? {
      path: env.file,
      privacy: env.privacy,
    }
  )
}

/** Other files that name a variable without a value: before the one that has it they hide it, behind it they mislead. */
function emptyNames({ env }: Host, names: string[], home: string, { read }: Sources): Action[] {
  return names.flatMap((name) =>
    emptyIn(name, home, env, read)
      .filter(({ file }) => file.path !== home)
      .map(({ file, isBefore }): Action => {
        const read = isBefore ? `which Next.js reads before ${home}` : `and what reads ${file.path} alone finds no key`
        return {
          kind: "manual",
          path: file.path,
          reason: `${name} is there without a value, ${read}: take that line out`,
          snippet: `${name}=`,
          state: "planned",
        }
      }),
  )
}

/**
 * Refuses a secret that came with the repository: whoever has a clone could read everybody's second factor. It is not
 * replaced here. Where MFA is in use already, a new key would turn every authenticator app away.
 * @returns what git cannot tell
 * @throws CliError secret_known
 */
export function assertSecretsUnknown(host: Host, feature: LoadedFeature, files: HostFiles): Warning[] {
  return feature.env.flatMap(({ name }): Warning[] => {
    const { holder, why, doubt } = knownHolder(name, host, files)
    if (holder !== null)
      throw new CliError("secret_known", `${name} is set in ${holder.path}, ${why}.`, {
        file: holder.path,
        suggestion: `Nothing was changed. Take ${name} out of ${holder.path}, then run this again. If MFA is in use with that key, rotate it: put the new key first, ${name}="new:KEY,old:KEY", in a file that git ignores.`,
      })
    return doubt ? [{ code: "secret_doubtful", message: doubtOf(name, doubt.path), file: doubt.path }] : []
  })
}

/** @param file where the variable is set */
export const doubtOf = (name: string, file: string): string =>
  `${name} is set in ${file}, and git cannot tell whether a commit has it: its history is too large, or not all there. If the key came with the repository, everybody knows it: rotate it.`

/**
 * @property holder the env file with a value of the variable that others know
 * @property why they know it
 * @property doubt an env file of whose value git cannot tell
 */
export type KnownHolder = { holder: EnvFile; why: string; doubt: null } | { holder: null; why: null; doubt: EnvFile | null }

export function knownHolder(name: string, { env }: Host, files: HostFiles): KnownHolder {
  const read = (path: string) => files.read(path)
  const holders = holdersOf(name, env, read)
  const open = knownFileOf(name, env, read) ?? holders.find(isKnown)
  if (open) return { holder: open, why: whoKnows(open), doubt: null }
  const answers = holders.map((holder) => ({ holder, committed: wasCommittedOnce(files, valueIn(read(holder.path) ?? "", name) ?? "") }))
  const former = answers.find(({ committed }) => committed === true)
  if (!former) return { holder: null, why: null, doubt: answers.find(({ committed }) => committed === null)?.holder ?? null }
  const why = "and an earlier commit has it: a key that was committed is known to everybody who has the repository"
  return { holder: former.holder, why, doubt: null }
}

/** Who may know what is in a file. */
const whoKnows = ({ privacy }: EnvFile): string =>
  privacy === "served"
    ? "which browsers can read, by its folder or by a link: a key that was published is no key"
    : "which git tracks: a key that was committed is known to everybody who has the repository"

function changed(before: string, entries: EnvEntry[]): Pick<EnvAction, "after" | "edits" | "filled" | "state"> {
  const appended = appendEnv(before, entries)
  const edits = [...fillEnv(before, entries), ...(appended.kind === "edit" ? appended.edits : [])]
  const filled = entries.flatMap(({ name, value }) => (value !== "" && valueIn(before, name) === "" ? [name] : []))
  return { after: applyInsertions(before, edits), edits, filled, state: edits.length > 0 ? "planned" : "unchanged" }
}
