import { CliError } from "../errors"
import { evidenceOf, type HostFiles } from "./files"
import { detectLanguage } from "./language"
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
      suggestion: files.exists("nx.json")
        ? "This is the root of an Nx workspace. Pass the app's folder, which needs a package.json of its own: npx chimerai add mfa apps/web"
        : "Run this in the folder of the Next.js app itself.",
    })
  const dir = appDir ?? pagesDir ?? ""
  const { language, evidence: written } = detectLanguage(
    files,
    [appDir, pagesDir].filter((taken) => taken !== null),
  )
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
      language: written,
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
