import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/module"
import { CliError } from "../errors"
import { isPackageName } from "../names"
import { quotedOr } from "../shell"
import { AuthElsewhere } from "./auth-elsewhere"
import { findHandler, routeEnding, searched } from "./auth-handler"
import { Options } from "./auth-options"
import { AuthRuns } from "./auth-runs"
import { type Declared, declarationOf, exportOf, memberOf } from "./exports"
import type { HostFiles } from "./files"
import { parseManifest } from "./json"
import type { Modules } from "./modules"
import { assertUnchangedElsewhere } from "./options-changed"
import type { AuthFacts } from "./types"
import { dependencyRange, installedVersion, type PackageJson, type VersionFact, versionOf } from "./workspace"

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
      { file: "package.json", suggestion: "Nothing was changed. chimerai adds a second factor to sign-ins with next-auth 4 and 5." },
    )
  }
  return versionOf(files, "next-auth", range, manifestText)
}

/**
 * Finds the live sign-in: from the catch-all route handler along its imports to the call of NextAuth.
 * @param override `--auth`: the file that calls NextAuth
 * @throws CliError auth_handler_missing, auth_config_not_found, auth_config_ambiguous, auth_options_unsupported
 */
export function detectAuth(
  files: HostFiles,
  modules: Modules,
  dirs: { appDir: string | null; pagesDir: string | null; pageExtensions: string[] },
  version: string,
  override?: string,
): AuthResult {
  const found = findHandler(files, dirs)
  if (!found)
    throw new CliError("auth_handler_missing", `No auth route handler ([...nextauth]) was found under ${searched(dirs)}.`, {
      suggestion: `Nothing was changed. Create app/api/auth/[...nextauth]/route.${routeEnding(dirs.pageExtensions)} first: https://authjs.dev/getting-started/installation`,
    })

  const { handler, router, dir } = found
  if (runsOnEdge(files.read(handler) ?? ""))
    throw new CliError("edge_runtime_unsupported", `${handler} runs on the edge, where MFA cannot ask the database or encrypt.`, {
      file: handler,
      suggestion: `Nothing was changed: with MFA nobody could sign in there. Let the handler run on Node.js, export const runtime = "nodejs", and run this again.`,
    })
  const live = override ?? liveCall(files, modules, handler)
  const candidates = live && live !== untold ? [live] : callsInReach(modules, handler)
  const [call, ...others] = candidates
  if (call === undefined)
    throw new CliError("auth_config_not_found", `No call of NextAuth was found from ${handler} along its imports.`, {
      file: handler,
      suggestion: "Name the file that calls it: npx chimerai add mfa --auth src/auth.ts",
    })
  if (others.length > 0 || live === untold)
    throw new CliError(
      "auth_config_ambiguous",
      live === untold
        ? `Which call of NextAuth the handlers of ${handler} come from cannot be told: ${candidates.join(", ")}, or another.`
        : `NextAuth is called in several files: ${candidates.join(", ")}.`,
      {
        file: handler,
        suggestion: `Name the one that signs users in: npx chimerai add mfa --auth ${quotedOr(call, "path/to/auth.ts")}`,
        choice: { flag: "auth", values: candidates },
      },
    )

  const module = modules.parse(call)
  const calls = module ? callsIn(modules, module) : []
  const [first] = calls
  if (!module || !first)
    throw new CliError("auth_config_not_found", `${call} does not call NextAuth.`, {
      file: call,
      suggestion: "Name the file that imports NextAuth from next-auth and calls it: --auth <file>",
    })

  const options = new Options(modules)
  const runs = new AuthRuns(modules, handler)
  // next-auth 4 is also called with a request and its answer before the options.
  const argumentOf = (one: typeof first) => one.arguments[one.arguments.length === 3 ? 2 : 0]
  const argument = argumentOf(first)
  const given = calls.flatMap((one) => {
    const expression = argumentOf(one)
    return expression ? runs.givenTo(module, one.node, expression) : []
  })
  for (const { module, expression } of given) options.readAll(module, expression)
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
  if (version.startsWith("4.")) assertUnchangedElsewhere(modules, handler, options.sources)
  const major = Number(/\d+/.exec(version)?.[0] ?? 5)
  const line = (path: string, offset: number) => `${path}:${lineAt(files.read(path) ?? "", offset)}`
  const lineOf = (place: { path: string; offset: number } | null) => place && line(place.path, place.offset)
  return {
    facts: {
      library: "next-auth",
      version,
      major,
      // What a request changes of options that others read is not where they are.
      config: (major === 4 && options.sources.find(({ kind }) => kind === "constant")?.file) || (options.file ?? call),
      calls: [call],
      // next-auth 4 is asked through the handler.
      runs: major < 5 ? call : (calls.map(({ node }) => runs.runnerOf(module, node)).find((path) => path !== null) ?? null),
      session: options.session ?? (options.file === null ? "dynamic" : options.adapter ? "database" : "jwt"),
      providers: [...new Set(options.providers)].toSorted(),
      signIns: {
        adapter: options.adapter,
        oauth: options.oauth,
        credentials: options.credentials,
        tables: [...options.tables],
        byPage: [...new Set(options.byPage)],
      },
      isMadeInFunction: major >= 5 && first.inFunction,
      ownEncoding: lineOf(options.encodeAt),
      unknownProviders: lineOf(options.unknownProvidersAt),
      signInPage: options.signInPage,
      unknownSignInPage: lineOf(options.unknownSignInPageAt),
      handler,
      router,
      routesDir: dir,
      handlerDir: handler.slice(0, handler.search(/\/\[{1,2}\.\.\./)),
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
      ...(options.providersAt && { "auth.providers": line(options.providersAt.path, options.providersAt.offset) }),
    },
  }
}

const callsNextAuth = ({ locate }: Modules, module: Module) =>
  module.text.includes("next-auth") && locate.callsOfDefault(module, "next-auth").length > 0

/** What other modules have made of NextAuth is a NextAuth, too; whether it is guarded, the plan says. */
const callsIn = (modules: Modules, module: Module, elsewhere = new AuthElsewhere(modules, { name: "", means: () => false })) =>
  modules.locate.callsOfDefault(module, "next-auth", elsewhere)

/** The modules that call NextAuth: by its own name, or else by one that another module has given it. */
function callsInReach(modules: Modules, handler: string): string[] {
  const reachable = [...modules.reachable(handler)]
  const plain = reachable.filter((module) => callsNextAuth(modules, module))
  const found = plain.length > 0 ? plain : reachable.filter((module) => callsIn(modules, module).length > 0)
  return found.map(({ path }) => path)
}

const runsOnEdge = (text: string): boolean =>
  /^export const (?:runtime\s*(?::[^=\n]{0,200})?=|config\s*(?::[^=\n]{0,200})?=\s*\{[^}]{0,200}\bruntime:)\s*["'](?:experimental-)?edge["']/m.test(
    text,
  )

/** Whether a specifier is a package's that the app depends on, or has. */
function isPackage(files: HostFiles, specifier: string): boolean {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0]
  if (name === undefined || !isPackageName(name)) return false
  return dependencyRange(parseManifest(files.read("package.json") ?? "{}"), name) !== null || installedVersion(files, name) !== null
}

