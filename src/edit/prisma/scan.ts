/**
 * A lossless scanner of schema.prisma: every block, field and attribute with its offsets in the original text.
 * It reads what an edit has to know and keeps the rest as text; Prisma's own validator is the judge in the tests.
 */

export type SchemaField = {
  name: string
  /** `String`, without `?` or `[]`. */
  type: string
  optional: boolean
  list: boolean
  /** The rest of the line after the type, comments removed. */
  attributes: string
  start: number
  typeStart: number
  attributesStart: number | null
}

export type SchemaBlock = {
  kind: string
  name: string
  start: number
  /** At the end of the line with `{`: Prisma reads nothing of what follows it there, be it `}`. */
  bodyStart: number
  /** At the closing `}`. */
  bodyEnd: number
  /** The body with comments blanked out; offsets stay. */
  body: string
  fields: SchemaField[]
}

export type ScanResult = { ok: true; blocks: SchemaBlock[] } | { ok: false; message: string; offset: number }

/**
 * Blanks comments out, what follows `{` on its line, and the contents of strings with `maskStrings`, keeping every offset
 * and line break.
 */
function maskComments(text: string, maskStrings = false): string {
  const isBreak = (at: number) => at >= text.length || text.charAt(at) === "\n" || text.charAt(at) === "\r"
  const blank = (from: number, to: number) => text.slice(from, to).replace(/[^\r\n]/g, " ")
  let masked = ""
  let from = 0
  /** What stands before it stays, it itself goes. */
  const mask = (start: number, end: number) => {
    masked += text.slice(from, start) + blank(start, end)
    from = end
  }
  const endOfLine = (at: number) => {
    let end = at
    while (!isBreak(end)) end++
    return end
  }
  // Each character is looked at once: an expression would look for the end of each that has none.
  const lastClose = text.lastIndexOf("*/")
  /** Up to here there is a string that nobody closes on its line: no other begins in it. */
  let unclosed = 0
  for (let at = 0; at < text.length; ) {
    const two = text.slice(at, at + 2)
    if (text.charAt(at) === "{") {
      mask(at + 1, endOfLine(at + 1))
      at = from
    } else if (two === "//") {
      mask(at, endOfLine(at))
      at = from
    } else if (two === "/*" && at + 2 <= lastClose) {
      mask(at, text.indexOf("*/", at + 2) + 2)
      at = from
    } else if (two.startsWith('"') && at >= unclosed) {
      let end = at + 1
      while (!isBreak(end) && text.charAt(end) !== '"') end += text.charAt(end) === "\\" && !isBreak(end + 1) ? 2 : 1
      if (!isBreak(end) && maskStrings) mask(at + 1, end)
      if (isBreak(end)) unclosed = end
      at = isBreak(end) ? at + 1 : end + 1
    } else at++
  }
  return masked + text.slice(from)
}

export function scanSchema(text: string): ScanResult {
  const code = maskComments(text)
  const shape = maskComments(text, true)
  const blocks: SchemaBlock[] = []
  // `modelUser {` is a model to Prisma.
  const header = /model|type|view|enum|datasource|generator|[A-Za-z_]\w*/y
  let at = 0
  while (at < shape.length) {
    const char = shape.charAt(at)
    if (/[\s\uFEFF]/.test(char)) {
      at++
      continue
    }
    header.lastIndex = at
    const kind = header.exec(shape)?.[0]
    if (!kind) return { ok: false, message: "There is something else than a block.", offset: at }
    const open = shape.indexOf("{", at)
    if (open === -1) return { ok: false, message: `A ${keywordOf(kind)} has no block.`, offset: at }
    const name = shape
      .slice(at + kind.length, open)
      .replace(/=/g, "")
      .trim()
    const close = closingBrace(shape, open)
    // Neither is shown: a link may have led to what is no schema, but somebody's secrets.
    if (!isName.test(name)) return { ok: false, message: `A ${keywordOf(kind)} has a name that is none.`, offset: at }
    if (close === -1) return { ok: false, message: `A ${keywordOf(kind)} is not closed.`, offset: at }
    const bodyStart = open + shape.slice(open).search(/[\r\n]/)
    const block: SchemaBlock = { kind, name, start: at, bodyStart, bodyEnd: close, body: code.slice(bodyStart, close), fields: [] }
    if (kind === "model" || kind === "type" || kind === "view") block.fields = scanFields(code, bodyStart, close)
    blocks.push(block)
    at = close + 1
  }
  return { ok: true, blocks }
}

/** Letters, digits, `_` and `-`: a name goes into messages and code. */
const isName = /^[\p{L}\p{N}_-]*$/u

const keywordOf = (kind: string): string => (/^(model|type|view|enum|datasource|generator)$/.test(kind) ? kind : "block")

function closingBrace(shape: string, open: number): number {
  let depth = 0
  for (let at = open; at < shape.length; at++) {
    if (shape[at] === "{") depth++
    if (shape[at] === "}" && --depth === 0) return at
  }
  return -1
}

function scanFields(code: string, start: number, end: number): SchemaField[] {
  // Not `^`, for which U+2028 in somebody's string begins a line.
  const line = /(?<![^\r\n])([ \t]*)([A-Za-z]\w*)([ \t]+)((?:Unsupported\("[^"]*"\))|[A-Za-z]\w*)(\[\]|\?)?([ \t]*)([^\r\n]*)/g
  const body = code.slice(start, end)
  return Array.from(body.matchAll(line), (match) => {
    const [, indent = "", name = "", gap = "", type = "", suffix = "", space = "", rest = ""] = match
    const fieldStart = start + match.index + indent.length
    const typeStart = fieldStart + name.length + gap.length
    const attributes = rest.trimEnd()
    return {
      name,
      type,
      optional: suffix === "?",
      list: suffix === "[]",
      attributes,
      start: fieldStart,
      typeStart,
      attributesStart: attributes === "" ? null : typeStart + type.length + suffix.length + space.length,
    }
  })
}

/** The value of `key = ...` in a datasource or generator block, without quotes. */
export function blockValue(block: SchemaBlock, key: string): string | null {
  const value = new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*([^\\r\\n]*)`, "m").exec(block.body)?.[1]?.trimEnd() ?? ""
  return (/^"([^"]*)"$/.exec(value)?.[1] ?? value) || null
}
