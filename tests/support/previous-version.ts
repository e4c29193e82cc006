import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import tmp from "tmp"
import { root } from "./paths"

type Previous = { replaced: { template: string; now: string; then: string }[]; added: Record<string, string> }

/** The templates of a version before this one, made from what `tests/data` says of the difference. @returns their folder */
export function previousTemplates(): string {
  const dir = join(tmp.dirSync({ unsafeCleanup: true }).name, "mfa")
  cpSync(join(root, "templates/mfa"), dir, { recursive: true })
  const { replaced, added }: Previous = JSON.parse(readFileSync(join(root, "tests/data/previous-version.json"), "utf8"))
  for (const { template, now, then } of replaced) {
    const text = readFileSync(join(dir, template), "utf8")
    if (!text.includes(now)) throw new Error(`${template} has changed: tests/data/previous-version.json no longer fits it`)
    writeFileSync(
      join(dir, template),
      text.replace(now, () => then),
    )
  }
  for (const [path, text] of Object.entries(added)) writeFileSync(join(dir, path), text)
  return dir
}
