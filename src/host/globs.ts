/**
 * The patterns of a workspace, `packages/*`, `{apps,libs}/**`, `!**\/test`: each a list of what the names on the way to a
 * folder have to be. Names are compared one by one, so that no pattern takes longer than the names are long.
 */
import { expand } from "brace-expansion"
import picomatch from "picomatch"

/** `**`: any folders, or none. */
export const anyFolders = Symbol("**")
export type Part = typeof anyFolders | string | ((name: string) => boolean)

/** Characters, and patterns that one with braces stands for. Nobody writes as many. */
const longest = 20_000
const mostAlternatives = 1_000

/** The patterns that one stands for; none for what leads out of the workspace. */
export function globsOf(pattern: string): Part[][] {
  const written =
    pattern.includes("{") && pattern.length <= longest ? expand(pattern, { max: mostAlternatives, maxLength: longest }) : [pattern]
  return written.flatMap((path) => {
    const parts = path.split("/").filter((part) => part !== "" && part !== ".")
    return parts.includes("..") ? [] : [parts.map(partOf)]
  })
}

function partOf(part: string): Part {
  if (part === "**") return anyFolders
  if (!/[*?[\]{}()!+@]/.test(part)) return part
  // A group that is repeated, or many stars, would be tried in more ways than there is time for: any name will do.
  const isCostly = part.length > 100 || /[*+]\(/.test(part) || part.split(/[*?]+/).length > 3
  return isCostly ? picomatch("*") : picomatch(part, { nonegate: true })
}

/** Whether the names on the way to a folder are as a pattern has them. */
export function isMatch(glob: Part[], names: string[]): boolean {
  /** How many parts of the pattern may be behind us. */
  let places = beyond(glob, new Set([0]))
  for (const name of names) {
    const next = new Set<number>()
    for (const place of places) {
      const part = glob[place]
      if (part === anyFolders) next.add(place)
      else if (typeof part === "function" ? part(name) : part === name) next.add(place + 1)
    }
    places = beyond(glob, next)
  }
  return places.has(glob.length)
}

/** With the places behind each `**`, which may be no folder at all. */
function beyond(glob: Part[], places: Set<number>): Set<number> {
  for (const place of places) if (glob[place] === anyFolders) places.add(place + 1)
  return places
}
