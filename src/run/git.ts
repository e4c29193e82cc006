/**
 * Questions to git. Whoever prepared a repository may have written its `.git/config` too, and there git finds programs to
 * run: filters, a file system monitor, hooks, ways to fetch an object that is missing.
 *
 * The first defence is what is asked. `git status` compares contents, and runs the filters that `.gitattributes` and the
 * config agree on; filters have any name, so that no option turns them all off. So it is never called, nor is `diff`,
 * `hash-object`, or anything else that reads a file of the work tree but for ignore rules: `ls-files` lists the index,
 * `cat-file --batch-check` looks a name up in a commit, `diff-tree` compares the trees of commits by names and hashes, and
 * `check-ignore` matches rules. The second is the settings below.
 */
import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { lstatSync, realpathSync } from "node:fs"
import { basename, dirname, join, relative, sep } from "node:path"
import { findProgram } from "./program"
import type { Project } from "./project"
import { repositoryOf } from "./repository"

/** What git answered. `failed` has its own words; `absent`: there is no git that may be run. */
type Answer = { kind: "answered"; output: string } | { kind: "failed"; message: string } | { kind: "absent" }

/** Given on the command line, a setting overrules what the repository's config says, and what that includes. */
const settings = [
  // An embedded bare repository is not opened, should any git that this one starts come upon it.
  "safe.bareRepository=explicit",
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "core.pager=cat",
  // Settings of one person's machine: what they say of a path, another clone does not know.
  "core.excludesFile=",
  "core.attributesFile=",
  // Nothing is fetched, so nothing is started to fetch with; for a git that knows no GIT_NO_LAZY_FETCH.
  "protocol.allow=never",
  "core.sshCommand=false",
  "core.askPass=",
  "credential.helper=",
  "submodule.recurse=false",
].flatMap((setting) => ["-c", setting])

const variables = {
  // Neither the system's settings nor the user's are read: both may include files by a path that a clone fills.
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  // A missing object of a partial clone stays missing. The second stands above `protocol.<name>.allow` of the config.
  GIT_NO_LAZY_FETCH: "1",
  // Empty, it would be a list with one name, the empty one, which an address like `::x` has. Nobody can name this one.
  GIT_ALLOW_PROTOCOL: randomBytes(16).toString("hex"),
  GIT_TERMINAL_PROMPT: "0",
  // The messages that are passed on are in one language.
  LC_ALL: "C",
}

/** A FIFO for an ignore rule or an index keeps git waiting for ever. */
const patience = 5_000 // ms
const unresponsive = new Set<string>()

/**
 * Runs git in one repository, which is named to it and not searched for: `core.worktree` and a bare repository in the
 * app's folder do not count. That skips git's own question for the owner; with the settings above nobody's repository
 * runs anything here.
 * @param repository the folder with `.git`
 * @param paths taken literally where `args` has no pathspec magic
 * @param end when a question that may take long has to be answered; that it is not says nothing of the next one
 */
function ask(project: Project, repository: string, args: string[], input = "", isMagic = false, end: number | null = null): Answer {
  const git = findProgram("git", project)
  if (git === null) return { kind: "absent" }
  if (unresponsive.has(repository)) return { kind: "failed", message: "git does not answer" }
  const time = end === null ? patience : end - performance.now()
  if (time <= 0) return { kind: "failed", message: "there was no time left" }
  const inherited = Object.entries(process.env).filter(([name]) => !/^(GIT_.*|PATH)$/i.test(name))
  const options = ["--no-pager", "--no-optional-locks", "--no-replace-objects", ...(isMagic ? [] : ["--literal-pathspecs"])]
  const { status, stdout, stderr, error } = spawnSync(
    git.path,
    [`--git-dir=${join(repository, ".git")}`, `--work-tree=${repository}`, ...options, ...settings, ...args],
    {
      cwd: repository,
      env: { ...Object.fromEntries(inherited), PATH: git.searchPath, ...variables },
      input,
      encoding: "utf8",
      timeout: Math.ceil(time),
      killSignal: "SIGKILL",
      maxBuffer: 16 * 1024 * 1024,
      windowsHide: true,
    },
  )
  if (error && (error as NodeJS.ErrnoException).code === "ETIMEDOUT" && end === null) unresponsive.add(repository)
  if (error) return { kind: "failed", message: error.message }
  const complaint = stderr.split("\n").find((line) => /^(fatal|error): /.test(line))
  // 1 is a no of check-ignore.
  if (status === 0 || (status === 1 && complaint === undefined)) return { kind: "answered", output: stdout }
  return { kind: "failed", message: complaint ?? `git ended with ${status}` }
}

