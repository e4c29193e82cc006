/** Calls of a library's default export, such as NextAuth: by binding, and through wrappers around it. */
import { ts } from "ts-morph"
import type { Elsewhere } from "./elsewhere"
import { identifierText, literalText, propertyOf, unwrapExpression } from "./expressions"
import { functionNamed, returnedBy } from "./functions"
import { bindsName, initializerOf, isDefaultExport, isShadowed, localInitializerOf } from "./locate"
import { bindingOf, type Module, walk } from "./module"

/**
 * @property wrappers what stands around the library's function when it is called, from outside: `a` and `b` of
 * `a(b(NextAuth))(...)`
 * @property library the library's function itself
 * @property isGuarded another module has made it what it is, by way of the feature's function
 * @property parts the callee, and the constants that it is made of
 * @property inFunction not at the top of the module: it may be run more than once
 */
export type Call = {
  node: ts.CallExpression
  start: number
  calleeStart: number
  calleeEnd: number
  wrappers: ts.Expression[]
  library: ts.Expression
  isGuarded: boolean
  parts: ts.Expression[]
  inFunction: boolean
  arguments: ts.NodeArray<ts.Expression>
}

/** next-auth 4 has its function in `next-auth/next` as well. */
const entries = ["", "/index", "/next", "/next/index"]

/** Whether a specifier is one of the modules whose default export is the library's function. */
export const isEntry = (library: string, specifier: string): boolean =>
  entries.some((entry) => [library + entry, `${library + entry}.js`].includes(specifier)) && specifier !== `${library}.js`

/** The library's function as an expression has it; null where it is something else. */
type Value = Pick<Call, "wrappers" | "library" | "isGuarded" | "parts">

/** Uses of one name that are looked at, each with all that is around it. A real file has a handful. */
export const mostUses = 100

/** Wrappers and constants on the way to the library's function. */
const longestWay = 20

/**
 * Calls of the default export of `library`, whether wrapped already or not.
 * @param elsewhere where given, also of what other modules have made of it
 */
export function callsOfDefault(module: Module, library: string, elsewhere?: Elsewhere): Call[] {
  const calls: Call[] = []
  if (!elsewhere && !module.imports.some(({ specifier }) => isEntry(library, specifier))) return calls
  const values = new Values(module, library, elsewhere)
  walk(module.source, (node) => {
    if (!ts.isCallExpression(node) || calls.length === mostUses) return
    const callee = unwrapExpression(node.expression)
    const value = values.of(callee)
    if (value === null) return
    calls.push({
      ...value,
      parts: [callee, ...value.parts],
      node,
      start: node.getStart(),
      calleeStart: callee.getStart(),
      calleeEnd: callee.getEnd(),
      arguments: node.arguments,
      inFunction: isInFunction(node),
    })
  })
  return calls
}

/** What an export of a module is, where that is the library's function. */
export function exportedValue(
  module: Module,
  library: string,
  name: string,
  elsewhere: Elsewhere,
): Pick<Call, "library" | "isGuarded"> | null {
  // A variable may be another thing by the time that it is imported.
  const value = name === "default" ? initializerOf(module, name) : (constantsIn(module.source).get(name) ?? null)
  return value && new Values(module, library, elsewhere).of(value)
}

/** Names that the value of one is looked for in. */
const mostRoots = 50

/**
 * What a name at the top of a module is made of.
 * @property isCall a call of the library, or something with one in it
 * @property values names that are used as they are, with the member that is taken of each: `real` and `handlers`
 * @property called names that are only called
 */
export type Made = { isCall: boolean; values: { name: string; member: string | null }[]; called: string[] }

/** @returns null where the name is not declared here, or is made of a module that is only loaded when it runs */
export function madeFrom(module: Module, library: string, name: string): Made | null {
  const node = declaredValue(module, name)
  if (node === null) return null
  const isInside = ({ start }: Call) => start >= node.getStart() && start < node.getEnd()
  const values = new Map<string, Made["values"][number]>()
  const called = new Set<string>()
  let isLoaded = false
  walk(node, (inner) => {
    if (
      ts.isCallExpression(inner) &&
      (inner.expression.kind === ts.SyntaxKind.ImportKeyword || identifierText(inner.expression) === "require")
    )
      isLoaded = true
    if (!ts.isIdentifier(inner) || values.size + called.size >= mostRoots || !isValueUse(inner) || isShadowed(inner)) return
    const { parent } = inner
    if (ts.isCallExpression(parent) && parent.expression === inner) called.add(inner.text)
    else {
      const member = ts.isPropertyAccessExpression(parent) && parent.expression === inner ? parent.name.text : null
      values.set(`${inner.text}.${member}`, { name: inner.text, member })
    }
  })
  const isCall = callsOfDefault(module, library).some(isInside)
  return isLoaded && !isCall ? null : { isCall, values: [...values.values()].filter((one) => one.name !== name), called: [...called] }
}

