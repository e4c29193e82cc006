/** Where the app's Prisma schema is: one file, or a folder of them. */
import { posix } from "node:path"
import { lineAt } from "../edit/splice"
import { CliError } from "../errors"
import { quotedOr } from "../shell"
import type { HostFiles } from "./files"
import { parseManifest, scriptsOf } from "./json"
import type { Modules } from "./modules"

type FoundSchema = { schema: string; home: string; paths: string[]; evidence: Record<string, string> }

/**
 * In the package that makes the client, then in the app, then at the root of the workspace: where one of them names it,
 * else where it usually is. A root names it for all of its packages.
 */
export function findSchema(files: HostFiles, modules: Modules, clientFile: string, override?: string): FoundSchema {
  const owner = clientFile.startsWith("../") ? modules.packages.ownerOf(clientFile) : null
  const homes = [...new Set([owner ?? ".", ".", files.workspace ?? "."])]
  const isOwners = ({ schema }: FoundSchema) => owner === null || schema.startsWith(`${owner}/`)
  for (const home of override || homes.length === 1 ? [] : homes) {
    const stated = schemaIn(files, modules, home, { isStated: true })
    if (stated && isOwners(stated)) return stated
  }
  for (const home of override ? ["."] : homes) {
    const found = schemaIn(files, modules, home, { override, clientDir: home === "." ? posix.dirname(clientFile) : undefined })
    if (found) return found
  }
  const elsewhere = override ? [] : modules.packages.dirs.map((dir) => schemaIn(files, modules, dir)).filter((found) => found !== null)
  const [only, ...others] = elsewhere
  if (only && others.length === 0) return only
  if (only)
    throw new CliError("prisma_schema_missing", `Several packages have a schema: ${elsewhere.map(({ schema }) => schema).join(", ")}.`, {
      suggestion: `Name the one of your users: npx chimerai add mfa --schema ${quotedOr(only.schema, "path/to/schema.prisma")}`,
    })
  throw new CliError("prisma_schema_missing", override ? `There is no schema at ${override}.` : "No schema.prisma was found.", {
    suggestion: "Name it: npx chimerai add mfa --schema path/to/schema.prisma",
  })
}

const usualSchemas = [
  "prisma/schema.prisma",
  "prisma/schema",
  "schema.prisma",
  "src/prisma/schema.prisma",
  "db/schema.prisma",
  "src/db/schema.prisma",
]

/** What a script of the package tells Prisma. */
function schemaOfScripts(scripts: string[]): string | null {
  for (const script of scripts.flatMap((text) => text.split("\n"))) {
    const prisma = script.search(/\bprisma\b/)
    const stated = prisma === -1 ? null : /--schema[= ]["']?([^\s"']+)/.exec(script.slice(prisma))
    if (stated?.[1]) return stated[1]
  }
  return null
}

const extensions = ["ts", "mts", "cts", "js", "mjs", "cjs"]
/** The files that Prisma looks for, in its order. */
const configFiles = ["prisma.config", ".config/prisma"].flatMap((name) => extensions.map((extension) => `${name}.${extension}`))

/** What a config says of the schema: where it is, as written. The config is code and is not run. */
type StatedSchema = { config: string; path: string; line: number }

/**
 * @returns null where there is no config, or none that names a schema
 * @throws CliError prisma_schema_unknown: it gives one that only running it would tell. What lies at a usual place then
 * may be what the app had before
 */
function schemaOfConfig(files: HostFiles, modules: Modules, at: (path: string) => string): StatedSchema | null {
  const config = files.first(configFiles.map(at))
  const text = config && files.read(config)
  if (!config || !text) return null
  const module = modules.tryParse(config)
  const stated = module && modules.locate.propertyOfConfig(module, "schema")
  if (module && !stated) return null
  const path = module && stated?.value ? modules.locate.writtenPath(module, stated.value) : null
  const line = lineAt(text, stated?.start ?? 0)
  if (path !== null) return { config, path, line }
  throw new CliError("prisma_schema_unknown", `Which schema ${config} names, only running it would tell.`, {
    file: config,
    line,
    suggestion: "Nothing was changed. Name the schema: npx chimerai add mfa --schema path/to/schema.prisma",
  })
}

const withoutSlash = (path: string): string => path.replace(/\/$/, "")

/** @property isStated only one that the package names counts */
type Search = { override?: string | undefined; clientDir?: string | undefined; isStated?: boolean }

/** @throws CliError prisma_schema_missing: the package names a schema that is not there; prisma_schema_unknown */
function schemaIn(files: HostFiles, modules: Modules, home: string, { override, clientDir, isStated }: Search = {}): FoundSchema | null {
  const at = (path: string) => posix.normalize(posix.join(home, path))
  const manifestText = files.read(at("package.json"))
  const manifest = parseManifest(manifestText ?? "")
  const fromConfig = override === undefined ? schemaOfConfig(files, modules, at) : null
  const fromScript = schemaOfScripts(scriptsOf(manifest))
  const stated = override ?? fromConfig?.path ?? manifest.prisma?.schema ?? fromScript ?? null
  if (stated === null && isStated) return null
  const candidates = stated
    ? // A config's paths begin at its own folder.
      [...(fromConfig ? [posix.normalize(posix.join(posix.dirname(fromConfig.config), stated))] : []), at(stated)].map(withoutSlash)
    : [
        ...usualSchemas.map(at),
        ...(clientDir === undefined ? [] : ["schema.prisma", "prisma/schema.prisma"].map((path) => posix.join(clientDir, path))),
      ]
  const schema = candidates.find((path) => files.exists(path))
  if (!schema) {
    if (!stated) return null
    throw new CliError("prisma_schema_missing", `There is no schema at ${at(stated)}.`, {
      suggestion: "Name it: npx chimerai add mfa --schema path/to/schema.prisma",
    })
  }
  const evidence = {
    "prisma.schema": override
      ? "--schema"
      : fromConfig
        ? `${fromConfig.config}:${fromConfig.line}`
        : (manifest.prisma?.schema ?? fromScript)
          ? at("package.json")
          : schema,
  }
  if (!files.isDirectory(schema)) return { schema, home, paths: [schema], evidence }
  const paths = schemaFiles(files, schema, 3)
  if (paths.length === 0) throw new CliError("prisma_schema_missing", `The folder ${schema} has no .prisma file.`, { file: schema })
  return { schema, home, paths, evidence }
}

/** The `.prisma` files below a folder, those of migrations left out. */
export function schemaFiles(files: HostFiles, dir: string, depth: number): string[] {
  return files.list(dir).flatMap((entry) => {
    if (entry.isDirectory())
      return depth > 0 && entry.name !== "migrations" && entry.name !== "node_modules"
        ? schemaFiles(files, `${dir}/${entry.name}`, depth - 1)
        : []
    return entry.name.endsWith(".prisma") ? [`${dir}/${entry.name}`] : []
  })
}
