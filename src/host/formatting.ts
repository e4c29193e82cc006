/**
 * How the app's own formatter would have a file: what is created here is to look like the rest. Configs are read as
 * data, a JavaScript one too; nothing of them is run, and what cannot be read keeps its default.
 */
import { posix } from "node:path"
import { parse } from "jsonc-parser"
import { evidenceOf, type HostFiles } from "./files"
import { Packages } from "./packages"
import type { FormatOptions } from "./types"
import { installedVersion, type PackageJson } from "./workspace"

type Found = { options: FormatOptions; evidence: string }

const extensions = ["", ".json", ".yaml", ".yml", ".json5", ".js", ".cjs", ".mjs", ".ts", ".mts", ".cts", ".toml"]
const prettierConfigs = [
  ...extensions.map((extension) => `.prettierrc${extension}`),
  ...["js", "cjs", "mjs", "ts", "mts", "cts"].map((extension) => `prettier.config.${extension}`),
]
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
    printWidth: /^\d+$/,
    quoteProps: /^(as-needed|consistent|preserve)$/,
    semi: flag,
    singleAttributePerLine: flag,
    singleQuote: flag,
    tabWidth: /^\d+$/,
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
  const { prettier } = (parse(text) ?? {}) as PackageJson & { prettier?: unknown }
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

/** `key: value` and `key = value`, in JSON, YAML, TOML and JavaScript alike. */
function readOptions(text: string): FormatOptions {
  const [data = ""] = text.replace(/\/\*[\s\S]*?\*\/|^\s*(?:\/\/|#).*$|\s\/\/.*$/gm, "").split(/["']?\boverrides\b["']?\s*[:=]/)
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
  for (const [, glob = "", body = ""] of text.matchAll(/^\[([^\]]*)\]([^[]*)/gm)) {
    if (glob !== "*" && !/\b[jt]sx?\b/.test(glob)) continue
    for (const [, key = "", value = ""] of body.matchAll(/^\s*(\w+)\s*=\s*([\w-]+)/gm)) settings[key.toLowerCase()] = value.toLowerCase()
  }
  const width = Number(settings.indent_size === "tab" ? settings.tab_width : (settings.indent_size ?? settings.tab_width))
  const longest = Number(settings.max_line_length)
  return {
    ...(settings.indent_style && { useTabs: settings.indent_style === "tab" }),
    ...(width > 0 && { tabWidth: width }),
    ...(longest > 0 && { printWidth: longest }),
    ...(/^(lf|crlf|cr)$/.test(settings.end_of_line ?? "") && { endOfLine: settings.end_of_line as string }),
  }
}

type BiomeFormatter = {
  enabled?: boolean
  indentStyle?: string
  indentWidth?: number
  lineWidth?: number
  lineEnding?: string
  bracketSpacing?: boolean
  bracketSameLine?: boolean
  attributePosition?: string
}
type BiomeConfig = {
  formatter?: BiomeFormatter
  javascript?: {
    formatter?: BiomeFormatter & {
      quoteStyle?: string
      jsxQuoteStyle?: string
      quoteProperties?: string
      trailingCommas?: string
      semicolons?: string
      arrowParentheses?: string
    }
  }
}

function biomeConfig(files: HostFiles, dir: string): Found | null {
  const path = files.first(["biome.json", "biome.jsonc", "rome.json"].map((name) => posix.join(dir, name)))
  if (path === null) return null
  const config = (parse(files.glance(path), [], { allowTrailingComma: true }) ?? {}) as BiomeConfig
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
