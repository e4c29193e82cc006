/**
 * Auth files and schemas that somebody has broken, by chance: there is an edit that holds, or a refusal with a code, and
 * never an exception. Only planned ranges change, and what another parser accepted before, it accepts after.
 */
import { createRequire } from "node:module"
import { transformSync } from "esbuild"
import { expect, test } from "vitest"
import { addFields, addModels } from "../../src/edit/prisma/edit"
import { applyInsertions, type EditResult, undoInsertions } from "../../src/edit/splice"
import { addCall } from "../../src/edit/typescript/add-call"
import { parseModule } from "../../src/edit/typescript/module"
import { wrapCall } from "../../src/edit/typescript/wrap-call"
import { wrapResults } from "../../src/edit/typescript/wrap-results"
import { loadFeature } from "../../src/feature/load"
import { breathe } from "../support/breathe"
import { origin } from "../support/edit"
import { Random, seed } from "../support/random"
import { authShape, schemaShape } from "../support/shapes"

const inputs = 20_000
const { validate } = createRequire(import.meta.url)("@prisma/prisma-schema-wasm") as { validate(input: string): void }

const shards = [
  "{",
  "}",
  "(",
  ")",
  "[",
  "]",
  "`",
  "'",
  '"',
  "/*",
  "*/",
  "//",
  ";",
  ",",
  "=>",
  "...",
  "@",
  "@@",
  "?",
  "\\",
  "$" + "{",
  "\0",
  "\r",
  "\n",
  "\t",
  "\uFEFF",
  "\u2028",
  "é",
  "😀",
  "NextAuth",
  "withMfa",
  "protect",
  "import",
  "export",
  "default",
  "async",
  "await",
  "function",
  "const",
  "model User {",
  "mfaSecret",
  "MfaFactor",
  "enum",
  "type",
  "as",
  "satisfies",
  "from",
  "<T>",
  "0",
  "#!",
  "@id",
  "[]",
  "return",
]

function broken(text: string, random: Random): string {
  let result = text
  for (let count = 1 + random.below(4); count > 0; count--) {
    const from = random.below(result.length + 1)
    const to = Math.min(result.length, from + random.below(random.chance(0.8) ? 8 : 200))
    const part = result.slice(from, to)
    result = random.of([
      () => result.slice(0, from) + result.slice(to),
      () => result.slice(0, from) + random.of(shards) + result.slice(from),
      () => result.slice(0, from) + random.of(shards) + result.slice(to),
      () => result.slice(0, to) + part + result.slice(to),
      () => result.slice(0, from) + result.slice(to) + part,
      () => result.slice(0, from),
      () => result + result.slice(from, to),
    ])()
  }
  return result
}

type Tally = { edited: number; present: number; refused: number }

/** @param accepts another parser's word on a text */
function tried(text: string, edit: (text: string) => EditResult, accepts: (text: string) => boolean, tally: Tally): void {
  const result = edit(text)
  if (result.kind === "present") tally.present++
  if (result.kind === "refuse") {
    tally.refused++
    expect(result.code).toMatch(/^[a-z_]+$/)
    expect(result.message).not.toBe("")
  }
  if (result.kind !== "edit") return
  tally.edited++
  const after = applyInsertions(text, result.edits)
  expect(undoInsertions(after, result.edits)).toBe(text)
  if (accepts(text)) expect(accepts(after), `${text}\n\n=>\n\n${after}`).toBe(true)
  // That a second run finds nothing to do is a gate where edits become actions; here it must not throw.
  edit(after)
}

const parses = (loader: "ts" | "js") => (text: string) => {
  try {
    transformSync(text.replace(/^\uFEFF/, ""), { loader, logLevel: "silent" })
    return true
  } catch {
    return false
  }
}
const isSchema = (text: string) => {
  try {
    validate(JSON.stringify({ prismaSchema: [["schema.prisma", text]], noColor: true }))
    return true
  } catch {
    return false
  }
}

test(`${inputs} inputs (seed ${seed})`, async () => {
  const random = new Random(seed)
  const { schema } = loadFeature("mfa")
  const tallies: Record<string, Tally> = {}
  const tallyOf = (name: string) => (tallies[name] ??= { edited: 0, present: 0, refused: 0 })
  const from = "@/lib/mfa/with-mfa"
  for (let index = 0; index < inputs; index++) {
    if (index % 50 === 0) await breathe()
    if (index % 2 === 0) {
      const shape = authShape(random)
      const text = broken(`${shape.text}\nexport const makeOptions = (req) => ({ providers: [], x: req });\n`, random)
      const loader = shape.path.endsWith("ts") ? "ts" : "js"
      const on = (edit: (module: Parameters<typeof wrapCall>[0]) => EditResult) => (current: string) => {
        const parsed = parseModule(shape.path, current)
        return parsed.ok
          ? edit(parsed.module)
          : ({ kind: "refuse", code: "parse_failed", message: parsed.message, offset: parsed.offset } satisfies EditResult)
      }
      tried(
        text,
        on((module) => wrapCall(module, { library: "next-auth", wrapper: "withMfa", ...origin(from) })),
        parses(loader),
        tallyOf("wrapCall"),
      )
      const name = shape.options ?? "config"
      if (shape.major === 4) {
        tried(
          text,
          on((module) => addCall(module, { name: "protect", ...origin(from), argument: name })),
          parses(loader),
          tallyOf("addCall"),
        )
        tried(
          text,
          on((module) => wrapResults(module, { name: "protect", ...origin(from), of: "makeOptions" })),
          parses(loader),
          tallyOf("wrapResults"),
        )
      }
    } else {
      const { text, user, id } = schemaShape(random)
      const mangled = broken(text, random)
      const models = `model MfaFactor {\n  userId ${id} @id\n}\n\nmodel MfaEvent {\n  id String @id\n}\n`
      const plain = schema.userFields.filter(({ type }) => /^(String|Int|Boolean)/.test(type))
      tried(mangled, (current) => addFields(current, user, plain), isSchema, tallyOf("addFields"))
      tried(mangled, (current) => addModels(current, models), isSchema, tallyOf("addModels"))
    }
  }
  console.log(`\n${inputs} inputs (seed ${seed}): ${JSON.stringify(tallies)}`)
  for (const name of ["wrapCall", "addCall", "wrapResults", "addFields", "addModels"]) {
    expect(tallyOf(name).edited, name).toBeGreaterThan(100)
    expect(tallyOf(name).refused, name).toBeGreaterThan(100)
  }
})
