import { type EditResult, eolOf, type Insertion } from "../splice"
import { type IsCallee, type KeptResult, keptResultsOf } from "./call-results"
import { claimName, importInsertion, localNames, type Origin } from "./imports"
import type { Module } from "./module"

export type FollowRequest = Origin & {
  /** `name(result)` says whether the browser is on its way elsewhere. */
  name: string
  /** Whether a name that is called is the function whose result is meant. */
  isCallee: IsCallee
}

/**
 * After `const result = await signIn(..., { redirect: false })` comes `if (name(result)) return`, and the same at the
 * beginning of `.then((result) => { ... })`. Where callers expect a value of the function, it waits for ever instead: the
 * browser is leaving the page, and nobody is to go on with `undefined`.
 * Refuses calls of any other shape, whose result cannot be followed by looking at one statement.
 */
export function followResult(module: Module, { name, from, means, isCallee }: FollowRequest): EditResult {
  const { local, taken } = claimName(module, name, { means })
  const names = localNames(module, name, { means })
  const results = keptResultsOf(module, isCallee, "redirect")
  const odd = results.find(({ kept }) => kept === null)
  if (odd || results.length === 0)
    return { kind: "refuse", code: "edit_unsafe", message: "the result of signIn is not kept in a constant", offset: odd?.start ?? 0 }
  const open = results.flatMap(({ kept }) => (kept && !isGuarded(module, names, kept) ? [kept] : []))
  if (open.length === 0) return { kind: "present" }
  if (taken) return taken
  const edits = open.flatMap((kept) => guardOf(module, local ?? name, kept))
  return { kind: "edit", edits: local !== null ? edits : [importInsertion(module, name, from), ...edits] }
}

const guardText = (name: string, { variable }: KeptResult) => `if (${name}(${variable})) return`

function isGuarded({ text }: Module, names: string[], kept: KeptResult): boolean {
  const rest = kept.side === "behind" ? text.slice(kept.at).trimStart() : text.slice(kept.at)
  return names.some((name) => rest.startsWith(guardText(name, kept)))
}

function guardOf({ text, path }: Module, name: string, kept: KeptResult): Insertion[] {
  const { at, side, beside, ends, leave } = kept
  const eol = eolOf(text)
  const guard = guardText(name, kept)
  const lineStart = text.lastIndexOf("\n", beside.start - 1) + 1
  const indent = /^[ \t]*/.exec(text.slice(lineStart, beside.start))?.[0] ?? ""
  // Before a bracket, a line without a semicolon would go on.
  const isContinued = side === "before" && /[([`+\-*/]/.test(text.charAt(at))
  const semicolon = text.charAt(ends - 1) === ";" || isContinued ? ";" : ""
  const never = /tsx?$/.test(path) ? "<never>" : ""
  const statement = guard + (leave === "wait" ? ` new Promise${never}(() => {})` : "") + semicolon
  return [{ at, text: side === "behind" ? eol + indent + statement : statement + eol + indent }]
}
