/** A file of TypeScript or JavaScript, parsed, with what it takes from others. */
import { ts } from "ts-morph"
import { literalText, unwrapExpression } from "./expressions"
import { parseSource } from "./parse"

export type ImportedName = { imported: string; local: string }

export type ImportDeclaration = { specifier: string; names: ImportedName[]; typeOnly: boolean; start: number; end: number }

export type Module = {
  path: string
  text: string
  source: ts.SourceFile
  imports: ImportDeclaration[]
  /** Modules that this one re-exports from. */
  reexports: string[]
}

export type ParseResult = { ok: true; module: Module } | { ok: false; message: string; offset: number }

/** Characters. Code of more is generated, and no sign-in is in it. */
export const longestModule = 500_000

export function parseModule(path: string, text: string): ParseResult {
  const kind = /\.[jt]sx$|\.js$/.test(path) ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  if (text.length > longestModule) return { ok: false, message: "it is too long", offset: 0 }
  const source = parseSource(path, text, /\.[cm]?js$|\.jsx$/.test(path) ? ts.ScriptKind.JSX : kind)
  if (!source) return { ok: false, message: "it repeats too much, or is nested too deeply, to be read in time", offset: 0 }
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

/** Modules of which the module exports everything: `export * from "…"`. */
export function starsOf({ source }: Module): string[] {
  const known = stars.get(source) ?? source.statements.flatMap(starOf)
  stars.set(source, known)
  return known
}

const stars = new WeakMap<ts.SourceFile, string[]>()

function starOf(statement: ts.Statement): string[] {
  const isStar = ts.isExportDeclaration(statement) && !statement.exportClause && !statement.isTypeOnly
  const specifier = isStar && statement.moduleSpecifier ? literalText(statement.moduleSpecifier) : null
  return specifier === null ? [] : [specifier]
}

/** A name of the module's own, or one of another module: `default` for an expression without a name, `*` for all of it. */
export type Exported = { local: string } | { specifier: string; imported: string }

const exported = new WeakMap<ts.SourceFile, ReadonlyMap<string, Exported>>()

/** What the module exports under a name. */
export function exportNamed({ source }: Module, name: string): Exported | null {
  const known = exported.get(source) ?? exportsIn(source)
  exported.set(source, known)
  return known.get(name) ?? null
}

function exportsIn(source: ts.SourceFile): ReadonlyMap<string, Exported> {
  const found = new Map<string, Exported>()
  const add = (name: string, value: Exported) => {
    if (!found.has(name)) found.set(name, value)
  }
  for (const statement of source.statements) {
    if (ts.isExportAssignment(statement)) {
      const value = unwrapExpression(statement.expression)
      if (!statement.isExportEquals) add("default", { local: ts.isIdentifier(value) ? value.text : "default" })
    } else if (ts.isExportDeclaration(statement)) addHandedOn(statement, add)
    else if (ts.canHaveModifiers(statement)) {
      const has = (kind: ts.SyntaxKind) => statement.modifiers?.some((modifier) => modifier.kind === kind)
      if (!has(ts.SyntaxKind.ExportKeyword)) continue
      const names = namesOf(statement)
      if (has(ts.SyntaxKind.DefaultKeyword)) add("default", { local: names[0] ?? "default" })
      else for (const name of names) add(name, { local: name })
    }
  }
  return found
}

/** `export { a as name } from "…"`, `export { a as name }` and `export * as name from "…"`. */
function addHandedOn(
  { exportClause, isTypeOnly, moduleSpecifier }: ts.ExportDeclaration,
  add: (name: string, value: Exported) => void,
): void {
  const specifier = moduleSpecifier && literalText(moduleSpecifier)
  if (!exportClause || isTypeOnly) return
  if (ts.isNamespaceExport(exportClause)) {
    if (specifier) add(exportClause.name.text, { specifier, imported: "*" })
    return
  }
  for (const { name, propertyName, isTypeOnly } of exportClause.elements) {
    const imported = (propertyName ?? name).text
    if (!isTypeOnly) add(name.text, specifier ? { specifier, imported } : { local: imported })
  }
}

/** What a name of the module was imported from. */
export function bindingOf(module: Module, local: string): Binding | null {
  return (bindings.get(module.source) ?? bindingsIn(module)).get(local) ?? null
}

type Binding = { specifier: string; imported: string }
const bindings = new WeakMap<ts.SourceFile, ReadonlyMap<string, Binding>>()

function bindingsIn({ source, imports }: Module): ReadonlyMap<string, Binding> {
  const found = new Map<string, Binding>()
  // A name of `import type` is no value: nothing can be called by it.
  for (const { specifier, names } of imports.filter(({ typeOnly }) => !typeOnly))
    for (const { local, imported } of names) if (!found.has(local)) found.set(local, { specifier, imported })
  bindings.set(source, found)
  return found
}

/** The literals that imports and re-exports of the module name, with their quotes. */
export function specifiersOf({ source }: Module): { text: string; start: number; end: number }[] {
  return source.statements.flatMap((statement) => {
    const specifier = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined
    const text = specifier && literalText(specifier)
    return specifier && text ? [{ text, start: specifier.getStart(), end: specifier.getEnd() }] : []
  })
}

const topLevel = new WeakMap<ts.SourceFile, ReadonlySet<string>>()

/** Every name the module declares or imports at its top level, types among them: an import of the same name would be one too many. */
export function topLevelNames({ source }: Module): ReadonlySet<string> {
  const known = topLevel.get(source) ?? new Set([...source.statements.flatMap(namesOf), ...source.statements.flatMap(hoistedIn)])
  topLevel.set(source, known)
  return known
}

/** The names that a statement declares where it stands. */
export function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) return namesOfList(statement.declarationList)
  if (ts.isImportDeclaration(statement)) {
    const { name, namedBindings } = statement.importClause ?? {}
    const named = namedBindings && (ts.isNamespaceImport(namedBindings) ? [namedBindings] : namedBindings.elements)
    return [...(name ? [name.text] : []), ...(named ?? []).map((element) => element.name.text)]
  }
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isModuleDeclaration(statement) ||
    ts.isImportEqualsDeclaration(statement)
  return isNamed && statement.name && ts.isIdentifier(statement.name) ? [statement.name.text] : []
}

