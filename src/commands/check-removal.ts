/** What an app is without a feature: looked at before a byte of it is taken out, and once more when it is. */
import { posix } from "node:path"
import { HostFiles } from "../host/files"
import { Modules } from "../host/modules"
import { schemaFiles } from "../host/schema-files"
import { type ImportPlace, importsOf } from "../host/sources"
import { schemaErrors } from "./check-result"

/** Texts by path that stand for what is on disk; null where a file goes. */
type Written = ReadonlyMap<string, string | null>

const isCode = (path: string): boolean => /\.[cm]?[jt]sx?$/.test(path)

/**
 * What is broken of `paths` that was sound before: a file that does not parse, a schema that Prisma does not accept.
 * To be made before anything is written. @returns what looks; empty where all is well
 */
export async function brokenAfter(dir: string, paths: string[]): Promise<(written?: Written) => Promise<string>> {
  const { parseModule } = await import("../edit/typescript/reading")
  const folders = [...new Set(paths.filter((path) => path.endsWith(".prisma")).map((path) => posix.dirname(path)))]
  const tops = folders.filter((folder) => !folders.some((other) => folder.startsWith(`${other}/`)))
  const complaints = (files: HostFiles): Map<string, string> => {
    const found = new Map(tops.map((folder) => [folder, schemaErrors(files, schemaFiles(files, folder, 3))]))
    for (const path of paths.filter(isCode)) {
      const parsed = files.exists(path) ? parseModule(path, files.glance(path)) : null
      found.set(path, parsed && !parsed.ok ? `${parsed.message} (${path})` : "")
    }
    return found
  }
  const before = complaints(new HostFiles(dir))
  return async (written) => {
    const after = [...complaints(new HostFiles(dir, written))]
    return after.find(([path, complaint]) => complaint !== "" && before.get(path) === "")?.[1] ?? ""
  }
}

/** Where the app's own code imports a file that goes. */
export async function stillImported(dir: string, written: Written): Promise<ImportPlace[]> {
  const files = new HostFiles(dir)
  const modules = await Modules.of(files)
  const going = new Set([...written].flatMap(([path, text]) => (text === null && isCode(path) ? [path] : [])))
  return importsOf(new HostFiles(dir, written), going, (from, specifier) => modules.resolve(from, specifier))
}
