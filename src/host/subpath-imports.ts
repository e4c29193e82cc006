/** Where names lead that a package gives to files of its own: `imports` of package.json, `#lib/db`. */
import { posix } from "node:path"
import { resolveImports } from "resolve-pkg-maps"
import type { HostFiles } from "./files"
import { parseManifest } from "./json"

/** What bundlers take code on the server for; where built output is not there, the types say where its source is. */
const conditions = [
  ["react-server", "node", "import", "module", "require"],
  ["types", "node", "import", "module", "require"],
]

/** @property paths from the app's root; @property names of other packages, `#db` may stand for one */
export type SubpathTargets = { paths: string[]; names: string[] }

export class SubpathImports {
  /** The folder of the package that files of a folder belong to. */
  readonly #scopes = new Map<string, string | null>()

  constructor(private readonly files: HostFiles) {}

  /** The folder of the nearest package.json, in which `imports` counts for a file; null where there is none. */
  scopeOf(from: string): string | null {
    const dir = posix.dirname(from)
    const known = this.#scopes.get(dir)
    if (known !== undefined) return known
    const isTop = dir === "." || /^\.\.(?:\/\.\.)*$/.test(dir)
    const scope = this.files.isFile(posix.join(dir, "package.json")) ? dir : isTop ? null : this.scopeOf(dir)
    this.#scopes.set(dir, scope)
    return scope
  }

  targetsOf(from: string, specifier: string): SubpathTargets {
    const scope = this.scopeOf(from)
    const text = scope === null ? null : this.files.read(posix.join(scope, "package.json"))
    if (scope === null || text === null) return { paths: [], names: [] }
    const { imports } = parseManifest(text)
    const targets = [...new Set(conditions.flatMap((some) => resolved(imports, specifier, some)))]
    return {
      // Built output is not there, or not what is edited: its source is.
      paths: targets
        .filter((target) => target.startsWith("./"))
        .flatMap((target) => [target, target.replace(/^\.\/(?:dist|build)\//, "./src/")])
        .map((target) => posix.normalize(posix.join(scope, target))),
      names: targets.filter((target) => !target.startsWith(".")),
    }
  }
}

function resolved(imports: unknown, specifier: string, some: string[]): string[] {
  if (typeof imports !== "object" || imports === null) return []
  try {
    return resolveImports(imports as Parameters<typeof resolveImports>[0], specifier, some)
  } catch {
    // Not in the list, or not as it must be.
    return []
  }
}
