/** Env files as Next.js reads them: where the key goes, and what becomes of one that has no value. */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { assignmentsOf, fillEnv, withoutAssignments, withoutValues } from "../../src/edit/env"
import { applyInsertions } from "../../src/edit/splice"
import { chimerai, makeHost, snapshot, type Tree } from "../support/host"

/** A repository in which what is not ignored is committed, and so is what is named. */
function repository(tree: Tree, ...forced: string[]): string {
  const dir = makeHost({ ".env": null, ...tree })
  const git = (...args: string[]) => execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", ...args], { cwd: dir })
  git("init", "-q")
  git("add", "-A")
  for (const path of forced) git("add", "-f", path)
  git("commit", "-qm", "all")
  return dir
}
const run = (command: string, dir: string, ...flags: string[]) =>
  chimerai([command, "mfa", dir, "--yes", "--no-install", "--json", ...flags])
const envOf = (dir: string, path: string) => (existsSync(join(dir, path)) ? readFileSync(join(dir, path), "utf8") : null)
const key = /MFA_ENCRYPTION_KEY=["']?[\w+/]{43}=/
type Made = { kind: string; path: string; state: string; reason: string }
const manualOf = (json: Record<string, any>) => (json.actions as Made[]).filter(({ kind }) => kind === "manual").map(({ path }) => path)

describe("the key goes to the first env file that git ignores", () => {
  const local = "/node_modules\n.env*.local\n"
  test.each<[string, Tree, string[], string]>([
    [
      ".env is committed, .env.local is there",
      { ".gitignore": local, ".env": "DATABASE_URL=x\n", ".env.local": "A=1\n" },
      [],
      ".env.local",
    ],
    [".env is committed, .env.local is not there", { ".gitignore": local, ".env": "AUTH_SECRET=x\n" }, [], ".env.local"],
    ["neither is there, .env is not ignored", { ".gitignore": local }, [], ".env.local"],
    [".env is ignored by now, and was committed", { ".gitignore": ".env*\n", ".env": "AUTH_SECRET=x\n" }, [".env"], ".env.local"],
    ["both are ignored", { ".gitignore": ".env*\n", ".env.local": "A=1\n", ".env": "AUTH_SECRET=x\n" }, [], ".env"],
  ])("%s", (_, tree, forced, file) => {
    const dir = repository(tree, ...forced)
    const before = snapshot(dir)
    const { json } = run("add", dir, "--allow-dirty")
    expect([json.status, manualOf(json)]).toEqual(["applied", []])
    expect(envOf(dir, file)).toMatch(key)
    for (const other of [".env", ".env.local"].filter((path) => path !== file)) expect(envOf(dir, other) ?? "").not.toMatch(key)
    expect(run("add", dir).json.status).toBe("unchanged")
    expect(run("remove", dir, "--purge", "--allow-dirty").json.status).toBe("applied")
    expect(snapshot(dir)).toEqual(before)
  })

  test("is left to a person where git ignores none", () => {
    const dir = repository({ ".gitignore": "/node_modules\n", ".env": "A=1\n" })
    const { json } = run("add", dir)
    expect(manualOf(json)).toEqual([".env"])
    expect(envOf(dir, ".env")).toBe("A=1\n")
  })
})

describe("a key without a value gets one, where it stands", () => {
  test.each([
    ["", "MFA_ENCRYPTION_KEY=\n"],
    ["quotes", 'A=1\nMFA_ENCRYPTION_KEY=""\nB=2\n'],
    ["export, and quotes", "export A=1\nexport MFA_ENCRYPTION_KEY='' # the key\n"],
    ["blanks, and a remark", "# mine\n  MFA_ENCRYPTION_KEY =   # openssl rand -base64 32\r\nB=2\r\n"],
    ["a colon", "MFA_ENCRYPTION_KEY:\nB: 2\n"],
    ["a value before it", "MFA_ENCRYPTION_KEY=old\nMFA_ENCRYPTION_KEY=\n"],
    ["one over several lines before it", 'AUTH_SECRET="a\nMFA_ENCRYPTION_KEY=b"\nexport MFA_ENCRYPTION_KEY=\n'],
  ])("%s", (_, text) => {
    const dir = repository({ ".gitignore": ".env*\n", ".env": text })
    const before = snapshot(dir)
    const { json } = run("add", dir, "--strict")
    expect([json.status, manualOf(json)]).toEqual(["applied", []])
    const found = Array.from(assignmentsOf(envOf(dir, ".env") ?? "")).findLast(({ name }) => name === "MFA_ENCRYPTION_KEY")
    expect(Buffer.from(found?.value ?? "", "base64")).toHaveLength(32)
    expect(existsSync(join(dir, ".env.local"))).toBe(false)
    const { checks } = chimerai(["status", dir, "--json"]).json
    expect(checks).toContainEqual(expect.objectContaining({ id: "env", state: "ok" }))
    expect(run("remove", dir, "--purge").json.status).toBe("applied")
    expect(snapshot(dir)).toEqual(before)
  })

  test("and keeps its line where the file was changed since", () => {
    const dir = repository({ ".gitignore": ".env*\n", ".env": "# mine\nexport MFA_ENCRYPTION_KEY=\n" })
    run("add", dir)
    writeFileSync(join(dir, ".env"), `${envOf(dir, ".env")}B=2\n`)
    run("remove", dir, "--purge")
    expect(envOf(dir, ".env")).toBe("# mine\nexport MFA_ENCRYPTION_KEY=\nB=2\n")
  })

  test("in .env.local, which is read before .env", () => {
    const dir = repository({ ".gitignore": ".env*\n", ".env": "AUTH_SECRET=x\n", ".env.local": "MFA_ENCRYPTION_KEY=\n" })
    expect(manualOf(run("add", dir).json)).toEqual([])
    expect(envOf(dir, ".env.local")).toMatch(key)
    expect(envOf(dir, ".env")).toBe("AUTH_SECRET=x\n")
  })

  test.each<[string, Tree, string]>([
    ["behind it, in a file of git's", { ".gitignore": ".env*.local\n", ".env": "MFA_ENCRYPTION_KEY=\n" }, ".env"],
    ["before it, for one mode", { ".gitignore": ".env*\n", ".env.production.local": "MFA_ENCRYPTION_KEY=\n" }, ".env.production.local"],
  ])("is said where the key goes elsewhere: %s", (_, tree, file) => {
    const dir = repository(tree)
    const result = run("add", dir, "--strict")
    expect([result.code, manualOf(result.json)]).toEqual([5, [file]])
    expect(envOf(dir, file)).toBe("MFA_ENCRYPTION_KEY=\n")
  })
})

test("a key that is there in any spelling stays as it is, and --purge takes only what add wrote", () => {
  const own = Buffer.alloc(32, 7).toString("base64")
  for (const line of [`export MFA_ENCRYPTION_KEY="${own}"`, `MFA_ENCRYPTION_KEY: ${own}`, `  MFA_ENCRYPTION_KEY = '${own}'`]) {
    const dir = repository({ ".gitignore": ".env*\n", ".env": `${line}\n` })
    const before = snapshot(dir)
    const { json } = run("add", dir)
    expect(json.actions).toContainEqual(expect.objectContaining({ path: ".env", state: "unchanged", reason: "it has a key already" }))
    expect(run("remove", dir, "--purge").json.status).toBe("applied")
    expect(snapshot(dir)).toEqual(before)
  }
})

test("remove --purge takes a key that its owner has written in another way since", () => {
  const dir = repository({ ".gitignore": ".env*\n", ".env": "A=1\n" })
  run("add", dir)
  writeFileSync(join(dir, ".env"), (envOf(dir, ".env") ?? "").replace("MFA_ENCRYPTION_KEY=", "export MFA_ENCRYPTION_KEY = "))
  run("remove", dir, "--purge")
  expect(envOf(dir, ".env")).not.toContain("MFA_ENCRYPTION_KEY")
})

test("what is assigned is taken out with the comment above it, and nothing else", () => {
  const text = 'A=1\n# ours\nexport K="a\nB=2"\n\n# mine\nB=3\nK=x\r\nC=4'
  expect(withoutAssignments(text, ["K"])).toBe("A=1\n\n# mine\nB=3\nC=4")
  expect(withoutValues("K=a\nK='b' # b\n", ["K"])).toBe("K=a\nK='' # b\n")
  const entry = (name: string, value: string) => ({ name, value, comment: "c" })
  const filled = fillEnv('K=\nL=x\nM=""\n', [entry("K", "1"), entry("L", "2"), entry("M", "3"), entry("N", "4")])
  expect(applyInsertions('K=\nL=x\nM=""\n', filled)).toBe('K=1\nL=x\nM="3"\n')
})
