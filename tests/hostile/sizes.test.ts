/** Files that are long, many or full of the same (H17): a run ends within seconds, planned or refused with a code. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { chimerai, makeHost, minimalHost, type Tree } from "../support/host"

/** Seconds. Each took half a minute, or never came back. */
const soon = 20
/** What of the processor the runs have taken, where the system tells; the clock would count what other programs take, too. */
function seconds(): number {
  if (!existsSync("/proc/self/stat")) return Date.now() / 1000
  const [user, system] = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")
    .slice(13, 15)
    .map(Number)
  return ((user ?? 0) + (system ?? 0)) / 100
}
const many = (count: number, line: (at: number) => string) => Array.from({ length: count }, (_, at) => line(at)).join("\n")
const auth = String(minimalHost["auth.ts"])
const schema = String(minimalHost["prisma/schema.prisma"])
const client = String(minimalHost["lib/prisma.ts"])
const manifest = String(minimalHost["package.json"])

const closing: Record<string, string> = { "`${": "}`", "import('a').b<": ">" }

describe("files that are long, many, or full of the same", () => {
  test.each<[string, string, () => Tree]>([
    [
      "a module of thousands of exports and statements",
      "planned",
      () => ({ "lib/prisma.ts": `${client}${many(4_000, (at) => `export const e${at} = 1`)}\n${"x=1;\n".repeat(70_000)}` }),
    ],
    [
      "a page of thousands of sign-ins",
      "planned",
      () => ({
        "auth.ts": auth.replace("[GitHub]", '[GitHub], pages: { signIn: "/login" }'),
        "app/login/page.tsx": `import { signIn } from "next-auth/react";\nexport default function Page() {\n${many(16_000, () => "signIn('c',{redirect:false});")}\nreturn null }\n`,
      }),
    ],
    [
      "a model of thousands of fields",
      "planned",
      () => ({ "prisma/schema.prisma": schema.replace("  email", `${many(60_000, (at) => `  otp${at} Int?`)}\n  email`) }),
    ],
    [
      "a range of thousands of parts",
      "next_version_unsupported",
      () => ({ "package.json": manifest.replace("16.4.6", many(60_000, (at) => `>=1.0.${at}`).replaceAll("\n", " ")) }),
    ],
    [
      "hundreds of thousands of aliases",
      "config_invalid",
      () => ({
        "tsconfig.json": `{ "compilerOptions": { "paths": {${many(400_000, (at) => `"x${at}/*": ["./y/*"],`)} "@/*": ["./*"] } } }`,
      }),
    ],
    [
      "aliases that all stand for long names, in many places",
      "planned",
      () => ({
        "tsconfig.json": `{ "compilerOptions": { "paths": {${many(900, (at) => `"${"z".repeat(at + 1)}*": [${many(10, (to) => `"./q${to}/*"`).replaceAll("\n", ",")}],`)} "@/*": ["./*"] } } }`,
        "auth.ts": `${many(100, (at) => `import "${"z".repeat(1_100)}${at}";`)}\n${auth}`,
      }),
    ],
    [
      "options of options of options, forty times each",
      "nested_too_deeply",
      () => ({
        "auth.ts": `${many(6, (at) => `const l${at} = { ${`...l${at + 1}, `.repeat(40)} };`)}\nconst l6 = {};\n${auth.replace("NextAuth({", "NextAuth({ ...l0,")}`,
      }),
    ],
    ["a word in a row that may begin a declaration", "parse_failed", () => ({ "auth.ts": `${auth}\n${"public ".repeat(60_000)}` })],
    [
      "such words in many modules that nothing is decided by",
      "planned",
      () =>
        Object.fromEntries(
          Array.from({ length: 20 }, (_, at) => [`lib/m${at}.ts`, `signIn;"next-auth/react";${"static ".repeat(20_000)}`]),
        ),
    ],
    ...["() => ", "`${", "import('a').b<"].map((open): [string, string, () => Tree] => [
      `forty times infer U extends ${open}`,
      "parse_failed",
      () => ({
        "auth.ts": `${auth}\ntype A = ${`infer U extends ${open}`.repeat(40)}c${`${closing[open] ?? ""} ? 1 : 2`.repeat(40)};\n`,
      }),
    ]),
    ...["async(", "\\u0061sync(", "async<T>(", "async /* ( */ (a = "].map((call): [string, string, () => Tree] => [
      `forty times ${call}`,
      "parse_failed",
      () => ({ "auth.ts": `${auth}\nexport const x = () => ${call.repeat(40)}1${")".repeat(40)};\n` }),
    ]),
    [
      "functions in functions",
      "planned",
      () => ({ "auth.ts": `${auth}\nexport const x = ${"async (a = 1) => f(async () => { ".repeat(12)}${"})".repeat(12)};\n` }),
    ],
    [
      "an alias for a hundred places",
      "config_invalid",
      () => ({
        "tsconfig.json": `{ "compilerOptions": { "paths": { "@/*": [${many(100, (to) => `"./q${to}/*"`).replaceAll("\n", ",")}] } } }`,
      }),
    ],
    [
      "a schema of megabytes of comments",
      "file_too_large",
      () => ({ "prisma/schema.prisma": null, "prisma/schema/a.prisma": schema, "prisma/schema/b.prisma": "// x\n".repeat(6_000_000) }),
    ],
    [
      "many modules of megabytes",
      "file_too_large",
      () => ({
        "auth.ts": many(5, (at) => `import "./m${at}";`) + auth,
        ...Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`m${at}.ts`, "x=1;\n".repeat(2_000_000)])),
      }),
    ],
    [
      "many modules that are long",
      "planned",
      () => ({
        "auth.ts": many(30, (at) => `import "./m${at}";`) + auth,
        ...Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`m${at}.ts`, "x=1;\n".repeat(90_000)])),
      }),
    ],
    [
      "a sign-in page's path that groups answer in millions of ways",
      "planned",
      () => ({
        "auth.ts": auth.replace("[GitHub]", `[GitHub], pages: { signIn: "${"/(a)".repeat(30)}/login" }`),
        [`app${"/(a)".repeat(30)}/x.txt`]: "",
      }),
    ],
    ["an auth config of megabytes", "parse_failed", () => ({ "auth.ts": auth + "x=1;\n".repeat(3_000_000) })],
    [
      "a config of one long call",
      "prisma_schema_unknown",
      () => ({ "prisma.config.ts": `export default {\n schema: path.join(${'"a", '.repeat(4_000_000)}"b")\n}` }),
    ],
  ])("%s: %s", (_, outcome, tree) => {
    const host = makeHost(tree())
    const start = seconds()
    const { json, stdout, stderr } = chimerai(["add", "mfa", host, "--dry-run", "--json"])
    expect(json.error?.code ?? json.status, stderr).toBe(outcome)
    expect(seconds() - start).toBeLessThan(soon)
    expect(stdout.length).toBeLessThan(50_000)
  })
})

