/** A program is started in one way, and never one that the project brought along (H5). */
import { chmodSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import tmp from "tmp"
import { describe, expect, test, vi } from "vitest"
import { findProgram } from "../../src/run/program"
import { runToEnd } from "../../src/run/start"
import { committedHost, folder, git, tripwires } from "../support/git"
import { chimerai, makeHost, snapshot } from "../support/host"
import { root } from "../support/paths"

const append = (dir: string, path: string, text: string) => writeFileSync(join(dir, path), readFileSync(join(dir, path), "utf8") + text)
/** Without the folder of node_modules that a test runner puts first. */
const usual = (process.env.PATH ?? "").split(delimiter).filter((dir) => !dir.includes("node_modules"))
const pathWith = (...first: string[]) => [...first, ...usual].join(delimiter)
const temporary = () => realpathSync(tmp.dirSync({ unsafeCleanup: true }).name)

/** Each gives the PATH under which a clone's program would be found first; its name is `name`. */
const attacks: [string, (dir: string, name: string, plant: (path: string) => string) => string][] = [
  [
    "node_modules/.bin, as npm exec puts it first",
    (dir, name, plant) => {
      plant(join(folder(dir, "node_modules/.bin"), name))
      return pathWith(join(dir, "node_modules/.bin"))
    },
  ],
  [
    "an empty element, which is the current folder",
    (dir, name, plant) => {
      plant(join(dir, name))
      return pathWith("")
    },
  ],
  [
    "relative elements",
    (dir, name, plant) => {
      plant(join(folder(dir, "tools"), name))
      return pathWith("tools", "./tools", ".")
    },
  ],
  [
    "a link outside that leads into the clone",
    (dir, name, plant) => {
      const bin = temporary()
      symlinkSync(plant(join(folder(dir, "tools"), name)), join(bin, name))
      return pathWith(bin)
    },
  ],
  [
    "a folder outside that is a link into the clone",
    (dir, name, plant) => {
      plant(join(folder(dir, "tools"), name))
      const bin = join(temporary(), "bin")
      symlinkSync(join(dir, "tools"), bin)
      return pathWith(bin)
    },
  ],
  [
    "a link in the clone to a program outside, under another name",
    (dir, name, plant) => {
      symlinkSync(plant(join(temporary(), "sh")), join(folder(dir, "node_modules/.bin"), name))
      return pathWith(join(dir, "node_modules/.bin"))
    },
  ],
]

describe("a program of the clone's", () => {
  test.each(attacks)("is not taken for git: %s", (_name, prepare) => {
    const dir = committedHost({ ".gitignore": ".env\nnode_modules\n" })
    const wires = tripwires()
    const PATH = prepare(dir, "git", wires.plant)
    append(dir, "auth.ts", "// mine\n")
    const before = snapshot(dir)
    const refused = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"], { cwd: dir, env: { PATH } })
    expect(wires.ran()).toBe("")
    expect([refused.code, refused.json.error?.code], "the real one answers").toEqual([3, "dirty_files"])
    expect(snapshot(dir)).toEqual(before)
  })

  test.each(attacks)("is not taken for the package manager: %s", (_name, prepare) => {
    const dir = makeHost({ "bun.lock": "" })
    const wires = tripwires()
    const PATH = prepare(dir, "bun", wires.plant)
    const before = snapshot(dir)
    const refused = chimerai(["add", "mfa", dir, "--yes", "--json"], { cwd: dir, env: { PATH } })
    expect(wires.ran()).toBe("")
    expect([refused.code, refused.json.error?.code]).toEqual([3, "package_manager_missing"])
    expect(snapshot(dir)).toEqual(before)
  })

  test("is not what a script of the package manager is run by", () => {
    const dir = makeHost()
    const wires = tripwires()
    const bin = temporary()
    for (const name of ["node", "sh", "interpreter"]) wires.plant(join(folder(dir, "node_modules/.bin"), name))
    writeFileSync(join(bin, "npm"), "#!/usr/bin/env interpreter\n", { mode: 0o755 })
    writeFileSync(join(bin, "interpreter"), `#!/bin/sh\necho "$PATH" > '${bin}/path'\n`, { mode: 0o755 })
    const run = chimerai(["add", "mfa", dir, "--yes", "--json"], {
      cwd: dir,
      env: { PATH: [join(dir, "node_modules/.bin"), ".", "", bin, ...usual].join(delimiter) },
    })
    expect(run.code, run.stderr).toBe(0)
    expect(wires.ran()).toBe("")
    const path = readFileSync(join(bin, "path"), "utf8").trim().split(delimiter)
    expect(path.filter((element) => !element.startsWith("/") || element.startsWith(realpathSync(dir)))).toEqual([])
  })

  test("is one of its workspace too, and of its repository, and of any node_modules above it", () => {
    const top = temporary()
    const app = folder(top, "repository/workspace/apps/web")
    git(folder(top, "repository"), "init", "-q")
    const project = { root: app, boundary: join(top, "repository/workspace") }
    const wires = tripwires()
    const find = (place: string, name: string) => {
      wires.plant(join(folder(top, place), name))
      const before = process.env.PATH
      process.env.PATH = join(top, place)
      try {
        return findProgram(name, project)?.path ?? null
      } finally {
        process.env.PATH = before
      }
    }
    expect(find("repository/workspace/packages/x/bin", "of-workspace")).toBe(null)
    expect(find("repository/tools", "of-repository")).toBe(null)
    expect(find("node_modules/.bin", "of-a-folder-above")).toBe(null)
    expect(find("other/bin", "of-another")).toBe(join(top, "other/bin/of-another"))
    expect(find("repository-of-another", "of-a-neighbour")).toBe(join(top, "repository-of-another/of-a-neighbour"))
  })

  /** What is found where PATH has one element. */
  const findIn = (element: string, name: string, app: string) => {
    const before = process.env.PATH
    process.env.PATH = element
    try {
      return findProgram(name, { root: app, boundary: app })?.path ?? null
    } finally {
      process.env.PATH = before
    }
  }

  test.each(["node_modules", "node_modules/.bin"])("is one behind a link that was committed as %s above a submodule", (link) => {
    const top = temporary()
    const app = folder(top, "super/app")
    git(folder(top, "super"), "init", "-q")
    writeFileSync(join(app, ".git"), "gitdir: ../.git/modules/app\n")
    const wires = tripwires()
    const bin = folder(top, link === "node_modules" ? "super/tools/.bin" : "super/tools")
    wires.plant(join(bin, "of-super"))
    if (link !== "node_modules") folder(top, "super/node_modules")
    symlinkSync(join(top, "super/tools"), join(top, "super", link))
    expect(findIn(join(top, "super/node_modules/.bin"), "of-super", app)).toBe(null)
    expect(findIn(bin, "of-super", app), "where the link leads").toBe(null)
  })

  test("is one behind such a link where there is no repository, and one that leads out of the clone", () => {
    const top = temporary()
    const app = folder(top, "clone/app")
    const wires = tripwires()
    wires.plant(join(folder(top, "clone/tools"), "of-clone"))
    wires.plant(join(folder(top, "outside"), "of-clone"))
    symlinkSync(join(top, "clone/tools"), join(folder(top, "clone/node_modules"), ".bin"))
    symlinkSync(join(top, "outside"), join(folder(top, "clone/app/node_modules"), ".bin"))
    expect(findIn(join(top, "clone/node_modules/.bin"), "of-clone", app)).toBe(null)
    expect(findIn(join(top, "clone/tools"), "of-clone", app)).toBe(null)
    expect(findIn(join(app, "node_modules/.bin"), "of-clone", app)).toBe(null)
    expect(findIn(join(top, "outside"), "of-clone", app), "a link takes nobody's own programs away").toBe(join(top, "outside/of-clone"))
  })

  test("is none of the user's own, whose home folder is a repository, also above a submodule", () => {
    const home = temporary()
    git(home, "init", "-q")
    const app = folder(home, "code/app")
    writeFileSync(join(app, ".git"), "gitdir: ../../.git/modules/app\n")
    const bin = folder(home, ".nvm/versions/node/v24.0.0/bin")
    tripwires().plant(join(bin, "of-home"))
    symlinkSync(join(home, ".nvm/versions/node/v24.0.0"), join(home, "node_modules"))
    const before = process.env.HOME
    process.env.HOME = home
    try {
      expect(findIn(bin, "of-home", app)).toBe(join(bin, "of-home"))
    } finally {
      process.env.HOME = before
    }
  })

  test("is none of a repository around the app's own, which has no file for .git", () => {
    const top = temporary()
    git(top, "init", "-q")
    const app = folder(top, "src/app")
    git(app, "init", "-q")
    tripwires().plant(join(folder(top, "bin"), "of-around"))
    expect(findIn(join(top, "bin"), "of-around", app)).toBe(join(top, "bin/of-around"))
  })

  test("a program is a file that may be run: folders, texts and links to nowhere are passed over", () => {
    const [first, second] = [temporary(), temporary()]
    mkdirSync(join(first, "a"))
    writeFileSync(join(first, "b"), "")
    symlinkSync("nowhere", join(first, "c"))
    for (const name of ["a", "b", "c"]) {
      writeFileSync(join(second, name), "#!/bin/sh\n")
      chmodSync(join(second, name), 0o755)
    }
    const project = { root: temporary(), boundary: temporary() }
    const before = process.env.PATH
    process.env.PATH = [first, second].join(delimiter)
    try {
      expect(["a", "b", "c"].map((name) => findProgram(name, project)?.path)).toEqual(["a", "b", "c"].map((name) => join(second, name)))
    } finally {
      process.env.PATH = before
    }
  })
})

test("src/run/ is the only place that can start a process, and the only thread is one of our own module", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) => /\.[cm]?[jt]s$/.test(path))
  const textOf = (path: string) => readFileSync(join(root, "src", path), "utf8")
  const having = (pattern: RegExp) => files.filter((path) => pattern.test(textOf(path)))
  const starting = having(/["'`](node:)?(child_process|cluster)["'`]|["'`]execa["'`]|process\.binding|shell: true/)
  expect(starting.map(dirname)).toEqual(starting.map(() => "run"))
  expect(starting.length).toBeGreaterThan(0)
  const threads = ["feature/format-elsewhere.ts", "feature/format-worker.ts"]
  expect(having(/["'`](node:)?worker_threads["'`]|\bnew Worker\b/).toSorted()).toEqual(threads)
  const started = files.flatMap((path) => [...textOf(path).matchAll(/\bnew Worker\(.*/g)].map(([text]) => text))
  expect(started).toEqual(['new Worker(new URL("./format-worker.js", import.meta.url), {'])
})

test("a package manager's output is shown without what acts on a terminal", async () => {
  const dir = tmp.dirSync({ unsafeCleanup: true }).name
  const path = join(dir, "npm")
  writeFileSync(path, "#!/bin/sh\nprintf 'a\\033]0;title\\007b\\n'\nprintf '\\342\\200\\256c\\rd\\033[31mred\\nend'\n")
  chmodSync(path, 0o755)
  let shown = ""
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    shown += text
    return true
  })
  const ended = await runToEnd({ path, searchPath: process.env.PATH ?? "" }, [], { cwd: dir, env: {}, verbose: true })
  write.mockRestore()
  expect(ended.ok).toBe(true)
  expect(shown.split("\n").toSorted()).toEqual(["", "\\u202ec\\u000dd\u001b[31mred", "a\\u001b]0;title\\u0007b", "end"])
})

