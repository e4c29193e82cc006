/** Calls that are found by what is given to them, and where their results go. */
import { ts } from "ts-morph"
import { literalText, membersOf, onlyArgumentOf, unwrapExpression } from "./expressions"
import { initializerOf, isShadowed } from "./locate"
import { type Module, walk } from "./module"

/**
 * Whether a call is one that is meant, by the name that is called, `call` or `namespace.call`, and by the text that comes
 * first among what is given to it.
 */
export type IsMeant = (name: string, first: string | null) => boolean

export type FoundCall = { start: number; callee: string }

/** Calls of a function with `property: false` in an object among the arguments, or in a constant that is one. */
export function callsWithFalse(module: Module, isMeant: IsMeant, property: string): FoundCall[] {
  return nodesOf(module, isMeant, property).map(({ node, callee }) => ({ start: node.getStart(), callee }))
}

/**
 * Where the result of a call is known by a name, and how the function it is in can be left there.
 * @property at where a statement can be added
 * @property beside a statement whose indentation and semicolon the added one takes
 * @property leave `wait` where callers expect a value: a promise that never settles keeps them from going on
 */
export type KeptResult = {
  variable: string
  at: number
  side: "behind" | "before"
  beside: { start: number; end: number }
  /** Where the statement around the call ends, with a semicolon where such have one. */
  ends: number
  leave: "return" | "wait"
}

/**
 * A call that `callsWithFalse` finds.
 * @property kept the constant of `const x = await call(...)` or the parameter of `call(...).then((x) => { ... })`; null
 * where the result goes anywhere else, or where the function around it cannot be left
 * @property givenTo the name of the function that the call is the only argument of
 */
export type CallResult = { start: number; end: number; kept: KeptResult | null; givenTo: string | null }

export function resultsOfCalls(module: Module, isMeant: IsMeant, property: string): CallResult[] {
  return nodesOf(module, isMeant, property).map(({ node }) => ({
    ...placeOf(node),
    kept: awaited(node) ?? handed(module, node),
    givenTo: ts.isCallExpression(node.parent) && onlyArgumentOf(node.parent) === node ? (calleeOf(node.parent)?.name ?? null) : null,
  }))
}

function nodesOf(module: Module, isMeant: IsMeant, property: string): { node: ts.CallExpression; callee: string }[] {
  const found: { node: ts.CallExpression; callee: string }[] = []
  walk(module.source, (node) => {
    const callee = ts.isCallExpression(node) ? calleeOf(node) : null
    if (!ts.isCallExpression(node) || callee === null || isShadowed(callee.first)) return
    const [first] = node.arguments
    if (!isMeant(callee.name, first ? literalText(constantOf(module, first)) : null)) return
    if (node.arguments.some((argument) => hasFalse(module, argument, property))) found.push({ node, callee: callee.name })
  })
  return found
}

function calleeOf({ expression }: ts.CallExpression): { name: string; first: ts.Identifier } | null {
  const callee = unwrapExpression(expression)
  if (ts.isIdentifier(callee)) return { name: callee.text, first: callee }
  return ts.isPropertyAccessExpression(callee) && ts.isIdentifier(callee.expression)
    ? { name: `${callee.expression.text}.${callee.name.text}`, first: callee.expression }
    : null
}

/** Spreads of spreads. */
const deepestSpread = 3

function hasFalse(module: Module, node: ts.Expression, property: string, depth = 0): boolean {
  const members = membersOf(constantOf(module, node))
  if (!members) return false
  const own = members.properties.get(property)
  if (own) return constantOf(module, own).kind === ts.SyntaxKind.FalseKeyword
  return depth < deepestSpread && members.spreads.some((spread) => hasFalse(module, spread, property, depth + 1))
}

/** What an expression is, where it names a constant the value of that. */
function constantOf(module: Module, node: ts.Expression): ts.Expression {
  const inner = unwrapExpression(node)
  if (!ts.isIdentifier(inner)) return inner
  for (let parent: ts.Node = inner.parent; parent && !ts.isSourceFile(parent); parent = parent.parent) {
    const value = ts.isBlock(parent) ? constantsIn(parent).get(inner.text) : undefined
    if (value) return value
  }
  return initializerOf(module, inner.text) ?? inner
}

const constants = new WeakMap<ts.Block, ReadonlyMap<string, ts.Expression>>()

