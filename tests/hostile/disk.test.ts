/**
 * Rows H1, H2, H12, H14, H17 and H19: links, special files and huge ones that a repository holds in every place where
 * something is read or written. What is outside stays as it is, to the byte and the permission bit.
 */
import { execFileSync } from "node:child_process"
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { createServer } from "node:net"
import { basename, dirname, join } from "node:path"
import tmp from "tmp"
import { beforeAll, describe, expect } from "vitest"
import { commit } from "../../src/apply/transaction"
import { isGitFolder } from "../../src/disk/place"
import { holdsSecrets } from "../../src/disk/secrets"
import { HostFiles } from "../../src/host/files"
import { chimerai, installedCli, makeHost, minimalHost, type Run } from "../support/host"
import { test } from "../support/part"
import { root } from "../support/paths"

const add = (dir: string, ...flags: string[]) => chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", ...flags])
const refusal = ({ code, json }: Run) => [code, json.error?.code]

/** Every entry below a folder, no link followed, with its kind, mode and bytes. */
function entries(dir: string, prefix = ""): string[] {
  return readdirSync(join(dir, prefix))
    .toSorted()
    .flatMap((name) => {
      const path = join(prefix, name)
      const stat = lstatSync(join(dir, path))
      const mode = stat.mode.toString(8)
      if (stat.isDirectory()) return [`${path} ${mode}`, ...entries(dir, path)]
      if (stat.isSymbolicLink()) return [`${path} -> ${readlinkSync(join(dir, path))}`]
      return [`${path} ${mode} ${stat.isFile() && stat.size < 1e6 ? readFileSync(join(dir, path), "base64") : stat.size}`]
    })
}

/** A folder of somebody else's, with a file, a program and a secret. */
function neighbour(): string {
  const dir = tmp.dirSync({ unsafeCleanup: true }).name
  writeFileSync(join(dir, "file.txt"), "theirs\n")
  writeFileSync(join(dir, "program.sh"), "#!/bin/sh\n", { mode: 0o755 })
  chmodSync(join(dir, "program.sh"), 0o755)
  writeFileSync(join(dir, "secret"), "SECRET_OF_A_NEIGHBOUR=hush\n", { mode: 0o600 })
  return dir
}

function link(dir: string, path: string, target: string): void {
  rmSync(join(dir, path), { recursive: true, force: true })
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  symlinkSync(target, join(dir, path))
}

