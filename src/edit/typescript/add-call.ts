import { ts } from "ts-morph"
import type { EditResult } from "../splice"
import { identifierText, unwrapExpression } from "./expressions"
import { claimName, importInsertion, type Origin, statementBehind } from "./imports"
import { declarationOf } from "./locate"
import type { Module } from "./module"
import { isOwn, type OwnFunction } from "./ours"
import { mostWrites, writesTo } from "./writes"

export type CallRequest = Origin & {
  /** The function to call. */
  name: string
  /** The constant it is called with. */
  argument: string
}

/**
 * `name(argument)` as a statement of its own, right after the statement that declares the constant, or after the last one
 * that changes it: what is set later would take the place of what the call has set.
 */
export function addCall(module: Module, { argument, ...own }: CallRequest): EditResult {
  const { name, from } = own
  const declaration = declarationOf(module, argument)
  if (!declaration) return { kind: "refuse", code: "edit_unsafe", message: `${argument} is not declared at the top of this file.` }
  const writes = writesTo(module, argument)
  if (writes.length >= mostWrites)
    return { kind: "refuse", code: "edit_unsafe", message: `${argument} is changed in ${mostWrites} places or more of this file.` }
  const changes = writes.filter(({ kind, statement }) => kind !== "push" && !isGuard(module, statement, argument, own))
  const late = changes.find(({ inFunction }) => inFunction)
  if (late)
    return {
      kind: "refuse",
      code: "edit_unsafe",
      message: `${argument} is changed in a function: what is set there takes the place of what ${name} has set.`,
      offset: late.start,
      snippet: `// in the function, change a copy, and use that one:\nconst options = { ...${argument}, ... }`,
    }
  const last = changes.reduce((end, { statement }) => Math.max(end, statement.getEnd()), declaration.end)
  const place = changes.find(({ statement }) => statement.getEnd() === last)?.statement
  const isGuarded = module.source.statements.some((statement) => statement.getEnd() >= last && isGuard(module, statement, argument, own))
  if (isGuarded) return { kind: "present" }
  const { local, taken } = claimName(module, name, own)
  if (taken)
    return {
      ...taken,
      snippet: `import { ${name} as ${name}Options } from "${from}"\n\n${name}Options(${argument}) // behind all that changes it`,
    }
  const behind = place ? { start: place.getStart(), end: place.getEnd() } : declaration
  // The end of a block says nothing of semicolons.
  const statement = statementBehind(module, behind, `${local ?? name}(${argument})`, declaration)
  return { kind: "edit", edits: local !== null ? [statement] : [importInsertion(module, name, from), statement] }
}

/** `own(options)`, `const options = own({ ... })` or `export default own(options)`. */
function isGuard(module: Module, statement: ts.Statement, argument: string, own: OwnFunction): boolean {
  const isCall = (node: ts.Expression): ts.CallExpression | null => {
    const call = unwrapExpression(node)
    return ts.isCallExpression(call) && isOwn(module, call.expression, own) ? call : null
  }
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.some(
      ({ name, initializer }) => ts.isIdentifier(name) && name.text === argument && initializer && isCall(initializer) !== null,
    )
  const call = ts.isExpressionStatement(statement) || ts.isExportAssignment(statement) ? isCall(statement.expression) : null
  const [given] = call?.arguments ?? []
  return given !== undefined && identifierText(unwrapExpression(given)) === argument
}
