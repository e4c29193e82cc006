/** Functions of the feature as a file of the host has them: under another name, in a namespace, or behind a helper. */
import { ts } from "ts-morph"
import { unwrapExpression } from "./expressions"
import { functionNamed } from "./functions"
import type { Origin } from "./imports"
import { isValueUse, mostUses } from "./library-calls"
import { isShadowed } from "./locate"
import { bindingOf, type Module, walk } from "./module"

/** A function of the feature, and which specifiers mean the module that it is from. */
export type OwnFunction = Pick<Origin, "means" | "elsewhere"> & { name: string }

/** Whether what is called is the function that is meant, by its import. */
export function isOwn(module: Module, callee: ts.Expression, { name, means, elsewhere }: OwnFunction): boolean {
  const node = unwrapExpression(callee)
  const isFrom = (use: ts.Expression, imported: string): boolean => {
    if (!ts.isIdentifier(use)) return false
    const binding = bindingOf(module, use.text)
    if (binding === null || isShadowed(use)) return false
    return binding.imported === imported && means(binding.specifier)
      ? true
      : imported !== "*" && (elsewhere?.isOwn(module, use.text) ?? false)
  }
  if (ts.isPropertyAccessExpression(node)) return node.name.text === name && isFrom(node.expression, "*")
  return isFrom(node, name)
}

/** Helpers that call helpers. */
const deepest = 20

/** Where values of a module go, by way of its helpers and constants. */
export class Guarded {
  /** Parameters and constants, with the answer: a helper may be called in many places. */
  readonly #known = new Map<ts.Node, boolean>()
  #identifiers: ReadonlyMap<string, ts.Identifier[]> | null = null

  constructor(
    private readonly module: Module,
    private readonly own: OwnFunction,
  ) {}

  /**
   * Whether a value goes to nobody but the function that is meant, as `x` in `own(x)` and `own(traced(x))`, or in a call
   * of a helper that hands it on like that. What is made with it then has passed the function.
   */
  has(use: ts.Expression, depth = 0): boolean {
    let node: ts.Node = use
    for (let { parent } = node; parent; node = parent, { parent } = parent) {
      if (ts.isCallExpression(parent)) {
        const index = parent.arguments.indexOf(node as ts.Expression)
        if (index === -1) return false
        if (isOwn(this.module, parent.expression, this.own) || this.#isHelper(parent.expression, index, depth)) return true
      } else if (ts.isVariableDeclaration(parent)) return this.#isConstant(parent, depth)
      else if (!isTransparent(parent)) return false
    }
    return false
  }

  #isHelper(callee: ts.Expression, index: number, depth: number): boolean {
    const name = unwrapExpression(callee)
    if (!ts.isIdentifier(name) || isShadowed(name)) return false
    if (bindingOf(this.module, name.text)) return this.own.elsewhere?.hands(this.module, name.text, index) ?? false
    return this.takes(name.text, index, depth)
  }

  /** Whether a function at the top of the module gives its parameter at `index` to the function that is meant, and does nothing else with it. */
  takes(name: string, index: number, depth = 0): boolean {
    const helper = functionNamed(this.module, name)
    const parameter = helper?.parameters[index]
    if (!helper?.body || !parameter || parameter.dotDotDotToken || !ts.isIdentifier(parameter.name)) return false
    return this.#everyUse(parameter, helper.body, parameter.name.text, depth)
  }

  /** `const traced = trace(x)`, where only that constant is made of it. */
  #isConstant(declaration: ts.VariableDeclaration, depth: number): boolean {
    const { name, parent } = declaration
    const isConst = ts.isVariableDeclarationList(parent) && (parent.flags & ts.NodeFlags.Const) !== 0
    const statement = parent.parent
    if (!isConst || !ts.isIdentifier(name) || !ts.isVariableStatement(statement) || !ts.isSourceFile(statement.parent)) return false
    return !statement.modifiers?.length && this.#everyUse(declaration, this.module.source, name.text, depth)
  }

  #everyUse(declaration: ts.Node, { pos, end }: ts.Node, name: string, depth: number): boolean {
    const known = this.#known.get(declaration)
    if (known !== undefined) return known
    if (depth > deepest) return false
    // A helper that calls itself proves nothing.
    this.#known.set(declaration, false)
    const named = this.#named(name).filter((use) => use.pos >= pos && use.end <= end)
    const uses = named.length > mostUses ? [] : named.filter(isValueUse)
    const isGuarded = uses.length > 0 && uses.every((use) => this.has(use, depth + 1))
    this.#known.set(declaration, isGuarded)
    return isGuarded
  }

  #named(name: string): ts.Identifier[] {
    this.#identifiers ??= identifiersIn(this.module.source)
    return this.#identifiers.get(name) ?? []
  }
}

/** `(x)`, `x as T` and the like. */
const isTransparent = (node: ts.Node): boolean => ts.isExpression(node) && unwrapExpression(node) !== node

/** Every identifier by its text, looked for once. */
function identifiersIn(source: ts.SourceFile): ReadonlyMap<string, ts.Identifier[]> {
  const found = new Map<string, ts.Identifier[]>()
  walk(source, (node) => {
    if (!ts.isIdentifier(node)) return
    const others = found.get(node.text)
    if (others) others.push(node)
    else found.set(node.text, [node])
  })
  return found
}