function declaredValue(module: Module, name: string): ts.Node | null {
  for (const statement of module.source.statements) {
    if (ts.isFunctionDeclaration(statement) && (statement.name?.text === name || (name === "default" && isDefaultExport(statement))))
      return statement
    if (ts.isVariableStatement(statement))
      for (const { name: bound, initializer } of statement.declarationList.declarations)
        if (initializer && bindsName(bound, name)) return initializer
  }
  return name === "default" ? initializerOf(module, name) : null
}

class Values {
  /** An expression may be part of many others. */
  readonly #known = new Map<ts.Node, Value | null>()

  constructor(
    private readonly module: Module,
    private readonly library: string,
    private readonly elsewhere?: Elsewhere,
  ) {}

  of(expression: ts.Expression, depth = 0): Value | null {
    const node = unwrapExpression(expression)
    const known = this.#known.get(node)
    if (known !== undefined) return known
    if (depth > longestWay) return null
    // `const a = a(b)` comes back to itself.
    this.#known.set(node, null)
    const value = this.#read(node, depth + 1)
    this.#known.set(node, value)
    return value
  }

  #read(node: ts.Expression, depth: number): Value | null {
    if (isDefaultOf(this.module, this.library, node)) return { wrappers: [], library: node, isGuarded: false, parts: [] }
    const imported = this.#imported(node)
    if (imported) return imported
    if (ts.isIdentifier(node)) return this.#inConstant(localInitializerOf(node) ?? constantNamed(this.module, node), depth)
    return ts.isCallExpression(node) ? this.#wrapped(node, depth) : null
  }

  #imported(node: ts.Expression): Value | null {
    if (!this.elsewhere || !ts.isIdentifier(node) || bindingOf(this.module, node.text) === null || isShadowed(node)) return null
    const kind = this.elsewhere.value(this.module, node.text)
    return kind && { wrappers: [], library: node, isGuarded: kind === "guarded", parts: [] }
  }

  #inConstant(value: ts.Expression | null, depth: number): Value | null {
    const found = value && this.of(value, depth)
    return found && found.parts.length < longestWay ? { ...found, parts: [value, ...found.parts] } : null
  }

  /** `wrapper(NextAuth)`, or a function that gives it back. What the library's function itself gives back is another thing. */
  #wrapped(node: ts.CallExpression, depth: number): Value | null {
    const wrapper = unwrapExpression(node.expression)
    if (this.of(wrapper, depth) !== null) return null
    for (const argument of node.arguments) {
      const inner = this.of(argument, depth)
      if (inner && inner.wrappers.length < longestWay) return { ...inner, wrappers: [wrapper, ...inner.wrappers] }
    }
    const made = ts.isIdentifier(wrapper) && !isShadowed(wrapper) ? functionNamed(this.module, wrapper.text) : null
    const [result, ...others] = made ? returnedBy(made) : []
    return result && others.length === 0 ? this.#inConstant(result, depth) : null
  }
}

/** The value of a constant at the top of the module, by a use of its name. */
function constantNamed({ source }: Module, use: ts.Identifier): ts.Expression | null {
  if (isShadowed(use)) return null
  return constantsIn(source).get(use.text) ?? null
}

const constants = new WeakMap<ts.SourceFile, ReadonlyMap<string, ts.Expression>>()

function constantsIn(source: ts.SourceFile): ReadonlyMap<string, ts.Expression> {
  const known = constants.get(source)
  if (known) return known
  const found = new Map<string, ts.Expression>()
  for (const { declarationList } of source.statements.filter(ts.isVariableStatement))
    if ((declarationList.flags & ts.NodeFlags.Const) !== 0)
      for (const { name, initializer } of declarationList.declarations)
        if (ts.isIdentifier(name) && initializer) found.set(name.text, unwrapExpression(initializer))
  constants.set(source, found)
  return found
}

