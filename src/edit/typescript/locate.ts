/**
 * Finds things in TypeScript and JavaScript, by binding: what a name was imported from, never what it looks like.
 * The only file that loads the parser, so everyone imports it lazily. It prints nothing and changes nothing.
 */
import { ts } from "ts-morph"

export type ImportedName = { imported: string; local: string }
export type ImportDeclaration = { specifier: string; names: ImportedName[]; typeOnly: boolean; start: number; end: number }
export type Call = {
  start: number
  calleeStart: number
  calleeEnd: number
  /** The call's callee is `wrapper(callee)` already; the wrapper's local name. */
  wrappedBy: string | null
  arguments: ts.NodeArray<ts.Expression>
}
export type Module = {
  path: string
  text: string
  source: ts.SourceFile
  imports: ImportDeclaration[]
  /** Modules that this one re-exports from. */
  reexports: string[]
}
export type ParseResult = { ok: true; module: Module } | { ok: false; message: string; offset: number }

export function parseModule(path: string, text: string): ParseResult {
  const kind = /\.[jt]sx$|\.js$/.test(path) ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, /\.[cm]?js$|\.jsx$/.test(path) ? ts.ScriptKind.JSX : kind)
  const [error] = (source as unknown as { parseDiagnostics: ts.DiagnosticWithLocation[] }).parseDiagnostics
  if (error) return { ok: false, message: ts.flattenDiagnosticMessageText(error.messageText, " "), offset: error.start }
  return {
    ok: true,
    module: {
      path,
      text,
      source,
      imports: source.statements.filter(ts.isImportDeclaration).map(readImport),
      reexports: readReexports(source),
    },
  }
}

function readImport(node: ts.ImportDeclaration): ImportDeclaration {
  const clause = node.importClause
  const names: ImportedName[] = []
  if (clause?.name) names.push({ imported: "default", local: clause.name.text })
  const bindings = clause?.namedBindings
  if (bindings && ts.isNamespaceImport(bindings)) names.push({ imported: "*", local: bindings.name.text })
  if (bindings && ts.isNamedImports(bindings))
    for (const element of bindings.elements)
      if (!element.isTypeOnly) names.push({ imported: (element.propertyName ?? element.name).text, local: element.name.text })
  return {
    specifier: literalText(node.moduleSpecifier) ?? "",
    names,
    typeOnly: clause?.isTypeOnly ?? false,
    start: node.getStart(),
    end: node.getEnd(),
  }
}

function readReexports(source: ts.SourceFile): string[] {
  return source.statements
    .filter(ts.isExportDeclaration)
    .filter((node) => !node.isTypeOnly)
    .map(({ moduleSpecifier }) => (moduleSpecifier ? literalText(moduleSpecifier) : null))
    .filter((specifier) => specifier !== null)
}

/** Where `export { name as … } from "…"` of the module takes `name` from. */
export function reexportedFrom({ source }: Module, name: string): string[] {
  return source.statements.filter(ts.isExportDeclaration).flatMap(({ exportClause, moduleSpecifier }) => {
    const has =
      exportClause &&
      ts.isNamedExports(exportClause) &&
      exportClause.elements.some((element) => (element.propertyName ?? element.name).text === name)
    const specifier = moduleSpecifier && literalText(moduleSpecifier)
    return has && specifier ? [specifier] : []
  })
}

/** What a name of the module was imported from. */
export function bindingOf(module: Module, local: string): { specifier: string; imported: string } | null {
  for (const { specifier, names } of module.imports) {
    const name = names.find((candidate) => candidate.local === local)
    if (name) return { specifier, imported: name.imported }
  }
  return null
}

/** The literals that imports and re-exports of the module name, with their quotes. */
export function specifiersOf({ source }: Module): { text: string; start: number; end: number }[] {
  return source.statements.flatMap((statement) => {
    const specifier = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined
    const text = specifier && literalText(specifier)
    return specifier && text ? [{ text, start: specifier.getStart(), end: specifier.getEnd() }] : []
  })
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
    return ts.isCallExpression(node) && ts.isIdentifier(node.expression) && argument && others.length === 0 && isDefault(argument)
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
    const callee = node.expression
    const wrappedBy = wrapperName(callee) ?? localWrapperName(callee)
    if (wrappedBy === null && !isDefault(callee)) return
    calls.push({
      start: node.getStart(),
      calleeStart: callee.getStart(),
      calleeEnd: callee.getEnd(),
      wrappedBy,
      arguments: node.arguments,
    })
  })
  return calls
}

