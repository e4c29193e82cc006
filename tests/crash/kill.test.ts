/**
 * SIGKILL at random instants of add, update and remove: every time `--rollback` gives the original back, and `--resume`
 * the finished tree, also where it is killed itself and begun again. The instants are file-system calls, some of them
 * half done; the seed is printed.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { copyFixture } from "../../scripts/apps.mjs"
import { run } from "../support/dying"
import { snapshot } from "../support/host"
import { previousTemplates } from "../support/previous-version"
import { Random, seed } from "../support/random"
import { scratch } from "../support/scratch"

/** CI runs a part, with another seed each time; CHIMERAI_KILLS=200 is a long one. */
const kills = Number(process.env.CHIMERAI_KILLS ?? 32)
/** Calls at either end of a run that are all tried. */
const edge = 4
const parallel = 2

const work = scratch()
const copy = (from: string, name: string): string => {
  const to = join(work, name)
  rmSync(to, { recursive: true, force: true })
  cpSync(from, to, { recursive: true })
  return to
}
/** The key is new in each run. */
const withoutKey = (tree: Record<string, string>) => ({
  ...tree,
  ".env": Buffer.from(tree[".env"] ?? "", "base64")
    .toString()
    .replace(/^(MFA_ENCRYPTION_KEY=).*/m, "$1"),
  ".chimerai/manifest.json": JSON.parse(Buffer.from(tree[".chimerai/manifest.json"] ?? "bnVsbA==", "base64").toString(), (key, value) =>
    key === "hash" ? "" : value,
  ),
})

/** Paths that are not the same in both. */
function differing(a: Record<string, unknown>, b: Record<string, unknown> = {}): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((path) => JSON.stringify(a[path]) !== JSON.stringify(b[path]))
}

test(`SIGKILL at ${kills} random instants, and at the first and last ones (seed ${seed})`, async () => {
  const random = new Random(seed)
  const plain = copyFixture("next16-credentials", join(work, "plain"), { modules: false })
  const installed = copy(plain, "installed")
  const add = ["add", "mfa", "--yes", "--no-install"]
  const remove = ["remove", "mfa", "--yes", "--no-install", "--purge"]
  const update = ["update", "mfa", "--yes", "--no-install"]
  const { calls: addCalls } = await run([...add, installed], null)
  const removed = copy(installed, "removed")
  const { calls: removeCalls } = await run([...remove, removed], null)
  const previous = copy(plain, "previous")
  await run([...add, previous, "--templates", previousTemplates()], null)
  const updated = copy(previous, "updated")
  const { calls: updateCalls } = await run([...update, updated], null)
  const scenarios = [
    { args: add, from: plain, to: installed, calls: addCalls },
    { args: remove, from: installed, to: removed, calls: removeCalls },
    { args: update, from: previous, to: updated, calls: updateCalls },
  ]
  const before = scenarios.map(({ from }) => snapshot(from))
  const after = scenarios.map(({ to }) => withoutKey(snapshot(to)))

  const jobAt = (which: number, chooseCall: (calls: number) => number) => {
    const scenario = scenarios[which] as (typeof scenarios)[number]
    return { which, ...scenario, at: chooseCall(scenario.calls), againAt: 1 + random.below(150) }
  }
  const instants = [
    ...Array.from({ length: kills }, (_, index) => jobAt(index % scenarios.length, (calls) => 1 + random.below(calls))),
    // The journal comes with the first calls and goes with the last.
    ...scenarios.flatMap((_, which) =>
      Array.from({ length: edge }, (_, index) => [jobAt(which, () => 1 + index), jobAt(which, (calls) => calls - index)]).flat(),
    ),
  ]
  const jobs = instants.map((job, index) => ({ ...job, index }))
  let reached = 0
  async function worker(): Promise<void> {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const where = `${job.args[0]}, call ${job.at} of ${job.calls}`
      const dir = copy(job.from, `killed-${job.index}`)
      const { killed } = await run([...job.args, dir], job.at)
      expect(killed, where).toBe(true)
      const isUnderWay = existsSync(join(dir, ".chimerai/journal.json"))
      if (isUnderWay) reached++
      // It holds the key: a commit in that moment must not take it.
      if (isUnderWay) expect(readFileSync(join(dir, ".chimerai/.gitignore"), "utf8"), where).toContain("journal.json")
      const killedTree = copy(dir, `tree-${job.index}`)

      // What ends the run may be killed as well, and is begun again.
      await run([...job.args, dir, "--rollback"], job.againAt)
      await run([...job.args, dir, "--rollback"], null)
      // Without a journal the run had not begun, or was over.
      const rolledBack = snapshot(dir)
      const isOver = !isUnderWay && differing(withoutKey(rolledBack), after[job.which]).length === 0
      if (!isOver) expect(differing(rolledBack, before[job.which]), `${where}, rolled back`).toEqual([])

      // Once more, the other way out. A journal is that of its folder: what is in there is replaced, the folder stays.
      for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true })
      cpSync(killedTree, dir, { recursive: true })
      await run([...job.args, dir, "--resume"], job.againAt)
      await run([...job.args, dir, "--resume"], null)
      expect(differing(withoutKey(snapshot(dir)), after[job.which]), `${where}, finished`).toEqual([])
      for (const path of [dir, killedTree]) rmSync(path, { recursive: true, force: true })
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  console.log(`\n${instants.length} of ${instants.length} kills: rolled back, and finished; ${reached} had begun to write (seed ${seed})`)
  expect(reached).toBeGreaterThan(kills / 2)
  expect(readFileSync(join(plain, "src/auth.ts"), "utf8")).not.toContain("withMfa")
})
