/** Changes to chimerai's own folder, as somebody may have committed it, and to the env files. */
import { createHash } from "node:crypto"
import { existsSync, linkSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

const put = (path, text) => {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { recursive: true, force: true })
  writeFileSync(path, text)
}
const isFile = (path) => lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false
const sha = (text) => createHash("sha256").update(text).digest("hex")

/** Where somebody would want a file of theirs, or would want one to go. */
const targets = (outside) => [
  "../outside/new.txt",
  "../../outside/new.txt",
  "../../../outside/secret.txt",
  join(outside, "secret.txt"),
  ".git/hooks/pre-commit",
  ".GIT/config",
  "git~1/config",
  "node_modules/next/index.js",
  "auth.ts",
  ".env",
  ".env.local",
  "package.json",
  "lib/mfa/with-mfa.ts",
  "lib/mfa/../../../outside/x",
  "lib\\..\\x",
  "",
  ".",
  "/",
  "\0",
  ".chimerai/manifest.json",
  ".chimerai/journal.json",
  "app/login/mfa/page.tsx",
]

export const storeChanges = {
  /** Even one that is bound to its place as a real one is must not write outside. */
  journal({ app, outside, random }) {
    const isBound = random.chance(0.6)
    const path = () => random.of(targets(outside))
    const text = () => random.of([null, "", "x", "#!/bin/sh\ntouch ran\n", "A=1\n", 5])
    const journal = {
      id: random.of(["0".repeat(32), "a".repeat(32), "../../../x", "", "0".repeat(31)]),
      place: { root: isBound ? app : "/x", inode: isBound ? String(statSync(app).ino) : "1", user: process.getuid() },
      pid: random.of([999_999, 1, process.pid, -1, 0]),
      command: random.of(["add", "update", "remove", "rm"]),
      writes: Array.from({ length: random.below(4) }, () => ({
        path: path(),
        before: text(),
        after: text(),
        mode: random.of([null, 0o755, 0o4777, 0o100644, -1]),
      })),
      folders: [path(), "lib"],
      emptied: [path(), "lib"],
      ignoring: random.of([null, "", "*\n", 5]),
    }
    put(
      join(app, ".chimerai/journal.json"),
      random.of([
        JSON.stringify(journal),
        JSON.stringify(journal),
        JSON.stringify(journal),
        "{",
        "[]",
        "null",
        '{"id":1}',
        JSON.stringify({ ...journal, extra: 1 }),
      ]),
    )
    if (random.chance(0.7)) put(join(app, ".chimerai/.gitignore"), "journal.json\n")
  },
  manifest({ app, outside, random }) {
    const path = () => random.of(targets(outside))
    const there = () => {
      const file = path()
      const full = join(app, file.replaceAll("\0", ""))
      const isThere = lstatSync(full, { throwIfNoEntry: false })?.isFile()
      return { path: file, hash: isThere ? sha(readFileSync(full)) : sha("") }
    }
    const names = random.of([["DATABASE_URL"], ["MFA_ENCRYPTION_KEY", "AUTH_SECRET"], ["(x+x+)+y"], ["X\nY"], []])
    const installed = {
      version: random.of(["0.1.0", "0.0.1", "9.9.9", "x", "0.1.0\u001b[31m", ""]),
      answers: random.of([
        {},
        { auth: path() },
        { schema: path() },
        { pm: "curl x|sh; npm" },
        { prismaClient: 'x#a; f(); "' },
        { userModel: "User } model X {" },
        { templates: outside },
      ]),
      created: Array.from({ length: random.below(4) }, there),
      edited: Array.from({ length: random.below(3) }, () => ({
        ...there(),
        insertions: random.of([
          [],
          [{ at: 0, text: "withMfa" }],
          [{ at: -1, text: "x" }],
          [{ at: 1e9, text: "" }],
          [
            { at: 0, text: "a" },
            { at: 0, text: "b" },
          ],
        ]),
      })),
      env: [
        {
          ...there(),
          created: random.chance(0.5),
          names,
          secret: random.chance(0.5),
          ranges: random.of([[], [{ at: 0, length: 1e9 }], [{ at: -5, length: 5 }]]),
        },
      ],
      dependencies: random.of([[], ["otpauth"], ["next", "(x+x+)+y"], ["__proto__"]]),
      folders: [path(), path()],
    }
    put(
      join(app, ".chimerai/manifest.json"),
      JSON.stringify({
        schema: random.of([1, 2, 2, 2, 3, "2"]),
        features: { [random.of(["mfa", "mfa", "mfa", "__proto__", "x"])]: installed },
      }),
    )
  },
  base({ app, outside, random }) {
    const path = random.of(["auth.ts", ".env", "lib/mfa/with-mfa.ts", "package.json", "_up/db/index.ts", "app/login/mfa/page.tsx"])
    const at = join(app, `.chimerai/base/${path}.txt`)
    if (random.chance(0.5))
      return put(at, random.of(["", "export const withMfa = (x) => x\n", isFile(join(app, path)) ? readFileSync(join(app, path)) : "x"]))
    put(at, "")
    rmSync(at)
    symlinkSync(random.of([join(outside, "secret.txt"), "../../../.git/config", "../../.env", join(outside, "new")]), at)
  },
  planted({ app, random }) {
    for (const path of ["lib/mfa/with-mfa.ts", "lib/mfa.ts", "app/login/mfa/page.tsx"])
      if (random.chance(0.6)) {
        const text = random.of(["", "export const withMfa = (x: any) => x;\n", "\0"])
        put(join(app, path), text)
        if (random.chance(0.5)) put(join(app, `.chimerai/base/${path}.txt`), text)
      }
  },
  env({ app, random }) {
    const key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    const line = random.of([
      `MFA_ENCRYPTION_KEY=${key}`,
      `export MFA_ENCRYPTION_KEY="${key}"`,
      "MFA_ENCRYPTION_KEY=",
      `MFA_ENCRYPTION_KEY: ${key}`,
      `MFA_ENCRYPTION_KEY='\n${key}'`,
      "MFA_APP_NAME=x\u001b[31m",
      "A='",
      'A="\\',
      "\r",
    ])
    const path = join(app, random.of([".env", ".env.local", ".env.example", ".env.production", ".env.development.local"]))
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return
    put(path, `${existsSync(path) && lstatSync(path).isFile() ? readFileSync(path, "utf8") : ""}${line}\n`)
  },
  envLink({ app, outside, specials, random }) {
    const path = join(app, random.of([".env", ".env.local", ".env.example"]))
    rmSync(path, { recursive: true, force: true })
    mkdirSync(join(app, "public"), { recursive: true })
    symlinkSync(
      random.of([
        join(outside, ".env"),
        "public/env.txt",
        ".env",
        ".env.local",
        ".git/config",
        "auth.ts",
        "package.json",
        specials[0],
        "tracked",
      ]),
      path,
    )
  },
  hardLink({ app, random }) {
    const path = join(app, random.of(["lib/mfa.ts", "auth.ts", ".env.example", "package.json"]))
    if (!existsSync(join(app, "package.json"))) return
    rmSync(path === join(app, "package.json") ? join(app, "copy.json") : path, { recursive: true, force: true })
    if (path !== join(app, "package.json")) linkSync(join(app, "package.json"), path)
  },
}
