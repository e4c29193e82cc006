/** Finds things in TypeScript and JavaScript, by binding: what a name was imported from, never what it looks like. */
import { ts } from "ts-morph"
import { identifierText, methodCallOf, onlyReturn, unwrapExpression } from "./expressions"
import { hoistedIn, type Module, namesBound, namesOf, namesOfList, walk } from "./module"

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

export const isDefaultExport = (statement: ts.FunctionDeclaration) =>
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
