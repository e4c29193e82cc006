import { transformSync } from "esbuild"
import { describe, expect, test } from "vitest"
import type { EditResult } from "../../../src/edit/splice"
import { parseModule } from "../../../src/edit/typescript/module"
import { wrapCall } from "../../../src/edit/typescript/wrap-call"
import { applyEdit, origin } from "../../support/edit"

const request = { library: "next-auth", wrapper: "withMfa", ...origin("@/lib/mfa/with-mfa") }

function wrap(text: string, path = "src/auth.ts"): EditResult {
  const parsed = parseModule(path, text)
  if (!parsed.ok) throw new Error(parsed.message)
  return wrapCall(parsed.module, request)
}

const edited = (text: string, path?: string) => applyEdit(text, (current) => wrap(current, path))

describe("the callee is wrapped and nothing else moves", () => {
  test("object, double quotes, semicolons", () => {
    expect(
      edited(
        'import NextAuth from "next-auth";\nimport { db } from "./db"; // client\n\nexport const { auth } = NextAuth({\n  providers: [],\n});\n',
      ),
    ).toBe(
      'import NextAuth from "next-auth";\nimport { db } from "./db"; // client\nimport { withMfa } from "@/lib/mfa/with-mfa";\n\nexport const { auth } = withMfa(NextAuth)({\n  providers: [],\n});\n',
    )
  })

  test("single quotes, no semicolons, tabs, no final newline", () => {
    expect(edited("import NextAuth from 'next-auth'\n\nexport const { auth } = NextAuth({\n\tproviders: []\n})")).toBe(
      "import NextAuth from 'next-auth'\nimport { withMfa } from '@/lib/mfa/with-mfa'\n\nexport const { auth } = withMfa(NextAuth)({\n\tproviders: []\n})",
    )
  })

  test("CRLF and a byte order mark", () => {
    expect(edited('\uFEFFimport NextAuth from "next-auth";\r\n\r\nexport const { auth } = NextAuth(config);\r\n')).toBe(
      '\uFEFFimport NextAuth from "next-auth";\r\nimport { withMfa } from "@/lib/mfa/with-mfa";\r\n\r\nexport const { auth } = withMfa(NextAuth)(config);\r\n',
    )
  })

  test("satisfies, and a name of the host's own for the import", () => {
    expect(
      edited(
        'import Auth, { type NextAuthConfig } from "next-auth";\n\nconst result = Auth({ providers: [] } satisfies NextAuthConfig);\n',
      ),
    ).toBe(
      'import Auth, { type NextAuthConfig } from "next-auth";\nimport { withMfa } from "@/lib/mfa/with-mfa";\n\nconst result = withMfa(Auth)({ providers: [] } satisfies NextAuthConfig);\n',
    )
  })

  test("default as", () => {
    expect(edited('import { default as Auth } from "next-auth";\nexport default Auth(config);\n')).toContain(
      "export default withMfa(Auth)(config);",
    )
  })

  test("a namespace import", () => {
    expect(edited('import * as auth from "next-auth";\nexport const r = auth.default(config);\n')).toContain(
      "withMfa(auth.default)(config)",
    )
  })

  test("a lazy config", () => {
    expect(
      edited('import NextAuth from "next-auth";\nexport const { auth } = NextAuth(async (req) => {\n  return { providers: [] };\n});\n'),
    ).toContain("= withMfa(NextAuth)(async (req) => {\n")
  })

  test("a spread config, with a fake call in a comment and in a string", () => {
    const text =
      'import NextAuth from "next-auth";\nimport config from "./auth.config";\n// NextAuth({ old: true })\nconst note = "NextAuth(x)";\nexport const { auth } = NextAuth({ adapter, ...config });\n'
    expect(edited(text)).toContain(
      '// NextAuth({ old: true })\nconst note = "NextAuth(x)";\nexport const { auth } = withMfa(NextAuth)({ adapter, ...config });',
    )
  })

  test("$ in the text is text", () => {
    const text = 'import NextAuth from "next-auth";\nconst price = `$& $$ $1`;\nexport const a = NextAuth({ x: "$&" });\n'
    expect(edited(text)).toContain('const price = `$& $$ $1`;\nexport const a = withMfa(NextAuth)({ x: "$&" });')
  })

  test("JavaScript, with directives and a shebang kept first", () => {
    expect(
      edited('#!/usr/bin/env node\n"use server"\nimport NextAuth from "next-auth"\nexport default NextAuth(c)\n', "auth.js").startsWith(
        '#!/usr/bin/env node\n"use server"\n',
      ),
    ).toBe(true)
  })

  test("a comment after the last import stays with it", () => {
    expect(edited('import NextAuth from "next-auth"; // v5\nexport default NextAuth(c);\n')).toBe(
      'import NextAuth from "next-auth"; // v5\nimport { withMfa } from "@/lib/mfa/with-mfa";\nexport default withMfa(NextAuth)(c);\n',
    )
  })

  test("a name in parentheses", () => {
    expect(edited('import NextAuth from "next-auth";\nexport const a = (NextAuth)(c);\n')).toContain(
      "export const a = (withMfa(NextAuth))(c);",
    )
  })

  // Found by the fuzzer (seed 7004).
  test("a comment after the last import that ends at a line separator, with code behind it", () => {
    const text = 'import NextAuth from "next-auth"; // one\u2028export const x = {\n  y: 1 };\nexport const a = NextAuth(x);\n'
    expect(edited(text)).toContain('from "next-auth";\nimport { withMfa } from "@/lib/mfa/with-mfa";\n // one\u2028export const x')
  })

  test("a line that would outgrow the formatter's width keeps its length: the import is renamed instead", () => {
    const text =
      'import NextAuth from "next-auth";\nimport { cache } from "react";\n\nconst { auth: uncachedAuth, handlers, signIn, signOut } = NextAuth(authConfig);\n'
    expect(edited(text)).toBe(
      'import BaseNextAuth from "next-auth";\nimport { cache } from "react";\nimport { withMfa } from "@/lib/mfa/with-mfa";\n\nconst NextAuth = withMfa(BaseNextAuth);\n\nconst { auth: uncachedAuth, handlers, signIn, signOut } = NextAuth(authConfig);\n',
    )
  })
})

