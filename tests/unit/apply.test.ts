import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { journalPath, storeDir } from "../../src/apply/store"
import { commit, rollBack } from "../../src/apply/transaction"
import { chimerai, makeHost, snapshot } from "../support/host"

describe("a transaction", () => {
  test("that fails half-way leaves every byte as it was", () => {
    const dir = makeHost()
    writeFileSync(join(dir, "blocker"), "")
    const before = snapshot(dir)
    const writes = [
      { path: "auth.ts", before: readFileSync(join(dir, "auth.ts"), "utf8"), after: "changed" },
      { path: "new/deep/file.ts", before: null, after: "new" },
      { path: "lib/prisma.ts", before: readFileSync(join(dir, "lib/prisma.ts"), "utf8"), after: null },
      // a file where a folder would have to be: fails only when it is written
      { path: "auth.ts/child", before: null, after: "x" },
    ]
    expect(() => commit(dir, dir, writes)).toThrow(/Every file is as it was/)
    expect(snapshot(dir)).toEqual(before)
  })

  test("whose process was killed is restored by the next run", () => {
    const dir = makeHost()
    const before = snapshot(dir)
    const original = readFileSync(join(dir, "auth.ts"), "utf8")
    mkdirSync(join(dir, storeDir))
    writeFileSync(
      join(dir, journalPath),
      JSON.stringify({
        pid: 1,
        originals: [
          { path: "auth.ts", text: original },
          { path: "lib/mfa.ts", text: null },
        ],
        folders: [storeDir],
      }),
    )
    writeFileSync(join(dir, "auth.ts"), "half")
    writeFileSync(join(dir, "lib/mfa.ts"), "half")
    const refused = chimerai(["add", "mfa", dir, "--yes", "--json"])
    expect([refused.code, refused.json.error?.code]).toEqual([3, "interrupted_run"])
    expect(refused.json.error.suggestion).toContain("--rollback")
    expect(chimerai(["add", "mfa", dir, "--rollback"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
    expect(rollBack(dir)).toBeNull()
  })

  test("that loses the race for the journal touches neither it nor the files", () => {
    const dir = makeHost()
    mkdirSync(join(dir, storeDir))
    // A link to nowhere looks absent and cannot be created: what the loser of a race meets.
    symlinkSync("nowhere", join(dir, journalPath))
    expect(() => commit(dir, dir, [{ path: "new.ts", before: null, after: "x" }])).toThrow(/another one is under way/)
    expect(lstatSync(join(dir, journalPath)).isSymbolicLink()).toBe(true)
    expect(existsSync(join(dir, "new.ts"))).toBe(false)
  })

  test("refuses when a file changed after it was planned", () => {
    const dir = makeHost()
    expect(() => commit(dir, dir, [{ path: "auth.ts", before: "something else", after: "x" }])).toThrow(/changed while the plan was made/)
    expect(existsSync(join(dir, storeDir))).toBe(false)
  })

  test("writes through a link inside the project and leaves the link", () => {
    const dir = makeHost({ "real.ts": "old" })
    symlinkSync("real.ts", join(dir, "link.ts"))
    commit(dir, dir, [{ path: "link.ts", before: "old", after: "new" }])
    expect(readFileSync(join(dir, "real.ts"), "utf8")).toBe("new")
  })
})
