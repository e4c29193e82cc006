/**
 * Formats text of ours, and text that is compared with what somebody's formatter has made of ours. What is theirs is
 * never written formatted: in their files there are only insertions.
 */
import type { FormatOptions } from "../host/types"
import { withPrisma } from "../prisma-wasm"

/** Whether a text is this package's own: one of somebody else's may be made to take all time there is. */
type Author = "ours" | "anybody"

const known = new Map<string, Promise<string>>()

/** @returns `text` as the formatter of the file's language would have it; unchanged where there is none, or it cannot read it, or not in time */
export function format(path: string, text: string, options: FormatOptions, author: Author): Promise<string> {
  const key = JSON.stringify([path, options, text])
  const result = known.get(key) ?? formatAnew(path, text, options, author).catch(() => text)
  known.set(key, result)
  return result
}

async function formatAnew(path: string, text: string, options: FormatOptions, author: Author): Promise<string> {
  if (path.endsWith(".prisma")) return formatSchema(text)
  const parser = /\.[cm]?tsx?$/.test(path) ? "babel-ts" : /\.[cm]?jsx?$/.test(path) ? "babel" : path.endsWith(".css") ? "css" : null
  if (parser === null) return text
  const code = { path, text, parser, options }
  if (author === "ours") return (await import("./prettier")).formatCode(code)
  return (await (await import("./format-elsewhere")).formatElsewhere(code)) ?? text
}

/** `prisma format`, which editors run when a schema is saved. */
function formatSchema(text: string): string {
  const uri = "file:/schema.prisma"
  const params = { textDocument: { uri }, options: { tabSize: 2, insertSpaces: true } }
  const formatted = withPrisma((prisma) => prisma.format(JSON.stringify([[uri, text]]), JSON.stringify(params)))
  return (JSON.parse(formatted) as [string, string][])[0]?.[1] ?? text
}
