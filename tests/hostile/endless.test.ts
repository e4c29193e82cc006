/**
 * Libraries that a clone's texts are given to, and that have no end of their own (H17): each run ends, with what is true
 * of a text that was not read. The runs are started from the package as it is installed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { format } from "prettier"
import { beforeAll, describe, expect, test } from "vitest"
import { patchBetween } from "../../src/edit/differences"
import { distance, merge, takeOut } from "../../src/edit/merge"
import { breathe } from "../support/breathe"
import { chimerai, installedCli, makeHost, minimalHost, snapshot, type Tree } from "../support/host"

/** Milliseconds by the clock, on a machine that does other things as well. Without an end, hours. */
const atLast = 100_000

let cli: string
beforeAll(() => {
  cli = installedCli()
})
const run = (command: string, dir: string, ...flags: string[]) =>
  chimerai([command, ...(command === "status" ? [] : ["mfa"]), dir, "--json", ...flags], { cli, timeout: atLast })
const change = (path: string, edit: (text: string) => string) => writeFileSync(path, edit(readFileSync(path, "utf8")))

function installed(tree: Tree): string {
  const dir = makeHost(tree)
  expect(run("add", dir, "--yes", "--no-install").code).toBe(0)
  return dir
}

describe("the formatter", () => {
  const doubling = `type A = ${"infer U extends [".repeat(30)}B${"] ? 1 : 2".repeat(30)}\n`

  /** A clone whose committed copies of what was written are something else. */
  function forged(text: string, count: number): string {
    const dir = installed({ ".prettierrc": "{}\n" })
    change(join(dir, ".chimerai/manifest.json"), (manifest) => {
      const { features, ...rest } = JSON.parse(manifest)
      const files = features.mfa.created.filter(({ path }: { path: string }) => path.endsWith(".ts")).slice(0, count)
      for (const file of files) {
        file.hash = ""
        const copy = join(dir, ".chimerai/base", `${file.path}.txt`)
        mkdirSync(dirname(copy), { recursive: true })
        writeFileSync(copy, text)
      }
      return JSON.stringify({ ...rest, features })
    })
    return dir
  }

  test("has one time for all copies of a run, and leaves alone what it does not come back from", async () => {
    const dir = forged(doubling, 3)
    const before = snapshot(dir)
    await breathe()
    const status = run("status", dir)
    expect(status.json.checks, status.stderr).toContainEqual(expect.objectContaining({ id: "hook", state: "ok" }))
    await breathe()
    const update = run("update", dir, "--yes", "--no-install", "--dry-run")
    expect(["planned", "unchanged"], update.stderr).toContain(update.json.status)
    await breathe()
    expect(snapshot(dir)).toEqual(before)
    expect(run("remove", dir, "--yes", "--no-install", "--dry-run").json.status).toBe("planned")
  })

  test("still tells what was only formatted, in the package", async () => {
    const dir = installed({ ".prettierrc": "{}\n" })
    const path = join(dir, "lib/mfa.ts")
    const before = readFileSync(path, "utf8")
    const style = { semi: false, singleQuote: true, printWidth: 60 }
    writeFileSync(join(dir, ".prettierrc"), JSON.stringify(style))
    writeFileSync(path, await format(before, { ...style, parser: "babel-ts" }))
    expect(readFileSync(path, "utf8")).not.toBe(before)
    expect(run("remove", dir, "--yes", "--no-install").json.status).toBe("applied")
    expect(existsSync(path)).toBe(false)
  })
})

describe("Prisma's validator", () => {
  const schema = String(minimalHost["prisma/schema.prisma"])
  const composites = Array.from(
    { length: 8 },
    (_, at) => `type T${at} {\n${Array.from({ length: 8 }, (_, to) => `  f${to} T${to}`).join("\n")}\n}\n`,
  )
  const mongo = schema.replace("sqlite", "mongodb").replace("@id @default(cuid())", '@id @default(auto()) @map("_id") @db.ObjectId')
  const holder = 'model Holder {\n  id String @id @map("_id")\n  held T0\n}\n'

  test.each<[string, string, string]>([
    ["lines that are none", schema, `model Other {\n  id Int @id\n${"  %\n".repeat(200_000)}}\n`],
    ["types that name each other", mongo, composites.join("") + holder],
  ])("does not get a schema of %s judged, and every command ends", async (_, before, addition) => {
    const dir = makeHost({ "prisma/schema.prisma": before + addition })
    const add = run("add", dir, "--yes", "--no-install")
    expect(add.json.status, add.stderr).toBe("applied")
    await breathe()
    expect(run("status", dir).json.checks).toContainEqual(
      expect.objectContaining({ id: "schema", message: expect.stringContaining("Prisma's validator does not come to an end with it") }),
    )
    await breathe()
    expect(run("update", dir, "--yes", "--no-install").json.status).toBe("unchanged")
    expect(run("remove", dir, "--yes", "--no-install").json.status).toBe("applied")
    expect(readFileSync(join(dir, "prisma/schema.prisma"), "utf8")).toBe(before + addition)
  })
})

describe("what two texts have in common", () => {
  // Each hunk is below what a search for it may come to.
  const text = (name: string) =>
    Array.from({ length: 400 }, (_, hunk) => {
      const words = Array.from({ length: 450 }, (_, at) => `${name}${hunk}x${at}`)
      return `${words.join(" ")}\nsame${hunk}\n`
    }).join("")

  test("is looked for with one budget for all hunks of all texts of a run", () => {
    const [mine, ours] = [text("a"), text("b")]
    for (let file = 0; file < 5; file++) takeOut(mine, `${ours}x`, [{ at: ours.length, text: "x" }])
    // It is used up, and what else would have to be looked for counts as too different.
    expect(distance("a\nb\n", "a\nc\n")).toBe(Number.POSITIVE_INFINITY)
    expect(takeOut("a\nb\nmine\n", "a\nb\n", [{ at: 2, text: "b\n" }]) === null).toBe(true)
    expect(patchBetween({ from: "a", to: "b" }, "old\n", "new\n")).toBeNull()
    expect(patchBetween({ from: "a", to: "b" }, "", "new\n")).toContain("+new")
  })

  test("is merged with one budget for all files of a run", () => {
    const same = "same\n".repeat(2_000)
    for (let file = 0; file < 300; file++) {
      const { text } = merge(`mine\n${same}`, same, `${same}theirs\n`)
      expect(text).toContain("mine\n")
      expect(text).toContain("theirs\n")
    }
  })
})
