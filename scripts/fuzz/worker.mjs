/**
 * Runs the commands in one prepared tree after another, in this process: to start a new one each time would take most of
 * the time. The parent notices where one does not end, or where this process dies.
 */
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, unlinkSync } from "node:fs"
import { join } from "node:path"
import { canaries } from "./hosts.mjs"
import { differences, entriesBelow, makeOutside } from "./outside.mjs"
import { prepareTree } from "./prepare-tree.mjs"
import { Random } from "./random.mjs"

const { seed, place, cli, user } = JSON.parse(process.argv[2])
const usualPath = process.env.PATH
const exitCodes = [0, 1, 2, 3, 4, 5, 130]
/** Files in this state of the world are as they were. */
const untouched = [2, 3, 4]
let runs = 0

if (user !== null) {
  process.setgid(user)
  process.setuid(user)
}
process.umask(0o022)
process.chdir(place)
makeOutside(join(place, "outside"), join(place, "trap.sh"))
const pristine = entriesBelow(join(place, "outside"))

/** @returns what the command line says and its exit code, as a shell would have them */
async function chimerai(args) {
  const written = { stdout: "", stderr: "" }
  const originals = Object.keys(written).map((name) => [name, process[name].write])
  for (const name of Object.keys(written))
    process[name].write = (text) => {
      written[name] += text
      return true
    }
  const argv = process.argv
  process.argv = [process.execPath, cli, ...args]
  process.exitCode = undefined
  try {
    await import(`${cli}?run=${++runs}`)
    return { code: process.exitCode ?? 0, ...written }
  } catch (error) {
    return { code: null, ...written, thrown: String(error?.stack ?? error) }
  } finally {
    process.argv = argv
    process.exitCode = undefined
    for (const [name, write] of originals) process[name].write = write
  }
}

/** What the commands of one tree are, in their order. */
function commandsOf(random, app) {
  const some = (chance, ...flags) => (random.chance(chance) ? flags : [])
  const common = (...more) => [app, "--no-color", ...more, ...some(0.5, "--json"), ...some(0.1, "--verbose")]
  const install = [
    "--yes",
    "--no-install",
    ...some(0.7, "--allow-dirty"),
    ...some(0.1, "--rollback"),
    ...some(0.05, "--resume"),
    ...some(0.2, "--diff"),
  ]
  const commands = [
    ["add", "mfa", ...common("--yes", "--dry-run", ...some(0.6, "--diff"))],
    ["add", "mfa", ...common(...install)],
    ["status", ...common()],
    ["remove", "mfa", ...common("--yes", "--no-install", ...some(0.7, "--allow-dirty"), ...some(0.3, "--purge"), ...some(0.2, "--force"))],
    ["add", "mfa", ...common("--yes", "--dry-run")],
  ]
  if (random.chance(0.3))
    commands.splice(3, 0, ["update", "mfa", ...common("--yes", "--no-install", "--allow-dirty", ...some(0.2, "--force"))])
  return commands
}

/** What may not be in what is printed. A line of `--diff` shows the host's own text, but never an env file's. */
function shown({ stdout, stderr }) {
  const text = stdout + stderr
  const secret = canaries.find((canary) => text.includes(canary))
  if (secret) return `prints ${secret}`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what may not be there
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]|\r(?!\n)/.exec(text)
  return control
    ? `prints the character ${control[0].charCodeAt(0).toString(16)}: ${JSON.stringify(text.slice(Math.max(0, control.index - 60), control.index + 20))}`
    : null
}

