/** Names and files that would break a run in the middle of its writes, and keep it from being rolled back (H14, H17). */
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { commit } from "../../src/apply/transaction"
import { chimerai, makeHost, minimalHost, snapshot } from "../support/host"
import { put } from "../support/hostile"

const add = (dir: string, ...flags: string[]) => chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", ...flags])
const route = "app/api/auth/[...nextauth]/route.ts"

/** The smallest app, with its call of NextAuth in `file`. */
const hostOf = (file: string) =>
  makeHost({
    "auth.ts": null,
    [`${file}.ts`]: String(minimalHost["auth.ts"]),
    [route]: String(minimalHost[route]).replace("@/auth", `@/${file}`),
  })

describe("a name that is too long, with what is added to it, is refused before anything is written", () => {
  test.each([
    ["of one file", "a".repeat(250)],
    ["of one file, in bytes", `${"\u00e9".repeat(125)}`],
  ])("%s", (_, file) => {
    const dir = hostOf(file)
    const before = snapshot(dir)
    const run = add(dir)
    expect([run.code, run.json.error?.code], run.stdout).toEqual([3, "not_writable"])
    expect(snapshot(dir)).toEqual(before)
    expect(add(dir, "--rollback").code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("of a whole path", async () => {
    const dir = realpathSync(makeHost())
    const before = snapshot(dir)
    const path = `${"x/".repeat((4090 - dir.length) / 2)}schema.ts`
    const writing = commit(dir, dir, { command: "add", writes: [{ path, before: null, after: "" }], verify: async () => {} })
    await expect(writing).rejects.toMatchObject({ code: "not_writable" })
    expect(snapshot(dir)).toEqual(before)
  })

  test("that fits goes on", () => {
    const dir = hostOf("a".repeat(240))
    const before = snapshot(dir)
    expect(add(dir).json.status).toBe("applied")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })
})

test("files are restored although something has got a name in the meantime that no file can have", async () => {
  const dir = realpathSync(makeHost())
  const before = snapshot(dir)
  const room = 4092 - dir.length
  const deep = `${`${"x".repeat(199)}/`.repeat(room / 200)}${"y".repeat((room % 200) - 2)}/`
  const writes = [
    { path: "auth.ts", before: String(minimalHost["auth.ts"]), after: "changed" },
    // There is room for its name, and none for the name of its temporary file.
    { path: `${deep}c`, before: null, after: "x" },
  ]
  await expect(commit(dir, dir, { command: "add", writes, verify: async () => {} })).rejects.toThrow("Every file is as it was")
  expect(snapshot(dir)).toEqual(before)
})

describe("a file where a folder has to be is found before anything is written", () => {
  test.each([
    [".chimerai/base", "not_writable"],
    ["lib/mfa", "file_exists"],
    ["app/login", "file_exists"],
    ["scripts", "file_exists"],
  ])("%s", (path, code) => {
    for (const text of ["", "journal", null]) {
      const dir = makeHost()
      put(dir, path, "theirs\n")
      if (text !== null) put(dir, ".chimerai/.gitignore", text)
      const before = snapshot(dir)
      const run = add(dir)
      expect([run.code, run.json.error?.code], run.stdout).toEqual([3, code])
      expect(run.json.error.message).toMatch(/a file is where its folder would be|would be in a folder of that name/)
      expect(snapshot(dir)).toEqual(before)
    }
  })
})

test.each(["", "journal", "journal.json\n", "*\n"])(
  "where a run fails, the ignore file of the store says again what it said: %j",
  async (text) => {
    const dir = realpathSync(makeHost())
    put(dir, ".chimerai/.gitignore", text)
    const before = snapshot(dir)
    const writes = [{ path: "new.ts", before: null, after: "" }]
    const failing = (verify: () => Promise<void>) => commit(dir, dir, { command: "add", writes, verify })
    await expect(failing(() => Promise.reject(new Error("no")))).rejects.toThrow("Every file is as it was")
    expect(snapshot(dir)).toEqual(before)
    // A file that somebody has written meanwhile is theirs.
    const edit = async () => {
      writeFileSync(join(dir, ".chimerai/.gitignore"), "journal.json\nmine\n")
      throw new Error("no")
    }
    await expect(failing(edit)).rejects.toThrow("Every file is as it was")
    expect(readFileSync(join(dir, ".chimerai/.gitignore"), "utf8")).toBe("journal.json\nmine\n")
  },
)

test("rules without end for the store are not matched", () => {
  const dir = makeHost()
  mkdirSync(join(dir, ".chimerai"))
  const rules = Array.from({ length: 100_000 }, (_, index) => `a${index}*`)
  put(dir, ".chimerai/.gitignore", `${rules.join("\n")}\njournal.json\n`)
  const started = Date.now()
  const run = add(dir)
  expect([run.code, run.json.error?.code], run.stdout).toEqual([3, "journal_exposed"])
  expect(Date.now() - started).toBeLessThan(10_000)
})
