import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { transformSync } from "esbuild"
import { describe, expect, test } from "vitest"
import { eraseTypes } from "../../../src/edit/typescript/erase-types"
import { parseModule } from "../../../src/edit/typescript/module"
import { root } from "../../support/paths"

const erased = (text: string) => eraseTypes("lib/file.tsx", text)

describe("what goes and what stays", () => {
  test.each([
    ["annotations", "export function f(a: string, b?: number): Promise<void> {}\n", "export function f(a, b) {}\n"],
    ["arrows and generics", "const f = <T,>(run: () => T): T => run()\n", "const f = (run) => run()\n"],
    ["assertions", "const a = (b as { c: string }).c as unknown as D\n", "const a = b.c\n"],
    ["const and satisfies", "const a = [1] as const\nconst b = {} satisfies B\n", "const a = [1]\nconst b = {}\n"],
    ["type imports", 'import type A from "a"\nimport { b, type C } from "b"\n', 'import { b } from "b"\n'],
    ["an import of types only", 'import { type C } from "b"\nlet x\n', "let x\n"],
    ["type arguments", "const m = new Map<string, Map<string, number>>()\n", "const m = new Map()\n"],
    ["elements", "const e = <List<Item> of={items} />\n", "const e = <List of={items} />\n"],
    [
      "a type with its comment",
      "/** kept */\nlet a\n\n/** What it is. */\nexport type A = { b: string }\n\nlet c\n",
      "/** kept */\nlet a\n\nlet c\n",
    ],
    [
      "fields",
      "class A {\n  readonly b: string\n  override name = 'x'\n  private static c?: number\n}\n",
      "class A {\n  b\n  name = 'x'\n  c\n}\n",
    ],
    ["this", "function f(this: Window, a: string) {}\n", "function f(a) {}\n"],
  ])("%s", (_name, text, expected) => {
    expect(erased(text)).toBe(expected)
  })
})

/** What a JavaScript host gets is what the TypeScript says: another compiler is the judge. */
const recorded = join(root, "tests/e2e/__snapshots__")
const files = ["next15-v4-jwt", "next14-v4-pages", "next16-credentials"].flatMap((name) =>
  readdirSync(join(recorded, name), { recursive: true, encoding: "utf8" })
    .filter((path) => /mfa.*\.tsx?\.txt$/.test(path))
    .map((path) => join(recorded, name, path)),
)

test.each(files.map((path) => [path.slice(recorded.length + 1), path]))("%s means the same without its types", (_name, path) => {
  const text = readFileSync(path, "utf8")
  const target = path.replace(/\.txt$/, "")
  const javascript = eraseTypes(target, text)
  const loader = target.endsWith("x") ? "tsx" : "ts"
  const options = {
    target: "esnext",
    jsx: "preserve",
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: true, verbatimModuleSyntax: true } },
  } as const
  expect(transformSync(javascript, { loader: "jsx", ...options }).code).toBe(transformSync(text, { loader, ...options }).code)
  expect(parseModule(target.replace(/\.ts(x?)$/, ".js$1"), javascript).ok).toBe(true)
  expect(javascript).not.toMatch(/\n\n\n|[ \t]$/m)
})
