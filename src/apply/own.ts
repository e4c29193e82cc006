/**
 * What of a manifest is the feature's own. A repository may say that anything was installed: what the feature itself
 * does not bring is not taken out, deleted or written by what a manifest says of it.
 */
import { posix, relative, sep } from "node:path"
import { placeOf } from "../disk/place"
import { holdsSecrets } from "../disk/secrets"
import type { Insertion } from "../edit/splice"
import { CliError } from "../errors"
import type { LoadedFeature } from "../feature/types"
import { type InstalledFeature, manifestPath } from "./store"

/**
 * The folders of a run.
 * @property root the app's real path
 * @property boundary the folder below which things are written: the app's, or its workspace's
 */
type Folders = { readonly root: string; readonly boundary: string }

/**
 * The entry of a manifest without variables and dependencies that are not the feature's.
 * @throws CliError manifest_invalid: it claims a file or an insertion that no version of the feature has; outside_root,
 * path_forbidden, link_unsafe: one of its files leads elsewhere
 */
export function ownOf(installed: InstalledFeature, feature: LoadedFeature, folders: Folders): InstalledFeature {
  for (const { path } of installed.created) {
    if (!isOwnFile(feature, path)) throw notOurs(`that ${path} is a file of ${feature.name}`)
    // A link called `mfa` would give every file of the app a second name that passes for one of ours.
    const real = realPathFrom(folders, path)
    if (!isOwnFile(feature, real)) throw notOurs(`that ${path} is a file of ${feature.name}, and a link makes it ${real}`)
  }
  const edit = installed.edited.find(({ path, insertions }) => !areOwnInsertions(feature, path, insertions))
  if (edit) throw notOurs(`that lines of ${edit.path} are ${feature.name}'s which it never inserts`)
  const variables = new Set(feature.env.map(({ name }) => name))
  const packages = new Set(feature.dependencies.map(({ name }) => name))
  // The first layout noted no names of dependencies: there they are in what was inserted.
  const inserted = installed.edited
    .flatMap(({ path, insertions }) => (path === "package.json" ? insertions : []))
    .map(({ text }) => text)
    .join("\n")
  // Another version may have had more of them, which are called after the feature.
  const prefix = `${feature.name.toUpperCase().replaceAll("-", "_")}_`
  // Of a feature called `auth` that would be AUTH_SECRET: only names of this package's are nobody else's.
  const isOwn = (name: string) => variables.has(name) || (feature.isBuiltIn && name.startsWith(prefix))
  // A key stays until it is asked for, whatever the manifest calls it.
  const env = installed.env.map((entry) => ({
    ...entry,
    names: entry.names.filter(isOwn),
    secret: entry.secret || holdsSecrets(entry.path),
  }))
  return {
    ...installed,
    env: env.filter(({ names }) => names.length > 0),
    // An empty folder of the app's may be there for a reason: uploads go into it.
    folders: installed.folders.filter(
      (folder) => isOwnFile(feature, folder) || installed.created.some(({ path }) => path.startsWith(`${folder}/`)),
    ),
    dependencies: [...packages].filter((name) => installed.dependencies.includes(name) || inserted.includes(`"${name}"`)),
  }
}

const notOurs = (claim: string): CliError =>
  new CliError("manifest_invalid", `${manifestPath} says ${claim}. It is not believed.`, {
    file: manifestPath,
    suggestion: "Nothing was changed. Restore it from your repository: git checkout -- .chimerai",
  })

/** A path from the root without a link on its way. */
function realPathFrom({ root, boundary }: Folders, path: string): string {
  return relative(root, placeOf(root, boundary, path).target)
    .split(sep)
    .join("/")
}

/**
 * By its place: below a folder, or with a name, that is the feature's, or where one of its files goes. A feature of
 * somebody's own may be called `app`: there only the last counts, and what is below `lib/<name>`.
 */
function isOwnFile({ name, routes, files, isBuiltIn }: LoadedFeature, path: string): boolean {
  const leaves = { challenge: posix.basename(routes.challenge), settings: posix.basename(routes.settings) }
  const isNamed = (part: string) =>
    part === name || part.startsWith(`${name}-`) || part.startsWith(`${name}.`) || Object.values(leaves).includes(part)
  if (isBuiltIn && path.split("/").some(isNamed)) return true
  if (`/${path}`.includes(`/lib/${name}/`) || `/${path}`.endsWith(`/${name}.prisma`)) return true
  const inJavaScript = (file: string) => file.replace(/\.[jt]s(x?)$/, ".js$1")
  const own = `/${inJavaScript(path)}`
  return files.some(({ target }) => {
    const [, folder = "", rest = ""] = /^(?:\{(\w+)\}\/?)?(.*)$/.exec(target) ?? []
    const leaf = { challenge: leaves.challenge, settings: leaves.settings }[folder.replace("Parts", "")]
    // In pages/ the parts of a page are elsewhere.
    const places = leaf === undefined ? [rest] : [`${leaf}/${rest}`, `${leaf}${rest}`, `components/mfa/${rest}`]
    return places.some((place) => place.includes("/") && own.endsWith(`/${inJavaScript(place)}`))
  })
}

