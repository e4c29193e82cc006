import { createHash } from "node:crypto"
import type Handlebars from "handlebars"
import withoutCompiler from "handlebars/runtime.js"
import { precompiled } from "./precompiled"
import { assertBounded } from "./template-bounds"

// The package's types for this entry say nothing of what is in it.
const runtime = withoutCompiler as unknown as Pick<typeof Handlebars, "template">

export type TemplateSpecification = Parameters<typeof Handlebars.template>[0]
export type Template = (context: object, options: { helpers: Record<string, Handlebars.HelperDelegate> }) => string

/** What is written is code, not HTML; and a name that the context does not have is a mistake in the template. */
export const compileOptions = { noEscape: true, strict: true }

/**
 * A template as a function. Those that the build has seen are ready; for any other, a feature folder of somebody's own,
 * the compiler is loaded.
 * @throws CliError feature_invalid; an error of the compiler's
 */
export async function compileTemplate(text: string): Promise<Template> {
  // Half of the files are the same for every host: nothing to compile.
  if (!text.includes("{{")) return () => text
  const specification = precompiled[createHash("sha256").update(text).digest("hex")]
  if (specification) return runtime.template(specification)
  const { default: Handlebars } = await import("handlebars")
  assertBounded(text, Handlebars.parse)
  const own = Handlebars.create()
  for (const name of ["log", "lookup"]) own.unregisterHelper(name)
  return own.compile(text, compileOptions)
}
