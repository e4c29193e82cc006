/** What somebody may have put into a repository or a feature folder. */
import { createHash } from "node:crypto"
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import tmp from "tmp"
import { expect } from "vitest"
import { chimerai, makeHost, snapshot, type Tree } from "./host"
import { root } from "./paths"

export const sha = (text: string): string => createHash("sha256").update(text).digest("hex")

export function put(dir: string, path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}

/** A copy of the built-in feature with `change` made to its feature.json. @returns its folder */
export function featureWith(change: (feature: any) => void): string {
  const dir = join(tmp.dirSync({ unsafeCleanup: true }).name, "mfa")
  cpSync(join(root, "templates/mfa"), dir, { recursive: true })
  const path = join(dir, "feature.json")
  const feature = JSON.parse(readFileSync(path, "utf8"))
  change(feature)
  writeFileSync(path, JSON.stringify(feature))
  return dir
}

/** A manifest of this version with one feature in it, as somebody might commit it. */
export function manifestWith(installed: object, features?: string): string {
  const version = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version
  const whole = { version, answers: {}, created: [], edited: [], env: [], dependencies: [], folders: [], ...installed }
  return features ?? JSON.stringify({ schema: 2, features: { mfa: whole } })
}

/** Each command refuses with the code, and not a byte of the app is another. */
export function refused(tree: Tree, commands: string[][], code: string): void {
  const dir = makeHost(tree)
  const before = snapshot(dir)
  for (const [command = "", ...flags] of commands) {
    const run = chimerai([...(command === "status" ? ["status"] : [command, "mfa"]), dir, "--json", ...flags])
    expect([command, run.json.error?.code, run.code], run.stdout + run.stderr).toEqual([command, code, expect.any(Number)])
    expect(run.stderr).not.toContain("in chimerai itself")
  }
  expect(snapshot(dir)).toEqual(before)
}
