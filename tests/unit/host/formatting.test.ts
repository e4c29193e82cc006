/** How the app's formatter is told to have code, as Prettier itself reads it; and what is created is what it would make. */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { check, resolveConfig } from "prettier"
import { describe, expect, test } from "vitest"
import { copyFixture } from "../../../scripts/apps.mjs"
import { readManifest } from "../../../src/apply/store"
import { HostFiles } from "../../../src/host/files"
import { detectFormatting } from "../../../src/host/formatting"
import { chimerai, makeHost, type Tree } from "../../support/host"
import { root } from "../../support/paths"

const manifest = (more: object) => JSON.stringify({ name: "mini", dependencies: { next: "16.4.6" }, ...more })
const optionsOf = (tree: Tree) => detectFormatting(new HostFiles(makeHost(tree)))?.options ?? null

describe("read as Prettier reads it", () => {
  const configs: Record<string, Tree> = {
    JSON: { ".prettierrc": '{ "semi": false, "singleQuote": true, "printWidth": 100 }' },
    "JSON by its name": { ".prettierrc.json": '{ "trailingComma": "none", "tabWidth": 4, "arrowParens": "avoid" }' },
    JSON5: { ".prettierrc.json5": "// ours\n{ semi: false, quoteProps: 'consistent', }" },
    YAML: { ".prettierrc": "# ours\nsemi: false\nsingleQuote: true # always\ntrailingComma: 'es5'\nendOfLine: auto\n" },
    TOML: { ".prettierrc.toml": 'useTabs = true\nsemi = false\nbracketSpacing = false\nquoteProps = "preserve"\n' },
    "package.json": { "package.json": manifest({ prettier: { semi: false, jsxSingleQuote: true, bracketSameLine: true } }) },
    "a module": {
      "prettier.config.js":
        '/** @type {import("prettier").Config & { semi: boolean }} */\nconst config = {\n  // semi: true,\n  semi: false,\n  plugins: [],\n  "tabWidth": 4,\n};\n\nexport default config;\n',
      "package.json": manifest({ type: "module" }),
    },
    "a CommonJS module": {
      ".prettierrc.cjs": "module.exports = { singleQuote: true, objectWrap: 'collapse', singleAttributePerLine: true }\n",
    },
    "overrides of other files": { ".prettierrc": '{ "semi": false, "overrides": [{ "files": "*.md", "options": { "tabWidth": 8 } }] }' },
    editorconfig: {
      ".prettierrc": '{ "semi": false }',
      ".editorconfig":
        "root = true\n\n[*]\nindent_style = tab\nindent_size = 4\nmax_line_length = 90\nend_of_line = lf\n\n[*.md]\nindent_size = 8\n\n[*.{ts,tsx}]\nindent_style = space\n",
    },
  }
  test.each(Object.entries(configs))("%s", async (_name, tree) => {
    const dir = makeHost(tree)
    const resolved = await resolveConfig(join(dir, "lib/mfa.ts"), { editorconfig: true, useCache: false })
    const { plugins: _plugins, ...expected } = resolved ?? {}
    expect(Object.keys(expected).length).toBeGreaterThan(0)
    expect(detectFormatting(new HostFiles(dir))?.options).toEqual(expected)
  })
})

