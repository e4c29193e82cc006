/** Which of the two next-auths an app is written for, where neither a lockfile nor its range says it. */
import { intersects, major, minVersion, validRange } from "semver"
import type { Requirements } from "../feature/types"
import { findHandler, type RouterDirs } from "./auth-handler"
import type { HostFiles } from "./files"
import type { Warning } from "./types"
import type { VersionFact } from "./workspace"

/** Characters. To compare two ranges takes as long as both together, squared. */
const longestRange = 200

/**
 * The version as it is, or, where it may be either of the two, the one that the auth route is written for, with a warning:
 * files for the other one would not compile.
 */
export function settleAuthVersion(
  files: HostFiles,
  dirs: RouterDirs,
  fact: VersionFact,
  { nextAuthAdvised }: Requirements,
): { version: VersionFact; warnings: Warning[] } {
  if (!fact.guessed || !mayBeBoth(fact.range)) return { version: fact, warnings: [] }
  const handler = findHandler(files, dirs)
  const wanted = handler !== null && isForFive(files.read(handler.handler) ?? "") ? 5 : 4
  const advised = nextAuthAdvised.split("||").map((range) => minVersion(range)?.version ?? "")
  const version = advised.find((each) => each !== "" && major(each) === wanted) ?? String(wanted)
  const [file = "package.json", line] = fact.evidence.split(":")
  const message = `Nothing is installed and nothing is locked, so next-auth may be 4 or 5: package.json says ${JSON.stringify(fact.range.slice(0, longestRange))}. The auth route is written for ${wanted}, and so is what is added. Install the app's packages first, or name the version in package.json, to be sure.`
  return {
    version: { ...fact, version, guessed: false },
    warnings: [{ code: "version_unknown", message, file, ...(line && { line: Number(line) }) }],
  }
}

function mayBeBoth(range: string): boolean {
  if (range.length > longestRange || validRange(range) === null) return true
  return ["<5.0.0-0", ">=5.0.0-0"].every((each) => intersects(range, each, { includePrerelease: true }))
}

/** next-auth 5 gives the handlers of the route; of 4, the handler is one function that the route names itself. */
const isForFive = (route: string): boolean => /\bhandlers\b|\{\s*GET\s*,\s*POST\s*(?:,\s*)?\}\s*(?:from|=)/.test(route)