const git = (dir: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", ...args], { cwd: dir, encoding: "utf8" })

describe("H1: a link at the name of a temporary file", () => {
  test.each([
    ".auth.ts.chimerai",
    "..env.chimerai",
    ".package.json.chimerai",
    "prisma/.schema.prisma.chimerai",
    ".chimerai/.manifest.json.chimerai",
    "lib/.mfa.ts.chimerai",
  ])("%s is not written through, by add, nor by remove", (path) => {
    const outside = neighbour()
    const dir = makeHost()
    for (const target of ["file.txt", "program.sh", "new"]) {
      link(dir, path, join(outside, target))
      const there = entries(outside)
      expect(add(dir).json.status, target).toBe("applied")
      expect(readlinkSync(join(dir, path))).toBe(join(outside, target))
      expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
      expect(entries(outside), target).toEqual(there)
    }
  })

  test("nor is a FIFO waited for", () => {
    const dir = makeHost()
    for (const path of [".auth.ts.chimerai", "..env.chimerai"]) execFileSync("mkfifo", [join(dir, path)])
    expect(add(dir).json.status).toBe("applied")
  })
})

describe("H2: a link into what git runs, or packages", () => {
  const hooks = "#!/bin/sh\ntouch ran\n"
  test.each([
    [".git/config, at a file that is edited", "auth.ts", ".git/config"],
    [".git/hooks, at a file that is made", "lib/mfa.ts", "../.git/hooks/pre-commit"],
    [".git/hooks, at a folder", "lib/mfa", "../.git/hooks"],
    [".git, by a folder further up", "app/login", "../.git"],
    [".git/config, at the env file", ".env", ".git/config"],
    [".git/info, at the env example", ".env.example", ".git/info/exclude"],
    ["node_modules, at a folder", "lib/mfa", "../node_modules/next"],
  ])("%s", (_, path, target) => {
    const dir = makeHost()
    git(dir, "init", "-q")
    writeFileSync(join(dir, ".git/hooks/pre-commit"), hooks, { mode: 0o755 })
    mkdirSync(join(dir, "node_modules/next"), { recursive: true })
    if (target === ".git/config" && path === "auth.ts") {
      // One text that both git and TypeScript read.
      writeFileSync(join(dir, ".git/config"), `;/*\n[core]\n\trepositoryformatversion = 0\n;*/\n${minimalHost["auth.ts"]}`)
    }
    link(dir, path, target)
    const before = entries(dir)
    const run = add(dir, "--allow-dirty")
    expect(run.code, run.stdout).toBe(3)
    expect(["path_forbidden", "link_unsafe", "outside_root"], run.stdout).toContain(run.json.error?.code)
    expect(entries(dir)).toEqual(before)
    expect(add(dir, "--dry-run", "--diff").stdout).not.toContain("repositoryformatversion")
  })

  test.each([
    ["manifest.json", ".chimerai/manifest.json", "../.git/config"],
    ["a base", ".chimerai/base/auth.ts.txt", "../../.git/config"],
    ["the folder of bases, to inside", ".chimerai/base", "../lib"],
    ["the ignore file", ".chimerai/.gitignore", "../.gitignore"],
    ["the journal, to nowhere", ".chimerai/journal.json", "nowhere"],
    ["the store, to inside", ".chimerai", "lib"],
    ["the store, to outside", ".chimerai", "../.."],
  ])("no link in or below .chimerai: %s", (_, path, target) => {
    const dir = makeHost()
    git(dir, "init", "-q")
    link(dir, path, target)
    const before = entries(dir)
    for (const command of ["add", "remove", "update"]) {
      const run = chimerai([command, "mfa", dir, "--yes", "--no-install", "--json", "--allow-dirty"])
      if (command === "add") expect(run.code, `${command}: ${run.stdout}`).toBe(3)
      if (run.code === 3) expect(["link_unsafe", "outside_root", "path_forbidden", "not_installed"]).toContain(run.json.error?.code)
      expect(entries(dir), command).toEqual(before)
    }
  })

  test("a link from the app's own file into the store", () => {
    const dir = makeHost({ ".chimerai/base/auth.ts.txt": String(minimalHost["auth.ts"]) })
    link(dir, "auth.ts", ".chimerai/base/auth.ts.txt")
    const before = entries(dir)
    expect(refusal(add(dir))).toEqual([3, "link_unsafe"])
    expect(entries(dir)).toEqual(before)
  })

  test.each([".git", ".GIT", ".Git", "git~1", "GIT~2", ".git.", ".git ", ".g\u200cit", ".git::$INDEX_ALLOCATION"])(
    "%j is .git to some disk",
    (name) => {
      expect(isGitFolder(name)).toBe(true)
    },
  )
  test.each([".github", ".gitignore", "git", "x.git", ".gitkeep"])("%j is not", (name) => {
    expect(isGitFolder(name)).toBe(false)
  })
})

describe("H12: a link to a secret", () => {
  test.each([
    [".env.example", ".env"],
    [".env.sample", ".env.local"],
    [".env.local.example", "config/.env.production"],
    [".env.example", ".npmrc"],
    [".env.example", "config/settings"],
  ])("%s -> %s is neither shown nor written", (path, target) => {
    const dir = makeHost({ [target]: "AUTH_SECRET=hush-hush\n", ...(target === ".env" ? {} : { ".env": "AUTH_SECRET=hush-hush\n" }) })
    // The same file by a name that says nothing.
    if (target === "config/settings") link(dir, ".env", target)
    link(dir, path, target)
    const before = entries(dir)
    for (const flags of [["--dry-run", "--diff"], []]) {
      const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", ...flags])
      expect([run.code, run.stdout + run.stderr]).toEqual([3, expect.stringContaining("link_unsafe")])
      expect(run.stdout + run.stderr).not.toContain("hush-hush")
      expect(entries(dir)).toEqual(before)
    }
  })

  test.each(["file.txt", "secret"])("a link out of the project is not shown: %s", (name) => {
    const dir = makeHost()
    const outside = neighbour()
    link(dir, ".env.example", join(outside, name))
    const run = chimerai(["add", "mfa", dir, "--yes", "--dry-run", "--diff"])
    expect([run.code, run.stdout + run.stderr]).toEqual([3, expect.stringContaining("outside_root")])
    expect(run.stdout).not.toMatch(/theirs|hush/)
  })

  test("a schema that the manifest names out of the project is not shown", () => {
    const outside = makeHost({ "prisma/schema.prisma": `// hush\n${minimalHost["prisma/schema.prisma"]}` })
    const dir = makeHost()
    expect(add(dir).code).toBe(0)
    const manifest = JSON.parse(readFileSync(join(dir, ".chimerai/manifest.json"), "utf8"))
    manifest.features.mfa.answers.schema = `../${basename(outside)}/prisma/schema.prisma`
    writeFileSync(join(dir, ".chimerai/manifest.json"), JSON.stringify(manifest))
    const run = chimerai(["add", "mfa", dir, "--yes", "--dry-run", "--diff"])
    expect([run.code, run.stdout + run.stderr]).toEqual([3, expect.stringContaining("outside_root")])
    expect(run.stdout + run.stderr).not.toContain("hush")
  })

  test("nothing is read out of the project by its path, but configs that the app's own extends", () => {
    const top = realpathSync(tmp.dirSync({ unsafeCleanup: true }).name)
    const app = join(top, "app")
    cpSync(makeHost({ "tsconfig.json": '{ "extends": "../tsconfig.base.json" }' }), app, { recursive: true })
    for (const path of ["x.prisma", "x.ts", "tsconfig.base.json"]) writeFileSync(join(top, path), "{}")
    const files = new HostFiles(app)
    for (const path of ["../x.prisma", "../x.ts", "lib/../../x.ts"]) {
      expect(() => files.read(path), path).toThrow(expect.objectContaining({ code: "outside_root" }))
      expect(files.glance(path)).toBe("")
    }
    expect(files.read("../tsconfig.base.json")).toBe("{}")
    // In a repository, the whole of it is the project.
    git(top, "init", "-q")
    expect(new HostFiles(app).read("../x.prisma")).toBe("{}")
  })

  test("two names of one file are not written both", () => {
    const dir = makeHost({ "prisma/real.prisma": String(minimalHost["prisma/schema.prisma"]), "shared.ts": String(minimalHost["auth.ts"]) })
    link(dir, "auth.ts", "shared.ts")
    link(dir, "proxy.ts", "shared.ts")
    const before = entries(dir)
    const run = add(dir)
    if (run.code !== 0) expect(entries(dir)).toEqual(before)
    expect(readlinkSync(join(dir, "auth.ts"))).toBe("shared.ts")
  })

  test("links from inside to inside, and between env files, stay usable", () => {
    const dir = makeHost({
      ".gitignore": ".env*\n",
      "config/.env": "AUTH_SECRET=x\n",
      ".env": null,
      "real/auth.ts": String(minimalHost["auth.ts"]),
    })
    link(dir, ".env", "config/.env")
    link(dir, "auth.ts", "real/auth.ts")
    const before = entries(dir)
    expect(add(dir).json.status).toBe("applied")
    expect(readFileSync(join(dir, "config/.env"), "utf8")).toContain("MFA_ENCRYPTION_KEY=")
    expect(add(dir).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(entries(dir)).toEqual(before)
  })

  test.each([".env", ".env.local", ".env.production.local", "x/.npmrc", "server.pem", "id_ed25519"])("%s holds secrets", (path) => {
    expect(holdsSecrets(path)).toBe(true)
  })
  test.each([".env.example", ".env.sample", ".env.local.example", "auth.ts", "env.ts", "keys.ts"])("%s holds none", (path) => {
    expect(holdsSecrets(path)).toBe(false)
  })
})

describe("H14: what keeps the journal out of commits is verified", () => {
  test.each([
    "#\n",
    "# journal.json\n",
    "journal.json\n!journal.json\n",
    "JOURNAL.JSON\n",
    "/x/journal.json\n",
    "journal.json\n!journal.json\0x\n",
  ])("an ignore file that does not: %j", (text) => {
    const dir = makeHost({ ".chimerai/.gitignore": text })
    const before = entries(dir)
    expect(refusal(add(dir))).toEqual([3, "journal_exposed"])
    expect(entries(dir)).toEqual(before)
  })

  test.each(["*\n", "journal.json\nother\n", "\uFEFFjournal.json\n*.json\n", "journal.json\r\n"])(
    "one that does, in other words: %j",
    (text) => {
      const dir = makeHost({ ".chimerai/.gitignore": text })
      expect(add(dir).json.status).toBe("applied")
      expect(readFileSync(join(dir, ".chimerai/.gitignore"), "utf8")).toBe(text)
    },
  )

  test("a journal that git tracks would be in the next commit, ignored or not", () => {
    const dir = makeHost({ ".chimerai/journal.json": "{}", ".chimerai/.gitignore": "journal.json\n" })
    git(dir, "init", "-q")
    git(dir, "add", "-f", ".")
    git(dir, "commit", "-qm", "x")
    rmSync(join(dir, ".chimerai/journal.json"))
    const before = entries(dir).filter((entry) => !entry.startsWith(".git/"))
    expect(refusal(add(dir))).toEqual([3, "journal_exposed"])
    expect(entries(dir).filter((entry) => !entry.startsWith(".git/"))).toEqual(before)
    git(dir, "rm", "-q", "--cached", ".chimerai/journal.json")
    git(dir, "commit", "-qm", "y")
    expect(add(dir).json.status).toBe("applied")
  })
})

describe("H17: special and huge files", () => {
  const limit = 10_000 // ms
  const places = [
    "package.json",
    "auth.ts",
    ".env",
    ".env.example",
    "tsconfig.json",
    "prisma/schema.prisma",
    "package-lock.json",
    "next.config.js",
    ".prettierrc",
    ".chimerai/manifest.json",
    ".chimerai/journal.json",
    ".chimerai/.gitignore",
  ]
  const kinds: Record<string, (path: string) => void> = {
    "a FIFO": (path) => execFileSync("mkfifo", [path]),
    "a link to /dev/zero": (path) => symlinkSync("/dev/zero", path),
    "a link to a FIFO": (path) => {
      execFileSync("mkfifo", [`${path}.fifo`])
      symlinkSync(`${path}.fifo`, path)
    },
    "10 GB": (path) => {
      writeFileSync(path, "")
      truncateSync(path, 10 * 1024 ** 3)
    },
  }
  test.each(Object.keys(kinds).flatMap((kind) => places.map((path) => [kind, path] as const)))(
    "%s at %s ends in a refusal",
    (kind, path) => {
      const dir = makeHost({ [path]: null, "package.json": path === "package.json" ? null : String(minimalHost["package.json"]) })
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      kinds[kind]?.(join(dir, path))
      const before = entries(dir)
      const started = Date.now()
      const run = add(dir)
      expect(Date.now() - started).toBeLessThan(limit)
      // What is no file is not taken for the place where NextAuth is called.
      expect([run.code, ["special_file", "file_too_large", "outside_root", "link_unsafe", "auth_config_not_found"]], run.stdout).toEqual([
        3,
        expect.arrayContaining([run.json.error?.code]),
      ])
      expect(entries(dir)).toEqual(before)
    },
  )

  test.each(Object.keys(kinds))("%s at .gitignore is no rule, so that no secret is written", (kind) => {
    const dir = makeHost({ ".gitignore": null })
    kinds[kind]?.(join(dir, ".gitignore"))
    const env = readFileSync(join(dir, ".env"), "utf8")
    const started = Date.now()
    expect(add(dir).json.actions).toContainEqual(expect.objectContaining({ kind: "manual", path: ".env" }))
    expect(Date.now() - started).toBeLessThan(limit)
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe(env)
  })

  test("a socket, and what is no source is not opened", async () => {
    const dir = makeHost({ ".env": null })
    const server = createServer().listen(join(dir, ".env"))
    await new Promise((resolve) => server.once("listening", resolve))
    expect(refusal(add(dir))).toEqual([3, "special_file"])
    server.close()
    const other = makeHost()
    execFileSync("mkfifo", [join(other, "pipe")])
    expect(add(other).json.status).toBe("applied")
  })

  test("a file that has become one since add stops remove", () => {
    const dir = makeHost()
    expect(add(dir).code).toBe(0)
    rmSync(join(dir, "lib/mfa.ts"))
    execFileSync("mkfifo", [join(dir, "lib/mfa.ts")])
    const before = entries(dir)
    expect(refusal(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--json"]))).toEqual([3, "special_file"])
    expect(entries(dir)).toEqual(before)
  })
})

describe("H19: a file that holds a secret", () => {
  const keyOf = (dir: string) => statSync(join(dir, ".env")).mode & 0o777
  test("is its owner's alone where it is new, whatever the umask", () => {
    const dir = makeHost({ ".env": null })
    expect(add(dir).json.status).toBe("applied")
    expect(keyOf(dir)).toBe(0o600)
  })

  test("keeps its mode where it was there", () => {
    const dir = makeHost()
    chmodSync(join(dir, ".env"), 0o640)
    expect(add(dir).json.status).toBe("applied")
    expect(keyOf(dir)).toBe(0o640)
  })

  test("is on its way where git ignores it, and readable to its owner alone", () => {
    const dir = makeHost({ ".gitignore": ".env\n", ".env": null })
    git(dir, "init", "-q")
    git(dir, "add", "-A")
    git(dir, "commit", "-qm", "x")
    // Killed while the key is written, at whatever call that is.
    const preload = join(tmp.dirSync({ unsafeCleanup: true }).name, "die.mjs")
    writeFileSync(
      preload,
      `import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
const rename = fs.renameSync
fs.renameSync = (from, to) => {
  if (String(to).endsWith("/.env")) process.kill(process.pid, "SIGKILL")
  return rename(from, to)
}
syncBuiltinESMExports()
`,
    )
    chimerai(["add", "mfa", dir, "--yes", "--no-install"], { env: { NODE_OPTIONS: `--import ${preload}` } })
    expect(existsSync(join(dir, ".env"))).toBe(false)
    const holding = execFileSync("grep", ["-rl", "MFA_ENCRYPTION_KEY=[A-Za-z0-9+/]", "--exclude-dir=.git", "."], {
      cwd: dir,
      encoding: "utf8",
    })
      .trim()
      .split("\n")
    expect(holding.length).toBeGreaterThan(1)
    for (const path of holding) {
      expect(statSync(join(dir, path)).mode & 0o077, path).toBe(0)
      expect(git(dir, "check-ignore", path).trim(), path).not.toBe("")
    }
    git(dir, "add", "-A")
    expect(() => git(dir, "grep", "--cached", "-E", "MFA_ENCRYPTION_KEY=[A-Za-z0-9+/]{40}"), "nothing is found").toThrow()
    expect(chimerai(["add", "mfa", dir, "--rollback"]).code).toBe(0)
    expect(existsSync(join(dir, ".chimerai"))).toBe(false)
  })
})

describe("a store that somebody has begun", () => {
  test.each([".chimerai/manifest.json/x", ".chimerai/journal.json/x", ".chimerai/base/auth.ts.txt/x", ".chimerai/theirs.txt"])(
    "%s stays as it was where nothing is installed",
    (path) => {
      const dir = makeHost({ [path]: "theirs\n", "lib/mfa.ts/x": "theirs\n" })
      const before = entries(dir)
      expect(add(dir).code).not.toBe(0)
      expect(entries(dir)).toEqual(before)
    },
  )

  test("where a write fails, what kept the journal out of commits goes with it", async () => {
    const dir = realpathSync(makeHost({ ".chimerai/theirs.txt": "theirs\n" }))
    const before = entries(dir)
    const writes = [{ path: "new.ts", before: null, after: "" }]
    const failing = { command: "add" as const, writes, verify: () => Promise.reject(new Error("no")) }
    await expect(commit(dir, dir, failing)).rejects.toThrow("Every file is as it was")
    expect(entries(dir)).toEqual(before)
    const planned = { command: "add" as const, writes: [{ path: "auth.ts", before: "other", after: "" }], verify: async () => {} }
    await expect(commit(dir, dir, planned)).rejects.toThrow("Nothing was changed")
    expect(entries(dir)).toEqual(before)
  })
})

test.each(["lib/mfa/with-mfa.ts", "app/login/mfa/page.tsx", ".chimerai/manifest.json", ".chimerai/base/auth.ts.txt"])(
  "a folder at %s is found before anything is written",
  (path) => {
    const dir = makeHost({ [`${path}/x`]: "theirs\n" })
    const before = entries(dir)
    expect(refusal(add(dir))).toEqual([3, "file_exists"])
    expect(entries(dir)).toEqual(before)
  },
)

describe("a file with a second name outside", () => {
  test.each(["package.json", "auth.ts", "prisma/schema.prisma", ".env", ".env.example", ".chimerai/.gitignore"])(
    "%s is replaced, not written to",
    (path) => {
      const outside = tmp.dirSync({ unsafeCleanup: true }).name
      const dir = makeHost({ ".env.example": "A=\n", ".chimerai/.gitignore": "journal" })
      linkSync(join(dir, path), join(outside, "other name"))
      const there = entries(outside)
      expect(add(dir).json.status).toBe("applied")
      expect(entries(outside)).toEqual(there)
      expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
      expect(entries(outside)).toEqual(there)
    },
  )
})

describe("as an ordinary user", () => {
  let cli = ""
  beforeAll(() => {
    cli = installedCli()
  })
  test.runIf(process.getuid?.() === 0)("links lead nowhere either, and a new env file is the user's alone", () => {
    const outside = neighbour()
    const dir = makeHost({ ".env": null })
    execFileSync("chmod", ["755", dir])
    link(dir, ".auth.ts.chimerai", join(outside, "file.txt"))
    execFileSync("chown", ["-hR", "65534:65534", dir, outside])
    const there = entries(outside)
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"], { uid: 65534, cli })
    expect(run.json.status, run.stderr).toBe("applied")
    expect([statSync(join(dir, ".env")).uid, statSync(join(dir, ".env")).mode & 0o777]).toEqual([65534, 0o600])
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"], { uid: 65534, cli }).code).toBe(0)
    expect(entries(outside)).toEqual(there)
  })

  test.runIf(process.getuid?.() === 0).each(["prisma", ".chimerai"])(
    "a folder that may be written to and not listed undoes nothing halfway: %s",
    (folder) => {
      const dir = realpathSync(makeHost({ ".chimerai/.gitignore": "journal.json\n" }))
      execFileSync("chmod", ["755", dir])
      execFileSync("chown", ["-hR", "65534:65534", dir])
      chmodSync(join(dir, folder), 0o311)
      const before = entries(dir)
      const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"], { uid: 65534, cli })
      expect(["refused", "rolled-back"], run.stderr).toContain(run.json.status)
      expect(run.stderr).toMatch(/Nothing was changed|Every file is as it was/)
      expect(entries(dir)).toEqual(before)
    },
  )
})

test.runIf(process.getuid?.() === 0)("as root, as in a container or under sudo, a new file is of whoever has the folder", () => {
  const dir = makeHost({ ".env": null })
  execFileSync("chown", ["-hR", "65534:65534", dir])
  expect(add(dir).json.status).toBe("applied")
  const ownerOf = (path: string) => [statSync(join(dir, path)).uid, statSync(join(dir, path)).gid]
  expect([ownerOf(".env"), ownerOf("auth.ts")]).toEqual([
    [65534, 65534],
    [65534, 65534],
  ])
  expect(statSync(join(dir, ".env")).mode & 0o777).toBe(0o600)
})

test("what is only looked at is the project's own, also through a link", () => {
  const outside = neighbour()
  const dir = realpathSync(makeHost())
  link(dir, "lib/theirs.ts", join(outside, "secret"))
  link(dir, "lib/ours.ts", "prisma.ts")
  link(dir, "yarn.lock", join(outside, "secret"))
  const files = new HostFiles(dir)
  expect(files.glance("lib/theirs.ts")).toBe("")
  expect(files.glance("lib/ours.ts")).toContain("PrismaClient")
  expect(files.readAbove(join(dir, "yarn.lock"))).toBe(null)
})

test("node:fs is imported nowhere else in src", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) => /\.tsx?$/.test(path))
  const importers = sources.filter((path) => /["'](node:)?fs(\/promises)?["']|fs-extra/.test(readFileSync(join(root, "src", path), "utf8")))
  // The version and the templates are our own; where programs and repositories are is asked by what starts them.
  expect(importers.map((path) => path.replaceAll("\\", "/")).toSorted()).toEqual([
    "disk/look.ts",
    "disk/write.ts",
    "feature/load.ts",
    "run/git.ts",
    "run/program.ts",
    "run/repository.ts",
    "version.ts",
  ])
})
