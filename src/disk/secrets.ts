/** Files that hold secrets, known by their names. Their text must not be shown, or added to, under another name. */
import { basename } from "node:path"

/** `.env.example` and the like are made to be read by everybody. */
const forEverybody = /(example|sample|template|defaults?|dist)$/i

export function holdsSecrets(path: string): boolean {
  const name = basename(path)
  if (/^\.env(\..*)?$/i.test(name)) return !forEverybody.test(name)
  return /^(\.npmrc|\.netrc|_netrc|\.yarnrc(\.yml)?|\.pgpass|\.git-credentials|credentials|id_[a-z0-9]+)$|\.(pem|key|p12|pfx)$/i.test(name)
}

/** Where Next.js looks for secrets, in the app's root. */
export const envFiles = [
  ".env",
  ".env.local",
  ...["development", "production", "test"].flatMap((mode) => [`.env.${mode}`, `.env.${mode}.local`]),
]
