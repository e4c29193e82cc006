import { intersects, major, minVersion, satisfies, valid, validRange } from "semver"
import { CliError } from "../errors"
import type { HostFiles } from "./files"
import type { PackageManager, Warning } from "./types"
import { dependencyRange, meantRange, readPackageJson, versionOf } from "./workspace"

type Dependency = { name: string; range: string; dev: boolean }

/** Characters. To compare two ranges takes as long as both together, squared. */
const longestRange = 200

/**
 * Looks at dependencies of ours that the app has already: its own range is kept, and is to be one that our code is
 * written for. Of a later version, or an older one of the same major, it is only said, and so it is of types.
 * @throws CliError dependency_range_conflict: it is of an older major, with which what is added would not run
 */
export function assertRanges(files: HostFiles, dependencies: Dependency[], manager: PackageManager): Warning[] {
  const { data, text } = readPackageJson(files)
  return dependencies.flatMap(({ name, range, dev }): Warning[] => {
    const stated = dependencyRange(data, name)
    if (stated === null) return []
    const meant = meantRange(files, name, stated)
    if (meant.length > longestRange) return []
    const { version, guessed, evidence } = versionOf(files, name, stated, text)
    const isRange = validRange(meant) !== null
    // A version that is written short, `9.5`, is a range as well.
    const isFitting = valid(version) === null || guessed ? !isRange || intersects(meant, range) : satisfies(version, range)
    if (isFitting) return []
    const [file = "package.json", line] = evidence.split(":")
    const place = { file, ...(line && { line: Number(line) }) }
    const has = `This app has ${name} ${guessed || version === meant ? stated : `${stated}, which is ${version} here`}; what MFA adds is written for ${range}`
    const command = `${addCommand[manager]}${dev ? ` ${devFlag[manager]}` : ""} "${name}@${range}"`
    const lowest = valid(version) ?? minVersion(meant)
    const written = minVersion(range)
    // Only an older major is known to lack what is used.
    if (dev || (lowest !== null && written !== null && major(lowest) >= major(written)))
      return [{ code: "dependency_range_conflict", message: `${has}. See that the app still compiles, or change it: ${command}`, ...place }]
    throw new CliError("dependency_range_conflict", `${has}.`, {
      ...place,
      suggestion: `Nothing was changed. Raise it, and look at your own code that uses it: ${command}\nThen run this again.`,
    })
  })
}

const addCommand: Record<PackageManager, string> = { npm: "npm install", pnpm: "pnpm add", yarn: "yarn add", bun: "bun add" }
const devFlag: Record<PackageManager, string> = { npm: "--save-dev", pnpm: "--save-dev", yarn: "--dev", bun: "--dev" }
