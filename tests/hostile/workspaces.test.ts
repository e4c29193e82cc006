/** Row H6: workspaces, links and flags that lead to a neighbouring project. It stays as it is, to the byte. */
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import tmp from "tmp"
import { describe, expect, test } from "vitest"
import { HostFiles } from "../../src/host/files"
import { foldersOf } from "../../src/host/packages"
import { chimerai, makeHost, snapshot } from "../support/host"

const manifest = (workspaces: unknown) => `${JSON.stringify({ name: "clone", private: true, workspaces })}\n`

/** A clone without an app, and a project beside it that is one. */
function neighbours(files: Record<string, string>): { clone: string; other: string } {
  const top = tmp.dirSync({ unsafeCleanup: true }).name
  const [clone, other] = [join(top, "clone"), join(top, "other")]
  renameSync(makeHost(), other)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(clone, path)), { recursive: true })
    writeFileSync(join(clone, path), text)
  }
  return { clone, other }
}
function link(dir: string, path: string, target: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  symlinkSync(target, join(dir, path))
}
const add = (dir: string, ...flags: string[]) => chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", ...flags])

describe("a workspace whose packages are elsewhere", () => {
  test.each<[string, Record<string, string>, [string, string]?]>([
    ["../*", { "package.json": manifest(["../*"]) }],
    ["../other", { "package.json": manifest({ packages: ["../other"] }) }],
    ["packages/../../other", { "package.json": manifest(["packages/../../other"]), "packages/x": "" }],
    ["*/../../*", { "package.json": manifest(["*/../../*"]), "packages/x": "" }],
    ["pnpm: ../*", { "package.json": "{}\n", "pnpm-workspace.yaml": "packages:\n  - '../*'\n" }],
    ["a linked package, by name", { "package.json": manifest(["apps/web"]) }, ["apps/web", "../../other"]],
    ["a package in a linked folder", { "package.json": manifest(["apps/*"]) }, ["apps", ".."]],
    [
      "a linked package.json",
      { "package.json": manifest(["apps/web"]), "apps/web/x": "" },
      ["apps/web/package.json", "../../../other/package.json"],
    ],
  ])("%s: the neighbour is not edited", (_, files, linked) => {
    const { clone, other } = neighbours(files)
    if (linked) link(clone, ...linked)
    const [before, there] = [readFileSync(join(clone, "package.json"), "utf8"), snapshot(other)]
    const run = add(clone)
    expect(run.code, run.stdout).toBe(3)
    expect(["not_nextjs", "outside_root", "package_json_missing"]).toContain(run.json.error?.code)
    expect(snapshot(other)).toEqual(there)
    expect(readFileSync(join(clone, "package.json"), "utf8")).toBe(before)
  })

  test.each([
    ["--app of a link", "app", "../other", "outside_root"],
    ["--app through a link", "up/other", "..", "outside_root"],
    ["--app below .git", ".git/app", "../../other", "outside_root"],
  ])("%s", (_, app, target, code) => {
    const { clone, other } = neighbours({ "package.json": manifest([]) })
    link(clone, app.startsWith("up/") ? "up" : app, target)
    const there = snapshot(other)
    const run = add(clone, "--app", app)
    expect([run.code, run.json.error?.code]).toEqual([3, code])
    expect(snapshot(other)).toEqual(there)
  })

  test("a linked package that an app imports is not edited where it is outside", () => {
    const { clone, other } = neighbours({ "package.json": manifest(["apps/*", "packages/db"]) })
    execFileSync("cp", ["-r", makeHost(), join(clone, "apps-web")])
    mkdirSync(join(clone, "apps"))
    renameSync(join(clone, "apps-web"), join(clone, "apps/web"))
    link(clone, "packages/db", "../../other")
    const there = snapshot(other)
    const files = new HostFiles(join(clone, "apps/web"))
    expect(foldersOf(files, "../..", ["apps/*", "packages/db"])).toEqual(["../../apps/web"])
    add(clone)
    expect(snapshot(other)).toEqual(there)
  })

  test("a linked package of a workspace, inside it, stays one", () => {
    const { clone } = neighbours({
      "package.json": manifest(["apps/*", "packages/db"]),
      "libs/db/package.json": "{}",
      "apps/web/package.json": "{}",
    })
    link(clone, "packages/db", "../libs/db")
    expect(foldersOf(new HostFiles(clone), ".", ["apps/*", "packages/db"])).toEqual(["apps/web", "packages/db"])
  })
})

