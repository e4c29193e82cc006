/** What `status` says of the app's secrets. */
import type { LoadedFeature } from "../feature/types"
import { holdersOf, valueIn } from "../host/env"
import type { HostFiles } from "../host/files"
import type { Host } from "../host/types"
import { doubtOf, knownHolder, whyNotPrivate } from "../plan/env"
import type { Shown } from "../report/paths"
import type { Check } from "./status"

/** Whether each secret is set, is one, and is nobody else's. */
export function envChecks(files: HostFiles, host: Host, feature: LoadedFeature, shown: Shown): Check[] {
  return feature.env.map(({ name, generate }): Check => {
    const bytes = Number(generate.split(":")[1])
    const read = (path: string) => files.read(path)
    const holders = holdersOf(name, host.env, read)
    // The worst of them is said: a private one for one mode does not mend a known one for the other.
    const known = knownHolder(name, host, files)
    const holder = known.holder ?? holders.find(({ privacy }) => privacy !== "ignored") ?? holders[0]
    const file = shown(holder?.path ?? host.env.file)
    const fix = `${name}="$(openssl rand -base64 ${bytes})" in ${file}`
    if (!holder) return { id: "env", state: "todo", message: `${name} is not set in ${file}.`, fix }
    if (known.holder !== null) {
      const rotate = `Take it out of ${file} and rotate the key: put a new one first, ${name}="new:KEY,old:KEY", in a file that git ignores.`
      return { id: "env", state: "todo", message: `${name} is set in ${file}, ${known.why}.`, fix: rotate }
    }
    // `kid:key,kid:key`, or one key.
    const keys = (valueIn(read(holder.path) ?? "", name) ?? "").split(",")
    const short = keys.filter((key) => Buffer.from(key.slice(key.indexOf(":") + 1), "base64").length !== bytes)
    if (short.length > 0) return { id: "env", state: "todo", message: `${name} in ${file} is not ${bytes} bytes of base64.`, fix }
    if (known.doubt !== null)
      return {
        id: "env",
        state: "unknown",
        message: doubtOf(name, shown(known.doubt.path)),
        fix: "Fetch the whole history, or rotate the key.",
      }
    if (holder.privacy === "ignored") return { id: "env", state: "ok", message: `${name} is set in ${file}, which git ignores.` }
    if (holder.privacy === "elsewhere")
      return {
        id: "env",
        state: "unknown",
        message: `${name} is set in ${file}: ${whyNotPrivate(holder.privacy, file)}.`,
        fix: `Make sure that no repository and no web server has the file that ${file} leads to.`,
      }
    if (holder.privacy === "unsearched")
      return {
        id: "env",
        state: "unknown",
        message: `${name} is set in ${file}: ${whyNotPrivate(holder.privacy, file)}.`,
        fix: `Make sure that nothing in public leads to ${file}: find public -type l`,
      }
    return {
      id: "env",
      state: "todo",
      message: `${name} is set in ${file}: ${whyNotPrivate(holder.privacy, file)}.`,
      fix: `Add ${file} to .gitignore; if it was ever committed, rotate the key.`,
    }
  })
}
