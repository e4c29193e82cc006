import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/locate"
import { CliError } from "../errors"
import type { HostFiles } from "./files"
import type { Modules } from "./modules"
import type { AuthFacts, OptionsSource } from "./types"
import { dependencyRange, type PackageJson, type VersionFact, versionOf } from "./workspace"

type AuthResult = { facts: AuthFacts; evidence: Record<string, string> }

/** @throws CliError auth_library_missing */
export function detectAuthVersion(files: HostFiles, manifest: PackageJson, manifestText: string): VersionFact {
  const range = dependencyRange(manifest, "next-auth")
  if (range === null) {
    const other = ["better-auth", "@clerk/nextjs", "lucia", "@supabase/ssr", "@auth0/nextjs-auth0", "iron-session"].find(
      (name) => dependencyRange(manifest, name) !== null,
    )
    throw new CliError(
      "auth_library_missing",
      other
        ? `This app signs users in with ${other}; chimerai works with next-auth (Auth.js).`
        : "This app has no auth library that chimerai knows: package.json does not depend on next-auth.",
      { file: "package.json", suggestion: "Nothing was changed. chimerai adds a second factor to next-auth 5 sign-ins." },
    )
  }
  return versionOf(files, "next-auth", range, manifestText)
}

/**
 * Finds the live sign-in: from the catch-all route handler along its imports to the call of NextAuth.
 * @param override `--auth`: the file that calls NextAuth
 * @throws CliError auth_handler_missing, auth_config_not_found, auth_config_ambiguous
 */
export function detectAuth(
  files: HostFiles,
  modules: Modules,
  dirs: { appDir: string | null; pagesDir: string | null },
  version: string,
  override?: string,
): AuthResult {
  const found = findHandler(files, dirs)
  if (!found)
    throw new CliError("auth_handler_missing", `No auth route handler ([...nextauth]) was found under ${searched(dirs)}.`, {
      suggestion: "Nothing was changed. Create app/api/auth/[...nextauth]/route.ts first: https://authjs.dev/getting-started/installation",
    })

  const { handler, router, dir } = found
  const live = override ?? liveCall(modules, handler)
  const candidates = live
    ? [live]
    : [...modules.reachable(handler)].filter((module) => callsNextAuth(modules, module)).map(({ path }) => path)
  const [call, ...others] = candidates
  if (call === undefined)
    throw new CliError("auth_config_not_found", `No call of NextAuth was found from ${handler} along its imports.`, {
      file: handler,
      suggestion: "Name the file that calls it: npx chimerai add mfa --auth src/auth.ts",
    })
  if (others.length > 0)
    throw new CliError("auth_config_ambiguous", `NextAuth is called in several files: ${candidates.join(", ")}.`, {
      file: handler,
      suggestion: `Name the one that signs users in: npx chimerai add mfa --auth ${call}`,
    })

  const module = modules.parse(call)
  const [first] = module ? modules.locate.callsOfDefault(module, "next-auth") : []
  if (!module || !first)
    throw new CliError("auth_config_not_found", `${call} does not call NextAuth.`, {
      file: call,
      suggestion: "Name the file that imports NextAuth from next-auth and calls it: --auth <file>",
    })

  const options = new Options(modules)
  // next-auth 4 is also called with a request and its answer before the options.
  const argument = first.arguments[first.arguments.length === 3 ? 2 : 0]
  if (argument) options.read(module, argument)
  if (version.startsWith("4.") && argument && options.file === null)
    throw new CliError("auth_options_unsupported", `The options that ${call} gives to next-auth could not be traced to an object.`, {
      file: call,
      line: lineAt(module.text, argument.getStart()),
      suggestion:
        "Nothing was changed. Sessions that other files read with them could not be ended when MFA is turned on. Keep the options in a constant, export const authOptions = { ... }, and pass that to NextAuth; then run this again.",
    })
  if (call.startsWith("../"))
    throw new CliError("auth_in_other_package", `NextAuth is called in another package of the workspace: ${call}.`, {
      file: call,
      suggestion:
        "Nothing was changed. MFA's modules are installed into the app, where that package cannot import them. Move the call of NextAuth into the app, then run this again.",
    })
  const shared = version.startsWith("4.") ? options.sources.find(({ file }) => file.startsWith("../")) : undefined
  if (shared)
    throw new CliError("auth_in_other_package", `The options of next-auth are another package's: ${shared.file} (${shared.name}).`, {
      file: shared.file,
      suggestion: `Nothing was changed. Sessions that are read with them could not be ended when MFA is turned on: MFA's modules are installed into the app, where that package cannot import them. Give the app options of its own in ${call}, and read its sessions with those; then run this again:\n\nimport { ${shared.name} as sharedOptions } from "..."\n\nexport const authOptions = { ...sharedOptions${shared.kind === "function" ? "()" : ""} }\n\nNextAuth(authOptions)`,
    })
  const major = Number(/\d+/.exec(version)?.[0] ?? 5)
  const line = (path: string, offset: number) => `${path}:${lineAt(files.read(path) ?? "", offset)}`
  return {
    facts: {
      library: "next-auth",
      version,
      major,
      // What a request changes of options that others read is not where they are.
      config: (major === 4 && options.sources.find(({ kind }) => kind === "constant")?.file) || (options.file ?? call),
      calls: [call],
      session: options.session ?? (options.file === null ? "dynamic" : options.adapter ? "database" : "jwt"),
      providers: [...new Set(options.providers)].toSorted(),
      signInPage: options.signInPage,
      handler,
      router,
      routesDir: dir,
      handlerDir: handler.slice(0, handler.indexOf("/[...")),
      options: options.sources,
    },
    evidence: {
      "auth.calls": line(call, first.start),
      "auth.config": options.at ? line(options.at.path, options.at.offset) : line(call, first.start),
      "auth.session": options.sessionAt
        ? line(options.sessionAt.path, options.sessionAt.offset)
        : options.adapter
          ? "default with an adapter"
          : "default without an adapter",
      "auth.handler": handler,
    },
  }
}

