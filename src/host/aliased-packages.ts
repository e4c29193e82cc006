import { validRange } from "semver"
import { CliError } from "../errors"
import { at, fieldsOf, yamlFilesOf } from "./catalogs"
import type { HostFiles } from "./files"
import type { Modules } from "./modules"

const dependencyFields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]

/**
 * Where a package.json says what a package is, for the package managers that people use: of the app, and of the root of
 * its workspace, whose overrides count for every package in it.
 */
const fields = [
  ...dependencyFields.map((field) => [field]),
  ["overrides"],
  ["resolutions"],
  ["pnpm", "overrides"],
  ["patchedDependencies"],
  ["pnpm", "patchedDependencies"],
  ["catalog"],
  ["catalogs"],
  ["workspaces", "catalog"],
  ["workspaces", "catalogs"],
]

/** The same in pnpm's and yarn's own files. */
const yamlFields = [["overrides"], ["patchedDependencies"], ["catalog"], ["catalogs"]]

/**
 * @property file where it stands, from the app's root
 * @property field the names on the way to it, joined by dots
 */
type Entry = { file: string; field: string; key: string; value: unknown }

/**
 * Refuses an app that has a package that the feature brings from a folder, a repository or another name, or patched: a
 * version that is there is kept, and what checks a code would be somebody else's. Whatever is no version is refused:
 * package managers take `.x`, `x.tgz` and more for files.
 * @throws CliError name_taken
 */
export function assertFromRegistry(files: HostFiles, packages: string[]): void {
  const roots = [...new Set([".", files.workspace ?? "."])]
  const manifests = roots.map((dir) => (dir === "." ? "package.json" : `${dir}/package.json`))
  const entries = [...manifests.flatMap((file) => entriesAt(file, fields, fieldsOf(files, file))), ...yamlEntriesOf(files)]
  const catalogs = entries.filter(({ field }) => /(^|\.)catalogs?(\.|$)/.test(field))
  for (const entry of entries) {
    const name = packages.find((each) => isOf(entry.key, each))
    if (name === undefined) continue
    const isPatch = /(^|\.)patchedDependencies$/.test(entry.field)
    if (isPatch || !isVersion(name, entry.value, { catalogs, entries })) throw elsewhere(name, entry)
  }
}

function elsewhere(name: string, { file, field, value }: Entry): CliError {
  return new CliError("name_taken", `${file} has "${name}" from somewhere else: ${JSON.stringify(value)} in ${field}.`, {
    file,
    suggestion: `Nothing was changed. MFA checks codes with "${name}": take that entry out, then run this again.`,
  })
}

const entriesAt = (file: string, fields: string[][], data: unknown): Entry[] =>
  fields.flatMap((path) => entriesIn(file, path.join("."), at(data, path)))

/** Those within another one, too: npm's overrides for what a package of the workspace gets, and the catalogues by their names. */
function entriesIn(file: string, field: string, value: unknown): Entry[] {
  if (typeof value !== "object" || value === null) return []
  const isNamed = /(^|\.)catalogs$/.test(field)
  return Object.entries(value).flatMap(([key, inner]) => [
    { file, field, key, value: inner },
    ...entriesIn(file, isNamed ? `${field}.${key}` : field, inner),
  ])
}

/** @throws CliError name_taken for a file that cannot be read: it might have any of them */
function yamlEntriesOf(files: HostFiles): Entry[] {
  return yamlFilesOf(files).flatMap(({ path, yaml }) => {
    if (yaml.ok) return entriesAt(path, yamlFields, yaml.data)
    throw new CliError("name_taken", `${path} may have a package of MFA from somewhere else: line ${yaml.line} cannot be read.`, {
      file: path,
      line: yaml.line,
      suggestion: "Nothing was changed. Write it as one `name: version` on each line, then run this again.",
    })
  })
}

/** `otpauth`, `otpauth@9` and `app>otpauth` of npm and pnpm, `**\/otpauth` and `app/otpauth` of yarn, `otpauth>x` below it. */
const isOf = (key: string, name: string): boolean => {
  // As pnpm does it: the `>` of `otpauth@>=9` parts nothing.
  const at = key.search(/[^ |@]>/)
  const parts = at === -1 ? [key] : [key.slice(0, at + 1), key.slice(at + 2)]
  const names = parts
    .flatMap((part) => part.split("**/"))
    .flatMap((part) => [part, ...(part.match(/(?:@[^/@]+\/)?[^/@]+(?:@[^/]*)?/g) ?? [])])
  return names.some((each) => each.trim() === name || each.trim().startsWith(`${name}@`))
}

/** Characters. To parse a range takes longer than its length says. */
const longestRange = 200

/** A range, a tag, or an entry of a catalogue that is one; `npm:` where it names the package itself. */
function isVersion(name: string, value: unknown, known: { catalogs: Entry[]; entries: Entry[] }, depth = 0): boolean {
  // npm's overrides of what a package needs itself, beside those of the package.
  if (typeof value === "object" && value !== null)
    return depth < 20 && Object.entries(value).every(([key, inner]) => isVersion(key === "." ? name : key, inner, known, depth + 1))
  if (typeof value !== "string" || value.length > longestRange) return false
  const range = value.startsWith(`npm:${name}@`) ? value.slice(`npm:${name}@`.length) : value
  // npm: what the app itself has of that name, which has to be there.
  if (range.startsWith("$")) {
    const direct = known.entries.filter(({ field, key }) => dependencyFields.includes(field) && key === range.slice(1))
    return direct.length > 0 && direct.every((entry) => typeof entry.value === "string" && isRange(entry.value))
  }
  const [, catalog] = /^catalog:([\w-]*)$/.exec(range) ?? []
  if (catalog === undefined) return isRange(range)
  const fitting = known.catalogs.filter(({ field, key }) => key === name && isCatalog(field, catalog || "default"))
  return fitting.length > 0 && fitting.every((entry) => typeof entry.value === "string" && isRange(entry.value))
}

const isCatalog = (field: string, name: string): boolean =>
  field.endsWith(`catalogs.${name}`) || (name === "default" && field.endsWith("catalog"))

/** Tags have no dot here, so that none ends like an archive's name. */
const isRange = (value: string): boolean => value.length <= longestRange && (validRange(value) !== null || /^[a-z][\w-]*$/i.test(value))

/**
 * Refuses an app in which a package that the feature brings is a file of the app's own, by an alias or by a package of
 * the workspace: what checks a code would be somebody else's.
 * @throws CliError name_taken
 */
export function assertNotAliased(modules: Modules, packages: string[]): void {
  for (const name of packages) {
    // From the app's root: an import by name means the same everywhere.
    const inWorkspace = modules.packages.folderNamed(name)
    const found = modules.aliasLeadsTo(name) ?? (inWorkspace === null ? null : `${inWorkspace}/package.json`)
    if (found === null) continue
    throw new CliError("name_taken", `"${name}" is a package that is added, and here the name leads to ${found}.`, {
      file: found,
      suggestion: "Nothing was changed. Take the alias out of tsconfig.json, or rename the package, then run this again.",
    })
  }
}
