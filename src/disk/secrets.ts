/** Files that hold secrets, known by their names. Their text must not be shown, or added to, under another name. */
import { basename } from "node:path"

/** `.env.example` and the like are made to be read by everybody. */
const forEverybody = /(example|sample|template|defaults?|dist)$/i

export function holdsSecrets(path: string): boolean {
  const name = basename(path)
  if (/^\.env(\..*)?$/i.test(name)) return !forEverybody.test(name)
  return byName.test(name) || byEnding.test(name)
}

/** Of package managers, shells, databases, direnv, Cloudflare, and what people call such files. */
const byName =
  /^(\.npmrc|\.netrc|_netrc|\.yarnrc(\.yml)?|\.pgpass|\.my\.cnf|\.envrc|\.dev\.vars(\..*)?|\.git-credentials|\.htpasswd|\.vault[-_]pass(word)?|\.?credentials(\..*)?|\.?secrets?(\..*)?|\.?passwords?(\..*)?|service[-_]account.*\.json|id_[a-z0-9]+|\.\w+_history)$/i
/** Keys, stores of keys, variables of Terraform. */
const byEnding = /\.(pem|key|p8|p12|pfx|jks|keystore|kdbx|tfvars|tfvars\.json|tfstate)$/i

/** Where Next.js looks for secrets, in the app's root. */
export const envFiles = [
  ".env",
  ".env.local",
  ...["development", "production", "test"].flatMap((mode) => [`.env.${mode}`, `.env.${mode}.local`]),
]