/** A path as git names it, in the repository that it really belongs to. */
export type Place = { repository: string; path: string }

/**
 * Where a file really is, links followed; one that is not there yet is where its folder is.
 * @returns null for a link to nowhere
 */
export function realPathOf(file: string): string | null {
  try {
    return realpathSync.native(file)
  } catch {
    if (lstatSync(file, { throwIfNoEntry: false })) return null
    const folder = dirname(file)
    const real = folder === file ? null : realPathOf(folder)
    return real === null ? null : join(real, basename(file))
  }
}

/** The repository of a real path. @returns null where it is in none */
export function placeOf(real: string): Place | null {
  const repository = repositoryOf(dirname(real))
  return repository === null ? null : { repository, path: relative(repository, real).split(sep).join("/") }
}

/** @property mode 100644, 100755, or 120000 for a link */
export type IndexEntry = { mode: string; hash: string; stage: string }

/**
 * What git has of some paths of one repository: its index entries, and the hash in the last commit. No file is read.
 * @returns null where there is no git
 * @throws GitFailure
 */
export function recorded(
  project: Project,
  repository: string,
  paths: string[],
): Map<string, { entries: IndexEntry[]; head: string | null }> | null {
  const index = ask(project, repository, ["ls-files", "--stage", "-z", "--", ...paths])
  if (index.kind === "absent") return null
  const heads = inHead(project, repository, paths)
  const entries = outputOf(index)
    .split("\0")
    .flatMap((line) => {
      const [, mode, hash, stage, path] = /^(\d+) ([0-9a-f]+) (\d)\t(.+)$/s.exec(line) ?? []
      return mode && hash && stage && path ? [{ path, entry: { mode, hash, stage } }] : []
    })
  return new Map(
    paths.map((path, index) => [
      path,
      { entries: entries.filter((found) => found.path === path).map(({ entry }) => entry), head: heads[index] ?? null },
    ]),
  )
}

/** The hash of each path in the last commit; null where it has none, or where there is no commit. */
function inHead(project: Project, repository: string, paths: string[]): (string | null)[] {
  // A name with a line break would be two lines to git, and shift every answer behind it.
  const names = paths.map((path) => `HEAD:${path.replaceAll("\n", "")}`)
  const answer = ask(project, repository, ["cat-file", "--batch-check=%(objectname)"], names.map((name) => `${name}\n`).join(""))
  const lines = outputOf(answer).split("\n")
  return paths.map((_, index) => (/^[0-9a-f]{40,64}$/.test(lines[index] ?? "") ? (lines[index] as string) : null))
}

/**
 * Whether git has a file: in its index or its last commit, by any spelling of its name, since a disk may not tell case.
 * A file that git has is everybody's who has the repository.
 * @param file absolute; links in it are followed, since the text is where they end
 * @returns null where nobody can say: no git, a repository that it cannot read, a link to nowhere. False where there is
 * no repository
 */
export function isTracked(project: Project, file: string): boolean | null {
  const real = realPathOf(file)
  if (real === null) return null
  const place = placeOf(real)
  if (place === null) return false
  const index = ask(project, place.repository, ["ls-files", "-z", "--", `:(icase,literal)${place.path}`], "", true)
  if (index.kind !== "answered") return null
  if (index.output !== "") return true
  try {
    return inHead(project, place.repository, [place.path])[0] !== null
  } catch (error) {
    if (error instanceof GitFailure) return null
    throw error
  }
}

/** Bytes. An env file that somebody writes has some thousand; what is larger is not read, and so not known. */
const largestBlob = 1024 * 1024
/** Bytes that one answer may have, with room for the lines between. */
const largestAnswer = 12 * 1024 * 1024
/** Bytes of a history that are looked through: compressed, a thousand times as much may be in a small repository. */
const largestHistory = 100 * 1024 * 1024
/** And the time for all that is asked of it. */
const longestSearch = 8_000 // ms

