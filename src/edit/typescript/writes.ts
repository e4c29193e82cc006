/** Where an object is filled or changed after its declaration. */
import { ts } from "ts-morph"
import { identifierText, literalText, methodCallOf, unwrapExpression } from "./expressions"
import { isShadowed } from "./locate"
import { type Module, walk } from "./module"

/**
 * A change of an object that the module has by a name.
 * @property kind `call` where a function that is called may change it, or not
 * @property path the names of the properties on the way; null for one that is computed
 * @property values what is set there; of `Object.assign` the objects, of `push` the elements; empty where it cannot be read
 * @property statement the one at the top of the module that it is part of
 * @property inFunction it is not made when the statement is run, but when the function is called
 */
export type Write = {
  kind: "set" | "assign" | "push" | "call" | "other"
  path: (string | null)[]
  values: ts.Expression[]
  statement: ts.Statement
  inFunction: boolean
  start: number
}

/** Changes of one object that are looked at, each with all that is around it. Real options have a handful. */
export const mostWrites = 100

const written = new WeakMap<ts.SourceFile, ReadonlyMap<string, Found[]>>()

/** Every change of an object by its name, in the order of the text. */
export function writesTo({ source }: Module, name: string): Write[] {
  const known = written.get(source) ?? writesIn(source)
  written.set(source, known)
  return (known.get(name) ?? [])
    .slice(0, mostWrites)
    .filter(({ target }) => !isShadowed(target.name))
    .map(({ node, target: { path }, kind, values }) => ({ kind, path, values, start: node.getStart(), ...placeOf(node) }))
}

type Target = { name: ts.Identifier; path: (string | null)[] }
type Found = { node: ts.Node; target: Target } & Pick<Write, "kind" | "values">

function writesIn(source: ts.SourceFile): ReadonlyMap<string, Found[]> {
  const found = new Map<string, Found[]>()
  const add = (node: ts.Node, target: Target | null, kind: Write["kind"], values: ts.Expression[] = []) => {
    if (!target) return
    const write = { node, target, kind, values }
    const others = found.get(target.name.text)
    if (others) others.push(write)
    else found.set(target.name.text, [write])
  }
  walk(source, (node) => {
    if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) {
      const isPlain = node.operatorToken.kind === ts.SyntaxKind.EqualsToken
      const targets = targetsOf(node.left)
      for (const target of targets) add(node, target, "set", isPlain && targets.length === 1 ? [unwrapExpression(node.right)] : [])
    } else if (ts.isDeleteExpression(node)) add(node, targetOf(node.expression), "other")
    else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
      const { operator } = node
      if (operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken) add(node, targetOf(node.operand), "other")
    } else if (ts.isForOfStatement(node) || ts.isForInStatement(node)) {
      if (!ts.isVariableDeclarationList(node.initializer)) for (const one of targetsOf(node.initializer)) add(node, one, "other")
    } else if (ts.isCallExpression(node)) addCall(node, add)
  })
  return found
}

const isAssignment = (kind: ts.SyntaxKind): boolean => kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment

/** Functions of `Object` and `Reflect` that change what they are given first. */
const changing = new Set(["assign", "defineProperties", "defineProperty", "deleteProperty", "set", "setPrototypeOf"])

function addCall(
  node: ts.CallExpression,
  add: (node: ts.Node, target: Target | null, kind: Write["kind"], values?: ts.Expression[]) => void,
) {
  const method = methodCallOf(node)
  const [first, ...others] = node.arguments
  if (method && (method.name === "push" || method.name === "unshift")) add(node, targetOf(method.object), "push", method.arguments)
  else if (method && first && ["Object", "Reflect"].includes(identifierText(method.object) ?? "") && changing.has(method.name))
    add(node, targetOf(first), method.name === "assign" ? "assign" : "other", method.name === "assign" ? others.map(unwrapExpression) : [])
  // A function whose result nobody wants is called for what it does to its arguments.
  else if (first && ts.isExpressionStatement(node.parent) && ts.isSourceFile(node.parent.parent))
    for (const argument of node.arguments) add(node, targetOf(argument), "call")
}

/** The object that a target is, or is a part of: `options` and `callbacks`, `jwt` of `options.callbacks.jwt`. */
function targetOf(expression: ts.Expression): Target | null {
  const path: (string | null)[] = []
  let node = unwrapExpression(expression)
  while (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    path.push(ts.isPropertyAccessExpression(node) ? node.name.text : literalText(node.argumentExpression))
    node = unwrapExpression(node.expression)
  }
  return ts.isIdentifier(node) ? { name: node, path: path.toReversed() } : null
}

/** The targets of an assignment, those of `[a.b, { c: d.e }] = ...` among them. */
function targetsOf(left: ts.Expression): Target[] {
  const targets: Target[] = []
  const open = [left]
  for (let next = open.pop(); next; next = open.pop()) {
    const node = unwrapExpression(next)
    if (ts.isArrayLiteralExpression(node)) open.push(...node.elements)
    else if (ts.isSpreadElement(node)) open.push(node.expression)
    else if (ts.isBinaryExpression(node)) open.push(node.left)
    else if (ts.isObjectLiteralExpression(node))
      for (const property of node.properties) {
        if (ts.isPropertyAssignment(property)) open.push(property.initializer)
        else if (ts.isShorthandPropertyAssignment(property)) open.push(property.name)
        else if (ts.isSpreadAssignment(property)) open.push(property.expression)
      }
    else {
      const target = targetOf(node)
      if (target) targets.push(target)
    }
  }
  return targets
}

function placeOf(node: ts.Node): Pick<Write, "statement" | "inFunction"> {
  let inFunction = false
  let outer = node
  for (; outer.parent && !ts.isSourceFile(outer.parent); outer = outer.parent) if (ts.isFunctionLike(outer)) inFunction = true
  return { statement: outer as ts.Statement, inFunction: inFunction || ts.isFunctionLike(outer) }
}
