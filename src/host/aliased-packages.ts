import { CliError } from "../errors"
import type { Modules } from "./modules"

/**
 * Refuses an app in which a package that the feature brings is a file of the app's own, by an alias or by a package of
 * the workspace: what checks a code would be somebody else's.
 * @throws CliError name_taken
 */
export function assertNotAliased(modules: Modules, packages: string[]): void {
  for (const name of packages) {
    // From the app's root: an import by name means the same everywhere.
    const file = modules.resolve("package.json", name)
    if (file === null || file.split("/").includes("node_modules")) continue
    throw new CliError("name_taken", `"${name}" is a package that is added, and here the name leads to ${file}.`, {
      file,
      suggestion: "Nothing was changed. Take the alias out of tsconfig.json, or rename the package, then run this again.",
    })
  }
}
