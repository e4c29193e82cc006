import { join, relative } from "node:path"
import { execa } from "execa"
import { CliError } from "../errors"

/**
 * Those of `paths` that git would show as changed, in the index, the work tree or as new: there would be no telling
 * their owner's changes from ours. None where there is no repository, or no git.
 * @param repository the folder with `.git`; null where there is none
 * @throws CliError git_failed: there is a repository, and git does not say what is in it
 */
export async function uncommitted(root: string, repository: string | null, paths: string[]): Promise<string[]> {
  if (repository === null || paths.length === 0) return []
  // A repository may name a program to be run here; it is not asked.
  const settings = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
  const result = await execa("git", [...settings, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--", ...paths], {
    cwd: root,
    reject: false,
    stdin: "ignore",
    stripFinalNewline: false,
    env: { GIT_LITERAL_PATHSPECS: "1", GIT_OPTIONAL_LOCKS: "0" },
  })
  if (result.failed && result.code === "ENOENT") return []
  if (result.failed)
    throw new CliError("git_failed", `git cannot say which files have uncommitted changes: ${result.stderr.split("\n")[0] ?? ""}`, {
      suggestion: "Nothing was changed. Mend what git complains of; or pass --allow-dirty.",
    })
  // `XY path`, each ended by NUL; the old name of a renamed file follows it by itself.
  const changed = result.stdout.split("\0").flatMap((entry) => (/^.. ./.test(entry) ? [join(repository, entry.slice(3))] : []))
  return paths.filter((path) => changed.some((file) => relative(join(root, path), file) === ""))
}
