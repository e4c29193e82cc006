/** Prepares a tree as somebody might who wants to do harm: an app, and some changes to it that chance chooses. */
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join, relative } from "node:path"
import { evilText, evilValue, nastyNames, wrongJson } from "./evil.mjs"
import { gitChanges } from "./git-changes.mjs"
import { hosts } from "./hosts.mjs"
import { storeChanges } from "./store-changes.mjs"

/** Paths of the app that are read or written, whether they are there or not. */
const interesting = [
  ..."package.json package-lock.json pnpm-lock.yaml pnpm-workspace.yaml yarn.lock bun.lock tsconfig.json jsconfig.json next.config.ts next.config.js".split(
    " ",
  ),
  ...".prettierrc .prettierrc.json prettier.config.js .editorconfig biome.json .gitignore .gitattributes .npmrc .env .env.local .env.example .env.production".split(
    " ",
  ),
  ..."app app/layout.tsx app/login app/login/page.tsx app/login/mfa app/login/mfa/page.tsx app/settings/mfa/page.tsx app/api app/api/mfa/setup/route.ts app/api/auth app/api/auth/mfa-verify/route.ts".split(
    " ",
  ),
  ..."pages pages/_app.tsx pages/api/auth pages/api/auth/mfa-verify.ts auth.ts auth.config.ts middleware.ts proxy.ts src src/auth.ts public".split(
    " ",
  ),
  ..."lib lib/prisma.ts lib/mfa lib/mfa.ts lib/mfa/with-mfa.ts lib/mfa/crypto.ts scripts scripts/mfa-reset.ts prisma prisma/schema.prisma prisma/migrations prisma.config.ts db db/user.prisma".split(
    " ",
  ),
  ...".chimerai .chimerai/base .chimerai/base/auth.ts.txt .chimerai/manifest.json .chimerai/journal.json .chimerai/.gitignore .git node_modules node_modules/next node_modules/next-auth/package.json generated styles components".split(
    " ",
  ),
]

/** `tree` is the whole clone, `app` the folder that chimerai is run in, `outside` what must not change. */
const changes = {
  link({ at, random, outside, app, specials }) {
    const target = random.of([
      ...[outside, "folder", "secret.txt", ".git", ".git/config", ".git/hooks", ".env", "empty", "new", "app", "auth.ts", "templates"].map(
        (path) => (path === outside ? outside : join(outside, path)),
      ),
      // Nothing of the system's that could be written to: a defect would do real harm.
      ...["/proc/self/environ", "/dev/fd/0", "/proc/self/cwd", ...specials],
      ...[
        ".",
        "..",
        "../..",
        basename(at),
        ".git",
        ".git/config",
        ".git/hooks/pre-commit",
        ".env",
        "../.env",
        "public",
        "node_modules",
        "lib",
        ".chimerai",
        "nowhere",
      ],
      ...[".chimerai/journal.json", "public/x", "package.json", "auth.ts"].map((path) => relative(dirname(at), join(app, path))),
    ])
    replace(at, () => symlinkSync(target, at))
  },
  special({ at, random, specials }) {
    const special = random.of(specials)
    replace(at, () => linkSync(special, at))
  },
  mode({ at, random }) {
    // What a link leads to may be anybody's.
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === false)
      chmodSync(at, random.of([0o000, 0o111, 0o200, 0o222, 0o444, 0o555, 0o777, 0o4755, 0o2777, 0o1777]))
  },
  text({ at, random }) {
    replace(at, () =>
      writeFileSync(at, evilText(random, lstatSync(at, { throwIfNoEntry: false })?.isFile() ? readFileSync(at, "utf8") : "")),
    )
  },
  /** The file stays what it is, with something in it that nobody has written by hand. */
  splice({ at, random }) {
    if (!lstatSync(at, { throwIfNoEntry: false })?.isFile()) return
    const text = readFileSync(at, "utf8")
    const from = random.below(text.length + 1)
    writeFileSync(at, text.slice(0, from) + evilValue(random) + text.slice(from + (random.chance(0.5) ? random.below(20) : 0)))
  },
  value({ app, random }) {
    const path = join(
      app,
      random.of(["package.json", "tsconfig.json", "../../package.json", ".chimerai/manifest.json", ".prettierrc", "package-lock.json"]),
    )
    if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return
    try {
      writeFileSync(path, JSON.stringify(wrongJson(random, JSON.parse(readFileSync(path, "utf8")))))
    } catch {
      // By now it is no JSON.
    }
  },
  large({ at, random }) {
    replace(at, () => {
      writeFileSync(at, "")
      truncateSync(at, random.of([33 * 2 ** 20, 10 * 2 ** 30]))
    })
  },
  folder({ at }) {
    replace(at, () => mkdirSync(at))
  },
  gone({ at }) {
    rmSync(at, { recursive: true, force: true })
  },
  name({ app, random }) {
    const inside = join(
      app,
      random.of([".", "app", "lib", "prisma", "components", "app/api", "app/(x)", "pages", "styles", "../../packages", ".chimerai/base"]),
    )
    const path = join(inside, random.of(nastyNames))
    if (!isIn(app, inside) || lstatSync(path, { throwIfNoEntry: false })) return
    mkdirSync(inside, { recursive: true })
    if (random.chance(0.5)) writeFileSync(path, evilText(random, ""))
    else {
      mkdirSync(path)
      const whole = random.of(["app/layout.tsx", "package.json", "lib/prisma.ts", "app/login/page.tsx"])
      if (lstatSync(join(app, whole), { throwIfNoEntry: false })?.isFile()) cpSync(join(app, whole), join(path, basename(whole)))
    }
  },
  renamed({ app, random }) {
    const from = join(
      app,
      random.of(["app/login", "lib", "prisma", "app/api", "auth.ts", "prisma/schema.prisma", "lib/prisma.ts", "app/layout.tsx"]),
    )
    const to = join(dirname(from), random.of(nastyNames))
    if (existsSync(from) && !lstatSync(to, { throwIfNoEntry: false })) renameSync(from, to)
  },
  program({ tree, app, random, trap }) {
    const name = random.of([
      "git",
      "npm",
      "npx",
      "pnpm",
      "yarn",
      "bun",
      "node",
      "prisma",
      "next",
      "prettier",
      "sh",
      "env",
      "git-remote-https",
    ])
    const inside = join(random.of([tree, app]), random.of([".", "node_modules/.bin", ".bin", "bin"]))
    plant(join(inside, name), trap)
  },
  workspaces({ tree, random }) {
    const pattern = random.of([
      "../*",
      "..",
      "*/..",
      "**",
      "apps/../../*",
      "/*",
      "{a,{b,{c,d}}}*",
      "packages/*/../..",
      "[",
      "(((((x",
      "!",
      "*".repeat(300),
      "apps/*/",
      "\0",
      "__proto__",
    ])
    if (random.chance(0.5))
      writeSafely(
        join(tree, "package.json"),
        JSON.stringify({ workspaces: random.of([[pattern], { packages: [pattern] }, pattern, [[pattern]], { packages: { a: 1 } }]) }),
      )
    else writeSafely(join(tree, "pnpm-workspace.yaml"), `packages:\n  - "${pattern}"\n  - 'apps/*'\n`)
  },
  ...gitChanges,
  ...storeChanges,
}

