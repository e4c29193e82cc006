/** YAML and the patterns of workspaces, as package managers read them. */
import { describe, expect, test } from "vitest"
import { HostFiles } from "../../../src/host/files"
import { foldersOf, workspacePatterns } from "../../../src/host/packages"
import { readYaml } from "../../../src/host/yaml"
import { makeHost, type Tree } from "../../support/host"

const data = (text: string): unknown => {
  const yaml = readYaml(text)
  return yaml.ok ? JSON.parse(JSON.stringify(yaml.data)) : { line: yaml.line }
}

describe("YAML", () => {
  test("every scalar is the text that stands there", () => {
    expect(data('a: 9.50\nb: "x: y" # z\nc: ~\nd:\n\'@x/y\': [1, "two", [yes]]\n')).toEqual({
      a: "9.50",
      b: "x: y",
      c: "~",
      d: "",
      "@x/y": ["1", "two", ["yes"]],
    })
  })

  test("references and merged maps are read as what they stand for; what stands there itself counts most", () => {
    expect(data("x: &x { a: 1, b: 1 }\ny: &y { b: 2, c: 2 }\nz:\n  <<: [*x, *y]\n  a: 3\n")).toMatchObject({
      z: { a: "3", b: "1", c: "2" },
    })
    expect(data("'<<': 5\n__proto__: { a: 1 }\n")).toEqual(JSON.parse('{ "<<": "5", "__proto__": { "a": "1" } }'))
  })

  test.each([
    ["two entries of a name", "a: 1\nb: 2\na: 3\n", 3],
    ["a reference to nothing", "a: 1\nb: *b\n", 2],
    ["a key that is a map", "a: 1\n? { b: 2 }\n: 3\n", 2],
    ["a bracket that is not closed", "a: 1\nb: [1,\n", 3],
    ["two documents", "a: 1\n---\nb: 2\n", 2],
  ])("is unreadable, by its line: %s", (_, text, line) => expect(data(text)).toEqual({ line }))

  const laughs = `a0: &a0 [x]\n${Array.from({ length: 40 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]\n`).join("")}`
  test.each([
    ["references that grow without end", laughs],
    ["a reference to itself", "a: &a [*a]\n"],
    ["maps as keys of maps", "? ".repeat(400)],
    ["brackets", "{,".repeat(50_000)],
    ["brackets over lines", "[\n".repeat(50_000)],
    ["lists of lists", "- ".repeat(50_000)],
    ["indentation", Array.from({ length: 400 }, (_, at) => `${" ".repeat(at)}a:\n`).join("")],
    ["tags", "!a ".repeat(33_000)],
    ["references", "a: *a\n".repeat(16_000)],
    ["its size", "a".repeat(200_000)],
  ])("ends, whatever it has too much of: %s", (_, text) => {
    const begin = performance.now()
    expect(readYaml(text).ok).toBe(false)
    expect(performance.now() - begin).toBeLessThan(5_000)
  })
})

describe("the packages of a workspace", () => {
  const packages = (...dirs: string[]): Tree => Object.fromEntries(dirs.map((dir) => [`${dir}/package.json`, "{}\n"]))
  const tree = packages("apps/web", "apps/old", "libs/ui", "libs/deep/er", "libs/ui/test/fixture", "tools/cli", "tools/.hidden", "x")
  const found = (files: Tree) => {
    const host = new HostFiles(makeHost({ ...tree, ...files }))
    return foldersOf(host, ".", workspacePatterns(host, ".")).toSorted()
  }
  const pnpm = (text: string) => found({ "pnpm-workspace.yaml": text })

  test.each([
    ["in one line", 'packages: ["apps/*", tools/*] # all\n', ["apps/old", "apps/web", "tools/cli"]],
    ["in one line over several", "packages: [\n  'apps/*',\n  libs/ui\n]\n", ["apps/old", "apps/web", "libs/ui"]],
    ["at the level of their key", "catalog:\n  next: 16\npackages:\n- apps/*\n", ["apps/old", "apps/web"]],
    ["by a reference", "x: &x\n  - apps/*\npackages: *x\n", ["apps/old", "apps/web"]],
    ["with some taken out", "packages:\n  - apps/*\n  - '!apps/old'\n", ["apps/web"]],
    ["with some taken out wherever they are", "packages:\n  - libs/**\n  - '!**/test/**'\n", ["libs/deep/er", "libs/ui"]],
    ["in a file without any", "onlyBuiltDependencies: [sharp]\n", []],
    ["in a file that cannot be read", "packages: [apps/*\n", []],
  ])("of pnpm, %s", (_, text, dirs) => expect(pnpm(text)).toEqual(dirs))

  test.each([
    ["alternatives", ["{apps,tools}/*"], ["apps/old", "apps/web", "tools/cli"]],
    ["alternatives with slashes", ["{apps/*,libs/{ui,deep/er}}"], ["apps/old", "apps/web", "libs/deep/er", "libs/ui"]],
    ["a part of a name", ["./apps/w*/"], ["apps/web"]],
    ["one letter, and one of several", ["apps/?eb", "[x-z]"], ["apps/web", "x"]],
    ["a name that something is not", ["apps/!(old)"], ["apps/web"]],
    ["all below a folder", ["libs/**"], ["libs/deep/er", "libs/ui", "libs/ui/test/fixture"]],
    ["the same taken out", ["apps/*", "!apps/{old,older}"], ["apps/web"]],
  ])("of npm, yarn and bun, by %s", (_, workspaces, dirs) => {
    const manifest = (value: unknown) => JSON.stringify({ name: "acme", workspaces: value })
    expect(found({ "package.json": manifest(workspaces) })).toEqual(dirs)
    expect(found({ "package.json": manifest({ packages: workspaces }) })).toEqual(dirs)
  })

  test.each([
    ["braces", "{a,b}".repeat(200)],
    ["a range", "{1..10000000}/{1..10000000}"],
    ["braces within braces", `${"{a,".repeat(2000)}b${"}".repeat(2000)}`],
    ["stars", `${"*a".repeat(40)}b`],
    ["groups that repeat", "+(a|aa)+(a|aa)+(a|aa)b"],
    ["folders of any depth", `${"**/".repeat(100)}x`],
    ["folders of any depth, taken out", `!${"**/*/".repeat(100)}x`],
  ])("are found in time that their number says, whatever a pattern has: %s", (_, pattern) => {
    const host = new HostFiles(makeHost(packages(...Array.from({ length: 20 }, (_, at) => `${"a".repeat(200)}${at}/b`))))
    const begin = performance.now()
    foldersOf(host, ".", [pattern, "*/*"])
    expect(performance.now() - begin).toBeLessThan(5_000)
  })
})