/** Whether an expression is the default export of `library`, by its import. */
function isDefaultOf(module: Module, library: string, node: ts.Expression): boolean {
  if (ts.isIdentifier(node)) return isImported(module, library, node, "default")
  const isMember = ts.isPropertyAccessExpression(node) && node.name.text === "default" && ts.isIdentifier(node.expression)
  return isMember && isImported(module, library, node.expression, "*")
}

function isImported(module: Module, library: string, node: ts.Identifier, imported: "default" | "*"): boolean {
  const binding = bindingOf(module, node.text)
  return binding !== null && binding.imported === imported && isEntry(library, binding.specifier) && !isShadowed(node)
}

/** Where the module gets at the default export of `library`, in values: at most one more than are looked at. */
function usesOfDefault(module: Module, library: string): ts.Identifier[] {
  const uses: ts.Identifier[] = []
  walk(module.source, (node) => {
    if (uses.length <= mostUses && ts.isIdentifier(node) && isValueOf(module, library, node)) uses.push(node)
  })
  return uses
}

/**
 * Where the module gets at the default export of `library` by another way than these calls: kept under another name,
 * handed to a function, imported once more. What is made there goes past a wrapper of the calls.
 * @param isGuarded whether a use is one that nothing can be made with past the wrapper
 */
export function strayUseOf(
  module: Module,
  library: string,
  calls: Call[],
  isGuarded: (use: ts.Identifier) => boolean = () => false,
): number | null {
  const parts = new Set<ts.Node>(calls.flatMap((call) => call.parts))
  const isOfCall = (use: ts.Identifier): boolean => {
    for (let node: ts.Node = use; node; node = node.parent) if (parts.has(node)) return true
    return false
  }
  const uses = [...usesOfDefault(module, library), ...usesOfImported(module, library, calls)]
  const stray = uses.find((use, index) => index >= mostUses || (!isOfCall(use) && !isGuarded(use)))
  return stray?.getStart() ?? importedAgain(module, library)
}

/** The uses of what another module has made of it, without a guard. */
function usesOfImported(module: Module, library: string, calls: Call[]): ts.Identifier[] {
  const isImportedValue = ({ library: value, isGuarded }: Call) =>
    ts.isIdentifier(value) && !isGuarded && !isDefaultOf(module, library, value)
  const names = new Set(calls.filter(isImportedValue).map((call) => call.library.getText()))
  const uses: ts.Identifier[] = []
  if (names.size === 0) return uses
  walk(module.source, (node) => {
    if (uses.length <= mostUses && ts.isIdentifier(node) && names.has(node.text) && isValueUse(node) && !isShadowed(node)) uses.push(node)
  })
  return uses
}

/** Whether an identifier stands for the default export of `library`, or for all of it, where code runs. */
function isValueOf(module: Module, library: string, node: ts.Identifier): boolean {
  const binding = bindingOf(module, node.text)
  if (!binding || !isEntry(library, binding.specifier) || !["default", "*"].includes(binding.imported)) return false
  if (!isValueUse(node) || isShadowed(node)) return false
  const member = binding.imported === "*" ? propertyOf(node.parent as ts.Expression) : null
  return member === null || member.object !== node || member.name === "default"
}

/** Whether an identifier is the use of a name where code runs, and not its declaration, a member's name, or a type. */
export function isValueUse(node: ts.Identifier): boolean {
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
  return !ts.isTypeAliasDeclaration(parent) && !ts.isInterfaceDeclaration(parent.parent?.parent ?? parent)
}

function importedAgain(module: Module, library: string): number | null {
  let found: number | null = null
  walk(module.source, (node) => {
    if (found === null && importsAgain(node, library)) found = node.getStart()
  })
  return found
}

/** `import("next-auth")`, `require("next-auth")`, and a default that is handed on: `export { default } from "next-auth"`. */
function importsAgain(node: ts.Node, library: string): boolean {
  const isLibrary = (specifier: ts.Expression | undefined) => specifier !== undefined && isEntry(library, literalText(specifier) ?? "")
  if (ts.isCallExpression(node)) {
    const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword || identifierText(node.expression) === "require"
    return isImport && isLibrary(node.arguments[0])
  }
  if (ts.isImportEqualsDeclaration(node))
    return !node.isTypeOnly && ts.isExternalModuleReference(node.moduleReference) && isLibrary(node.moduleReference.expression)
  if (!ts.isExportDeclaration(node) || node.isTypeOnly || !isLibrary(node.moduleSpecifier)) return false
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
