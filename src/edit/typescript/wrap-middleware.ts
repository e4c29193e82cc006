import { ts } from "ts-morph"
import { type EditResult, eolOf, type Insertion } from "../splice"
import { onlyArgumentOf, unwrapExpression } from "./expressions"
import { isFunction } from "./functions"
import { claimName, importInsertion, type Origin, statementBehind, usualWidth } from "./imports"
import { type Module, topLevelNames, walk } from "./module"
import { isOwn, type OwnFunction } from "./ours"

export type WrapMiddlewareRequest = Origin & {
  /** The function that the middleware is given to. */
  wrapper: string
}

/** What a module exports as its middleware, where that is a function of its own. */
type Exported =
  | { kind: "declaration"; node: ts.FunctionDeclaration }
  | { kind: "constant"; statement: ts.VariableStatement; name: ts.Identifier; value: ts.Expression }
  | { kind: "expression"; value: ts.Expression }

const refuse = (message: string): EditResult => ({ kind: "refuse", code: "edit_unsafe", message })

/**
 * The middleware that is exported becomes `wrapper(middleware)`. A function that is exported where it is declared gets
 * another name, and the wrapped one takes its place: `export const proxy = wrapper(proxyHandler)`.
 */
export function wrapMiddleware(module: Module, { wrapper, from, means }: WrapMiddlewareRequest): EditResult {
  const [exported, ...others] = exportsOf(module)
  if (!exported) return refuse("No middleware is exported here.")
  if (others.length > 0) return refuse("Several functions are exported that may be the middleware.")
  if (exported.kind !== "declaration" && isWrapped(module, exported.value, { name: wrapper, means })) return { kind: "present" }
  const { local, taken } = claimName(module, wrapper, { means })
  if (taken) return taken
  if (!isOwnFunction(module, exported)) return refuse("The middleware is not a function that is written here.")
  const edits = editsFor(module, exported, local ?? wrapper)
  if (edits === null) return refuse("The middleware cannot be given another name in this file.")
  return { kind: "edit", edits: local !== null ? edits : [importInsertion(module, wrapper, from), ...edits] }
}

const isWrapped = (module: Module, value: ts.Expression, own: OwnFunction): boolean => {
  const node = unwrapExpression(value)
  return onlyArgumentOf(node) !== null && ts.isCallExpression(node) && isOwn(module, node.expression, own)
}

function editsFor(module: Module, exported: Exported, wrapper: string): Insertion[] | null {
  if (exported.kind === "declaration") return renameDeclaration(module, exported.node, wrapper)
  if (exported.kind === "expression") return wrap(exported.value, wrapper)
  return outgrows(module, exported.value, wrapper) ? renameConstant(module, exported, wrapper) : wrap(exported.value, wrapper)
}

/** What is in parentheses already needs no more of them. */
function wrap(value: ts.Expression, wrapper: string): Insertion[] {
  if (ts.isParenthesizedExpression(value)) return [{ at: value.getStart(), text: wrapper }]
  return [
    { at: value.getStart(), text: `${wrapper}(` },
    { at: value.getEnd(), text: ")" },
  ]
}

/**
 * Whether the host's formatter would break up the line on which a function begins, once it is wrapped there. It writes
 * parameters on lines of their own differently inside of a call.
 */
function outgrows({ text }: Module, value: ts.Expression, wrapper: string): boolean {
  const start = text.lastIndexOf("\n", value.getStart() - 1) + 1
  const end = text.indexOf("\n", value.getStart())
  const line = text.slice(start, end === -1 ? undefined : end).trimEnd()
  const node = unwrapExpression(value)
  const hasLines = isFunction(node) && text.slice(node.getStart(), node.body.getStart()).includes("\n")
  return hasLines || (line.length <= usualWidth && line.length + wrapper.length + 2 > usualWidth)
}

const suffix = "Handler"

