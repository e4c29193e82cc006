/** A file that a bundler would load in the place of one of ours (H8). */
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { HostFiles } from "../../src/host/files"
import { twinsOf } from "../../src/host/twins"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../support/host"
import { put } from "../support/hostile"

const add = (dir: string, ...flags: string[]) => chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", ...flags])
const evil = "export const matchStep = () => 1\n"
/** The same app in JavaScript. */
const javaScript: Tree = {
  "package.json": String(minimalHost["package.json"]).replace(/,\s*"devDependencies": \{[^}]*\}/, ""),
  "tsconfig.json": null,
  "jsconfig.json": String(minimalHost["tsconfig.json"]),
  "auth.ts": null,
  "auth.js": String(minimalHost["auth.ts"]),
  "lib/prisma.ts": null,
  "lib/prisma.js": String(minimalHost["lib/prisma.ts"]),
  "app/layout.tsx": null,
  "app/layout.js": "export default ({ children }) => children;\n",
  "app/api/auth/[...nextauth]/route.ts": null,
  "app/api/auth/[...nextauth]/route.js": String(minimalHost["app/api/auth/[...nextauth]/route.ts"]),
}

describe("a module that would be loaded in the place of ours", () => {
  test.each([
    "lib/mfa/totp.js",
    "lib/mfa/gate.tsx",
    "lib/mfa/decision.mjs",
    "lib/mfa/crypto.cjs",
    "lib/mfa/totp.json",
    "lib/mfa/totp",
    "lib/mfa/totp/index.js",
    "lib/mfa/totp/package.json",
    "lib/mfa/index.ts",
    "lib/mfa.js",
    "app/login/mfa/page.js",
    "app/api/auth/mfa-verify/route.js",
    // The app's own, where the hook goes.
    "auth.js",
  ])("add refuses %s", (path) => {
    const dir = makeHost({ [path]: evil })
    const before = snapshot(dir)
    const run = add(dir)
    // What answers an address of ours is refused by that.
    const code = /\/(?:page|route)\.js$/.test(path) ? "route_taken" : "file_exists"
    expect([run.code, run.json.error?.code, run.json.error?.file], run.stderr).toEqual([3, code, path])
    expect(snapshot(dir)).toEqual(before)
  })

  test.each(["lib/mfa/totp.ts", "lib/mfa/gate.jsx"])("in an app in JavaScript, add refuses %s", (path) => {
    const run = add(makeHost({ ...javaScript, [path]: evil }), "--dry-run")
    expect([run.code, run.json.error?.code, run.json.error?.file], run.stderr).toEqual([3, "file_exists", path])
  })

  test("a link that leads to what add is about to make", () => {
    const dir = makeHost()
    mkdirSync(join(dir, "lib/mfa"))
    symlinkSync("./pass-challenge.ts", join(dir, "lib/mfa/gate.js"))
    const run = add(dir)
    expect([run.code, run.json.error?.code, run.json.error?.file], run.stderr).toEqual([3, "file_exists", "lib/mfa/gate.js"])
  })

  test("an app in JavaScript is served", () => {
    const run = add(makeHost(javaScript))
    expect([run.code, run.json.status], run.stderr).toEqual([0, "applied"])
  })

  test("a name in other letters counts where the disk does not tell case", () => {
    const files = new HostFiles(makeHost({ "lib/mfa/TOTP.js": evil }))
    const insensitive = existsSync(join(files.root, "lib/mfa/totp.js"))
    expect(twinsOf(files, ["lib/mfa/totp.ts"])).toHaveLength(insensitive ? 1 : 0)
  })

  test("files that nobody loads by that name stay", () => {
    const neighbours = {
      "lib/mfa.test.ts": "",
      "lib/mfa.d.ts": "",
      "lib/mfa.css": "",
      "lib/mfa/totp.spec.ts": "",
      "lib/mfa/totp.md": "",
      "lib/mfa/totp/notes.txt": "",
      "app/login/mfa/page.module.css": "",
      "lib/auth/index.ts": "export {}\n",
      "auth/helpers.ts": "export {}\n",
      "auth.json": "{}\n",
    }
    const run = add(makeHost(neighbours))
    expect([run.code, run.json.status], run.stderr).toEqual([0, "applied"])
  })

  test("one that comes later is said by status and by update", () => {
    const dir = makeHost()
    expect(add(dir).code).toBe(0)
    put(dir, "lib/mfa/totp.js", evil)
    const status = chimerai(["status", dir, "--json"])
    expect(status.code).toBe(1)
    expect(status.json.checks).toContainEqual(expect.objectContaining({ id: "module-shadowed", state: "todo" }))
    const update = chimerai(["update", "mfa", dir, "--yes", "--no-install", "--json"])
    expect(update.json.warnings).toContainEqual(expect.objectContaining({ code: "module_shadowed", file: "lib/mfa/totp.js" }))
    expect([add(dir).json.error?.code]).toEqual(["file_exists"])
    rmSync(join(dir, "lib/mfa/totp.js"))
    expect(add(dir).json.status).toBe("unchanged")
  })

  test("a module of ours that was renamed is its own twin", () => {
    const dir = makeHost()
    expect(add(dir).code).toBe(0)
    renameSync(join(dir, "lib/mfa/totp.ts"), join(dir, "lib/mfa/totp.tsx"))
    expect(chimerai(["status", dir, "--json"]).json.checks).toContainEqual(expect.objectContaining({ id: "module-shadowed" }))
  })
})