/** Looked up once, for a block may have thousands of uses. */
function constantsIn(block: ts.Block): ReadonlyMap<string, ts.Expression> {
  const known = constants.get(block)
  if (known) return known
  const found = new Map<string, ts.Expression>()
  for (const statement of block.statements.filter(ts.isVariableStatement))
    for (const { name, initializer } of statement.declarationList.declarations)
      if (ts.isIdentifier(name) && initializer) found.set(name.text, unwrapExpression(initializer))
  constants.set(block, found)
  return found
}

const placeOf = (node: ts.Node) => ({ start: node.getStart(), end: node.getEnd() })

function awaited(call: ts.CallExpression): KeptResult | null {
  const declaration = ts.isAwaitExpression(call.parent) ? call.parent.parent : null
  const statement = declaration?.parent?.parent
  if (!declaration || !ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return null
  if (!statement || !ts.isVariableStatement(statement) || !ts.isBlock(statement.parent)) return null
  if (statement.declarationList.declarations.length !== 1) return null
  const leave = leaveOf(statement)
  const beside = placeOf(statement)
  return leave && { variable: declaration.name.text, at: beside.end, side: "behind", beside, ends: beside.end, leave }
}

function handed({ text }: Module, call: ts.CallExpression): KeptResult | null {
  const then = call.parent
  if (!ts.isPropertyAccessExpression(then) || then.name.text !== "then" || !ts.isCallExpression(then.parent)) return null
  const [callback] = then.parent.arguments
  if (!callback || (!ts.isArrowFunction(callback) && !ts.isFunctionExpression(callback)) || !ts.isBlock(callback.body)) return null
  const [parameter] = callback.parameters
  const [first] = callback.body.statements
  if (!parameter || !ts.isIdentifier(parameter.name) || parameter.initializer || parameter.dotDotDotToken || !first) return null
  const beside = placeOf(first)
  // In the middle of a line, what is added would run into what follows.
  if (text.slice(text.lastIndexOf("\n", beside.start - 1) + 1, beside.start).trim() !== "") return null
  const leave = leaveOf(first)
  return leave && { variable: parameter.name.text, at: beside.start, side: "before", beside, ends: statementAround(then).getEnd(), leave }
}

function statementAround(node: ts.Node): ts.Node {
  let around = node
  while (around.parent && !ts.isBlock(around.parent) && !ts.isSourceFile(around.parent)) around = around.parent
  return around
}

/** How the function around a statement can be left without a value; null where it cannot. */
function leaveOf(statement: ts.Node): KeptResult["leave"] | null {
  let around: ts.Node = statement.parent
  while (around && !ts.isFunctionLike(around)) around = around.parent
  if (!around) return null
  const type = around.type && typeIn(around.type)
  if (type === "void") return "return"
  if ((type === undefined || type === "any" || type === "unknown") && !returnsValue(around)) return "return"
  const isAsync = ts.canHaveModifiers(around) && around.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword)
  const takesPromise = isAsync || around.type === undefined || isPromise(around.type)
  return takesPromise && !("asteriskToken" in around && around.asteriskToken) ? "wait" : null
}

const isPromise = (type: ts.TypeNode): type is ts.TypeReferenceNode =>
  ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName) && type.typeName.text === "Promise"

/** A type's text, of a promise that of what it comes to. */
const typeIn = (type: ts.TypeNode): string => ((isPromise(type) && type.typeArguments?.[0]) || type).getText()

const returning = new WeakMap<ts.Node, boolean>()

/** `return setError("...")` ends a form's handler in one line; nobody wants what it returns. */
function isDoing(value: ts.Expression): boolean {
  const call = unwrapExpression(value)
  return ts.isCallExpression(call) && /^(set[A-Z]\w*|(toast|router|console)(\.\w+)?|alert)$/.test(call.expression.getText())
}

/** Whether a function returns a value somewhere; what functions in it return is theirs. */
function returnsValue(around: ts.Node): boolean {
  const known = returning.get(around)
  if (known !== undefined) return known
  const open = [around]
  let found = false
  for (let next = open.pop(); next && !found; next = open.pop()) {
    if (ts.isReturnStatement(next) && next.expression && !isDoing(next.expression)) found = true
    ts.forEachChild(next, (child) => {
      if (!ts.isFunctionLike(child)) open.push(child)
    })
  }
  returning.set(around, found)
  return found
}
