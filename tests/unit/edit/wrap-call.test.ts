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
      "wrapped by something else",
      'import NextAuth from "next-auth";\nimport { traced } from "./t";\nexport const a = traced(NextAuth)(x);\n',
      "edit_unsafe",
    ],
  ])("%s", (_, text, code) => {
    expect(wrap(text)).toMatchObject({ kind: "refuse", code })
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
