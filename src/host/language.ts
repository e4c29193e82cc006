/** Whether an app is written in TypeScript: by its files, as Next.js decides it, and not by what happens to be installed. */
import { posix } from "node:path"
import type { HostFiles } from "./files"
import { sourceFiles } from "./sources"
import type { Language } from "./types"

/** Files that are looked at. With more that are all JavaScript, the config is believed. */
const most = 2_000

/** Folders and files in TypeScript that say nothing of the app: tools' own, and tests. */
const asideFolder = /^(?:prisma|scripts|tests?|__tests__|e2e|cypress|playwright|stories)$/
const asideFile = /\.(?:d|config|setup|test|spec|stories)\.[cm]?tsx?$/

/**
 * @param routeDirs the folders of pages and routes: one file in TypeScript there, and Next.js takes the app for TypeScript
 * @returns with what shows it
 */
export function detectLanguage(files: HostFiles, routeDirs: string[]): { language: Language; evidence: string } {
  const isInRoutes = (path: string) => routeDirs.some((dir) => path.startsWith(`${dir}/`))
  const isAncestor = (dir: string) => routeDirs.some((route) => route === dir || route.startsWith(`${dir}/`))
  const routes = firstTyped(files, (dir) => !isAncestor(dir) && !isInRoutes(dir), isInRoutes)
  const config = files.first(["tsconfig.json"])
  if (routes.typed !== null) return { language: "ts", evidence: config ?? routes.typed }
  // A tsconfig.json may be there for editors alone. What is imported from TypeScript needs types, and is TypeScript.
  if (config !== null && (routes.first === null || !routes.isWhole)) return { language: "ts", evidence: config }
  if (config !== null) {
    const all = firstTyped(
      files,
      (dir) => asideFolder.test(posix.basename(dir)),
      () => true,
    )
    if (all.typed !== null || !all.isWhole) return { language: "ts", evidence: config }
  }
  return { language: "js", evidence: routes.first ?? files.first(["jsconfig.json"]) ?? "package.json" }
}

/** The first file that counts, and the first one in TypeScript. */
function firstTyped(
  files: HostFiles,
  leaveOut: (dir: string) => boolean,
  counts: (path: string) => boolean,
): { first: string | null; typed: string | null; isWhole: boolean } {
  let isWhole = true
  let first: string | null = null
  let seen = 0
  const onLimit = () => {
    isWhole = false
  }
  for (const path of sourceFiles(files, { leaveOut, onLimit })) {
    if (++seen > most) return { first, typed: null, isWhole: false }
    if (!counts(path) || asideFile.test(path)) continue
    if (/\.[cm]?tsx?$/.test(path)) return { first: path, typed: path, isWhole }
    first ??= path
  }
  return { first, typed: null, isWhole }
}