describe("functions and modules that lead to one another in ever more ways", () => {
  const nextAuth = 'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\n'
  const files = (count: number, text: (at: number) => string): Tree =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`b/m${at}.ts`, text(at)]))

  test.each<[string, () => Tree]>([
    [
      "each calls the one below thirty times",
      () => ({
        "auth.ts": `${nextAuth}function f0() { return NextAuth({ providers: [] }); }\n${many(6, (at) => `function f${at + 1}() { ${`f${at}();`.repeat(30)} return f${at}(); }`)}\nexport const { handlers, auth } = f6();\n`,
      }),
    ],
    [
      "the same with what they are given",
      () => ({
        "auth.ts": `${nextAuth}function f0(o) { return NextAuth(o); }\n${many(6, (at) => `function f${at + 1}(o) { ${`f${at}(o);`.repeat(30)} return f${at}(o); }`)}\nexport const { handlers, auth } = f6({ providers: [] });\n`,
      }),
    ],
    [
      "helpers that give it to two of the next module",
      () => ({
        ...files(24, (at) => `import { h as a } from "./m${at + 1}";\nexport function h(x) { return [a(x), a(x)]; }\n`),
        "auth.ts": `import { h } from "./b/m0";\n${nextAuth}h(NextAuth);\nexport const { handlers, auth } = NextAuth({ providers: [] });\n`,
      }),
    ],
    [
      "barrels of all other barrels",
      () => ({
        ...files(24, (at) => many(24, (to) => (to === at ? "" : `export * from "./m${to}";`))),
        "auth.ts": `import { nothere } from "./b/m0";\n${nextAuth}nothere(NextAuth);\nexport const { handlers, auth } = NextAuth({ providers: [] });\n`,
      }),
    ],
  ])("%s", (_, tree) => {
    const start = seconds()
    const { json, stderr } = chimerai(["add", "mfa", makeHost(tree()), "--dry-run", "--json"])
    expect(json.status, stderr).toMatch(/^(?:planned|refused)$/)
    expect(seconds() - start).toBeLessThan(soon)
  })
})

