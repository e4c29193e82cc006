/**
 * A failure at every single file-system call that applying a plan makes, one run each: the tree is the original's, to
 * the byte and the permission bit. The plan is the demo fixture's, the calls are Node's own.
 */
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { join } from "node:path"
import { afterEach, describe, expect, test } from "vitest"
import { copyFixture } from "../../scripts/apps.mjs"
import { apply } from "../../src/apply/apply"
import { applyRemoval, planRemoval } from "../../src/apply/remove"
import { type InstalledFeature, readManifest } from "../../src/apply/store"
import { resume, rollBack, type Write } from "../../src/apply/transaction"
import { applyUpdate } from "../../src/apply/update"
import { leftBehind } from "../../src/commands/left-behind"
import { makePlan } from "../../src/commands/make-plan"
import { readOptions } from "../../src/commands/options"
import { planFrom } from "../../src/commands/update"
import { loadFeature } from "../../src/feature/load"
import { HostFiles } from "../../src/host/files"
import { run } from "../support/dying"
import { snapshot } from "../support/host"
import { previousTemplates } from "../support/previous-version"
import { scratch } from "../support/scratch"

const calls = [
  "openSync",
  "writeFileSync",
  "writeSync",
  "fsyncSync",
  "closeSync",
  "renameSync",
  "mkdirSync",
  "unlinkSync",
  "rmSync",
  "rmdirSync",
  "fchmodSync",
  "fchownSync",
  "fstatSync",
  "readSync",
  "readdirSync",
  "existsSync",
  "statSync",
  "lstatSync",
  "readFileSync",
  "realpathSync",
  "accessSync",
] as const
const originals = Object.fromEntries(calls.map((name) => [name, fs[name]])) as Record<string, (...args: unknown[]) => unknown>

/** Lets the n-th call fail, once. @returns what counts the calls */
function failAt(n: number, code: string): { count: number; failed: string | null } {
  const state = { count: 0, failed: null as string | null }
  for (const name of calls) {
    // `existsSync` never throws.
    if (name === "existsSync") continue
    const original = originals[name] as (...args: unknown[]) => unknown
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        if (++state.count === n) {
          state.failed = name
          // What a full disk does: half of it is written.
          if (name === "writeFileSync" && typeof args[0] === "number") original(args[0], String(args[1]).slice(0, 10))
          throw Object.assign(new Error(`${code}: ${name} fails, as the test wants`), { code })
        }
        return original(...args)
      },
    })
  }
  syncBuiltinESMExports()
  return state
}

function mend(): void {
  Object.assign(fs, originals)
  syncBuiltinESMExports()
}
afterEach(mend)

async function errorOf(work: () => Promise<unknown>): Promise<(Error & { code?: string }) | null> {
  try {
    await work()
    return null
  } catch (error) {
    return error as Error & { code?: string }
  }
}

const codes = ["ENOSPC", "EACCES", "EROFS", "EXDEV", "EIO"]
const modesOf = (dir: string) => Object.keys(snapshot(dir)).map((path) => `${path} ${fs.statSync(join(dir, path)).mode.toString(8)}`)

async function everyFailure(dir: string, work: () => Promise<unknown>): Promise<number> {
  const before = snapshot(dir)
  const modes = modesOf(dir)
  for (let n = 1; ; n++) {
    const code = codes[n % codes.length] as string
    const state = failAt(n, code)
    const error = await work().then(
      () => null,
      (error) => error,
    )
    mend()
    if (state.failed === null) {
      expect(error, `without a failure, after ${state.count} calls`).toBeNull()
      return n - 1
    }
    const where = `call ${n}: ${state.failed}, ${code}`
    if (error === null) throw new Error(`nobody noticed ${where}`)
    // The system's own word, before a transaction began, is turned into an error with a code where the process ends.
    if (error.code !== code) {
      expect(error.code, where).toMatch(code === "ENOSPC" ? /^(disk_full|not_writable)$/ : /^(apply_failed|not_writable)$/)
      expect(error.message, where).toMatch(/Every file is as it was|Nothing was changed/)
      expect(error.exitCode, where).toBe(error.code === "not_writable" ? 3 : 1)
    }
    expect(snapshot(dir), where).toEqual(before)
    expect(modesOf(dir), where).toEqual(modes)
  }
}

