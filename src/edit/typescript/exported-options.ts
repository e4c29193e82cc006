/** Reads the options that a config module exports, without running it: `next.config.ts`. */
import { ts } from "ts-morph"
import { identifierText, literalText, methodCallOf, propertyOf, unwrapExpression } from "./expressions"
import { isFunction, resultsOf, returnedBy } from "./functions"
import { initializerOf, localInitializerOf } from "./locate"
import { bindingOf, type Module, walk } from "./module"

/** Finds the module that an import of another one means. */
export type Follow = (from: Module, specifier: string) => Module | null
/** An expression, and the module whose names it is made of. */
export type Value = { module: Module; node: ts.Expression }
/** @property isWhole whether nothing was left out because there is too much of it */
export type Values = { found: Value[]; isWhole: boolean }

/** Expressions that are looked at. A real config has some dozens. */
const mostSteps = 2_000
/** Names, calls and functions within one another. */
const deepest = 50

/** Every value that the exported config may have for an option: the last one of each object that it is made of. */
export function exportedOptions(module: Module, name: string, follow: Follow): Values {
  const search = new Search(name, follow)
  for (const root of rootsOf(module)) search.visit({ module, node: root }, 0)
  search.found.push(...assignedTo(module).properties("module.exports", name), ...assignedTo(module).properties("exports", name))
  return { found: search.found, isWhole: search.isWhole }
}

/** What a module exports as its default, in either kind of module. */
function rootsOf(module: Module): ts.Expression[] {
  const roots = [...assignedTo(module).values("module.exports"), ...assignedTo(module).values("exports.default")].map(({ node }) => node)
  for (const statement of module.source.statements) {
    if (ts.isExportAssignment(statement)) roots.push(statement.expression)
    if (
      ts.isExportDeclaration(statement) &&
      !statement.moduleSpecifier &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause)
    )
      for (const { name, propertyName } of statement.exportClause.elements)
        if (name.text === "default" && propertyName && ts.isIdentifier(propertyName)) roots.push(propertyName)
  }
  return [...roots, ...resultsOf(module, "default")]
}

class Search {
  readonly found: Value[] = []
  isWhole = true
  readonly #seen = new Set<ts.Node>()
  #steps = 0

  constructor(
    private readonly name: string,
    private readonly follow: Follow,
  ) {}

  /** Looks at an expression that may be the config, or a part that it is made of. */
  visit({ module, node: written }: Value, depth: number): void {
    if (depth > deepest || ++this.#steps > mostSteps) {
      this.isWhole = false
      return
    }
    const node = unwrapExpression(written)
    if (this.#seen.has(node)) return
    this.#seen.add(node)
    const visit = (inner: ts.Expression) => this.visit({ module, node: inner }, depth + 1)
    if (ts.isObjectLiteralExpression(node)) this.#readObject(module, node, depth)
    else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(visit)
    else if (ts.isBinaryExpression(node)) [node.left, node.right].forEach(visit)
    else if (isFunction(node)) returnedBy(node).forEach(visit)
    else if (ts.isIdentifier(node)) this.#readName(module, node, depth)
    // A wrapper gets the config as an argument, and gives it back: `withMdx({ ... })(config)`.
    else if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const required = requiredBy(node)
      const target = required === null ? null : this.follow(module, required)
      if (target) for (const root of rootsOf(target)) this.visit({ module: target, node: root }, depth + 1)
      else {
        for (const argument of node.arguments ?? []) visit(argument)
        // Not what the wrapper itself was made with: those are options of its own.
        if (ts.isIdentifier(node.expression)) this.#readResults(module, node.expression.text, depth)
      }
    }
  }

