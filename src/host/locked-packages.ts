/**
 * What lockfiles say of packages that the app does not have yet. Package managers believe them as soon as package.json
 * names a package, so that an entry that waits there would put a file of the clone's in the place of what is published.
 */
import { join } from "node:path"
import { parse } from "jsonc-parser"
import { valid } from "semver"
import { lineAt } from "../edit/splice"
import { CliError } from "../errors"
import type { HostFiles } from "./files"
import { tooMuch } from "./json"

/**
 * @property at where in the file, as an offset
 * @property from what it says instead of a version
 */
type Elsewhere = { name: string; at: number; from: string }
type Reader = (text: string, names: string[]) => Elsewhere | null

/**
 * Refuses an app with a lockfile that has one of these packages from a file, a link, a repository, or an address that is
 * not one of this package at a registry. All that may be used are read: the nearest may be for show. `bun.lockb` is binary
 * and not read.
 * @throws CliError name_taken; special_file, file_too_large
 */
export function assertLockedFromRegistry(files: HostFiles, names: string[]): void {
  for (const dir of files.ancestors())
    for (const [name, read] of Object.entries(readers)) {
      const text = files.readAbove(join(dir, name))
      // Most lockfiles do not name them; an escape may.
      const found = text === null ? null : read(text.replace(/^\uFEFF/, " "), names)
      if (text === null || found === null) continue
      const file = files.relative(join(dir, name))
      throw new CliError("name_taken", `${file} has "${found.name}" from somewhere else: ${found.from.slice(0, 200)}.`, {
        file,
        line: lineAt(text, found.at),
        suggestion: `Nothing was changed. MFA checks codes with "${found.name}": take that entry out of ${file}, then run this again.`,
      })
    }
}

/**
 * Whether an address is one of a package at a registry. Hosts are not compared, for everybody may have a registry of their
 * own; in all of these the name is followed by `-`, by `download` or by the version, and by an archive of that name:
 * `/otpauth/-/otpauth-9.5.2.tgz`, `/@types/qrcode/-/@types/qrcode-1.5.5.tgz`.
 */
function isAtRegistry(name: string, address: string): boolean {
  if (!/^https?:\/\/[^/]/i.test(address) || address.length > 2_000) return false
  let path: string
  try {
    path = decodeURIComponent(new URL(address).pathname)
  } catch {
    return false
  }
  const parts = path.split("/")
  const archive = parts.pop() ?? ""
  const scope = name.includes("/") ? (name.split("/")[0] as string) : null
  if (scope !== null && parts.at(-1) === scope) parts.pop()
  const version = versionIn(archive, name)
  const between = parts.pop() ?? ""
  return version !== null && ["-", "download", version].includes(between) && `${parts.join("/")}/`.endsWith(`/${name}/`)
}

/** `otpauth-9.5.2.tgz`. */
function versionIn(archive: string, name: string): string | null {
  const start = `${name.split("/").at(-1)}-`
  return archive.startsWith(start) && archive.endsWith(".tgz") ? isVersion(archive.slice(start.length, -".tgz".length)) : null
}

const isVersion = (text: string): string | null => (text.length <= 100 ? valid(text) : null)

/** npm's: `packages` of versions 2 and 3, `dependencies` of 1 and 2. npm reads one with marks of a conflict, too. */
const npm: Reader = (text, names) => {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    const at = text.search(/^<{7}/m)
    const name = at === -1 ? undefined : names.find((each) => text.includes(`"${each}"`) || text.includes(`node_modules/${each}"`))
    return name === undefined ? null : { name, at, from: "it has conflicts that are not resolved" }
  }
  const { packages, dependencies } = Object(data) as { packages?: unknown; dependencies?: unknown }
  const listed = [
    // Those that another package alone gets are that one's.
    ...Object.entries(Object(packages) as object).flatMap(([path, entry]) => {
      const [, own, more] = path.split(/(?:^|\/)node_modules\//)
      const name = more === undefined ? names.find((each) => each === own) : undefined
      return name === undefined ? [] : [{ name, path, entry: Object(entry) as Record<string, unknown> }]
    }),
    ...names.flatMap((name) => {
      const entry = Object.entries(Object(dependencies) as object).find(([key]) => key === name)?.[1]
      return entry === undefined ? [] : [{ name, path: name, entry: Object(entry) as Record<string, unknown> }]
    }),
  ]
  for (const { name, path, entry } of listed) {
    const { link, resolved, version, name: other = name } = entry
    const isFine =
      !link &&
      other === name &&
      (version === undefined || (typeof version === "string" && isVersion(version) !== null)) &&
      (resolved === undefined || (typeof resolved === "string" && isAtRegistry(name, resolved)))
    if (isFine) continue
    const from = JSON.stringify({ ...(link !== undefined && { link }), ...(other !== name && { name: other }), version, resolved })
    return { name, at: Math.max(text.indexOf(`"${path}"`), 0), from }
  }
  return null
}

