import { posix } from "node:path"
import { writablePlace } from "../disk/place"
import { lineAt } from "../edit/splice"
import { CliError } from "../errors"
import type { HostFiles } from "./files"

const skipped = /^(node_modules|dist|build|out|coverage|public|generated|\..*)$/
/** More than any app of this kind has written by hand; what a repository holds beyond that is not read. */
const most = 20_000
const mostBytes = 100_000_000
/** Bytes. A longer file is generated. */
const longest = 1_000_000

/**
 * @property leaveOut folders that are not looked into
 * @property onLimit called when there is more than is read
 */
export type SourceOptions = { leaveOut?(dir: string): boolean; onLimit?(): void }

/** Every source file of the app, in the order of its folders. */
export function* sourceFiles(files: HostFiles, { leaveOut, onLimit }: SourceOptions = {}): Generator<string> {
  const queue = ["."]
  let left = mostBytes
  for (let count = 0; queue.length > 0; ) {
    if (count >= most) return onLimit?.()
    const dir = queue.shift() as string
    for (const entry of files.list(dir)) {
      const path = dir === "." ? entry.name : `${dir}/${entry.name}`
      if (entry.isDirectory()) {
        if (!skipped.test(entry.name) && !leaveOut?.(path)) queue.push(path)
      } else if (/\.[cm]?[jt]sx?$/.test(entry.name)) {
        count++
        const size = files.size(path)
        left -= size
        if (left < 0) return onLimit?.()
        if (size <= longest) yield path
      }
    }
  }
}

/** The text of a source file; none where it is no text to look at: a pipe or a socket that is called like one. */
export function textOf(files: HostFiles, path: string): string {
  try {
    return files.glance(path)
  } catch (error) {
    if (error instanceof CliError) return ""
    throw error
  }
}

/** Which of the packages the app's code imports, but for `ours`. Types come with the package that they are for. */
export function packagesUsed(files: HostFiles, names: string[], ours: ReadonlySet<string>): string[] {
  const used = new Set<string>()
  if (names.length === 0) return []
  // Where `lib` is a link to `src/lib`, each of our files is met by its real name.
  const places = [...ours].map((path) => writablePlace(files.root, files.boundary, path)?.target)
  const own = new Set(places.flatMap((target) => (target === undefined ? [] : [files.relative(target)])))
  for (const path of sourceFiles(files)) {
    if (ours.has(path) || own.has(path)) continue
    const text = files.glance(path)
    for (const name of names) if (isNamed(text, name.replace(/^@types\//, ""))) used.add(name)
    if (used.size === names.length) break
  }
  return [...used]
}

/** Whether a text names a package between quotes, or a module of it. The name is compared, not made an expression. */
const isNamed = (text: string, name: string): boolean =>
  ['"', "'", "`"].some((quote) => [quote, "/"].some((end) => text.includes(`${quote}${name}${end}`)))

/** Places of one kind in one file that are told: whoever looks at them sees the rest. */
export const mostInFile = 20

/** @property target the file that is imported */
export type ImportPlace = { file: string; line: number; specifier: string; target: string }

/**
 * Where the app's code imports one of `targets`. Found by text: an import in a comment counts too.
 * @param resolve the file that an import means
 */
export function importsOf(
  files: HostFiles,
  targets: ReadonlySet<string>,
  resolve: (from: string, specifier: string) => string | null,
): ImportPlace[] {
  const nameOf = (path: string) => posix.basename(path).replace(/\.[cm]?[jt]sx?$/, "")
  const names = new Set([...targets].flatMap((path) => (nameOf(path) === "index" ? [posix.basename(posix.dirname(path))] : [nameOf(path)])))
  const found: ImportPlace[] = []
  // What a specifier means, every file of a folder agrees on.
  const known = new Map<string, string | null>()
  const targetOf = (file: string, specifier: string): string | null => {
    const key = `${posix.dirname(file)} ${specifier}`
    const target = known.has(key) ? (known.get(key) ?? null) : resolve(file, specifier)
    known.set(key, target)
    return target
  }
  for (const file of sourceFiles(files)) {
    const text = files.glance(file)
    const counts = new Map<string, number>()
    for (const { index, 1: specifier = "" } of text.matchAll(/\b(?:from|import|require)\s*(?:\(\s*)?["']([^"'\n]+)["']/g)) {
      const target = names.has(nameOf(specifier)) ? targetOf(file, specifier) : null
      if (target === null || !targets.has(target)) continue
      const count = (counts.get(target) ?? 0) + 1
      counts.set(target, count)
      if (count <= mostInFile) found.push({ file, line: lineAt(text, index), specifier, target })
    }
  }
  return found
}
