import { ts } from "ts-morph"
import { membersOf, unwrapExpression } from "./expressions"
import { isFunction, returnedBy } from "./functions"
import { type Module, namesBound, walk } from "./module"

/**
 * The exported names whose value is what `new <Class>()` makes: itself, by way of other names and functions of the
 * module, kept on the global object, or extended. `default` also stands for what a CommonJS module exports.
 */
export function exportsMaking(module: Module, className: string): string[] {
  const steps = { left: mostSteps }
  return exportedValues(module).flatMap(({ name, values }) => {
    const search = new Search(module, className, steps)
    return values.some((value) => search.isMade(value)) ? [name] : []
  })
}

/**
 * Whether the module makes objects of `className` in a way that can be done elsewhere too: without arguments, or with
 * options that only say what is logged.
 */
export function makesPlainly(module: Module, className: string): boolean {
  let found = false
  walk(module.source, (node) => {
    if (!ts.isNewExpression(node) || !ts.isIdentifier(node.expression) || node.expression.text !== className) return
    const [options] = node.arguments ?? []
    const isLogging = (property: ts.ObjectLiteralElementLike) => property.name?.getText() === "log"
    if (!options || (ts.isObjectLiteralExpression(options) && options.properties.every(isLogging))) found = true
  })
  return found
}

/** Whether the value of an export is made with a call of `callee`, by way of other names and functions of the module. */
export function exportCalls(module: Module, name: string, callee: string): boolean {
  const seen = new Set<string>()
  const calls = (value: ts.Node): boolean => {
    let found = false
    walk(value, (node) => {
      if (found) return
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === callee) found = true
      else if (ts.isIdentifier(node) && !seen.has(node.text)) {
        seen.add(node.text)
        found = [...valuesOf(module, node.text), ...functionsNamed(module, node.text)].some(calls)
      }
    })
    return found
  }
  return exportedValues(module).some((exported) => exported.name === name && exported.values.some(calls))
}

/** Expressions that are looked at for all exports of a module together. A client is found within some dozens. */
const mostSteps = 200_000

class Search {
  readonly #seen = new Set<string>()

  constructor(
    private readonly module: Module,
    private readonly className: string,
    private readonly steps: { left: number },
  ) {}

  /** Whether an expression is the object, or may turn out to be. */
  isMade(expression: ts.Expression): boolean {
    if (this.steps.left-- <= 0) return false
    const node = unwrapExpression(expression)
    if (ts.isNewExpression(node)) return ts.isIdentifier(node.expression) && node.expression.text === this.className
    if (ts.isIdentifier(node)) return this.#isNameMade(node.text)
    if (ts.isBinaryExpression(node)) return this.isMade(node.left) || this.isMade(node.right)
    if (ts.isConditionalExpression(node)) return this.isMade(node.whenTrue) || this.isMade(node.whenFalse)
    return ts.isCallExpression(node) && this.#isCallMade(node)
  }

  #isNameMade(name: string): boolean {
    if (this.#seen.has(name)) return false
    this.#seen.add(name)
    return valuesOf(this.module, name).some((value) => this.isMade(value))
  }

  /** `client.$extends(...)`, `make()`, `remember("db", () => new Client())`, and a function called where it stands. */
  #isCallMade({ expression, arguments: given }: ts.CallExpression): boolean {
    const callee = unwrapExpression(expression)
    if (givesFunction(callee)) return false
    if (ts.isPropertyAccessExpression(callee)) return callee.name.text.startsWith("$") && this.isMade(callee.expression)
    const functions = [callee, ...given].filter(isFunction)
    if (ts.isIdentifier(callee)) functions.push(...functionsNamed(this.module, callee.text))
    return functions.some((node) => returnedBy(node).some((value) => this.isMade(value)))
  }
}

/** `cache(() => new Client())` of React, and its like, give a function, which makes one when it is called. */
function givesFunction(callee: ts.Expression): boolean {
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee
  return ts.isIdentifier(name) && /^(?:cache|unstable_cache|memo|memoi[sz]e|once|lazy)$/i.test(name.text)
}

function functionsNamed(module: Module, name: string): (ts.FunctionExpression | ts.ArrowFunction)[] {
  const declared = given(module).functions.get(name) ?? []
  return [...(declared as unknown as ts.FunctionExpression[]), ...valuesOf(module, name).filter(isFunction)]
}

/** The models that a module looks up or writes through a Prisma client: `user` of `db.user.findUnique(...)`. */
export function modelsQueried(module: Module, isClient: (local: string) => boolean): string[] {
  const models: string[] = []
  walk(module.source, (node) => {
    if (!ts.isPropertyAccessExpression(node) || !/^(find|create|update|upsert)/.test(node.name.text)) return
    const { expression } = node
    if (ts.isPropertyAccessExpression(expression) && ts.isIdentifier(expression.expression) && isClient(expression.expression.text))
      models.push(expression.name.text)
  })
  return models
}

