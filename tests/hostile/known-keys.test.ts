/** A key that came with the repository, by whatever name of a file and whatever way through its history (H7). */
import { realpathSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import tmp from "tmp"
import { describe, expect, test } from "vitest"
import { committedHost, folder, git } from "../support/git"
import { chimerai, makeHost } from "../support/host"
import { put } from "../support/hostile"

const run = (command: string, dir: string) => chimerai([command, "mfa", dir, "--yes", "--no-install", "--json", "--allow-dirty"])
const envCheck = (dir: string) => chimerai(["status", dir, "--json"]).json.checks.find(({ id }: { id: string }) => id === "env")
const known = `MFA_ENCRYPTION_KEY=${Buffer.alloc(32, 7).toString("base64")}\n`
const commit = (dir: string) => {
  git(dir, "add", "-A")
  git(dir, "commit", "-qm", "x")
}

describe("a key that came with the repository is refused, whatever file it was in", () => {
  test.each([".env.template", "config/dev.env", "docs/Env.md", "env/local.txt", ".ENV.Example"])("%s", (path) => {
    const dir = committedHost({ [path]: known })
    put(dir, ".env", known)
    const refused = run("add", dir)
    expect([refused.code, refused.json.error?.code], refused.stdout).toEqual([3, "secret_known"])
  })

  test("the example of a monorepo", () => {
    const top = realpathSync(tmp.dirSync({ unsafeCleanup: true }).name)
    put(top, "package.json", '{ "workspaces": ["apps/*"] }')
    put(top, ".env.example", known)
    renameSync(makeHost(), join(folder(top, "apps"), "web"))
    git(top, "init", "-q")
    commit(top)
    put(top, "apps/web/.env", known)
    const refused = run("add", join(top, "apps/web"))
    expect([refused.code, refused.json.error?.code], refused.stdout).toEqual([3, "secret_known"])
  })

  test("on a side branch that was merged, where it had been taken out again", () => {
    const dir = committedHost()
    git(dir, "checkout", "-qb", "side")
    put(dir, ".env.example", known)
    commit(dir)
    git(dir, "rm", "-q", ".env.example")
    git(dir, "commit", "-qm", "out")
    git(dir, "checkout", "-q", "-")
    git(dir, "merge", "-q", "--no-ff", "-m", "m", "side")
    git(dir, "branch", "-qD", "side")
    put(dir, ".env", known)
    const refused = run("add", dir)
    expect([refused.code, refused.json.error?.code], refused.stdout).toEqual([3, "secret_known"])
  })

  test("beside a file of 20 MB, in an earlier commit", () => {
    const dir = committedHost({ ".env.example": known })
    put(dir, ".env.example", "#".repeat(20_000_000))
    commit(dir)
    put(dir, ".env", known)
    const refused = run("add", dir)
    expect([refused.code, refused.json.error?.code], refused.stdout).toEqual([3, "secret_known"])
  })
})

describe("where git cannot tell, add and update warn, and status does not know", () => {
  /** Takes what `.env.template` said out of the objects, as a partial clone does. */
  const loseTemplate = (dir: string) => {
    const hash = git(dir, "rev-parse", "HEAD:.env.template").trim()
    rmSync(join(dir, ".git/objects", hash.slice(0, 2), hash.slice(2)))
  }
  test.each<[string, string, (dir: string) => void]>([
    ["an object is missing", "A=1\n", loseTemplate],
    ["a file is too large", `${"#".repeat(2_000_000)}\n${known}`, () => {}],
  ])("%s", (_, template, prepare) => {
    const dir = committedHost({ ".env.template": template })
    prepare(dir)
    writeFileSync(join(dir, ".env"), known)
    const added = run("add", dir)
    expect([added.code, added.json.status], added.stderr).toEqual([0, "applied"])
    expect(added.json.warnings).toContainEqual(expect.objectContaining({ code: "secret_doubtful", file: ".env" }))
    expect(envCheck(dir)).toMatchObject({ state: "unknown", message: expect.stringContaining("git cannot tell") })
    expect(run("update", dir).json.warnings).toContainEqual(expect.objectContaining({ code: "secret_doubtful" }))
  })

  test("a key of one's own in a long history is no doubt", () => {
    const dir = committedHost()
    for (const index of Array(30).keys()) put(dir, `env-${index}/a.txt`, String(index))
    commit(dir)
    expect(run("add", dir).json.warnings.map(({ code }: { code: string }) => code)).not.toContain("secret_doubtful")
    expect(envCheck(dir).state).toBe("ok")
  })
})

test("a history that is small on the disk and large to read is not read to its end", () => {
  const files = Array.from({ length: 120 }, (_, at) => [`env/${1000 + at}`, `${"#".repeat(1_000_000)}${at}`])
  const dir = committedHost({ ...Object.fromEntries(files), "env/last": known })
  put(dir, ".env", known)
  const status = run("add", dir)
  expect(status.json.warnings, status.stderr).toContainEqual(expect.objectContaining({ code: "secret_doubtful" }))
})
