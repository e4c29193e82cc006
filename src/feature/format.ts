/**
 * Formats text of ours, and text that is compared with what somebody's formatter has made of ours. What is theirs is
 * never written formatted: in their files there are only insertions.
 */
import { createRequire } from "node:module"
import type { FormatOptions } from "../host/types"

const known = new Map<string, Promise<string>>()

/** @returns `text` as the formatter of the file's language would have it; unchanged where there is none, or it cannot read it */
export function format(path: string, text: string, options: FormatOptions): Promise<string> {
  const key = JSON.stringify([path, options, text])
  const result = known.get(key) ?? formatAnew(path, text, options).catch(() => text)
  known.set(key, result)
  return result
}

async function formatAnew(path: string, text: string, options: FormatOptions): Promise<string> {
  if (path.endsWith(".prisma")) return formatSchema(text)
  const parser = /\.[cm]?tsx?$/.test(path) ? "babel-ts" : /\.[cm]?jsx?$/.test(path) ? "babel" : path.endsWith(".css") ? "css" : null
  if (parser === null) return text
  // Loaded here: a megabyte that only apps with a formatter need.
  const [prettier, babel, estree, postcss] = await Promise.all([
    import("prettier/standalone"),
    import("prettier/plugins/babel"),
    import("prettier/plugins/estree"),
    import("prettier/plugins/postcss"),
  ])
  return prettier.format(text, {
    ...options,
    filepath: path,
    parser,
    plugins: [babel, estree as unknown as import("prettier").Plugin, postcss],
  })
}

/** `prisma format`, which editors run when a schema is saved. */
function formatSchema(text: string): string {
  const { format } = createRequire(import.meta.url)("@prisma/prisma-schema-wasm") as { format(schema: string, params: string): string }
  const uri = "file:/schema.prisma"
  const params = { textDocument: { uri }, options: { tabSize: 2, insertSpaces: true } }
  const formatted = JSON.parse(format(JSON.stringify([[uri, text]]), JSON.stringify(params))) as [string, string][]
  return formatted[0]?.[1] ?? text
}