/** Whether a parameter or local variable between the use and the top of the file hides the import. */
function isShadowed(use: ts.Identifier): boolean {
  for (let parent: ts.Node = use.parent; parent; parent = parent.parent) {
    if (ts.isFunctionLike(parent) && parent.parameters.some(({ name }) => bindsName(name, use.text))) return true
    if (
      ts.isBlock(parent) &&
      parent.statements.some(
        (statement) =>
          ts.isVariableStatement(statement) && statement.declarationList.declarations.some(({ name }) => bindsName(name, use.text)),
      )
    )
      return true
  }
  return false
}

export function bindsName(name: ts.BindingName, text: string): boolean {
  return ts.isIdentifier(name)
    ? name.text === text
    : name.elements.some((element) => !ts.isOmittedExpression(element) && bindsName(element.name, text))
}

/** Every name the module declares or imports at its top level. */
export function topLevelNames(module: Module): Set<string> {
  const names = new Set(module.imports.flatMap((declaration) => declaration.names.map(({ local }) => local)))
  const add = (name: ts.BindingName): void => {
    if (ts.isIdentifier(name)) names.add(name.text)
    else for (const element of name.elements) if (!ts.isOmittedExpression(element)) add(element.name)
  }
  for (const statement of module.source.statements) {
    if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) add(name)
    else if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name) names.add(statement.name.text)
  }
  return names
}

const isDefaultExport = (statement: ts.FunctionDeclaration) =>
  statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false

function onlyReturn(body: ts.Block): ts.Expression | null {
  const returns = body.statements.filter(ts.isReturnStatement)
  const [only] = returns
  return returns.length === 1 && only?.expression ? unwrapExpression(only.expression) : null
}

/** The value a module gives a name at its top level: of a constant, or what a function of that name returns. */
export function initializerOf(module: Module, name: string): ts.Expression | null {
  for (const statement of module.source.statements) {
    if (ts.isVariableStatement(statement))
      for (const declaration of statement.declarationList.declarations)
        if (ts.isIdentifier(declaration.name) && declaration.name.text === name && declaration.initializer)
          return unwrapExpression(declaration.initializer)
    if (
      ts.isFunctionDeclaration(statement) &&
      statement.body &&
      (statement.name?.text === name || (name === "default" && isDefaultExport(statement)))
    ) {
      const value = onlyReturn(statement.body)
      if (value) return value
    }
    if (name === "default" && ts.isExportAssignment(statement) && !statement.isExportEquals) {
      const value = unwrapExpression(statement.expression)
      return ts.isIdentifier(value) ? initializerOf(module, value.text) : value
    }
  }
  return null
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

/** Without `as`, `satisfies`, `!`, `await` and parentheses. */
export function unwrapExpression(node: ts.Expression): ts.Expression {
  let inner = node
  while (
    ts.isAsExpression(inner) ||
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

/** What an expression may turn out to be: both branches of a choice, else itself. */
export function alternativesOf(node: ts.Expression): ts.Expression[] {
  return ts.isConditionalExpression(node)
    ? [node.whenTrue, node.whenFalse].flatMap((branch) => alternativesOf(unwrapExpression(branch)))
    : [node]
}

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

export function onlyArgumentOf(node: ts.Expression): ts.Expression | null {
  const [argument, ...others] = ts.isCallExpression(node) ? node.arguments : []
  return argument && others.length === 0 ? unwrapExpression(argument) : null
}

/** The name that an expression calls, or is. */
export function calledName(node: ts.Expression): string | null {
  return identifierText(ts.isCallExpression(node) ? node.expression : node)
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

/** End of the directives and comments that must stay first, where an import goes when there is none. */
export function prologueEnd(module: Module): number {
  const directives = module.source.statements.filter(
    (statement) => ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression),
  )
  const shebang = /^#!.*/.exec(module.text)?.[0].length ?? 0
  return directives.at(-1)?.getEnd() ?? shebang
}

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}
