/**
 * JSON with comments, of a repository that somebody else has written. What is too deep for a parser that calls itself is
 * said before it is parsed; of package.json only fields that are what they must be are believed.
 */
import { type ParseError, parse } from "jsonc-parser"
import * as z from "zod/mini"
import { lineAt } from "../edit/splice"
import { CliError } from "../errors"
import type { PackageJson } from "./workspace"

/** Levels. The deepest config that people write has a dozen. */
const deepest = 200
/** Characters. */
const longest = 2_000_000

/**
 * @param most characters
 * @returns what cannot be read about it, before anybody tries; empty where it can
 */
export function tooMuch(text: string, most = longest): string {
  if (text.length > most) return "is too large"
  let depth = 0
  let isString = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (isString) {
      if (char === "\\") at++
      else if (char === '"' || char === "\n") isString = false
    } else if (char === '"') isString = true
    else if (char === "{" || char === "[") {
      if (++depth > deepest) return "is nested too deeply"
    } else if (char === "}" || char === "]") depth--
  }
  return ""
}

/**
 * A config as data, comments and trailing commas allowed.
 * @throws CliError config_invalid
 */
export function parseConfig<Shape>(path: string, text: string, shape: z.ZodMiniType<Shape>): Shape {
  const problem = tooMuch(text)
  const errors: ParseError[] = []
  // Offsets count in the text, its byte order mark included.
  const data = problem === "" ? parse(text.replace(/^\uFEFF/, " "), errors, { allowTrailingComma: true, allowEmptyContent: true }) : null
  const parsed = problem === "" && errors.length === 0 ? shape.safeParse(data ?? {}) : null
  if (parsed?.success) return parsed.data
  const at = parsed?.error?.issues[0]?.path.join(".") ?? ""
  const [error] = errors
  const wrong = error ? "does not parse" : problem || `has something else than it should${at && ` at ${at}`}`
  throw new CliError("config_invalid", `${path} ${wrong}.`, {
    file: path,
    ...(error && { line: lineAt(text, error.offset) }),
    suggestion: "Mend the file, then run this again.",
  })
}

const texts = z.record(z.string(), z.string())
const managerName = z.looseObject({ name: z.optional(z.string()) })
const fields: Record<string, z.ZodMiniType> = {
  name: z.string(),
  version: z.string(),
  packageManager: z.string(),
  devEngines: z.looseObject({ packageManager: z.optional(z.union([managerName, z.array(managerName)])) }),
  prisma: z.looseObject({ schema: z.optional(z.string()) }),
  dependencies: texts,
  devDependencies: texts,
  // npm drops what is no text: `"//": ["a comment"]`.
  scripts: z.record(z.string(), z.unknown()),
  main: z.string(),
  module: z.string(),
  types: z.string(),
}

/** The first field of a package.json that is not what npm would take. */
export function wrongField(data: object): string | null {
  const own = new Map(Object.entries(data))
  const wrong = Object.entries(fields).find(([name, shape]) => own.has(name) && !shape.safeParse(own.get(name)).success)
  return wrong?.[0] ?? null
}

/** The commands of `scripts`. */
export const scriptsOf = ({ scripts }: PackageJson): string[] => Object.values(scripts ?? {}).filter((script) => typeof script === "string")

/** Where a package.json says that code and configs are. */
type Entries = { main?: string; module?: string; types?: string; exports?: unknown; imports?: unknown; tsconfig?: unknown }

/** A package.json of which nothing depends on it being whole: what is not as it must be is not there. */
export function parseManifest(text: string): PackageJson & Entries {
  const data: unknown = tooMuch(text) === "" ? parse(text.replace(/^\uFEFF/, ""), [], { allowTrailingComma: true }) : null
  if (typeof data !== "object" || data === null || Array.isArray(data)) return {}
  return Object.fromEntries(
    Object.entries(data).filter(([name, value]) => !Object.hasOwn(fields, name) || fields[name]?.safeParse(value).success),
  )
}
