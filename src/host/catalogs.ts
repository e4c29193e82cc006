/**
 * Reads the few fields of package.json, and of pnpm's and yarn's YAML files, that say where packages come from. Of YAML it
 * reads what people and tools write there, one entry on each line; what it cannot read, and might be one of ours, it says.
 */
import type { HostFiles } from "./files"
import { parseManifest, tooMuch } from "./json"

/** What a package.json says; of two entries of a name the last one counts, as to package managers. */
export function fieldsOf(files: HostFiles, file: string): unknown {
  const text = files.read(file) ?? "{}"
  try {
    return tooMuch(text) === "" ? JSON.parse(text.replace(/^\uFEFF/, "")) : {}
  } catch {
    return parseManifest(text)
  }
}

/** @property field the section, and within `catalogs` the name of one: `catalogs.auth` */
export type YamlEntry = { field: string; key: string; value: string }

type YamlLine = { key: string; value: string; isQuoted: boolean }

/** Without a blank that two parts of it could take: a line may have a million. */
const keyOf = /^(?:'([^']*)'[ \t]*|"([^"\\]*)"[ \t]*|([^\s'"#&*!?{}[\]|>%`,-][^\s:]*|[\w@/.^~<>=][\w@/.^~<>=|* -]*?)):(?:[ \t]+(.*))?$/

/**
 * The entries of some top-level sections.
 * @param names packages: a line that has none of them may be written in any way, but for escapes and references, which
 * hide a name
 * @returns the number of a line that may mean one of `names`, and cannot be read
 */
export function yamlSections(
  text: string,
  sections: string[],
  names: string[],
): { ok: true; entries: YamlEntry[] } | { ok: false; line: number } {
  const entries: YamlEntry[] = []
  // Several entries on one line.
  const isUnreadable = (value: string) => isReference(value) || (/[,{]/.test(value) && hasOne(value, names))
  let section = ""
  let outer = ""
  let top: number | null = null
  for (const [index, whole] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = whole.trim()
    if (line === "" || line.startsWith("#") || /^(---|\.\.\.)$|^%/.test(line)) continue
    const indent = whole.length - whole.trimStart().length
    top ??= indent
    const key = yamlEntry(line)
    if (indent <= top) {
      // A list may stand at the level of its key.
      if (line.startsWith("- ") || /^[\]}],?$/.test(line)) continue
      if (key === null) return { ok: false, line: index + 1 }
      section = sections.includes(key.key) ? key.key : ""
      outer = ""
      if (section !== "" && !key.isQuoted && isUnreadable(key.value)) return { ok: false, line: index + 1 }
      continue
    }
    if (section === "") continue
    // A version may be written elsewhere: of ours that is none, and of others it is no matter. A catalogue may not.
    const isOne = section !== "catalogs" || outer !== ""
    const isHidden = ({ key, value, isQuoted }: YamlLine) =>
      key === "<<" || (!isQuoted && (isOne ? /[,{]/.test(value) && hasOne(value, names) : isUnreadable(value)))
    if (key === null ? isReference(line) || hasOne(line, names) : isHidden(key)) return { ok: false, line: index + 1 }
    if (key === null) continue
    if (section === "catalogs" && key.value === "") outer = key.key
    else entries.push({ field: outer === "" ? section : `${section}.${outer}`, key: key.key, value: key.value })
  }
  return { ok: true, entries }
}

/**
 * `key: value` of one line, without quotes and without a comment; the value is empty where others follow.
 * @returns also whether the value stood in quotes: then it is a text, whatever it looks like
 */
export function yamlEntry(line: string): YamlLine | null {
  const [all, single, double, plain, rest = ""] = keyOf.exec(line) ?? []
  if (all === undefined) return null
  const [, inSingle, inDouble] = /^(?:'([^']*)'|"([^"\\]*)")[ \t]*(?:#.*)?$/.exec(rest) ?? []
  const bare = rest.startsWith("#") ? "" : (rest.split(" #")[0] ?? "").trim()
  const quoted = inSingle ?? inDouble
  return { key: (single ?? double ?? plain ?? "").trim(), value: quoted ?? bare, isQuoted: quoted !== undefined }
}

/** Whether a text may be, or have in it, what is written elsewhere or otherwise. */
const isReference = (text: string): boolean => /^[&*!?]|\\|^<</.test(text) || /[:,]\s+[&*!]|[{[]\s*[&*!]/.test(text)

const hasOne = (text: string, names: string[]): boolean => names.some((name) => text.includes(name))
