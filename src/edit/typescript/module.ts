/** A file of TypeScript or JavaScript, parsed, with what it takes from others. */
import { ts } from "ts-morph"
import { literalText } from "./expressions"

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

/** Documentation comments stay unread: TypeScript 6.0 does not come back from some that have no end, such as `/** t-au`. */
export const parseOptions: ts.CreateSourceFileOptions = {
  languageVersion: ts.ScriptTarget.Latest,
  jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
}

/** Characters. Code of more is generated, and no sign-in is in it. */
export const longestModule = 500_000

export function parseModule(path: string, text: string): ParseResult {
  const kind = /\.[jt]sx$|\.js$/.test(path) ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  if (text.length > longestModule) return { ok: false, message: "it is too long", offset: 0 }
  const tooDeep = deepAsync(text)
  if (tooDeep !== null) return { ok: false, message: "async( is nested too deeply", offset: tooDeep }
  const source = ts.createSourceFile(path, text, parseOptions, true, /\.[cm]?js$|\.jsx$/.test(path) ? ts.ScriptKind.JSX : kind)
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

/** Levels. For each, the parser of TypeScript takes twice as long: it reads `async(` as a function first, and then as a call. */
const deepestAsync = 8

/** Where more parentheses of `async(` or `async<T>(` are open at once than the parser could read. */
function deepAsync(text: string): number | null {
  if ((text.match(/\basync\b/g)?.length ?? 0) <= deepestAsync) return null
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, text)
  const open: boolean[] = []
  let depth = 0
  // Behind `async`, until something comes that is no type parameter.
  let isAsync = false
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    if (token === ts.SyntaxKind.OpenParenToken) {
      open.push(isAsync)
      if (isAsync && ++depth > deepestAsync) return scanner.getTokenStart()
    } else if (token === ts.SyntaxKind.CloseParenToken && open.pop()) depth--
    isAsync = token === ts.SyntaxKind.AsyncKeyword || (isAsync && inTypeParameters.has(token))
  }
  return null
}

const inTypeParameters: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.CommaToken,
  ts.SyntaxKind.ExtendsKeyword,
  ts.SyntaxKind.Identifier,
])

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
  return source.statements.flatMap((statement) => {
    const isStar = ts.isExportDeclaration(statement) && !statement.exportClause && !statement.isTypeOnly
    const specifier = isStar && statement.moduleSpecifier ? literalText(statement.moduleSpecifier) : null
    return specifier === null ? [] : [specifier]
  })
}

/** What a name of the module was imported from. */
export function bindingOf(module: Module, local: string): Binding | null {
  return (bindings.get(module.source) ?? bindingsIn(module)).get(local) ?? null
}

type Binding = { specifier: string; imported: string }
const bindings = new WeakMap<ts.SourceFile, ReadonlyMap<string, Binding>>()

function bindingsIn({ source, imports }: Module): ReadonlyMap<string, Binding> {
  const found = new Map<string, Binding>()
  for (const { specifier, names } of imports)
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