/** Longer lines are nobody's insertions. */
const longestLine = 400

/** What closes a wrapped call, and what lengthens a name that is wrapped: `BaseNextAuth`, `proxyHandler`. */
const trailing = /^(?:[\s()[\]{},;]*|Base|\w*Handler)$/

/**
 * Each has a name of the feature's in it, or is what comes with one: taken out of code by itself, `!` or `//` would turn
 * a condition round, or bring code to life that nobody runs.
 */
function areOwnInsertions(feature: LoadedFeature, path: string, insertions: Insertion[]): boolean {
  if (path.endsWith("package.json")) return insertions.every(({ text }) => areOwnDependencies(feature, text))
  const isOwn = (text: string) => isOwnInsertion(feature, path, text)
  return (
    insertions.every(({ text }) => isOwn(text) || trailing.test(text.trim())) &&
    (insertions.length === 0 || insertions.some(({ text }) => isOwn(text)))
  )
}

/** Whether it has a name of the feature's, and nothing else. */
function isOwnInsertion(feature: LoadedFeature, path: string, text: string): boolean {
  const lines = text.split("\n").map((line) => line.trim())
  if (lines.some((line) => line.length > longestLine)) return false
  if (path.endsWith(".prisma")) return isOwnSchema(feature, lines)
  const { wrapCall, guardOptions, openMiddleware, passMiddleware, followResult } = feature
  const ours = [
    ...[
      wrapCall.wrapper,
      guardOptions.function,
      openMiddleware.wrapper,
      passMiddleware.wrapper,
      followResult.function,
      followResult.wrapper,
    ],
    ...[wrapCall, guardOptions, openMiddleware, passMiddleware, followResult].map(({ module }) => module),
  ]
  const isNamed = (line: string) => ours.some((name) => line.includes(name))
  return lines.some(isNamed) && lines.every((line) => isNamed(line) || trailing.test(line))
}

/** Characters. Longer texts are nobody's dependencies. */
const longestDependencies = 2_000

/**
 * Whole entries, with the field around them where it is new. Where two texts were compared, an insertion may begin in
 * the middle of an entry, and end with the beginning of the next: `qrcode": "^1.5.4",\n    "`.
 */
function areOwnDependencies(feature: LoadedFeature, text: string): boolean {
  if (text.length > longestDependencies) return false
  const starts = [0, ...Array.from(text.matchAll(/"/g), ({ index }) => index)]
  return starts.some((at) => areWholeEntries(feature, text.slice(at) + text.slice(0, at)))
}

function areWholeEntries({ dependencies }: LoadedFeature, text: string): boolean {
  const isOwn = (name: string) => dependencies.some((one) => one.name === name)
  let count = 0
  const rest = text
    .replace(/"([^"\n]*)"[ \t]*:[ \t]*"[^"\n]*"/g, (entry, name: string) => (isOwn(name) && ++count > 0 ? "" : entry))
    .replace(/"(?:dependencies|devDependencies)"[ \t]*:[ \t]*(?=\{)/g, "")
  const braces = (brace: string) => rest.split(brace).length
  return count > 0 && /^[\s,{}]*$/.test(rest) && braces("{") === braces("}")
}

/** Fields of the user that are the feature's, and blocks whose name begins with its own: `model MfaFactor { ... }`. */
function isOwnSchema({ name, schema }: LoadedFeature, lines: string[]): boolean {
  const prefix = name.replaceAll("-", "").toLowerCase()
  let isInside = false
  let hasName = false
  const areOwn = lines.every((line) => {
    const [first = "", second = ""] = line.split(/[ \t]+/, 2)
    if (line.startsWith("}")) isInside = false
    else if (["model", "enum", "type"].includes(first) && line.endsWith("{")) {
      isInside = second.toLowerCase().startsWith(prefix)
      hasName ||= isInside
      return isInside
    }
    const isField = schema.userFields.some((field) => field.name === first)
    hasName ||= isField
    return isInside || isField || line.startsWith("//") || trailing.test(line)
  })
  // A comment at the end would go without its line, and what is on that line would stay.
  return areOwn && hasName && !lines.at(-1)?.startsWith("//")
}
