import { ts } from "ts-morph"
import { unwrapExpression } from "./expressions"
import type { Module } from "./module"

export type FunctionNode = ts.FunctionDeclaration | ts.FunctionExpression | ts.ArrowFunction

export const isFunction = (node: ts.Node): node is ts.FunctionExpression | ts.ArrowFunction =>
  ts.isFunctionExpression(node) || ts.isArrowFunction(node)

/** What the function itself returns; functions inside it return to somebody else. */
export function returnedBy(node: FunctionNode): ts.Expression[] {
  if (!node.body) return []
  if (!ts.isBlock(node.body)) return [node.body]
  const results: ts.Expression[] = []
  const visit = (inner: ts.Node): void => {
    if (ts.isFunctionLike(inner) || ts.isClassLike(inner)) return
    if (ts.isReturnStatement(inner) && inner.expression) results.push(inner.expression)
    ts.forEachChild(inner, visit)
  }
  ts.forEachChild(node.body, visit)
  return results
}

/** All that a function of the module returns, by its name, or `default` for what the module exports so. */
export function resultsOf(module: Module, name: string): ts.Expression[] {
  for (const statement of module.source.statements) {
    // A signature without a body is one of an overload: the function itself comes behind them.
    if (
      ts.isFunctionDeclaration(statement) &&
      statement.body &&
      (statement.name?.text === name || (name === "default" && isDefault(statement)))
    )
      return returnedBy(statement)
    if (name === "default" && ts.isExportAssignment(statement) && !statement.isExportEquals) {
      const { expression } = statement
      if (ts.isIdentifier(expression)) return resultsOf(module, expression.text)
      return isFunction(expression) ? returnedBy(expression) : [expression]
    }
    if (!ts.isVariableStatement(statement)) continue
    const declaration = statement.declarationList.declarations.find((one) => ts.isIdentifier(one.name) && one.name.text === name)
    if (declaration?.initializer) return isFunction(declaration.initializer) ? returnedBy(declaration.initializer) : []
  }
  return []
}

const isDefault = (node: ts.FunctionDeclaration) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false

/** The function that the module declares under a name at its top, or has in a constant there. */
export function functionNamed({ source }: Module, name: string): FunctionNode | null {
  for (const statement of source.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === name && statement.body) return statement
    if (!ts.isVariableStatement(statement) || (statement.declarationList.flags & ts.NodeFlags.Const) === 0) continue
    const found = statement.declarationList.declarations.find((one) => ts.isIdentifier(one.name) && one.name.text === name)
    const value = found?.initializer && unwrapExpression(found.initializer)
    if (value) return isFunction(value) ? value : null
  }
  return null
}
