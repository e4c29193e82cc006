/** Which files of the app answer an address, in both routers: route groups and slots are no part of it. */
import { posix } from "node:path"
import type { Entry, HostFiles } from "./files"

type Dirs = { appDir: string | null; pagesDir: string | null }

/**
 * @property file that answers the address
 * @property pattern the address that it is for, `/settings/[tab]`, where that has a segment that may be anything
 */
export type Taken = { file: string; pattern: string | null }

/** The address of a page's or route's file below the folder of its router; null where it is neither. */
export function addressOf(router: "app" | "pages", dir: string, path: string): string | null {
  if (!path.startsWith(`${dir}/`)) return null
  const below = path.slice(dir.length + 1)
  if (router === "pages") return `/${below.replace(/\.[^/]*$/, "").replace(/(^|\/)index$/, "")}`
  if (!/(?:^|\/)(?:page|route)(?:\.\w+)?\.[jt]sx?$/.test(below)) return null
  const folders = below.split("/").slice(0, -1)
  return `/${folders.filter((part) => !isUnseen(part)).join("/")}`
}

/** Route groups and slots. `(.)photo` is a page that takes the place of another for a moment. */
const isUnseen = (folder: string): boolean => /^(?:\([^.)][^)]*\)|@.+)$/.test(folder)
export const isOpen = (segment: string): boolean => /^\[.+\]$/.test(segment)
export const isOpenToNone = (segment: string): boolean => /^\[\[\.\.\..+\]\]$/.test(segment)
const isOpenToMany = (segment: string): boolean => /^\[\[?\.\.\./.test(segment)

/** What a file is called without what makes it a page: also Markdown, and page extensions as people choose them. */
const stemOf = (name: string): string | null => /^(.+?)(?:\.(?:page|route|api))?\.(?:[jt]sx?|mdx?)$/.exec(name)?.[1] ?? null

/** Looks routes up, each folder of which is listed once. */
export function takenRoutes(files: HostFiles, { appDir, pagesDir }: Dirs): (address: string) => Taken[] {
  const listed = new Map<string, Entry[]>()
  const list = (dir: string): Entry[] => {
    const found = listed.get(dir) ?? files.list(dir)
    listed.set(dir, found)
    return found
  }
  const foldersIn = (dir: string) => list(dir).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  const stemsIn = (dir: string) =>
    list(dir).flatMap((entry) => {
      const stem = entry.isDirectory() ? null : stemOf(entry.name)
      return stem === null ? [] : [{ stem, file: `${dir}/${entry.name}` }]
    })
  const taken = (file: string, way: string[]): Taken => ({ file, pattern: way.some(isOpen) ? `/${way.join("/")}` : null })

  const inApp = (dir: string, ahead: string[], way: string[] = []): Taken[] => {
    const [next, ...rest] = ahead
    const isThere = next === undefined || isOpenToMany(way.at(-1) ?? "")
    const found = isThere ? stemsIn(dir).filter(({ stem }) => stem === "page" || stem === "route") : []
    return [
      ...found.map(({ file }) => taken(file, way)),
      ...foldersIn(dir).flatMap((name) => {
        const inside = `${dir}/${name}`
        if (isUnseen(name)) return inApp(inside, ahead, way)
        const isNext = next === undefined ? isOpenToNone(name) : name === next || isOpen(name)
        return isNext ? inApp(inside, rest, [...way, name]) : []
      }),
    ]
  }
  const inPages = (dir: string, ahead: string[], way: string[] = []): Taken[] => {
    const [next, ...rest] = ahead
    const isThere = (stem: string) => {
      if (next === undefined) return stem === "index" || isOpenToNone(stem)
      return rest.length === 0 ? stem === next || isOpen(stem) : isOpenToMany(stem)
    }
    return [
      ...stemsIn(dir)
        .filter(({ stem }) => isThere(stem))
        .map(({ stem, file }) => taken(file, stem === "index" ? way : [...way, stem])),
      ...foldersIn(dir)
        .filter((name) => next !== undefined && (name === next || isOpen(name)))
        .flatMap((name) => inPages(`${dir}/${name}`, rest, [...way, name])),
    ]
  }
  return (address) => {
    const names = address.split("/").filter((part) => part !== "")
    const served = posix.join("public", ...names)
    return [
      ...(appDir === null ? [] : inApp(appDir, names)),
      ...(pagesDir === null ? [] : inPages(pagesDir, names)),
      ...(files.isFile(served) ? [{ file: served, pattern: null }] : []),
    ]
  }
}
