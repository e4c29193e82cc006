/** Finds things in TypeScript and JavaScript, by binding: what a name was imported from, never what it looks like. */
import { ts } from "ts-morph"
import { identifierText, literalText, methodCallOf, onlyReturn, propertyOf, unwrapExpression } from "./expressions"
import { bindingOf, hoistedIn, type Module, namesBound, namesOf, namesOfList, walk } from "./module"

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

/** Whether an expression is the default export of `specifier`, by its import. */
function isDefaultOf(module: Module, specifier: string, node: ts.Expression): boolean {
  if (ts.isIdentifier(node)) {
    const binding = bindingOf(module, node.text)
    return binding?.specifier === specifier && binding.imported === "default" && !isShadowed(node)
  }
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const binding = bindingOf(module, node.expression.text)
    return binding?.specifier === specifier && binding.imported === "*" && node.name.text === "default" && !isShadowed(node.expression)
  }
  return false
}

/** The name of the `wrapper` of `wrapper(NextAuth)`. */
function wrapperName(module: Module, specifier: string, node: ts.Node): string | null {
  const [argument, ...others] = ts.isCallExpression(node) ? node.arguments : []
  return ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    !isShadowed(node.expression) &&
    argument &&
    others.length === 0 &&
    isDefaultOf(module, specifier, argument)
    ? node.expression.text
    : null
}

