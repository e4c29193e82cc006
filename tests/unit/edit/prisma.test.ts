import { describe, expect, test } from "vitest"
import { addFields, addModels } from "../../../src/edit/prisma/edit"
import { scanSchema } from "../../../src/edit/prisma/scan"
import { applyEdit as apply } from "../../support/edit"

const fields = [
  { name: "mfaSecret", type: "String?" },
  { name: "mfaEnabled", type: "Boolean", attributes: "@default(false)" },
]
const models = "/// Ours\nmodel MfaThing {\n  id   String @id\n  user User   @relation(fields: [id], references: [id])\n}\n"

const withFields = (text: string, model = "User") => apply(text, (current) => addFields(current, model, fields))

describe("fields", () => {
  test("go before the closing brace, as a group of their own", () => {
    expect(withFields("model User {\n  id    String @id\n  email String // why\n}\n")).toBe(
      "model User {\n  id    String @id\n  email String // why\n\n  mfaSecret  String?\n  mfaEnabled Boolean @default(false)\n}\n",
    )
  })

  test("go before block attributes", () => {
    expect(withFields('model User {\n    id String @id\n\n    @@map("users")\n}\n')).toBe(
      'model User {\n    id String @id\n\n    mfaSecret  String?\n    mfaEnabled Boolean @default(false)\n\n    @@map("users")\n}\n',
    )
  })

  test("tabs and CRLF", () => {
    expect(withFields("model User {\r\n\tid String @id\r\n}\r\n")).toBe(
      "model User {\r\n\tid String @id\r\n\r\n\tmfaSecret  String?\r\n\tmfaEnabled Boolean @default(false)\r\n}\r\n",
    )
  })

  test("a byte order mark, block comments, braces and models in comments and strings", () => {
    const text =
      '\uFEFF/* model User { */\n// model User { id Int }\nmodel Post {\n  text String @default("} model User {")\n}\n\nmodel User { // the real one }\n  id String @id /* } */\n}\n'
    expect(withFields(text)).toBe(text.replace("/* } */\n}", "/* } */\n\n  mfaSecret  String?\n  mfaEnabled Boolean @default(false)\n}"))
  })

  // Found by the fuzzer (seed 995056): Prisma reads such a model as if nothing stood behind its opening brace.
  test.each(["{}", '{ "', "{ /* a", "{ // }", "{{", "{ id Int @id }"])("a model that opens with %s", (opening) => {
    const text = `model User ${opening}\n  id String @id\n}\n\nmodel Post {\n  id Int @id /* } */\n}\n`
    const added = "\n  mfaSecret  String?\n  mfaEnabled Boolean @default(false)\n"
    expect(withFields(text)).toBe(text.replace("String @id\n", `String @id\n${added}`))
  })

  // Found by the fuzzer (seeds 3003 and 3004).
  test.each(["\u2028", "\uFEFF", "\u00a0"])("a last line that ends in %j", (space) => {
    const text = `model User {\n  id String @id // the key${space}\n}\n`
    const added = "\n\n  mfaSecret  String?\n  mfaEnabled Boolean @default(false)\n}"
    expect(withFields(text)).toBe(text.replace("\n}", added))
  })

  test("a line separator in a string begins no line", () => {
    const text = 'model User {\n  id String @id\n\n  @@map("\u2028 mfaEnabled Int")\n}\n'
    const added = "mfaSecret  String?\n  mfaEnabled Boolean @default(false)\n\n  @@map"
    expect(withFields(text)).toBe(text.replace("@@map", added))
  })

  test("a model without a space before its name", () => {
    expect(withFields("modelUser{\n  id String @id\n}\n")).toContain("mfaEnabled Boolean")
  })

  test("a model on one line, which Prisma refuses too", () => {
    expect(addFields("model User { id Int @id }\n", "User", fields)).toMatchObject({ kind: "refuse", code: "parse_failed" })
  })

  test("only what is missing", () => {
    expect(withFields("model User {\n  id String @id\n  mfaSecret String? @db.Text\n}\n")).toBe(
      "model User {\n  id String @id\n  mfaSecret String? @db.Text\n\n  mfaEnabled Boolean @default(false)\n}\n",
    )
  })

  test("a field of ours with another meaning is refused", () => {
    expect(addFields("model User {\n  id String @id\n  mfaEnabled Int\n}\n", "User", fields)).toMatchObject({
      kind: "refuse",
      code: "schema_name_taken",
    })
  })

  test("a model of another name, or none", () => {
    expect(withFields("model Users {\n  id Int @id\n}\n", "Users")).toContain("mfaSecret")
    expect(addFields("model Post {\n  id Int @id\n}\n", "User", fields)).toMatchObject({ kind: "refuse", code: "edit_unsafe" })
  })
})

describe("models", () => {
  test("are appended with their documentation, in the file's line endings", () => {
    const text = "model User {\r\n  id String @id\r\n}"
    expect(apply(text, (current) => addModels(current, models))).toBe(`${text}\r\n\r\n${models.trimEnd().replaceAll("\n", "\r\n")}\r\n`)
  })

  test("somebody else's model of that name is refused", () => {
    expect(addModels("model MfaThing {\n  id Int @id\n}\n", models)).toMatchObject({ kind: "refuse", code: "schema_name_taken" })
  })
})

describe("the scanner", () => {
  test("reads fields with their offsets", () => {
    const text =
      'model User {\n  id    String @id @default(cuid())\n  tags  String[] // many\n  geo   Unsupported("point")?\n\n  @@index([id])\n}\nenum Role {\n  A\n}\n'
    const scan = scanSchema(text)
    if (!scan.ok) throw new Error(scan.message)
    expect(scan.blocks.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["model User", "enum Role"])
    expect(
      scan.blocks[0]?.fields.map(({ name, type, list, attributes, start }) => [
        name,
        type,
        list,
        attributes,
        text.slice(start, start + name.length),
      ]),
    ).toEqual([
      ["id", "String", false, "@id @default(cuid())", "id"],
      ["tags", "String", true, "", "tags"],
      ["geo", 'Unsupported("point")', false, "", "geo"],
    ])
  })

  test.each(["model User {\n  id String @id\n", "model User\n", "}"])("says where it cannot go on: %j", (text) => {
    expect(scanSchema(text)).toMatchObject({ ok: false })
  })
})