/** bun's: `"otpauth": ["otpauth@9.5.2", "", {}, "sha512-…"]`. The second is empty, or an address at another registry. */
const bun: Reader = (text, names) => {
  if (!names.some((name) => text.includes(name)) && !text.includes("\\u")) return null
  const problem = tooMuch(text, text.length)
  const { packages } = Object(problem === "" ? parse(text, [], { allowTrailingComma: true }) : null) as { packages?: unknown }
  for (const [path, entry] of Object.entries(Object(packages) as object)) {
    // `web/otpauth` is what a package of the workspace gets.
    const name = names.find((each) => path === each || path.endsWith(`/${each}`))
    if (name === undefined || isScoped(path, name)) continue
    const [id, address = ""] = Array.isArray(entry) ? (entry as unknown[]) : []
    const isFine =
      typeof id === "string" &&
      id.startsWith(`${name}@`) &&
      isVersion(id.slice(name.length + 1)) !== null &&
      typeof address === "string" &&
      (address === "" || isAtRegistry(name, address) || /^https?:\/\/[^?#]*\/$/.test(address))
    if (!isFine) return { name, at: Math.max(text.indexOf(`"${path}"`), 0), from: JSON.stringify(entry) ?? "" }
  }
  return null
}

/** `@acme/qrcode` is a package of its own. */
const isScoped = (path: string, name: string): boolean => path !== name && path.startsWith("@") && path.split("/").length === 2

type Line = { at: number; indent: number; text: string }

/**
 * Of YAML, and of yarn 1, whose file looks like it: lines with something on them. Lockfiles are read line by line, as
 * tools write them: a parser takes a second for each megabyte. What is written otherwise, and may be ours, is refused.
 */
function* linesOf(text: string): Generator<Line> {
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf("\n", at)
    const end = next === -1 ? text.length : next
    const line = text.slice(at, end)
    const trimmed = line.trim()
    if (trimmed !== "" && !trimmed.startsWith("#")) yield { at, indent: line.length - line.trimStart().length, text: trimmed }
    at = end + 1
  }
}

/** Without a blank that two parts of it could take: a line may have a million. */
const keyOf = /^(?:'([^']*)'[ \t]*|"([^"\\]*)"[ \t]*|([^\s'"#&*!?{}[\]|>%`,-][^\s:]*|[\w@/.^~<>=][\w@/.^~<>=|* -]*?)):(?:[ \t]+(.*))?$/

/** `key: value` of one line, without quotes and without a comment; the value is empty where others follow. */
function yamlEntry(line: string): { key: string; value: string } | null {
  const [all, single, double, plain, rest = ""] = keyOf.exec(line) ?? []
  if (all === undefined) return null
  const [, inSingle, inDouble] = /^(?:'([^']*)'|"([^"\\]*)")[ \t]*(?:#.*)?$/.exec(rest) ?? []
  const bare = rest.startsWith("#") ? "" : (rest.split(" #")[0] ?? "").trim()
  return { key: (single ?? double ?? plain ?? "").trim(), value: inSingle ?? inDouble ?? bare }
}

/** A name that is hidden from us by an escape, which no tool writes into a key. */
const isEscaped = (line: string): boolean => /^"[^"]*\\/.test(line)

/**
 * pnpm's: `otpauth@9.5.2:` with a `resolution` (`/otpauth@9.5.2`, `/otpauth/9.5.2` of older versions), and `otpauth:` with
 * a `version`, or with it on one line.
 */
