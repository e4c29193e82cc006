import { posix } from "node:path"
import type { Module } from "../edit/typescript/module"
import { CliError } from "../errors"
import { isIdentifier } from "../names"
import { quotedOr } from "../shell"
import { evidenceOf, type HostFiles } from "./files"
import type { Modules } from "./modules"
import { sourceFiles, textOf } from "./sources"
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

type Client = Omit<PrismaFacts["client"], "replicas">
type Found = { client: Client; evidence: string }

/**
 * The module that makes the app's Prisma client: the one the auth code reaches, else one at a usual place.
 * An app that makes clients where it needs them, and exports none, gets one of MFA's own.
 * @param place the module that would make that one
 * @throws CliError prisma_client_not_found
 */
export function detectClient(
  files: HostFiles,
  modules: Modules,
  authFile: string,
  place: string,
  override?: string,
): { client: PrismaFacts["client"]; evidence: string } {
  const { client, evidence } = findClient(files, modules, authFile, place, override)
  return { client: { ...client, replicas: readsReplicas(files, modules, client) }, evidence }
}

/** Whether reads through the client go to replicas, unless they ask for `$primary()`. */
function readsReplicas(files: HostFiles, modules: Modules, { file, export: name, isOwn }: Client): boolean {
  if (isOwn || !(files.read(file) ?? "").includes("readReplicas")) return false
  const module = modules.parse(file)
  return module !== null && modules.locate.exportCalls(module, name, "readReplicas")
}

function findClient(files: HostFiles, modules: Modules, authFile: string, place: string, override?: string): Found {
  if (override) {
    const [file = "", name = "prisma"] = override.split("#")
    if (!files.exists(file))
      throw new CliError("invalid_option", `--prisma-client: there is no file ${file}.`, {
        suggestion: "Write it as path/to/file.ts#exportName",
      })
    assertExported(modules, file, name)
    return { client: { file, export: name, specifier: null, isOwn: false }, evidence: "--prisma-client" }
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
        client: { file: module.path, export: name, specifier: null, isOwn: false },
        evidence: evidenceOf(module.path, module.text, "new PrismaClient"),
      }
  }
  const found = clientInUse(modules, seen) ?? ownClient(modules, seen, place)
  if (found) return found
  assertNoClientInSource(files, modules)
  const [maker] = [...seen.values()].filter(({ text }) => text.includes("new PrismaClient"))
  throw new CliError(
    "prisma_client_not_found",
    maker
      ? `${maker.path} makes a Prisma client, and exports none as a value that other modules could use.`
      : "The module that exports the app's Prisma client was not found.",
    {
      file: maker?.path ?? authFile,
      suggestion: "Nothing was changed. Name the module that exports the client: npx chimerai add mfa --prisma-client <file>#<export>",
    },
  )
}

/**
 * @throws CliError invalid_option: the file does not export the name. What it hands on with `export *` is not looked
 * through
 */
function assertExported(modules: Modules, file: string, name: string): void {
  // What is no name at all is refused where names enter code.
  const module = isIdentifier(name) ? modules.parse(file) : null
  if (!module || modules.locate.starsOf(module).length > 0) return
  const names = modules.locate.exportedNames(module)
  if (names.includes(name)) return
  throw new CliError("invalid_option", `--prisma-client: ${file} exports no ${name}.`, {
    file,
    suggestion: names.length > 0 ? `It exports ${names.slice(0, 10).join(", ")}.` : "Write it as path/to/file.ts#exportName",
  })
}

/**
 * What the auth code uses as its client, from a module that has to do with one: how that makes it, behind a proxy or
 * with a function of another package, need not be known.
 */
function clientInUse(modules: Modules, seen: Map<string, Module>): Found | null {
  for (const module of seen.values())
    for (const local of modules.locate.namesUsedAsClient(module)) {
      const binding = modules.locate.bindingOf(module, local)
      const path = binding && modules.resolve(module.path, binding.specifier)
      const source = path ? modules.tryParse(path) : null
      if (!binding || !source?.text.includes("PrismaClient") || !modules.locate.exportedNames(source).includes(binding.imported)) continue
      const isOutside = source.path.startsWith("../")
      return {
        client: { file: source.path, export: binding.imported, specifier: isOutside ? binding.specifier : null, isOwn: false },
        evidence: evidenceOf(module.path, module.text, local),
      }
    }
  return null
}

/** Files with a client that are looked at. An app has one or two. */
const mostClients = 20

/** Programs of their own, which the app does not run. */
const notTheApp = /(^|\/)(?:__tests__|__mocks__|tests?|e2e)\/|^(?:scripts?|prisma|seeds?)\/|\.(?:test|spec)\.\w+$|(^|\/)seed[\w-]*\.\w+$/

/**
 * Clients that any file of the app exports: the auth code may come by its own in a way that is not followed. They are
 * offered and not taken: in another database nobody would be found, and nobody asked for a second factor.
 * @throws CliError prisma_client_not_found
 */
function assertNoClientInSource(files: HostFiles, modules: Modules): void {
  const values: string[] = []
  let left = mostClients
  for (const path of sourceFiles(files)) {
    if (notTheApp.test(path) || !textOf(files, path).includes("new PrismaClient")) continue
    if (left-- === 0) break
    const module = modules.tryParse(path)
    const name = module && clientExport(modules, module)
    if (module && name) values.push(`${module.path}#${name}`)
  }
  const [first] = values
  if (first === undefined) return
  throw new CliError(
    "prisma_client_not_found",
    `The sign-in's Prisma client could not be followed; these are exported: ${values.join(", ")}.`,
    {
      file: first.split("#")[0] as string,
      suggestion: `Nothing was changed. Name the one with your users: npx chimerai add mfa --prisma-client ${quotedOr(first, "<file>#<export>")}`,
      choice: { flag: "prismaClient", values },
    },
  )
}

/** A client like those that the auth code makes for itself, where they need nothing that only the app knows. */
function ownClient({ locate }: Modules, seen: Map<string, Module>, place: string): Found | null {
  for (const module of seen.values()) {
    if (!module.text.includes("PrismaClient") || !locate.makesPlainly(module, "PrismaClient")) continue
    const from = locate.bindingOf(module, "PrismaClient")?.specifier
    if (from === undefined) continue
    // `.prisma/client` is a package.
    const specifier = /^\.\.?\//.test(from) ? posix.relative(posix.dirname(place), posix.join(posix.dirname(module.path), from)) : from
    return {
      client: { file: place, export: "db", specifier, isOwn: true },
      evidence: evidenceOf(module.path, module.text, "new PrismaClient"),
    }
  }
  return null
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
function importedAs(modules: Modules, seen: Map<string, Module>, path: string, fallback: string): Client {
  const module = modules.parse(path)
  const exported = new Set(module ? modules.locate.exportsMaking(module, "PrismaClient") : [])
  const isOutside = path.startsWith("../")
  const owner = isOutside ? modules.packages.ownerOf(path) : null
  for (const module of seen.values())
    for (const { specifier, names, typeOnly } of module.imports) {
      const [first] = names
      if (typeOnly || !first || !exported.has(first.imported)) continue
      const target = modules.resolve(module.path, specifier)
      if (target === path && !isOutside) return { file: path, export: first.imported, specifier: null, isOwn: false }
      if (owner !== null && !module.path.startsWith("../") && target?.startsWith(`${owner}/`))
        return { file: path, export: first.imported, specifier: specifier.startsWith(".") ? null : specifier, isOwn: false }
    }
  return { file: path, export: fallback, specifier: null, isOwn: false }
}