/** Calls of the default export of `specifier`, whether wrapped already or not. */
export function callsOfDefault(module: Module, specifier: string): Call[] {
  const calls: Call[] = []
  /** `const NextAuth = wrapper(BaseNextAuth)`, used further down. */
  const localWrapperName = (node: ts.Expression): string | null => {
    const value = ts.isIdentifier(node) && !isShadowed(node) ? initializerOf(module, node.text) : null
    return value && wrapperName(module, specifier, value)
  }
  walk(module.source, (node) => {
    if (!ts.isCallExpression(node)) return
    const callee = unwrapExpression(node.expression)
    const wrappedBy = wrapperName(module, specifier, callee) ?? localWrapperName(callee)
    if (wrappedBy === null && !isDefaultOf(module, specifier, callee)) return
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

/**
 * Where the module gets at the default export of `specifier` by another way than these calls: kept under another name,
 * handed to a function, imported once more. What is made there goes past a wrapper of the calls.
 */
export function strayUseOf(module: Module, specifier: string, calls: Call[]): number | null {
  const isOfCall = (node: ts.Identifier): boolean =>
    calls.some(({ calleeStart, calleeEnd }) => node.getStart() >= calleeStart && node.getEnd() <= calleeEnd)
  const isWrapped = (node: ts.Identifier): boolean => {
    const wrapper = wrapperName(module, specifier, node.parent)
    return wrapper !== null && calls.some(({ wrappedBy }) => wrappedBy === wrapper)
  }
  let stray: number | null = null
  walk(module.source, (node) => {
    if (stray !== null) return
    const isUse = ts.isIdentifier(node) && isValueOf(module, specifier, node) && !isOfCall(node) && !isWrapped(node)
    if (isUse || importsAgain(node, specifier)) stray = node.getStart()
  })
  return stray
}

/** Whether an identifier stands for the default export of `specifier`, or for all of it, where code runs. */
function isValueOf(module: Module, specifier: string, node: ts.Identifier): boolean {
  const binding = bindingOf(module, node.text)
  if (binding?.specifier !== specifier || !["default", "*"].includes(binding.imported)) return false
  const { parent } = node
  if (ts.isImportClause(parent) || ts.isImportSpecifier(parent) || ts.isNamespaceImport(parent)) return false
  if (ts.isExportSpecifier(parent)) {
    const { isTypeOnly, moduleSpecifier } = parent.parent.parent
    return !moduleSpecifier && !isTypeOnly && !parent.isTypeOnly && (parent.propertyName ?? parent.name) === node
  }
  // The names of members and of what is declared are no uses.
  if (ts.isBindingElement(parent) && parent.propertyName === node) return false
  if ((parent as ts.Node & { name?: ts.Node }).name === node && !ts.isShorthandPropertyAssignment(parent)) return false
  for (let outer: ts.Node = parent; outer && !ts.isStatement(outer); outer = outer.parent)
    if (ts.isTypeNode(outer) && !ts.isExpressionWithTypeArguments(outer)) return false
  if (ts.isTypeAliasDeclaration(parent) || ts.isInterfaceDeclaration(parent.parent?.parent ?? parent)) return false
  if (isShadowed(node)) return false
  const member = binding.imported === "*" ? propertyOf(parent as ts.Expression) : null
  return member === null || member.object !== node || member.name === "default"
}

/** `import("next-auth")`, `require("next-auth")`, and a default that is handed on: `export { default } from "next-auth"`. */
function importsAgain(node: ts.Node, specifier: string): boolean {
  if (ts.isCallExpression(node)) {
    const [argument] = node.arguments
    const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword || identifierText(node.expression) === "require"
    return isImport && argument !== undefined && literalText(argument) === specifier
  }
  if (ts.isImportEqualsDeclaration(node))
    return (
      !node.isTypeOnly && ts.isExternalModuleReference(node.moduleReference) && literalText(node.moduleReference.expression) === specifier
    )
  if (!ts.isExportDeclaration(node) || node.isTypeOnly || !node.moduleSpecifier || literalText(node.moduleSpecifier) !== specifier)
    return false
  const { exportClause } = node
  if (!exportClause) return false
  return (
    ts.isNamespaceExport(exportClause) ||
    exportClause.elements.some(({ isTypeOnly, name, propertyName }) => !isTypeOnly && (propertyName ?? name).text === "default")
  )
}

function isInFunction(node: ts.Node): boolean {
  for (let { parent } = node; parent; parent = parent.parent) if (ts.isFunctionLike(parent)) return true
  return false
}

/** Whether something declared between the use and the top of the file hides the import. */
export function isShadowed(use: ts.Identifier): boolean {
  for (let parent: ts.Node = use.parent; parent; parent = parent.parent) if (namesIn(parent).has(use.text)) return true
  return false
}

const none: ReadonlySet<string> = new Set()
const declared = new WeakMap<ts.Node, ReadonlySet<string>>()

/** The names that a node declares for what is in it; looked up once, for a block may have thousands of uses. */
function namesIn(node: ts.Node): ReadonlySet<string> {
  const known = declared.get(node)
  if (known) return known
  const names = namesDeclared(node)
  // Kept where there are none as well: a function without any may have thousands of uses in it.
  const found = names.length === 0 ? none : new Set(names)
  declared.set(node, found)
  return found
}

function namesDeclared(node: ts.Node): string[] {
  if (ts.isFunctionLike(node)) {
    const own = ts.isFunctionExpression(node) && node.name ? [node.name.text] : []
    const { body } = node as ts.FunctionLikeDeclaration
    return [...own, ...node.parameters.flatMap(({ name }) => namesBound(name)), ...(body ? hoistedIn(body) : [])]
  }
  if (ts.isClassExpression(node)) return node.name ? [node.name.text] : []
  if (ts.isBlock(node) || ts.isModuleBlock(node)) return node.statements.flatMap(namesOf)
  if (ts.isCaseBlock(node)) return node.clauses.flatMap(({ statements }) => statements.flatMap(namesOf))
  if (ts.isClassStaticBlockDeclaration(node)) return hoistedIn(node.body)
  if (ts.isCatchClause(node)) return node.variableDeclaration ? namesBound(node.variableDeclaration.name) : []
  if (ts.isForStatement(node) || ts.isForInStatement(node) || ts.isForOfStatement(node)) {
    const { initializer } = node
    return initializer && ts.isVariableDeclarationList(initializer) ? namesOfList(initializer) : []
  }
  return []
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