type Dirs = { appDir: string | null; pagesDir: string | null }
type Handler = { handler: string; router: "app" | "pages"; dir: string }

const searched = ({ appDir, pagesDir }: Dirs) => [appDir, pagesDir && `${pagesDir}/api`].filter((dir) => dir !== null).join(" or ")

/**
 * `app/api/auth/[...nextauth]/route.ts` or `pages/api/auth/[...nextauth].ts`, or elsewhere where the base path is another.
 * Next.js refuses an app in which both answer the same path, so the first one found is the live one.
 */
function findHandler(files: HostFiles, { appDir, pagesDir }: Dirs): Handler | null {
  const route = appDir && (findUnder(files, `${appDir}/api`, routeIn) ?? findUnder(files, appDir, routeIn))
  if (route && appDir) return { handler: route, router: "app", dir: appDir }
  const page = pagesDir && findUnder(files, `${pagesDir}/api`, pageIn)
  return page && pagesDir ? { handler: page, router: "pages", dir: pagesDir } : null
}

type Look = (files: HostFiles, dir: string) => string | null
const isAuth = (files: HostFiles, path: string) => /auth/i.test(path) || /next-?auth|\bhandlers\b/i.test(files.read(path) ?? "")

const routeIn: Look = (files, dir) => {
  for (const { name } of files.list(dir).filter((entry) => entry.isDirectory() && /^\[\.\.\.\w+\]$/.test(entry.name))) {
    const route = files.first(["ts", "tsx", "js", "jsx", "mjs"].map((extension) => `${dir}/${name}/route.${extension}`))
    if (route && isAuth(files, route)) return route
  }
  return null
}

const pageIn: Look = (files, dir) => {
  const names = files.list(dir).flatMap((entry) => (/^\[\.\.\.\w+\]\.[jt]sx?$/.test(entry.name) ? [entry.name] : []))
  return names.map((name) => `${dir}/${name}`).find((path) => isAuth(files, path)) ?? null
}

/** The folder `auth` first, then all others, at most three levels down. */
function findUnder(files: HostFiles, api: string, look: Look): string | null {
  const search = (dir: string, depth: number): string | null => {
    const found = look(files, dir)
    if (found !== null || depth === 0) return found
    const inside = files
      .list(dir)
      .filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && !/^[[_]/.test(entry.name))
      .toSorted((a, b) => Number(b.name === "auth") - Number(a.name === "auth"))
    for (const { name } of inside) {
      const below = search(`${dir}/${name}`, depth - 1)
      if (below !== null) return below
    }
    return null
  }
  return search(`${api}/auth`, 0) ?? search(api, 3)
}

const callsNextAuth = ({ locate }: Modules, module: Module) =>
  module.text.includes("next-auth") && locate.callsOfDefault(module, "next-auth").length > 0

const handlerNames = ["handlers", "GET", "POST"]

/** The module whose NextAuth the route handler exports, by the names that it hands on; null where that cannot be told. */
function liveCall(modules: Modules, handler: string): string | null {
  const { locate } = modules
  let path: string | null = handler
  for (let step = 0; path !== null && step < 5; step++) {
    const module = modules.parse(path)
    if (!module) return null
    if (callsNextAuth(modules, module)) return path
    const imported = module.imports.filter(({ names }) => names.some((name) => handlerNames.includes(name.imported)))
    const specifiers = [
      ...imported.map(({ specifier }) => specifier),
      ...handlerNames.flatMap((name) => locate.reexportedFrom(module, name)),
    ]
    const [only, ...others] = [...new Set(specifiers.map((specifier) => modules.resolve(module.path, specifier)))]
    if (others.length > 0 || !only) return null
    path = only
  }
  return null
}

