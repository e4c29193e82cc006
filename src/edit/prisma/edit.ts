import { type EditResult, eolOf, type Insertion } from "../splice"
import { type SchemaBlock, scanSchema } from "./scan"

export type FieldToAdd = { name: string; type: string; attributes?: string }

/**
 * Adds fields to a model, before its closing brace, as a group of its own: aligned among themselves,
 * the neighbours' alignment stays what it is.
 */
export function addFields(text: string, model: string, fields: FieldToAdd[]): EditResult {
  const scan = scanSchema(text)
  if (!scan.ok) return { kind: "refuse", code: "parse_failed", message: scan.message, offset: scan.offset }
  const block = scan.blocks.find(({ kind, name }) => kind === "model" && name === model)
  if (!block) return { kind: "refuse", code: "edit_unsafe", message: `model ${model} is not in this file.` }

  const missing: FieldToAdd[] = []
  for (const field of fields) {
    const existing = block.fields.find(({ name }) => name === field.name)
    if (!existing) missing.push(field)
    else if (!isSameField(existing, field))
      return {
        kind: "refuse",
        code: "schema_name_taken",
        message: `model ${model} already has a field ${field.name} of another shape; ours is ${fieldLines([field], "").join("")}.`,
        offset: existing.start,
      }
  }
  if (missing.length === 0) return { kind: "present" }
  // Ours come with their relations. A plain field alone is the app's own, whatever its shape: it means something else.
  const isRelation = ({ type }: FieldToAdd) => !/^(String|Int|Boolean|DateTime)\b/.test(type)
  const present = fields.filter((field) => !missing.includes(field))
  const [taken] = present
  if (taken && !present.some(isRelation) && fields.some(isRelation))
    return {
      kind: "refuse",
      code: "schema_name_taken",
      message: `model ${model} already has a field ${taken.name} of the app's own.`,
      offset: block.fields.find(({ name }) => name === taken.name)?.start ?? block.start,
    }

  const eol = eolOf(text)
  const indent = indentOf(text, block)
  const lines = fieldLines(missing, indent)
  const attributesAt = blockAttributesStart(block)
  const at = attributesAt ?? lastContentEnd(text, block)
  const before = text.slice(block.bodyStart, at)
  // Fields stand before block attributes (@@index ...), with a blank line on either side.
  const inserted =
    attributesAt === null
      ? eol + (before.trim() === "" ? "" : eol) + lines.join(eol)
      : lines.map((line, index) => (index === 0 ? line.trimStart() : line)).join(eol) + eol + eol + indent
  const closing = attributesAt === null && !/[\r\n]/.test(text.slice(at, block.bodyEnd)) ? eol : ""
  return { kind: "edit", edits: [{ at, text: inserted + closing }] }
}

function isSameField(existing: SchemaBlock["fields"][number], wanted: FieldToAdd): boolean {
  const type = existing.type + (existing.list ? "[]" : existing.optional ? "?" : "")
  const plain = (attributes: string) => attributes.replace(/@db\.\w+(\([^()]*\))?|@map\([^()]*\)/g, "").replace(/\s+/g, "")
  return type === wanted.type && plain(existing.attributes).startsWith(plain(wanted.attributes ?? ""))
}

function fieldLines(fields: FieldToAdd[], indent: string): string[] {
  const nameWidth = Math.max(...fields.map(({ name }) => name.length))
  const typeWidth = Math.max(...fields.map(({ type }) => type.length))
  return fields.map(({ name, type, attributes }) =>
    `${indent}${name.padEnd(nameWidth)} ${type.padEnd(typeWidth)} ${attributes ?? ""}`.trimEnd(),
  )
}

/** The indentation of the model's own fields, of the first that begins its line. */
function indentOf(text: string, block: SchemaBlock): string {
  for (const { start } of block.fields) {
    const before = text.slice(text.lastIndexOf("\n", start) + 1, start)
    if (/^[ \t]*$/.test(before)) return before
  }
  return "  "
}

/** Where the trailing block attributes begin, a comment directly above them included; null when fields come after. */
function blockAttributesStart(block: SchemaBlock): number | null {
  const match = /(?:^|\n)[ \t]*(?=@@)/.exec(block.body)
  if (!match) return null
  const at = block.bodyStart + match.index + match[0].length
  const lastField = block.fields.at(-1)
  return lastField && lastField.start > at ? null : at
}

/** The end of the last line with content, comments included. What Unicode calls a space may be part of one. */
function lastContentEnd(text: string, block: SchemaBlock): number {
  let end = block.bodyEnd
  while (end > block.bodyStart && " \t\r\n".includes(text.charAt(end - 1))) end--
  return end
}

/** Appends models that are missing. A model of the same name with other fields is somebody else's. */
export function addModels(text: string, models: string): EditResult {
  const scan = scanSchema(text)
  if (!scan.ok) return { kind: "refuse", code: "parse_failed", message: scan.message, offset: scan.offset }
  const wanted = scanSchema(models)
  // Rendering has read them: a feature whose models cannot be read is refused there.
  if (!wanted.ok) throw new Error(`our models do not parse: ${wanted.message}`)
  const existing = new Map(scan.blocks.map((block) => [block.name, block]))
  const missing: string[] = []
  for (const block of wanted.blocks) {
    const same = existing.get(block.name)
    if (!same) missing.push(blockText(models, block))
    else if (!block.fields.every((field) => same.fields.some(({ name, type }) => name === field.name && type === field.type)))
      return {
        kind: "refuse",
        code: "schema_name_taken",
        message: `The schema already has a ${same.kind} ${block.name} of another shape.`,
        offset: same.start,
      }
  }
  if (missing.length === 0) return { kind: "present" }
  const eol = eolOf(text)
  const gap = text === "" ? "" : text.endsWith("\n") ? eol : eol + eol
  const appended: Insertion = { at: text.length, text: gap + missing.join("\n\n").replaceAll("\n", eol) + eol }
  return { kind: "edit", edits: [appended] }
}

/** A block with the documentation comment above it. */
function blockText(text: string, block: SchemaBlock): string {
  const lines = text.slice(0, block.start).split("\n")
  const isAbove = lines.slice(0, -1).findLastIndex((line) => !line.startsWith("///")) + 1
  const above = lines.slice(isAbove).join("\n")
  return above + text.slice(block.start, block.bodyEnd + 1)
}
