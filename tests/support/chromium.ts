import { existsSync } from "node:fs"

/** Debian's Chromium; Playwright's own download is not to be had everywhere. */
export function chromiumPath(): string {
  const path = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
    (candidate) => candidate && existsSync(candidate),
  )
  if (!path) throw new Error("no Chromium: install Debian's chromium, or set CHROMIUM_PATH")
  return path
}
