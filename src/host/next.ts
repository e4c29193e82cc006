import { CliError } from "../errors"
import { evidenceOf, type HostFiles } from "./files"
import type { Host, Styling, Warning } from "./types"
import { dependencyRange, installedVersion, type PackageJson, type VersionFact, versionOf } from "./workspace"

type NextFacts = Pick<Host, "router" | "appDir" | "pagesDir" | "srcDir" | "language">

/** @throws CliError not_nextjs, app_router_missing */
export function detectNext(
  files: HostFiles,
  manifest: PackageJson,
  manifestText: string,
): { facts: NextFacts; version: VersionFact; evidence: Record<string, string>; warnings: Warning[] } {
  const range = dependencyRange(manifest, "next")
  if (range === null)
    throw new CliError("not_nextjs", "This is not a Next.js app: package.json does not depend on next.", {
      file: "package.json",
      suggestion:
        manifest.workspaces || files.exists("pnpm-workspace.yaml")
          ? "This is the root of a workspace. Pass the app's folder: npx chimerai add mfa apps/web"
          : "Run this in the folder of a Next.js app.",
    })
  const version = versionOf(files, "next", range, manifestText)
  // In the order of Next.js, which leaves the folder below src alone where there is one beside it.
  const appDir = files.first(["app", "src/app"])
  const pagesDir = files.first(["pages", "src/pages"])
  if (!appDir && !pagesDir)
    throw new CliError("app_router_missing", "There is neither an app nor a pages folder here.", {
      file: "package.json",
      suggestion: "Run this in the folder of the Next.js app itself.",
    })
  const dir = appDir ?? pagesDir ?? ""
  const typed = files.exists("tsconfig.json")
  const language = typed || dependencyRange(manifest, "typescript") !== null ? "ts" : "js"
  return {
    version,
    facts: {
      router: appDir && pagesDir ? "both" : appDir ? "app" : "pages",
      appDir: appDir ?? null,
      pagesDir: pagesDir ?? null,
      srcDir: dir.startsWith("src/"),
      language,
    },
    evidence: {
      next: version.evidence,
      router: [appDir, pagesDir].filter(Boolean).join(", "),
      srcDir: dir,
      language: typed ? "tsconfig.json" : "package.json",
    },
    warnings: [appDir, pagesDir].flatMap((taken) => (taken ? unservedRoutes(files, taken) : [])),
  }
}

/** Routes below src that Next.js does not serve: MFA is not installed for them. */
function unservedRoutes(files: HostFiles, taken: string): Warning[] {
  const other = `src/${taken}`
  const file = taken === "app" ? routeBelow(files, other, 4) : taken === "pages" ? files.first([`${other}/api`, `${other}/_app.tsx`]) : null
  if (file === null) return []
  const message = `Next.js serves ${taken} and leaves ${other} alone, where there are routes as well. MFA is installed for ${taken}; remove the one that is not meant.`
  return [{ code: "routes_not_served", message, file }]
}

function routeBelow(files: HostFiles, dir: string, depth: number): string | null {
  const entries = files.list(dir)
  const route = entries.find((entry) => !entry.isDirectory() && /^(?:page|route)\.[jt]sx?$/.test(entry.name))
  if (route) return `${dir}/${route.name}`
  if (depth === 0) return null
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const below = routeBelow(files, `${dir}/${name}`, depth - 1)
    if (below !== null) return below
  }
  return null
}

/**
 * Where the whole app is served under a path of its own, held sign-ins would be sent past it.
 * @throws CliError base_path_unsupported
 */
export function checkBasePath(files: HostFiles): Warning[] {
  const path = files.first(["js", "mjs", "cjs", "ts", "mts"].map((extension) => `next.config.${extension}`))
  const text = path && files.read(path)
  if (!path || !text) return []
  const value = statedBasePath(text)
  if (value === undefined || /^(""|''|undefined|null)\s*,?/.test(value)) return []
  const place = { file: path, line: Number(evidenceOf(path, text, "basePath").split(":")[1] ?? 1) }
  if (/^["'`]\//.test(value))
    throw new CliError("base_path_unsupported", "This app is served under a basePath, which the redirects of MFA do not know.", {
      ...place,
      suggestion: "Nothing was changed. chimerai does not support Next.js's basePath yet.",
    })
  const message = "The basePath of this app is only known when it runs. Where it is set, held sign-ins are sent past it: leave it empty."
  return [{ code: "base_path", message, ...place }]
}

/** What follows `basePath:` on its line, comments left out; line by line, so that blank ones are read once. */
function statedBasePath(text: string): string | undefined {
  for (const line of text.split("\n")) {
    const at = /^[^\S\n]*(?:\/\/|\*)/.test(line) ? -1 : line.search(/\bbasePath\b/)
    const stated = at === -1 ? null : /^basePath\s*:\s*(.*)/.exec(line.slice(at))
    if (stated) return stated[1]
  }
  return undefined
}

/** @param pagesDir the folder of the Pages Router, where MFA's pages go there */
export function detectStyling(
  files: HostFiles,
  manifest: PackageJson,
  manifestText: string,
  pagesDir: string | null,
): { styling: Styling; evidence: string } {
  const range = dependencyRange(manifest, "tailwindcss")
  if (range === null) return { styling: "css", evidence: "package.json" }
  // An app that is on its way to app/ has its stylesheet in the layout there, and pages/ has none.
  const appFile = pagesDir && files.first(["tsx", "jsx", "ts", "js"].map((extension) => `${pagesDir}/_app.${extension}`))
  if (pagesDir && !/\.s?css["']/.test(appFile ? (files.read(appFile) ?? "") : "")) return { styling: "css", evidence: appFile || pagesDir }
  const version = installedVersion(files, "tailwindcss") ?? range
  const major = Number(/\d+/.exec(version)?.[0] ?? 4)
  return { styling: major >= 4 ? "tailwind-4" : "tailwind-3", evidence: evidenceOf("package.json", manifestText, '"tailwindcss"') }
}