describe("a package manager that leaves something behind in the background", () => {
  const program = (script: string) => {
    const path = join(temporary(), "npm")
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    return { path, searchPath: process.env.PATH ?? "" }
  }
  const run = (script: string, verbose = false) => runToEnd(program(script), [], { cwd: temporary(), env: {}, verbose })

  test.each([false, true])("is not waited for, and what it said is there (verbose: %s)", async (verbose) => {
    const write = vi.spyOn(process.stderr, "write").mockImplementation(() => true)
    const begin = performance.now()
    const ended = await run("echo added 3 packages\nsleep 20 &\nexit 0", verbose)
    write.mockRestore()
    expect(ended).toEqual({ ok: true, output: "added 3 packages" })
    expect(performance.now() - begin).toBeLessThan(10_000)
  })

  test("has failed where it has", async () => {
    expect(await run("echo no >&2\nsleep 20 &\nexit 1")).toEqual({ ok: false, output: "no" })
  })

  test("or that does not end is waited for after the first Ctrl+C, and not after the second", async () => {
    const begin = performance.now()
    const ended = run("trap '' INT\necho begun\nsleep 20\nexit 0")
    const others = process.listeners("SIGINT").slice(0, -1)
    for (const other of others) process.removeListener("SIGINT", other)
    setTimeout(() => process.emit("SIGINT"), 500)
    setTimeout(() => process.emit("SIGINT"), 1_500)
    const { ok } = await ended
    for (const other of others) process.on("SIGINT", other)
    expect(ok).toBe(false)
    expect(performance.now() - begin).toBeGreaterThan(1_400)
    expect(performance.now() - begin).toBeLessThan(10_000)
    expect(process.listeners("SIGINT")).toEqual(others)
  })
})
