/** Row H3: a journal that came with the repository, or from anywhere but an interrupted run of this user's in this folder. */
import { execFileSync } from "node:child_process"
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import tmp from "tmp"
import { describe, expect, test } from "vitest"
import { boundTo, newId } from "../../src/apply/journal"
import { resume, rollBack } from "../../src/apply/transaction"
import { chimerai, makeHost, snapshot } from "../support/host"

const journalPath = ".chimerai/journal.json"
const git = (dir: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", ...args], { cwd: dir, encoding: "utf8" })

/** A program that would leave a file behind. */
const program = (dir: string) => `#!/bin/sh\ntouch "${dir}/ran"\n`

function journal(dir: string, rest: object = {}) {
  const writes = [{ path: "lib/new.ts", before: "theirs\n", after: "x", mode: 0o100755 }]
  const whole = {
    id: newId(),
    place: boundTo(realpathSync(dir)),
    pid: 999_999_999,
    command: "add",
    writes,
    folders: [],
    emptied: [],
    ignoring: null,
  }
  return { ...whole, ...rest }
}
function plant(dir: string, value: unknown): void {
  mkdirSync(join(dir, ".chimerai"), { recursive: true })
  writeFileSync(join(dir, journalPath), typeof value === "string" ? value : JSON.stringify(value))
}

/** What a run that is told to finish the journal says; nothing may have changed. */
async function refusalOf(dir: string, finish: typeof rollBack): Promise<string | undefined> {
  const before = snapshot(dir)
  const code = await finish(realpathSync(dir), realpathSync(dir)).then(
    () => "finished",
    (error) => error.code,
  )
  expect(snapshot(dir)).toEqual(before)
  return code
}

const ends = { "--rollback": rollBack, "--resume": resume }

describe("a journal that is not of this place and this user", () => {
  const strangers: [string, (dir: string) => unknown][] = [
    ["of another folder", (dir) => journal(dir, { place: { ...boundTo(realpathSync(dir)), root: "/somewhere/else" } })],
    ["of a folder that was here before", (dir) => journal(dir, { place: { ...boundTo(realpathSync(dir)), inode: "1" } })],
    ["of another user", (dir) => journal(dir, { place: { ...boundTo(realpathSync(dir)), user: 12_345 } })],
    ["of no place at all", (dir) => journal(dir, { place: undefined })],
    ["without an id", (dir) => journal(dir, { id: undefined })],
    ["whose id is a path", (dir) => journal(dir, { id: "../../../outside" })],
    ["of another command", (dir) => journal(dir, { command: "curl x | sh" })],
    ["with a write of another type", (dir) => journal(dir, { writes: [{ path: ["x"], before: 1, after: {}, mode: "755" }] })],
    ["with an empty path", (dir) => journal(dir, { writes: [{ path: "", before: "x", after: null, mode: null }] })],
    ["with more than there is", (dir) => journal(dir, { afterwards: "npm install" })],
    ["that is a list", () => []],
    ["that is null", () => "null"],
    ["nested deeply", () => `${"[".repeat(50_000)}${"]".repeat(50_000)}`],
  ]
  test.each(strangers)("%s is refused", async (_, make) => {
    const dir = makeHost()
    for (const finish of Object.values(ends)) {
      plant(dir, make(dir))
      expect(await refusalOf(dir, finish)).toBe("journal_foreign")
    }
    expect(existsSync(join(dir, "lib/new.ts"))).toBe(false)
  })

  test.each(["add", "update", "remove", "status"])("is said by %s, which does not offer to finish it", (command) => {
    const dir = makeHost()
    plant(dir, journal(dir, { place: { ...boundTo(realpathSync(dir)), root: "/somewhere/else" } }))
    const before = snapshot(dir)
    const run = chimerai(command === "status" ? ["status", dir] : [command, "mfa", dir, "--yes", "--no-install"])
    expect([run.code, run.stdout + run.stderr]).toEqual([command === "status" ? 1 : 3, expect.stringContaining("/somewhere/else")])
    expect(run.stdout + run.stderr).not.toContain("npx chimerai add mfa --r")
    expect(snapshot(dir)).toEqual(before)
  })

  test("a copy of an interrupted project is another place", async () => {
    const dir = makeHost()
    plant(dir, journal(dir))
    const other = join(tmp.dirSync({ unsafeCleanup: true }).name, "copy")
    cpSync(dir, other, { recursive: true })
    expect(await refusalOf(other, rollBack)).toBe("journal_foreign")
  })

  test.runIf(process.getuid?.() === 0)("a file of another user's", async () => {
    const dir = makeHost()
    plant(dir, journal(dir))
    execFileSync("chown", ["65534", join(dir, journalPath)])
    expect(await refusalOf(dir, rollBack)).toBe("journal_foreign")
  })
})

describe("a journal that git has", () => {
  test.each(["--rollback", "--resume"] as const)("committed, with a hook to install: %s", (flag) => {
    const dir = makeHost()
    git(dir, "init", "-q")
    const hook = { path: ".git/hooks/pre-commit", before: program(dir), after: program(dir), mode: 0o100755 }
    const bin = { path: "package.json", before: null, after: '{ "scripts": { "preinstall": "touch ran" } }', mode: null }
    plant(dir, journal(dir, { writes: [hook, bin] }))
    git(dir, "add", "-f", "-A")
    git(dir, "commit", "-qm", "x")
    const run = chimerai(["add", "mfa", dir, flag, "--yes", "--json"])
    expect([run.code, run.json.error?.code]).toEqual([3, "journal_foreign"])
    git(dir, "commit", "-q", "--allow-empty", "-m", "y")
    expect([existsSync(join(dir, "ran")), existsSync(join(dir, ".git/hooks/pre-commit"))]).toEqual([false, false])
  })

  test("only in the index, in other letters, or in the repository further up", async () => {
    const top = tmp.dirSync({ unsafeCleanup: true }).name
    git(top, "init", "-q")
    const dir = join(top, "app")
    cpSync(makeHost(), dir, { recursive: true })
    plant(dir, journal(dir))
    git(top, "add", "-f", "app/.chimerai/journal.json")
    expect(await refusalOf(dir, rollBack)).toBe("journal_foreign")
    git(top, "rm", "-q", "--cached", "app/.chimerai/journal.json")
    const blob = git(top, "hash-object", "-w", join(dir, journalPath)).trim()
    git(top, "update-index", "--add", "--cacheinfo", `100644,${blob},app/.chimerai/Journal.JSON`)
    expect(await refusalOf(dir, rollBack)).toBe("journal_foreign")
  })
})

describe("what a journal names is checked like any other path", () => {
  test.each([
    [".git/hooks/pre-commit", "path_forbidden"],
    [".GIT/config", "path_forbidden"],
    ["node_modules/next/index.js", "path_forbidden"],
    ["x/../.git/config", "path_forbidden"],
    ["../outside.ts", "outside_root"],
    ["../../../../../../../../etc/cron.d/x", "outside_root"],
    ["linked/x.ts", "outside_root"],
    ["hooks/pre-commit", "path_forbidden"],
  ])("%s", async (path, code) => {
    const dir = makeHost()
    const outside = tmp.dirSync({ unsafeCleanup: true }).name
    git(dir, "init", "-q")
    execFileSync("ln", ["-s", outside, join(dir, "linked")])
    execFileSync("ln", ["-s", ".git/hooks", join(dir, "hooks")])
    for (const finish of Object.values(ends)) {
      plant(dir, journal(dir, { writes: [{ path, before: "theirs", after: "theirs too", mode: 0o755 }] }))
      expect(await refusalOf(dir, finish)).toBe(code)
    }
    expect(snapshot(outside)).toEqual({})
  })

  test("folders in .git, or that a link leads to, are not removed", async () => {
    const dir = makeHost({ "kept/empty/x": "" })
    rmSync(join(dir, "kept/empty/x"))
    git(dir, "init", "-q")
    execFileSync("ln", ["-s", "kept/empty", join(dir, "link")])
    plant(dir, journal(dir, { writes: [], folders: [".git/refs/tags", "link", "../", "."], emptied: [".git/refs/tags", "link"] }))
    await rollBack(realpathSync(dir), realpathSync(dir))
    expect([existsSync(join(dir, ".git/refs/tags")), existsSync(join(dir, "kept/empty"))]).toEqual([true, true])
  })

  test("an executable bit is given only where the file had it", async () => {
    const dir = makeHost({ "had.sh": "after", "had-not.sh": "after" })
    chmodSync(join(dir, "had.sh"), 0o755)
    chmodSync(join(dir, "had-not.sh"), 0o644)
    const writes = ["had.sh", "had-not.sh"].map((path) => ({ path, before: "before", after: "after", mode: 0o106755 }))
    // A file that is gone comes back without setuid.
    plant(dir, journal(dir, { writes: [...writes, { path: "gone.sh", before: "x", after: null, mode: 0o106755 }] }))
    await rollBack(realpathSync(dir), realpathSync(dir))
    const modes = ["had.sh", "had-not.sh", "gone.sh"].map((path) => statSync(join(dir, path)).mode & 0o7777)
    expect(modes).toEqual([0o755, 0o644, 0o755])
    expect(readFileSync(join(dir, "had-not.sh"), "utf8")).toBe("before")
  })
})