/** The names that a module hands to an adapter, or looks up models by, as it would a client: `db` of `PrismaAdapter(db)`. */
export function namesUsedAsClient(module: Module): string[] {
  const names = new Set<string>()
  walk(module.source, (node) => {
    const use = adapterArgument(node) ?? queriedObject(node)
    if (use && ts.isIdentifier(use)) names.add(use.text)
  })
  return [...names]
}

function adapterArgument(node: ts.Node): ts.Expression | null {
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression) || !node.expression.text.endsWith("PrismaAdapter")) return null
  const [client] = node.arguments
  return client ? unwrapExpression(client) : null
}

/** The `db` of `db.user.findUnique(...)` */
function queriedObject(node: ts.Node): ts.Expression | null {
  const method = ts.isCallExpression(node) ? node.expression : null
  if (!method || !ts.isPropertyAccessExpression(method) || !/^find(?:Unique|First)(?:OrThrow)?$/.test(method.name.text)) return null
  return ts.isPropertyAccessExpression(method.expression) ? method.expression.expression : null
}

/** The names that a module exports by itself; those of `export *` are its neighbours'. */
export const exportedNames = (module: Module): string[] => [
  ...exportedValues(module).map(({ name }) => name),
  ...module.source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement) && statement.exportClause)
      return ts.isNamedExports(statement.exportClause)
        ? statement.exportClause.elements.map(({ name }) => name.text)
        : [statement.exportClause.name.text]
    return ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ? exportedAs(statement) : []
  }),
]

function exportedAs({ name, modifiers }: ts.FunctionDeclaration | ts.ClassDeclaration): string[] {
  const kinds = modifiers?.map(({ kind }) => kind) ?? []
  if (!kinds.includes(ts.SyntaxKind.ExportKeyword)) return []
  return kinds.includes(ts.SyntaxKind.DefaultKeyword) ? ["default"] : name ? [name.text] : []
}

/** What a name of the module is given at its top level: where it is declared, and where it is assigned to. */
const valuesOf = (module: Module, name: string): ts.Expression[] => given(module).values.get(name) ?? []

type Given = { values: Map<string, ts.Expression[]>; functions: Map<string, ts.FunctionDeclaration[]> }
const known = new WeakMap<ts.SourceFile, Given>()

/** All that the names of a module are given, looked up once: a module may have thousands of names. */
function given({ source }: Module): Given {
  const before = known.get(source)
  if (before) return before
  const found: Given = { values: new Map(), functions: new Map() }
  for (const statement of source.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name) addTo(found.functions, statement.name.text, statement)
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (initializer) for (const bound of namesBound(name)) addTo(found.values, bound, initializer)
    if (!ts.isIfStatement(statement) && !ts.isExpressionStatement(statement)) continue
    walk(statement, (node) => {
      if (isAssignment(node) && ts.isIdentifier(node.left)) addTo(found.values, node.left.text, node.right)
    })
  }
  known.set(source, found)
  return found
}

function addTo<Value>(map: Map<string, Value[]>, name: string, value: Value): void {
  const list = map.get(name)
  if (list) list.push(value)
  else map.set(name, [value])
}

const isAssignment = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken

type Exported = { name: string; values: ts.Expression[] }

/** Every exported name with what it is given, ES modules and CommonJS alike. */
function exportedValues(module: Module): Exported[] {
  return module.source.statements.flatMap((statement): Exported[] => {
    if (ts.isVariableStatement(statement))
      return isExported(statement)
        ? statement.declarationList.declarations.flatMap(({ name }) =>
            ts.isIdentifier(name) ? [{ name: name.text, values: valuesOf(module, name.text) }] : [],
          )
        : []
    if (ts.isExportAssignment(statement)) return [{ name: "default", values: [statement.expression] }]
    if (ts.isExportDeclaration(statement)) {
      const { exportClause, isTypeOnly, moduleSpecifier } = statement
      if (isTypeOnly || moduleSpecifier || !exportClause || !ts.isNamedExports(exportClause)) return []
      return exportClause.elements.map(({ name, propertyName }) => ({
        name: name.text,
        values: valuesOf(module, (propertyName ?? name).text),
      }))
    }
    return ts.isExpressionStatement(statement) && isAssignment(statement.expression) ? commonJs(statement.expression) : []
  })
}

function commonJs({ left, right }: ts.BinaryExpression): Exported[] {
  const target = left.getText()
  const name = /^(?:module\.)?exports\.(\w+)$/.exec(target)?.[1]
  if (name) return [{ name, values: [right] }]
  if (target !== "module.exports") return []
  const members = membersOf(right)
  return members ? Array.from(members.properties, ([name, value]) => ({ name, values: [value] })) : [{ name: "default", values: [right] }]
}

const isExported = (statement: ts.VariableStatement): boolean =>
  statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
