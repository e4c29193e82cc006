import { describe, expect, test } from "vitest"
import type { EditResult } from "../../../src/edit/splice"
import { parseModule } from "../../../src/edit/typescript/module"
import { passPath } from "../../../src/edit/typescript/pass-path"
import { applyEdit } from "../../support/edit"

const pass = (text: string): EditResult => {
  const parsed = parseModule("src/middleware.ts", text)
  if (!parsed.ok) throw new Error(parsed.message)
  return passPath(parsed.module, { constant: "challengePath", from: "@/lib/mfa/config" })
}
const code = (result: EditResult) => (result.kind === "refuse" ? result.code : result.kind)
const server = 'import { type NextRequest, NextResponse } from "next/server";\n'
const ours = 'import { challengePath } from "@/lib/mfa/config";\n'

describe("a middleware's own function lets the page pass", () => {
  test("a function that answers", () => {
    expect(
      applyEdit(
        `${server}\nexport async function middleware(request: NextRequest): Promise<NextResponse> {\n  const token = await getToken({ req: request });\n  return NextResponse.next();\n}\n`,
        pass,
      ),
    ).toBe(
      `${server}${ours}\nexport async function middleware(request: NextRequest): Promise<NextResponse> {\n  if (request.nextUrl.pathname === challengePath) return NextResponse.next();\n  const token = await getToken({ req: request });\n  return NextResponse.next();\n}\n`,
    )
  })

  test.each([
    [
      "the default export, tabs, no semicolons",
      "import x from 'x'\nexport default function (req) {\n\tx(req)\n}\n",
      "{\n\tif (req.nextUrl.pathname === challengePath) return\n\tx(req)",
    ],
    [
      "a constant",
      `${server}export const proxy = (req: NextRequest) => {\n  return go(req);\n};\n`,
      "=> {\n  if (req.nextUrl.pathname === challengePath) return NextResponse.next();\n",
    ],
    [
      "by its name",
      "const handle = async (r) => {\r\n  await x(r);\r\n};\r\nexport default handle;\r\n",
      "{\r\n  if (r.nextUrl.pathname === challengePath) return\r\n",
    ],
  ])("%s", (_name, text, expected) => {
    expect(applyEdit(text, pass)).toContain(expected)
  })

  test.each([
    ["what is called", "export default auth((req) => {\n  go(req);\n});\n", "edit_unsafe"],
    ["a request taken apart", "export function middleware({ nextUrl }) {\n  go(nextUrl);\n}\n", "edit_unsafe"],
    ["another kind of request", "export function middleware(req: Request) {\n  go(req);\n}\n", "edit_unsafe"],
    ["an answer that cannot be made", "export function middleware(req): Response {\n  return go(req);\n}\n", "edit_unsafe"],
    ["all on one line", "export function middleware(req) { go(req); }\n", "edit_unsafe"],
    ["the name taken", "const challengePath = 1;\nexport function middleware(req) {\n  go(req);\n}\n", "name_taken"],
    [
      "there already",
      `${ours}export function middleware(req) {\n  if (req.nextUrl.pathname === challengePath) return;\n  go(req);\n}\n`,
      "present",
    ],
  ])("%s", (_name, text, expected) => {
    expect(code(pass(text))).toBe(expected)
  })
})
