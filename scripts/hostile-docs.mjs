/**
 * What a hostile repository or feature folder could do, and the tests that show that it cannot: `node
 * scripts/hostile-docs.mjs` writes docs/hostile.md. A test that is named here and is not there is an error.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../", import.meta.url))
export const docsPath = join(root, "docs/hostile.md")

/** [number, what is tried, what happens, { file: names of its suites and tests }] */
const rows = [
  [
    "H1",
    "a link where a temporary file will be",
    "Temporary files have random names and are created exclusively; no link is followed.",
    { disk: ["H1: a link at the name of a temporary file", "a file with a second name outside"] },
  ],
  [
    "H2",
    "links into `.git`, packages or chimerai's own folder",
    "Nothing is written in `.git` or `node_modules`, however it is spelled or reached; no link leads into `.chimerai`.",
    { disk: ["H2: a link into what git runs, or packages", "a link from the app's own file into the store"] },
  ],
  [
    "H3",
    "a journal of an interrupted run that came with the repository",
    "A journal counts only in the folder and for the user that it names, and not where git has it.",
    {
      journal: [
        "a journal that is not of this place and this user",
        "a journal that git has",
        "what a journal names is checked like any other path",
      ],
    },
  ],
  [
    "H4",
    "git settings, hooks, filters, attributes and embedded repositories",
    "Git is asked only what reads no file of the work tree, in a repository that is named to it, with every setting that starts a program overruled.",
    {
      git: [
        "a program that the repository names for git",
        "uncommitted work is found without reading through filters",
        "does git track a file?",
      ],
    },
  ],
  [
    "H5",
    "a `git` or a package manager of the clone's own",
    "Programs are looked for outside of the project, by absolute path, once.",
    {
      process: [
        "a program of the clone's",
        "src/run/ is the only place that can start a process, and the only thread is one of our own module",
      ],
      git: ["nothing but git runs to look, to plan, or without the package manager"],
    },
  ],
  [
    "H6",
    "workspaces and links that lead to a neighbouring project",
    "A package is one only where it really is below the workspace's folder.",
    {
      workspaces: [
        "a workspace whose packages are elsewhere",
        "a linked package that an app imports is not edited where it is outside",
        "a folder that is given, and that a link of a project leads out of it",
      ],
    },
  ],
  [
    "H7",
    "an env file that git tracks, that is served, or whose key is known",
    "A secret goes where git itself says that it ignores the real path; a key that git has is refused, by `add` and by `update`.",
    {
      secrets: [
        "no key is written to a file that would be published",
        "without git, or without a repository, its rules are read as git reads them",
        "a key that was committed is no key",
      ],
      "known-keys": [
        "a key that came with the repository is refused, whatever file it was in",
        "where git cannot tell, add and update warn, and status does not know",
      ],
      published: ["a link in what is served publishes the file that it leads to"],
    },
  ],
  [
    "H8",
    "planted files that pass for generated ones",
    "Ours is what the manifest has and the templates give; anything else is refused, or said by `add`, `update` and `status`.",
    {
      manifest: ["what is planted is not ours"],
      twins: ["a module that would be loaded in the place of ours"],
      names: ["an alias leads an import of ours nowhere else"],
    },
  ],
  [
    "H9",
    "a feature's template that is a link, or outside of its folder",
    "Templates are regular files of the feature's own folder.",
    { features: ["a feature's files are regular ones of its own folder"] },
  ],
  [
    "H10",
    "a feature's dependencies and targets that run code",
    "Only registry names and version ranges; no target that is code or configuration of a tool.",
    {
      features: [
        "what a feature says is checked",
        "package.json gets JSON, whatever a name or a range is",
        "the plan names what is installed with its range",
      ],
      templates: ["a feature's models are models"],
    },
  ],
  [
    "H11",
    "a manifest that somebody committed",
    "Every value is checked against a schema, and against what the feature itself brings.",
    {
      manifest: [
        "what no chimerai has written is a refusal for every command",
        "with an installation that is one, a manifest takes nothing else out of the app's files",
        "remove leaves variables and dependencies that are not the feature's",
        "a feature of somebody's own takes nothing that is called like it",
      ],
      answers: ["a manifest that has MFA guard a sign-in that nobody uses is named by add, update and status"],
      removal: ["a link does not make the app's files ours", "remove leaves empty folders that no file of ours was in"],
    },
  ],
  [
    "H12",
    "an example file that is a link to secrets",
    "What holds secrets is not shown or written under another name.",
    {
      disk: ["H12: a link to a secret", "what is only looked at is the project's own, also through a link"],
      output: ["no secret is part of a diff"],
      secrets: ["a file that git leaves out of commits is not kept where git takes it"],
    },
  ],
  [
    "H13",
    "names and comments of a feature that reach an env file or a diff",
    "Names follow their grammar; secrets are redacted by value.",
    { features: ["what a feature says is checked"], output: ["no secret is part of a diff"] },
  ],
  [
    "H14",
    "a `.chimerai` that would let the journal be committed",
    "What keeps the journal out of commits is verified before the journal is written.",
    {
      disk: ["H14: what keeps the journal out of commits is verified", "a store that somebody has begun"],
      rollback: ["where a run fails, the ignore file of the store says again what it said: %j"],
    },
  ],
  [
    "H15",
    "escapes and direction marks in names and versions",
    "Whatever is printed has them by number; commands are quoted; so is a package manager's output.",
    {
      output: ["nothing of a stranger's acts on the terminal", "a command that is printed is what it looks like"],
      process: ["a package manager's output is shown without what acts on a terminal"],
      templates: ["a template calls nothing but what it is given"],
    },
  ],
  [
    "H16",
    "names that are code",
    "A name that enters code is an identifier, a path or a literal, checked as such; what is created is parsed first.",
    {
      names: [
        "a name that would be code in code is refused",
        "texts of an app become literals, with what cannot be seen written by number",
      ],
    },
  ],
  [
    "H17",
    "special, huge and endless files, and texts that take for ever to read",
    "Only regular files up to a size are read, and every reader takes time in proportion.",
    {
      disk: ["H17: special and huge files"],
      regexes: ["linear", "bounded", "a whole run on a matcher of choices ends"],
      endless: ["the formatter", "Prisma's validator", "what two texts have in common"],
      sizes: [
        "files that are long, many, or full of the same",
        "functions and modules that lead to one another in ever more ways",
        "status names some places of a file, not thousands",
      ],
      templates: ["a template comes to an end"],
      workspaces: ["patterns that would take for ever"],
      rollback: [
        "a name that is too long, with what is added to it, is refused before anything is written",
        "a file where a folder has to be is found before anything is written",
        "rules without end for the store are not matched",
      ],
      published: ["rules without end are not matched, where git cannot be asked"],
      diff: ["a file of ours that somebody has made into another one is not compared to the end"],
    },
  ],
  [
    "H18",
    "nesting and odd types in configs",
    "A refusal with a code, never an internal error.",
    {
      manifest: ["odd configs are refused, not met with an error of ours"],
      features: ["what a feature says is checked"],
      templates: ["a mistake in a template is its author's, and is named"],
    },
  ],
  [
    "H19",
    "the mode of a file that holds a secret",
    "It is its owner's alone where it is new, also on its way there.",
    { disk: ["H19: a file that holds a secret"] },
  ],
]

