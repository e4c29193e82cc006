/** turbo hands on only the variables that turbo.json names, and takes a build for the same where others have changed. */
import { parse } from "jsonc-parser"
import picomatch from "picomatch"
import { at } from "./catalogs"
import type { HostFiles } from "./files"
import { tooMuch } from "./json"

/** Where tasks are, by turbo's version. */
const taskFields = ["tasks", "pipeline"]
const fields = ["env", "passThroughEnv"]

/**
 * The turbo.json that should name variables of the app's and does not: its package's own counts, and the workspace's.
 * @returns its path, and which it does not name; null where there is no turbo.json, or nothing is missing
 */
export function undeclaredInTurbo(files: HostFiles, names: string[]): { file: string; names: string[] } | null {
  const dirs = [".", ...(files.workspace === null ? [] : [files.workspace])]
  const paths = dirs.flatMap(
    (dir) => files.first(["turbo.json", "turbo.jsonc"].map((name) => (dir === "." ? name : `${dir}/${name}`))) ?? [],
  )
  const file = paths.at(-1)
  if (file === undefined) return null
  const patterns = paths.flatMap((path) => declared(files.read(path) ?? ""))
  const missing = names.filter((name) => !patterns.some((pattern) => pattern === name || isMatch(pattern, name)))
  return missing.length === 0 ? null : { file, names: missing }
}

function declared(text: string): string[] {
  const data: unknown = tooMuch(text) === "" ? parse(text.replace(/^\uFEFF/, ""), [], { allowTrailingComma: true }) : null
  const tasks = taskFields.flatMap((field) => Object.values(Object(at(data, [field])) as object))
  // Of turbo 1, `dependsOn: ["$NAME"]` names one.
  const older = [at(data, ["globalDependencies"]), ...tasks.map((task) => at(task, ["dependsOn"]))]
  const lists = [
    ...["globalEnv", "globalPassThroughEnv"].map((field) => at(data, [field])),
    ...tasks.flatMap((task) => fields.map((field) => at(task, [field]))),
  ]
  const texts = (values: unknown[]) =>
    values
      .filter((value) => Array.isArray(value))
      .flat()
      .filter((value) => typeof value === "string")
  return [...texts(lists), ...texts(older).flatMap((value) => (value.startsWith("$") ? value.slice(1) : []))]
}

/** `MFA_*`: only a star is a sign there. */
const isMatch = (pattern: string, name: string): boolean =>
  /^[\w*]{1,100}$/.test(pattern) && pattern.split("*").length <= 3 && picomatch(pattern)(name)
