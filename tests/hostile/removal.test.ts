/** Files and folders that a forged manifest, with the help of a link, gives a second name that passes for ours (H11). */
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import tmp from "tmp"
import { describe, expect, test } from "vitest"
import { chimerai, makeHost, snapshot, type Tree } from "../support/host"
import { manifestWith, put, sha } from "../support/hostile"

const run = (command: string, dir: string, ...flags: string[]) =>
  chimerai([command, "mfa", dir, "--yes", "--no-install", "--json", ...flags])
const texts = (dir: string, paths: string[]) => paths.map((path) => readFileSync(join(dir, path), "utf8"))

describe("a link does not make the app's files ours", () => {
  const own: Tree = { "middleware.ts": "export function middleware() {}\n", "lib/payment.ts": "export const pay = 1\n" }
  const paths = Object.keys(own)
  const claiming = (prefix: string) =>
    manifestWith({ created: paths.map((path) => ({ path: prefix + path, hash: sha(String(own[path])) })) })

  test.each(["remove", "update"])("%s refuses files that a link called mfa leads to", (command) => {
    const dir = makeHost({ ...own, ".chimerai/manifest.json": claiming("mfa/") })
    symlinkSync(".", join(dir, "mfa"))
    for (const flags of [[], ["--force"]]) {
      const refused = run(command, dir, ...flags)
      expect([refused.code, refused.json.error?.code], refused.stdout).toEqual([3, "manifest_invalid"])
      expect(refused.json.error.message).toContain("a link makes it middleware.ts")
    }
    expect(texts(dir, paths)).toEqual(Object.values(own))
  })

  test("remove refuses a file of another package of the workspace", () => {
    const top = realpathSync(tmp.dirSync({ unsafeCleanup: true }).name)
    put(top, "package.json", JSON.stringify({ workspaces: ["apps/*", "packages/*"] }))
    put(top, "packages/billing/package.json", '{ "name": "billing" }')
    put(top, "packages/billing/index.ts", "export const bill = 1\n")
    const created = [{ path: "../../mfa/index.ts", hash: sha("export const bill = 1\n") }]
    mkdirSync(join(top, "apps"))
    renameSync(makeHost({ ".chimerai/manifest.json": manifestWith({ created }) }), join(top, "apps/web"))
    symlinkSync("packages/billing", join(top, "mfa"))
    const refused = run("remove", join(top, "apps/web"))
    expect([refused.code, refused.json.error?.code], refused.stdout).toEqual([3, "manifest_invalid"])
    expect(texts(top, ["packages/billing/index.ts"])).toEqual(["export const bill = 1\n"])
  })

  test.each([
    ["lib", "src/lib"],
    ["app", "web/app"],
    ["scripts", "tools/scripts"],
  ])("an app whose folder %s is a link to %s gets MFA, and loses it to the byte", (name, target) => {
    const dir = makeHost()
    mkdirSync(join(dir, target), { recursive: true })
    if (name !== "scripts") {
      renameSync(join(dir, name), join(dir, `${target}.moved`))
      renameSync(join(dir, `${target}.moved`), join(dir, target))
    }
    symlinkSync(target, join(dir, name))
    const before = snapshot(dir)
    expect(run("add", dir).json.status).toBe("applied")
    expect(run("add", dir).json.status).toBe("unchanged")
    expect(run("update", dir).json.status).toBe("unchanged")
    const removed = run("remove", dir, "--purge")
    expect([removed.code, removed.json.status], removed.stderr).toEqual([0, "applied"])
    expect(snapshot(dir)).toEqual(before)
  })
})

test("remove leaves empty folders that no file of ours was in", () => {
  const dir = makeHost()
  expect(run("add", dir).json.status).toBe("applied")
  const manifest = ".chimerai/manifest.json"
  const known = JSON.parse(readFileSync(join(dir, manifest), "utf8"))
  known.features.mfa.folders.push("uploads", "uploads/today")
  put(dir, manifest, JSON.stringify(known))
  mkdirSync(join(dir, "uploads/today"), { recursive: true })
  expect(run("remove", dir).json.status).toBe("applied")
  expect(existsSync(join(dir, "uploads/today"))).toBe(true)
  expect(existsSync(join(dir, "lib/mfa"))).toBe(false)
})
