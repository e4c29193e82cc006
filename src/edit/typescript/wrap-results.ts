import { ts } from "ts-morph"
import type { EditResult, Insertion } from "../splice"
import { identifierText } from "./expressions"
import { resultsOf } from "./functions"
import { claimName, importInsertion, type Origin } from "./imports"
import type { Module } from "./module"

export type ResultRequest = Origin & {
  /** The function that gets the results. */
  name: string
  /** The function whose results they are, or `default` for what the module exports so. */
  of: string
}

/** `return value` becomes `return name(value)`, wherever the function returns; `export default value` likewise. */
export function wrapResults(module: Module, { name, from, means, of }: ResultRequest): EditResult {
  const results = resultsOf(module, of)
  if (results.length === 0) return { kind: "refuse", code: "edit_unsafe", message: `${of} is not a function that returns something here.` }
  const { ours, taken } = claimName(module, name, { means })
  if (taken) return taken
  const open = results.filter((result) => !(ours && isCallOf(result, name)))
  if (open.length === 0) return { kind: "present" }
  const wraps = open.flatMap((result) => wrap(result, name))
  return { kind: "edit", edits: ours ? wraps : [importInsertion(module, name, from), ...wraps] }
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

const isCallOf = (node: ts.Expression, name: string): boolean => ts.isCallExpression(node) && identifierText(node.expression) === name
