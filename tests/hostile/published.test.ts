/** Links by which the web server would publish the env file that a key goes to (H7). */
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import tmp from "tmp"
import { describe, expect, test } from "vitest"
import { detectEnv } from "../../src/host/env"
import { HostFiles } from "../../src/host/files"
import { committedHost, folder } from "../support/git"
import { chimerai, makeHost } from "../support/host"
import { put } from "../support/hostile"

const privacyIn = (dir: string) => detectEnv(new HostFiles(dir)).facts.privacy
function link(dir: string, path: string, target: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  symlinkSync(target, join(dir, path))
}

describe("a link in what is served publishes the file that it leads to", () => {
  test.each<[string, [string, string][]]>([
    ["a file in public", [["public/favicon.txt", "../.env"]]],
    ["a file deep in public", [["public/a/b/c.txt", "../../../.env"]]],
    ["a folder in public", [["public/all", ".."]]],
    ["public itself", [["public", "."]]],
    [
      "by two steps",
      [
        ["public/a", "../b"],
        ["b", ".env"],
      ],
    ],
    [
      "by a folder that is not served by itself",
      [
        ["public/a", "../shared"],
        ["shared/b.txt", "../.env"],
      ],
    ],
    ["a metadata file of the app folder", [["app/robots.txt", "../.env"]]],
    ["a page", [["src/pages/dev.ts", "../../.env"]]],
  ])("%s", (_, links) => {
    const dir = committedHost()
    for (const [path, target] of links) link(dir, path, target)
    expect(privacyIn(dir)).toBe("served")
    const before = readFileSync(join(dir, ".env"), "utf8")
    const run = chimerai(["add", "mfa", dir, "--yes", "--dry-run", "--json", "--allow-dirty"])
    expect(run.json.actions, run.stderr).toContainEqual(expect.objectContaining({ kind: "manual", path: ".env" }))
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe(before)
  })

  // The key would make the file that the link waits for.
  test.each<[string, [string, string][]]>([
    ["in public", [["public/a.txt", "../.env"]]],
    [
      "by two steps, one of them back from a folder that is a link",
      [
        ["public/a", "../way/../b"],
        ["way", "lib/deep"],
        ["lib/b", "../.env"],
      ],
    ],
    ["in other letters, which some disks take for the same", [["public/a.txt", "../.ENV"]]],
    ["of the app folder", [["app/robots.txt", "../.env"]]],
  ])("also to a file that is not there yet: %s", (_, links) => {
    const dir = committedHost({ ".env": null, ".gitignore": ".env\n.ENV\n" })
    for (const [path, target] of links) link(dir, path, target)
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", "--allow-dirty"])
    expect(run.json.actions, run.stderr).toContainEqual(expect.objectContaining({ kind: "manual", path: ".env" }))
    expect(existsSync(join(dir, ".env"))).toBe(false)
  })

  test("in another app of the workspace", () => {
    const top = realpathSync(tmp.dirSync({ unsafeCleanup: true }).name)
    put(top, "package.json", '{ "workspaces": ["apps/*"] }')
    put(top, "apps/other/package.json", "{}")
    renameSync(makeHost(), join(folder(top, "apps"), "web"))
    expect(privacyIn(join(top, "apps/web"))).toBe("ignored")
    link(top, "apps/other/public/x.txt", "../../web/.env")
    expect(privacyIn(join(top, "apps/web"))).toBe("served")
  })

  test("links to other files, to nowhere, in a circle and out of the project publish nothing of it", () => {
    const dir = committedHost({ "assets/a.txt": "", "public/b.txt": "" })
    link(dir, "public/assets", "../assets")
    link(dir, "public/nowhere", "nothing")
    link(dir, "public/circle", "circle")
    link(dir, "public/self", ".")
    link(dir, "public/out", realpathSync(makeHost()))
    link(dir, "app/.env", "../.env")
    expect(privacyIn(dir)).toBe("ignored")
  })
})

test("rules that git reads in another way, where it cannot be asked", () => {
  expect(privacyIn(makeHost({ ".gitignore": ".env\n!.env\0x\n" }))).toBe("unignored")
})

test("rules without end are not matched, where git cannot be asked", () => {
  const rules = Array.from({ length: 300_000 }, (_, index) => `${index}*`)
  const dir = makeHost({ ".gitignore": `${rules.join("\n")}\n.env*\n` })
  for (const name of [".env.local", ".env.production", ".env.development", ".env.production.local"]) writeFileSync(join(dir, name), "A=1\n")
  const started = Date.now()
  expect(privacyIn(dir)).toBe("unignored")
  expect(Date.now() - started).toBeLessThan(5_000)
})
