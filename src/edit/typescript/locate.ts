/** Finds things in TypeScript and JavaScript, by binding: what a name was imported from, never what it looks like. */
import { ts } from "ts-morph"
import { identifierText, membersOf, methodCallOf, onlyReturn, unwrapExpression } from "./expressions"
import { bindingOf, type Module, walk } from "./module"

export type Call = {
  start: number
  calleeStart: number
  calleeEnd: number
  /** The call's callee is `wrapper(callee)` already; the wrapper's local name. */
  wrappedBy: string | null
  /** Not at the top of the module: it may be run more than once. */
  inFunction: boolean
  arguments: ts.NodeArray<ts.Expression>
}

/** The statement at the top of the module that declares a constant and nothing else. */
export function declarationOf({ source }: Module, name: string): { start: number; end: number } | null {
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue
    const [declaration, ...others] = statement.declarationList.declarations
    if (declaration && others.length === 0 && ts.isIdentifier(declaration.name) && declaration.name.text === name)
      return { start: statement.getStart(), end: statement.getEnd() }
  }
  return null
}

/** How many statements at the top of the module are `name(argument)`. */
export function statementsCalling({ source }: Module, name: string, argument: string): number {
  return source.statements.filter(
    (statement) =>
      ts.isExpressionStatement(statement) &&
      ts.isCallExpression(statement.expression) &&
      identifierText(statement.expression.expression) === name &&
      statement.expression.arguments.length === 1 &&
      identifierText(unwrapExpression(statement.expression.arguments[0] as ts.Expression)) === argument,
  ).length
}

/** Calls of the default export of `specifier`, whether wrapped already or not. */
export function callsOfDefault(module: Module, specifier: string): Call[] {
  const calls: Call[] = []
  const isDefault = (node: ts.Expression): boolean => {
    if (ts.isIdentifier(node)) {
      const binding = bindingOf(module, node.text)
      return binding?.specifier === specifier && binding.imported === "default" && !isShadowed(node)
    }
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const binding = bindingOf(module, node.expression.text)
      return binding?.specifier === specifier && binding.imported === "*" && node.name.text === "default"
    }
    return false
  }
  /** `wrapper(NextAuth)` */
  const wrapperName = (node: ts.Expression): string | null => {
    const [argument, ...others] = ts.isCallExpression(node) ? node.arguments : []
    return ts.isCallExpression(node) &&
      ts.isIdentifier(node.expression) &&
      !isShadowed(node.expression) &&
      argument &&
      others.length === 0 &&
      isDefault(argument)
      ? node.expression.text
      : null
  }
  /** `const NextAuth = wrapper(BaseNextAuth)`, used further down. */
  const localWrapperName = (node: ts.Expression): string | null => {
    const value = ts.isIdentifier(node) && !isShadowed(node) ? initializerOf(module, node.text) : null
    return value && wrapperName(value)
  }
  walk(module.source, (node) => {
    if (!ts.isCallExpression(node)) return
    const callee = unwrapExpression(node.expression)
    const wrappedBy = wrapperName(callee) ?? localWrapperName(callee)
    if (wrappedBy === null && !isDefault(callee)) return
    calls.push({
      start: node.getStart(),
      calleeStart: callee.getStart(),
      calleeEnd: callee.getEnd(),
      wrappedBy,
      arguments: node.arguments,
      inFunction: isInFunction(node),
    })
  })
  return calls
}

function isInFunction(node: ts.Node): boolean {
  for (let { parent } = node; parent; parent = parent.parent) if (ts.isFunctionLike(parent)) return true
  return false
}

/** Whether a parameter or local variable between the use and the top of the file hides the import. */
function isShadowed(use: ts.Identifier): boolean {
  for (let parent: ts.Node = use.parent; parent; parent = parent.parent) if (namesIn(parent).has(use.text)) return true
  return false
}

const none: ReadonlySet<string> = new Set()
const declared = new WeakMap<ts.Node, ReadonlySet<string>>()

/** The parameters of a function, the variables of a block; looked up once, for a block may have thousands of uses. */
function namesIn(node: ts.Node): ReadonlySet<string> {
  if (!ts.isFunctionLike(node) && !ts.isBlock(node)) return none
  const known = declared.get(node)
  if (known) return known
  const variables = ts.isBlock(node)
    ? node.statements.flatMap((statement) => (ts.isVariableStatement(statement) ? [...statement.declarationList.declarations] : []))
    : [...node.parameters]
  const names = new Set(variables.flatMap(({ name }) => namesBound(name)))
  declared.set(node, names)
  return names
}

/** The names that a declaration makes: `a` and `b` of `const { a, x: [b] } = ...`. */
export function namesBound(name: ts.BindingName): string[] {
  return ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesBound(element.name)))
}

export const bindsName = (name: ts.BindingName, text: string): boolean => namesBound(name).includes(text)

