/** Which function code is in, and where that is called. */
import { ts } from "ts-morph"
import { calledPath, unwrapExpression } from "./expressions"
import { isFunction } from "./functions"
import { isShadowed } from "./locate"
import { type Module, namesBound, walk } from "./module"

/**
 * What has to run for a node to run: the module itself, a function at its top, by its name (`default` for one without),
 * or something that cannot be told.
 */
export type Runner = { kind: "module" } | { kind: "function"; name: string; parameters: string[] } | { kind: "unknown" }

export function runnerOf(node: ts.Node): Runner {
  let inner = node
  for (let { parent } = inner; parent; inner = parent, { parent } = parent) {
    if (!ts.isFunctionLike(parent)) continue
    // `(() => { ... })()` runs where it stands.
    if (isFunction(parent) && isCalledAtOnce(parent)) continue
    if (!ts.isFunctionDeclaration(parent) && !isFunction(parent)) return { kind: "unknown" }
    const name = nameAtTop(parent)
    // A function in another one: what runs that, as a rule, runs this.
    if (name !== null) return { kind: "function", name, parameters: parent.parameters.map((one) => namesBound(one.name)[0] ?? "") }
    if (isAtTop(parent)) return { kind: "unknown" }
  }
  return { kind: "module" }
}

function isCalledAtOnce(node: ts.Expression): boolean {
  const outer = throughWrappers(node)
  return ts.isCallExpression(outer.parent) && outer.parent.expression === outer
}

function throughWrappers(node: ts.Expression): ts.Expression {
  let outer = node
  while (ts.isExpression(outer.parent) && unwrapExpression(outer.parent) === unwrapExpression(outer)) outer = outer.parent
  return outer
}

const isAtTop = (node: ts.Node): boolean => {
  for (let { parent } = node; parent; parent = parent.parent) if (ts.isFunctionLike(parent)) return false
  return true
}

/** The name of a function, or of what another one makes of it: `const getAuth = once(() => ...)`. */
function nameAtTop(node: ts.FunctionDeclaration | ts.FunctionExpression | ts.ArrowFunction): string | null {
  if (ts.isFunctionDeclaration(node)) return ts.isSourceFile(node.parent) ? (node.name?.text ?? "default") : null
  let outer = throughWrappers(node)
  if (ts.isCallExpression(outer.parent) && outer.parent.arguments.includes(outer)) outer = throughWrappers(outer.parent)
  const { parent } = outer
  if (ts.isExportAssignment(parent)) return "default"
  const isConstant = ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) && isAtTop(parent)
  return isConstant ? (parent.name as ts.Identifier).text : null
}

/** Calls by a name of the module, or by that of a member: `make(...)`, `all.make(...)`. */
export function callsOf({ source }: Module, [name, member]: readonly [name: string, member?: string]): ts.CallExpression[] {
  const calls: ts.CallExpression[] = []
  walk(source, (node) => {
    if (!ts.isCallExpression(node)) return
    const [first, second, ...rest] = calledPath(node)
    if (first === name && second === member && rest.length === 0 && !isHidden(node)) calls.push(node)
  })
  return calls
}

function isHidden({ expression }: ts.CallExpression): boolean {
  let root: ts.Expression = unwrapExpression(expression)
  while (ts.isPropertyAccessExpression(root)) root = unwrapExpression(root.expression)
  return !ts.isIdentifier(root) || isShadowed(root)
}