/**
 * Whether a commit that some branch or tag leads to had `text` in a file whose name, or whose folder's name, has `part` in
 * it: whoever copies `.env.template` has what it says. Contents are read as git keeps them: no filter and no textconv has a
 * part in that.
 * @param part without characters that mean something in a pattern
 * @returns null where nobody can say: what git has is missing, too large, or too much to be looked through
 */
export function wasCommitted(project: Project, repository: string, part: string, text: string): boolean | null {
  const end = performance.now() + longestSearch
  const commits = ask(project, repository, ["rev-list", "--all"], "", false, end)
  if (commits.kind !== "answered") return null
  // Every commit, and a merge against each parent: a history that is simplified leaves out what a side branch had and took
  // out again. `rev-list --objects` with a pattern leaves out what is in folders. Renames are not looked for: that would
  // read contents.
  const raw = ["--stdin", "-r", "-m", "--root", "--raw", "--no-renames", "--no-abbrev", "--no-commit-id"]
  const glob = ":(top,glob,icase)"
  const changes = ask(
    project,
    repository,
    ["diff-tree", ...raw, "--", `${glob}**/*${part}*`, `${glob}**/*${part}*/**`],
    commits.output,
    true,
    end,
  )
  if (changes.kind !== "answered") return null
  const known = blobsOf(changes.output)
  if (known.length === 0) return false
  const sizes = ask(project, repository, ["cat-file", "--batch-check=%(objectname) %(objectsize)"], `${known.join("\n")}\n`, false, end)
  if (sizes.kind !== "answered") return null
  let isWhole = true
  let room = largestHistory
  for (const batch of batchesOf(sizes.output)) {
    if (room <= 0 || performance.now() > end) return null
    const contents = batch === null ? null : ask(project, repository, ["cat-file", "--batch"], `${batch.join("\n")}\n`, false, end)
    if (contents?.kind !== "answered") isWhole = false
    else if (contents.output.includes(text)) return true
    else room -= contents.output.length
  }
  return isWhole ? false : null
}

/** The contents before and after each change. Those of a submodule are another repository's. */
function blobsOf(raw: string): string[] {
  const sides = Array.from(raw.matchAll(/^:(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) /gm), ([, from, to, before, after]) => [
    { mode: from, name: before },
    { mode: to, name: after },
  ]).flat()
  return [...new Set(sides.flatMap(({ mode, name }) => (name && mode?.startsWith("1") && mode !== "160000" ? [name] : [])))]
}

/** Objects by what one answer holds; null for one that is missing or too large. */
function* batchesOf(sizes: string): Generator<string[] | null> {
  let batch: string[] = []
  let room = largestAnswer
  for (const line of sizes.split("\n").filter((line) => line !== "")) {
    const [, name, digits] = /^([0-9a-f]{40,64}) (\d+)$/.exec(line) ?? []
    const size = Number(digits)
    if (name === undefined || size > largestBlob) {
      yield null
      continue
    }
    if (size + 200 > room) {
      yield batch
      batch = []
      room = largestAnswer
    }
    batch.push(name)
    room -= size + 200
  }
  if (batch.length > 0) yield batch
}

/** What `check-ignore` says: the ignore file that has the last word, null where none has, or that nobody can say. */
export type Ignoring = { kind: "said"; by: string | null } | { kind: "failed"; message: string } | { kind: "absent" }

/**
 * Asks whether git's rules leave a path out of commits. Its index is looked at too, for rules that a sparse checkout left
 * there. Brackets in a path may match another, tracked file; then it counts as not ignored.
 */
export function ignoredBy(project: Project, { repository, path }: Place): Ignoring {
  const answer = ask(project, repository, ["check-ignore", "--verbose", "-z", "--stdin"], `./${path}\0`, true)
  if (answer.kind !== "answered") return answer
  const [source, , pattern] = answer.output.split("\0")
  return { kind: "said", by: source && pattern && !pattern.startsWith("!") ? join(repository, source) : null }
}

/** There is a repository, and git does not say what is in it. */
export class GitFailure extends Error {}

function outputOf(answer: Answer): string {
  if (answer.kind === "answered") return answer.output
  throw new GitFailure(answer.kind === "failed" ? answer.message : "git is gone")
}
