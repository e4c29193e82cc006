import { ts } from "ts-morph"
import { unwrapExpression } from "./expressions"
import { bindsName, callsOfDefault } from "./locate"
import type { Module } from "./module"

const exportedAs = ["default", "middleware", "proxy"]

/**
 * The `auth` of next-auth that a middleware exports, alone or around a function: `export default auth`,
 * `export default auth((request) => …)`, `export const { auth: middleware } = NextAuth(…)`.
 * @returns the local name it is reached by, `own` when it comes from a call of NextAuth in this file, or null
 */
export function exportedAuth(module: Module): { name: string } | "own" | null {
  const [value] = exportedValues(module)
  if (value === undefined) return null
  if (value === "own") return "own"
  const node = unwrapExpression(value)
  // Whatever else is called with a function has a mind of its own.
  const auth = ts.isCallExpression(node) && !isNextAuth(module, node) ? unwrapExpression(node.expression) : node
  const root = ts.isPropertyAccessExpression(auth) && auth.name.text === "auth" ? unwrapExpression(auth.expression) : auth
  if (isNextAuth(module, root)) return "own"
  if (!ts.isIdentifier(root)) return null
  return isMadeHere(module, root.text) ? "own" : { name: root.text }
}

const isNextAuth = (module: Module, node: ts.Node): boolean =>
  ts.isCallExpression(node) && callsOfDefault(module, "next-auth").some(({ start }) => start === node.getStart())

/** `const { auth } = NextAuth(…)` or `const next = NextAuth(…)`. */
function isMadeHere(module: Module, name: string): boolean {
  return module.source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .some(
      (declaration) => bindsName(declaration.name, name) && Boolean(declaration.initializer && isAuthOf(module, declaration.initializer)),
    )
}

function isAuthOf(module: Module, initializer: ts.Expression): boolean {
  const node = unwrapExpression(initializer)
  return isNextAuth(module, ts.isPropertyAccessExpression(node) ? unwrapExpression(node.expression) : node)
}

function exportedValues(module: Module): (ts.Expression | "own")[] {
  return module.source.statements.flatMap((statement): (ts.Expression | "own")[] => {
    if (ts.isExportAssignment(statement)) return [statement.expression]
    if (
      ts.isExportDeclaration(statement) &&
      !statement.moduleSpecifier &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause)
    )
      return statement.exportClause.elements.flatMap(({ name, propertyName }) =>
        exportedAs.includes(name.text) && (!propertyName || ts.isIdentifier(propertyName)) ? [(propertyName ?? name) as ts.Identifier] : [],
      )
    if (!ts.isVariableStatement(statement) || !statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return []
    return statement.declarationList.declarations.flatMap(({ name, initializer }): (ts.Expression | "own")[] => {
      if (!initializer || !exportedAs.some((exported) => bindsName(name, exported))) return []
      if (ts.isIdentifier(name)) return [initializer]
      return isNextAuth(module, unwrapExpression(initializer)) ? ["own"] : []
    })
  })
}