/** `export function proxy(` is as long as `function proxyHandler(`: no line grows, and a formatter leaves it alone. */
function renameDeclaration(module: Module, node: ts.FunctionDeclaration, wrapper: string): Insertion[] | null {
  const startOf = (wanted: ts.SyntaxKind) =>
    [...(node.modifiers ?? []), ...node.getChildren()].find(({ kind }) => kind === wanted)?.getStart()
  const begin = startOf(ts.SyntaxKind.AsyncKeyword) ?? startOf(ts.SyntaxKind.FunctionKeyword)
  if (begin === undefined || node.asteriskToken) return null
  const isDefault = startOf(ts.SyntaxKind.DefaultKeyword) !== undefined
  const name = node.name ? `${node.name.text}${suffix}` : "requestHandler"
  // Of a default export nothing bears the old name any more; a constant must not be read before it is made.
  const isLost = (use: ts.Identifier) => isDefault || use.getStart() < node.getStart()
  if (isTaken(module, name) || (node.name && usesElsewhere(module, node.name).some(isLost))) return null
  const parenthesis = startOf(ts.SyntaxKind.OpenParenToken)
  const renamed = node.name ? { at: node.name.getEnd(), text: suffix } : parenthesis && nameBefore(module, parenthesis, name)
  if (!renamed) return null
  const eol = eolOf(module.text)
  const value = `${wrapper}(${name})${semicolonOf(module)}${eol}${eol}`
  return [{ at: begin, text: isDefault ? value : `const ${node.name?.text} = ${value}` }, renamed]
}

function nameBefore({ text }: Module, at: number, name: string): Insertion {
  return { at, text: /\s/.test(text.charAt(at - 1)) ? name : ` ${name}` }
}

/** The constant keeps its place under another name, and the wrapped one follows. */
function renameConstant(module: Module, { statement, name }: Extract<Exported, { kind: "constant" }>, wrapper: string): Insertion[] | null {
  const renamed = `${name.text}${suffix}`
  if (statement.declarationList.declarations.length > 1 || isTaken(module, renamed) || usesElsewhere(module, name).length > 0) return null
  return [
    { at: name.getEnd(), text: suffix },
    statementBehind(module, { start: statement.getStart(), end: statement.getEnd() }, `export const ${name.text} = ${wrapper}(${renamed})`),
  ]
}

function semicolonOf({ text, imports: [first] }: Module): "" | ";" {
  return !first || text.slice(first.start, first.end).endsWith(";") ? ";" : ""
}

/** Whether a name means something in the file already, wherever. */
function isTaken(module: Module, name: string): boolean {
  return topLevelNames(module).has(name) || usesOf(module, name).length > 0
}

const usesElsewhere = (module: Module, name: ts.Identifier): ts.Identifier[] =>
  usesOf(module, name.text).filter((use) => use.getStart() !== name.getStart())

function usesOf({ source }: Module, name: string): ts.Identifier[] {
  const uses: ts.Identifier[] = []
  walk(source, (node) => {
    if (ts.isIdentifier(node) && node.text === name && !isMemberName(node)) uses.push(node)
  })
  return uses
}

const isMemberName = (node: ts.Identifier): boolean =>
  (ts.isPropertyAccessExpression(node.parent) || ts.isPropertyAssignment(node.parent)) && node.parent.name === node

function exportsOf({ source }: Module): Exported[] {
  const isExported = (node: ts.FunctionDeclaration | ts.VariableStatement) =>
    node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
  return source.statements.flatMap((statement): Exported[] => {
    if (ts.isFunctionDeclaration(statement) && isExported(statement) && isMiddlewareName(statement))
      return [{ kind: "declaration", node: statement }]
    if (ts.isVariableStatement(statement) && isExported(statement))
      return statement.declarationList.declarations.flatMap(({ name, initializer: value }): Exported[] =>
        value && ts.isIdentifier(name) && /^(middleware|proxy)$/.test(name.text) ? [{ kind: "constant", statement, name, value }] : [],
      )
    if (ts.isExportAssignment(statement) && !statement.isExportEquals) return [{ kind: "expression", value: statement.expression }]
    return []
  })
}

function isMiddlewareName({ name, modifiers }: ts.FunctionDeclaration): boolean {
  const isDefault = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false
  return isDefault || /^(middleware|proxy)$/.test(name?.text ?? "")
}

/** Whatever else is called or imported has a mind of its own about requests. */
function isOwnFunction(module: Module, exported: Exported): boolean {
  if (exported.kind === "declaration") return exported.node.body !== undefined
  const value = unwrapExpression(exported.value)
  return isFunction(value) || (ts.isIdentifier(value) && isFunctionNamed(module, value.text))
}

function isFunctionNamed({ source }: Module, wanted: string): boolean {
  return source.statements.some(
    (statement) =>
      (ts.isFunctionDeclaration(statement) && statement.name?.text === wanted) ||
      (ts.isVariableStatement(statement) &&
        statement.declarationList.declarations.some(
          ({ name, initializer }) => name.getText() === wanted && initializer && isFunction(unwrapExpression(initializer)),
        )),
  )
}
