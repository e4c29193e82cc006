/**
 * What names from outside may look like: of a repository, a manifest or a feature that somebody else has written. The
 * one place where it is decided what may stand in code, in a path that is written, and in package.json.
 */
import { posix, sep } from "node:path"
import { CliError } from "./errors"
import { hasUnseen } from "./visible"

const longestPath = 1_000

export const isIdentifier = (text: string): boolean => text.length <= 200 && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(text)

/**
 * What may stand between quotes as a path or the name of a module: nothing that ends a string, a comment or a template,
 * and nothing that cannot be seen.
 */
export const isPlainPath = (text: string): boolean =>
  text !== "" && text.length <= longestPath && !/["'`\\*<>|{}]/.test(text) && !hasUnseen(text.replace(joiner, ""))

/** What makes one emoji of several: `👨‍👩‍👧` is a name that people give. Anywhere else it hides. */
const joiner = /(?<=\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]?)\u200D(?=\p{Extended_Pictographic})/gu

/**
 * What may stand in an import: a path or the name of a module. With a scheme it is an address, and `data:` is code by
 * itself; webpack takes what is before `!` for a program to run, and what follows `?` or `#` for no part of the name.
 */
export const isModuleName = (text: string): boolean => isPlainPath(text) && !/^[a-z][\w+.-]*:|^\/|\/\/|[!?]|(?!^)#/i.test(text)

/** `@scope/name`, as the npm registry takes it. */
export const isPackageName = (text: string): boolean =>
  text.length <= 214 && /^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/.test(text)

export const isEnvName = (text: string): boolean => text.length <= 200 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(text)

/** `mfa`, `my-feature`: the key of a manifest and the stem of files. `constructor` is there in every object already. */
export const isFeatureName = (text: string): boolean => text.length <= 100 && /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(text) && !(text in {})

/** `app/page.tsx`, `../db/schema.prisma`: relative, with `/`, without detours. In a workspace it may begin further up. */
export function isCleanPath(path: string): boolean {
  if (!isPlainPath(path) || path.startsWith("/") || /^[A-Za-z]:/.test(path)) return false
  const parts = path.split("/")
  const inside = parts.slice(parts.findIndex((part) => part !== ".."))
  return parts.some((part) => part !== "..") && inside.every((part) => part !== "" && part !== "." && part !== ".." && !/[. ]$/.test(part))
}

/**
 * A path as people type it, `./src/auth.ts`, `prisma/` or on Windows `src\auth.ts`, in the one spelling that is compared
 * and checked. With `#` behind it, a name that the file exports.
 * @param separator the system's own, unless a test says otherwise
 */
export function tidyPath(value: string, separator: string = sep): string {
  const [file = "", ...name] = value.split("#")
  if (file === "") return value
  const path = posix.normalize(file.split(separator).join("/"))
  return [path.length > 1 ? path.replace(/\/$/, "") : path, ...name].join("#")
}

/** Folders whose files are read by tools, or are somebody else's: git, packages, our own store. Disks may not tell case. */
const closedFolders = new Set([".git", "node_modules", ".chimerai"])

/** A clean path that does not lead through git's folder, packages or our own store. */
export const isOpenPath = (path: string): boolean =>
  isCleanPath(path) &&
  !path
    .toLowerCase()
    .split("/")
    .some((part) => closedFolders.has(part))

/** Files that tools and package managers read as orders, by name or by what their names end in. */
const toolFiles =
  /^(?:package\.json|package-lock\.json|npm-shrinkwrap\.json|pnpm-[\w-]+\.ya?ml|yarn\.lock|bun\.lockb?|bunfig\.toml|deno\.jsonc?|binding\.gyp|makefile|dockerfile|procfile|[jt]sconfig[\w.-]*\.json|.*\.config\.[\w.]+)$/
/** The same at the top of a project, where nothing of a feature belongs: `server.js`, `gulpfile.js`. */
const atTop = /^(?:\.\.\/)*[^/]+$/
/** Setups of tests, seeds and workers, which are run by their names. */
const runByName =
  /^(?:.*\.(?:setup|workspace|conf|rc)\.\w+|(?:gulp|grunt|jake|cake|wrangler|gatsby-\w+)file\.\w+|mdx-components\.\w+|seed\.\w+|sw\.\w+|service-?worker\.\w+)$/
/** Code that Next.js runs by its place, with whatever ending the app gives to its pages. */
const hooks = /^(?:src\/)?(?:middleware|proxy|instrumentation(?:-client)?)\.[\w.-]+$/

/**
 * Whether a feature may create a file: code, styles and schemas of the app. What installs, builds, tests or commits
 * something reads hidden files, configs and manifests, and would run what a feature had put there.
 */
export function isCreatable(path: string): boolean {
  if (!isOpenPath(path)) return false
  const parts = path.toLowerCase().split("/")
  const name = parts.at(-1) as string
  return (
    /\.(?:[cm]?[jt]sx?|css|prisma)$/.test(name) &&
    !toolFiles.test(name) &&
    !runByName.test(name) &&
    parts[0] !== "public" &&
    // A schema of a folder may be at the top of what holds it.
    (name.endsWith(".prisma") || !atTop.test(path)) &&
    !hooks.test(path.toLowerCase()) &&
    parts.every((part) => part === ".." || !part.startsWith("."))
  )
}

/** Files that insertions go into: code, schemas, and package.json for dependencies. Nothing hidden, no lockfiles and the like. */
export function isEditable(path: string): boolean {
  const parts = path.toLowerCase().split("/")
  const name = parts.at(-1) as string
  const isOrders = toolFiles.test(name) && name !== "package.json" && !/\.config\.[cm]?[jt]sx?$/.test(name)
  return isOpenPath(path) && !isOrders && parts.every((part) => part === ".." || !part.startsWith("."))
}

/**
 * The one gate between what was found in an app and the code that is written from it.
 * @param what how the value is called in the refusal: `the alias of tsconfig.json`
 * @throws CliError name_unsafe
 */
export function forCode(kind: "identifier" | "path" | "module", what: string, value: string): string {
  if ({ identifier: isIdentifier, path: isPlainPath, module: isModuleName }[kind](value)) return value
  throw new CliError("name_unsafe", `${what} is ${JSON.stringify(value.slice(0, 200))}, which cannot be written into code.`, {
    suggestion: "Nothing was changed. Give it a name without quotes, control characters and the like, then run this again.",
  })
}
