/** Where the app's catch-all auth handler is. */
import type { HostFiles } from "./files"

export type RouterDirs = { appDir: string | null; pagesDir: string | null; pageExtensions: string[] }
type Handler = { handler: string; router: "app" | "pages"; dir: string }

/** Where it was looked for, in words. */
export function searched({ appDir, pagesDir, pageExtensions }: RouterDirs): string {
  const dirs = [appDir, pagesDir && `${pagesDir}/api`].filter((dir) => dir !== null).join(" or ")
  // A file with another ending may well be there: Next.js does not take it for a route.
  return pageExtensions.includes("ts") || pageExtensions.includes("js")
    ? dirs
    : `${dirs}, with an ending of pageExtensions (${pageExtensions.join(", ")})`
}

/** What the name of a route that is still to be written ends in. */
export const routeEnding = (extensions: string[]): string =>
  extensions.find((extension) => extension === "ts") ??
  extensions.find((extension) => /(?:^|\.)[jt]s$/.test(extension)) ??
  extensions[0] ??
  "ts"

/**
 * `app/api/auth/[...nextauth]/route.ts` or `pages/api/auth/[...nextauth].ts`, or elsewhere where the base path is another.
 * Next.js refuses an app in which both answer the same path, so the first one found is the live one.
 */
export function findHandler(files: HostFiles, { appDir, pagesDir, pageExtensions }: RouterDirs): Handler | null {
  const routeIn = routeWith(pageExtensions)
  const pageIn = pageWith(pageExtensions)
  const route = appDir && (findUnder(files, `${appDir}/api`, routeIn) ?? findUnder(files, appDir, routeIn))
  if (route && appDir) return { handler: route, router: "app", dir: appDir }
  const page = pagesDir && findUnder(files, `${pagesDir}/api`, pageIn)
  return page && pagesDir ? { handler: page, router: "pages", dir: pagesDir } : null
}

/** `[...nextauth]`, also where it may be left out: `[[...nextauth]]`. */
const catchAll = /^(?:\[\.\.\.\w+\]|\[\[\.\.\.\w+\]\])$/

type Look = (files: HostFiles, dir: string) => string | null
const isAuth = (files: HostFiles, path: string) => /auth/i.test(path) || /next-?auth|\bhandlers\b/i.test(files.read(path) ?? "")

const routeWith =
  (extensions: string[]): Look =>
  (files, dir) => {
    for (const { name } of files.list(dir).filter((entry) => entry.isDirectory() && catchAll.test(entry.name))) {
      const route = files.first(extensions.map((extension) => `${dir}/${name}/route.${extension}`))
      if (route && isAuth(files, route)) return route
    }
    return null
  }

const pageWith =
  (extensions: string[]): Look =>
  (files, dir) => {
    const isPage = (name: string) => {
      const dot = name.lastIndexOf("].") + 1
      return dot > 0 && catchAll.test(name.slice(0, dot)) && extensions.includes(name.slice(dot + 1))
    }
    const names = files.list(dir).flatMap(({ name }) => (isPage(name) ? [name] : []))
    return names.map((name) => `${dir}/${name}`).find((path) => isAuth(files, path)) ?? null
  }

/** The folder `auth` first, then all others, at most three levels down. */
function findUnder(files: HostFiles, api: string, look: Look): string | null {
  const search = (dir: string, depth: number): string | null => {
    const found = look(files, dir)
    if (found !== null || depth === 0) return found
    const inside = files
      .list(dir)
      .filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && !/^[[_]/.test(entry.name))
      .toSorted((a, b) => Number(b.name === "auth") - Number(a.name === "auth"))
    for (const { name } of inside) {
      const below = search(`${dir}/${name}`, depth - 1)
      if (below !== null) return below
    }
    return null
  }
  return search(`${api}/auth`, 0) ?? search(api, 3)
}
