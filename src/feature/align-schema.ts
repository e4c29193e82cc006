/** Aligns the columns of each run of fields the way `prisma format` does, so that a host's formatter leaves ours alone. */
export function alignSchema(text: string): string {
  const field = /^( +)(\w+) +(\S+)(?: +(.*))?$/
  const lines = text.split("\n")
  const aligned: string[] = []
  for (let from = 0; from < lines.length; ) {
    const run: RegExpExecArray[] = []
    for (let match = field.exec(lines[from] ?? ""); match; match = field.exec(lines[from + run.length] ?? "")) run.push(match)
    if (run.length === 0) {
      aligned.push(lines[from++] ?? "")
      continue
    }
    const width = (column: number) => Math.max(...run.map((match) => match[column]?.length ?? 0))
    const [names, types] = [width(2), width(3)]
    for (const [, indent, name = "", type = "", attributes = ""] of run)
      aligned.push(`${indent}${name.padEnd(names)} ${type.padEnd(types)} ${attributes}`.trimEnd())
    from += run.length
  }
  return aligned.join("\n")
}
