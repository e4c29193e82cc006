/**
 * How the app's own formatter would have a file: what is created here is to look like the rest. Configs are read as
 * data, a JavaScript one too; nothing of them is run, and what cannot be read keeps its default.
 */
import { posix } from "node:path"
import * as z from "zod/mini"
import { evidenceOf, type HostFiles } from "./files"
import { parseConfig, parseManifest } from "./json"
import { Packages } from "./packages"
import type { FormatOptions } from "./types"
import { installedVersion, type PackageJson } from "./workspace"

type Found = { options: FormatOptions; evidence: string }

const extensions = ["", ".json", ".yaml", ".yml", ".json5", ".js", ".cjs", ".mjs", ".ts", ".mts", ".cts", ".toml"]
const prettierConfigs = [
  ...extensions.map((extension) => `.prettierrc${extension}`),
  ...["js", "cjs", "mjs", "ts", "mts", "cts"].map((extension) => `prettier.config.${extension}`),
]
/** Columns. What is wider is no style, and would fill the memory with spaces. */
const widestIndent = 32
const widestLine = 1_000
const flag = /^(true|false)$/
/** What Prettier knows, and what each may be: anything else is left to its default. */
const known = new Map(
  Object.entries({
    arrowParens: /^(always|avoid)$/,
    bracketSameLine: flag,
    bracketSpacing: flag,
    endOfLine: /^(auto|lf|crlf|cr)$/,
    jsxSingleQuote: flag,
    objectWrap: /^(preserve|collapse)$/,
    printWidth: /^\d{1,3}$/,
    quoteProps: /^(as-needed|consistent|preserve)$/,
    semi: flag,
    singleAttributePerLine: flag,
    singleQuote: flag,
    tabWidth: /^(?:[12]?\d|3[0-2])$/,
    trailingComma: /^(all|es5|none)$/,
    useTabs: flag,
  }),
)

/**
 * Prettier's options, its own or those that Biome's come to; null where the app has neither. The nearest config counts,
 * of the app's folders up to its workspace's: how a repository is written that only has the app somewhere in it (a
 * template, an example) is not the app's style.
 */
export function detectFormatting(files: HostFiles): Found | null {
  const own = files.ancestors().filter((path) => path.startsWith(files.boundary))
  for (const dir of own.map((path) => files.relative(path) || ".")) {
    const found = prettierConfig(files, dir) ?? biomeConfig(files, dir) ?? withoutConfig(files, dir)
    if (found) return found
  }
  return null
}

function prettierConfig(files: HostFiles, dir: string): Found | null {
  const manifest = posix.join(dir, "package.json")
  const text = files.glance(manifest)
  const { prettier } = parseManifest(text) as PackageJson & { prettier?: unknown }
  const path = files.first(prettierConfigs.map((name) => posix.join(dir, name)))
  if (!prettier && path === null) return null
  const stated =
    path === null ? (typeof prettier === "string" ? sharedConfig(files, prettier) : JSON.stringify(prettier)) : files.glance(path)
  return {
    options: { ...defaults(files, dir), ...editorConfig(files, dir), ...readOptions(stated) },
    evidence: path ?? evidenceOf(manifest, text, '"prettier"'),
  }
}

/** A config that is a package: one of the workspace's can be read. */
function sharedConfig(files: HostFiles, name: string): string {
  const entries = new Packages(files).entriesOf(name).flatMap((path) => [path, ...[".js", ".mjs", ".cjs", ".ts"].map((end) => path + end)])
  const path = entries.find((entry) => files.isFile(entry))
  return path === undefined ? "" : files.glance(path)
}

/** Prettier, as the app has it, with nothing to say. */
function withoutConfig(files: HostFiles, dir: string): Found | null {
  const manifest = posix.join(dir, "package.json")
  const text = files.glance(manifest)
  if (!/"prettier"\s*:/.test(text)) return null
  return { options: { ...defaults(files, dir), ...editorConfig(files, dir) }, evidence: evidenceOf(manifest, text, '"prettier"') }
}

/** What the options are by default, which was something else before Prettier 3. */
function defaults(files: HostFiles, dir: string): FormatOptions {
  const range = /"prettier"\s*:\s*"([^"]+)"/.exec(files.glance(posix.join(dir, "package.json")))?.[1]
  const major = Number(/\d+/.exec(installedVersion(files, "prettier") ?? range ?? "")?.[0] ?? 3)
  if (major >= 3) return {}
  return major === 2 ? { trailingComma: "es5" } : { trailingComma: "none", arrowParens: "avoid" }
}

