/** A config file as its tool reads it: the object that it exports, and values that are written in it. */
import { ts } from "ts-morph"
import {
  alternativesOf,
  argumentsOf,
  isNothing,
  literalText,
  membersOf,
  methodCallOf,
  onlyArgumentOf,
  unwrapExpression,
} from "./expressions"
import { initializerOf } from "./locate"
import type { Module } from "./module"

/** Values that are looked at for one path: those that constants name twice over are twice as many at each step. */
const mostSteps = 20

/**
 * What a config says of one property.
 * @returns null where it says nothing of it; `value` is null where only running the config would tell, spreads included
 */
export function propertyOfConfig(module: Module, name: string): { value: ts.Expression | null; start: number } | null {
  const exported = exportedValue(module)
  if (exported === null) return null
  const config = configObject(module, exported)
  const members = config && membersOf(config)
  if (!config || !members) return { value: null, start: exported.getStart() }
  const value = members.properties.get(name)
  const spreads = members.spreads.filter((spread) => mayHave(spread, name))
  // What is spread behind it may have another one.
  if (value && spreads.some((spread) => spread.getStart() > value.getStart())) return { value: null, start: value.getStart() }
  if (value) return { value, start: value.getStart() }
  return spreads.length === 0 ? null : { value: null, start: config.getStart() }
}

/** Whether what is spread may have a property: all but objects that are written out and have it not. */
const mayHave = (spread: ts.Expression, name: string): boolean =>
  alternativesOf(unwrapExpression(spread)).some((one) => {
    const members = membersOf(one)
    return !isNothing(one) && (members === null || members.properties.has(name) || members.spreads.length > 0)
  })

/** `export default x` or `module.exports = x` */
function exportedValue(module: Module): ts.Expression | null {
  const byDefault = initializerOf(module, "default")
  if (byDefault) return byDefault
  for (const statement of module.source.statements) {
    if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) continue
    const { left, operatorToken, right } = statement.expression
    if (operatorToken.kind === ts.SyntaxKind.EqualsToken && left.getText() === "module.exports") return unwrapExpression(right)
  }
  return null
}

/** The object itself, by its name, or in a call: `defineConfig({ ... })`. */
function configObject(module: Module, value: ts.Expression): ts.Expression | null {
  let next: ts.Expression | null = value
  for (let step = 0; next && step < mostSteps; step++) {
    if (ts.isObjectLiteralExpression(next)) return next
    next = ts.isIdentifier(next) ? initializerOf(module, next.text) : onlyArgumentOf(next)
  }
  return null
}

/**
 * A path that is written in the file: a text, a name of one, or texts that are joined.
 * @returns null where only running the file would tell; the folder of the file, and the one that a command runs in, are
 * the same here, and left out
 */
export function writtenPath(module: Module, value: ts.Expression, steps = { left: mostSteps }): string | null {
  if (steps.left-- <= 0 || alternativesOf(value).length > 1) return null
  const text = literalText(value)
  if (text !== null) return text
  if (isFolder(value)) return "."
  if (ts.isIdentifier(value)) {
    const constant = initializerOf(module, value.text)
    return constant && writtenPath(module, constant, steps)
  }
  const callee = calleeOf(value)
  if (callee !== "join" && callee !== "resolve") return null
  const given = argumentsOf(value)
  if (given.length > steps.left) return null
  const parts = given.map((part) => writtenPath(module, part, steps))
  return parts.every((part) => part !== null) ? parts.join("/") : null
}

const isFolder = (value: ts.Expression): boolean =>
  /^(?:__dirname|import\.meta\.dirname|process\.cwd\(\))$/.test(value.getText().slice(0, 50))

/** `join` of `join(...)` and of `path.join(...)` */
function calleeOf(value: ts.Expression): string | null {
  if (!ts.isCallExpression(value)) return null
  return methodCallOf(value)?.name ?? (ts.isIdentifier(value.expression) ? value.expression.text : null)
}
