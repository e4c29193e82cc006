/** Reads the fields of package.json, and of pnpm's and yarn's YAML files, that say where packages come from. */
import { join } from "node:path"
import type { HostFiles } from "./files"
import { parseManifest, tooMuch } from "./json"
import { readYaml, type Yaml } from "./yaml"

/** What a package.json says; of two entries of a name the last one counts, as to package managers. */
export function fieldsOf(files: HostFiles, file: string): unknown {
  const text = files.read(file) ?? "{}"
  try {
    return tooMuch(text) === "" ? JSON.parse(text.replace(/^\uFEFF/, "")) : {}
  } catch {
    return parseManifest(text)
  }
}

/** The value at the end of some names; undefined where there is none. */
export const at = (data: unknown, path: string[]): unknown => path.reduce<unknown>((inner, name) => Object(inner)[name], data)

/** pnpm's and yarn's own files: both are looked for upwards. */
const yamlFiles = ["pnpm-workspace.yaml", ".yarnrc.yml"]

type YamlFile = { path: string; yaml: Yaml }
const known = new WeakMap<HostFiles, YamlFile[]>()

/** Those of every folder up to the repository's, the nearest first. Each is read once. */
export function yamlFilesOf(files: HostFiles): YamlFile[] {
  const found =
    known.get(files) ??
    files.ancestors().flatMap((dir) =>
      yamlFiles.flatMap((name) => {
        const text = files.readAbove(join(dir, name))
        return text === null ? [] : [{ path: files.relative(join(dir, name)), yaml: readYaml(text) }]
      }),
    )
  known.set(files, found)
  return found
}

/**
 * The range that `catalog:` or `catalog:name` stands for: in pnpm-workspace.yaml, in .yarnrc.yml, or in the package.json
 * of the workspace's root, where bun has it.
 * @returns null where no catalogue has the package
 */
export function rangeInCatalog(files: HostFiles, name: string, range: string): string | null {
  const catalog = range.replace(/^catalog:/, "").trim() || "default"
  const manifest = fieldsOf(files, files.workspace === null ? "package.json" : `${files.workspace}/package.json`)
  const tables = [...yamlFilesOf(files).map(({ yaml }) => (yaml.ok ? yaml.data : null)), manifest, at(manifest, ["workspaces"])]
  for (const table of tables) {
    const places = [["catalogs", catalog, name], ...(catalog === "default" ? [["catalog", name]] : [])]
    const found = places.map((place) => at(table, place)).find((value) => typeof value === "string")
    if (found !== undefined) return found as string
  }
  return null
}