type Expression = Parameters<Modules["locate"]["membersOf"]>[0]

/** Reads the options that NextAuth is called with, through identifiers, spreads and lazy functions. */
class Options {
  file: string | null = null
  at: { path: string; offset: number } | null = null
  /** The outermost names of the options: a constant, or a function and the constant that it starts from. */
  sources: OptionsSource[] = []
  session: AuthFacts["session"] | null = null
  sessionAt: { path: string; offset: number } | null = null
  adapter = false
  providers: string[] = []
  signInPage: string | null = null

  constructor(private readonly modules: Modules) {}

  read(module: Module, expression: Expression, depth = 0): void {
    const { locate } = this.modules
    const value = locate.unwrapExpression(expression)
    for (const alternative of locate.alternativesOf(locate.returnedObject(value) ?? value)) this.#readOne(module, alternative, depth)
  }

  #readOne(module: Module, expression: Expression, depth: number): void {
    const { locate } = this.modules
    const value = this.#unguarded(module, expression)
    const name = locate.calledName(value)
    const local = locate.localInitializerOf(value)
    const found = local ? { module, value: local } : name === null ? { module, value } : this.#follow(module, name)
    if (!found || depth > 5) return
    if ("source" in found && !this.sources.some(({ kind }) => kind === "constant")) this.sources.push(found.source)
    const members = locate.membersOf(found.value)
    if (!members) {
      if (found.value !== value) this.#readOne(found.module, found.value, depth + 1)
      return
    }
    if (this.file === null) {
      this.file = found.module.path
      this.at = { path: found.module.path, offset: found.value.getStart() }
    }
    // Spreads first: what is written out wins. An approximation for facts; no edit depends on it.
    for (const spread of members.spreads) this.read(found.module, spread, depth + 1)
    this.#take(found.module, members.properties)
  }

  #take(module: Module, properties: Map<string, Expression>): void {
    const { locate } = this.modules
    const session = properties.get("session")
    if (session) {
      const strategy = locate.membersOf(session)?.properties.get("strategy")
      const text = strategy && locate.literalText(strategy)
      if (strategy) this.session = text === "jwt" || text === "database" ? text : "dynamic"
      if (strategy) this.sessionAt = { path: module.path, offset: session.getStart() }
    }
    if (properties.has("adapter")) this.adapter = true
    const pages = properties.get("pages")
    const signIn = pages && locate.membersOf(pages)?.properties.get("signIn")
    if (signIn) this.signInPage = locate.literalText(signIn)
    const providers = properties.get("providers")
    if (providers) this.providers.push(...this.#providerIds(module, providers))
  }

  #providerIds(module: Module, expression: Expression): string[] {
    const { locate } = this.modules
    const name = locate.identifierText(expression)
    const found = name === null ? { module, value: expression } : this.#follow(module, name)
    const elements = found && locate.elementsOf(found.value)
    if (!found || !elements) return []
    return elements.flatMap((element) => {
      const name = locate.calledName(element)
      const binding = name === null ? null : locate.bindingOf(found.module, name)
      const own = locate.membersOf(element)?.properties.get("id")
      const id = /^(?:next-auth|@auth\/core)\/providers\/(.+)$/.exec(binding?.specifier ?? "")?.[1] ?? (own && locate.literalText(own))
      return id ? [id] : []
    })
  }

  /** Without the guard that an earlier run has put around it. */
  #unguarded(module: Module, value: Expression): Expression {
    const { locate } = this.modules
    const argument = locate.onlyArgumentOf(value)
    const guard = argument && locate.bindingOf(module, locate.calledName(value) ?? "")
    return argument && /(^|\/)mfa\/with-mfa$/.test(guard?.specifier ?? "") ? argument : value
  }

  /** The value of a name, here or in the module it is imported from. */
  #follow(module: Module, name: string): { module: Module; value: Expression; source: OptionsSource } | null {
    const { locate } = this.modules
    const initializer = locate.initializerOf(module, name)
    if (initializer) {
      const own = this.#unguarded(module, initializer)
      const local = locate.localInitializerOf(own)
      if (local) return { module, value: local, source: { file: module.path, name, kind: "function" } }
      const alias = locate.identifierText(own)
      if (alias !== null && alias !== name) return this.#follow(module, alias)
      const made = locate.returnedObject(own)
      const kind = made === null && locate.declarationOf(module, name) !== null ? "constant" : "function"
      return { module, value: made ? this.#unguarded(module, made) : own, source: { file: module.path, name, kind } }
    }
    const binding = locate.bindingOf(module, name)
    const path = binding && this.modules.resolve(module.path, binding.specifier)
    const target = path ? this.modules.parse(path) : null
    return target && binding ? this.#follow(target, binding.imported) : null
  }
}
