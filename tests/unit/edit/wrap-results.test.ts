import { describe, expect, test } from "vitest"
import type { EditResult } from "../../../src/edit/splice"
import { parseModule } from "../../../src/edit/typescript/module"
import { wrapResults } from "../../../src/edit/typescript/wrap-results"
import { applyEdit, origin } from "../../support/edit"

const wrap =
  (of: string) =>
  (text: string): EditResult => {
    const parsed = parseModule("src/options.ts", text)
    if (!parsed.ok) throw new Error(parsed.message)
    return wrapResults(parsed.module, { name: "protect", ...origin("@/lib/mfa/with-mfa"), of })
  }
const code = (result: EditResult) => (result.kind === "refuse" ? result.code : result.kind)
const imported = 'import { protect } from "@/lib/mfa/with-mfa";\n'

describe("the results of a function", () => {
  test.each([
    ["a declaration", "export function make(req) {\n  return { providers: [] };\n}\n", "  return protect({ providers: [] });\n"],
    [
      "an arrow with an expression",
      "export const make = (req?: R): O => ({\n  providers: [],\n});\n",
      "=> protect({\n  providers: [],\n});\n",
    ],
    ["an arrow with a body", "const make = async () => {\n  const o = {};\n  return o;\n};\n", "  return protect(o);\n"],
    ["a function expression", "const make = function () { return base as O };\n", "{ return protect(base as O) }"],
    [
      "overloads",
      "export function make(): O;\nexport function make(a?: A): O;\nexport function make(a?: A): O {\n  return { a };\n}\n",
      "  return protect({ a });\n",
    ],
    ["a comma", "export const make = () => (log(), { providers: [] });\n", "=> protect((log(), { providers: [] }));\n"],
    ["satisfies", "export const make = () => ({ providers: [] }) satisfies O;\n", "=> protect(({ providers: [] }) satisfies O);\n"],
  ])("%s", (_name, text, expected) => {
    expect(applyEdit(text, wrap("make"))).toContain(expected)
  })

  test("each of its own returns, and none of the functions inside it", () => {
    const text =
      "export function make(req) {\n  if (req) return { callbacks: { jwt({ token }) { return token; }, session: () => ({}) } };\n  return base;\n}\n"
    expect(applyEdit(text, wrap("make"))).toBe(
      `${imported}export function make(req) {\n  if (req) return protect({ callbacks: { jwt({ token }) { return token; }, session: () => ({}) } });\n  return protect(base);\n}\n`,
    )
  })

  test.each([
    ["an object", "export default {\n  providers: [],\n};\n", "export default protect({\n  providers: [],\n});\n"],
    ["a function", "export default function (req) { return o; }\n", "{ return protect(o); }"],
    ["a name", "const make = () => o;\nexport default make;\n", "const make = () => protect(o);\n"],
  ])("what is exported as default: %s", (_name, text, expected) => {
    expect(applyEdit(text, wrap("default"))).toContain(expected)
  })

  test.each([
    ["there already", `${imported}export const make = () => protect({});\n`, "present"],
    ["there under another name", 'import { protect as p } from "@/lib/mfa/with-mfa";\nexport const make = () => p({});\n', "present"],
    ["there as a member", 'import * as m from "@/lib/mfa/with-mfa";\nexport const make = () => m.protect({});\n', "present"],
    ["there before the return", `${imported}export function make() {\n  const o = protect({});\n  return o;\n}\n`, "present"],
    ["one of two", `${imported}export function make(a) { if (a) return protect(b); return c; }\n`, "edit"],
    ["the name taken", "const protect = 1;\nexport const make = () => ({});\n", "name_taken"],
    ["no such function", "export const other = () => ({});\n", "edit_unsafe"],
    ["nothing returned", "export function make() {}\n", "edit_unsafe"],
  ])("%s", (_name, text, expected) => {
    expect(code(wrap("make")(text))).toBe(expected)
  })
})
