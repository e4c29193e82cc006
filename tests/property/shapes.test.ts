/**
 * What holds for every shape of auth file and schema, tried on thousands made by chance: add twice is add once; add, then
 * remove, is nothing; add, edit around, then remove, leaves only the edits; a refusal says why. Another parser than ours
 * judges the auth files, and Prisma's own validator the schemas.
 */
import { createRequire } from "node:module"
import { transformSync } from "esbuild"
import { expect, test } from "vitest"
import { takeOut } from "../../src/edit/merge"
import { addFields, addModels } from "../../src/edit/prisma/edit"
import { applyInsertions, type EditResult, type Insertion, undoInsertions } from "../../src/edit/splice"
import { addCall } from "../../src/edit/typescript/add-call"
import { joinImports } from "../../src/edit/typescript/imports"
import { parseModule } from "../../src/edit/typescript/module"
import { wrapCall } from "../../src/edit/typescript/wrap-call"
import { loadFeature } from "../../src/feature/load"
import { breathe } from "../support/breathe"
import { origin } from "../support/edit"
import { Random, seed } from "../support/random"
import { type AuthShape, authShape, editAround, schemaShape } from "../support/shapes"

const count = 2500
const { validate } = createRequire(import.meta.url)("@prisma/prisma-schema-wasm") as { validate(input: string): void }

function editAuth(text: string, { path, options }: AuthShape): EditResult {
  const parsed = parseModule(path, text)
  if (!parsed.ok) throw new Error(`${parsed.message} in\n${text}`)
  const from = "@/lib/mfa/with-mfa"
  const results = [
    ...(options ? [addCall(parsed.module, { name: "protect", ...origin(from), argument: options })] : []),
    wrapCall(parsed.module, { library: "next-auth", wrapper: "withMfa", ...origin(from) }),
  ]
  return joined(results)
}

function joined(results: EditResult[]): EditResult {
  const refused = results.find(({ kind }) => kind === "refuse")
  if (refused) return refused
  const edits = results.flatMap((result) => (result.kind === "edit" ? result.edits : []))
  return edits.length > 0 ? { kind: "edit", edits: joinImports(edits) } : { kind: "present" }
}

function holds(text: string, edit: (text: string) => EditResult, random: Random, comment: string, judge: (text: string) => void): void {
  judge(text)
  const result = edit(text)
  if (result.kind !== "edit") throw new Error(`${JSON.stringify(result)} for\n${text}`)
  const after = applyInsertions(text, result.edits)
  judge(after)
  expect(edit(after), after).toEqual({ kind: "present" })
  expect(undoInsertions(after, result.edits)).toBe(text)
  expect(takeOut(after, after, result.edits)).toBe(text)
  const edited = editAround(random, text, result.edits, comment)
  expect(takeOut(edited.after, after, result.edits), edited.after).toBe(edited.before)
  // Ours, edited by somebody, is not taken for theirs, nor theirs for ours.
  const long = result.edits.reduce((a, b) => (a.text.length >= b.text.length ? a : b))
  const touched = touchedIn(after, result.edits, long)
  const taken = takeOut(touched, after, result.edits)
  if (taken !== null) expect(taken.includes("somebodys"), touched).toBe(true)
}

/** With a word put into the middle of one insertion. */
function touchedIn(after: string, insertions: Insertion[], { at, text }: Insertion): string {
  const shift = insertions.filter((other) => other.at < at).reduce((sum, other) => sum + other.text.length, 0)
  const place = after.indexOf(text, at + shift) + Math.floor(text.length / 2)
  return `${after.slice(0, place)} somebodys ${after.slice(place)}`
}

test(`${count} auth files (seed ${seed})`, async () => {
  const random = new Random(seed)
  const shapes = new Set<string>()
  for (let index = 0; index < count; index++) {
    if (index % 50 === 0) await breathe()
    const shape = authShape(random)
    shapes.add(shape.text)
    holds(
      shape.text,
      (text) => editAuth(text, shape),
      random,
      "//",
      (text) => transformSync(text.replace(/^\uFEFF/, ""), { loader: shape.path.endsWith("ts") ? "ts" : "js" }),
    )
  }
  console.log(`\n${count} auth files, ${shapes.size} of them different (seed ${seed})`)
  expect(shapes.size).toBeGreaterThan(2000)
})

test(`${count} schemas (seed ${seed})`, async () => {
  const random = new Random(seed)
  const { schema } = loadFeature("mfa")
  const shapes = new Set<string>()
  for (let index = 0; index < count; index++) {
    if (index % 50 === 0) await breathe()
    const { text, user, id } = schemaShape(random)
    shapes.add(text)
    const models = ["MfaFactor", "MfaThrottle", "MfaBackupCode", "MfaChallenge", "MfaEvent"].map((name) => {
      const one = name === "MfaFactor" || name === "MfaThrottle"
      const key = one ? `  userId ${id} @id\n` : `  id     String @id @default(cuid())\n  userId ${id}\n`
      return `model ${name} {\n${key}  user   ${user} @relation(fields: [userId], references: [id], onDelete: Cascade)\n}\n`
    })
    const edit = (current: string) => joined([addFields(current, user, schema.userFields), addModels(current, models.join("\n"))])
    holds(text, edit, random, "//", (text) => validate(JSON.stringify({ prismaSchema: [["schema.prisma", text]], noColor: true })))
  }
  console.log(`\n${count} schemas, ${shapes.size} of them different (seed ${seed})`)
  expect(shapes.size).toBeGreaterThan(1500)
})
