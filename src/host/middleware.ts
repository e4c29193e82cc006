import { pathToRegexp } from "path-to-regexp"
import { coerce } from "semver"
import type { Module } from "../edit/typescript/module"
import type { HostFiles } from "./files"
import { matcherCost } from "./matcher-cost"
import type { Modules } from "./modules"

/**
 * What decides who may pass: the wrapped sign-in itself (`auth` of the auth config), a NextAuth that the middleware calls
 * with a config of its own, or next-auth 4's ready-made middleware. One that only chooses languages decides nothing of it.
 */
export type MiddlewareGuard = "auth" | "own-call" | "with-auth" | "languages"
/** @property call the file in which a NextAuth of the middleware's own is called */
export type MiddlewareFacts = { file: string; matches: string[] | null; guard: MiddlewareGuard | null; call: string | null }

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
  if (!module) return { file, matches: null, guard: null, call: null }
  const call = ownCallOf(modules, module, authFile)
  const guard = call === null ? guardOf(modules, module, authFile) : "own-call"
  const { locate } = modules
  const config = locate.initializerOf(module, "config")
  if (!config) return { file, matches: ["/:path*"], guard, call }
  const matcher = locate.membersOf(config)?.properties.get("matcher")
  return { file, matches: matcher ? patternsOf(modules, matcher) : ["/:path*"], guard, call }
}

/** The literal patterns of a matcher; of `{ source, has, missing }` the source, since the rest depends on the request. */
function patternsOf({ locate }: Modules, matcher: Parameters<Modules["locate"]["membersOf"]>[0]): string[] | null {
  const patterns = (locate.elementsOf(matcher) ?? [matcher]).map((entry) => {
    const source = locate.membersOf(entry)?.properties.get("source")
    return locate.literalText(source ?? entry)
  })
  return patterns.every((pattern) => pattern !== null) ? patterns : null
}

/** The file whose only call of NextAuth makes the `auth` that a middleware exports: itself, or one that has it for the edge. */
function ownCallOf(modules: Modules, module: Module, authFile: string): string | null {
  const { locate } = modules
  const auth = locate.exportedAuth(module)
  const imported = auth && auth !== "own" ? locate.bindingOf(module, auth.name) : null
  const path = imported && modules.resolve(module.path, imported.specifier)
  const other = path && path !== authFile && !path.startsWith("../") ? modules.tryParse(path) : null
  const maker = auth === "own" ? module : imported && other && locate.makesAuth(other, imported.imported) ? other : null
  if (maker === null) return null
  const calls = locate.callsOfDefault(maker, "next-auth")
  return calls.length === 1 && locate.strayUseOf(maker, "next-auth", calls) === null ? maker.path : null
}

function guardOf(modules: Modules, module: Module, authFile: string): MiddlewareGuard | null {
  const { locate } = modules
  const auth = locate.exportedAuth(module)
  if (auth === "own") return null
  const imported = auth && locate.bindingOf(module, auth.name)
  if (imported?.imported === "auth") return modules.resolve(module.path, imported.specifier) === authFile ? "auth" : null
  const specifiers = locate.specifiersOf(module).map(({ text }) => text)
  if (specifiers.some((text) => text === "next-auth/middleware" || modules.meansOurs(module.path, text, "lib/mfa/middleware")))
    return "with-auth"
  const reexported = locate.reexportedFrom(module, "auth").some((specifier) => modules.resolve(module.path, specifier) === authFile)
  if (reexported) return "auth"
  return mayRefuse(modules, module) ? null : "languages"
}

/** Packages that choose a language. */
const ofLanguages = /^next\/server$|intl|i18n|locale|negotiator/i
/** Of the app's own that are looked at. */
const mostModules = 20

/**
 * Whether a middleware may send people away by who they are. One that only chooses a language never does: it imports
 * nothing else, reads no other cookie, and has no word of sign-ins in it.
 */
function mayRefuse(modules: Modules, module: Module, seen = new Set<string>()): boolean {
  const { locate } = modules
  if (seen.has(module.path)) return false
  seen.add(module.path)
  if (seen.size > mostModules) return true
  for (const { text } of locate.specifiersOf(module)) {
    const path = modules.resolve(module.path, text)
    const own = path === null ? null : modules.tryParse(path)
    // A module of the app's own may do anything, whatever it is called.
    if (own ? mayRefuse(modules, own, seen) : path !== null || !ofLanguages.test(text)) return true
  }
  const rest = module.text.replace(/(?:cookies|headers)\.get\(["'](?:NEXT_LOCALE|locale|lang|accept-language)["']\)/gi, "")
  return /auth|session|token|jwt|sign|log-?in|user(?!outer)|cookie|header|\brequire\b|\bimport\(/i.test(
    rest.replace(/^import[^;\n]*/gm, ""),
  )
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
