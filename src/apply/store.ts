/**
 * What chimerai keeps in the host, under `.chimerai/`: the manifest (what was installed, committed by the user), the
 * rendered text of created files, and, only while a run is under way, the journal.
 */
import { createHash, randomBytes } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Insertion } from "../edit/splice"

export const storeDir = ".chimerai"
export const manifestPath = `${storeDir}/manifest.json`
export const journalPath = `${storeDir}/journal.json`
export const ignorePath = `${storeDir}/.gitignore`
/** Files of other packages of the workspace, `../db/x`, are kept under `_up/db/x`. */
export const basePath = (path: string): string => `${storeDir}/base/${path.replaceAll("../", "_up/")}.txt`

export type InstalledEdit = { path: string; hash: string; insertions: Insertion[] }
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
  created: { path: string; hash: string }[]
  edited: InstalledEdit[]
  env: InstalledEnv[]
  /** Folders that came into being, outermost first. */
  folders: string[]
}
export type Manifest = { schema: 1; features: Record<string, InstalledFeature> }

export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex")

export function readManifest(root: string): Manifest | null {
  const path = join(root, manifestPath)
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Manifest) : null
}

export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`

/** The text of a file as an earlier run rendered it; null when that file is not ours. */
export function renderedText(root: string, path: string): string | null {
  const full = join(root, basePath(path))
  return existsSync(full) ? readFileSync(full, "utf8") : null
}

/** `base64:32`: so many random bytes. */
export function generateSecret(kind: string): string {
  return randomBytes(Number(kind.split(":")[1])).toString("base64")
}