describe("a failure at every call", () => {
  test("of add, of update, and of remove", async () => {
    const dir = copyFixture("next16-credentials", join(scratch(), "app"), { modules: false })
    fs.chmodSync(join(dir, "src/auth.ts"), 0o640)
    const options = readOptions("mfa", dir, { yes: true })
    const plan = await makePlan(loadFeature("mfa"), options)
    // What looks at the result reads files, and reading can fail as well.
    const verify = async () => void fs.readFileSync(join(dir, "package.json"))
    const first = { version: "0.0.0", answers: {}, left: new Map(), verify }
    const ofAdd = await everyFailure(dir, () => apply(plan, first))
    expect(ofAdd).toBeGreaterThan(500)

    const files = new HostFiles(dir)
    // What is left by an earlier version is brought to this one.
    const feature = loadFeature("mfa")
    const earlier = copyFixture("next16-credentials", join(scratch(), "app"), { modules: false })
    await apply(await makePlan(loadFeature("mfa", previousTemplates()), readOptions("mfa", earlier, { yes: true })), first)
    const installed = readManifest(earlier)?.features.mfa as InstalledFeature
    const { plan: update } = await planFrom(installed, feature, readOptions("mfa", earlier, { yes: true }))
    const run = { version: "0.0.1", answers: {}, verify }
    const ofUpdate = await everyFailure(earlier, () => applyUpdate(earlier, earlier, "mfa", update, run))
    expect(ofUpdate).toBeGreaterThan(200)

    const left = await leftBehind(files, readManifest(dir)?.features.mfa as InstalledFeature)
    const removal = planRemoval(
      files.root,
      "mfa",
      { force: false, purge: true, own: (installed: InstalledFeature) => installed, left },
      () => [],
    )
    if (!removal) throw new Error("it is installed")
    const ofRemove = await everyFailure(dir, () => applyRemoval(files.root, files.boundary, "mfa", removal, verify))
    expect(ofRemove).toBeGreaterThan(200)
    console.log(`\nfailures tried: ${ofAdd} in add, ${ofUpdate} in update, ${ofRemove} in remove`)
  })
  test("of --rollback and --resume, which the next one makes up for", async () => {
    const work = scratch()
    const copy = (from: string, name: string): string => {
      const to = join(work, name)
      fs.rmSync(to, { recursive: true, force: true })
      fs.cpSync(from, to, { recursive: true })
      return to
    }
    const plain = copyFixture("next16-credentials", join(work, "plain"), { modules: false })
    const add = ["add", "mfa", "--yes", "--no-install"]
    const { calls } = await run([...add, copy(plain, "finished")], null)
    const dir = copy(plain, "app")
    await run([...add, dir], Math.floor(calls / 2))
    const killed = copy(dir, "killed")
    // A journal is that of its folder: what is in there is replaced, the folder stays.
    const startAgain = () => {
      for (const name of fs.readdirSync(dir)) fs.rmSync(join(dir, name), { recursive: true })
      fs.cpSync(killed, dir, { recursive: true })
    }
    const { writes } = JSON.parse(fs.readFileSync(join(dir, ".chimerai/journal.json"), "utf8")) as { writes: Write[] }
    // The key is that run's own.
    const finished = Object.fromEntries(writes.map(({ path, after }) => [path, after]))

    const recoveries = {
      "--rollback": { recover: rollBack, check: (dir: string) => expect(snapshot(dir)).toEqual(snapshot(plain)) },
      "--resume": {
        recover: resume,
        check: (dir: string) =>
          expect(Object.fromEntries(writes.map(({ path }) => [path, fs.readFileSync(join(dir, path), "utf8")]))).toEqual(finished),
      },
    }
    for (const [name, { recover, check }] of Object.entries(recoveries)) {
      let tried = 0
      // Each file takes some calls, the same ones: every seventh comes upon all of them.
      for (let n = 1; ; n += n < 50 ? 1 : 7) {
        startAgain()
        const code = codes[n % codes.length] as string
        const state = failAt(n, code)
        const error = await errorOf(() => recover(dir, dir))
        mend()
        if (state.failed === null) {
          expect(error, `without a failure, after ${state.count} calls`).toBeNull()
          console.log(`\n${tried} failures tried among the ${state.count} calls of ${name}`)
          break
        }
        tried++
        const where = `${name}, call ${n}: ${state.failed}, ${code}`
        if (error === null) throw new Error(`nobody noticed ${where}`)
        // The system's own word is for what is read before anything is written.
        if (error.code === code) expect(snapshot(dir), where).toEqual(snapshot(killed))
        else expect(error.code, where).toMatch(/^(rollback_failed|apply_failed|disk_full|not_writable|interrupted_run)$/)
        await recover(dir, dir)
        check(dir)
        expect(fs.existsSync(join(dir, ".chimerai/journal.json")), where).toBe(false)
      }
      expect(tried).toBeGreaterThan(100)
    }
  })
})