export const namesOfList = ({ declarations }: ts.VariableDeclarationList): string[] => declarations.flatMap(({ name }) => namesBound(name))

/** The names that a declaration makes: `a` and `b` of `const { a, x: [b] } = ...`. */
export function namesBound(name: ts.BindingName): string[] {
  return ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesBound(element.name)))
}

/** What `var` declares in a statement or a body, however deep: it is there in all of the function. */
export function hoistedIn(node: ts.Node): string[] {
  const names: string[] = []
  const open = [node]
  for (let next = open.pop(); next; next = open.pop()) {
    if (ts.isFunctionLike(next) || ts.isClassStaticBlockDeclaration(next)) continue
    if (ts.isVariableDeclarationList(next) && (next.flags & ts.NodeFlags.BlockScoped) === 0) names.push(...namesOfList(next))
    ts.forEachChild(next, (child) => {
      open.push(child)
    })
  }
  return names
}

/** End of the directives and comments that must stay first, where an import goes when there is none. */
export function prologueEnd(module: Module): number {
  const directives = module.source.statements.filter(
    (statement) => ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression),
  )
  const shebang = /^#!.*/.exec(module.text)?.[0].length ?? 0
  return directives.at(-1)?.getEnd() ?? shebang
}

/** Every node, each before what is in it. It does not call itself: `1 + 1 + 1 + …` is as deep as it is long. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  const open = [node]
  for (let next = open.pop(); next; next = open.pop()) {
    visit(next)
    const children: ts.Node[] = []
    ts.forEachChild(next, (child) => {
      children.push(child)
    })
    for (let index = children.length - 1; index >= 0; index--) open.push(children[index] as ts.Node)
  }
}