describe("what cannot be proven is refused", () => {
  test.each([
    ["two calls", 'import NextAuth from "next-auth";\nexport const a = NextAuth(x);\nexport const b = NextAuth(y);\n', "edit_unsafe"],
    ["a local function of that name", 'import { NextAuth } from "./mine";\nNextAuth(x);\n', "edit_unsafe"],
    [
      "a parameter that hides the import",
      'import NextAuth from "next-auth";\nexport const f = (NextAuth) => NextAuth(x);\n',
      "edit_unsafe",
    ],
    ["the wrapper's name is taken", 'import NextAuth from "next-auth";\nconst withMfa = 1;\nexport const a = NextAuth(x);\n', "name_taken"],
    [
      "an enum of the wrapper's name",
      'import NextAuth from "next-auth";\nenum withMfa { A }\nexport const a = NextAuth(x);\n',
      "name_taken",
    ],
    [
      "a namespace",
      'import NextAuth from "next-auth";\nnamespace withMfa { export const a = 1 }\nexport const a = NextAuth(x);\n',
      "name_taken",
    ],
    ["a require", 'import NextAuth from "next-auth";\nimport withMfa = require("x");\nexport const a = NextAuth(x);\n', "name_taken"],
    ["a hoisted variable", 'import NextAuth from "next-auth";\nif (x) { var withMfa = 1 }\nexport const a = NextAuth(x);\n', "name_taken"],
    [
      "the wrapper as a type alone",
      'import NextAuth from "next-auth";\nimport type { withMfa } from "@/lib/mfa/with-mfa";\nexport const a = NextAuth(x);\n',
      "name_taken",
    ],
    [
      "the wrapper as a type among others",
      'import NextAuth from "next-auth";\nimport { type withMfa, other } from "@/lib/mfa/with-mfa";\nexport const a = NextAuth(x);\n',
      "name_taken",
    ],
    [
      "wrapped by something else",
      'import NextAuth from "next-auth";\nimport { traced } from "./t";\nexport const a = traced(NextAuth)(x);\n',
      "edit_unsafe",
    ],
  ])("%s", (_, text, code) => {
    expect(wrap(text)).toMatchObject({ kind: "refuse", code })
  })

  const used = 'import NextAuth from "next-auth";\nvoid (() => NextAuth(o));\n'
  const ours = 'import { withMfa } from "@/lib/mfa/with-mfa";\n'
  const strays: [string, string][] = [
    ["another name that is exported", `${used}export const Same = NextAuth;\n`],
    ["bind", `${used}export const a = NextAuth.bind(null, o)();\n`],
    ["an argument", `${used}export const a = make(NextAuth);\n`],
    ["an import that is awaited", `${used}export const a = (await import("next-auth")).default(o);\n`],
    ["require", `${used}export const a = require("next-auth").default(o);\n`],
    ["import = require", `${used}import again = require("next-auth");\nexport const a = again.default(o);\n`],
    ["a second name", `${used}import Again from "next-auth";\nexport const a = make(Again);\n`],
    ["all of the package, by a name in quotes", `${used}import * as na from "next-auth";\nexport const a = na["default"](o);\n`],
    ["all of the package, handed on", `${used}import * as na from "next-auth";\nexport const a = make(na);\n`],
    ["a part that is taken out", `${used}import * as na from "next-auth";\nconst { default: Same } = na;\nexport const a = Same(o);\n`],
    ["a member of an object", `${used}export const lib = { NextAuth };\n`],
    ["an export", `${used}export { NextAuth };\n`],
    ["an export as default", `${used}export default NextAuth;\n`],
    ["an export from the package", `${used}export { default as Other } from "next-auth";\n`],
    ["a tag", `${used}export const a = NextAuth\`x\`;\n`],
  ]
  test.each(strays)("the library in another use beside its call: %s", (_, text) => {
    const wrapped = ours + text.replace("NextAuth(o)", "withMfa(NextAuth)(o)")
    for (const one of [text, wrapped])
      expect(wrap(one)).toMatchObject({ kind: "refuse", code: "edit_unsafe", message: expect.stringMatching(/another way/) })
  })

  test.each([
    [
      "types",
      'import NextAuth, { type NextAuthConfig, type User } from "next-auth";\n',
      "let r: ReturnType<typeof NextAuth> | User | NextAuthConfig;\n",
    ],
    [
      "types by themselves",
      'import NextAuth from "next-auth";\nimport type * as all from "next-auth";\nimport type Auth from "next-auth";\n',
      "let r: typeof Auth | all.User;\n",
    ],
    ["an error class", 'import NextAuth, { AuthError } from "next-auth";\n', "class Mine extends AuthError {}\n"],
    ["getServerSession", 'import NextAuth, { getServerSession } from "next-auth";\n', "const get = () => getServerSession(x);\n"],
    [
      "all of it, for an error class",
      'import NextAuth from "next-auth";\nimport * as all from "next-auth";\n',
      "class Mine extends all.AuthError {}\n",
    ],
    ["a member of that name", 'import NextAuth from "next-auth";\n', "const o = { NextAuth: 1, x: y.NextAuth };\n"],
    ["a parameter of that name", 'import NextAuth from "next-auth";\n', "const f = (NextAuth) => NextAuth.x;\n"],
    [
      "a type of its module",
      'import NextAuth from "next-auth";\n',
      'declare module "next-auth" { interface Session { a: typeof NextAuth } }\nlet t: import("next-auth").Session;\n',
    ],
    [
      "types handed on",
      'import NextAuth from "next-auth";\n',
      'export type { Session } from "next-auth";\nexport { AuthError } from "next-auth";\n',
    ],
  ])("what stands beside the call and is no use of it: %s", (_, imports, rest) => {
    expect(edited(`${imports}${rest}export const a = NextAuth(x);\n`)).toContain("withMfa(NextAuth)(x)")
  })

  test.each([
    ["a function in a block", "function h() { function withMfa(x) { return x } return withMfa(NextAuth)(o) }"],
    ["a class in a block", "function h() { class withMfa {} return withMfa(NextAuth)(o) }"],
    ["the head of a loop", "function h() { for (const withMfa of [id]) return withMfa(NextAuth)(o) }"],
    ["a counter", "function h() { for (let withMfa = id; ; ) return withMfa(NextAuth)(o) }"],
    ["what is caught", "function h() { try {} catch (withMfa) { return withMfa(NextAuth)(o) } }"],
    ["a case", "function h() { switch (1) { case 1: const withMfa = id; default: return withMfa(NextAuth)(o) } }"],
    ["a hoisted variable", "function h() { if (x) { for (var withMfa = id; ; ) break } return withMfa(NextAuth)(o) }"],
    ["a function's own name", "const h = function withMfa() { return withMfa(NextAuth)(o) }"],
    ["a class's own name", "const h = class withMfa { a = withMfa(NextAuth)(o) }"],
    ["a parameter", "const h = (withMfa) => withMfa(NextAuth)(o)"],
  ])("a wrapper that is hidden is not ours: %s", (_, code) => {
    expect(wrap(`import NextAuth from "next-auth";\n${ours}${code}\n`)).toMatchObject({ kind: "refuse", code: "edit_unsafe" })
  })

  test("a variable of another function hides nothing", () => {
    const text = `import NextAuth from "next-auth";\n${ours}const f = () => { var withMfa = 1; };\nexport const a = withMfa(NextAuth)(o);\n`
    expect(wrap(text)).toEqual({ kind: "present" })
  })

  test("a call before the last import is not renamed: the constant would have no value yet", () => {
    const text =
      'import NextAuth from "next-auth";\n\nexport const { auth: uncachedAuth, handlers, signIn } = NextAuth(config);\nimport { config } from "./config";\n'
    expect(edited(text)).toContain("signIn } = withMfa(NextAuth)(config);")
  })

  test("a wrapper by another module's withMfa is not ours", () => {
    expect(
      wrap('import NextAuth from "next-auth";\nimport { withMfa } from "other-package";\nexport const a = withMfa(NextAuth)(x);\n'),
    ).toMatchObject({ kind: "refuse", code: "name_taken" })
  })

  test("the same module under another spelling is ours", () => {
    const text =
      'import NextAuth from "next-auth";\nimport { withMfa } from "./lib/mfa/with-mfa";\nexport const a = withMfa(NextAuth)(x);\n'
    const parsed = parseModule("src/auth.ts", text)
    if (!parsed.ok) throw new Error(parsed.message)
    const means = (specifier: string) => specifier === "./lib/mfa/with-mfa"
    expect(wrapCall(parsed.module, { ...request, means })).toEqual({ kind: "present" })
    expect(wrapCall(parsed.module, { ...request, means: () => false })).toMatchObject({ code: "name_taken" })
  })
})

