import { posix } from "node:path"
import type { HostFiles } from "./files"
import type { PrismaFacts } from "./types"

/** Whether a migration makes one of `models`' tables, as far as files tell; null where the app keeps none. */
export function isMigrated(files: HostFiles, { schema }: PrismaFacts, models: string[]): boolean | null {
  const dir = [`${posix.dirname(schema)}/migrations`, `${schema}/migrations`]
    .map((path) => posix.normalize(path))
    .find((path) => files.isDirectory(path))
  if (dir === undefined) return null
  return files
    .list(dir)
    .filter((entry) => entry.isDirectory())
    .some(({ name }) => {
      const sql = files.read(`${dir}/${name}/migration.sql`) ?? ""
      return models.some((model) => new RegExp(`CREATE TABLE[^\\n]{0,200}\\b${model}\\b`, "i").test(sql))
    })
}
