/**
 * What a template of a feature may do. It may be somebody else's: it must come to an end, and call nothing but what this
 * package gives it. Handlebars' own `log` would print to the terminal, in the middle of a JSON document.
 */
import { CliError } from "../errors"

/** Characters of a template that is compiled. The longest that is written by hand has a tenth of it. */
const longest = 100_000
/** Places where something is filled in. */
const mostPlaces = 2_000
/** Blocks within one another. */
const deepest = 50

/** Blocks that are run once or not at all, and those that may be loops. */
const conditions = new Set(["if", "unless"])
const loops = new Set(["each", "with"])
/** What `render` gives a template to call. */
export const ownHelpers = ["str", "eq", "from", "part", "host", "cls"] as const
const callable = new Set<string>(ownHelpers)

type Call = Pick<hbs.AST.MustacheStatement, "path" | "params" | "hash">

const refuse = (why: string): CliError => new CliError("feature_invalid", `A template has ${why}.`)

/** @throws CliError feature_invalid */
export function assertBounded(text: string, parse: (text: string) => hbs.AST.Program): void {
  if (text.length > longest) throw refuse(`more than ${longest} characters, and something to fill in`)
  let places = 0
  const visit = ({ body }: hbs.AST.Program, depth: number, isInLoop: boolean): void => {
    if (depth > deepest) throw refuse("blocks that are nested too deeply")
    for (const statement of body) {
      if (++places > mostPlaces) throw refuse(`more than ${mostPlaces} places to fill in`)
      if (statement.type === "BlockStatement") {
        const block = statement as hbs.AST.BlockStatement
        const name = nameOf(block.path)
        const isLoop = loops.has(name)
        if (!isLoop && !conditions.has(name)) throw refuse(`a block {{#${name}}}: there are if, unless, each and with`)
        // A loop in a loop in a loop takes as long as there is time.
        if (isLoop && isInLoop) throw refuse("blocks that are nested too deeply: a loop in a loop")
        assertArguments(block)
        for (const inner of [block.program, block.inverse]) if (inner) visit(inner, depth + 1, isInLoop || isLoop)
      } else if (statement.type === "MustacheStatement") assertCall(statement as hbs.AST.MustacheStatement)
      else if (statement.type !== "ContentStatement" && statement.type !== "CommentStatement")
        // Partials that are made in the template double with each level.
        throw refuse("a partial or a decorator, which no feature needs")
    }
  }
  visit(parse(text), 0, false)
}

/** A name alone is looked up, and must not be a helper's that is not ours; with arguments it is one. */
function assertCall(call: Call): void {
  const name = nameOf(call.path)
  const isLookup = call.params.length === 0 && call.hash === undefined
  const isForeign = ["log", "lookup", "helperMissing", "blockHelperMissing"].includes(name)
  if (isForeign || (!isLookup && !callable.has(name))) throw refuse(`a call of ${name}: there are ${ownHelpers.join(", ")}`)
  assertArguments(call)
}

/** What is in parentheses is a call; one in another could make its text twice as long each time. */
function assertArguments({ params, hash }: Call, isInner = false): void {
  for (const value of [...params, ...(hash?.pairs.map((pair) => pair.value) ?? [])]) {
    if (value.type !== "SubExpression") continue
    const inner = value as hbs.AST.SubExpression
    if (isInner) throw refuse("calls in one another that are nested too deeply")
    if (!callable.has(nameOf(inner.path))) throw refuse(`a call of ${nameOf(inner.path)}: there are ${ownHelpers.join(", ")}`)
    assertArguments(inner, true)
  }
}

const nameOf = (path: hbs.AST.Expression): string => String((path as hbs.AST.PathExpression).original ?? "")
