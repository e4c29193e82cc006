import { CliError } from "../errors"
import { evidenceOf, type HostFiles } from "./files"
import type { Host, Styling } from "./types"
import { dependencyRange, installedVersion, type PackageJson, type VersionFact, versionOf } from "./workspace"

type NextFacts = Pick<Host, "router" | "appDir" | "pagesDir" | "srcDir" | "language">

/** @throws CliError not_nextjs, app_router_missing */
export function detectNext(
  files: HostFiles,
  manifest: PackageJson,
  manifestText: string,
): { facts: NextFacts; version: VersionFact; evidence: Record<string, string> } {
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
  const appDir = files.first(["src/app", "app"])
  const pagesDir = files.first(["src/pages", "pages"])
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
  }
}

export function detectStyling(files: HostFiles, manifest: PackageJson, manifestText: string): { styling: Styling; evidence: string } {
  const range = dependencyRange(manifest, "tailwindcss")
  if (range === null) return { styling: "css", evidence: "package.json" }
  const version = installedVersion(files, "tailwindcss") ?? range
  const major = Number(/\d+/.exec(version)?.[0] ?? 4)
  return { styling: major >= 4 ? "tailwind-4" : "tailwind-3", evidence: evidenceOf("package.json", manifestText, '"tailwindcss"') }
}
