/** What a repository names for git to run is not run, whatever of it the repository brings along (H4). */
import { cpSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import tmp from "tmp"
import { describe, expect, test } from "vitest"
import { uncommitted } from "../../src/apply/git"
import { isTracked } from "../../src/run/git"
import { committedHost, folder, git, pathOfTripwires, tripwires } from "../support/git"
import { chimerai, makeHost, snapshot } from "../support/host"

const append = (dir: string, path: string, text: string) => writeFileSync(join(dir, path), readFileSync(join(dir, path), "utf8") + text)
const commands = (dir: string) => [
  ["add", "mfa", dir, "--yes", "--dry-run", "--json"],
  ["add", "mfa", dir, "--yes", "--dry-run", "--diff"],
  ["add", "mfa", dir, "--yes", "--no-install", "--json"],
  ["status", dir, "--json"],
  ["remove", "mfa", dir, "--yes", "--no-install", "--json"],
]
const project = (dir: string) => ({ root: realpathSync(dir), boundary: realpathSync(dir) })

type Prepare = (dir: string, program: string, wires: ReturnType<typeof tripwires>) => void
const everything = "* filter=evil diff=evil merge=evil\n"
const config = (...settings: [string, string][]): Prepare => {
  return (dir, program) => {
    for (const [name, value] of settings) git(dir, "config", name, value.replace("PROGRAM", program))
  }
}
const attributes = (dir: string) => writeFileSync(join(dir, ".gitattributes"), everything)

/** Takes a tree out of the objects, so that whoever wants it has to fetch it. */
function loseTree(dir: string): void {
  const hash = git(dir, "rev-parse", "HEAD^{tree}").trim()
  rmSync(join(dir, ".git/objects", hash.slice(0, 2), hash.slice(2)))
}

const attacks: [string, Prepare][] = [
  [
    "a clean filter",
    (dir, program) => {
      config(["filter.evil.clean", program], ["filter.evil.required", "true"])(dir, program, undefined as never)
      attributes(dir)
    },
  ],
  [
    "a filter that is a process, with a name that no option can take back",
    (dir, program) => {
      git(dir, "config", "filter.a=b.process", program)
      git(dir, "config", "filter.a=b.smudge", program)
      writeFileSync(join(dir, ".git/info/attributes"), "* filter=a=b\n")
    },
  ],
  [
    "a filter in a file that the config includes",
    (dir, program) => {
      writeFileSync(join(dir, "settings"), `[filter "evil"]\n\tclean = ${program}\n[core]\n\tfsmonitor = ${program}\n`)
      git(dir, "config", "include.path", "../settings")
      attributes(dir)
    },
  ],
  [
    "a filter by core.attributesFile",
    (dir, program) => {
      writeFileSync(join(dir, "attributes"), everything)
      config(["filter.evil.clean", program], ["core.attributesFile", join(dir, "attributes")])(dir, program, undefined as never)
    },
  ],
  ["core.fsmonitor", config(["core.fsmonitor", "PROGRAM"])],
  [
    "core.sshCommand, credential.helper, askpass, pagers, an editor, an external diff and a textconv",
    (dir, program) => {
      for (const name of [
        "core.sshCommand",
        "credential.helper",
        "core.askPass",
        "core.pager",
        "pager.status",
        "pager.ls-files",
        "core.editor",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "alias.ls-files",
        "alias.check-ignore",
      ])
        git(dir, "config", name, name.startsWith("alias") ? `!${program}` : program)
      attributes(dir)
    },
  ],
  [
    "hooks, in their own folder and in core.hooksPath",
    (dir, _program, wires) => {
      for (const hooks of [folder(dir, ".git/hooks"), folder(dir, "hooks")])
        for (const hook of ["post-index-change", "fsmonitor-watchman", "pre-commit", "reference-transaction"])
          wires.plant(join(hooks, hook))
      git(dir, "config", "core.hooksPath", join(dir, "hooks"))
    },
  ],
  [
    "a promisor of what is missing, over a helper",
    (dir, program) => {
      for (const [name, value] of [
        ["core.repositoryFormatVersion", "1"],
        ["extensions.partialClone", "origin"],
        ["remote.origin.promisor", "true"],
        ["remote.origin.url", `ext::${program} %S`],
        ["protocol.ext.allow", "always"],
      ] as const)
        git(dir, "config", name, value)
      loseTree(dir)
    },
  ],
  [
    "a promisor of what is missing, over ssh",
    (dir, program) => {
      for (const [name, value] of [
        ["core.repositoryFormatVersion", "1"],
        ["extensions.partialClone", "origin"],
        ["remote.origin.promisor", "true"],
        ["remote.origin.url", "ssh://example.com/x"],
        ["core.sshCommand", program],
        ["protocol.ssh.allow", "always"],
      ] as const)
        git(dir, "config", name, value)
      loseTree(dir)
    },
  ],
  [
    "a submodule with filters of its own",
    (dir, program) => {
      const inner = committedHost()
      git(dir, "-c", "protocol.file.allow=always", "submodule", "add", "-q", inner, "packages/inner")
      git(dir, "commit", "-qm", "a submodule")
      const own = join(dir, "packages/inner")
      git(own, "config", "filter.evil.clean", program)
      git(own, "config", "core.fsmonitor", program)
      writeFileSync(join(own, ".gitattributes"), everything)
      append(own, "auth.ts", "// mine\n")
    },
  ],
]

describe("a program that the repository names for git", () => {
  test.each(attacks)("does not run: %s", (_name, prepare) => {
    const dir = committedHost()
    const wires = tripwires()
    prepare(dir, wires.plant(join(dir, ".git/evil")), wires)
    // Nothing of what prepared it counts.
    const before = wires.ran()
    // Index entries as old as the files have to be looked at again, which is when filters run.
    append(dir, "auth.ts", "// mine\n")
    for (const args of commands(dir)) chimerai(args)
    expect(wires.ran()).toBe(before)
  })

  test("does not run either where the app's folder is a bare repository that came with the clone", () => {
    const wires = tripwires()
    const dir = makeHost()
    git(dir, "init", "-q", "--bare", ".")
    const program = wires.plant(join(dir, "evil"))
    for (const name of ["core.fsmonitor", "filter.evil.clean"]) git(dir, "config", "-f", join(dir, "config"), name, program)
    git(dir, "config", "-f", join(dir, "config"), "core.bare", "false")
    git(dir, "config", "-f", join(dir, "config"), "core.worktree", dir)
    writeFileSync(join(dir, ".gitattributes"), everything)
    const outer = realpathSync(makeHost())
    renameSync(dir, join(outer, "app-of-evil"))
    git(outer, "init", "-q")
    const app = join(outer, "app-of-evil")
    for (const args of commands(app)) chimerai(args)
    expect(wires.ran()).toBe("")
    // The repository that it is in answers.
    git(outer, "add", "-f", "app-of-evil/.env")
    expect(isTracked(project(app), join(app, ".env"))).toBe(true)
  })

  test("does not run where .git is a file that names another folder", () => {
    const wires = tripwires()
    const dir = committedHost()
    renameSync(join(dir, ".git"), join(folder(dir, "deep"), "store"))
    writeFileSync(join(dir, ".git"), "gitdir: ./deep/store\n")
    const program = wires.plant(join(dir, "deep/evil"))
    git(dir, "config", "core.fsmonitor", program)
    git(dir, "config", "filter.evil.clean", program)
    attributes(dir)
    append(dir, "auth.ts", "// mine\n")
    const runs = commands(dir).map((args) => chimerai(args))
    expect(wires.ran()).toBe("")
    expect(runs[2]?.json.error?.code).toBe("dirty_files")
  })

  test("does not run by a variable of the environment, which names no other repository either", () => {
    const wires = tripwires()
    const dir = committedHost()
    const other = committedHost()
    const program = wires.plant(join(dir, ".git/evil"))
    append(dir, "auth.ts", "// mine\n")
    const env = {
      GIT_DIR: join(other, ".git"),
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: join(other, ".git/index"),
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "core.fsmonitor",
      GIT_CONFIG_VALUE_0: program,
      GIT_EXTERNAL_DIFF: program,
      GIT_PAGER: program,
      GIT_TRACE: join(dir, "trace"),
    }
    const before = snapshot(dir)
    const refused = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"], { env })
    expect([refused.code, refused.json.error?.code, refused.json.error?.file]).toEqual([3, "dirty_files", "auth.ts"])
    expect(wires.ran()).toBe("")
    expect(snapshot(dir)).toEqual(before)
  })

  test("does not run by an address without a protocol: the one that is allowed cannot be guessed", () => {
    const dir = committedHost()
    const bin = realpathSync(tmp.dirSync({ unsafeCleanup: true }).name)
    writeFileSync(join(bin, "git"), `#!/bin/sh\nprintf '%s\\n' "=$GIT_ALLOW_PROTOCOL" >> '${bin}/allowed'\nexit 1\n`, { mode: 0o755 })
    const PATH = [bin, process.env.PATH].join(delimiter)
    for (let run = 0; run < 2; run++) chimerai(["add", "mfa", dir, "--yes", "--dry-run", "--json"], { env: { PATH } })
    const allowed = readFileSync(join(bin, "allowed"), "utf8").trim().split("\n")
    for (const protocols of allowed) expect(protocols).toMatch(/^=[0-9a-f]{32}$/)
    expect(new Set(allowed).size, "one for each process").toBe(2)
  })
})

describe("uncommitted work is found without reading through filters", () => {
  test("core.worktree that names another folder hides nothing", () => {
    const dir = committedHost()
    const other = makeHost()
    git(dir, "config", "core.worktree", other)
    append(dir, "auth.ts", "// mine\n")
    const there = snapshot(other)
    const before = snapshot(dir)
    const refused = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([refused.code, refused.json.error?.code]).toEqual([3, "dirty_files"])
    expect(snapshot(dir)).toEqual(before)
    expect(snapshot(other)).toEqual(there)
  })

  test.each([
    ["assume-unchanged", (dir: string) => git(dir, "update-index", "--assume-unchanged", "auth.ts")],
    ["skip-worktree", (dir: string) => git(dir, "update-index", "--skip-worktree", "auth.ts")],
    [
      "an intent to add",
      (dir: string) => {
        git(dir, "rm", "-q", "--cached", "auth.ts")
        git(dir, "add", "-N", "auth.ts")
      },
    ],
  ])("a mark in the index does not hide it: %s", (_name, mark) => {
    const dir = committedHost()
    mark(dir)
    append(dir, "auth.ts", "// mine\n")
    expect(uncommitted(project(dir), ["auth.ts", "package.json"])).toEqual(["auth.ts"])
  })

  test("line ends that core.autocrlf made are no change; a link is followed to what would be written", () => {
    const dir = committedHost({ "real/auth.ts": "export {}\n" })
    symlinkSync("real/auth.ts", join(dir, "link.ts"))
    git(dir, "add", "-A")
    git(dir, "commit", "-qm", "a link")
    writeFileSync(join(dir, "real/auth.ts"), "export {}\r\n")
    expect(uncommitted(project(dir), ["link.ts", "real/auth.ts"])).toEqual([])
    append(dir, "real/auth.ts", "// mine\n")
    expect(uncommitted(project(dir), ["link.ts"])).toEqual(["link.ts"])
  })

  test("before the first commit, and with hashes of SHA-256", () => {
    const dir = makeHost()
    git(dir, "init", "-q", "--object-format=sha256")
    expect(uncommitted(project(dir), ["auth.ts", ".env"])).toEqual(["auth.ts"])
    git(dir, "add", "-A")
    expect(uncommitted(project(dir), ["auth.ts"])).toEqual(["auth.ts"])
    git(dir, "commit", "-qm", "first")
    expect(uncommitted(project(dir), ["auth.ts"])).toEqual([])
  })

  test("a worktree beside the repository is asked about itself", () => {
    const dir = committedHost()
    const beside = join(makeHost(), "beside")
    git(dir, "worktree", "add", "-q", beside)
    append(beside, "auth.ts", "// mine\n")
    expect(uncommitted(project(beside), ["auth.ts", "package.json"])).toEqual(["auth.ts"])
    expect(uncommitted(project(dir), ["auth.ts"])).toEqual([])
  })

  test("an index that never ends does not keep a run waiting", () => {
    const dir = committedHost()
    rmSync(join(dir, ".git/index"))
    // A FIFO that nobody writes to.
    git(dir, "-c", "alias.fifo=!mkfifo .git/index", "fifo")
    const started = Date.now()
    const refused = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
    expect(Date.now() - started).toBeLessThan(20_000)
    expect([refused.code, refused.json.error?.code]).toEqual([3, "git_failed"])
  })
})

describe("does git track a file?", () => {
  test("in the index, in the last commit, by another case, through a link; and where nobody can say", () => {
    const dir = committedHost({ ".chimerai/journal.json": "{}", "Journal.JSON": "{}" })
    const tracked = (path: string) => isTracked(project(dir), join(dir, path))
    expect(tracked(".chimerai/journal.json")).toBe(true)
    expect(tracked("journal.json")).toBe(true)
    expect(tracked("missing")).toBe(false)
    git(dir, "rm", "-q", "--cached", ".chimerai/journal.json")
    expect(tracked(".chimerai/journal.json"), "in the last commit").toBe(true)
    symlinkSync("auth.ts", join(dir, "link"))
    expect(tracked("link")).toBe(true)
    symlinkSync("nowhere", join(dir, "dangling"))
    expect(tracked("dangling")).toBe(null)
    writeFileSync(join(dir, ".git/HEAD"), "not a ref")
    expect(tracked("auth.ts")).toBe(null)
    const plain = makeHost()
    expect(isTracked(project(plain), join(plain, "auth.ts"))).toBe(false)
  })

  test("of a package that is a repository of its own, that one is asked", () => {
    const dir = committedHost()
    const inner = committedHost()
    mkdirSync(join(dir, "packages"))
    cpSync(inner, join(dir, "packages/inner"), { recursive: true })
    expect(isTracked(project(dir), join(dir, "packages/inner/auth.ts"))).toBe(true)
    expect(isTracked(project(dir), join(dir, "packages/inner/.env"))).toBe(false)
  })
})

test("nothing but git runs to look, to plan, or without the package manager", () => {
  const wires = tripwires()
  const dir = committedHost()
  const PATH = pathOfTripwires(wires)
  const results = commands(dir).map((args) => [args.slice(0, 1), chimerai(args, { env: { PATH } }).json.status])
  expect(results.map(([, status]) => status)).toEqual(["planned", undefined, "applied", expect.anything(), "applied"])
  expect(wires.ran()).toBe("")
})
