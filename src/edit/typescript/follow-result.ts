import { type EditResult, eolOf, type Insertion } from "../splice"
import { type IsMeant, type KeptResult, resultsOfCalls } from "./call-results"
import { claimName, importInsertion, type Origin } from "./imports"
import type { Module } from "./module"

export type FollowRequest = Origin & {
  /** `name(result)` says whether the browser is on its way elsewhere. */
  name: string
  /** `wrapper(call(...))` gives what the call gives, and nothing any more once the browser is on its way elsewhere. */
  wrapper: string
  /** Whether a call is of the function whose result is meant. */
  isMeant: IsMeant
}

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
  const open = results.flatMap((result) => {
    const guard = result.kept && guardOf(module, name, result.kept)
    const isFollowed = guard ? guard.length === 0 : result.givenTo === wrapper
    return isFollowed ? [] : [{ ...result, guard }]
  })
  if (open.length === 0) return { kind: "present" }
  const isWrapped = open.some(({ guard }) => guard === null)
  const claimed = claimName(module, isWrapped ? wrapper : name, { means })
  if (claimed.taken) return claimed.taken
  const edits = open.flatMap(({ start, end, guard }): Insertion[] =>
    guard === null || isWrapped
      ? [
          { at: start, text: `${wrapper}(` },
          { at: end, text: ")" },
        ]
      : guard,
  )
  return { kind: "edit", edits: claimed.ours ? edits : [importInsertion(module, isWrapped ? wrapper : name, from), ...edits] }
}

function guardOf({ text, path }: Module, name: string, { variable, at, side, beside, ends, leave }: KeptResult): Insertion[] {
  const eol = eolOf(text)
  const guard = `if (${name}(${variable})) return`
  const rest = side === "behind" ? text.slice(at).trimStart() : text.slice(at, at + guard.length)
  if (rest.startsWith(guard)) return []
  const lineStart = text.lastIndexOf("\n", beside.start - 1) + 1
  const indent = /^[ \t]*/.exec(text.slice(lineStart, beside.start))?.[0] ?? ""
  // Before a bracket, a line without a semicolon would go on.
  const isContinued = side === "before" && /[([`+\-*/]/.test(text.charAt(at))
  const semicolon = text.charAt(ends - 1) === ";" || isContinued ? ";" : ""
  const never = /tsx?$/.test(path) ? "<never>" : ""
  const statement = guard + (leave === "wait" ? ` new Promise${never}(() => {})` : "") + semicolon
  return [{ at, text: side === "behind" ? eol + indent + statement : statement + eol + indent }]
}
