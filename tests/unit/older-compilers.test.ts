/**
 * The generated code under the settings of apps that began years ago: no `target`, which is ES5 for TypeScript, and a
 * library from before 2021. Packages are not installed here: what is unknown of them is not looked at, what the syntax
 * and the library are asked for is.
 */
import { join } from "node:path"
import ts from "typescript"
import { describe, expect, test } from "vitest"
import { copyFixture } from "../../scripts/apps.mjs"
import { eraseTypes } from "../../src/edit/typescript/erase-types"
import { loadFeature } from "../../src/feature/load"
import { type RenderedFile, render } from "../../src/feature/render"
import { detect } from "../../src/host/detect"
import { makeHost } from "../support/host"

const fixtures = ["next16-credentials", "next15-t3-database", "next15-v4-jwt", "next14-v4-pages", "next14-split-early"]

/** The fixture with another kind of id: big integers have literals that older targets do not know. */
async function rendered(fixture: string): Promise<RenderedFile[][]> {
  const feature = loadFeature("mfa")
  const { host } = await detect(copyFixture(fixture, join(makeHost(), "app"), { modules: false }), feature.requires)
  const big = { ...host, prisma: { ...host.prisma, userId: { ...host.prisma.userId, type: "BigInt" } } }
  const files = await Promise.all([host, big].map(async (one) => (await render(feature, one, eraseTypes)).files))
  return files.map((ofOne) => ofOne.map(({ path, text }) => ({ path: `/${path}`, text })))
}

const options: ts.CompilerOptions = {
  // The aliases of the fixtures.
  paths: { "@/*": ["/src/*", "/*"], "~/*": ["/src/*"] },
  target: ts.ScriptTarget.ES5,
  ignoreDeprecations: "5.0",
  lib: ["lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.es2020.d.ts"],
  types: [],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  jsx: ts.JsxEmit.Preserve,
  strict: true,
  noEmit: true,
}
/** Iteration, flags of regular expressions, big integers, and members that only a newer library has. */
const codes = [1501, 1503, 2318, 2494, 2495, 2548, 2549, 2550, 2569, 2583, 2737, 2802]

/** Each file that is generated, with the codes above that the compiler has for it. */
function complaintsOf(files: RenderedFile[]): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  const host = ts.createCompilerHost(options)
  const readFile = (path: string) => texts.get(path) ?? ts.sys.readFile(path)
  const folders = new Set([...texts.keys()].flatMap((path) => path.split("/").map((_, depth, parts) => parts.slice(0, depth).join("/"))))
  Object.assign(host, {
    readFile,
    // Without it the compiler looks for a file's neighbours on the disk, and what they export is of any type.
    directoryExists: (path: string) => folders.has(path) || ts.sys.directoryExists(path),
    fileExists: (path: string) => texts.has(path) || ts.sys.fileExists(path),
    getSourceFile: (path: string, version: ts.ScriptTarget) => {
      const text = readFile(path)
      return text === undefined ? undefined : ts.createSourceFile(path, text, version)
    },
  })
  const program = ts.createProgram(
    [...texts.keys()].filter((path) => /\.tsx?$/.test(path)),
    options,
    host,
  )
  return ts
    .getPreEmitDiagnostics(program)
    .filter((found) => codes.includes(found.code) || isOwnImport(found))
    .map(({ code, file, start = 0, messageText }) => {
      const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
      return `${file?.fileName}:${line} TS${code} ${ts.flattenDiagnosticMessageText(messageText, " ")}`
    })
}

/** A module of ours that the compiler does not find: what it says of everything made with it would be nothing. */
function isOwnImport({ code, messageText }: ts.Diagnostic): boolean {
  const [, specifier = ""] = /^Cannot find module '([^']+)'/.exec(ts.flattenDiagnosticMessageText(messageText, " ")) ?? []
  return code === 2307 && /(?:^\.|\/)(?:.*\/)?lib\/mfa\/|^\.\/(?!globals)/.test(specifier) && !specifier.endsWith(".css")
}

test("what the compiler is asked does tell of each of them", () => {
  const text = [
    "export const all = [...new Set([1])]",
    "export const word = /\\p{L}/u",
    'export const plain = "a".replaceAll("a", "b")',
    "export const has = Object.hasOwn({}, all[0] ?? 0)",
    "export const big = 1n",
  ]
  const found = complaintsOf([{ path: "/a.ts", text: text.join("\n") }]).map((line) => /:(\d+) /.exec(line)?.[1])
  expect(found.toSorted()).toEqual(["1", "2", "3", "4", "5"])
  // Of what a neighbour exports, too.
  const neighbour = { path: "/b/made.ts", text: "export const made = () => new Set([1])" }
  const use = { path: "/b/use.ts", text: 'import { made } from "./made"\nexport const all = [...made()]' }
  expect(complaintsOf([neighbour, use])).toEqual([expect.stringContaining("/b/use.ts:2 TS2802")])
})

describe.each(fixtures)("%s", (fixture) => {
  test("compiles for ES5, with the library of 2020", async () => {
    for (const files of await rendered(fixture)) expect(complaintsOf(files)).toEqual([])
  })

  test("asks nothing of requests and answers that TypeScript knows only since 5.2", async () => {
    const own = /\/response\.ts$/
    const asking = (await rendered(fixture))
      .flat()
      .filter(({ path, text }) => !own.test(path) && /\.getSetCookie\(|\bResponse\.json\(/.test(text))
    expect(asking.map(({ path }) => path)).toEqual([])
  })
})
