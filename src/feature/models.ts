import { scanSchema } from "../edit/prisma/scan"
import { CliError } from "../errors"

/** The blocks that a feature may bring. `generator` names a command, which Prisma runs; `datasource` says where to connect. */
const allowed = new Set(["model", "enum", "type"])

/** As Prisma may read it where the scanner sees a comment or the inside of a block. */
const hidden = /^[ \t]*(generator|datasource)\b[^\n]*\{/m

/**
 * @param name the template that the text is from
 * @throws CliError feature_invalid
 */
export function assertModels(name: string, text: string): void {
  const scan = scanSchema(text)
  if (!scan.ok) throw new CliError("feature_invalid", `${name} does not give models that can be read: ${scan.message}`)
  const other = scan.blocks.find(({ kind }) => !allowed.has(kind))?.kind ?? hidden.exec(text)?.[1]
  if (other !== undefined)
    throw new CliError("feature_invalid", `${name} has a block ${other}: a feature brings models, enums and types, and nothing else.`)
}
