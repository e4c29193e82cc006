import type { Module } from "../edit/typescript/locate"
import type { HostFiles } from "./files"
import type { Modules } from "./modules"

/**
 * What decides who may pass: the wrapped sign-in itself (`auth` of the auth config), a NextAuth that the middleware calls
 * with a config of its own, or next-auth 4's ready-made middleware.
 */
export type MiddlewareGuard = "auth" | "own-call" | "with-auth"
export type MiddlewareFacts = { file: string; matches: string[] | null; guard: MiddlewareGuard | null }

/** The middleware (proxy since Next 16) and the paths it runs on; null where that cannot be read from literals. */
export function detectMiddleware(files: HostFiles, modules: Modules, srcDir: boolean, authFile: string): MiddlewareFacts | null {
  const bases = srcDir ? ["src/", ""] : [""]
  const file = files.first(
    bases.flatMap((base) =>
      ["proxy", "middleware"].flatMap((name) => ["ts", "js", "mjs"].map((extension) => `${base}${name}.${extension}`)),
    ),
  )
  if (!file) return null
  const module = modules.parse(file)
  if (!module) return { file, matches: null, guard: null }
  const guard = guardOf(modules, module, authFile)
  const { locate } = modules
  const config = locate.initializerOf(module, "config")
  if (!config) return { file, matches: ["/:path*"], guard }
  const matcher = locate.membersOf(config)?.properties.get("matcher")
  return { file, matches: matcher ? locate.stringsOf(matcher) : ["/:path*"], guard }
}

function guardOf(modules: Modules, module: Module, authFile: string): MiddlewareGuard | null {
  const { locate } = modules
  const specifiers = locate.specifiersOf(module).map(({ text }) => text)
  if (specifiers.some((text) => text === "next-auth/middleware" || /\/mfa\/middleware$/.test(text))) return "with-auth"
  if (locate.callsOfDefault(module, "next-auth").length === 1) return "own-call"
  const reexported = locate.reexportedFrom(module, "auth").some((specifier) => modules.resolve(module.path, specifier) === authFile)
  return reexported ? "auth" : null
}

/**
 * Whether middleware runs on a path. Only literal segments with an optional `/:path*` at the end are decided;
 * null for every other pattern.
 */
export function runsOn(matches: string[] | null, path: string): boolean | null {
  if (matches === null) return null
  const verdicts = matches.map((pattern) => {
    const prefix = /^((?:\/[\w-]+)*)\/:\w+\*$/.exec(pattern)?.[1]
    if (prefix !== undefined) return path === prefix || path.startsWith(`${prefix}/`)
    if (/^(?:\/[\w-]*)+$/.test(pattern)) return path === pattern
    return null
  })
  if (verdicts.includes(true)) return true
  return verdicts.includes(null) ? null : false
}
