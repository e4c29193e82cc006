/** Tells which texts an expression may turn out to be, by way of names, choices and sums. */
import { ts } from "ts-morph"
import { type Follow, namedBy, type Value } from "./exported-options"
import { elementsOf, identifierText, isNothing, literalText, methodCallOf, spreadOf, unwrapExpression } from "./expressions"
import { isFunction, returnedBy } from "./functions"

/** Names and expressions within one another. */
const deepest = 50
/** Texts of one value: names that are made of names twice over double them. */
const mostTexts = 500

/** What a text may turn out to be: `empty` also where it is left out, `unknown` where only running it would tell. */
export type TextKind = "empty" | "filled" | "unknown"

/** The kinds of text that a value may be. Where it chooses between several, all of them count. */
export function textKindsOf(value: Value, follow: Follow, depth = 0, room = { left: mostTexts }): Set<TextKind> {
  if (depth > deepest || --room.left < 0) return new Set(["unknown"])
  const node = unwrapExpression(value.node)
  const kindsOf = (...nodes: ts.Expression[]) =>
    new Set(nodes.flatMap((inner) => [...textKindsOf({ module: value.module, node: inner }, follow, depth + 1, room)]))
  const text = literalText(node)
  if (text !== null) return new Set([text === "" ? "empty" : "filled"])
  if (isNothing(node)) return new Set(["empty"])
  if (ts.isTemplateExpression(node)) {
    const texts = [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)]
    return texts.some((part) => part !== "") ? new Set(["filled"]) : kindsOf(...node.templateSpans.map(({ expression }) => expression))
  }
  if (ts.isConditionalExpression(node)) return kindsOf(node.whenTrue, node.whenFalse)
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken
    if (kind === ts.SyntaxKind.AmpersandAmpersandToken) return kindsOf(node.right)
    if (kind === ts.SyntaxKind.BarBarToken || kind === ts.SyntaxKind.QuestionQuestionToken) return kindsOf(node.left, node.right)
    if (kind !== ts.SyntaxKind.PlusToken) return new Set(["unknown"])
    const parts = kindsOf(node.left, node.right)
    return parts.has("filled") ? new Set(["filled"]) : parts
  }
  const values = namedBy({ module: value.module, node }, follow)
  if (values.length === 0) return new Set(["unknown"])
  return new Set(values.flatMap((inner) => [...textKindsOf(inner, follow, depth + 1, room)]))
}

/** The texts of a list, where all of them can be read: `["page.tsx"]`, `["tsx", ...others]`, ``["tsx"].map((x) => `page.${x}`)``. */
export function textListOf(value: Value, follow: Follow, depth = 0, room = { left: mostTexts }): string[] | null {
  if (depth > deepest || --room.left < 0) return null
  const { module } = value
  const node = unwrapExpression(value.node)
  const listOf = (inner: ts.Expression) => textListOf({ module, node: inner }, follow, depth + 1, room)
  const elements = elementsOf(node)
  if (elements) {
    room.left -= elements.length
    const lists = elements.map((element) => {
      const spread = spreadOf(element)
      const text = literalText(element)
      return spread ? listOf(spread) : text === null ? textsNamed({ module, node: element }, follow) : [text]
    })
    return lists.every((list) => list !== null) ? lists.flat() : null
  }
  const call = methodCallOf(node)
  const [change] = call?.arguments ?? []
  if (call?.name === "map" && change && isFunction(change)) {
    const list = listOf(call.object)
    const texts = list?.map((text) => filledIn(change, text)) ?? null
    return texts?.every((text) => text !== null) ? texts : null
  }
  const [only, ...others] = namedBy({ module, node }, follow)
  return only && others.length === 0 ? textListOf(only, follow, depth + 1, room) : null
}

/** A constant with a text, as an element of a list. */
function textsNamed(value: Value, follow: Follow): string[] | null {
  const [only, ...others] = namedBy(value, follow)
  const text = only && others.length === 0 ? literalText(unwrapExpression(only.node)) : null
  return text === null ? null : [text]
}

/** ``(extension) => `page.${extension}` `` for one text. */
function filledIn(change: ts.FunctionExpression | ts.ArrowFunction, text: string): string | null {
  const [parameter] = change.parameters
  const [result, ...others] = returnedBy(change)
  if (!parameter || !ts.isIdentifier(parameter.name) || !result || others.length > 0) return null
  const node = unwrapExpression(result)
  const isIt = (inner: ts.Expression) => identifierText(inner) === (parameter.name as ts.Identifier).text
  if (isIt(node)) return text
  if (ts.isTemplateExpression(node) && node.templateSpans.every(({ expression }) => isIt(expression)))
    return node.head.text + node.templateSpans.map(({ literal }) => text + literal.text).join("")
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return null
  const before = literalText(node.left)
  const behind = literalText(node.right)
  if (before !== null && isIt(node.right)) return before + text
  return behind !== null && isIt(node.left) ? text + behind : null
}
