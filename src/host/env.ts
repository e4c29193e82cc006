import { dirname, join, relative } from "node:path"
import ignore from "ignore"
import { type HostFiles, toSlashes } from "./files"

export type EnvFacts = { file: string; ignored: boolean; example: string | null }

/** The env file that holds the app's secrets, and whether git ignores it. Git itself is not asked: its rules are files. */
export function detectEnv(files: HostFiles): { facts: EnvFacts; evidence: string } {
  const holdsSecrets = (path: string) => /^\s*(?:export\s+)?(AUTH_SECRET|NEXTAUTH_SECRET|DATABASE_URL)\s*=/m.test(files.read(path) ?? "")
  const existing = [".env", ".env.local"].filter((path) => files.exists(path))
  const file = existing.find(holdsSecrets) ?? existing[0] ?? ".env"
  const rule = ignoringFile(files, file)
  return {
    facts: { file, ignored: rule !== null, example: files.first([".env.example", ".env.sample", ".env.local.example"]) },
    evidence: rule ?? "not ignored by git",
  }
}

/** The ignore file whose rules cover `path`, nearest first; null when git would commit it. */
function ignoringFile(files: HostFiles, path: string): string | null {
  const target = join(files.root, path)
  for (const dir of files.ancestors()) {
    const rules = files.readAbove(join(dir, ".gitignore"))
    if (rules === null) continue
    const verdict = ignore()
      .add(rules)
      .test(toSlashes(relative(dir, target)))
    if (verdict.ignored) return toSlashes(relative(files.root, join(dir, ".gitignore"))) || ".gitignore"
    if (verdict.unignored) return null
  }
  const exclude = files.readAbove(join(dirname(join(files.root, ".git")), ".git", "info", "exclude"))
  return exclude && ignore().add(exclude).ignores(path) ? ".git/info/exclude" : null
}