describe("a folder that is given, and that a link of a project leads out of it", () => {
  const manifests = { "package.json": manifest(["apps/*"]) }
  test.each([
    ["in a repository", true],
    ["in a folder with a package.json", false],
  ])("%s: the neighbour is not edited", (_, isRepository) => {
    const { clone, other } = neighbours({ ...manifests, "apps/x": "" })
    if (isRepository) execFileSync("git", ["init", "-q"], { cwd: clone })
    link(clone, "apps/web", "../../other")
    link(clone, "up", "..")
    const there = snapshot(other)
    for (const [cwd, ...args] of [
      [clone, "apps/web"],
      [clone, "--cwd", "apps/web"],
      [clone, "up/other"],
      [join(clone, "apps"), "web"],
      [dirname(clone), "clone/apps/web"],
      ["/", join(clone, "apps/web")],
    ] as [string, ...string[]][]) {
      const run = chimerai(["add", "mfa", ...args, "--yes", "--no-install", "--json"], { cwd })
      expect([args, run.code, run.json.error?.code], run.stdout).toEqual([args, 3, "outside_root"])
    }
    expect(snapshot(other)).toEqual(there)
  })

  test("links that are nobody's project's, and those inside of one, go on working", () => {
    const { clone, other } = neighbours({ "package.json": manifest(["apps/*"]), "apps/x": "" })
    const top = dirname(clone)
    symlinkSync("other", join(top, "link"))
    symlinkSync(top, `${top}-link`)
    const planned = (cwd: string, ...args: string[]) => chimerai(["add", "mfa", ...args, "--dry-run", "--json"], { cwd }).json.status
    expect([
      planned(top, "link"),
      planned(join(top, "link"), "."),
      planned("/", join(`${top}-link`, "other")),
      planned(clone, "../other"),
      planned(clone, "../link"),
    ]).toEqual(Array(5).fill("planned"))
    renameSync(other, join(clone, "real"))
    symlinkSync("../real", join(clone, "apps/web"))
    expect(planned(clone, "apps/web")).toBe("planned")
    // A home that is kept in git: its links are its owner's.
    renameSync(join(clone, "real"), other)
    symlinkSync(other, join(clone, "mine"))
    execFileSync("git", ["init", "-q"], { cwd: clone })
    const run = chimerai(["add", "mfa", "mine", "--dry-run", "--json"], { cwd: clone, env: { HOME: clone } })
    expect(run.json.status, run.stdout).toBe("planned")
  })
})

describe("patterns that would take for ever", () => {
  const tree = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`p${index}/q/r/package.json`, "{}"]))
  test.each([["*/../".repeat(40)], ["**/".repeat(40)], ["*/".repeat(5000)], ["./".repeat(100_000)]])("%#", (pattern) => {
    const { clone } = neighbours({ "package.json": "{}", ...tree })
    // That it ends is what is tested: without a bound, the first of them takes longer than anybody waits.
    expect(() => foldersOf(new HostFiles(clone), ".", [pattern])).not.toThrow()
  })

  test("names without end, below many folders, end in a refusal", () => {
    const { clone } = neighbours({ "package.json": "{}", ...tree })
    expect(() => foldersOf(new HostFiles(clone), ".", [`**/${"x/".repeat(20_000)}`])).toThrow(/more than/)
  })

  test("a great many of them end in a refusal", () => {
    const { clone } = neighbours({ "package.json": "{}", ...tree })
    const files = new HostFiles(clone)
    expect(() => foldersOf(files, ".", Array(5_000).fill("**/**"))).toThrow(/more than/)
  })
})
