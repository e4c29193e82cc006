import { type EditResult, eolOf, type Insertion } from "../splice"
import { type IsMeant, type KeptResult, resultsOfCalls } from "./call-results"
import { claimName, importInsertion, localNames, type Origin } from "./imports"
import type { Module } from "./module"

export type FollowRequest = Origin & {
  /** `name(result)` says whether the browser is on its way elsewhere. */
  name: string
  /** `wrapper(call(...))` gives what the call gives, and nothing any more once the browser is on its way elsewhere. */
  wrapper: string
  /** Whether a call is of the function whose result is meant. */
  isMeant: IsMeant
}

/** Calls in one file. A page with more is no form. */
const mostCalls = 100

/**
 * After `const result = await signIn(..., { redirect: false })` comes `if (name(result)) return`, and the same at the
 * beginning of `.then((result) => { ... })`. Where callers expect a value of the function, it waits for ever instead: the
 * browser is leaving the page, and nobody is to go on with `undefined`. A file in which a result goes anywhere else has
 * its calls wrapped.
 */
export function followResult(module: Module, { name, wrapper, from, means, isMeant }: FollowRequest): EditResult {
  const results = resultsOfCalls(module, isMeant, "redirect")
  if (results.length === 0)
    return { kind: "refuse", code: "edit_unsafe", message: "signIn is not called here with redirect: false", offset: 0 }
  if (results.length > mostCalls)
    return { kind: "refuse", code: "edit_unsafe", message: "signIn is called here too often", offset: results[0]?.start ?? 0 }
  const guards = localNames(module, name, { means })
  const wrappers = localNames(module, wrapper, { means })
  const open = results.filter(({ kept, givenTo }) =>
    kept ? !isGuarded(module, guards, kept) : givenTo === null || !wrappers.includes(givenTo),
  )
  if (open.length === 0) return { kind: "present" }
  const isWrapped = open.some(({ kept }) => kept === null)
  const wanted = isWrapped ? wrapper : name
  const { local, taken } = claimName(module, wanted, { means })
  if (taken) return taken
  const called = local ?? wanted
  const edits = open.flatMap(({ start, end, kept }): Insertion[] =>
    kept === null || isWrapped
      ? [
          { at: start, text: `${called}(` },
          { at: end, text: ")" },
        ]
      : guardOf(module, called, kept),
  )
  return { kind: "edit", edits: local !== null ? edits : [importInsertion(module, wanted, from), ...edits] }
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
