import { type EditResult, eolOf, type Insertion } from "../splice"
import { claimName, importInsertion, type Origin } from "./imports"
import { awaitedResultsOf } from "./locate"
import type { Module } from "./module"

export type FollowRequest = Origin & {
  /** `name(result)` says whether the browser is on its way elsewhere. */
  name: string
  /** Whether a local name is the function whose result is meant. */
  isCallee: (local: string) => boolean
}

/**
 * After `const result = await signIn(..., { redirect: false })` comes `if (name(result)) return`.
 * Refuses calls of any other shape, whose result cannot be followed by looking at one statement.
 */
export function followResult(module: Module, { name, from, means, isCallee }: FollowRequest): EditResult {
  const { ours, taken } = claimName(module, name, { means })
  if (taken) return taken
  const results = awaitedResultsOf(module, isCallee, "redirect")
  const odd = results.find(({ variable }) => variable === null)
  if (odd || results.length === 0)
    return { kind: "refuse", code: "edit_unsafe", message: "the result of signIn is not kept in a constant", offset: odd?.start ?? 0 }
  const eol = eolOf(module.text)
  const edits = results.flatMap(({ variable, statementStart, statementEnd }): Insertion[] => {
    const rest = module.text.slice(statementEnd)
    if (rest.trimStart().startsWith(`if (${name}(${variable})) return`)) return []
    const lineStart = module.text.lastIndexOf("\n", statementStart - 1) + 1
    const indent = /^[ \t]*/.exec(module.text.slice(lineStart, statementStart))?.[0] ?? ""
    const semicolon = module.text.charAt(statementEnd - 1) === ";" ? ";" : ""
    return [{ at: statementEnd, text: `${eol}${indent}if (${name}(${variable})) return${semicolon}` }]
  })
  if (edits.length === 0) return { kind: "present" }
  return { kind: "edit", edits: ours ? edits : [importInsertion(module, name, from), ...edits] }
}
