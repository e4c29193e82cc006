import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
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

const nested = (n: number, open: string, inner: string, close: string) => open.repeat(n) + inner + close.repeat(n)

// The parser takes twice as long for each level: of thirty it does not come back.
test.each([
  ["a constraint in parentheses", `type X = A extends ${nested(30, "(infer U extends (", "B", ")) ? C : D")} ? 1 : 2;`],
  ["a constraint in brackets", `type X = A extends ${nested(30, "[infer U extends [", "B", "] ? C : D]")} ? 1 : 2;`],
  [
    "one behind a template",
    `const x = { a: \`\${1}\` };\ntype X = A extends ${nested(30, "(infer U extends (", "B", ")) ? C : D")} ? 1 : 2;`,
  ],
  ["one behind an expression", `const x = /\`/;\ntype X = A extends ${nested(30, "(infer U extends (", "B", ")) ? C : D")} ? 1 : 2;`],
  ["a call behind a template", `const x = \`\${1}\`;\n${nested(30, "async(", "x", ")")};`],
])("what the parser does not come back from is refused: %s", (_, text) => {
  expect(parseModule("x.ts", text)).toMatchObject({ ok: false, message: expect.stringContaining("nested too deeply") })
})

test("types of many constraints side by side are read", () => {
  const tuple = Array.from({ length: 30 }, (_, at) => `infer T${at} extends (string | (number))`).join(", ")
  const chain = "A extends [infer B extends (string)] ? (C) : ".repeat(30)
  expect(parseModule("x.ts", `type X<A> = A extends [${tuple}] ? 1 : 2;\ntype Y<A, C> = ${chain}never;\n`).ok).toBe(true)
})