/** Tests that are named here and that no file has. */
export function missingTests() {
  return rows.flatMap(([number, , , tests]) =>
    Object.entries(tests).flatMap(([file, names]) => {
      const text = readFileSync(join(root, `tests/hostile/${file}.test.ts`), "utf8")
      return names.filter((name) => !text.includes(`"${name}"`)).map((name) => `${number}: ${file}.test.ts has no "${name}"`)
    }),
  )
}

export function hostileDocs() {
  const cell = (tests) =>
    Object.entries(tests)
      .map(([file, names]) => `[${file}](../tests/hostile/${file}.test.ts): ${names.join("; ")}`)
      .join("<br>")
  const table = rows.map(([number, attack, answer, tests]) => `| ${number} | ${attack} | ${answer} | ${cell(tests)} |`)
  return `# Hostile repositories and feature folders

What somebody could try who gets a person to run chimerai in a clone of theirs, or with a feature folder of theirs, and
what happens instead. [SECURITY.md](../SECURITY.md) says what is promised. Written by \`node scripts/hostile-docs.mjs\`,
which checks that every test named here exists.

All of this begins when chimerai has started. \`npx chimerai\` in a clone runs the clone's own program of that name, if its
\`package.json\` or its \`node_modules\` has one: start it from elsewhere, \`cd ~ && npx chimerai@latest status /path/to/clone\`.

| | what is tried | what happens | tests in \`tests/hostile\` |
| --- | --- | --- | --- |
${table.join("\n")}

\`npm run fuzz:hostile\` prepares 10,000 trees from all of these in every mixture, as root and as an ordinary user, and runs
\`add\`, \`status\`, \`update\` and \`remove\` in each: nothing outside changes, nothing of the tree runs, no secret and no
control character is printed, a refused run changes nothing, and every run ends with a code of the contract. Each run
prints its seed; \`-- --seed n --only m\` repeats one tree.
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = missingTests()
  for (const line of missing) console.error(line)
  if (missing.length > 0) process.exit(1)
  writeFileSync(docsPath, hostileDocs())
}
