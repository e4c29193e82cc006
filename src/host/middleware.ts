import type { HostFiles } from "./files"
import type { Modules } from "./modules"

export type MiddlewareFacts = { file: string; matches: string[] | null }

/** The middleware (proxy since Next 16) and the paths it runs on; null where that cannot be read from literals. */
export function detectMiddleware(files: HostFiles, modules: Modules, srcDir: boolean): MiddlewareFacts | null {
  const bases = srcDir ? ["src/", ""] : [""]
  const file = files.first(
    bases.flatMap((base) =>
      ["proxy", "middleware"].flatMap((name) => ["ts", "js", "mjs"].map((extension) => `${base}${name}.${extension}`)),
    ),
  )
  if (!file) return null
  const module = modules.parse(file)
  if (!module) return { file, matches: null }
  const { locate } = modules
  const config = locate.initializerOf(module, "config")
  if (!config) return { file, matches: ["/:path*"] }
  const matcher = locate.membersOf(config)?.properties.get("matcher")
  return { file, matches: matcher ? locate.stringsOf(matcher) : ["/:path*"] }
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