export const kinds = Object.keys(changes)

/**
 * @param place `tree`, `outside`, and what `Templates` holds
 * @returns the app's folder, and the names of the changes
 */
export function prepareTree(random, { tree, outside, templates, specials, trap, kind = null }) {
  const name = random.of(Object.keys(hosts))
  const isInstalled = random.chance(0.4)
  const repository = random.of(["none", "clean", "with-env"])
  cpSync(join(templates, `${name}${isInstalled ? "-installed" : ""}`), tree, { recursive: true, verbatimSymlinks: true })
  const app = join(tree, hosts[name].app)
  if (repository !== "none")
    cpSync(join(templates, `${name}${isInstalled ? "-installed" : ""}-${repository}.git`), join(tree, ".git"), { recursive: true })
  const made = []
  for (let left = kind ? 1 : 1 + random.below(5); left > 0; left--) {
    const change = kind ?? random.of(kinds)
    try {
      const existing = random.chance(0.3) ? anyPath(random, app) : null
      const at = existing ?? join(app, random.chance(0.1) && hosts[name].app !== "." ? "../.." : ".", random.of(interesting))
      if (!isWithin(tree, at)) continue
      changes[change]({ at, app, tree, outside, specials, trap, random })
      made.push(`${change} ${relative(tree, at)}`)
    } catch (error) {
      // A change before it may have taken the folder, or have made it a link to outside.
      if (!error.syscall) throw error
    }
  }
  return { app, host: `${name}${isInstalled ? ", installed" : ""}, git: ${repository}`, made }
}

/** Whether a path is the tree's own still: a change before this one may have made one of its folders a link to elsewhere. */
function isWithin(tree, path) {
  let there = dirname(path)
  while (!lstatSync(there, { throwIfNoEntry: false })) there = dirname(there)
  const real = realpathSync(there)
  return real === tree || real.startsWith(`${tree}/`)
}

function replace(at, make) {
  if (!lstatSync(dirname(at), { throwIfNoEntry: false })) mkdirSync(dirname(at), { recursive: true })
  rmSync(at, { recursive: true, force: true })
  make()
}

function writeSafely(path, text) {
  rmSync(path, { recursive: true, force: true })
  writeFileSync(path, text)
}

export function plant(path, trap) {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { recursive: true, force: true })
  cpSync(trap, path)
  chmodSync(path, 0o755)
}

function isIn(app, path) {
  return !relative(join(app, "../.."), path).startsWith("..")
}

function anyPath(random, dir, depth = 0) {
  const names = readdirSync(dir)
  if (names.length === 0) return null
  const path = join(dir, random.of(names))
  return depth < 6 && lstatSync(path).isDirectory() && random.chance(0.8) ? (anyPath(random, path, depth + 1) ?? path) : path
}
