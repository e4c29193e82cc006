import { ts } from "ts-morph"

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
