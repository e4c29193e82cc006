import { createRequire } from "node:module"
import { scanSchema } from "../edit/prisma/scan"
import { HostFiles } from "../host/files"
import type { Host } from "../host/types"

/**
 * What Prisma's own validator says of the schema, with `written` in place of what is on disk; empty where it is content,
 * and where it was not content with the schema as it was: that is its owner's affair.
 */
export async function schemaErrors({ root, prisma }: Host, written: ReadonlyMap<string, string | null> = new Map()): Promise<string> {
  const files = new HostFiles(root)
  const added = [...written.keys()].filter((path) => path.endsWith(".prisma") && !prisma.files.includes(path))
  const before = prisma.files.map((path): [string, string] => [path, files.read(path) ?? ""])
  const after = [...prisma.files, ...added].map((path): [string, string] => [path, written.get(path) ?? files.read(path) ?? ""])
  return validate(before) === "" ? validate(after) : ""
}

function validate(files: [string, string][]): string {
  // Loaded here: only a run that writes needs it.
  const { validate } = createRequire(import.meta.url)("@prisma/prisma-schema-wasm") as { validate(input: string): void }
  try {
    validate(JSON.stringify({ prismaSchema: files.map(([path, text]) => [path, withUrl(text)]), noColor: true }))
    return ""
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]?.replaceAll("\\n", "\n") ?? text
  }
}

/** Prisma 7 has the address in its config; the validator, of version 6, wants one in the schema. */
function withUrl(text: string): string {
  const scan = scanSchema(text)
  const source = scan.ok ? scan.blocks.find(({ kind }) => kind === "datasource") : undefined
  if (!source || /^\s*url\s*=/m.test(source.body)) return text
  return `${text.slice(0, source.bodyStart)}\n  url = env("DATABASE_URL")\n${text.slice(source.bodyStart)}`
}
