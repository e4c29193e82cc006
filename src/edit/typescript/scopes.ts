import { ts } from "ts-morph"
import { hoistedIn, type Module, namesBound, walk } from "./module"

type Kind = "block" | "enum" | "import" | "namespace" | "parameter" | "var"
type Declaration = { name: string; kind: Kind; offset: number }

/**
 * Names that one scope declares twice: bundlers refuse such a module, and TypeScript's parser takes it. Types are left
 * out, for they may be declared often and beside values.
 */
export function declaredTwice({ source }: Module): { name: string; offset: number }[] {
  const found: { name: string; offset: number }[] = []
  walk(source, (node) => {
    const known = new Map<string, Kind>()
    for (const { name, kind, offset } of declarationsIn(node)) {
      const other = known.get(name)
      if (other !== undefined && !mayMeet(other, kind)) found.push({ name, offset })
      known.set(name, kind)
    }
  })
  return found
}

/** Namespaces join classes, functions and enums; enums each other; `var` may be said again, and stands for a parameter. */
function mayMeet(one: Kind, other: Kind): boolean {
  const both = new Set([one, other])
  if (both.has("namespace")) return !both.has("import")
  return (one === "enum" && other === "enum") || (both.has("var") && both.size === 1) || (both.has("var") && both.has("parameter"))
}

function declarationsIn(node: ts.Node): Declaration[] {
  if (ts.isSourceFile(node) || ts.isModuleBlock(node)) return [...varsOf(node), ...node.statements.flatMap(declarationsOf)]
  if (ts.isCaseBlock(node)) return node.clauses.flatMap(({ statements }) => statements.flatMap(declarationsOf))
  if (!ts.isBlock(node)) return []
  const { parent } = node
  const parameters = ts.isFunctionLike(parent) ? parent.parameters.flatMap(({ name }) => bound(name, "parameter")) : []
  // Of two functions in a block the last one counts, as long as nothing is strict; of a `var` all of the function knows.
  return [...parameters, ...(ts.isFunctionLike(parent) ? varsOf(node) : []), ...node.statements.flatMap(declarationsOf)]
}

const bound = (name: ts.BindingName, kind: Kind): Declaration[] =>
  namesBound(name).map((one) => ({ name: one, kind, offset: name.getStart() }))

const varsOf = (node: ts.Node): Declaration[] =>
  [...new Set(hoistedIn(node))].map((name) => ({ name, kind: "var", offset: node.getStart() }))

function declarationsOf(statement: ts.Statement): Declaration[] {
  const isAmbient = ts.canHaveModifiers(statement) && statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)
  if (isAmbient) return []
  if (ts.isVariableStatement(statement)) {
    const { declarations, flags } = statement.declarationList
    return (flags & ts.NodeFlags.BlockScoped) === 0 ? [] : declarations.flatMap(({ name }) => bound(name, "block"))
  }
  if (ts.isImportDeclaration(statement)) return importedBy(statement)
  const named = (kind: Kind, { name }: { name?: ts.Node }): Declaration[] =>
    name && ts.isIdentifier(name) ? [{ name: name.text, kind, offset: name.getStart() }] : []
  if (ts.isFunctionDeclaration(statement)) return statement.body ? named("block", statement) : []
  if (ts.isClassDeclaration(statement)) return named("block", statement)
  if (ts.isEnumDeclaration(statement)) return named("enum", statement)
  return ts.isModuleDeclaration(statement) ? named("namespace", statement) : []
}

function importedBy({ importClause }: ts.ImportDeclaration): Declaration[] {
  if (!importClause || importClause.isTypeOnly) return []
  const { name, namedBindings } = importClause
  const names = namedBindings
    ? ts.isNamespaceImport(namedBindings)
      ? [namedBindings.name]
      : namedBindings.elements.filter(({ isTypeOnly }) => !isTypeOnly).map((element) => element.name)
    : []
  return [...(name ? [name] : []), ...names].map((one) => ({ name: one.text, kind: "import", offset: one.getStart() }))
}