describe("the library's function, wherever a module has it", () => {
  test.each(["next-auth/next", "next-auth/next/index", "next-auth/index", "next-auth/index.js"])("from %s", (specifier) => {
    expect(edited(`import NextAuth from "${specifier}";\nexport default NextAuth(options);\n`)).toContain(
      "export default withMfa(NextAuth)(options);",
    )
  })

  test("with what else that module has", () => {
    const text =
      'import NextAuth, { getServerSession } from "next-auth/next";\nexport const get = () => getServerSession(o);\nexport default NextAuth(o);\n'
    expect(edited(text)).toContain("export default withMfa(NextAuth)(o);")
  })

  test.each(["next-auth/react", "next-auth/jwt", "next-auth/next/other", "next-auth.js", "@x/next-auth"])("not from %s", (specifier) => {
    expect(wrap(`import NextAuth from "${specifier}";\nexport default NextAuth(options);\n`)).toMatchObject({ kind: "refuse" })
  })

  test("two modules of it are one library: a use of either goes past the wrapper", () => {
    const text =
      'import NextAuth from "next-auth";\nimport Again from "next-auth/next";\nexport const make = Again;\nexport default NextAuth(o);\n'
    expect(wrap(text)).toMatchObject({ kind: "refuse", message: expect.stringMatching(/another way/) })
  })

  test("under another name of the file's own", () => {
    expect(edited('import NextAuth from "next-auth";\nconst Same = NextAuth;\nexport const a = Same(o);\n')).toContain("withMfa(Same)(o)")
  })
})

