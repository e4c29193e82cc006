import { CliError } from "../errors"
import type { Modules } from "./modules"

/** Where package.json says what a package is, for the package managers that people use. */
const fields = [
  ["dependencies"],
  ["devDependencies"],
  ["optionalDependencies"],
  ["peerDependencies"],
  ["overrides"],
  ["resolutions"],
  ["pnpm", "overrides"],
]

/**
 * Refuses an app whose package.json has a package that the feature brings from a folder, a repository or another name: a
 * version that is there is kept, and what checks a code would be somebody else's.
 * @param manifest what package.json says
 * @throws CliError name_taken
 */
export function assertFromRegistry(manifest: unknown, packages: string[]): void {
  for (const path of fields) {
    const entries = path.reduce<unknown>((value, name) => Object(value)[name], manifest)
    for (const [key, value] of Object.entries(Object(entries) as Record<string, unknown>)) {
      const name = packages.find((each) => isOf(key, each))
      if (name === undefined || isVersion(name, value)) continue
      throw new CliError("name_taken", `package.json has "${name}" from somewhere else: ${JSON.stringify(value)} in ${path.join(".")}.`, {
        file: "package.json",
        suggestion: `Nothing was changed. MFA checks codes with "${name}": take that entry out, then run this again.`,
      })
    }
  }
}

/** `otpauth`, `otpauth@9` and `app>otpauth` of npm and pnpm, and `**\/otpauth` of yarn. */
const isOf = (key: string, name: string): boolean => {
  const last = key.split(/[>]|\*\*\//).at(-1) ?? ""
  // `@acme/qrcode` is another one; `app/qrcode` is the one that `app` gets.
  const [, own = last] = /^(?:@[^/]+\/)?[^@/]+\/(.+)$/.exec(last) ?? []
  return [last, own].some((each) => each === name || each.startsWith(`${name}@`))
}

/** A range, a tag, or an entry of pnpm's catalogue; `npm:` where it names the package itself. */
function isVersion(name: string, value: unknown): boolean {
  // npm's overrides of what a package needs itself, beside those of the package.
  if (typeof value === "object" && value !== null) return !("." in value) || isVersion(name, value["."])
  if (typeof value !== "string") return false
  const range = value.startsWith(`npm:${name}@`) ? value.slice(`npm:${name}@`.length) : value
  return /^catalog:[\w-]*$/.test(range) || !/[:/\\]/.test(range)
}

/**
 * Refuses an app in which a package that the feature brings is a file of the app's own, by an alias or by a package of
 * the workspace: what checks a code would be somebody else's.
 * @throws CliError name_taken
 */
export function assertNotAliased(modules: Modules, packages: string[]): void {
  for (const name of packages) {
    // From the app's root: an import by name means the same everywhere.
    const file = modules.resolve("package.json", name)
    if (file === null || file.split("/").includes("node_modules")) continue
    throw new CliError("name_taken", `"${name}" is a package that is added, and here the name leads to ${file}.`, {
      file,
      suggestion: "Nothing was changed. Take the alias out of tsconfig.json, or rename the package, then run this again.",
    })
  }
}