describe("and where there is less to read", () => {
  test("without a formatter there is no style", () => {
    expect(optionsOf({})).toBeNull()
    expect(optionsOf({ ".editorconfig": "[*]\nindent_size = 4\n" })).toBeNull()
    expect(optionsOf({ "biome.json": '{ "formatter": { "enabled": false } }' })).toBeNull()
  })

  test("Prettier without a config has its defaults, which were others before version 3", () => {
    const using = (range: string) => optionsOf({ "package.json": manifest({ devDependencies: { prettier: range } }) })
    expect(using("^3.1.0")).toEqual({})
    expect(using("~2.8.8")).toEqual({ trailingComma: "es5" })
    expect(using("1.19.1")).toEqual({ trailingComma: "none", arrowParens: "avoid" })
  })

  test("what is no option, or cannot be one's value, is left to the default", () => {
    expect(
      optionsOf({ ".prettierrc": '{ "semi": "never", "tabWidth": "wide", "parser": "flow", "constructor": "x", "printWidth": 90 }' }),
    ).toEqual({
      printWidth: 90,
    })
    expect(optionsOf({ ".prettierrc.js": "module.exports = require('@acme/style')(process.env.CI)" })).toEqual({})
  })

  test("a config of the workspace, above the app or in a package of its own", async () => {
    const dir = makeHost({ "package.json": manifest({ workspaces: ["apps/*", "tooling/*"], prettier: "@acme/prettier" }) })
    for (const [path, text] of Object.entries({
      "apps/web/package.json": manifest({ name: "web" }),
      "tooling/prettier/package.json": '{ "name": "@acme/prettier", "exports": "./index.js" }',
      "tooling/prettier/index.js": "export default { semi: false }",
    })) {
      execFileSync("mkdir", ["-p", join(dir, path, "..")])
      writeFileSync(join(dir, path), text)
    }
    const found = detectFormatting(new HostFiles(join(dir, "apps/web")))
    expect(found?.options).toEqual({ semi: false })
    expect(found?.evidence).toMatch(/^\.\.\/\.\.\/package\.json:\d+$/)
  })
})

test("how a repository is written that only contains the app somewhere is not its style", () => {
  const repository = makeHost({ ".prettierrc": '{ "semi": false }' })
  execFileSync("git", ["init", "-q", repository])
  const app = copyFixture("next16-credentials", join(repository, "examples/app"), { modules: false })
  expect(detectFormatting(new HostFiles(app))).toBeNull()
  writeFileSync(join(app, ".prettierrc"), '{ "semi": true }')
  expect(detectFormatting(new HostFiles(app))?.options).toEqual({ semi: true })
})

describe("what is created is what the app's formatter would make of it", () => {
  const createdBy = (dir: string) => (readManifest(dir)?.features.mfa?.created ?? []).map(({ path }) => path)
  const installedIn = (fixture: string, config: string, text: string) => {
    const dir = copyFixture(fixture, join(makeHost(), "app"), { modules: false })
    writeFileSync(join(dir, config), text)
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([run.code, run.json.host.evidence.formatting], run.stderr).toEqual([0, config])
    return dir
  }
  const styles = {
    "semicolons, four spaces, single quotes": '{ "semi": true, "tabWidth": 4, "singleQuote": true, "printWidth": 100 }',
    "tabs, narrow": '{ "useTabs": true, "printWidth": 60, "arrowParens": "avoid", "trailingComma": "none", "bracketSameLine": true }',
  }
  const fixtures = ["next16-credentials", "next14-v4-pages", "next15-v4-javascript", "next15-t3-database"]
  test.each(fixtures.flatMap((fixture) => Object.keys(styles).map((style) => [fixture, style] as const)))(
    "%s, %s",
    async (fixture, style) => {
      const dir = installedIn(fixture, ".prettierrc", styles[style as keyof typeof styles])
      const paths = createdBy(dir)
      expect(paths.length).toBeGreaterThan(40)
      for (const path of paths) {
        const options = await resolveConfig(join(dir, path), { useCache: false })
        expect(await check(readFileSync(join(dir, path), "utf8"), { ...options, filepath: path }), path).toBe(true)
      }
    },
  )

  test("Biome's, too", () => {
    const config = { formatter: { indentStyle: "space" }, javascript: { formatter: { quoteStyle: "single", semicolons: "asNeeded" } } }
    const dir = installedIn("next16-credentials", "biome.json", JSON.stringify({ ...config, linter: { enabled: false } }))
    const paths = createdBy(dir).filter((path) => /\.tsx?$/.test(path))
    // It exits with an error where there is something to change.
    execFileSync(join(root, "node_modules/.bin/biome"), ["format", ...paths], { cwd: dir, stdio: "pipe" })
  })
})
