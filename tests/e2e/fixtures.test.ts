import { spawnSync } from "node:child_process"
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import tmp from "tmp"
import { beforeAll, describe, expect, test } from "vitest"
import { builtApp, copyFixture, run } from "../../scripts/apps.mjs"
import { fixtures } from "../support/fixtures"
import { chimerai, snapshot } from "../support/host"
import { cache } from "../support/paths"

tmp.setGracefulCleanup()

/** Those whose trees are recorded file by file, so that each template is read in a review in each of its forms. */
const withSnapshots = ["next16-credentials", "next15-t3-database", "next15-v4-jwt", "next14-v4-pages", "next15-v4-javascript"]

/** All that a host may ask of its code beyond `strict`. */
const strictest = [
  "--exactOptionalPropertyTypes",
  "--noUncheckedIndexedAccess",
  "--verbatimModuleSyntax",
  "--noImplicitReturns",
  "--noImplicitOverride",
  "--noFallthroughCasesInSwitch",
  "--noUnusedLocals",
  "--noUnusedParameters",
]

/** What `add` wrote, without what differs from run to run. */
function readable(dir: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(snapshot(dir))
      .filter(([path]) => !path.endsWith("/") && !path.startsWith(".chimerai/") && path !== "package-lock.json")
      .map(([path, base64]) => [
        path,
        Buffer.from(base64, "base64")
          .toString("utf8")
          .replace(/^(MFA_ENCRYPTION_KEY=).+$/m, "$1<32 bytes>")
          .replace(/^(AUTH_SECRET|NEXTAUTH_SECRET)=.*$/m, "$1=<secret>"),
      ]),
  )
}

