import { pathToRegexp } from "path-to-regexp"
import { coerce } from "semver"
import type { Module } from "../edit/typescript/module"
import type { HostFiles } from "./files"
import { matcherCost } from "./matcher-cost"
import type { Modules } from "./modules"

/**
 * What decides who may pass: the wrapped sign-in itself (`auth` of the auth config), a NextAuth that the middleware calls
 * with a config of its own, or next-auth 4's ready-made middleware.
 */
export type MiddlewareGuard = "auth" | "own-call" | "with-auth"
export type MiddlewareFacts = { file: string; matches: string[] | null; guard: MiddlewareGuard | null }

/**
 * The file that Next.js runs before requests, beside the folder of the routes; null where there is none. `proxy` is that
 * since Next.js 16, and any file of the app's own before.
 */
export function findMiddleware(files: HostFiles, { srcDir, next, pageExtensions }: MiddlewarePlace): string | null {
  const major = coerce(next)?.major ?? Number.POSITIVE_INFINITY
  const names = major >= 16 ? ["proxy", "middleware"] : ["middleware"]
  const base = srcDir ? "src/" : ""
  return files.first(names.flatMap((name) => pageExtensions.map((extension) => `${base}${name}.${extension}`)))
}

/** What decides where the middleware is. */
export type MiddlewarePlace = { srcDir: boolean; next: string; pageExtensions: string[] }

/** The paths that the middleware runs on, null where they cannot be read from literals, and what decides in it. */
export function detectMiddleware(modules: Modules, file: string | null, authFile: string): MiddlewareFacts | null {
  if (!file) return null
  const module = modules.parse(file)
  if (!module) return { file, matches: null, guard: null }
  const guard = guardOf(modules, module, authFile)
  const { locate } = modules
  const config = locate.initializerOf(module, "config")
  if (!config) return { file, matches: ["/:path*"], guard }
  const matcher = locate.membersOf(config)?.properties.get("matcher")
  return { file, matches: matcher ? patternsOf(modules, matcher) : ["/:path*"], guard }
}

/** The literal patterns of a matcher; of `{ source, has, missing }` the source, since the rest depends on the request. */
function patternsOf({ locate }: Modules, matcher: Parameters<Modules["locate"]["membersOf"]>[0]): string[] | null {
  const patterns = (locate.elementsOf(matcher) ?? [matcher]).map((entry) => {
    const source = locate.membersOf(entry)?.properties.get("source")
    return locate.literalText(source ?? entry)
  })
  return patterns.every((pattern) => pattern !== null) ? patterns : null
}

function guardOf(modules: Modules, module: Module, authFile: string): MiddlewareGuard | null {
  const { locate } = modules
  const auth = locate.exportedAuth(module)
  if (auth === "own") {
    const calls = locate.callsOfDefault(module, "next-auth")
    return calls.length === 1 && locate.strayUseOf(module, "next-auth", calls) === null ? "own-call" : null
  }
  const imported = auth && locate.bindingOf(module, auth.name)
  if (imported?.imported === "auth") return modules.resolve(module.path, imported.specifier) === authFile ? "auth" : null
  const specifiers = locate.specifiersOf(module).map(({ text }) => text)
  if (specifiers.some((text) => text === "next-auth/middleware" || modules.meansOurs(module.path, text, "lib/mfa/middleware")))
    return "with-auth"
  const reexported = locate.reexportedFrom(module, "auth").some((specifier) => modules.resolve(module.path, specifier) === authFile)
  return reexported ? "auth" : null
}

/** Characters. */
const longestPath = 100
/** Each takes its own time. */
const mostPatterns = 100
/** Steps of all patterns together: a tenth of a second. */
const mostSteps = 2_000_000

/** Whether middleware runs on a path, as Next.js decides it; null where its matcher could not be read, or may not end. */
export function runsOn(matches: string[] | null, path: string): boolean | null {
  if (matches === null || matches.length > mostPatterns || path.length > longestPath) return null
  if (matches.reduce((steps, pattern) => steps + matcherCost(pattern, path.length), 0) > mostSteps) return null
  try {
    return matches.some((pattern) => pathToRegexp(pattern).test(path))
  } catch {
    return null
  }
}