const library = 'import NextAuth from "next-auth";\n'
const wrapper = 'import { withMfa } from "@/lib/mfa/with-mfa";\n'

describe("what a person has pasted is found", () => {
  test.each([
    ["two calls", `${wrapper}export const a = x ? withMfa(NextAuth)(o) : withMfa(NextAuth)(p);\n`],
    [
      "another local name",
      'import { withMfa as hold } from "@/lib/mfa/with-mfa";\nconst withMfa = 1;\nexport const a = hold(NextAuth)(o);\n',
    ],
    ["a namespace", 'import * as mfa from "@/lib/mfa/with-mfa";\nexport const a = mfa.withMfa(NextAuth)(o);\n'],
    ["another wrapper around it", `${wrapper}export const a = traced(withMfa(NextAuth))(o);\n`],
    ["another wrapper with options", `${wrapper}export const a = traced(withMfa(NextAuth), { name: "auth" })(o);\n`],
    ["another wrapper in it", `${wrapper}export const a = withMfa(traced(NextAuth))(o);\n`],
    ["a constant", `${wrapper}const Guarded = withMfa(NextAuth);\nexport const a = Guarded(o);\n`],
    ["a constant of another wrapper", `${wrapper}const Traced = traced(NextAuth);\nexport const a = withMfa(Traced)(o);\n`],
    ["a constant in a function", `${wrapper}export function make() { const Guarded = withMfa(NextAuth); return Guarded(o); }\n`],
    ["a helper that calls it", `${wrapper}const make = (options) => withMfa(NextAuth)(options);\nexport const a = make(o);\n`],
    ["a helper that makes it", `${wrapper}const make = () => withMfa(NextAuth);\nexport const a = make()(o);\n`],
    ["a helper that is given it", `${wrapper}const hook = (lib) => withMfa(lib);\nexport const a = hook(NextAuth)(o);\n`],
    [
      "a helper that is declared",
      `${wrapper}function hook(name, lib) { log(name); return withMfa(lib); }\nexport const a = hook("x", NextAuth)(o);\n`,
    ],
    [
      "a helper that takes both",
      `${wrapper}const call = (lib, options) => withMfa(lib)(options);\nexport const a = call(NextAuth, o);\nexport const b = withMfa(NextAuth)(p);\n`,
    ],
    ["types around it", `${wrapper}export const a = (withMfa(NextAuth as never) as typeof NextAuth)(o);\n`],
  ])("%s", (_, rest) => {
    expect(wrap(library + rest)).toEqual({ kind: "present" })
  })

  test.each([
    ["one of two calls", `${wrapper}export const a = x ? withMfa(NextAuth)(o) : NextAuth(p);\n`],
    [
      "a helper that also hands it to somebody else",
      `${wrapper}const hook = (lib) => (seen(lib), withMfa(lib));\nexport const a = hook(NextAuth)(o);\n`,
    ],
    [
      "a helper that uses another parameter",
      `${wrapper}const hook = (a, lib) => withMfa(lib);\nexport const a = hook(NextAuth, other)(o);\n`,
    ],
    [
      "a helper that may give back what it got",
      `${wrapper}const hook = (lib) => (x ? lib : withMfa(lib));\nexport const a = hook(NextAuth)(o);\n`,
    ],
    ["a helper of another file", `${wrapper}import { hook } from "./hook";\nexport const a = hook(NextAuth)(o);\n`],
    [
      "helpers that call each other",
      `${wrapper}const a = (lib) => b(lib);\nconst b = (lib) => a(lib);\nexport const c = a(NextAuth)(o);\n`,
    ],
    [
      "a variable that is set again",
      `${wrapper}let hook = (lib) => withMfa(lib);\nhook = (lib) => lib;\nexport const a = hook(NextAuth)(o);\n`,
    ],
    ["a constant that others import", `${wrapper}export const Traced = traced(NextAuth);\nexport const a = withMfa(Traced)(o);\n`],
    ["a member of another object", `${wrapper}export const a = other.withMfa(NextAuth)(o);\n`],
    ["a namespace of another module", 'import * as mfa from "./mfa";\nexport const a = mfa.withMfa(NextAuth)(o);\n'],
    ["another function of ours", 'import { protect as withMfa } from "@/lib/mfa/with-mfa";\nexport const a = withMfa(NextAuth)(o);\n'],
  ])("%s is not it", (_, rest) => {
    expect(wrap(library + rest)).toMatchObject({ kind: "refuse" })
  })

  const refused: [string, string][] = [
    ["two calls", "export const a = x ? NextAuth(o) : NextAuth(p);\n"],
    ["one of two calls", `${wrapper}export const a = x ? withMfa(NextAuth)(o) : NextAuth(p);\n`],
    ["a name that is taken", "const withMfa = 1;\nexport const a = NextAuth(o);\n"],
    ["another wrapper", 'import { traced } from "./t";\nexport const a = traced(NextAuth, { a: 1 })(o);\n'],
    ["a taken name and another wrapper", "const withMfa = 1;\nexport const a = traced(NextAuth)(o);\n"],
    ["a namespace of the library", 'import * as all from "next-auth";\nexport const a = x ? all.default(o) : all.default(p);\n'],
  ]
  test.each(refused)("what the refusal of %s says to paste is found afterwards", (_, rest) => {
    const text = rest.includes("import * as all") ? rest : library + rest
    const result = wrap(text)
    if (result.kind !== "refuse" || !result.snippet) throw new Error(JSON.stringify(result))
    const lines = result.snippet.split("\n").filter((line) => line !== "")
    const imports = lines.filter((line) => line.startsWith("import "))
    let pasted = text
    for (const line of lines.filter((line) => !line.startsWith("import "))) {
      const callee = line.replace("(...)", "")
      const before = callee.replace(/withMfa(Hook)?\(([\w.]+)\)/, "$2")
      expect(pasted).toContain(before)
      pasted = pasted.replaceAll(new RegExp(`(?<!withMfa\\()${before.replace(/[.(){}]/g, "\\$&")}(?=\\()`, "g"), callee)
    }
    expect(wrap([...imports, ""].join(";\n") + pasted)).toEqual({ kind: "present" })
  })
})

