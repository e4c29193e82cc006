/** Which version of a package a lockfile gives to one package of the workspace. Its neighbours may have others. */
import { join, posix } from "node:path"
import { parse } from "jsonc-parser"
import { at } from "./catalogs"
import { type HostFiles, toSlashes } from "./files"
import { tooMuch } from "./json"
import { readYaml } from "./yaml"

/**
 * @property name of the package that is looked for
 * @property ranges what package.json says of it: as it is written, and what that stands for
 * @property folder of the package that has it, from the lockfile's; `.` where they are the same
 * @property owner that package's own name
 */
type Wanted = { name: string; ranges: string[]; folder: string; owner: string }

/** @property isCurrent the lockfile has it for just the range that package.json says */
export type Locked = { version: string; isCurrent: boolean }
type Reader = (file: LockFile, wanted: Wanted) => Locked | null

/** The text of a lockfile, and what a reader has made of it: it is asked for several packages. */
type LockFile = { text: string; data?: unknown }
const known = new WeakMap<HostFiles, Map<string, LockFile | null>>()

/** The versions that the lockfiles from a package upwards have for it, the nearest first. */
export function* lockedVersions(
  files: HostFiles,
  dir: string,
  wanted: Pick<Wanted, "name" | "ranges" | "owner">,
): Generator<Locked & { file: string }> {
  const own = posix.join(toSlashes(files.root), dir)
  for (const above of files.ancestors())
    for (const [name, read] of Object.entries(readers)) {
      const path = join(above, name)
      const file = lockFile(files, path)
      const found = file && read(file, { ...wanted, folder: posix.relative(toSlashes(above), own) || "." })
      if (found) yield { ...found, file: files.relative(path) }
    }
}

function lockFile(files: HostFiles, path: string): LockFile | null {
  const read = known.get(files) ?? new Map<string, LockFile | null>()
  known.set(files, read)
  const seen = read.get(path)
  if (seen !== undefined) return seen
  const text = files.readAbove(path)
  const file = text === null ? null : { text: text.replace(/^\uFEFF/, "") }
  read.set(path, file)
  return file
}

/** What a text is as JSON, comments and trailing commas allowed where `lenient`; null where it is none. */
function jsonOf(file: LockFile, lenient: boolean): unknown {
  if (file.data !== undefined) return file.data
  try {
    file.data = lenient
      ? tooMuch(file.text, file.text.length) === "" && parse(file.text, [], { allowTrailingComma: true })
      : JSON.parse(file.text)
  } catch {
    file.data = null
  }
  return file.data
}

/** As Node would look for it: in the package's own folder, then in those above. */
const npm: Reader = (file, { name, folder, ranges }) => {
  const data = jsonOf(file, false)
  for (let dir = folder; ; dir = posix.dirname(dir)) {
    const path = dir === "." ? `node_modules/${name}` : `${dir}/node_modules/${name}`
    const version = at(data, ["packages", path, "version"])
    if (typeof version === "string")
      return { version, isCurrent: isIn(statedBy(at(data, ["packages", folder === "." ? "" : folder]), name), ranges) }
    if (dir === "." || dir.startsWith("..")) break
  }
  const version = at(data, ["dependencies", name, "version"])
  return typeof version === "string" ? { version, isCurrent: false } : null
}

const fields = ["dependencies", "devDependencies", "optionalDependencies"]
const statedBy = (entry: unknown, name: string): unknown =>
  fields.map((field) => at(entry, [field, name])).find((range) => range !== undefined)
const isIn = (range: unknown, ranges: string[]): boolean => typeof range === "string" && ranges.includes(range)

/** Characters, its peers named. */
const longestVersion = 2_000

/** Of `importers`, the lines of one are read. A project by itself has its sections at the top in older versions. */
const pnpm: Reader = ({ text }, { name, folder, ranges }) => {
  const lines = importerOf(text, folder)
  const yaml = lines === null ? null : readYaml(lines)
  const importer = yaml?.ok ? yaml.data : null
  const entry = statedBy(importer, name)
  const version = typeof entry === "string" ? entry : at(entry, ["version"])
  const specifier = typeof entry === "string" ? at(importer, ["specifiers", name]) : at(entry, ["specifier"])
  // `4.24.13(next@15.5.6)`, `4.24.13_next@15.5.6`; `/next-auth/4.24.13` and `next-auth@4.24.13` where it has another name.
  const [plain] = typeof version === "string" && version.length <= longestVersion ? (/\d+\.\d+\.\d+[^(_/@\s]*/.exec(version) ?? []) : []
  return plain === undefined || /^(?:link|file):/.test(String(version)) ? null : { version: plain, isCurrent: isIn(specifier, ranges) }
}

function importerOf(text: string, folder: string): string | null {
  const found: string[] = []
  let section = ""
  let isOurs = false
  for (const line of text.split(/\r?\n/)) {
    const [, top] = /^([A-Za-z]\w*):/.exec(line) ?? []
    if (top !== undefined) {
      // Sections are in one order: packages come behind, and are most of the file.
      if (top === "packages") break
      section = top
      isOurs = [...fields, "specifiers"].includes(top) && folder === "."
      if (isOurs) found.push(line)
      continue
    }
    const [, single, double, plain] = section === "importers" ? (/^ {2}(?:'([^']*)'|"([^"]*)"|([^\s'":][^\s:]*)):/.exec(line) ?? []) : []
    const key = single ?? double ?? plain
    if (key !== undefined) isOurs = key === folder
    else if (isOurs) found.push(section === "importers" ? line.slice(4) : line)
  }
  return found.length === 0 ? null : found.join("\n")
}

/** Entries by name and range, `next-auth@^4.24.0, next-auth@^4.24.5:` or `"next-auth@npm:^4.24.0":`; one alone is everybody's. */
const yarn: Reader = ({ text }, { name, ranges }) => {
  const all: string[] = []
  let keys: string[] = []
  for (const line of text.split(/\r?\n/)) {
    if (/^[^\s#]/.test(line))
      keys = line.includes(`${name}@`)
        ? line
            .replace(/:\s*$/, "")
            .split(",")
            .map((key) => key.replaceAll('"', "").trim())
        : []
    const [, version] = keys.some((key) => key.startsWith(`${name}@`)) ? (/^\s+"?version"?:? "?([^"\s]+)/.exec(line) ?? []) : []
    if (version === undefined) continue
    if (ranges.some((range) => keys.includes(`${name}@${range}`) || keys.includes(`${name}@npm:${range}`)))
      return { version, isCurrent: true }
    all.push(version)
    keys = []
  }
  return all[0] !== undefined && all.length === 1 ? { version: all[0], isCurrent: false } : null
}

/** `"web/next-auth"` where the package `web` has one of its own, else `"next-auth"`. */
const bun: Reader = (file, { name, folder, owner, ranges }) => {
  const data = jsonOf(file, true)
  const entry = [`${owner}/${name}`, name].map((key) => at(data, ["packages", key])).find((value) => Array.isArray(value))
  const [id] = (entry as unknown[] | undefined) ?? []
  if (typeof id !== "string") return null
  const version = id.slice(id.lastIndexOf("@") + 1)
  return { version, isCurrent: isIn(statedBy(at(data, ["workspaces", folder === "." ? "" : folder]), name), ranges) }
}

const readers: Record<string, Reader> = {
  "package-lock.json": npm,
  "npm-shrinkwrap.json": npm,
  "pnpm-lock.yaml": pnpm,
  "yarn.lock": yarn,
  "bun.lock": bun,
}