test("a package of the workspace is read once, however many of its names are imported", () => {
  const names = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`./n${at}*`, `./src/n${at}*.ts`]))
  const top = makeHost({
    ...Object.fromEntries(Object.entries(minimalHost).map(([path, text]) => [`apps/web/${path}`, text])),
    ...Object.fromEntries(Object.keys(minimalHost).map((path) => [path, null])),
    "package.json": JSON.stringify({ private: true, workspaces: ["apps/*", "packages/*"] }),
    "packages/b/package.json": JSON.stringify({ name: "@a/b", exports: names }),
    "apps/web/auth.ts": `${many(8_000, (at) => `import "@a/b/${at}";`)}\n${minimalHost["auth.ts"]}`,
  })
  const start = seconds()
  const { json, stderr } = chimerai(["add", "mfa", join(top, "apps/web"), "--dry-run", "--json"])
  expect(json.status, stderr).toBe("planned")
  expect(seconds() - start).toBeLessThan(soon)
})

test("status names some places of a file, not thousands", () => {
  const dir = makeHost()
  expect(chimerai(["add", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
  const places = makeHost({ "lib/x.ts": `session\n${"db.user.update({data:{password:1}});\n".repeat(26_000)}` })
  expect(chimerai(["add", "mfa", places, "--yes", "--no-install"]).code).toBe(0)
  const start = seconds()
  const { json, stdout } = chimerai(["status", places, "--json"])
  expect(json.checks).toContainEqual(expect.objectContaining({ id: "password-change" }))
  expect(stdout.length).toBeLessThan(20_000)
  expect(seconds() - start).toBeLessThan(soon)
})

test("status looks at some thousand updates of users in generated code, not at every one", () => {
  const code = `// passw\n${"x.user.update(data:{".repeat(48_000)}`
  const dir = makeHost(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`lib/gen${at}.js`, code])))
  expect(chimerai(["add", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
  const start = seconds()
  expect(chimerai(["status", dir, "--json"]).json.checks).toContainEqual(expect.objectContaining({ id: "hook", state: "ok" }))
  expect(seconds() - start).toBeLessThan(soon)
})

test("remove resolves an import once in a folder, and names some places of a file", () => {
  const dir = makeHost({
    ...Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`gen/${at}.ts`, 'import "./x/totp"\n'.repeat(50_000)])),
    "gen/own.ts": 'import "../lib/mfa/totp"\n'.repeat(40_000),
  })
  expect(chimerai(["add", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
  const start = seconds()
  const { stdout, stderr } = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--dry-run", "--json"])
  expect(stdout).toContain("gen/own.ts")
  expect(stdout.length + stderr.length).toBeLessThan(50_000)
  expect(seconds() - start).toBeLessThan(soon)
})

test("remove finds thousands of variables in a file of a million lines", () => {
  const dir = makeHost({ ".env.example": "A=1\n" })
  expect(chimerai(["add", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
  const path = join(dir, ".chimerai/manifest.json")
  const forged = JSON.parse(readFileSync(path, "utf8"))
  const example = forged.features.mfa.env.find((env: { path: string }) => env.path === ".env.example")
  Object.assign(example, { names: Array.from({ length: 5_000 }, (_, at) => `MFA_X${at}`), hash: "" })
  writeFileSync(path, JSON.stringify(forged))
  writeFileSync(join(dir, ".env.example"), `${"A\n".repeat(1_000_000)}MFA_X4999=1\n`)
  const start = seconds()
  const { json, stderr } = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--dry-run", "--json"])
  expect(json.actions, stderr).toContainEqual(expect.objectContaining({ kind: "env", path: ".env.example" }))
  expect(seconds() - start).toBeLessThan(soon)
})
