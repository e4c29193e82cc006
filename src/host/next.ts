import { CliError } from "../errors"
import { evidenceOf, type HostFiles } from "./files"
import type { Host, Styling } from "./types"
import { dependencyRange, installedVersion, type PackageJson, type VersionFact, versionOf } from "./workspace"

type NextFacts = Pick<Host, "router" | "appDir" | "srcDir" | "language">

/** @throws CliError not_nextjs, app_router_missing, language_unsupported */
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
  if (!appDir)
    throw new CliError(
      "app_router_missing",
      pagesDir
        ? `This app uses the Pages Router (${pagesDir}) only. This version of chimerai installs into the App Router.`
        : "There is no app folder here.",
      {
        file: pagesDir ?? "package.json",
        suggestion: "Nothing was changed. Support for pages/ is planned; see the issue tracker.",
      },
    )
  const language = files.exists("tsconfig.json") || dependencyRange(manifest, "typescript") !== null ? "ts" : "js"
  if (language === "js")
    throw new CliError("language_unsupported", "This app is written in JavaScript. This version of chimerai writes TypeScript.", {
      file: "package.json",
      suggestion: "Add a tsconfig.json (next dev writes one), or wait for JavaScript support.",
    })
  return {
    version,
    facts: {
      router: pagesDir ? "both" : "app",
      appDir,
      srcDir: appDir.startsWith("src/"),
      language,
    },
    evidence: {
      next: version.evidence,
      router: appDir,
      srcDir: appDir,
      language: files.exists("tsconfig.json") ? "tsconfig.json" : "package.json",
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
