/** Changes to what git reads: its own folder, its settings, attributes, hooks and rules. */
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { dirname, join, relative } from "node:path"

/** Never through a link, which an earlier change may have made. */
const put = (path, text) => {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { recursive: true, force: true })
  writeFileSync(path, text)
}

const executable = (path, trap) => {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  cpSync(trap, path)
  chmodSync(path, 0o755)
}

/** Every setting of git's that names a program, or a place to read more from. */
const evilConfig = (trap, outside) => `[core]
\tfsmonitor = ${trap}
\thooksPath = ${dirname(trap)}
\tpager = ${trap}
\teditor = ${trap}
\tsshCommand = ${trap}
\taskPass = ${trap}
\tgitProxy = ${trap}
\tattributesFile = ${outside}/attributes
\texcludesFile = ${outside}/.env
\talternateRefsCommand = ${trap}
\tworktree = ${outside}
[filter "x"]
\tclean = ${trap}
\tsmudge = ${trap}
\tprocess = ${trap}
\trequired = true
[diff]
\texternal = ${trap}
[diff "x"]
\ttextconv = ${trap}
\tcommand = ${trap}
[alias]
\tls-files = !${trap}
\tcheck-ignore = !${trap}
\tcat-file = !${trap}
\tstatus = !${trap}
[credential]
\thelper = !${trap}
[gpg]
\tprogram = ${trap}
[uploadpack]
\tpackObjectsHook = ${trap}
[extensions]
\tpartialClone = origin
[remote "origin"]
\turl = ext::${trap}
\tpromisor = true
\tpartialclonefilter = blob:none
\tuploadpack = ${trap}
[protocol "ext"]
\tallow = always
[include]
\tpath = ${outside}/.git/config
[submodule]
\trecurse = true
`

export const gitChanges = {
  gitConfig({ tree, outside, trap, random }) {
    const path = join(tree, ".git/config")
    if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return
    const lines = evilConfig(trap, outside)
    const chosen = random.chance(0.5)
      ? lines
      : lines
          .split(/(?=^\[)/m)
          .filter(() => random.chance(0.4))
          .join("")
    put(path, readFileSync(path, "utf8") + chosen)
    put(join(tree, ".gitattributes"), "* filter=x diff=x\n")
  },
  gitHooks({ tree, trap, random }) {
    for (const name of ["pre-commit", "post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout"])
      if (random.chance(0.7)) executable(join(tree, ".git/hooks", name), trap)
  },
  gitFile({ tree, app, outside, specials, random }) {
    const path = join(random.of([tree, app]), ".git")
    rmSync(path, { recursive: true, force: true })
    put(
      path,
      random.of([
        `gitdir: ${outside}/.git\n`,
        "gitdir: .git\n",
        "gitdir: ../outside/.git\n",
        `gitdir: ${specials[0]}\n`,
        "",
        "gitdir: ",
        `gitdir: ${"../".repeat(50_000)}\n`,
        "gitdir: node_modules/repo\n",
      ]),
    )
  },
  gitLink({ tree, app, outside, random }) {
    const path = join(random.of([tree, app]), ".git")
    if (random.chance(0.5)) rmSync(path, { recursive: true, force: true })
    else if (existsSync(path)) renameSync(path, join(dirname(path), "moved"))
    symlinkSync(random.of([join(outside, ".git"), "moved", ".git", "nowhere"]), path)
  },
  /** The app's folder is the inside of a repository. */
  gitBare({ tree, app, outside, trap, random }) {
    const inside = random.of([tree, app, join(app, "node_modules/repo"), join(app, "lib")])
    mkdirSync(join(inside, "objects"), { recursive: true })
    mkdirSync(join(inside, "refs/heads"), { recursive: true })
    put(join(inside, "HEAD"), "ref: refs/heads/main\n")
    put(join(inside, "config"), `[core]\n\trepositoryformatversion = 0\n\tbare = false\n${evilConfig(trap, outside)}`)
  },
  gitInside({ tree, outside, specials, random }) {
    const at = join(
      tree,
      ".git",
      random.of([
        "HEAD",
        "index",
        "config",
        "info/exclude",
        "packed-refs",
        "objects/info/alternates",
        "refs/heads/main",
        "commondir",
        "config.worktree",
        "info/attributes",
        "info/sparse-checkout",
        "shallow",
      ]),
    )
    if (!existsSync(join(tree, ".git/HEAD"))) return
    mkdirSync(dirname(at), { recursive: true })
    rmSync(at, { recursive: true, force: true })
    const choice = random.below(5)
    if (choice === 0) linkSync(random.of(specials), at)
    else if (choice === 1) symlinkSync(random.of([specials[0], join(outside, ".git/config"), join(outside, "secret.txt")]), at)
    else
      put(
        at,
        random.of([
          "",
          "x\n".repeat(100_000),
          `${outside}/.git\n`,
          "\0".repeat(4096),
          "ref: refs/heads/../../../x\n",
          "../".repeat(1000),
          "DIRC\0\0\0\u0002\u007f\u007f\u007f\u007f",
        ]),
      )
  },
  gitIgnore({ app, random }) {
    const text = random.of([
      "",
      "!.env\n",
      ".ENV\n",
      ".env/\n",
      "*\n!*\n",
      "/.env\n!/.env*\n",
      "**/.env\n",
      "\\.env\n",
      ".env \n",
      ".env\\ \n",
      "[.]env\n",
      `${"*".repeat(2000)}env\n`,
      `${"**/".repeat(300)}.env\n`,
      "#.env\n",
      "..env.chimerai\n",
      "[[[[[.env\n",
    ])
    const path = join(app, random.of([".gitignore", ".gitignore", "lib/.gitignore", ".chimerai/.gitignore"]))
    mkdirSync(dirname(path), { recursive: true })
    rmSync(path, { recursive: true, force: true })
    writeFileSync(path, text)
  },
  gitIgnoreLink({ app, outside, specials, random }) {
    rmSync(join(app, ".gitignore"), { recursive: true, force: true })
    symlinkSync(random.of([join(outside, "secret.txt"), ".env", specials[0], "rules"]), join(app, ".gitignore"))
    put(join(app, "rules"), ".env\n")
  },
  submodule({ tree, app, trap, outside }) {
    if (relative(tree, app) === "") return
    mkdirSync(join(tree, ".git/modules/web"), { recursive: true })
    put(join(tree, ".git/modules/web/config"), evilConfig(trap, outside))
    put(join(tree, ".git/modules/web/HEAD"), "ref: refs/heads/main\n")
    put(join(app, ".git"), "gitdir: ../../.git/modules/web\n")
  },
}
