import { dirname, join, relative } from "node:path"
import ignore, { type Ignore } from "ignore"
import { readText, statAt } from "../disk/look"
import { holdsSecrets } from "../disk/secrets"
import { assignmentsOf } from "../edit/env"
import { ignoredBy, isTracked, placeOf, realPathOf, wasCommitted } from "../run/git"
import { isWithin } from "../run/project"
import { repositoryOf } from "../run/repository"
import { type HostFiles, toSlashes } from "./files"
import { type ServedLinks, servedLinks } from "./served"

/**
 * Who else gets to see what is written to a file.
 * - `ignored`: nobody; git leaves it out of commits
 * - `unignored`: the next commit would take it
 * - `tracked`: git has it already, so that everybody has it who has the repository
 * - `served`: it is where the web server, or a build, puts files before browsers
 * - `unsearched`: a link to it may be among what is served, which is too much to be looked through
 * - `elsewhere`: outside of the project, in git's own folder or among packages, or a link to nowhere
 * - `unsaid`: there is a repository, and git does not say
 */
export type Privacy = "ignored" | "unignored" | "tracked" | "served" | "unsearched" | "elsewhere" | "unsaid"
export type EnvFile = { path: string; privacy: Privacy }

/**
 * @property file where a secret of the app goes, if `ignored`; else the file that it would have gone to
 * @property privacy of that file, which may not be there yet
 * @property files those that are there and that Next.js loads: a variable is taken from the first that has it
 */
export type EnvFacts = { file: string; privacy: Privacy; ignored: boolean; example: string | null; files: EnvFile[] }

/** The files that Next.js loads, in its own order. `{mode}` is `production` or `development`. */
const loaded = [".env.{mode}.local", ".env.local", ".env.{mode}", ".env"]
const modes = ["production", "development"]

/** The env file that takes the app's secrets: the first of `.env` and `.env.local` that is private, that with secrets first. */
export function detectEnv(files: HostFiles): { facts: EnvFacts; evidence: string } {
  const hasSecrets = (path: string) =>
    Array.from(assignmentsOf(files.read(path) ?? "")).some(({ name }) => ["AUTH_SECRET", "NEXTAUTH_SECRET", "DATABASE_URL"].includes(name))
  const usual = [".env", ".env.local"]
  const existing = usual.filter((path) => files.exists(path))
  const first = existing.find(hasSecrets) ?? existing[0] ?? ".env"
  const answers = new Map<string, Answer>()
  const served = servedLinks(files)
  const answerFor = (path: string): Answer => {
    const answer = answers.get(path) ?? privacyOf(files, path, served)
    answers.set(path, answer)
    return answer
  }
  const file = [first, ...usual].find((path) => answerFor(path).privacy === "ignored") ?? first
  const { privacy, evidence } = answerFor(file)
  const names = [...new Set(loaded.flatMap((name) => modes.map((mode) => name.replace("{mode}", mode))))]
  return {
    facts: {
      file,
      privacy,
      ignored: privacy === "ignored",
      example: files.first([".env.example", ".env.sample", ".env.local.example"]),
      files: names.filter((path) => files.exists(path)).map((path) => ({ path, privacy: answerFor(path).privacy })),
    },
    evidence,
  }
}

/**
 * The files that a variable is taken from, one for each mode in which it has a value.
 * @param read the text of an env file
 */
export function holdersOf(name: string, { files }: EnvFacts, read: (path: string) => string | null): EnvFile[] {
  const values = new Map(files.map((file) => [file.path, { file, value: valueIn(read(file.path) ?? "", name) }]))
  const holders = modes.flatMap((mode) => {
    const order = loaded.map((file) => values.get(file.replace("{mode}", mode)))
    // The first that names it decides, also where it gives it no value.
    const first = order.find((found) => found && found.value !== null)
    return first && first.value !== "" ? [first.file] : []
  })
  return [...new Set(holders)]
}

/**
 * The files that give a variable no value. Of one that Next.js loads before another, that it is empty decides.
 * @property isBefore whether it is loaded before `home`, in some mode
 */
