/**
 * What chimerai keeps in the host, under `.chimerai/`: the manifest (what was installed, committed by the user), the
 * text of each file as it was left, and, only while a run is under way, the journal.
 */
import { createHash, randomBytes } from "node:crypto"
import { dirname } from "node:path"
import { readText } from "../disk/look"
import { placeOf, storeDir } from "../disk/place"
import type { Insertion } from "../edit/splice"
import { CliError } from "../errors"
import type { PackageManager } from "../host/types"
import { longestManifest, readFeatures } from "./manifest-schema"

export { storeDir } from "../disk/place"
export const manifestPath = `${storeDir}/manifest.json`
export const journalPath = `${storeDir}/journal.json`
export const ignorePath = `${storeDir}/.gitignore`
export const ignoreText = "journal.json\n"
/** Files of other packages of the workspace, `../db/x`, are kept under `_up/db/x`. */
export const basePath = (path: string): string => `${storeDir}/base/${path.replaceAll("../", "_up/")}.txt`

/** The folders that the bases of `paths` are in, and the store's own. */
export function storeFolders(paths: string[]): string[] {
  const folders = new Set<string>([storeDir])
  for (const path of paths) for (let dir = dirname(basePath(path)); dir !== storeDir; dir = dirname(dir)) folders.add(dir)
  return [...folders]
}

/** What was said to overrule detection: the next run has to look at the host with the same eyes. */
export type Answers = {
  auth?: string
  schema?: string
  userModel?: string
  userEmail?: string
  prismaClient?: string
  pm?: PackageManager
}
export type InstalledEdit = { path: string; hash: string; insertions: Insertion[] }
/** A file as an earlier run left it, with what it had inserted; nothing where the whole file is ours. */
export type Left = { text: string; insertions: Insertion[] }
/**
 * An env file's insertions without their text, which holds a secret.
 * @property filled names that stood there without a value before
 */
export type InstalledEnv = {
  path: string
  created: boolean
  hash: string
  names: string[]
  filled?: string[] | undefined
  secret: boolean
  ranges: { at: number; length: number }[]
}
export type InstalledFeature = {
  version: string
  answers: Answers
  created: { path: string; hash: string }[]
  edited: InstalledEdit[]
  env: InstalledEnv[]
  dependencies: string[]
  /** Folders that came into being, outermost first. */
  folders: string[]
}
export type Manifest = { schema: number; features: Record<string, InstalledFeature> }
/** The layout of the manifest. An older one is read as what it meant; a newer one is somebody else's to read. */
const manifestSchema = 2

export const hashOf = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex")
export const emptyManifest = (): Manifest => ({ schema: manifestSchema, features: Object.create(null) })

/**
 * The text of a file of chimerai's own; null where there is none.
 * @throws CliError link_unsafe, special_file, file_too_large
 */
export const readStored = (root: string, path: string): string | null => readText(placeOf(root, root, path).target, path)

/** @throws CliError manifest_invalid, manifest_newer; as `readStored` */
export function readManifest(root: string): Manifest | null {
  const text = readStored(root, manifestPath)
  if (text === null) return null
  const unreadable = (why: string) =>
    new CliError("manifest_invalid", `${manifestPath} ${why}.`, {
      file: manifestPath,
      suggestion: "Nothing was changed. Restore it from your repository: git checkout -- .chimerai",
    })
  let manifest: { schema?: unknown; features?: unknown } | null
  try {
    manifest = JSON.parse(text.length > longestManifest ? "null" : text)
  } catch (error) {
    throw unreadable(`is not valid JSON: ${(error as Error).message}`)
  }
  const { schema, features = {} } = manifest ?? {}
  if (typeof schema !== "number") throw unreadable("is not one of chimerai's")
  if (schema > manifestSchema)
    throw new CliError("manifest_newer", "MFA was installed here by a newer chimerai than this one.", {
      file: manifestPath,
      suggestion: "Nothing was changed. Use that version or a later one: npx chimerai@latest",
    })
  const read = readFeatures(features)
  if (!read.ok) throw unreadable(`says something that no chimerai has written, at ${read.at}`)
  return { schema: manifestSchema, features: read.features }
}

export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`

/** The text of a file as an earlier run left it; null when it did not write that file. */
export const leftText = (root: string, path: string): string | null => readStored(root, basePath(path))

/** `base64:32`: so many random bytes. */
export function generateSecret(kind: string): string {
  return randomBytes(Number(kind.split(":")[1])).toString("base64")
}
