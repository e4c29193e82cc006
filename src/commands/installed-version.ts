import { compare, valid } from "semver"
import { CliError } from "../errors"
import { ownVersion } from "../version"

/** How an installed version stands to this one: below 0 it is older, above it is newer. */
export function compareToOwn(installed: string): number {
  return valid(installed) ? compare(installed, ownVersion()) : 0
}

/** @throws CliError manifest_newer: what a newer version has installed is not turned back into an older one's */
export function assertNotNewer(installed: string): void {
  if (compareToOwn(installed) <= 0) return
  throw new CliError("manifest_newer", `MFA ${installed} is installed here, and this is ${ownVersion()}.`, {
    suggestion: "Nothing was changed. Use that version or a later one: npx chimerai@latest",
  })
}

/** @throws CliError manifest_newer, manifest_older: `add` would set files of this version among those of another */
export function assertSame(installed: string): void {
  assertNotNewer(installed)
  if (compareToOwn(installed) === 0) return
  throw new CliError("manifest_older", `MFA ${installed} is installed here, and this is ${ownVersion()}.`, {
    suggestion: "Nothing was changed. Bring it to this version: npx chimerai update mfa",
  })
}
