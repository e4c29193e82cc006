/** Options of next.config that decide where things are, read without running it. */
import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/module"
import { CliError } from "../errors"
import type { HostFiles } from "./files"
import type { Modules } from "./modules"
import type { Endings, Language, Warning } from "./types"

/** In the order in which Next.js looks for them. */
const configFiles = ["js", "mjs", "ts", "mts"].map((extension) => `next.config.${extension}`)

/** The endings of pages, routes and the middleware, without their dot, where next.config says nothing of them. */
export const usualPageExtensions = ["tsx", "ts", "jsx", "js"]

/**
 * @property file null where there is none, or it says nothing that can be read
 * @property pageExtensions those of code, in the order in which Next.js looks for them
 */
export type NextConfig = { file: string | null; pageExtensions: string[]; warnings: Warning[] }

/** @throws CliError base_path_unsupported, page_extensions_unsupported; parse_failed: it has one of the options somewhere */
export function readNextConfig(files: HostFiles, modules: Modules): NextConfig {
  const path = files.first(configFiles)
  const text = path === null ? "" : (files.read(path) ?? "")
  const module = path === null ? null : /basePath|pageExtensions/.test(text) ? modules.parse(path) : modules.tryParse(path)
  if (!module) return { file: null, pageExtensions: usualPageExtensions, warnings: [] }
  const warnings = checkBasePath(modules, module)
  const pageExtensions = pageExtensionsOf(modules, module).filter((extension) => /(?:^|\.)[cm]?[jt]sx?$/.test(extension))
  return { file: module.path, pageExtensions, warnings }
}

/**
 * The endings of pages and routes that are created, out of those that the app's own may have.
 * @param like files of the app that show which of several it takes
 * @throws CliError page_extensions_unsupported: there is none that code of the app's language can have
 */
export function endingsOf({ file, pageExtensions }: NextConfig, language: Language, like: (string | null)[]): Endings {
  const endingIn = (...kinds: string[]): string => {
    for (const kind of kinds) {
      const fitting = pageExtensions.filter((extension) => extension === kind || extension.endsWith(`.${kind}`))
      const usual = fitting.find((extension) => extension === kind)
      const ending = usual ?? fitting.find((extension) => like.some((path) => path?.endsWith(`.${extension}`))) ?? fitting[0]
      if (ending !== undefined) return ending
    }
    throw new CliError(
      "page_extensions_unsupported",
      `pageExtensions has no ending for a file of MFA, which are .${kinds.join(" or .")}.`,
      {
        ...(file !== null && { file }),
        suggestion: `Nothing was changed. Add one to pageExtensions, "${kinds[0]}" or one that ends in it, and run this again.`,
      },
    )
  }
  return language === "ts"
    ? { page: endingIn("tsx"), route: endingIn("ts", "tsx") }
    : { page: endingIn("jsx", "js"), route: endingIn("js", "jsx") }
}

const follower =
  (modules: Modules) =>
  (from: Module, specifier: string): Module | null => {
    const path = modules.resolve(from.path, specifier)
    return path === null ? null : modules.tryParse(path)
  }

/** Where the whole app is served under a path of its own, held sign-ins would be sent past it. */
function checkBasePath(modules: Modules, module: Module): Warning[] {
  const { locate } = modules
  const follow = follower(modules)
  const { found, isWhole } = locate.exportedOptions(module, "basePath", follow)
  const values = found.map((value) => ({ ...value, kinds: locate.textKindsOf(value, follow) }))
  const filled = values.find(({ kinds }) => kinds.has("filled"))
  if (filled)
    throw new CliError("base_path_unsupported", "This app is served under a basePath, which the redirects of MFA do not know.", {
      ...placeOf(filled),
      suggestion: "Nothing was changed. chimerai does not support Next.js's basePath yet.",
    })
  const unknown = values.find(({ kinds }) => kinds.has("unknown"))
  if (!unknown && isWhole) return []
  const message = "The basePath of this app is only known when it runs. Where it is set, held sign-ins are sent past it: leave it empty."
  return [{ code: "base_path", message, ...(unknown ? placeOf(unknown) : { file: module.path }) }]
}

function pageExtensionsOf(modules: Modules, module: Module): string[] {
  const { locate } = modules
  const follow = follower(modules)
  const { found, isWhole } = locate.exportedOptions(module, "pageExtensions", follow)
  const lists = found.map((value) => locate.textListOf(value, follow))
  const [first, ...others] = lists
  if (first === undefined && isWhole) return usualPageExtensions
  if (first && isWhole && others.every((list) => list?.join() === first.join()) && first.every(isExtension)) return first
  throw new CliError(
    "page_extensions_unsupported",
    `What pageExtensions of ${module.path} is cannot be read here, so it is not known which files are pages.`,
    {
      ...(found[0] ? placeOf(found[0]) : { file: module.path }),
      suggestion: 'Nothing was changed. Write it as one list of texts, pageExtensions: ["page.tsx", "page.ts"], and run this again.',
    },
  )
}

/** `page.tsx`, `mdx`: it becomes part of paths. */
const isExtension = (text: string): boolean => /^\w[\w-]{0,50}(?:\.\w[\w-]{0,50}){0,3}$/.test(text)

const placeOf = ({ module, node }: { module: Module; node: { getStart(): number } }) => ({
  file: module.path,
  line: lineAt(module.text, node.getStart()),
})
