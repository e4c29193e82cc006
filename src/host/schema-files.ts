/** Where the app's Prisma schema is: one file, or a folder of them. */
import { posix } from "node:path"
import { CliError } from "../errors"
import { quotedOr } from "../shell"
import { evidenceOf, type HostFiles } from "./files"
import { parseManifest, scriptsOf } from "./json"
import type { Modules } from "./modules"

type FoundSchema = { schema: string; home: string; paths: string[]; evidence: Record<string, string> }

/** In the package that makes the client, then in the app, then at the root of the workspace. */
export function findSchema(files: HostFiles, modules: Modules, clientFile: string, override?: string): FoundSchema {
  const owner = clientFile.startsWith("../") ? modules.packages.ownerOf(clientFile) : null
  const homes = [...new Set([owner ?? ".", ".", files.workspace ?? "."])]
  for (const home of override ? ["."] : homes) {
    const found = schemaIn(files, home, override, home === "." ? posix.dirname(clientFile) : undefined)
    if (found) return found
  }
  const elsewhere = override ? [] : modules.packages.dirs.map((dir) => schemaIn(files, dir)).filter((found) => found !== null)
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

/** Characters: what is behind them is not looked at. */
const longestConfig = 100_000

/** What a comment of several lines says is no setting. A pattern in quotes, as in "prisma/**\/*.prisma", begins none. */
const withoutBlockComments = (text: string): string =>
  text.replace(/"[^"\n]*"|'[^'\n]*'|\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)/g, (part) => (part.startsWith("/*") ? " " : part))

/** Arguments of one `join`. */
const mostParts = 20

/** @throws CliError prisma_schema_missing when the package names a schema that is not there */
function schemaIn(files: HostFiles, home: string, override?: string, clientDir?: string): FoundSchema | null {
  const at = (path: string) => posix.normalize(posix.join(home, path))
  const manifestText = files.read(at("package.json"))
  const manifest = parseManifest(manifestText ?? "")
  const configPath = files.first(
    ["prisma.config.ts", "prisma.config.mts", "prisma.config.js", "prisma.config.mjs", ".config/prisma.ts"].map(at),
  )
  const configText = configPath ? (files.read(configPath) ?? "") : ""
  // The config is code and is not run: only a literal counts, in either of the two ways it is written.
  const inConfig = /^[ \t]*schema[ \t]*:\s*(?:path\.)?(?:(?:join|resolve)\(\s*)?((?:["'][^"'\n]+["']\s*(?:,\s*)?)+)/m.exec(
    withoutBlockComments(configText.slice(0, longestConfig)),
  )?.[1]
  const fromConfig = inConfig
    ? posix.normalize(posix.join(...Array.from(inConfig.matchAll(/["']([^"']+)["']/g), ([, part = ""]) => part).slice(0, mostParts)))
    : null
  const fromScript = schemaOfScripts(scriptsOf(manifest))
  const stated = override ?? fromConfig ?? manifest.prisma?.schema ?? fromScript ?? null
  const candidates = stated
    ? [at(stated).replace(/\/$/, "")]
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
      : fromConfig && configPath
        ? evidenceOf(configPath, configText, "schema")
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