function judge(args, result, { outsideBefore, treeBefore, tree, outside }) {
  if (result.code === null) return `throws: ${result.thrown}`
  if (!exitCodes.includes(result.code)) return `ends with ${result.code}`
  const said = result.stdout + result.stderr
  if (/in chimerai itself|"code": "internal"/.test(said)) return `is an internal error: ${said.slice(0, 600)}`
  if (args.includes("--json"))
    try {
      JSON.parse(result.stdout)
    } catch {
      return `prints no JSON document: ${said.slice(0, 300)}`
    }
  const moved = differences(outsideBefore, entriesBelow(outside))
  if (moved.length > 0) return `changes what is outside: ${moved.join(", ")}`
  const beside = readdirSync(join(tree, "..")).filter((name) => !["tree", "outside", "marks", "trap.sh"].includes(name))
  if (beside.length > 0) return `makes ${beside.join(", ")} beside the tree`
  const marks = join(tree, "../marks/ran")
  if (existsSync(marks)) return `runs a program: ${readFileSync(marks, "utf8")}`
  const changed = differences(treeBefore, entriesBelow(tree))
  const isLooking = args[0] === "status" || args.includes("--dry-run") || untouched.includes(result.code)
  // An interrupted run that came with the tree is cleared away, and then this one may still be refused.
  const isRecovering = args.includes("--rollback") || args.includes("--resume")
  if (isLooking && !isRecovering && changed.length > 0)
    return `changes the tree, with exit code ${result.code}: ${changed.slice(0, 8).join(", ")}`
  const intoGit = changed.filter((path) => path.split("/").some((part) => /^(\.git|git~1)$/i.test(part)))
  if (intoGit.length > 0) return `writes into .git: ${intoGit.join(", ")}`
  const packages = changed.filter((path) => path.split("/").includes("node_modules"))
  if (packages.length > 0) return `writes into node_modules: ${packages.join(", ")}`
  const open = changed.find((path) => isReadableKey(join(tree, path)))
  if (open) return `leaves a key that others can read in ${open}`
  return shown(result)
}

/** A generated key, in a new file that others may read, or in a place that is published. */
function isReadableKey(path) {
  try {
    const stat = statSync(path)
    if (!stat.isFile() || stat.size > 1e6) return false
    const hasKey = /^MFA_ENCRYPTION_KEY="?(?!A{20})[A-Za-z0-9+/]{43}=/m.test(readFileSync(path, "utf8"))
    return hasKey && /\/(public|static)\/|\.example$|manifest\.json$|\.txt$/.test(path)
  } catch {
    return false
  }
}

process.on("message", async (task) => {
  try {
    await runIn(task)
  } catch (error) {
    console.error(task.index, error)
    process.exit(1)
  }
})

/** Prepares one tree, runs the commands in it, and tells the parent what came of it. */
async function runIn({ index, kind }) {
  const random = new Random(seed, index)
  const [tree, outside] = [join(place, "tree"), join(place, "outside")]
  for (const path of [tree, join(place, "marks")]) clear(path)
  mkdirSync(join(place, "marks"))
  const prepared = prepareTree(random, {
    tree,
    outside,
    trap: join(place, "trap.sh"),
    specials: specialsIn(place),
    templates: join(place, "../templates"),
    kind,
  })
  const { app, host, made } = prepared
  // A change through a link that an earlier one has made: that was us.
  if (differences(pristine, entriesBelow(outside)).length > 0) {
    clear(outside)
    makeOutside(outside, join(place, "trap.sh"))
  }
  process.env.PATH = random.chance(0.7) ? usualPath : [join(app, "node_modules/.bin"), join(tree, "bin"), "", ".", usualPath].join(":")
  const outsideBefore = entriesBelow(outside)
  const done = []
  for (const args of commandsOf(random, app)) {
    const treeBefore = entriesBelow(tree)
    const started = Date.now()
    process.send({ index, running: args, host, made })
    const result = await chimerai(args)
    const found = judge(args, result, { outsideBefore, treeBefore, tree, outside })
    const code = /"code": "(\w+)",\s+"message"/.exec(result.stdout)?.[1] ?? ""
    done.push({ command: args[0], code: result.code, error: code, ms: Date.now() - started })
    if (found) {
      process.send({ index, found, args, host, made, output: (result.stdout + result.stderr).slice(0, 1500) })
      break
    }
  }
  process.send({ index, done, host, made })
}

/** Removes what an ordinary user may not even list, once it has given itself the right. */
function clear(path) {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return
  if (!stat.isDirectory()) return unlinkSync(path)
  chmodSync(path, 0o700)
  for (const name of readdirSync(path)) clear(join(path, name))
  rmdirSync(path)
}

function specialsIn(dir) {
  return readdirSync(join(dir, "../specials")).map((name) => join(dir, "../specials", name))
}