test.each([
  ["calls", `export const a = [${"NextAuth(o), ".repeat(20_000)}];\n`],
  ["calls in one expression", `export const a = (${"NextAuth(o), ".repeat(3_000)}1);\n`],
  [
    "helpers",
    `${Array.from({ length: 5_000 }, (_, at) => `const a${at} = (lib) => a${at + 1}(lib);\n`).join("")}${"a0(NextAuth)(o);\n".repeat(2_000)}`,
  ],
  ["names", `const b0 = NextAuth;\n${Array.from({ length: 5_000 }, (_, at) => `const b${at + 1} = b${at};\nb${at}(o);\n`).join("")}`],
  ["uses of a parameter", `${wrapper}const hook = (lib) => [${"withMfa(lib), ".repeat(20_000)}];\nexport const a = hook(NextAuth)(o);\n`],
  ["wrappers", `export const a = ${"f(".repeat(500)}NextAuth${")".repeat(500)}(o);\n`],
])("a file of very many %s is refused soon", (_, rest) => {
  const start = Date.now()
  expect(wrap(library + rest)).toMatchObject({ kind: "refuse" })
  expect(Date.now() - start).toBeLessThan(10_000)
})

describe("every shape keeps the invariants", () => {
  const quotes = ['"', "'"]
  const semicolons = [";", ""]
  const indents = ["\t", "  ", "    "]
  const eols = ["\n", "\r\n"]
  const boms = ["", "\uFEFF"]
  const shapes = [
    "{ providers: [] }",
    "{ a } satisfies NextAuthConfig",
    "{ a } as NextAuthConfig",
    "({ providers: [] })",
    "config",
    "async () => ({ providers: [] })",
    "{ ...config, providers: [] }",
  ]
  const all = quotes.flatMap((q) =>
    semicolons.flatMap((s) =>
      indents.flatMap((i) =>
        eols.flatMap((e) =>
          boms.flatMap((b) => shapes.flatMap((shape) => [true, false].map((final) => ({ q, s, i, e, b, shape, final })))),
        ),
      ),
    ),
  )

  test(`${all.length} of them: parses, undoes to the byte, second run finds nothing to do`, () => {
    for (const { q, s, i, e, b, shape, final } of all) {
      const lines = [
        `import NextAuth, { type NextAuthConfig } from ${q}next-auth${q}${s}`,
        `import { config } from ${q}./config${q}${s}`,
        "",
        `function f() {`,
        `${i}return 1${s}`,
        "}",
        "",
        `export const { auth } = NextAuth(${shape})${s}`,
      ]
      const text = b + lines.join(e) + (final ? e : "")
      const after = edited(text)
      expect(() => transformSync(after.replace("\uFEFF", ""), { loader: "ts" })).not.toThrow()
      expect(after.replace("withMfa(NextAuth)", "NextAuth").replace(`${e}import { withMfa } from ${q}@/lib/mfa/with-mfa${q}${s}`, "")).toBe(
        text,
      )
    }
  })
})
