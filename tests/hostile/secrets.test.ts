/** A secret goes only where git and the web do not publish it, by git's own word for the real path (H7). */
import { cpSync, existsSync, linkSync, mkdirSync, readFileSync, realpathSync, renameSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import tmp from "tmp"
import { describe, expect, vi } from "vitest"
import { detectEnv, maySet, valueIn } from "../../src/host/env"
import { HostFiles } from "../../src/host/files"
import { committedHost, folder, git } from "../support/git"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../support/host"
import { test } from "../support/part"

const add = (dir: string, ...flags: string[]) => chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", ...flags])
const envCheck = (dir: string) => chimerai(["status", dir, "--json"]).json.checks.find(({ id }: { id: string }) => id === "env")
const known = `MFA_ENCRYPTION_KEY=${Buffer.alloc(32, 7).toString("base64")}\n`
const key = /MFA_ENCRYPTION_KEY\s*[=:]\s*"?[A-Za-z0-9+/]{43}=/
const text = (dir: string, path: string) => (existsSync(join(dir, path)) ? readFileSync(join(dir, path), "utf8") : "")

/** What would be published: everything that git has or would take, and everything that is served. */
function published(dir: string): string {
  const files = git(dir, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
  const served = existsSync(join(dir, "public")) ? Object.keys(snapshot(join(dir, "public"))).map((name) => `public/${name}`) : []
  return [...files, ...served].map((path) => (path && !path.endsWith("/") ? text(dir, path) : "")).join("\n")
}

type Case = [string, Tree, (dir: string) => void]
/** No place is left for a key in any of these: neither `.env` nor `.env.local` is private. */
const exposed: Case[] = [
  ["ignored and tracked", {}, (dir) => git(dir, "add", "-f", ".env")],
  [
    "ignored, in the last commit, and taken from the index since",
    {},
    (dir) => {
      git(dir, "add", "-f", ".env")
      git(dir, "commit", "-qm", "env")
      git(dir, "rm", "-q", "--cached", ".env")
    },
  ],
  [
    "the rules are a link, which git does not follow",
    { ".gitignore": null, rules: ".env*\n" },
    (dir) => symlinkSync("rules", join(dir, ".gitignore")),
  ],
  ["the rule says .ENV", { ".gitignore": ".ENV*\n" }, () => {}],
  ["the rule is taken back in the app's folder", { ".gitignore": ".env*\n!.env\n!.env.local\n" }, () => {}],
  ["the rule is for folders only", { ".gitignore": ".env/\n.env.local/\n" }, () => {}],
  [
    "a link to a tracked file",
    { ".env": null, "config/shared.env": "AUTH_SECRET=x\n" },
    (dir) => symlinkSync("config/shared.env", join(dir, ".env")),
  ],
  [
    "a link to what is served",
    { ".env": null, "public/env.txt": "AUTH_SECRET=x\n", ".gitignore": ".env\npublic/env.txt\n" },
    (dir) => symlinkSync("public/env.txt", join(dir, ".env")),
  ],
  [
    "a link by two steps to what is served",
    { ".env": null, "public/env.txt": "AUTH_SECRET=x\n", ".gitignore": ".env\nhidden\npublic/env.txt\n" },
    (dir) => {
      symlinkSync("public", join(dir, "hidden"))
      symlinkSync("hidden/env.txt", join(dir, ".env"))
    },
  ],
  [
    "a link into what a build is served from",
    { ".env": null, ".next/static/env.txt": "AUTH_SECRET=x\n", ".gitignore": ".env\n.next\n" },
    (dir) => symlinkSync(".next/static/env.txt", join(dir, ".env")),
  ],
]

for (const path of ["app/robots.txt", "src/dev", "app/Icon.png", "pages/dev"])
  exposed.push([
    `a link to ${path}, which Next.js serves or builds`,
    { ".env": null, [path]: "AUTH_SECRET=x\n", ".gitignore": `.env\n${path}\n` },
    (dir) => symlinkSync(path, join(dir, ".env")),
  ])

describe("no key is written to a file that would be published", () => {
  test.each(exposed)("%s", (_name, tree, prepare) => {
    const dir = committedHost(tree)
    prepare(dir)
    const config = text(dir, ".git/config")
    const run = add(dir, "--allow-dirty")
    expect(run.code, run.stderr).toBe(0)
    const action = run.json.actions.find(({ path }: { path: string }) => path.startsWith(".env"))
    expect(action).toMatchObject({ kind: "manual", state: "planned" })
    expect(run.stdout + run.stderr).not.toMatch(key)
    expect(Object.values(snapshot(dir)).filter((bytes) => key.test(Buffer.from(bytes, "base64").toString()))).toEqual([])
    expect(published(dir)).not.toMatch(key)
    expect(text(dir, ".git/config")).toBe(config)
    expect(envCheck(dir)).toMatchObject({ state: "todo" })
  })

  test("the other file that Next.js loads takes it, where git ignores that one", () => {
    for (const prepare of [() => {}, (dir: string) => git(dir, "add", "-f", ".env")]) {
      const dir = committedHost({ ".gitignore": ".env*.local\n" })
      prepare(dir)
      const before = text(dir, ".env")
      const run = add(dir, "--allow-dirty")
      expect(run.json.actions).toContainEqual(expect.objectContaining({ kind: "env", path: ".env.local", state: "done" }))
      expect([text(dir, ".env"), text(dir, ".env.local")]).toEqual([before, expect.stringMatching(key)])
      expect(published(dir)).not.toMatch(key)
      expect(envCheck(dir)).toMatchObject({ state: "ok", message: "MFA_ENCRYPTION_KEY is set in .env.local, which git ignores." })
      expect(add(dir).json.status).toBe("unchanged")
    }
  })

  test("a link inside the app or its workspace to a private file stays usable, and so does one file of two names", () => {
    const dir = committedHost({ ".env": null, "secrets/dev": "AUTH_SECRET=x\n", ".gitignore": ".env\nsecrets\n" })
    symlinkSync("secrets/dev", join(dir, ".env"))
    expect(add(dir).json.actions).toContainEqual(expect.objectContaining({ kind: "env", path: ".env", state: "done" }))
    expect(text(dir, "secrets/dev")).toMatch(key)
    expect(envCheck(dir).state).toBe("ok")
    const inCode = committedHost({ ".env": null, "src/config/.env.shared": "AUTH_SECRET=x\n", ".gitignore": ".env*\n" })
    symlinkSync("src/config/.env.shared", join(inCode, ".env"))
    expect(detectEnv(new HostFiles(inCode)).facts).toMatchObject({ file: ".env", privacy: "ignored" })
    const twice = committedHost({ "public/env.txt": "AUTH_SECRET=x\n", ".env": null })
    linkSync(join(twice, "public/env.txt"), join(twice, ".env"))
    add(twice)
    expect(published(twice)).not.toMatch(key)
  })

  test("a link to git's own config is not even read", () => {
    const dir = committedHost({ ".env": null })
    symlinkSync(".git/config", join(dir, ".env"))
    const before = snapshot(dir)
    const run = add(dir, "--allow-dirty")
    expect([run.code, run.json.error?.code]).toEqual([3, "link_unsafe"])
    expect(snapshot(dir)).toEqual(before)
  })

  test("a link to nowhere is passed over, and what it names does not come into being", () => {
    const dir = committedHost({ ".env": null })
    symlinkSync("public/later.txt", join(dir, ".env"))
    const run = add(dir, "--allow-dirty")
    expect(run.json.actions).toContainEqual(expect.objectContaining({ kind: "manual", path: ".env" }))
    expect(existsSync(join(dir, "public"))).toBe(false)
  })

  test("of a package of another repository, that one is asked", () => {
    const dir = realpathSync(committedHost({ ".gitignore": ".env\npackages\n", ".env": null }))
    const inner = folder(dir, "packages/env")
    git(inner, "init", "-q")
    writeFileSync(join(inner, "dev"), "AUTH_SECRET=x\n")
    symlinkSync("packages/env/dev", join(dir, ".env"))
    expect(detectEnv(new HostFiles(dir)).facts).toMatchObject({ file: ".env", ignored: false })
    writeFileSync(join(inner, ".gitignore"), "dev\n")
    expect(detectEnv(new HostFiles(dir)).facts).toMatchObject({ file: ".env", ignored: true })
  })

  test.each([String(minimalHost[".env"]), null])("where git does not say, nothing is written: .env is %j", (env) => {
    const dir = committedHost({ ".env": env })
    writeFileSync(join(dir, ".git/index"), "broken")
    const run = add(dir, "--allow-dirty")
    expect(run.json.actions).toContainEqual(
      expect.objectContaining({ kind: "manual", path: ".env", reason: expect.stringContaining("does not say") }),
    )
    expect(text(dir, ".env")).not.toMatch(key)
  })
})

describe("an env file that is shared by a link out of the project, as worktrees and deployments do", () => {
  const sharing = (tree: Tree = {}) => {
    const dir = committedHost(tree)
    const shared = join(realpathSync(tmp.dirSync({ unsafeCleanup: true }).name), ".env")
    return { dir, shared, share: () => symlinkSync(shared, join(dir, ".env")) }
  }

  test("no key is written there, and add says why", () => {
    const { dir, shared, share } = sharing({ ".env": null })
    writeFileSync(shared, "AUTH_SECRET=x\n")
    share()
    const run = add(dir)
    expect(run.json.actions, run.stderr).toContainEqual(
      expect.objectContaining({ kind: "manual", path: ".env", reason: expect.stringContaining("leads out of the app's own files") }),
    )
    expect(readFileSync(shared, "utf8")).toBe("AUTH_SECRET=x\n")
  })

  test("with a key in it, status, add and update go on", () => {
    const { dir, shared, share } = sharing()
    expect(add(dir).json.status).toBe("applied")
    renameSync(join(dir, ".env"), shared)
    share()
    expect(envCheck(dir)).toMatchObject({ state: "unknown", message: expect.stringContaining("MFA_ENCRYPTION_KEY is set in .env") })
    expect(add(dir, "--allow-dirty").json.status).toBe("unchanged")
    const update = chimerai(["update", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([update.code, update.json.status], update.stderr).toEqual([0, "unchanged"])
  })
})

describe("without git, or without a repository, its rules are read as git reads them", () => {
  const PATH = realpathSync(tmp.dirSync({ unsafeCleanup: true }).name)
  const files = (tree: Tree, prepare: (dir: string) => void = () => {}) => {
    const dir = makeHost(tree)
    prepare(dir)
    return dir
  }
  test.each([
    [".env", true, {}, undefined],
    [".ENV", false, { ".gitignore": ".ENV*\n" }, undefined],
    ["a link", false, { ".gitignore": null, rules: ".env*\n" }, (dir: string) => symlinkSync("rules", join(dir, ".gitignore"))],
    [
      "a link to a file in public",
      false,
      { ".env": null, "public/env.txt": "" },
      (dir: string) => symlinkSync("public/env.txt", join(dir, ".env")),
    ],
    ["a folder", false, { ".gitignore": null }, (dir: string) => mkdirSync(join(dir, ".gitignore"))],
    [
      "a link to a file with a rule of its own",
      true,
      { ".env": null, "secrets/dev": "", "secrets/.gitignore": "*\n" },
      (dir: string) => symlinkSync("secrets/dev", join(dir, ".env")),
    ],
  ] as [string, boolean, Tree, ((dir: string) => void) | undefined][])("%s: %s", (_name, ignored, tree, prepare) => {
    const dir = files(tree, prepare)
    expect(detectEnv(new HostFiles(dir)).facts.ignored).toBe(ignored)
    const cloned = committedHost(tree)
    prepare?.(cloned)
    const run = chimerai(["add", "mfa", cloned, "--yes", "--no-install", "--json"], { env: { PATH } })
    const action = run.json.actions.find(({ path }: { path: string }) => path === ".env")
    expect(action.kind).toBe(ignored ? "env" : "manual")
  })

  test("the rules of .git/info/exclude of the repository count, also for an app below its top", () => {
    const dir = committedHost({ ".gitignore": null })
    writeFileSync(join(dir, ".git/info/exclude"), "web/.env\n")
    const app = makeHost({ ".gitignore": null })
    git(dir, "-c", `alias.move=!mv '${app}' web`, "move")
    const run = chimerai(["add", "mfa", join(dir, "web"), "--yes", "--no-install", "--json"], { env: { PATH } })
    expect(run.json.actions).toContainEqual(expect.objectContaining({ kind: "env", path: ".env", state: "done" }))
  })
})

describe("a key that was committed is no key", () => {
  const refusals: Case[] = [
    [
      "in .env, ignored and tracked",
      {},
      (dir) => {
        writeFileSync(join(dir, ".env"), known)
        git(dir, "add", "-f", ".env")
      },
    ],
    [
      "in .env.local, which comes before .env",
      {},
      (dir) => {
        writeFileSync(join(dir, ".env.local"), known)
        git(dir, "add", "-f", ".env.local")
      },
    ],
    [
      "in .env.production.local, in production",
      {},
      (dir) => {
        writeFileSync(join(dir, ".env.production.local"), `export ${known}`)
        git(dir, "add", "-f", ".env.production.local")
      },
    ],
    [
      "with a colon, as dotenv also takes it",
      {},
      (dir) => {
        writeFileSync(join(dir, ".env"), `A=1\r\n  ${known.replace("=", ": ")}`)
        git(dir, "add", "-f", ".env")
      },
    ],
    ["behind a link", { ".env": null, "config/env": known }, (dir) => symlinkSync("config/env", join(dir, ".env"))],
    [
      "where browsers can read it",
      { ".env": null, ".gitignore": ".env\npublic\n" },
      (dir) => {
        mkdirSync(join(dir, "public"))
        writeFileSync(join(dir, "public/env.txt"), known)
        symlinkSync("public/env.txt", join(dir, ".env"))
      },
    ],
  ]
  const key32 = Buffer.alloc(32, 7).toString("base64")
  // As Next.js's parser reads a file, which takes other lines for assignments than it seems.
  const hidden: [string, string][] = [
    ["on the line after the name", `MFA_ENCRYPTION_KEY=\n"${key32}"\n`],
    ["behind blank lines", `MFA_ENCRYPTION_KEY=\n\n  \n  '${key32}'\n`],
    ["before a value of several lines that names it again", `${known}Z="\nMFA_ENCRYPTION_KEY=\n"\n`],
    ["with the equals sign on the next line", `MFA_ENCRYPTION_KEY\n=${key32}\n`],
    ["behind a colon, on the next line", `MFA_ENCRYPTION_KEY:\n${key32}\n`],
    ["by another variable's name", `OTHER=${key32}\nMFA_ENCRYPTION_KEY=$OTHER\n`],
    ["behind a comment that ends at U+2028", `# x\u2028MFA_ENCRYPTION_KEY=${key32}\n`],
  ]
  refusals.push(
    ...hidden.map(
      ([where, production]): Case => [`in .env.production, ${where}`, { ".env.production": production, ".gitignore": ".env\n" }, () => {}],
    ),
  )
  test.each([
    ["a comment", "# MFA_ENCRYPTION_KEY=x\n"],
    ["none", "MFA_ENCRYPTION_KEY=\nA=1\n"],
    ["an empty one", 'export MFA_ENCRYPTION_KEY="" # set it yourself\n"x"\n'],
    ["a longer name's", `MFA_ENCRYPTION_KEY_OLD=${key32}\nX.MFA_ENCRYPTION_KEY=1\n`],
  ])("in a file that git has, %s is no key", (_, production) => {
    expect(maySet(production, "MFA_ENCRYPTION_KEY")).toBe(false)
  })

  test.each(refusals)("%s: add refuses, before anything is written", (_name, tree, prepare) => {
    const dir = committedHost(tree)
    prepare(dir)
    const before = snapshot(dir)
    for (const flags of [["--dry-run"], ["--allow-dirty"]]) {
      const refused = add(dir, ...flags)
      expect([refused.code, refused.json.error?.code]).toEqual([3, "secret_known"])
      expect(refused.json.error.suggestion).toContain("rotate")
      expect(refused.stdout + refused.stderr).not.toMatch(key)
    }
    expect(snapshot(dir)).toEqual(before)
  })

  test("an empty one is none, and a private one that comes first is one", () => {
    const empty = committedHost({ ".gitignore": ".env.local\n", ".env": "MFA_ENCRYPTION_KEY=\n" })
    expect(add(empty).json.actions).toContainEqual(expect.objectContaining({ kind: "env", path: ".env.local", state: "done" }))
    const first = committedHost({
      ".gitignore": ".env.local\n",
      ".env": known,
      ".env.local": `MFA_ENCRYPTION_KEY=${Buffer.alloc(32, 9).toString("base64")}\n`,
    })
    const before = text(first, ".env.local")
    expect(add(first).code).toBe(0)
    expect(text(first, ".env.local")).toBe(before)
    expect(envCheck(first).state).toBe("ok")
  })

  test("status says so of an installed app, and no second key is made beside one that is in use", () => {
    const dir = committedHost()
    expect(add(dir).json.status).toBe("applied")
    expect(envCheck(dir)).toMatchObject({ state: "ok", message: "MFA_ENCRYPTION_KEY is set in .env, which git ignores." })
    writeFileSync(join(dir, ".gitignore"), ".env.local\n")
    expect(envCheck(dir)).toMatchObject({ state: "todo", message: expect.stringContaining("git does not ignore .env") })
    expect(add(dir).json.status).toBe("unchanged")
    expect(existsSync(join(dir, ".env.local"))).toBe(false)
    git(dir, "add", ".env")
    expect(envCheck(dir)).toMatchObject({
      state: "todo",
      message: expect.stringContaining("git tracks"),
      fix: expect.stringContaining("rotate"),
    })
    expect(add(dir).json.error?.code).toBe("secret_known")
    const update = chimerai(["update", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([update.code, update.json.error?.code]).toEqual([3, "secret_known"])
  })

  const commit = (dir: string, message: string) => {
    git(dir, "add", "-A")
    git(dir, "commit", "-qm", message)
  }
  test.each<[string, (dir: string) => void]>([
    [
      "and taken out since",
      (dir) => {
        writeFileSync(join(dir, ".env"), known)
        commit(dir, "by mistake")
        git(dir, "rm", "-q", "--cached", ".env")
      },
    ],
    [
      "on another branch",
      (dir) => {
        git(dir, "checkout", "-q", "-b", "other")
        writeFileSync(join(dir, ".env"), known)
        commit(dir, "by mistake")
        git(dir, "checkout", "-q", "-")
      },
    ],
  ])("one that was committed %s", (_name, prepare) => {
    const dir = committedHost({ ".gitignore": "", ".env": null })
    prepare(dir)
    writeFileSync(join(dir, ".gitignore"), ".env\n")
    commit(dir, "ignored")
    writeFileSync(join(dir, ".env"), known)
    const run = add(dir, "--allow-dirty")
    expect([run.code, run.json.error?.code]).toEqual([3, "secret_known"])
    expect(run.json.error.message).toContain("an earlier commit has it")
    // Rotated: the old one decrypts, and the new one is nobody's.
    const rotated = known.replace(/=(.*)/, `="new:${Buffer.alloc(32, 5).toString("base64")},old:$1"`)
    writeFileSync(join(dir, ".env"), rotated)
    expect(add(dir, "--allow-dirty").json.status).toBe("applied")
    expect(envCheck(dir).state).toBe("ok")
  })

  test("what an env file gives a variable is read as Next.js reads it", () => {
    const long = `${"\n".repeat(200_000)}A=1`
    expect(valueIn("A=1\nA=2\n", "A")).toBe("2")
    expect(valueIn("export A = 'x' # y\n", "A")).toBe("x")
    expect(valueIn("A: x\n", "A")).toBe("x")
    expect(valueIn("A:x\nAB=1\n#A=1\n", "A")).toBe(null)
    expect(valueIn("A= # nothing\n", "A")).toBe("")
    expect(valueIn('A="\nrest"\n', "A")).toBe('"')
    expect(valueIn(long, "A")).toBe("1")
    expect(valueIn('B="\nA=2\n"\n', "A")).toBe(null)
    expect(valueIn('A=\n"x"\n', "A")).toBe("x")
  })
})

describe("an app in a folder of a workspace that is called as what is served", () => {
  const workspace = (name: string) => {
    const top = realpathSync(tmp.dirSync({ unsafeCleanup: true }).name)
    writeFileSync(join(top, "package.json"), JSON.stringify({ workspaces: ["apps/*"] }))
    cpSync(makeHost(), folder(top, "apps", name), { recursive: true })
    return join(top, "apps", name)
  }

  test.each(["public", "static", "out"])("%s gets its key", (name) => {
    const app = workspace(name)
    const run = add(app)
    expect(run.json.actions, run.stderr).toContainEqual(expect.objectContaining({ kind: "env", path: ".env", state: "done" }))
    expect(text(app, ".env")).toMatch(key)
    expect(envCheck(app).state).toBe("ok")
  })

  test("what that app serves stays served", () => {
    const app = workspace("public")
    mkdirSync(join(app, "public"))
    renameSync(join(app, ".env"), join(app, "public/.env"))
    symlinkSync("public/.env", join(app, ".env"))
    expect(detectEnv(new HostFiles(app)).facts).toMatchObject({ file: ".env", privacy: "served", ignored: false })
  })
})

describe("a file that git leaves out of commits is not kept where git takes it", () => {
  const secret = "AKIAIOSFODNN7EXAMPLE"
  const auth = String(minimalHost["auth.ts"]).replace("void prisma;", `void prisma;\nexport const own = "${secret}";`)
  const ignored = () => committedHost({ "auth.ts": auth, ".gitignore": ".env\nauth.ts\n" })

  test("ignored by a rule; `status`, a second `add`, `update` and `remove` do without", () => {
    const dir = ignored()
    const before = snapshot(dir)
    expect(add(dir).code).toBe(0)
    expect(text(dir, "auth.ts")).toContain("withMfa")
    expect(published(dir)).not.toContain(secret)
    expect(existsSync(join(dir, ".chimerai/base/auth.ts.txt"))).toBe(false)
    expect(existsSync(join(dir, ".chimerai/base/prisma/schema.prisma.txt"))).toBe(true)
    expect(add(dir, "--allow-dirty").json.status).toBe("unchanged")
    expect(chimerai(["update", "mfa", dir, "--yes", "--no-install", "--allow-dirty"]).code).toBe(0)
    expect(published(dir)).not.toContain(secret)
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge", "--allow-dirty"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("edited since, what was inserted cannot be told apart: remove names the lines", () => {
    const dir = ignored()
    add(dir)
    writeFileSync(join(dir, "auth.ts"), text(dir, "auth.ts").replace("void prisma", "void [prisma]"))
    const after = snapshot(dir)
    const run = chimerai(["remove", "mfa", dir, "--yes", "--allow-dirty", "--json"])
    expect(run.json.error).toMatchObject({ code: "user_edited", file: "auth.ts" })
    expect(snapshot(dir)).toEqual(after)
  })

  test("of another repository", () => {
    const dir = realpathSync(committedHost({ "lib/prisma.ts": null, "prisma/schema.prisma": null }))
    const inner = folder(dir, "prisma")
    git(inner, "init", "-q")
    writeFileSync(join(inner, "schema.prisma"), `// ${secret}\n${minimalHost["prisma/schema.prisma"]}`)
    writeFileSync(join(folder(dir, "lib"), "prisma.ts"), String(minimalHost["lib/prisma.ts"]))
    expect(add(dir, "--allow-dirty").code).toBe(0)
    expect(text(dir, "prisma/schema.prisma")).toContain("mfaSecret")
    expect(existsSync(join(dir, ".chimerai/base/auth.ts.txt"))).toBe(true)
    expect(published(dir)).not.toContain(secret)
  })

  test("where git cannot say", () => {
    const dir = committedHost({ "auth.ts": auth })
    writeFileSync(join(dir, ".git/index"), "broken")
    expect(add(dir, "--allow-dirty").code).toBe(0)
    expect(existsSync(join(dir, ".chimerai/base/auth.ts.txt"))).toBe(false)
  })
})

test("a folder that is spelled otherwise, as a drive's letter may be, is the same folder", () => {
  const dir = makeHost()
  const other = join(realpathSync(tmp.dirSync({ unsafeCleanup: true }).name), "other")
  symlinkSync(dir, other)
  const spelled = vi.spyOn(HostFiles.prototype, "boundary", "get").mockReturnValue(other)
  try {
    expect(detectEnv(new HostFiles(dir)).facts).toMatchObject({ file: ".env", privacy: "ignored" })
  } finally {
    spelled.mockRestore()
  }
})

test("an app in a folder that is called public is no less private", () => {
  const app = folder(realpathSync(tmp.dirSync({ unsafeCleanup: true }).name), "public/app")
  cpSync(makeHost(), app, { recursive: true })
  expect(detectEnv(new HostFiles(app)).facts.ignored).toBe(true)
})
