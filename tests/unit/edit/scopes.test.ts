/** Names that are declared twice: a bundler says which modules it refuses. */
import { transformSync } from "esbuild"
import { expect, test } from "vitest"
import { parseModule } from "../../../src/edit/typescript/module"
import { declaredTwice } from "../../../src/edit/typescript/scopes"

const twice = (text: string) => {
  const parsed = parseModule("x.ts", text)
  if (!parsed.ok) throw new Error(parsed.message)
  return declaredTwice(parsed.module).map(({ name }) => name)
}

function isBundled(text: string): boolean {
  try {
    // In TypeScript an import may be of a type, which a bundler that sees one file cannot tell.
    transformSync(text, { loader: /\benum\b/.test(text) ? "ts" : "js", format: "esm", logLevel: "silent" })
    return true
  } catch {
    return false
  }
}

test.each([
  'import { a, a } from "x"; a()',
  'import { a } from "x"; import { b as a } from "y"; a()',
  'import { a } from "x"; const a = 1; a()',
  'import a from "x"; function a() {} export { a }',
  'import * as a from "x"; class a {} export { a }',
  "let a = 1; const a = 2; export {}",
  "const { a, b: [a] } = x; export {}",
  "var a = 1; let a = 2; export {}",
  "if (x) { var a = 1 } let a = 2; export {}",
  "function a() {} function a() {} export {}",
  "class a {} class a {} export {}",
  "export const f = () => { const a = 1; let a = 2 }",
  "export const f = (a) => { const a = 1 }",
  "switch (x) { case 1: let a = 1; break; case 2: let a = 2 } export {}",
  "enum a { B } const a = 1; export { a }",
])("refused: %s", (text) => {
  expect(twice(text)).toContain("a")
  expect(isBundled(text)).toBe(false)
})

test.each([
  'import { a } from "x"; import type { a as b } from "x"; export const f = (a) => { { let a = 1 } }',
  'import { a } from "x"; import { type a as T } from "y"; a()',
  "function a(x: string): void; function a(x: number): void; function a(x) {} export { a }",
  "interface a { b: 1 } class a {} interface a { c: 1 } export { a }",
  "type a = 1; const a = 1; export { a }",
  "enum a { B } enum a { C = 2 } namespace a { export const d = 1 } export { a }",
  "class a {} namespace a { export const d = 1 } export { a }",
  "var a = 1; var a = 2; export { a }",
  "export function f(a) { var a = 1 }",
  "declare const a: number; declare function a(): void; export {}",
  "for (let a = 0; ; ) { let a = 1 } export {}",
  "export const f = () => { const a = 1 }, g = () => { const a = 1 }",
])("taken: %s", (text) => {
  expect(twice(text)).toEqual([])
})
