/** What an expression is, and what is in it. */
import { ts } from "ts-morph"

/** Without `as`, `<Type>`, `satisfies`, `!`, `await` and parentheses. */
export function unwrapExpression(node: ts.Expression): ts.Expression {
  let inner = node
  while (
    ts.isAsExpression(inner) ||
    ts.isTypeAssertionExpression(inner) ||
    ts.isSatisfiesExpression(inner) ||
    ts.isParenthesizedExpression(inner) ||
    ts.isNonNullExpression(inner) ||
    ts.isAwaitExpression(inner)
  )
    inner = inner.expression
  return inner
}

/** The object a function returns, where that is its whole body or its only return. */
export function returnedObject(node: ts.Expression): ts.Expression | null {
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return null
  return ts.isBlock(node.body) ? onlyReturn(node.body) : unwrapExpression(node.body)
}

/** What a function gives back, where it has one return. */
export function onlyReturn(body: ts.Block): ts.Expression | null {
  const returns = body.statements.filter(ts.isReturnStatement)
  const [only] = returns
  return returns.length === 1 && only?.expression ? unwrapExpression(only.expression) : null
}

/** What an expression may turn out to be: both branches of a choice, else itself. */
export function alternativesOf(node: ts.Expression): ts.Expression[] {
  const branches = branchesOf(node)
  return branches === null ? [node] : branches.flatMap((branch) => alternativesOf(unwrapExpression(branch)))
}

function branchesOf(node: ts.Expression): ts.Expression[] | null {
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse]
  if (!ts.isBinaryExpression(node)) return null
  const { kind } = node.operatorToken
  // On the left of `&&` is a condition: what it gives when it is not met is nothing.
  if (kind === ts.SyntaxKind.AmpersandAmpersandToken) return [node.right]
  return kind === ts.SyntaxKind.BarBarToken || kind === ts.SyntaxKind.QuestionQuestionToken ? [node.left, node.right] : null
}

/** `null`, `undefined` and `false`: what is written for something that is left out. */
export const isNothing = (node: ts.Expression): boolean =>
  node.kind === ts.SyntaxKind.NullKeyword || node.kind === ts.SyntaxKind.FalseKeyword || identifierText(node) === "undefined"

export type ObjectMembers = { properties: Map<string, ts.Expression>; spreads: ts.Expression[] }

export function membersOf(node: ts.Expression): ObjectMembers | null {
  if (!ts.isObjectLiteralExpression(node)) return null
  const members: ObjectMembers = { properties: new Map(), spreads: [] }
  for (const property of node.properties) {
    if (ts.isSpreadAssignment(property)) members.spreads.push(property.expression)
    else if (ts.isPropertyAssignment(property) && (ts.isIdentifier(property.name) || ts.isStringLiteral(property.name)))
      members.properties.set(property.name.text, unwrapExpression(property.initializer))
    else if (ts.isShorthandPropertyAssignment(property)) members.properties.set(property.name.text, property.name)
  }
  return members
}

export const identifierText = (node: ts.Expression): string | null => (ts.isIdentifier(node) ? node.text : null)

export const literalText = (node: ts.Expression): string | null => (ts.isStringLiteralLike(node) ? node.text : null)

/** The elements of an array literal. */
export function elementsOf(node: ts.Expression): ts.Expression[] | null {
  return ts.isArrayLiteralExpression(node) ? node.elements.map(unwrapExpression) : null
}

/** The `x` of `...x`. */
export const spreadOf = (node: ts.Expression): ts.Expression | null => (ts.isSpreadElement(node) ? unwrapExpression(node.expression) : null)

/** `object.name` or `object["name"]` */
export function propertyOf(node: ts.Expression): { object: ts.Expression; name: string } | null {
  if (ts.isPropertyAccessExpression(node)) return { object: unwrapExpression(node.expression), name: node.name.text }
  if (!ts.isElementAccessExpression(node)) return null
  const name = literalText(node.argumentExpression)
  return name === null ? null : { object: unwrapExpression(node.expression), name }
}

/** `object.name(...)` */
export function methodCallOf(node: ts.Expression): { object: ts.Expression; name: string; arguments: ts.Expression[] } | null {
  const property = ts.isCallExpression(node) ? propertyOf(unwrapExpression(node.expression)) : null
  return property && { ...property, arguments: argumentsOf(node) }
}

/** The arguments of a call. */
export const argumentsOf = (node: ts.Expression): ts.Expression[] => (ts.isCallExpression(node) ? node.arguments.map(unwrapExpression) : [])

/** `new X(...)` */
export const isMadeWithNew = (node: ts.Expression): boolean => ts.isNewExpression(node)

export function onlyArgumentOf(node: ts.Expression): ts.Expression | null {
  const [argument, ...others] = ts.isCallExpression(node) ? node.arguments : []
  return argument && others.length === 0 ? unwrapExpression(argument) : null
}

/** The name that an expression calls, or is. */
export function calledName(node: ts.Expression): string | null {
  return identifierText(ts.isCallExpression(node) ? node.expression : node)
}

/** The names of what an expression calls, or is: `a` and `b` of `a.b(...)`; none where it is made of more than names. */
export function calledPath(node: ts.Expression): string[] {
  const names: string[] = []
  let inner = unwrapExpression(ts.isCallExpression(node) ? node.expression : node)
  while (ts.isPropertyAccessExpression(inner)) {
    names.push(inner.name.text)
    inner = unwrapExpression(inner.expression)
  }
  return ts.isIdentifier(inner) ? [...names, inner.text].toReversed() : []
}
