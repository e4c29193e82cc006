/**
 * Reading takes as long as there is to read (H17): each reader gets a text of n and one of 4n, in the same run. Four
 * times as long is right; sixteen times is what an expression takes that looks for its end from every place.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { appendEnv } from "../../src/edit/env"
import { distance, takeOut } from "../../src/edit/merge"
import { addDependencies, missingDependencies } from "../../src/edit/package-json"
import { addFields, addModels } from "../../src/edit/prisma/edit"
import { scanSchema } from "../../src/edit/prisma/scan"
import { propertyOfConfig, writtenPath } from "../../src/edit/typescript/config-object"
import { parseModule, walk } from "../../src/edit/typescript/module"
import { CliError } from "../../src/errors"
import { findBypasses } from "../../src/host/bypasses"
import { detectEnv, maySet, valueIn } from "../../src/host/env"
import { HostFiles } from "../../src/host/files"
import { detectFormatting } from "../../src/host/formatting"
import { tooMuch } from "../../src/host/json"
import { runsOn } from "../../src/host/middleware"
import { isMigrated } from "../../src/host/migrations"
import { Modules } from "../../src/host/modules"
import { readNextConfig } from "../../src/host/next-config"
import { Packages } from "../../src/host/packages"
import { detectSchema } from "../../src/host/prisma"
import { findSchema } from "../../src/host/schema-files"
import { importsOf, packagesUsed } from "../../src/host/sources"
import { Aliases } from "../../src/host/tsconfig"
import type { AuthFacts, PrismaFacts } from "../../src/host/types"
import { versionOf } from "../../src/host/workspace"
import { visible, visibleLines } from "../../src/visible"
import { chimerai, makeHost, minimalHost } from "../support/host"

const small = 10_000
/** Below, the processor's time says more of the machine than of the reader. */
const soon = 60 // ms
/** A machine that does other things as well is seldom measured right at once; a reader that is not linear never is. */
const attempts = 10

