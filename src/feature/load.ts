import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readFileSync, realpathSync } from "node:fs"
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { CliError } from "../errors"
import { featureSchema, type LoadedFeature } from "./types"

/** The templates of this package: beside `dist/` when installed, beside `src/` in its own tests. */
function templatesDir(): string {
  let dir = fileURLToPath(new URL(".", import.meta.url))
  while (!existsSync(join(dir, "templates"))) dir = join(dir, "..")
  return join(dir, "templates")
}

export function featureNames(): string[] {
  const dir = templatesDir()
  return readdirSync(dir).filter((name) => existsSync(join(dir, name, "feature.json")))
}

/**
 * @param own `--templates`: a feature folder instead of the built-in one
 * @throws CliError unknown_feature, feature_invalid
 */
export function loadFeature(name: string, own?: string): LoadedFeature {
  const names = featureNames()
  if (own !== undefined && !existsSync(join(own, "feature.json")))
    throw new CliError("invalid_option", `--templates ${own}: there is no feature.json in it.`)
  if (own === undefined && !names.includes(name))
    throw new CliError("unknown_feature", `There is no feature "${name}".`, {
      suggestion: `Known features: ${names.join(", ")}. See: npx chimerai list`,
    })
  const dir = own ?? join(templatesDir(), name)
  const parsed = featureSchema.safeParse(parsedJson(readOwn(dir, "feature.json", name), name))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new CliError("feature_invalid", `feature.json of ${name}: ${issue?.path.join(".")}: ${issue?.message}`)
  }
  return { ...parsed.data, dir, isBuiltIn: names.includes(parsed.data.name) }
}

function parsedJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CliError("feature_invalid", `feature.json of ${name} is not valid JSON: ${(error as Error).message}`)
  }
}

/** @throws CliError feature_invalid */
export const readTemplate = (feature: LoadedFeature, path: string): string => readOwn(feature.dir, path, feature.name)

/** Bytes. The largest file of a feature that is written by hand has a hundredth of it. */
const largestFile = 1_000_000

/**
 * A file of a feature: a regular one that really is in its folder. A link would bring a file of its user's into the app,
 * and a pipe would never end.
 * @throws CliError feature_invalid
 */
function readOwn(dir: string, path: string, name: string): string {
  const refuse = (why: string) => new CliError("feature_invalid", `The feature ${name} cannot be read: ${path} ${why}.`)
  const full = join(dir, path)
  if (!existsSync(full)) throw refuse("is not there")
  if (!realpathSync(full).startsWith(realpathSync(dir) + sep)) throw refuse("leads out of its folder")
  // Windows knows no such flag: there is nothing that would have to be waited for.
  const file = openSync(full, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw refuse("is not a file")
    if (found.size > largestFile) throw refuse("is too large")
    return readFileSync(file, "utf8")
  } finally {
    closeSync(file)
  }
}
