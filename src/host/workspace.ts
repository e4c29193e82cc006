import { dirname, join } from "node:path"
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser"
import { lineAt } from "../edit/splice"
import { CliError } from "../errors"
import { evidenceOf, type HostFiles } from "./files"
import type { PackageManager } from "./types"

export type PackageJson = {
  name?: string
  packageManager?: string
  workspaces?: unknown
  prisma?: { schema?: string }
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  scripts?: Record<string, string>
}

/** @throws CliError package_json_missing, package_json_invalid */
export function readPackageJson(files: HostFiles): { data: PackageJson; text: string } {
  const text = files.read("package.json")
  if (text === null)
    throw new CliError("package_json_missing", "There is no package.json here.", {
      suggestion: "Run this in the folder of your Next.js app, or pass it: npx chimerai add mfa <dir>",
    })
  const errors: ParseError[] = []
  const data: unknown = parse(text.replace(/^\uFEFF/, ""), errors)
  const [error] = errors
  if (error)
    throw new CliError("package_json_invalid", `package.json is not valid JSON (${printParseErrorCode(error.error)}).`, {
      file: "package.json",
      line: lineAt(text, error.offset),
      suggestion: "Mend the file, then run this again.",
    })
  if (!data || typeof data !== "object" || Array.isArray(data))
    throw new CliError("package_json_invalid", "package.json is not a JSON object.", { file: "package.json" })
  return { data: data as PackageJson, text }
}

export function dependencyRange({ dependencies, devDependencies }: PackageJson, name: string): string | null {
  return dependencies?.[name] ?? devDependencies?.[name] ?? null
}

const lockfiles: [string, PackageManager][] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["yarn.lock", "yarn"],
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
]

/** By the `packageManager` field, then the nearest lockfile, up to the repository's root; npm where there is neither. */
export function detectPackageManager(files: HostFiles): { name: PackageManager; evidence: string } {
  for (const dir of files.ancestors()) {
    const manifest = files.readAbove(join(dir, "package.json"))
    const field = manifest && /"packageManager"\s*:\s*"(npm|pnpm|yarn|bun)@/.exec(manifest)?.[1]
    if (manifest && field)
      return {
        name: field as PackageManager,
        evidence: evidenceOf(files.relative(join(dir, "package.json")), manifest, '"packageManager"'),
      }
    const found = lockfiles.find(([file]) => files.exists(files.relative(join(dir, file))))
    if (found) return { name: found[1], evidence: files.relative(join(dir, found[0])) }
  }
  return { name: "npm", evidence: "no lockfile" }
}

/** The version a package has in the app: what is installed, or the lowest one its range allows. */
export function installedVersion(files: HostFiles, name: string): string | null {
  let dir = files.root
  for (;;) {
    const manifest = files.readAbove(join(dir, "node_modules", name, "package.json"))
    if (manifest) return /"version"\s*:\s*"([^"]+)"/.exec(manifest)?.[1] ?? null
    if (dirname(dir) === dir) return null
    dir = dirname(dir)
  }
}
