import { readFileSync } from "node:fs"

/** The version of this package: `package.json` is beside `dist/` and beside `src/`. */
export function ownVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
  return manifest.version
}