/** What of the processor it takes: the clock would count what other programs take, too. */
function timeOf(read: () => unknown): number {
  const start = process.cpuUsage()
  read()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

function expectLinear(make: (n: number) => string, read: (text: string) => unknown): void {
  const [one, four] = [make(small), make(4 * small)]
  read(one)
  const [first, fourth]: [number[], number[]] = [[], []]
  for (let attempt = 0; attempt < attempts; attempt++) {
    first.push(timeOf(() => read(one)))
    fourth.push(timeOf(() => read(four)))
    if (Math.min(...fourth) < Math.max(soon, 9 * Math.min(...first))) return
  }
  expect.fail(`${Math.min(...first)} ms for one, ${Math.min(...fourth)} ms for four, at the best of ${attempts}`)
}

const dir = makeHost()
const locked = makeHost()
const blank = (n: number) => "\n".repeat(n)
/** What Prisma's config says of the schema. */
const schemaPath = (text: string) => {
  const parsed = parseModule("prisma.config.ts", text)
  const stated = parsed.ok ? propertyOfConfig(parsed.module, "schema")?.value : null
  return parsed.ok && stated ? writtenPath(parsed.module, stated) : null
}
const files = (path: string, text: string) => new HostFiles(dir, new Map([[path, text]]))
const model = (body: string) => `model User {\n  id String @id\n${body}\n  email String\n}\n`
const modules = await Modules.of(new HostFiles(dir))
const client: PrismaFacts["client"] = { file: "lib/prisma.ts", export: "prisma", specifier: null, isOwn: false, replicas: false }
const signIn = { calls: ["auth.ts"], signIns: { tables: [] as string[] } } as unknown as AuthFacts
const schemaOf = (text: string) => detectSchema(files("prisma/schema.prisma", text), modules, signIn, client, {})
function configOf(text: string): unknown {
  const host = files("next.config.ts", text)
  try {
    return readNextConfig(host, new Modules(host, new Aliases(host), modules.locate, new Packages(host)))
  } catch (error) {
    if (error instanceof CliError) return error.code
    throw error
  }
}

describe("linear", () => {
  test.each<[string, (n: number) => string, (text: string) => unknown]>([
    [".prettierrc of blank lines", (n) => `${blank(n)}x`, (text) => detectFormatting(files(".prettierrc", text))],
    [".prettierrc of comments that never end", (n) => "/*".repeat(n), (text) => detectFormatting(files(".prettierrc", text))],
    [".prettierrc of one long word", (n) => "a".repeat(10 * n), (text) => detectFormatting(files(".prettierrc", text))],
    [".editorconfig of sections that never end", (n) => "[\n".repeat(n), (text) => detectFormatting(files(".editorconfig", text))],
    [".editorconfig of blank lines", (n) => `[*]\n${blank(n)}x`, (text) => detectFormatting(files(".editorconfig", text))],
    ["next.config of blank lines", (n) => `${blank(n)}x`, configOf],
    ["next.config of one word", (n) => "basePath\n".repeat(n), configOf],
    ["next.config of wrappers", (n) => `export default ${"with(".repeat(n / 100)}{ basePath: "" }${")".repeat(n / 100)}`, configOf],
    ["next.config of a sum", (n) => `export default { basePath: ${"'' + ".repeat(n)}'' }`, configOf],
    ["next.config of spreads", (n) => `export default { ${"...a,".repeat(n)} pageExtensions: [${"'ts', ".repeat(n)}] }`, configOf],
    ["a schema of comments that never end", (n) => "/*".repeat(n), scanSchema],
    ["a schema of a string that never ends", (n) => model(`  x String @map("${'\\"'.repeat(n)}`), scanSchema],
    ["a schema of blank lines", (n) => model(blank(n)), (text) => addFields(text, "User", [{ name: "x", type: "Int" }])],
    [
      "a schema that ends in blanks",
      (n) => model("").replace("\n}", ` ${"\n \t".repeat(n)}}`),
      (text) => addFields(text, "User", [{ name: "x", type: "Int" }]),
    ],
    [
      "a schema of open parentheses",
      (n) => model(`  x String ${"@db.A(".repeat(n)}`),
      (text) => addFields(text, "User", [{ name: "x", type: "String" }]),
    ],
    ["the schema's facts, of open parentheses", (n) => model(`  y String ${"@@schema(".repeat(n)}`), schemaOf],
    ["models with comments", (n) => `${"/// x\n".repeat(n)}model X {\n  id Int\n}\n`, (text) => addModels("", text)],
    ["an env file of blank lines", (n) => `${blank(n)}x`, (text) => appendEnv(text, [{ name: "A", value: "b", comment: "c" }])],
    [
      "package.json with blanks before an entry",
      (n) => `{"dependencies":{"a":"1",${blank(n)}"z":"1"}}`,
      (text) => addDependencies(text, [{ name: "m", range: "1", dev: false }]),
    ],
    [
      "package.json with many entries",
      (n) => `{${Array.from({ length: n }, (_, at) => `"a${at}":1`).join(",")}}`,
      (text) => missingDependencies(text, [{ name: "m", range: "1", dev: false }]),
    ],
    [
      "a config whose schema is joined of many parts",
      (n) => `export default { schema: join(${'"a", '.repeat(n)}"b") }`,
      (text) => schemaPath(text),
    ],
    [
      "a config of constants that name each other",
      (n) =>
        `${Array.from({ length: n }, (_, at) => `const a${at} = join(a${at + 1}, a${at + 1})`).join("\n")}\nexport default { schema: a0 }`,
      (text) => schemaPath(text),
    ],
    ["a datasource of blanks in a value", (n) => `datasource db {\n  provider = a${" ".repeat(n)}b\n}\n${model("")}`, schemaOf],
    [
      "a script of one word",
      (n) => JSON.stringify({ scripts: { x: "prisma ".repeat(n) } }),
      (text) => findSchema(files("package.json", text), modules, "lib/prisma.ts"),
    ],
    ["imports of blanks", (n) => `from${" ".repeat(n)}x`, (text) => importsOf(files("x.ts", text), new Set(["lib/y.ts"]), () => null)],
    ["code of quotes", (n) => `"otpauth`.repeat(n), (text) => packagesUsed(files("x.ts", text), ["(x+x+)+y", "otpauth"], new Set())],
    [
      "code of one word in a line",
      (n) => "headers ".repeat(n),
      (text) => findBypasses(files("x.ts", `session ${text}`), new Set(), "user"),
    ],
    [
      "code of imports that never end",
      (n) => `session\n${"import a\n".repeat(n)}`,
      (text) => findBypasses(files("x.ts", text), new Set(), "user"),
    ],
    [
      "a migration of one word",
      (n) => "CREATE TABLE ".repeat(n),
      (text) =>
        isMigrated(files("prisma/migrations/1/migration.sql", text), { schema: "prisma/schema.prisma" } as PrismaFacts, ["MfaFactor"]),
    ],
    [".env of blank lines", (n) => `${blank(n)}x`, (text) => detectEnv(files(".env", text))],
    [
      "a lockfile of blank lines",
      (n) => `${blank(n)}x`,
      (text) => {
        writeFileSync(join(locked, "pnpm-lock.yaml"), text)
        versionOf(new HostFiles(locked), "next", "^16.0.0", "{}")
      },
    ],
    ["a variable behind blank lines", (n) => `${blank(n)}A=1`, (text) => valueIn(text, "A")],
    ["a variable without a value, before blank lines", (n) => `A=${blank(n)}`.repeat(2), (text) => maySet(text, "A")],
    ["a file of one variable", (n) => "A=\n".repeat(n), (text) => maySet(text, "A")],
    ["JSON of brackets", (n) => '"["{'.repeat(n), tooMuch],
    ["text of escapes", (n) => "\u001B[31m\u202E".repeat(n), (text) => [visible(text), visibleLines(text, true)]],
    [
      "a sum without end",
      (n) => `x = ${"1 + ".repeat(n)}1`,
      (text) => {
        const parsed = parseModule("x.ts", text)
        if (!parsed.ok) throw new Error(parsed.message)
        let count = 0
        walk(parsed.module.source, () => count++)
        expect(count).toBeGreaterThan(small)
      },
    ],
  ])("%s", (_, make, read) => expectLinear(make, read))
})

describe("bounded", () => {
  // Without a bound each of these takes hours, or all memory: that it ends is what is tested.
  test.each<[string, string]>([
    ["forty groups of anything", `/${"(.*)".repeat(40)}x`],
    ["a group that repeats a group", "/((a+)+)x"],
    ["a name that repeats a group", "/:x((?:a*)*)y"],
    ["forty names", `/${":a*".repeat(40)}`],
    ["counted groups", "/((a{1,}){1,}){1,}x"],
    ["a pattern without measure", `/${"a".repeat(100_000)}`],
    ["choices that are the same", `/(${"(?:a|a)".repeat(34)}c)`],
    ["choices that overlap", `/(${"(?:a|[ab])".repeat(34)}c)`],
    ["letters that may be missing", `/(${"a?".repeat(40)}${"a".repeat(40)})`],
    ["groups that may be missing", `/(${"(?:a)?".repeat(40)}c)`],
    ["choices in what must not follow", `/((?!${"(?:a|a)".repeat(34)}c).*)`],
    ["groups in one another", `/(${"(?:".repeat(20)}a${")".repeat(20)})`],
    ["what a group has found", "/(a*\\1*)"],
    ["groups with names", "/((?<x>a)*)"],
    ["parts in braces", "/{a(.*)}*b"],
  ])("a matcher of %s is not tried", (_, pattern) => {
    expect(runsOn([pattern], `/${"a".repeat(60)}/mfa`)).toBe(null)
  })

  test.each<[string, string, boolean]>([
    ["Next.js's own", "/((?!api|_next/static|_next/image|favicon.ico|sitemap.xml|robots.txt).*)", true],
    ["with files left out", "/((?!api|_next/static|_next/image|.*\\.png$).*)", true],
    ["a tree", "/dashboard/:path*", false],
    ["two of them", "/(api|trpc)(.*)", false],
    ["one path", "/login/mfa", true],
    ["that of Supabase", "/((?!_next/static|_next/image|favicon.ico|.*\\.(?:svg|png|jpg|jpeg|gif|webp)$).*)", true],
    ["that of next-intl", "/((?!api|trpc|_next|_vercel|.*\\..*).*)", true],
    ["its languages", "/(de|en)/:path*", false],
    ["its names", "/([\\w-]+)?/mfa(.*)", true],
    [
      "that of Clerk",
      "/((?!_next|[^?]*\\.(?:html?|css|js(?!on)|jpe?g|webp|png|gif|svg|ttf|woff2?|ico|csv|docx?|xlsx?|zip|webmanifest)).*)",
      true,
    ],
    ["a named choice", "/:lang(de|en)?/login/:path((?!x).*)", true],
  ])("a usual matcher, %s, is", (_, pattern, runs) => {
    expect(runsOn([pattern], "/login/mfa")).toBe(runs)
  })

  test("a path that somebody has made long is not tried", () => {
    expect(runsOn(["/(.*)(.*)(.*)(.*)x"], `/${"a".repeat(5_000)}`)).toBe(null)
  })

  test("a matcher of more paths than people write is not tried", () => {
    const pattern = "/(.*x.*x.*x.*x!)"
    expect(runsOn(Array(100).fill("/login/mfa"), "/login/mfa")).toBe(true)
    expect(runsOn(Array(10_000).fill(pattern), `/${"x".repeat(95)}`)).toBe(null)
  })

  test("a whole run on a matcher of choices ends", () => {
    const host = makeHost({
      "auth.ts": String(minimalHost["auth.ts"]).replace("[GitHub]", `[GitHub], pages: { signIn: "/${"a".repeat(34)}" }`),
      "proxy.ts": `export function proxy() {}\nexport const config = { matcher: ["/(${"(?:a|a)".repeat(34)}c)"] };\n`,
    })
    const run = chimerai(["add", "mfa", host, "--dry-run", "--json"])
    expect(run.json.status, run.stderr).toBe("planned")
  })

  test.each(["((.|.|\\s)*)*mfa", "mfa("])("a model called %s is no model, and not looked for as an expression", (name) => {
    const host = makeHost({ "prisma/schema.prisma": `${minimalHost["prisma/schema.prisma"]}\nmodel ${name} {\n  id Int @id\n}\n` })
    const run = chimerai(["add", "mfa", host, "--dry-run", "--json"])
    expect(run.json.error?.code, run.stderr).toBe("prisma_schema_invalid")
  })

  test.each(["tabWidth: 1000000", "printWidth: 99999999", '"tabWidth": 1e6'])("the number of %s is left to its default", (text) => {
    const options = detectFormatting(files(".prettierrc", text))?.options
    expect(options?.tabWidth ?? 2).toBeLessThan(33)
    expect(options?.printWidth ?? 80).toBeLessThan(1_000)
  })

  test("texts that have nothing in common are not compared to the end", () => {
    const lines = (name: string) => Array.from({ length: 60_000 }, (_, at) => `${name}${at}`).join("\n")
    const [mine, ours] = [lines("a"), lines("b")]
    expect(distance(mine, ours)).toBeGreaterThan(1_000)
    expect(takeOut(mine, ours, [{ at: 0, text: "b0\n" }])).toBe(null)
  })

  test("a whole run on 200,000 blank lines ends", () => {
    const host = makeHost({
      ".prettierrc": `${blank(200_000)}tabWidth: 4\n`,
      "next.config.ts": `${blank(200_000)}export default {}\n`,
      "auth.ts": `import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\n${blank(200_000)}void prisma;\nexport const { handlers } = NextAuth({ providers: [] });\n`,
    })
    const run = chimerai(["add", "mfa", host, "--dry-run", "--json"])
    expect(run.json.status, run.stderr).toBe("planned")
  })
})
