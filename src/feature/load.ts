import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
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
  const parsed = featureSchema.safeParse(JSON.parse(readFileSync(join(dir, "feature.json"), "utf8")))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new CliError("feature_invalid", `feature.json of ${name}: ${issue?.path.join(".")}: ${issue?.message}`)
  }
  return { ...parsed.data, dir }
}

export function readTemplate(feature: LoadedFeature, path: string): string {
  const full = join(feature.dir, path)
  if (!existsSync(full))
    throw new CliError("feature_invalid", `feature.json of ${feature.name} names a template that is not there: ${path}`)
  return readFileSync(full, "utf8")
}
