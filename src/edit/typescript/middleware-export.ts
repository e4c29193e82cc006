import { ts } from "ts-morph"
import { unwrapExpression } from "./expressions"
import { callsOfDefault } from "./library-calls"
import { bindsName } from "./locate"
import type { Module } from "./module"

const exportedAs = ["default", "middleware", "proxy"]

type ExportedValue = { name: string; value: ts.Expression | "own" }

/**
 * The `auth` of next-auth that a middleware exports, alone or around a function: `export default auth`,
 * `export default auth((request) => …)`, `export const { auth: middleware } = NextAuth(…)`.
 * @returns the local name it is reached by, `own` when it comes from a call of NextAuth in this file, or null
 */
export function exportedAuth(module: Module): { name: string } | "own" | null {
  const values = exportedValues(module)
  // Next.js runs the function that is exported by name, and the default only where there is none.
  const { value } = values.find(({ name }) => name !== "default") ?? values[0] ?? {}
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

/** Whether an `auth` that a module exports is of its own call of NextAuth: `export const { auth } = NextAuth(…)`. */
export const makesAuth = (module: Module, name: string): boolean => name === "auth" && isMadeHere(module, name)

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

function exportedValues(module: Module): ExportedValue[] {
  return module.source.statements.flatMap((statement): ExportedValue[] => {
    if (ts.isExportAssignment(statement)) return [{ name: "default", value: statement.expression }]
    if (
      ts.isExportDeclaration(statement) &&
      !statement.moduleSpecifier &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause)
    )
      return statement.exportClause.elements.flatMap(({ name, propertyName }) =>
        exportedAs.includes(name.text) && (!propertyName || ts.isIdentifier(propertyName))
          ? [{ name: name.text, value: (propertyName ?? name) as ts.Identifier }]
          : [],
      )
    const isExported = ts.canHaveModifiers(statement) && statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    if (!isExported) return []
    // A function of the app's own decides by itself.
    if (ts.isFunctionDeclaration(statement) && statement.name && exportedAs.includes(statement.name.text))
      return [{ name: statement.name.text, value: statement.name }]
    if (!ts.isVariableStatement(statement)) return []
    return statement.declarationList.declarations.flatMap(({ name, initializer }): ExportedValue[] => {
      const exported = exportedAs.find((one) => bindsName(name, one))
      if (!initializer || exported === undefined) return []
      if (ts.isIdentifier(name)) return [{ name: exported, value: initializer }]
      return isNextAuth(module, unwrapExpression(initializer)) ? [{ name: exported, value: "own" }] : []
    })
  })
}