const handlerNames = ["handlers", "GET", "POST"]

/** Handlers that nobody can say who makes: a NextAuth that is merely in reach must not be taken for theirs. */
const untold = Symbol("untold")

/** Names that are followed for the handlers. */
const mostNames = 200

/** The modules in whose calls of NextAuth names of a module are made; null where that of one cannot be told. */
function makersOf(modules: Modules, module: Module, names: string[]): string[] | null {
  const makers = new Set<string>()
  const known = new Map<string, boolean>()
  const isTold = (declared: Declared | null): boolean => {
    if (declared === null) return false
    const key = `${declared.module.path}#${declared.name}`
    const before = known.get(key)
    if (before !== undefined || known.size > mostNames) return before ?? false
    // Of names that are made of each other none is told.
    known.set(key, false)
    const told = isMadeHere(declared)
    known.set(key, told)
    return told
  }
  const isMadeHere = ({ module, name }: Declared): boolean => {
    const made = modules.locate.madeFrom(module, "next-auth", name)
    if (made === null) return false
    if (made.isCall) return Boolean(makers.add(module.path))
    const from = (name: string) => declarationOf(modules, module, name, "skip")
    const values = made.values.map(({ name, member }) =>
      isTold(from(name) ?? (member === null ? null : memberOf(modules, module, name, member))),
    )
    // A helper need not be understood of which something told is handed in; alone, what it gives is what counts.
    return made.values.length > 0 ? values.some(Boolean) : made.called.map((called) => isTold(from(called))).some(Boolean)
  }
  const declared = names.flatMap((name) => exportOf(modules, module, name) ?? [])
  return declared.map(isTold).every(Boolean) ? [...makers] : null
}

/**
 * The module whose NextAuth the route handler exports, by the names that it hands on; null where that cannot be told.
 * @throws CliError auth_config_not_found where they come from what is no file here and no package: any other NextAuth in reach is not theirs
 */
function liveCall(files: HostFiles, modules: Modules, handler: string): string | typeof untold | null {
  const { locate } = modules
  let path: string | null = handler
  for (let step = 0; path !== null && step < 5; step++) {
    const module = modules.parse(path)
    if (!module) return null
    const { path: from } = module
    if (callsNextAuth(modules, module)) {
      // Beside its own call, which may be one for the edge, it may hand on what another module has made.
      const makers = makersOf(modules, module, step === 0 ? [...handlerNames, "default"] : handlerNames)
      if (makers?.length === 0) return path
      const [only, ...others] = makers ?? []
      if (only === undefined || others.length > 0) return untold
      if (only === path) return path
      path = only
      continue
    }
    const imported = module.imports
      .filter(({ typeOnly }) => !typeOnly)
      .filter(({ names }) => names.some((name) => handlerNames.includes(name.imported)))
    const specifiers = [
      ...imported.map(({ specifier }) => specifier),
      ...handlerNames.flatMap((name) => locate.reexportedFrom(module, name)),
    ]
    const unknown = specifiers.find((specifier) => modules.resolve(from, specifier) === null && !isPackage(files, specifier))
    if (unknown !== undefined)
      throw new CliError("auth_config_not_found", `${from} hands on what it has from ${JSON.stringify(unknown)}, which was not found.`, {
        file: from,
        suggestion: "Nothing was changed. Name the file that calls NextAuth: npx chimerai add mfa --auth src/auth.ts",
      })
    const paths = specifiers.map((specifier) => modules.resolve(from, specifier))
    // A barrel hands everything on, and names nothing.
    if (paths.length === 0) for (const name of handlerNames) paths.push(exportOf(modules, module, name)?.module.path ?? null)
    const [only, ...others] = [...new Set(paths)].filter((one) => specifiers.length > 0 || (one !== null && one !== from))
    if (others.length > 0 || !only) return null
    path = only
  }
  return null
}
