import { posix } from "node:path"
import { placeOf } from "../disk/place"
import { CliError } from "../errors"
import { quotedOr } from "../shell"
import { HostFiles } from "./files"
import { parseManifest } from "./json"
import { foldersOf, workspacePatterns } from "./packages"
import { dependencyRange, type PackageJson } from "./workspace"

/**
 * The app that a run is about: the folder given, or, at the root of a workspace, the one of its packages that it must be.
 * @param app `--app`: its folder, from the one given
 * @returns the app's folder from the one given, `.` or `apps/web`
 * @throws CliError invalid_option, app_ambiguous; outside_root, path_forbidden, link_unsafe: `--app` leads elsewhere
 */
export function findApp(dir: string, app?: string): string {
  const files = new HostFiles(dir)
  if (app !== undefined) {
    const path = posix.normalize(app.replaceAll("\\", "/")).replace(/\/$/, "")
    if (path.startsWith("..") || posix.isAbsolute(path) || !files.isDirectory(path))
      throw new CliError("invalid_option", `--app ${app}: there is no such folder in ${dir}.`)
    // A link may lead to a neighbouring project.
    if (path !== ".") placeOf(files.root, files.root, path)
    return path
  }
  const manifest = manifestOf(files, ".")
  if (dependencyRange(manifest, "next") !== null) return "."
  const packages = foldersOf(files, ".", workspacePatterns(files, "."))
  const apps = packages.filter((path) => dependencyRange(manifestOf(files, path), "next") !== null)
  const signingIn = apps.filter((path) => dependencyRange(manifestOf(files, path), "next-auth") !== null)
  const [only, ...others] = signingIn.length === 1 ? signingIn : apps
  if (only === undefined) return "."
  if (others.length > 0)
    throw new CliError("app_ambiguous", `There are several Next.js apps here: ${[only, ...others].join(", ")}.`, {
      suggestion: `Name the one that is meant: npx chimerai add mfa --app ${quotedOr(only, "path/to/app")}`,
      choice: { flag: "app", values: [only, ...others] },
    })
  return only
}

function manifestOf(files: HostFiles, dir: string): PackageJson {
  const text = files.read(posix.join(dir, "package.json"))
  return parseManifest(text ?? "")
}
