/**
 * What chimerai keeps in the host, under `.chimerai/`: the manifest (what was installed, committed by the user), the
 * text of each file as it was left, and, only while a run is under way, the journal.
 */
import { createHash, randomBytes } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Insertion } from "../edit/splice"
import { CliError } from "../errors"

export const storeDir = ".chimerai"
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
export type Answers = { auth?: string; schema?: string; userModel?: string; prismaClient?: string }
export type InstalledEdit = { path: string; hash: string; insertions: Insertion[] }
/** A file as an earlier run left it, with what it had inserted; nothing where the whole file is ours. */
export type Left = { text: string; insertions: Insertion[] }
/** An env file's insertions without their text, which holds a secret. */
export type InstalledEnv = {
  path: string
  created: boolean
  hash: string
  names: string[]
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
export const emptyManifest = (): Manifest => ({ schema: manifestSchema, features: {} })

/** @throws CliError manifest_invalid, manifest_newer */
export function readManifest(root: string): Manifest | null {
  const path = join(root, manifestPath)
  if (!existsSync(path)) return null
  const text = readFileSync(path, "utf8")
  let manifest: Manifest
  try {
    manifest = JSON.parse(text) as Manifest
  } catch (error) {
    throw new CliError("manifest_invalid", `${manifestPath} is not valid JSON: ${(error as Error).message}.`, {
      file: manifestPath,
      suggestion: "Nothing was changed. Restore it from your repository: git checkout -- .chimerai",
    })
  }
  if (manifest.schema > manifestSchema)
    throw new CliError("manifest_newer", "MFA was installed here by a newer chimerai than this one.", {
      file: manifestPath,
      suggestion: "Nothing was changed. Use that version or a later one: npx chimerai@latest",
    })
  // The first layout knew no answers, and noted no names of dependencies.
  const features = Object.entries(manifest.features ?? {}).map(([name, installed]) => [
    name,
    { ...installed, answers: installed.answers ?? {}, dependencies: installed.dependencies ?? [] },
  ])
  return { schema: manifestSchema, features: Object.fromEntries(features) }
}

export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`

/** The text of a file as an earlier run left it; null when it did not write that file. */
export function leftText(root: string, path: string): string | null {
  const full = join(root, basePath(path))
  return existsSync(full) ? readFileSync(full, "utf8") : null
}

/** `base64:32`: so many random bytes. */
export function generateSecret(kind: string): string {
  return randomBytes(Number(kind.split(":")[1])).toString("base64")
}
