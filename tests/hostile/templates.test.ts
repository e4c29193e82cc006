/** The templates of a feature folder that somebody else has written (H10, H15, H17, H18). */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { compileTemplate } from "../../src/feature/compile"
import { chimerai, makeHost, snapshot } from "../support/host"
import { featureWith } from "../support/hostile"

const template = "files/lib/mfa.ts.hbs"

/** `add` refuses the feature, names the file of its author's that is wrong, prints JSON alone and changes nothing. */
function refusedWith(templates: string, named = /./): void {
  const dir = makeHost()
  const before = snapshot(dir)
  const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", "--templates", templates])
  expect([run.code, run.json.error?.code], run.stdout + run.stderr).toEqual([1, "feature_invalid"])
  expect(run.json.error.message).toMatch(named)
  expect(run.stderr).not.toContain("in chimerai itself")
  expect(snapshot(dir)).toEqual(before)
}

const appended = (path: string, text: string): string => {
  const dir = featureWith(() => {})
  appendFileSync(join(dir, path), text)
  return dir
}

describe("a template calls nothing but what it is given", () => {
  test.each([
    '{{log "\u001B[2J\u001B]0;owned\u0007 hello"}}',
    "{{log}}",
    '{{{log "x"}}}',
    '{{[log] "x"}}',
    '{{"log" "x"}}',
    '{{str (log "x")}}',
    '{{str appName x=(log "x")}}',
    '{{#if (log "x")}}{{/if}}',
    '{{#log "x"}}{{/log}}',
    '{{{{log "x"}}}} {{{{/log}}}}',
    '{{lookup @root "user"}}',
    "{{#user}}{{/user}}",
    "{{helperMissing 1}}",
  ])("%s", (text) => refusedWith(appended(template, `// ${text}\n`)))

  test("names, conditions and our own helpers are what they were", async () => {
    const render = await compileTemplate("{{str (eq a 1)}}{{#unless b}}{{a}}{{/unless}}")
    expect(render({ a: 1, b: false }, { helpers: { str: String, eq: (a, b) => a === b } })).toBe("true1")
  })
})

describe("code that a bundler refuses is not written", () => {
  test.each([
    [
      "an import of what is not there",
      'import { gone } from "./mfa/gone"\n',
      /^What would be written is no code: lib\/mfa\.ts imports \.\/mfa\/gone/,
    ],
    ["a name twice", "const twice = 1\nconst twice = 2\n", /lib\/mfa\.ts declares twice twice/],
    ["no code at all", "const = 1\n", /lib\/mfa\.ts does not parse/],
  ])("%s", (_, text, named) => refusedWith(appended(template, text), named))
})

describe("a feature's models are models", () => {
  test.each<[string, string]>([
    ["a generator", '\ngenerator evil {\n  provider = "touch ran; node"\n}\n'],
    ["a datasource", '\ndatasource other {\n  provider = "sqlite"\n  url = "file:x"\n}\n'],
    ["a view", "\nview MfaView {\n  id Int @unique\n}\n"],
    ["a generator that a comment is to hide", '\n/*\ngenerator evil {\n  provider = "x"\n}\n*/\n'],
    ["half a block", "\nmodel"],
  ])("%s", (_, text) => refusedWith(appended("schema.prisma.hbs", text), /^schema\.prisma\.hbs/))

  test("a schema file among the others", () => {
    const dir = featureWith((one) => {
      one.files.push({ template: "evil.prisma.hbs", target: "prisma/mfa-evil.prisma" })
    })
    writeFileSync(join(dir, "files/evil.prisma.hbs"), 'generator evil {\n  provider = "touch ran; node"\n}\n')
    refusedWith(dir, /evil\.prisma\.hbs/)
  })
})

describe("a mistake in a template is its author's, and is named", () => {
  test.each([
    "{{nothing}}",
    "{{#if",
    "{{else}}",
    '{{cls "nope"}}',
    '{{host "x"}}',
    "{{str nothing}}",
    "{{nope 1}}",
    "{{#each}}{{/each}}",
    "{{#with}}{{/with}}",
    "{{{{raw}}}} {{{{/raw}}}}",
    `${"{{#if x}}".repeat(5_000)}${"{{/if}}".repeat(5_000)}`,
  ])("%s", (text) => refusedWith(appended(template, `${text}\n`), /files\/lib\/mfa\.ts\.hbs|A template has/))

  test("in the models, too", () => refusedWith(appended("schema.prisma.hbs", "\n{{nothing}}\n"), /^schema\.prisma\.hbs/))
})

describe("a template comes to an end", () => {
  test.each<[string, () => string]>([
    ["of many places", () => appended(template, "{{v4}}".repeat(10_000))],
    ["of many bytes", () => appended(template, `${"x".repeat(200_000)}{{v4}}`)],
    ["of calls in one another", () => appended(template, `{{${"str (".repeat(32)}"\\""${")".repeat(32)}}}`)],
    [
      "that is used many times",
      () => {
        const dir = featureWith((one) => {
          const copies = Array.from({ length: 800 }, (_, at) => ({ template: "big.ts.hbs", target: `{base}lib/big${at}.ts` }))
          one.files.push(...copies)
        })
        writeFileSync(join(dir, "files/big.ts.hbs"), `{{#each @root}}${"// x\n".repeat(15_000)}{{/each}}`)
        return dir
      },
    ],
    [
      "without anything to fill in, many times",
      () => {
        const dir = featureWith((one) => {
          one.files.push(...Array.from({ length: 800 }, (_, at) => ({ template: "big.ts.hbs", target: `{base}lib/big${at}.ts` })))
        })
        writeFileSync(join(dir, "files/big.ts.hbs"), "// x\n".repeat(180_000))
        return dir
      },
    ],
  ])("one %s", (_, dir) => {
    const start = Date.now()
    refusedWith(dir())
    expect(Date.now() - start).toBeLessThan(20_000)
  })
})

test("the models of the built-in feature are none of these", () => {
  const dir = featureWith(() => {})
  expect(readFileSync(join(dir, "schema.prisma.hbs"), "utf8")).not.toMatch(/generator|datasource/)
  appendFileSync(join(dir, "schema.prisma.hbs"), "\nenum MfaKind {\n  ONE\n  TWO\n}\n")
  expect(chimerai(["add", "mfa", makeHost(), "--dry-run", "--json", "--templates", dir]).json.status).toBe("planned")
})