const isDefaultExport = (statement: ts.FunctionDeclaration) =>
  statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false

/** The value a module gives a name at its top level: of a constant, or what a function of that name returns. */
export function initializerOf(module: Module, name: string): ts.Expression | null {
  const values = initializers.get(module.source) ?? initializersIn(module.source)
  const value = values.get(name)
  if (!value) return null
  if (!isDefaultValue(value)) return value
  const exported = unwrapExpression(value.expression)
  return ts.isIdentifier(exported) ? initializerOf(module, exported.text) : exported
}

type Initializer = ts.Expression | ts.ExportAssignment
const initializers = new WeakMap<ts.SourceFile, ReadonlyMap<string, Initializer>>()
const isDefaultValue = (value: Initializer): value is ts.ExportAssignment => ts.isExportAssignment(value)

/** The first value of each name; `default` may be another's. */
function initializersIn(source: ts.SourceFile): ReadonlyMap<string, Initializer> {
  const found = new Map<string, Initializer>()
  const add = (name: string | undefined, value: Initializer | null) => {
    if (name !== undefined && value !== null && !found.has(name)) found.set(name, value)
  }
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (ts.isIdentifier(name) && initializer) add(name.text, unwrapExpression(initializer))
    if (ts.isFunctionDeclaration(statement) && statement.body) {
      const value = onlyReturn(statement.body)
      add(statement.name?.text, value)
      if (isDefaultExport(statement)) add("default", value)
    }
    if (ts.isExportAssignment(statement) && !statement.isExportEquals) add("default", statement)
  }
  initializers.set(source, found)
  return found
}

/** The value of a constant that a function around this use of its name declares. */
export function localInitializerOf(use: ts.Expression): ts.Expression | null {
  if (!ts.isIdentifier(use)) return null
  for (let parent: ts.Node = use.parent; parent && !ts.isSourceFile(parent); parent = parent.parent) {
    if (!ts.isBlock(parent)) continue
    for (const statement of parent.statements.filter(ts.isVariableStatement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (ts.isIdentifier(name) && name.text === use.text && initializer) return unwrapExpression(initializer)
  }
  return null
}

const pushes = new WeakMap<ts.SourceFile, ReadonlyMap<string, ts.Expression[]>>()

/** What the module adds to a list by its name: `list.push(a, b)`. */
export function pushedTo({ source }: Module, name: string): ts.Expression[] {
  const known = pushes.get(source) ?? pushesIn(source)
  return known.get(name) ?? []
}

function pushesIn(source: ts.SourceFile): ReadonlyMap<string, ts.Expression[]> {
  const found = new Map<string, ts.Expression[]>()
  walk(source, (node) => {
    const call = ts.isCallExpression(node) ? methodCallOf(node) : null
    const list = call && (call.name === "push" || call.name === "unshift") ? identifierText(call.object) : null
    if (call && list !== null) found.set(list, [...(found.get(list) ?? []), ...call.arguments])
  })
  pushes.set(source, found)
  return found
}

/** Offsets of calls of a function, by its local name, with `property: false` in an object literal among the arguments. */
export function callsWithFalse(module: Module, isCallee: (local: string) => boolean, property: string): number[] {
  const offsets: number[] = []
  walk(module.source, (node) => {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression) || !isCallee(node.expression.text)) return
    if (hasFalse(node, property)) offsets.push(node.getStart())
  })
  return offsets
}

export type AwaitedResult = { start: number; variable: string | null; statementStart: number; statementEnd: number }

/**
 * The calls that `callsWithFalse` finds, with the constant that a statement `const x = await call(...)` keeps their
 * result in; null where the result goes anywhere else, or the statement is not inside a function that could return.
 */
export function awaitedResultsOf(module: Module, isCallee: (local: string) => boolean, property: string): AwaitedResult[] {
  const results: AwaitedResult[] = []
  walk(module.source, (node) => {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression) || !isCallee(node.expression.text)) return
    if (!hasFalse(node, property)) return
    const declaration = ts.isAwaitExpression(node.parent) ? node.parent.parent : null
    const statement = declaration?.parent?.parent
    const kept =
      declaration &&
      ts.isVariableDeclaration(declaration) &&
      ts.isIdentifier(declaration.name) &&
      statement &&
      ts.isVariableStatement(statement) &&
      statement.declarationList.declarations.length === 1 &&
      ts.isBlock(statement.parent)
    results.push({
      start: node.getStart(),
      variable: kept ? (declaration.name as ts.Identifier).text : null,
      statementStart: kept ? statement.getStart() : 0,
      statementEnd: kept ? statement.getEnd() : 0,
    })
  })
  return results
}

const hasFalse = (call: ts.CallExpression, property: string): boolean =>
  call.arguments.some((argument) => membersOf(unwrapExpression(argument))?.properties.get(property)?.kind === ts.SyntaxKind.FalseKeyword)
