import { ts } from "ts-morph"
import { type EditResult, eolOf } from "../splice"
import { unwrapExpression } from "./expressions"
import { type FunctionNode, isFunction } from "./functions"
import { claimName, importInsertion } from "./imports"
import { bindingOf, type Module } from "./module"

export type PassRequest = {
  /** The constant that holds the path. */
  constant: string
  /** What it is imported from, as this file would write it. */
  from: string
}

const refuse = (message: string): EditResult => ({ kind: "refuse", code: "edit_unsafe", message })

/** A middleware that is a function lets requests for one path pass before it looks at them. */
export function passPath(module: Module, { constant, from }: PassRequest): EditResult {
  const middleware = middlewareOf(module)
  if (!middleware?.body || !ts.isBlock(middleware.body)) return refuse("The middleware is not a function with a body of its own.")
  const request = middleware.parameters[0]
  if (!request || !ts.isIdentifier(request.name)) return refuse("The middleware's request has no name.")
  if (request.type && !/^NextRequest/.test(request.type.getText())) return refuse("The middleware's request is not a NextRequest.")
  const { ours, taken } = claimName(module, constant, from)
  if (taken) return taken
  const condition = `if (${request.name.text}.nextUrl.pathname === ${constant}) return`
  const [first] = middleware.body.statements
  if (ours && first?.getText().startsWith(condition)) return { kind: "present" }

  const response = bindingOf(module, "NextResponse")
  const answers = response?.specifier === "next/server" && response.imported === "NextResponse"
  if (!answers && middleware.type) return refuse("The middleware has to return what is not imported here.")
  const { text } = module
  const open = middleware.body.getStart() + 1
  const indent = first && /^\r?\n([ \t]+)$/.exec(text.slice(text.lastIndexOf("\n", first.getStart() - 1), first.getStart()))?.[1]
  if (!indent || !/^[ \t]*\r?\n/.test(text.slice(open))) return refuse("The middleware's body does not begin on a line of its own.")
  const semicolon = module.imports[0] && text.slice(module.imports[0].start, module.imports[0].end).endsWith(";") ? ";" : ""
  const statement = `${eolOf(text)}${indent}${condition}${answers ? " NextResponse.next()" : ""}${semicolon}`
  return { kind: "edit", edits: [...(ours ? [] : [importInsertion(module, constant, from)]), { at: open, text: statement }] }
}

/** The function that is exported as default, middleware or proxy. */
function middlewareOf(module: Module): FunctionNode | null {
  const { statements } = module.source
  const isExported = (node: ts.FunctionDeclaration | ts.VariableStatement) =>
    node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
  for (const statement of statements) {
    if (ts.isFunctionDeclaration(statement) && isExported(statement) && isMiddlewareName(statement)) return statement
    if (ts.isVariableStatement(statement) && isExported(statement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (/^(middleware|proxy)$/.test(name.getText()) && initializer && isFunction(initializer)) return initializer
    if (!ts.isExportAssignment(statement)) continue
    const value = unwrapExpression(statement.expression)
    if (isFunction(value)) return value
    if (ts.isIdentifier(value)) return functionNamed(module, value.text)
  }
  return null
}

function isMiddlewareName({ name, modifiers }: ts.FunctionDeclaration): boolean {
  const isDefault = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false
  return isDefault || /^(middleware|proxy)$/.test(name?.text ?? "")
}

function functionNamed({ source }: Module, wanted: string): FunctionNode | null {
  for (const statement of source.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === wanted) return statement
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (name.getText() === wanted && initializer && isFunction(initializer)) return initializer
  }
  return null
}
