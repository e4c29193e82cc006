import { createHash } from "node:crypto"
import type Handlebars from "handlebars"
import withoutCompiler from "handlebars/runtime.js"
import { CliError } from "../errors"
import { precompiled } from "./precompiled"

// The package's types for this entry say nothing of what is in it.
const runtime = withoutCompiler as unknown as Pick<typeof Handlebars, "template">

export type TemplateSpecification = Parameters<typeof Handlebars.template>[0]
export type Template = (context: object, options: { helpers: Record<string, Handlebars.HelperDelegate> }) => string

/** What is written is code, not HTML; and a name that the context does not have is a mistake in the template. */
export const compileOptions = { noEscape: true, strict: true }

/**
 * A template as a function. Those that the build has seen are ready; for any other, a feature folder of somebody's own,
 * the compiler is loaded.
 */
export async function compileTemplate(text: string): Promise<Template> {
  // Half of the files are the same for every host: nothing to compile.
  if (!text.includes("{{")) return () => text
  const specification = precompiled[createHash("sha256").update(text).digest("hex")]
  if (specification) return runtime.template(specification)
  const { default: Handlebars } = await import("handlebars")
  assertEnds(Handlebars.parse(text))
  return Handlebars.compile(text, compileOptions)
}

/** Blocks within one another. */
const deepest = 50

/** The blocks that are run once or not at all; any other may be a loop. */
const conditions = new Set(["if", "unless"])

/**
 * Refuses what can call itself, or repeat: partials that are made in the template double with each level, and a loop in
 * a loop in a loop takes as long.
 * @throws CliError feature_invalid
 */
function assertEnds({ body }: hbs.AST.Program, depth = 0, loops = 0): void {
  if (depth > deepest || loops > 1) throw new CliError("feature_invalid", "A template has blocks that are nested too deeply.")
  for (const statement of body) {
    if (["PartialStatement", "PartialBlockStatement", "Decorator", "DecoratorBlock"].includes(statement.type))
      throw new CliError("feature_invalid", "A template has a partial or a decorator, which no feature needs.")
    if (statement.type !== "BlockStatement") continue
    const { path, program, inverse } = statement as hbs.AST.BlockStatement
    const isLoop = !(path.type === "PathExpression" && conditions.has(path.original))
    for (const inner of [program, inverse]) if (inner) assertEnds(inner, depth + 1, loops + (isLoop ? 1 : 0))
  }
}