const pnpm: Reader = (text, names) => {
  /** The entry of ours that the lines are in, and how far it is indented. */
  let open: { name: string; indent: number } | null = null
  for (const { at, indent, text: line } of linesOf(text)) {
    if (open !== null && indent <= open.indent) open = null
    const entry = line.length > 4_000 ? null : yamlEntry(line)
    if (entry === null) {
      const name = names.find((each) => new RegExp(`^[?{'"]* *['"]?/?${each}['"]?[@/:]`).test(line.slice(0, 200)))
      if (isEscaped(line) || name !== undefined) return { name: name ?? (names[0] as string), at, from: line }
      continue
    }
    if (open !== null) {
      if (!isPlain(open.name, entry.key, entry.value)) return { name: open.name, at, from: line }
      continue
    }
    const key = entry.key.replace(/^\//, "")
    const name = names.find((each) => key === each || key.startsWith(`${each}@`) || key.startsWith(`${each}/`))
    if (name === undefined) continue
    const version = key.slice(name.length + 1)
    const isFine =
      version === ""
        ? entry.value === "" || isLocked(entry.value) || isPlain(name, "specifier", entry.value)
        : isLocked(version) && (entry.value === "" || entry.value === "{}" || /^\d{4}-\d\d-\d\d/.test(entry.value))
    if (!isFine) return { name, at, from: line }
    if (entry.value === "") open = { name, indent }
  }
  return null
}

/** `9.5.2`, `9.5.2(react@19.0.0)`, `9.5.2_react@19.0.0`. */
const isLocked = (text: string): boolean => isVersion(text.split(/[(_]/)[0] as string) !== null

/** Whether one line of an entry of ours in pnpm's lockfile says nothing of another place. */
function isPlain(name: string, key: string, value: string): boolean {
  if (key === "version") return isLocked(value)
  if (key === "specifier") return !/^(file|link|workspace|git|https?|portal|patch)\b.*[:+]|[\\]/.test(value)
  if (["directory", "repo", "commit", "path", "type", "patched", "hash", "name", "id"].includes(key)) return false
  if (key === "tarball") return isAtRegistry(name, value)
  if (key !== "resolution") return true
  if (value === "") return true
  // `{integrity: sha512-…, tarball: https://…}`
  const inner = /^\{([^{}]*)\}$/.exec(value)?.[1]
  if (inner === undefined) return false
  return inner.split(",").every((part) => {
    const one = yamlEntry(part.trim())
    return one !== null && (one.key === "integrity" || (one.key === "tarball" && isAtRegistry(name, one.value)))
  })
}

/** yarn's: `otpauth@^9.5.2:`, with `resolved "https://…"` of version 1, or `resolution: "otpauth@npm:9.5.2"` of later ones. */
const yarn: Reader = (text, names) => {
  let open: string | null = null
  for (const { at, indent, text: line } of linesOf(text)) {
    if (indent === 0) {
      if (isEscaped(line)) return { name: names[0] as string, at, from: line }
      const keys = line
        .replace(/:$/, "")
        .split(",")
        .map((key) => key.replaceAll('"', "").trim())
      open = names.find((name) => keys.some((key) => key.startsWith(`${name}@`))) ?? null
      continue
    }
    if (open === null) continue
    const name = open
    const [, field, value = ""] = /^"?(resolved|resolution|version)"?:?[ \t]+"?([^"]*)"?$/.exec(line) ?? []
    const isFine =
      field === undefined
        ? !isEscaped(line)
        : field === "version"
          ? isVersion(value) !== null
          : field === "resolved"
            ? isAtRegistry(name, value)
            : isNpmLocator(name, value)
    if (!isFine) return { name, at, from: line }
  }
  return null
}

/** `otpauth@npm:9.5.2`, and `otpauth@npm:9.5.2::__archiveUrl=https%3A%2F%2F…` of a registry with addresses of its own. */
function isNpmLocator(name: string, value: string): boolean {
  const [locator = "", bound] = value.split("::")
  if (!locator.startsWith(`${name}@npm:`) || isVersion(locator.slice(name.length + 5)) === null) return false
  if (bound === undefined) return true
  const address = new URLSearchParams(bound).get("__archiveUrl")
  return address === null || isAtRegistry(name, address)
}

const readers: Record<string, Reader> = {
  "package-lock.json": npm,
  "npm-shrinkwrap.json": npm,
  "yarn.lock": yarn,
  "pnpm-lock.yaml": pnpm,
  "bun.lock": bun,
}
