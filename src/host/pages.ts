import { posix } from "node:path"
import { CliError } from "../errors"
import type { HostFiles } from "./files"
import type { AuthFacts } from "./types"

/** Of the app's own by its file, of a package's or under an alias as it is imported. */
type Stylesheet = { file: string } | { specifier: string }

/** The folders that our pages go into. */
export type PagePlaces = {
  /** Under it, pages have a root layout and nobody needs to be signed in: `src/app`, or a route group of it. */
  publicDir: string
  /** The same for signed-in pages: `src/app/(app)`. */
  signedInDir: string
  /** The folder of the app's own sign-in page. */
  signInDir: string | null
  /** That page itself. */
  signInFile: string | null
  /** In `app` there are routes only, and all pages are in `pages`: ours bring a root layout, with the stylesheet of those. */
  ownLayout: { stylesheet: Stylesheet | null } | null
}

/** What says where pages are, beside the routes' folder: the endings that Next.js takes for theirs, and the middleware. */
type Routing = { middleware: string | null; pageExtensions: string[]; pagesDir: string | null }

/** The path of a page's address, which may have a query or a hash: `/auth?mode=signin`. */
export const pathOf = (address: string): string => address.replace(/[?#].*$/s, "").replace(/(.)\/$/, "$1")

const signedInGroups = ["(app)", "(protected)", "(authenticated)", "(dashboard)", "(private)", "(main)"]

/**
 * @throws CliError root_layout_missing when pages of ours would have no root layout, which Next.js does not build
 */
export function detectPages(files: HostFiles, { router, routesDir, signInPage: address }: AuthFacts, routing: Routing): PagePlaces {
  const { pageExtensions, pagesDir } = routing
  const signInPage = address === null ? null : pathOf(address)
  const pageAt = (bases: string[]) => files.first(bases.flatMap((base) => pageExtensions.map((extension) => `${base}.${extension}`)))
  if (router === "pages") {
    const page = signInPage?.replace(/^\//, "")
    const signInFile = page ? pageAt([`${routesDir}/${page}`, `${routesDir}/${page}/index`]) : null
    return { publicDir: routesDir, signedInDir: routesDir, signInDir: null, signInFile, ownLayout: null }
  }
  const appDir = routesDir
  const signInDir = signInPage === null ? null : findPage(files, appDir, signInPage.split("/").filter(Boolean), routing)
  const signInFile = signInDir === null ? null : pageAt([`${signInDir}/page`])
  const layoutFiles = (dir: string) => pageExtensions.map((extension) => `${dir}/layout.${extension}`)
  const hasLayout = (dir: string) => layoutFiles(dir).some((path) => files.isFile(path))
  const groups = groupsIn(files, appDir)
  const known = signedInGroups.find((group) => groups.includes(group))
  const language = languageSegment(files, appDir, routing)
  // A root layout may be there only to hand on what is below it: where the sign-in page is under a language, all are.
  const isLocalized = language !== null && signInDir?.startsWith(`${appDir}/${language}/`) === true
  if (hasLayout(appDir) && isLocalized)
    return { publicDir: `${appDir}/${language}`, signedInDir: `${appDir}/${language}`, signInDir, signInFile, ownLayout: null }
  if (hasLayout(appDir)) return { publicDir: appDir, signedInDir: `${appDir}/${known ?? "(app)"}`, signInDir, signInFile, ownLayout: null }

  const rooted = [...groups, ...(language === null ? [] : [language])].map((group) => `${appDir}/${group}`).filter(hasLayout)
  const first = rooted[0]
  if (first === undefined && pagesDir !== null && !hasPages(files, appDir, deepestPage)) {
    const dir = `${appDir}/${ownGroup}`
    return {
      publicDir: dir,
      signedInDir: dir,
      signInDir,
      signInFile,
      ownLayout: { stylesheet: stylesheetOf(files, pagesDir, pageExtensions) },
    }
  }
  if (first === undefined)
    throw new CliError("root_layout_missing", `There is no root layout in ${appDir}, so pages beside it cannot be built.`, {
      file: appDir,
      suggestion: `Nothing was changed. Add ${appDir}/layout.tsx, or one in a route group or in a segment like [locale] that a middleware fills in.`,
    })
  const asks = (dir: string) => layoutFiles(dir).some((path) => files.isFile(path) && asksForSession.test(files.glance(path)))
  const ofSignIn = rooted.find((dir) => signInDir?.startsWith(`${dir}/`))
  const publicDir = ofSignIn ?? rooted.find((dir) => !asks(dir)) ?? first
  const signedInDir = rooted.find((dir) => dir.endsWith(`/${known}`)) ?? signedInAmong(rooted, asks, ofSignIn)
  return { publicDir, signedInDir, signInDir, signInFile, ownLayout: null }
}

/** The route group of our own pages, where there is none of the app's. */
const ownGroup = "(mfa)"
/** Folders. */
const deepestPage = 6

function hasPages(files: HostFiles, dir: string, depth: number): boolean {
  const entries = files.list(dir)
  if (entries.some((entry) => !entry.isDirectory() && /^(?:page|layout|template)\./.test(entry.name))) return true
  return depth > 0 && entries.some((entry) => entry.isDirectory() && hasPages(files, `${dir}/${entry.name}`, depth - 1))
}

/** The stylesheet that `pages/_app` imports for all pages. */
function stylesheetOf(files: HostFiles, pagesDir: string, extensions: string[]): Stylesheet | null {
  const file = files.first(extensions.map((extension) => `${pagesDir}/_app.${extension}`))
  const imports = (file && files.read(file))?.matchAll(/^[ \t]*import[ \t]+["']([^"'\n]+\.s?css)["']/gm) ?? []
  const stylesheets = Array.from(imports, ([, specifier = ""]) => specifier)
  // Those of packages come first, and are for parts of pages.
  const imported = stylesheets.find((specifier) => /^(?:\.|[@~]\/)/.test(specifier)) ?? stylesheets[0]
  if (imported === undefined) return null
  return imported.startsWith(".") ? { file: posix.normalize(posix.join(pagesDir, imported)) } : { specifier: imported }
}

const asksForSession = /\b(auth|getServerSession|getSession|currentUser|requireUser|redirect)\s*\(/
const soundsPublic = /\b(marketing|public|(web)?site|landing|auth|guest|login|sign-?in)\b|unauth/i

/**
 * Which of several folders with a root layout is for those who are signed in. The layout of the sign-in page usually sends
 * them away, so another one is taken where there is one.
 */
function signedInAmong(rooted: string[], asks: (dir: string) => boolean, ofSignIn: string | undefined): string {
  const others = rooted.filter((dir) => dir !== ofSignIn)
  const isForOthers = (dir: string) => !soundsPublic.test(posix.basename(dir))
  return others.find(asks) ?? others.find(isForOthers) ?? others[0] ?? (rooted[0] as string)
}

/**
 * `[locale]`, where all pages are in it and a middleware fills it in: `/login/mfa` is then answered by `/en/login/mfa`.
 */
function languageSegment(files: HostFiles, appDir: string, { middleware }: Routing): string | null {
  // Further down, a segment like [slug] is anything but a language.
  if (!/^(src\/)?app(\/\([^)]*\))*$/.test(appDir)) return null
  if (middleware === null || !/next-intl|i18n|locale|lang/i.test(files.read(middleware) ?? "")) return null
  const segments = files.list(appDir).filter((entry) => entry.isDirectory() && /^\[\w+\]$/.test(entry.name))
  return segments.length === 1 ? (segments[0]?.name ?? null) : null
}

const groupsIn = (files: HostFiles, dir: string) =>
  files
    .list(dir)
    .filter((entry) => entry.isDirectory() && /^\([^.)][^)]*\)$/.test(entry.name))
    .map(({ name }) => name)

/**
 * The folder whose page answers a path, route groups looked through. Each is looked through once for the same rest of the
 * path: where a path may be taken for groups in many ways, there is no end to them.
 */
function findPage(files: HostFiles, dir: string, segments: string[], routing: Routing, seen = new Set<string>()): string | null {
  const key = `${segments.length} ${dir}`
  if (seen.has(key)) return null
  seen.add(key)
  const [segment, ...rest] = segments
  if (segment === undefined && routing.pageExtensions.some((extension) => files.isFile(`${dir}/page.${extension}`))) return dir
  for (const group of [...groupsIn(files, dir), languageSegment(files, dir, routing)].filter((name) => name !== null)) {
    const found = findPage(files, `${dir}/${group}`, segments, routing, seen)
    if (found) return found
  }
  return segment !== undefined && files.isDirectory(`${dir}/${segment}`) ? findPage(files, `${dir}/${segment}`, rest, routing, seen) : null
}