export function emptyIn(
  name: string,
  home: string,
  { files }: EnvFacts,
  read: (path: string) => string | null,
): { file: EnvFile; isBefore: boolean }[] {
  const orders = modes.map((mode) => loaded.map((path) => path.replace("{mode}", mode)))
  return files
    .filter(({ path }) => valueIn(read(path) ?? "", name) === "")
    .map((file) => ({
      file,
      isBefore: orders.some((order) => order.includes(file.path) && order.indexOf(file.path) < order.indexOf(home)),
    }))
}

/** The key that encrypts, of `key` or `kid:key,kid:key`. Those behind it may be known: that is why they were changed. */
const firstKey = (value: string): string => (value.split(",", 1)[0] ?? "").replace(/^.*:/, "").trim()

/** Shorter ones are found in a text by chance. */
const shortestKey = 16

/**
 * Whether the app's repository had a key once in a file that is called as env files and their examples are, in a commit
 * that is still to be had. @returns null where git cannot tell
 */
export function wasCommittedOnce(files: HostFiles, value: string): boolean | null {
  const key = firstKey(value)
  const place = placeOf(join(files.root, ".env"))
  if (place === null || key.length < shortestKey) return false
  return wasCommitted(files, place.repository, "env", key)
}

/** Whether everybody may know what is in a file: a key in it is no key. */
export const isKnown = ({ privacy }: EnvFile): boolean => privacy === "tracked" || privacy === "served"

/**
 * The value that a text gives a variable, as Next.js reads it: the last one counts, a colon is as good as an equals sign.
 * @returns null where it is not named; of a value over several lines, what is in the first
 */
export function valueIn(text: string, name: string): string | null {
  let value: string | null = null
  for (const assigned of assignmentsOf(text))
    if (assigned.name === name) value = /[\r\n]/.test(assigned.value) ? assigned.line : assigned.value
  return value
}

/**
 * The file from which everybody may know a variable, in a mode in which it counts.
 * @param read the text of an env file
 */
export function knownFileOf(name: string, { files }: EnvFacts, read: (path: string) => string | null): EnvFile | null {
  for (const mode of modes) {
    for (const path of loaded.map((file) => file.replace("{mode}", mode))) {
      const file = files.find((one) => one.path === path)
      const text = file ? (read(path) ?? "") : ""
      if (file && isKnown(file) && maySet(text, name)) return file
      // A file that names it decides, and what comes behind is not looked at.
      if (valueIn(text, name) !== null) break
    }
  }
  return null
}

const isKeyCharacter = (char: string): boolean => /[\w.-]/.test(char)

/**
 * Whether a text that somebody else may have written can give a variable a value. Next.js's parser takes a value from the
 * line after the name, and an assignment within quotes for text: so every line with the name counts that is not a comment,
 * or the name without a value.
 */
