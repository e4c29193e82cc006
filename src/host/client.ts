import type { Module } from "../edit/typescript/locate"
import { CliError } from "../errors"
import { evidenceOf, type HostFiles } from "./files"
import type { Modules } from "./modules"
import type { PrismaFacts } from "./types"

const usualClientFiles = [
  "lib/prisma",
  "lib/db",
  "lib/prismadb",
  "lib/prisma-client",
  "server/db",
  "server/db/index",
  "server/db/client",
  "utils/prisma",
  "utils/db",
  "db",
  "db/index",
  "prisma",
  "prisma/client",
  "prisma/db",
  "prisma/index",
  "lib/prisma/index",
  "lib/db/index",
  "lib/prisma/client",
  "app/lib/prisma",
  "app/lib/db",
]

/**
 * The module that makes the app's Prisma client: the one the auth code reaches, else one at a usual place.
 * @throws CliError prisma_client_not_found
 */
export function detectClient(
  files: HostFiles,
  modules: Modules,
  authFile: string,
  override?: string,
): { client: PrismaFacts["client"]; evidence: string } {
  if (override) {
    const [file = "", name = "prisma"] = override.split("#")
    if (!files.exists(file))
      throw new CliError("invalid_option", `--prisma-client: there is no file ${file}.`, {
        suggestion: "Write it as path/to/file.ts#exportName",
      })
    return { client: { file, export: name, specifier: null }, evidence: "--prisma-client" }
  }
  const seen = new Map<string, Module>()
  for (const module of modules.reachable(authFile)) {
    seen.set(module.path, module)
    const name = clientExport(modules, module)
    if (name)
      return {
        client: importedAs(modules, seen, module.path, name),
        evidence: evidenceOf(module.path, module.text, "new PrismaClient"),
      }
  }
  for (const base of usualClientFiles.flatMap((path) => [`src/${path}`, path])) {
    const path = files.first([".ts", ".tsx", ".js", ".mjs"].map((extension) => base + extension))
    const module = path ? modules.parse(path) : null
    const name = module && clientExport(modules, module)
    if (module && name)
      return {
        client: { file: module.path, export: name, specifier: null },
        evidence: evidenceOf(module.path, module.text, "new PrismaClient"),
      }
  }
  throw new CliError("prisma_client_not_found", "The module that exports the app's Prisma client was not found.", {
    file: authFile,
    suggestion: "Name it: npx chimerai add mfa --prisma-client src/lib/prisma.ts#prisma",
  })
}

/** The client that a module makes and exports. */
function clientExport({ locate }: Modules, module: Module): string | null {
  if (!module.text.includes("PrismaClient")) return null
  const names = locate.exportsMaking(module, "PrismaClient")
  const usual = ["prisma", "db", "prismadb", "prismaClient", "client", "default"]
  return usual.find((name) => names.includes(name)) ?? names[0] ?? null
}

/**
 * The client as the auth code imports it: which export, where the module has several, and by which name of a package,
 * where it is in another one. The package may hand it on from a file of its own.
 */
function importedAs(modules: Modules, seen: Map<string, Module>, path: string, fallback: string): PrismaFacts["client"] {
  const exported = modules.parse(path) ? modules.locate.exportsMaking(modules.parse(path) as Module, "PrismaClient") : []
  const isOutside = path.startsWith("../")
  const owner = isOutside ? modules.packages.ownerOf(path) : null
  for (const module of seen.values())
    for (const { specifier, names, typeOnly } of module.imports) {
      const [first] = names
      if (typeOnly || !first || !exported.includes(first.imported)) continue
      const target = modules.resolve(module.path, specifier)
      if (target === path && !isOutside) return { file: path, export: first.imported, specifier: null }
      if (owner !== null && !module.path.startsWith("../") && target?.startsWith(`${owner}/`))
        return { file: path, export: first.imported, specifier: specifier.startsWith(".") ? null : specifier }
    }
  return { file: path, export: fallback, specifier: null }
}