/** Without `/* … *\/`, and without lines and ends of lines that are comments. */
function withoutComments(text: string): string {
  let code = ""
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf("/*", at)
    // One that has no end is none: it is looked for once.
    const close = open === -1 ? -1 : text.indexOf("*/", open + 2)
    if (close === -1) return code + withoutLineComments(text.slice(at))
    code += withoutLineComments(text.slice(at, open))
    at = close + 2
  }
  return code
}

const withoutLineComments = (text: string): string => text.replace(/^[ \t]*(?:\/\/|#).*$|[ \t]\/\/.*$/gm, "")

/** `key: value` and `key = value`, in JSON, YAML, TOML and JavaScript alike. */
function readOptions(text: string): FormatOptions {
  const [data = ""] = withoutComments(text).split(/["']?\boverrides\b["']?\s*[:=]/)
  const stated = Array.from(data.matchAll(/(?<![\w.$])["']?(\w+)["']?\s*[:=]\s*["']?([\w-]+)/g), ([, name = "", value = ""]) => ({
    // Its name until Prettier 2.4.
    name: name === "jsxBracketSameLine" ? "bracketSameLine" : name,
    value,
  }))
  return Object.fromEntries(
    stated
      .filter(({ name, value }) => known.get(name)?.test(value))
      .map(({ name, value }) => [name, flag.test(value) ? value === "true" : /^\d+$/.test(value) ? Number(value) : value]),
  )
}

/** What Prettier takes from `.editorconfig`: the sections for all files, and for code. */
function editorConfig(files: HostFiles, dir: string): FormatOptions {
  const text = files.glance(posix.join(dir, ".editorconfig"))
  const settings: Record<string, string> = {}
  for (const [, glob = "", body = ""] of text.matchAll(/^\[([^\]\n]*)\]([^[]*)/gm)) {
    if (glob !== "*" && !/\b[jt]sx?\b/.test(glob)) continue
    for (const [, key = "", value = ""] of body.matchAll(/^[ \t]*(\w+)[ \t]*=[ \t]*([\w-]+)/gm))
      settings[key.toLowerCase()] = value.toLowerCase()
  }
  const width = Number(settings.indent_size === "tab" ? settings.tab_width : (settings.indent_size ?? settings.tab_width))
  const longest = Number(settings.max_line_length)
  return {
    ...(settings.indent_style && { useTabs: settings.indent_style === "tab" }),
    ...(width > 0 && width <= widestIndent && { tabWidth: width }),
    ...(longest > 0 && longest <= widestLine && { printWidth: longest }),
    ...(/^(lf|crlf|cr)$/.test(settings.end_of_line ?? "") && { endOfLine: settings.end_of_line as string }),
  }
}

const width = (most: number) => z.optional(z.number().check(z.gte(0), z.lte(most)))
const word = z.optional(z.string())
const biomeFormatter = {
  enabled: z.optional(z.boolean()),
  indentStyle: word,
  indentWidth: width(widestIndent),
  lineWidth: width(widestLine),
  lineEnding: word,
  bracketSpacing: z.optional(z.boolean()),
  bracketSameLine: z.optional(z.boolean()),
  attributePosition: word,
}
const biomeShape = z.looseObject({
  formatter: z.optional(z.looseObject(biomeFormatter)),
  javascript: z.optional(
    z.looseObject({
      formatter: z.optional(
        z.looseObject({
          ...biomeFormatter,
          quoteStyle: word,
          jsxQuoteStyle: word,
          quoteProperties: word,
          trailingCommas: word,
          semicolons: word,
          arrowParentheses: word,
        }),
      ),
    }),
  ),
})

function biomeConfig(files: HostFiles, dir: string): Found | null {
  const path = files.first(["biome.json", "biome.jsonc", "rome.json"].map((name) => posix.join(dir, name)))
  if (path === null) return null
  const config = parseConfig(path, files.glance(path), biomeShape)
  const style = { ...config.formatter, ...config.javascript?.formatter }
  if (config.formatter?.enabled === false || style.enabled === false) return null
  return {
    options: {
      useTabs: style.indentStyle !== "space",
      tabWidth: style.indentWidth ?? 2,
      printWidth: style.lineWidth ?? 80,
      endOfLine: style.lineEnding ?? "lf",
      singleQuote: style.quoteStyle === "single",
      jsxSingleQuote: style.jsxQuoteStyle === "single",
      quoteProps: style.quoteProperties === "preserve" ? "preserve" : "as-needed",
      semi: style.semicolons !== "asNeeded",
      trailingComma: style.trailingCommas ?? "all",
      arrowParens: style.arrowParentheses === "asNeeded" ? "avoid" : "always",
      bracketSpacing: style.bracketSpacing !== false,
      bracketSameLine: style.bracketSameLine === true,
      singleAttributePerLine: style.attributePosition === "multiline",
    },
    evidence: path,
  }
}
