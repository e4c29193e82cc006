import { createHash } from "node:crypto"
import { join } from "node:path"
import { readBytes } from "../disk/look"
import { CliError } from "../errors"
import { isTracked as askIfTracked, GitFailure, type IndexEntry, ignoredBy, type Place, placeOf, realPathOf, recorded } from "../run/git"
import type { Project } from "../run/project"
import { repositoryOf } from "../run/repository"

/**
 * Whether git has a file of the app's: it came with a commit, or is to go into one. Where there is no repository, or no
 * git, or it cannot read its index, it can commit nothing either.
 */
export const isTracked = (root: string, path: string): boolean => askIfTracked({ root, boundary: root }, join(root, path)) === true

/**
 * Those of `paths` that have uncommitted changes, in the index, the work tree or as new files: there would be no telling
 * their owner's changes from ours. Links are followed: what counts is the file that would be written. None where there is
 * no repository, or no git.
 * @param paths from the project's root
 * @throws CliError git_failed: there is a repository, and git does not say what is in it
 */
export function uncommitted(project: Project, paths: string[]): string[] {
  const places = paths.flatMap((path) => {
    const real = realPathOf(join(project.root, path))
    const place = real === null ? null : placeOf(real)
    return place === null ? [] : [{ asked: path, place }]
  })
  const repositories = new Set(places.map(({ place }) => place.repository))
  try {
    return [...repositories].flatMap((repository) => {
      const own = places.filter(({ place }) => place.repository === repository)
      const known = recorded(
        project,
        repository,
        own.map(({ place }) => place.path),
      )
      if (known === null) return []
      return own.filter(({ place }) => isChanged(project, place, known.get(place.path))).map(({ asked }) => asked)
    })
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error
    throw new CliError("git_failed", `git cannot say which files have uncommitted changes: ${error.message}`, {
      suggestion: "Nothing was changed. Mend what git complains of; or pass --allow-dirty.",
    })
  }
}

/**
 * Whether a text of the app's may be kept in the store, which its owner commits: where git leaves its file out of commits,
 * or has it in another repository, the text would be published by way of the store. Where git cannot say, it is not kept.
 * @param path from the project's root
 */
export function isKeptWithStore(project: Project, path: string): boolean {
  const repository = repositoryOf(project.root)
  if (repository === null) return true
  const real = realPathOf(join(project.root, path))
  const place = real === null ? null : placeOf(real)
  if (place?.repository !== repository) return false
  const answer = ignoredBy(project, place)
  return answer.kind === "said" && answer.by === null
}

function isChanged(project: Project, place: Place, known: { entries: IndexEntry[]; head: string | null } | undefined): boolean {
  const [entry, conflicting] = known?.entries ?? []
  // A new file is somebody's work, unless it is never to be committed.
  if (!entry) return !isIgnored(project, place)
  if (conflicting || entry.stage !== "0" || entry.hash !== known?.head) return true
  const bytes = readBytes(join(place.repository, place.path), place.path)
  if (bytes === null) return true
  // The hash is made here, of the bytes as they are: git would first run the filters of the repository. Line ends are the
  // one conversion of its own that is common, and undone; what a filter has changed is taken for somebody's work.
  return !hashesOf(bytes, entry.hash.length === 64 ? "sha256" : "sha1").includes(entry.hash)
}

function isIgnored(project: Project, place: Place): boolean {
  const answer = ignoredBy(project, place)
  if (answer.kind === "failed") throw new GitFailure(answer.message)
  return answer.kind === "said" && answer.by !== null
}

/** git's names for a text, with the line ends that it has and with LF. */
function hashesOf(bytes: Buffer, algorithm: "sha1" | "sha256"): string[] {
  const unix = Buffer.from(bytes.toString("latin1").replaceAll("\r\n", "\n"), "latin1")
  return [bytes, unix].map((text) => createHash(algorithm).update(`blob ${text.length}\0`).update(text).digest("hex"))
}
