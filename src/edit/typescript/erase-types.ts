import { ts } from "ts-morph"
import { parseSource } from "./parse"

type Range = { from: number; to: number }

/**
 * TypeScript as the JavaScript its author would have written: every type goes, and what is left stays where it was,
 * comments and blank lines included. For templates of ours, which use no syntax that would need rewriting
 * (enums, parameter properties, namespaces).
 */
export function eraseTypes(path: string, text: string): string {
  const kind = path.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const source = parseSource(path, text, kind)
  if (!source) throw new Error("it repeats too much, or is nested too deeply, to be read in time")
  const ranges: Range[] = []
  const visit = (node: ts.Node): void => {
    const whole = statementToDrop(source, node)
    if (whole) {
      ranges.push(whole)
      return
    }
    ranges.push(...typesOf(source, node))
    ts.forEachChild(node, visit)
  }
  visit(source)
  // Comments name files of ours.
  return tidy(cut(text, ranges)).replace(/`([\w/-]+)\.ts(x?)`/g, "`$1.js$2`")
}

/** Statements that are nothing but types, with their own comment and line. */
function statementToDrop(source: ts.SourceFile, node: ts.Node): Range | null {
  const { text } = source
  const typeOnlyImport =
    ts.isImportDeclaration(node) &&
    (node.importClause?.isTypeOnly ||
      (!node.importClause?.name &&
        node.importClause?.namedBindings &&
        ts.isNamedImports(node.importClause.namedBindings) &&
        node.importClause.namedBindings.elements.every(({ isTypeOnly }) => isTypeOnly)))
  const typeOnlyExport = ts.isExportDeclaration(node) && node.isTypeOnly
  const declaration = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
  if (!typeOnlyImport && !typeOnlyExport && !declaration) return null
  const [comment] = declaration ? attachedComments(text, node) : []
  return { from: comment ?? node.getStart(), to: endOfLine(text, node.getEnd()) }
}

/** Starts of the comments right above a node, without a blank line between. */
function attachedComments(text: string, node: ts.Node): number[] {
  const comments = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []
  const last = comments.at(-1)
  return last && !/\n\s*\n/.test(text.slice(last.end, node.getStart())) ? [last.pos] : []
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at)
  return end === -1 ? text.length : end + 1
}

/** The parts of a node that are types. */
function typesOf(source: ts.SourceFile, node: ts.Node): Range[] {
  const { text } = source
  const ranges: Range[] = []
  const list = (nodes: ts.NodeArray<ts.Node> | undefined) => {
    if (nodes) ranges.push({ from: nodes.pos - 1, to: text.indexOf(">", nodes.end) + 1 })
  }
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) ranges.push({ from: node.expression.getEnd(), to: node.getEnd() })
  if (ts.isParenthesizedExpression(node) && isAssertion(node.expression) && standsAlone(node.expression.expression))
    ranges.push({ from: node.getStart(), to: node.getStart() + 1 }, { from: node.getEnd() - 1, to: node.getEnd() })
  if (ts.isNonNullExpression(node)) ranges.push({ from: node.getEnd() - 1, to: node.getEnd() })
  if (ts.isImportSpecifier(node) && node.isTypeOnly) ranges.push(listItem(text, node))
  if (ts.isExportSpecifier(node) && node.isTypeOnly) ranges.push(listItem(text, node))
  if (ts.isParameter(node) && node.name.getText() === "this") return [listItem(text, node)]
  if (ts.isParameter(node) || ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isFunctionLike(node)) {
    const question = ts.isParameter(node) || ts.isPropertyDeclaration(node) ? node.questionToken?.getStart() : undefined
    if (node.type) ranges.push({ from: question ?? text.lastIndexOf(":", node.type.getStart() - 1), to: node.type.getEnd() })
    else if (question !== undefined) ranges.push({ from: question, to: question + 1 })
  }
  if (ts.isFunctionLike(node) || ts.isClassLike(node)) list(node.typeParameters)
  if (
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isExpressionWithTypeArguments(node) ||
    ts.isJsxOpeningElement(node) ||
    ts.isJsxSelfClosingElement(node)
  )
    list(node.typeArguments)
  if (ts.isPropertyDeclaration(node))
    for (const modifier of node.modifiers ?? [])
      if (modifier.kind !== ts.SyntaxKind.StaticKeyword) ranges.push({ from: modifier.getStart(), to: node.name.getStart() })
  return ranges
}

const isAssertion = (node: ts.Expression): node is ts.AsExpression | ts.SatisfiesExpression =>
  ts.isAsExpression(node) || ts.isSatisfiesExpression(node)

/** Needs no parentheses once its assertion is gone. */
const standsAlone = (node: ts.Expression): boolean =>
  ts.isIdentifier(node) || ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)

/** An element of a comma list, with the comma and the space that belong to it. */
function listItem(text: string, node: ts.Node): Range {
  const after = /^\s*,\s*/.exec(text.slice(node.getEnd()))
  if (after) return { from: node.getStart(), to: node.getEnd() + after[0].length }
  const before = /,\s*$/.exec(text.slice(0, node.getStart()))
  return { from: node.getStart() - (before?.[0].length ?? 0), to: node.getEnd() }
}

/** Without the ranges; one inside another counts once. */
function cut(text: string, ranges: Range[]): string {
  let result = ""
  let at = 0
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    if (to <= at) continue
    result += text.slice(at, Math.max(at, from))
    at = to
  }
  return result + text.slice(at)
}

/** No more than one blank line in a row, and none where a block begins. */
const tidy = (text: string): string => text.replace(/\n{3,}/g, "\n\n").replace(/^\n+/, "")