  /** What a function of the app's own gives back, which may add to the config. */
  #readResults(module: Module, name: string, depth: number): void {
    const binding = bindingOf(module, name)
    const home = binding === null ? module : this.follow(module, binding.specifier)
    for (const result of home ? resultsOf(home, binding?.imported ?? name) : [])
      this.visit({ module: home as Module, node: result }, depth + 1)
  }

  /** From its end: what is behind the option's own value may be another one, what is before it no longer counts. */
  #readObject(module: Module, node: ts.ObjectLiteralExpression, depth: number): void {
    for (const property of node.properties.toReversed()) {
      if (ts.isSpreadAssignment(property)) this.visit({ module, node: property.expression }, depth + 1)
      else if (nameOf(property) === this.name) {
        const value = ts.isPropertyAssignment(property) ? property.initializer : property.name
        this.found.push({ module, node: value as ts.Expression })
        return
      }
    }
  }

  #readName(module: Module, use: ts.Identifier, depth: number): void {
    const assigned = assignedTo(module)
    this.found.push(...assigned.properties(use.text, this.name))
    for (const value of [...valuesOf({ module, node: use }, this.follow), ...assigned.values(use.text)]) this.visit(value, depth + 1)
    this.#readResults(module, use.text, depth)
  }
}

function nameOf({ name }: ts.ObjectLiteralElementLike): string | null {
  if (!name) return null
  if (ts.isComputedPropertyName(name)) return literalText(name.expression)
  return ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : null
}

function requiredBy(node: ts.CallExpression | ts.NewExpression): string | null {
  const [argument] = node.arguments ?? []
  return identifierText(node.expression) === "require" && argument ? literalText(argument) : null
}

/** What a name is given where it is declared, in this module or in the one that it is imported from. */
function valuesOf({ module, node }: Value, follow: Follow): Value[] {
  if (!ts.isIdentifier(node)) return []
  const here = localInitializerOf(node) ?? initializerOf(module, node.text)
  if (here) return [{ module, node: here }]
  const binding = bindingOf(module, node.text)
  const target = binding && follow(module, binding.specifier)
  if (!binding || !target) return []
  if (binding.imported === "default") return rootsOf(target).map((root) => ({ module: target, node: root }))
  const value = initializerOf(target, binding.imported)
  return value ? [{ module: target, node: value }] : []
}

type Assigned = { values(name: string): Value[]; properties(name: string, property: string): Value[] }
const assignments = new WeakMap<ts.SourceFile, Assigned>()

/** What a module assigns to names and to their properties: `config = …`, `config.basePath = …`, `Object.assign(config, …)`. */
function assignedTo(module: Module): Assigned {
  const known = assignments.get(module.source)
  if (known) return known
  const values = new Map<string, Value[]>()
  const add = (key: string, node: ts.Expression) => {
    const list = values.get(key)
    if (list) list.push({ module, node })
    else values.set(key, [{ module, node }])
  }
  walk(module.source, (node) => {
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      const path = pathOf(node.left)
      if (path !== null) add(path, node.right)
    }
    const call = ts.isCallExpression(node) ? methodCallOf(node) : null
    const [target, ...parts] = call?.name === "assign" && identifierText(call.object) === "Object" ? call.arguments : []
    const name = target && pathOf(target)
    if (name) for (const part of parts) add(name, part)
  })
  const assigned: Assigned = {
    values: (name) => values.get(name) ?? [],
    properties: (name, property) => values.get(`${name}.${property}`) ?? [],
  }
  assignments.set(module.source, assigned)
  return assigned
}

/** `config`, `config.basePath` or `module.exports.basePath`, as a text with dots. */
function pathOf(node: ts.Expression): string | null {
  const names: string[] = []
  let inner = unwrapExpression(node)
  for (let property = propertyOf(inner); property && names.length < 3; property = propertyOf(inner)) {
    names.unshift(property.name)
    inner = property.object
  }
  const root = identifierText(inner)
  return root === null ? null : [root, ...names].join(".")
}

/** What a name, or a property of a named object, may stand for. */
export function namedBy(value: Value, follow: Follow): Value[] {
  const { module, node } = value
  if (ts.isIdentifier(node)) return [...valuesOf(value, follow), ...assignedTo(module).values(node.text)]
  const property = propertyOf(node)
  if (!property) return []
  const search = new Search(property.name, follow)
  search.visit({ module, node: property.object }, 0)
  return search.found
}