export function maySet(text: string, name: string): boolean {
  const lines = text.split(/\r\n|\r|\n/)
  // These end a line to one half of that parser, and not to the other.
  const isOdd = /[\u2028\u2029]/.test(text)
  return lines.some((line, index) => {
    if (!hasName(line, name)) return false
    const code = line.trim()
    if (isOdd) return true
    if (code.startsWith("#")) return false
    const assignment = code.replace(/^export\s+/, "")
    const rest = assignment.slice(name.length).trimStart()
    if (!assignment.startsWith(name) || !rest.startsWith("=")) return true
    const value = rest.slice(1).trim()
    if (value === "") return /^["'`]/.test(writtenAfter(lines, index))
    const behind = /^(?:""|''|``)/.test(value) ? value.slice(2).trim() : value
    return behind !== "" && !behind.startsWith("#")
  })
}

/** The next line with something on it. */
function writtenAfter(lines: string[], index: number): string {
  for (let at = index + 1; at < lines.length; at++) {
    const line = (lines[at] as string).trim()
    if (line !== "") return line
  }
  return ""
}

/** Whether a name stands in a line by itself, and not as a part of a longer one. */
function hasName(line: string, name: string): boolean {
  for (let at = line.indexOf(name); at !== -1; at = line.indexOf(name, at + 1))
    if (!isKeyCharacter(line.charAt(at - 1)) && !isKeyCharacter(line.charAt(at + name.length))) return true
  return false
}

type Answer = { privacy: Privacy; evidence: string }

function privacyOf(files: HostFiles, path: string, served: ServedLinks): Answer {
  const real = realPathOf(join(files.root, path))
  // Asked for as the file's own place is: elsewhere a drive's letter, a mapped drive or the case of a folder is spelled otherwise.
  const boundary = realPathOf(files.boundary) ?? files.boundary
  const root = realPathOf(files.root) ?? files.root
  if (real === null || !isWithin(boundary, real)) return { privacy: "elsewhere", evidence: "outside of the project" }
  const foldersFrom = (top: string) => foldersOf(relative(top, dirname(real)))
  if (foldersFrom(boundary).some((name) => name === ".git" || name === "node_modules"))
    return { privacy: "elsewhere", evidence: "not the project's own" }
  // The app itself may be a package in a folder called `public`: what it serves is below it.
  const folders = foldersFrom(isWithin(root, real) ? root : boundary)
  if (folders.some((name) => servedFolders.has(name) || (codeFolders.has(name) && !holdsSecrets(real))))
    return { privacy: "served", evidence: "in a folder that is served" }
  if (served.leadTo(real)) return { privacy: "served", evidence: "behind a link in a folder that is served" }
  const place = placeOf(real)
  if (place === null) return byRules(files, real)
  const tracked = isTracked(files, real)
  if (tracked) return { privacy: "tracked", evidence: "tracked by git" }
  const answer = ignoredBy(files, place)
  // Without git nobody commits here; its rules are files.
  if (answer.kind === "absent") return byRules(files, real)
  if (answer.kind === "failed" || tracked === null) return { privacy: "unsaid", evidence: "git does not say" }
  return answer.by === null
    ? { privacy: "unignored", evidence: "not ignored by git" }
    : served.isWhole
      ? { privacy: "ignored", evidence: files.relative(answer.by) }
      : { privacy: "unsearched", evidence: "too much is served" }
}

/** Without case: so do the disks on which `PUBLIC` is `public`. */
const foldersOf = (path: string): string[] => toSlashes(path).toLowerCase().split("/")

/** What Next.js serves as it is, and what it or a static export builds. */
const servedFolders = new Set(["public", "static", ".next", "out"])

/**
 * Where Next.js serves files by their names, `app/robots.txt`, `app/icon.png`, and builds code from any other. A link may
 * lead there only to what is called a secret by itself.
 */
const codeFolders = new Set(["app", "pages", "src"])

/** The ignore files whose rules cover a real path, nearest first, where git cannot be asked. */
function byRules(files: HostFiles, real: string): Answer {
  const repository = repositoryOf(dirname(real))
  const top = repository ?? realPathOf(files.boundary) ?? files.boundary
  for (let dir = dirname(real); isWithin(top, dir); dir = dirname(dir)) {
    const verdict = verdictOf(join(dir, ".gitignore"), relative(dir, real))
    if (verdict?.ignored) return { privacy: "ignored", evidence: files.relative(join(dir, ".gitignore")) }
    if (verdict?.unignored) return { privacy: "unignored", evidence: files.relative(join(dir, ".gitignore")) }
    if (dir === dirname(dir)) break
  }
  const exclude = repository === null ? null : join(repository, ".git/info/exclude")
  if (repository !== null && exclude !== null && verdictOf(exclude, relative(repository, real))?.ignored)
    return { privacy: "ignored", evidence: files.relative(exclude) }
  return { privacy: "unignored", evidence: "not ignored by git" }
}

/** More than any ignore file has. */
const longestRules = 64 * 1024 // bytes
/** Rules by their text: they are made once, and not for every env file. */
const compiled = new Map<string, Ignore>()

/**
 * What the rules of one file say of a path below it. As git does, a link is not followed, and `.ENV` is not `.env`: where
 * a disk takes one for the other, a rule too few leaves a secret unwritten, one too many would have it committed.
 */
function verdictOf(rules: string, path: string): { ignored: boolean; unignored: boolean } | null {
  const found = statAt(rules)
  if (!found?.isFile() || found.size > longestRules) return null
  const text = readText(rules, rules) ?? ""
  // To git a line ends there: what the rules say is not what they seem to say.
  if (text.includes("\0")) return { ignored: false, unignored: true }
  const matcher = compiled.get(text) ?? ignore({ ignorecase: false }).add(text)
  compiled.set(text, matcher)
  return matcher.test(toSlashes(path))
}
