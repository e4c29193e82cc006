import { hashOf, type InstalledFeature, type Left, leftText } from "../apply/store"
import { distance, insertionsBetween } from "../edit/merge"
import { undoInsertions } from "../edit/splice"
import { format } from "../feature/format"
import type { HostFiles } from "../host/files"
import { detectFormatting } from "../host/formatting"

/** Characters. Beyond, it would take seconds, and code of that size is generated. */
const longestFormatted = 500_000

/**
 * Every file that an earlier run wrote, as it left it. To let a formatter go over it is not to edit it: where the app's
 * own, or `prisma format`, explains more of what is there now, the text is as that would have it.
 */
export async function leftBehind(
  files: HostFiles,
  { created, edited }: Pick<InstalledFeature, "created" | "edited">,
): Promise<ReadonlyMap<string, Left>> {
  const left = new Map<string, Left>()
  for (const { path, hash, insertions } of [...created.map((file) => ({ ...file, insertions: [] })), ...edited]) {
    const now = files.glance(path)
    const text = hashOf(now) === hash ? now : leftText(files.root, path)
    if (text !== null) left.set(path, await nearer(files, path, now, { text, insertions }))
  }
  return left
}

async function nearer(files: HostFiles, path: string, now: string, left: Left): Promise<Left> {
  if (left.text === now || left.text.length > longestFormatted || !files.exists(path)) return left
  const formatted = await inStyle(files, path, left)
  return formatted && distance(formatted.text, now) < distance(left.text, now) ? formatted : left
}

async function inStyle(files: HostFiles, path: string, { text, insertions }: Left): Promise<Left | null> {
  const options = detectFormatting(files)?.options ?? null
  if (options === null && !path.endsWith(".prisma")) return null
  const formatted = await format(path, text, options ?? {}, "anybody")
  if (insertions.length === 0) return { text: formatted, insertions }
  const before = undoInsertions(text, insertions)
  const between = before === null ? null : insertionsBetween(await format(path, before, options ?? {}, "anybody"), formatted)
  return between && { text: formatted, insertions: between }
}
