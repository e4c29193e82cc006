import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join, relative } from "node:path"
import { describe, expect, test } from "vitest"
import { boundTo, type Journal, newId } from "../../src/apply/journal"
import { ignorePath, journalPath, storeDir } from "../../src/apply/store"
import { commit, rollBack, type Write } from "../../src/apply/transaction"
import { assertNothingOpen } from "../../src/commands/check-result"
import { errorDocument } from "../../src/report/json"
import { chimerai, makeHost, snapshot } from "../support/host"

/** A journal as a run in `dir` writes it that does not get to its end. */
const writeJournal = (dir: string, rest: Partial<Journal>): void => {
  mkdirSync(join(dir, storeDir), { recursive: true })
  const journal = { id: newId(), place: boundTo(realpathSync(dir)), pid: 999_999_999, command: "add", writes: [], folders: [], emptied: [] }
  writeFileSync(join(dir, journalPath), JSON.stringify({ ...journal, ignoring: null, ...rest }))
}
const run = (dir: string, writes: Write[], verify = async () => {}) => commit(dir, dir, { command: "add", writes, verify })

describe("a transaction", () => {
  test("that fails half-way leaves every byte as it was", async () => {
    const dir = makeHost()
    writeFileSync(join(dir, "blocker"), "")
    const before = snapshot(dir)
    const writes = [
      { path: "auth.ts", before: readFileSync(join(dir, "auth.ts"), "utf8"), after: "changed" },
      { path: "new/deep/file.ts", before: null, after: "new" },
      { path: "lib/prisma.ts", before: readFileSync(join(dir, "lib/prisma.ts"), "utf8"), after: null },
      // a file where a folder would have to be: fails only when it is written
      { path: "new/deep/file.ts/child", before: null, after: "x" },
    ]
    await expect(run(dir, writes)).rejects.toThrow(/Every file is as it was/)
    expect(snapshot(dir)).toEqual(before)
  })

  test("whose result is not what was meant leaves every byte as it was", async () => {
    const dir = makeHost({ "a.ts": "a" })
    const before = snapshot(dir)
    const writes = [
      { path: "a.ts", before: "a", after: "changed" },
      { path: "new/file.ts", before: null, after: "new" },
    ]
    const verify = async () => {
      expect(readFileSync(join(dir, "a.ts"), "utf8"), "it looks at what was written").toBe("changed")
      assertNothingOpen("a.ts")
    }
    const failed = expect.objectContaining({
      code: "verification_failed",
      exitCode: 1,
      message: expect.stringMatching(/a\.ts\. Every file is as it was/),
    })
    await expect(run(dir, writes, verify)).rejects.toEqual(failed)
    expect(snapshot(dir)).toEqual(before)
    const error = await run(dir, writes, verify).catch((error) => error)
    expect(errorDocument("add", "mfa", "0.0.0", error)).toMatchObject({ status: "rolled-back" })
  })

  test("whose process was killed is restored by the next run", async () => {
    const dir = makeHost()
    const before = snapshot(dir)
    const original = readFileSync(join(dir, "auth.ts"), "utf8")
    writeJournal(dir, {
      writes: [
        { path: "auth.ts", before: original, after: "half", mode: 0o644 },
        { path: "lib/mfa.ts", before: null, after: "half", mode: null },
      ],
      folders: [storeDir],
    })
    writeFileSync(join(dir, "auth.ts"), "half")
    writeFileSync(join(dir, "lib/mfa.ts"), "half")
    const refused = chimerai(["add", "mfa", dir, "--yes", "--json"])
    expect([refused.code, refused.json.error?.code]).toEqual([3, "interrupted_run"])
    expect(refused.json.error.suggestion).toContain("--rollback")
    expect(chimerai(["add", "mfa", dir, "--rollback"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
    expect(await rollBack(realpathSync(dir), realpathSync(dir))).toBeNull()
  })

  test("that loses the race for the journal touches neither it nor the files", async () => {
    const dir = makeHost()
    let journal = ""
    // Both have seen that there is none before either writes its own.
    const first = run(dir, [{ path: "first.ts", before: null, after: "x" }], async () => {
      journal = readFileSync(join(dir, journalPath), "utf8")
    })
    const second = run(dir, [{ path: "second.ts", before: null, after: "x" }])
    await expect(second).rejects.toMatchObject({ code: expect.stringMatching(/^(interrupted_run|run_under_way)$/) })
    await first
    expect(journal).toContain("first.ts")
    expect([existsSync(join(dir, "first.ts")), existsSync(join(dir, "second.ts"))]).toEqual([true, false])
  })

  test("refuses when a file changed after it was planned", async () => {
    const dir = makeHost()
    await expect(run(dir, [{ path: "auth.ts", before: "something else", after: "x" }])).rejects.toMatchObject({ code: "file_changed" })
    expect(existsSync(join(dir, storeDir))).toBe(false)
  })

  test("writes through a link inside the project and leaves the link", async () => {
    const dir = makeHost({ "real.ts": "old" })
    symlinkSync("real.ts", join(dir, "link.ts"))
    await run(dir, [{ path: "link.ts", before: "old", after: "new" }])
    expect(readFileSync(join(dir, "real.ts"), "utf8")).toBe("new")
    expect(lstatSync(join(dir, "link.ts")).isSymbolicLink()).toBe(true)
  })

  test("refuses a link that leads out of the project, also one to nowhere", async () => {
    const dir = makeHost()
    const outside = join(makeHost(), "auth.ts")
    symlinkSync(outside, join(dir, "out.ts"))
    symlinkSync(`${outside}-missing`, join(dir, "nowhere.ts"))
    const before = readFileSync(outside, "utf8")
    await expect(run(dir, [{ path: "out.ts", before, after: "x" }])).rejects.toMatchObject({ code: "outside_root" })
    await expect(run(dir, [{ path: "nowhere.ts", before: null, after: "x" }])).rejects.toMatchObject({ code: "outside_root" })
    expect(readFileSync(outside, "utf8")).toBe(before)
    expect(existsSync(join(dir, storeDir))).toBe(false)
  })

  test("whose folder vanishes, before it or under it, puts nothing in its place", async () => {
    const writes = [
      { path: "a.ts", before: "a", after: "changed" },
      { path: "deep/b.ts", before: null, after: "new" },
    ]
    const gone = makeHost({ "a.ts": "a" })
    rmSync(gone, { recursive: true })
    await expect(run(gone, writes)).rejects.toMatchObject({ code: "folder_vanished", exitCode: 1 })
    const going = makeHost({ "a.ts": "a" })
    const done = run(going, writes)
    setImmediate(() => rmSync(going, { recursive: true }))
    await expect(done).rejects.toMatchObject({ code: "folder_vanished" })
    expect([existsSync(gone), existsSync(going)]).toEqual([false, false])
  })

  test("keeps permission bits", async () => {
    const dir = makeHost({ "run.sh": "old" })
    chmodSync(join(dir, "run.sh"), 0o750)
    await run(dir, [{ path: "run.sh", before: "old", after: "new" }])
    expect(statSync(join(dir, "run.sh")).mode & 0o777).toBe(0o750)
  })

  test("gives a file that it had deleted its permission bits back, whatever the umask", async () => {
    const dir = makeHost({ "shared.ts": "x" })
    chmodSync(join(dir, "shared.ts"), 0o666)
    const verify = async () => assertNothingOpen("shared.ts")
    await expect(run(dir, [{ path: "shared.ts", before: "x", after: null }], verify)).rejects.toMatchObject({ code: "verification_failed" })
    expect(statSync(join(dir, "shared.ts")).mode & 0o777).toBe(0o666)
  })

  test.each([
    ["", "journal.json\n"],
    ["jour", "journal.json\n"],
    ["*\n", "*\n"],
  ])("after a run that died while it kept the journal out of commits (%j)", async (left, expected) => {
    const dir = makeHost({ [ignorePath]: left })
    await run(dir, [{ path: "new.ts", before: null, after: "x" }], async () => {
      expect(readFileSync(join(dir, ignorePath), "utf8")).toBe(expected)
    })
  })

  test("while another one is alive refuses; --rollback and --resume refuse too", () => {
    const dir = makeHost()
    writeJournal(dir, { pid: process.pid })
    for (const flags of [[], ["--rollback"], ["--resume"]]) {
      const refused = chimerai(["add", "mfa", dir, "--yes", "--json", "--no-install", ...flags])
      expect([refused.code, refused.json.error?.code], flags.join()).toEqual([3, "run_under_way"])
    }
    expect(existsSync(join(dir, journalPath))).toBe(true)
  })

  test("a signal between two writes restores everything, and is exit 130", async () => {
    const dir = makeHost({ "a.ts": "a", "b.ts": "b" })
    const before = snapshot(dir)
    const writes = [
      { path: "a.ts", before: "a", after: "changed" },
      { path: "b.ts", before: "b", after: "changed" },
    ]
    const done = run(dir, writes)
    process.emit("SIGTERM", "SIGTERM")
    await expect(done).rejects.toMatchObject({
      code: "cancelled",
      exitCode: 130,
      message: expect.stringContaining("Every file is as it was"),
    })
    expect(snapshot(dir)).toEqual(before)
  })

  test("a signal while the last file is looked at restores everything, too", async () => {
    const dir = makeHost({ "a.ts": "a" })
    const before = snapshot(dir)
    const verify = async () => void process.emit("SIGINT", "SIGINT")
    await expect(run(dir, [{ path: "a.ts", before: "a", after: "changed" }], verify)).rejects.toMatchObject({ code: "cancelled" })
    expect(snapshot(dir)).toEqual(before)
  })
})

describe("an interrupted run", () => {
  const interrupted = (files: Record<string, string>) => {
    const dir = makeHost({ "a.ts": "a", "b.ts": "b" })
    const writes = [
      { path: "a.ts", before: "a", after: "A", mode: 0o644 },
      { path: "b.ts", before: "b", after: "B", mode: 0o644 },
    ]
    writeJournal(dir, { writes, folders: [storeDir] })
    for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text)
    return dir
  }
  const text = (dir: string, path: string) => readFileSync(join(dir, path), "utf8")

  test.each(["add", "remove", "update", "status"])("is said by %s, with both ways out", (command) => {
    const dir = interrupted({ "a.ts": "A" })
    const run = chimerai(command === "status" ? ["status", dir] : [command, "mfa", dir, "--yes", "--no-install"])
    expect(run.code).toBe(command === "status" ? 1 : 3)
    expect(run.stdout + run.stderr).toMatch(/interrupted[\s\S]*--rollback[\s\S]*--resume/)
    expect(text(dir, "a.ts")).toBe("A")
  })

  test("is finished by --resume", () => {
    const dir = interrupted({ "a.ts": "A" })
    expect(chimerai(["add", "mfa", dir, "--resume", "--no-install"]).code).toBe(0)
    expect([text(dir, "a.ts"), text(dir, "b.ts")]).toEqual(["A", "B"])
    // That run installed nothing that would have to be remembered.
    expect(existsSync(join(dir, storeDir))).toBe(false)
  })

  test("whose files somebody has edited since: --rollback leaves theirs and says so, --resume stops", () => {
    const dir = interrupted({ "a.ts": "somebody's", "b.ts": "B" })
    const refused = chimerai(["add", "mfa", dir, "--resume", "--json", "--no-install"])
    expect([refused.code, refused.json.error.code, refused.json.error.file]).toEqual([1, "file_changed", "a.ts"])
    const run = chimerai(["add", "mfa", dir, "--rollback"])
    expect([run.code, run.stdout]).toEqual([5, expect.stringContaining("a.ts has been edited since, and is left as it is")])
    expect([text(dir, "a.ts"), text(dir, "b.ts")]).toEqual(["somebody's", "b"])
  })

  test.each(["--rollback", "--resume"])("that somebody has made up writes nothing outside the project: %s", (flag) => {
    const outside = makeHost()
    const dir = makeHost()
    const path = relative(dir, join(outside, "auth.ts"))
    const writes = [
      { path, before: "taken over", after: readFileSync(join(outside, "auth.ts"), "utf8"), mode: 0o644 },
      { path: relative(dir, join(outside, "new.ts")), before: null, after: "taken over", mode: null },
    ]
    mkdirSync(join(outside, "empty"))
    const folders = [relative(dir, join(outside, "empty"))]
    writeJournal(dir, { writes, folders, emptied: folders })
    const there = snapshot(outside)
    expect(chimerai(["add", "mfa", dir, flag, "--json", "--no-install"]).json.error?.code).toBe("outside_root")
    expect(snapshot(outside)).toEqual(there)
  })

  test("that had not written its journal to the end had changed nothing: --rollback tidies up, --resume begins anew", () => {
    const dir = makeHost()
    const before = snapshot(dir)
    const cutOff = () => {
      mkdirSync(join(dir, storeDir))
      writeFileSync(join(dir, journalPath), '{ "pid": 999, "wri')
    }
    cutOff()
    const next = chimerai(["add", "mfa", dir, "--yes", "--json", "--no-install"])
    expect([next.code, next.json.error.code, next.json.error.message]).toEqual([
      3,
      "interrupted_run",
      expect.stringContaining("before it had changed anything"),
    ])
    expect(chimerai(["add", "mfa", dir, "--rollback"]).stdout).toContain("before it had changed anything")
    expect(snapshot(dir)).toEqual(before)
    cutOff()
    expect(chimerai(["add", "mfa", dir, "--resume", "--yes", "--json", "--no-install"]).json.status).toBe("applied")
    expect(text(dir, "auth.ts")).toContain("withMfa(NextAuth)")
    expect(chimerai(["add", "mfa", dir, "--resume", "--yes", "--json", "--no-install"]).json.status).toBe("unchanged")
  })
})