describe.each(fixtures.map(({ name }) => name))("%s", (name) => {
  const javascript = name.endsWith("javascript")
  let dir: string
  let original: Record<string, string>
  beforeAll(() => {
    dir = tmp.dirSync({ unsafeCleanup: true }).name
    copyFixture(name, dir, { modules: false })
    original = snapshot(dir)
  })
  const add = (...flags: string[]) => chimerai(["add", "mfa", dir, "--yes", "--json", "--no-install", ...flags])

  test("--dry-run shows the plan and writes nothing", () => {
    const run = add("--dry-run")
    expect([run.code, run.json.status]).toEqual([0, "planned"])
    expect(run.json.actions.every(({ state }: { state: string }) => state === "planned")).toBe(true)
    expect(snapshot(dir)).toEqual(original)
    expect({ ...run.json, version: "x" }).toMatchSnapshot()
  })

  test("--diff is what is applied, and keeps the key to itself", () => {
    const { stdout, stderr } = chimerai(["add", "mfa", dir, "--yes", "--dry-run", "--diff", "--no-color"])
    expect(stdout + stderr).toContain("+MFA_ENCRYPTION_KEY=<generated>")
    expect(stdout).not.toContain('AUTH_SECRET="')
    expect(snapshot(dir)).toEqual(original)
    const patched = tmp.dirSync({ unsafeCleanup: true }).name
    copyFixture(name, patched, { modules: false })
    writeFileSync(join(patched, "plan.diff"), stdout.slice(stdout.indexOf("---")))
    run("patch", ["-p1", "-s", "-i", "plan.diff"], { cwd: patched })
    rmSync(join(patched, "plan.diff"))
    const applied = tmp.dirSync({ unsafeCleanup: true }).name
    copyFixture(name, applied, { modules: false })
    chimerai(["add", "mfa", applied, "--yes", "--no-install"])
    const [a, b] = [readable(patched), readable(applied)]
    delete a[".env"]
    delete b[".env"]
    expect(a).toEqual(b)
  })

  test(`add changes the tree${withSnapshots.includes(name) ? " as recorded, file by file" : ""}`, async () => {
    const run = add()
    expect([run.code, run.json.status]).toEqual([0, "applied"])
    expect(run.json.actions.every(({ state }: { state: string }) => state === "done")).toBe(true)
    if (!withSnapshots.includes(name)) return
    for (const [path, text] of Object.entries(readable(dir))) await expect(text).toMatchFileSnapshot(`__snapshots__/${name}/${path}.txt`)
    const recorded = readdirSync(join(import.meta.dirname, "__snapshots__", name), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    )
    expect(recorded).toHaveLength(Object.keys(readable(dir)).length)
  })

  test("a second add changes no byte and says so", () => {
    const before = snapshot(dir)
    const run = add()
    expect([run.code, run.json.status]).toEqual([0, "unchanged"])
    expect(run.json.actions.every(({ state }: { state: string }) => state === "unchanged")).toBe(true)
    expect(run.json.dependencies).toEqual({ added: [], kept: ["otpauth", "qrcode", ...(javascript ? [] : ["@types/qrcode"])] })
    expect(snapshot(dir)).toEqual(before)
  })

  test("remove gives back every byte; the key stays until --purge", () => {
    const withKey = readFileSync(join(dir, ".env"), "utf8")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe(withKey)
    const left = snapshot(dir)
    expect({ ...left, ".env": "" }).toEqual({ ...original, ".env": "" })
    // with the key still there
    expect(add().json.status).toBe("applied")
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe(withKey)
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
  })

  test("add and remove --purge is the original tree", () => {
    const fresh = tmp.dirSync({ unsafeCleanup: true }).name
    copyFixture(name, fresh, { modules: false })
    const before = snapshot(fresh)
    expect(chimerai(["add", "mfa", fresh, "--yes", "--no-install"]).code).toBe(0)
    expect(chimerai(["remove", "mfa", fresh, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(snapshot(fresh)).toEqual(before)
  })

  test("a file the user has edited stays, and is listed; --force takes it too", () => {
    const fresh = tmp.dirSync({ unsafeCleanup: true }).name
    copyFixture(name, fresh, { modules: false })
    const plain = snapshot(fresh)
    chimerai(["add", "mfa", fresh, "--yes", "--no-install"])
    const config =
      ["src/lib/mfa/config.ts", "lib/mfa/config.ts", "src/lib/mfa/config.js"].find((path) => existsSync(join(fresh, path))) ?? ""
    writeFileSync(join(fresh, config), `${readFileSync(join(fresh, config), "utf8")}// mine\n`)
    expect(chimerai(["add", "mfa", fresh, "--yes", "--no-install", "--json"]).json.status).toBe("unchanged")
    const forced = tmp.dirSync({ unsafeCleanup: true }).name
    cpSync(fresh, forced, { recursive: true })

    const removed = chimerai(["remove", "mfa", fresh, "--yes", "--no-install", "--json", "--purge"])
    expect([removed.code, removed.json.status]).toEqual([5, "conflicts"])
    expect(removed.json.actions).toContainEqual(expect.objectContaining({ path: config, state: "conflict" }))
    const left = Object.entries(snapshot(fresh)).filter(([path, bytes]) => plain[path] !== bytes)
    expect(left.map(([path]) => path).filter((path) => !path.endsWith("/"))).toEqual([config])
    expect(chimerai(["remove", "mfa", forced, "--yes", "--no-install", "--force", "--purge"]).code).toBe(0)
    expect(snapshot(forced)).toEqual(plain)
  })

  test("edits around ours survive remove", () => {
    const fresh = tmp.dirSync({ unsafeCleanup: true }).name
    copyFixture(name, fresh, { modules: false })
    chimerai(["add", "mfa", fresh, "--yes", "--no-install"])
    const schema = join(fresh, "prisma/schema.prisma")
    const before = readFileSync(join(fresh, "prisma/schema.prisma"), "utf8")
    writeFileSync(schema, `// a new first line\n${before}`)
    expect(chimerai(["remove", "mfa", fresh, "--yes", "--no-install"]).code).toBe(0)
    const untouched = tmp.dirSync({ unsafeCleanup: true }).name
    copyFixture(name, untouched, { modules: false })
    expect(readFileSync(schema, "utf8")).toBe(`// a new first line\n${readFileSync(join(untouched, "prisma/schema.prisma"), "utf8")}`)
  })

  // Both versions of the hook, and both routers.
  const compilers = ["next16-split-postgres", "next14-v4-pages"].includes(name) ? [["--strict", "false"], strictest] : []
  test.each(compilers.map((flags) => [flags.join(" "), flags]))("is typed for hosts that compile with %s", (_flags, flags) => {
    const { stdout } = spawnSync("npx", ["tsc", "--noEmit", "--incremental", "false", ...flags], { cwd: builtApp(name), encoding: "utf8" })
    expect(stdout.split("\n").filter((line) => /^\S*mfa\S*\(/.test(line))).toEqual([])
  })

  // `next build` type-checks and fails on an error.
  test("installs, validates, type-checks and builds", () => {
    const built: string = builtApp(name)
    expect(existsSync(join(built, ".next/BUILD_ID"))).toBe(true)
    expect(existsSync(join(built, "node_modules/otpauth"))).toBe(true)
    run("npx", ["prisma", "validate"], { cwd: built })
    // Prisma's own formatter has nothing to say about ours where it had nothing to say before.
    const isFormatted = (text: string) => {
      const copy = join(cache, `format-${name.replace("/", "-")}.prisma`)
      writeFileSync(copy, text)
      run("npx", ["prisma", "format", "--schema", copy], { cwd: built })
      return readFileSync(copy, "utf8") === text
    }
    const before = Buffer.from(original["prisma/schema.prisma"] ?? "", "base64").toString()
    if (isFormatted(before)) expect(isFormatted(readFileSync(join(built, "prisma/schema.prisma"), "utf8"))).toBe(true)
  })
})
