import { ts } from "ts-morph"
import type { EditResult, Insertion } from "../splice"
import { unwrapExpression } from "./expressions"
import { resultsOf } from "./functions"
import { claimName, importInsertion, type Origin } from "./imports"
import { localInitializerOf } from "./locate"
import type { Module } from "./module"
import { isOwn, type OwnFunction } from "./ours"

export type ResultRequest = Origin & {
  /** The function that gets the results. */
  name: string
  /** The function whose results they are, or `default` for what the module exports so. */
  of: string
}

/** `return value` becomes `return name(value)`, wherever the function returns; `export default value` likewise. */
export function wrapResults(module: Module, { of, ...own }: ResultRequest): EditResult {
  const { name, from } = own
  const results = resultsOf(module, of)
  if (results.length === 0) return { kind: "refuse", code: "edit_unsafe", message: `${of} is not a function that returns something here.` }
  const open = results.filter((result) => !isGuarded(module, result, own))
  if (open.length === 0) return { kind: "present" }
  const { local, taken } = claimName(module, name, own)
  if (taken) return taken
  const wraps = open.flatMap((result) => wrap(result, local ?? name))
  return { kind: "edit", edits: local !== null ? wraps : [importInsertion(module, name, from), ...wraps] }
}

/** What is in parentheses already needs no more of them, but for a comma, which would make several arguments of it. */
function wrap(result: ts.Expression, name: string): Insertion[] {
  if (ts.isParenthesizedExpression(result) && !isComma(result.expression)) return [{ at: result.getStart(), text: name }]
  return [
    { at: result.getStart(), text: `${name}(` },
    { at: result.getEnd(), text: ")" },
  ]
}

const isComma = (node: ts.Expression): boolean => ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.CommaToken

/** `own(value)`, also where the result has a name: `const options = own({ ... }); return options`. */
function isGuarded(module: Module, result: ts.Expression, own: OwnFunction): boolean {
  const value = unwrapExpression(result)
  const made = localInitializerOf(value) ?? value
  return ts.isCallExpression(made) && isOwn(module, made.expression, own)
}
