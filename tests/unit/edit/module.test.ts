import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { expect, test } from "vitest"
import { parseModule } from "../../../src/edit/typescript/module"
import { makeHost } from "../../support/host"
import { cli } from "../../support/paths"

// Found by the fuzzer (seed 6014): TypeScript's reader of documentation comments does not come back from this one.
test.each(["auth.ts", "auth.js"])("a documentation comment without an end is an error of %s", (path) => {
  const dir = makeHost()
  const text = "const x = 1\n/** Whatt-au"
  writeFileSync(join(dir, "auth.ts"), text)
  // In a process of its own, which can be ended.
  const run = spawnSync(process.execPath, [cli, "add", "mfa", dir, "--yes", "--json"], { encoding: "utf8", timeout: 30_000 })
  expect([run.signal, run.status]).toEqual([null, 3])
  expect(parseModule(path, text)).toMatchObject({ ok: false, message: "'*/' expected.", offset: text.length })
})

const require = createRequire(import.meta.url)
const nested = (n: number, open: string, inner: string, close: string) => open.repeat(n) + inner + close.repeat(n)

const constraint = (n: number, open: string, close = "") =>
  `type X = A extends ${nested(n, `infer U extends ${open}`, "B", `${close} ? 1 : 2`)} ? 1 : 2;`

// The parser takes twice as long for each level, whatever makes it: of sixteen it takes a second, of forty it does not come back.
const levels = 16
const doubling: [string, string][] = [
  ["a constraint in parentheses", `type X = A extends ${nested(levels, "(infer U extends (", "B", ")) ? C : D")} ? 1 : 2;`],
  ["a constraint in brackets", constraint(levels, "[", "]")],
  ["a constraint in braces", constraint(levels, "{ a: ", "}")],
  ["what a function gives back", constraint(levels, "() => ")],
  ["what a constructor makes", constraint(levels, "new () => ")],
  ["what a generic function gives back", constraint(levels, "<T>() => ")],
  ["what a guard says", constraint(levels, "() => x is ")],
  ["what an import is given", constraint(levels, "import('a').b<", ">")],
  ["a part of a template", constraint(levels, "`${", "}`")],
  ["a default of a class in a parameter", `type X = ${nested(levels, "({ a = class { b: ", "B", "} })")}`],
  ["a call of async", nested(levels, "async(", "x", ")")],
  ["one with a type", nested(levels, "async<T>(", "x", ")")],
  ["one with an assignment", nested(levels, "async /* ( */ (a = ", "x", ")")],
  ["one that is spelled otherwise", nested(levels, "\\u0061sync(", "x", ")")],
  ["one behind a template", `const x = { a: \`\${1}\` };\n${constraint(levels, "(", ")")}`],
  ["one behind an expression", `const x = /\`/;\n${constraint(levels, "(", ")")}`],
]
const refusal = { ok: false, message: expect.stringContaining("nested too deeply") }

test.each(doubling)("what the parser does not come back from is refused: %s", (_, text) => {
  expect(parseModule("x.ts", text)).toMatchObject(refusal)
})

test("what the parser has been taken away from does not become part of the next text", () => {
  // It remembers where no arrow function begins.
  const arrow = "                            (a = 1) => a;\n"
  for (let at = 0; at < 40; at++) {
    expect(parseModule("x.ts", `${" ".repeat(at)}(a) + ${nested(levels, "async(", "x", ")")}`)).toMatchObject(refusal)
    const result = parseModule("y.ts", arrow.slice(at % 28))
    expect(result).toMatchObject({ ok: true })
    if (result.ok) expect(result.module.source.statements.map((statement) => statement.getText())).toEqual(["(a = 1) => a;"])
  }
})

test("code that is written densely, and deep nesting that is no riddle, is read", () => {
  const call = require.resolve("next/dist/build/polyfills/polyfill-nomodule.js")
  expect(parseModule("x.js", readFileSync(call, "utf8")).ok).toBe(true)
  expect(parseModule("x.js", "x=1;".repeat(100_000)).ok).toBe(true)
  for (const [open, close] of [
    ["f(", ")"],
    ["[", "]"],
    ["async () => f(", ")"],
    ["(a) => (", ")"],
    ["await f(async () => ", ")"],
  ] as const)
    expect(parseModule("x.ts", `const x = ${nested(50, open, "1", close)}`)).toMatchObject({ ok: true })
})

test("types of many constraints side by side are read", () => {
  const tuple = Array.from({ length: 30 }, (_, at) => `infer T${at} extends (string | (number))`).join(", ")
  const chain = "A extends [infer B extends (string)] ? (C) : ".repeat(30)
  expect(parseModule("x.ts", `type X<A> = A extends [${tuple}] ? 1 : 2;\ntype Y<A, C> = ${chain}never;\n`).ok).toBe(true)
})
