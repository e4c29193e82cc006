import { homedir } from "node:os"
import { dirname, join, posix, resolve } from "node:path"
import { entryAt, exists, findRepository, realPath } from "../disk/look"
import { isBelow, placeOf } from "../disk/place"
import { CliError } from "../errors"
import { quotedOr } from "../shell"
import { findHandler } from "./auth-handler"
import { HostFiles } from "./files"
import { parseManifest } from "./json"
import { usualPageExtensions } from "./next-config"
import { foldersOf, workspacePatterns } from "./packages"
import { dependencyRange, type PackageJson } from "./workspace"

/**
 * The app that a run is about: the folder given, or, at the root of a workspace, the one of its packages that it must be.
 * @param app `--app`: its folder, from the one given
 * @returns the app's folder from the one given, `.` or `apps/web`
 * @throws CliError invalid_option, app_ambiguous; outside_root, path_forbidden, link_unsafe: the folder, or `--app`, leads
 * elsewhere
 */
export function findApp(dir: string, app?: string): string {
  const files = new HostFiles(dir)
  assertNotLedAway(dir)
  if (app !== undefined) {
    const path = posix.normalize(app.replaceAll("\\", "/")).replace(/\/$/, "")
    if (path.startsWith("..") || posix.isAbsolute(path) || !files.isDirectory(path))
      throw new CliError("invalid_option", `--app ${app}: there is no such folder in ${dir}.`)
    // A link may lead to a neighbouring project.
    if (path !== ".") placeOf(files.root, files.root, path)
    return path
  }
  // The root of a workspace may have next for all of its apps.
  if (isNextApp(files, ".")) return "."
  const apps = foldersOf(files, ".", workspacePatterns(files, ".")).filter((path) => isNextApp(files, path))
  const [only, ...others] = likeliest(apps, [
    (path) => hasHandler(files, path),
    (path) => dependencyRange(manifestOf(files, path), "next-auth") !== null,
  ])
  if (only === undefined) return "."
  if (others.length > 0)
    throw new CliError("app_ambiguous", `There are several Next.js apps here: ${[only, ...others].join(", ")}.`, {
      suggestion: `Name the one that is meant: npx chimerai add mfa --app ${quotedOr(only, "path/to/app")}`,
      choice: { flag: "app", values: [only, ...others] },
    })
  return only
}

/** What Next.js takes by itself, and what people choose; which of them an app has, its own config says. */
const anyExtensions = usualPageExtensions.flatMap((extension) => [
  extension,
  ...["page", "route", "api"].map((kind) => `${kind}.${extension}`),
])

const routers = ["app", "pages"] as const

/** The folder of a router of the package, where Next.js looks for it. */
const routerDir = (files: HostFiles, path: string, router: (typeof routers)[number]): string | null =>
  files.first([posix.join(path, router), posix.join(path, "src", router)])

/** Packages for apps to share have next among their dependencies as well, and no pages. */
const isNextApp = (files: HostFiles, path: string): boolean =>
  dependencyRange(manifestOf(files, path), "next") !== null && routers.some((router) => routerDir(files, path, router) !== null)

const hasHandler = (files: HostFiles, path: string): boolean => {
  const [appDir, pagesDir] = routers.map((router) => routerDir(files, path, router)) as [string | null, string | null]
  return findHandler(files, { appDir, pagesDir, pageExtensions: anyExtensions }) !== null
}

/** Those for which the first sign speaks that speaks for any; all of them where none does. */
function likeliest(apps: string[], signs: ((path: string) => boolean)[]): string[] {
  if (apps.length <= 1) return apps
  for (const sign of signs) {
    const found = apps.filter(sign)
    if (found.length > 0) return found
  }
  return apps
}

function manifestOf(files: HostFiles, dir: string): PackageJson {
  const text = files.read(posix.join(dir, "package.json"))
  return parseManifest(text ?? "")
}

/**
 * A link that a project holds may lead to a neighbouring one: who types `apps/web` in a clone means what is in the clone.
 * Links that are in nobody's project, `/tmp` or `~/link`, are people's own.
 * @throws CliError outside_root
 */
function assertNotLedAway(dir: string): void {
  const typed = resolve(dir)
  for (let path = typed; dirname(path) !== path; path = dirname(path)) {
    if (entryAt(path) !== "link") continue
    const project = projectOf(realPath(dirname(path)))
    const real = realPath(path)
    if (project === null || real === project || isBelow(project, real)) continue
    throw new CliError("outside_root", `${dir} leads out of ${project}, by the link ${path}. Nothing was changed.`, {
      suggestion: `If that project is meant, pass its own folder: ${quotedOr(realPath(typed), "path/to/app")}`,
    })
  }
}

/** The repository that a folder is in, else the nearest folder with a package.json; null where that is somebody's home, or above. */
function projectOf(folder: string): string | null {
  const top = findRepository(folder) ?? nearestPackage(folder)
  const home = exists(homedir()) ? realPath(homedir()) : homedir()
  return top === null || top === home || isBelow(top, home) ? null : top
}

function nearestPackage(folder: string): string | null {
  for (let dir = folder; ; dir = dirname(dir)) {
    if (exists(join(dir, "package.json"))) return dir
    if (dirname(dir) === dir) return null
  }
}
