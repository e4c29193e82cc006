import { format } from "prettier"
import { describe, expect, test } from "vitest"
import type { EditResult } from "../../../src/edit/splice"
import { parseModule } from "../../../src/edit/typescript/module"
import { wrapMiddleware } from "../../../src/edit/typescript/wrap-middleware"
import { applyEdit, origin } from "../../support/edit"

const pass = (text: string): EditResult => {
  const parsed = parseModule("src/middleware.ts", text)
  if (!parsed.ok) throw new Error(parsed.message)
  return wrapMiddleware(parsed.module, { wrapper: "passChallenge", ...origin("@/lib/mfa/pass-challenge") })
}
const code = (result: EditResult) => (result.kind === "refuse" ? result.code : result.kind)
const server = 'import { type NextRequest, NextResponse } from "next/server";\n'
const ours = 'import { passChallenge } from "@/lib/mfa/pass-challenge";\n'

describe("a middleware's own function is given to passChallenge", () => {
  test("a function that is exported where it is declared gets another name, on a line of the same length", () => {
    const body = "  const token = await getToken({ req: request });\n  return NextResponse.next();\n}\n"
    expect(
      applyEdit(
        `${server}\n/** Guards it all. */\nexport async function middleware(request: NextRequest): Promise<NextResponse> {\n${body}`,
        pass,
      ),
    ).toBe(
      `${server}${ours}\n/** Guards it all. */\nexport const middleware = passChallenge(middlewareHandler);\n\nasync function middlewareHandler(request: NextRequest): Promise<NextResponse> {\n${body}`,
    )
  })

  test.each([
    [
      "a default export without a name, tabs, no semicolons",
      "import x from 'x'\nexport default function (req) {\n\tx(req)\n}\n",
      "\nexport default passChallenge(requestHandler)\n\nfunction requestHandler(req) {\n\tx(req)\n}\n",
    ],
    [
      "one without a space behind the keyword",
      "import x from 'x'\nexport default async function(req) {\n\tx(req)\n}\n",
      "\nexport default passChallenge(requestHandler)\n\nasync function requestHandler(req) {",
    ],
    [
      "a default export with a name",
      `${server}export default function proxy(req: NextRequest) {\n  go(req);\n}\n`,
      "\nexport default passChallenge(proxyHandler);\n\nfunction proxyHandler(req: NextRequest) {\n",
    ],
    [
      "a constant",
      `${server}export const proxy = (req: NextRequest) => {\n  return go(req);\n};\n`,
      "\nexport const proxy = passChallenge((req: NextRequest) => {\n  return go(req);\n});\n",
    ],
    [
      "a constant whose type says what the request is",
      `${server}export const middleware: NextMiddleware = async (req) => {\n  go(req);\n};\n`,
      "\nexport const middleware: NextMiddleware = passChallenge(async (req) => {\n  go(req);\n});\n",
    ],
    [
      "a constant on a line that would grow too long",
      `${server}export const middleware: NextMiddleware = async (request, event) => {\n  go(request);\n};\nexport const config = {};\n`,
      "\nexport const middlewareHandler: NextMiddleware = async (request, event) => {\n  go(request);\n};\n\nexport const middleware = passChallenge(middlewareHandler);\nexport const config",
    ],
    [
      "by its name",
      "const handle = async (r) => {\r\n  await x(r);\r\n};\r\nexport default handle;\r\n",
      "\r\nexport default passChallenge(handle);\r\n",
    ],
    ["in parentheses", "export default ((req) => {\n  go(req);\n});\n", "export default passChallenge((req) => {\n  go(req);\n});\n"],
    [
      "a request taken apart",
      "export default ({ nextUrl }) => go(nextUrl);\n",
      "export default passChallenge(({ nextUrl }) => go(nextUrl));\n",
    ],
    [
      "all on one line, before a bracket",
      "import x from 'x'\nexport function proxy(req) { return x(req) }\n;[1].map(x)\n",
      "\nexport const proxy = passChallenge(proxyHandler)\n\nfunction proxyHandler(req) { return x(req) }\n;[1]",
    ],
    [
      "one that calls itself by its name, which is the wrapped one from then on",
      "export function proxy(req, again) {\n  return again ? proxy(req) : go(req);\n}\n",
      "export const proxy = passChallenge(proxyHandler);\n\nfunction proxyHandler(req, again) {\n  return again ? proxy(req)",
    ],
  ])("%s", (_name, text, expected) => {
    expect(applyEdit(text, pass)).toContain(expected)
  })

  test.each([
    ["what is called", "export default auth((req) => {\n  go(req);\n});\n", "edit_unsafe"],
    ["what is imported", 'import handle from "./handle";\nexport default handle;\n', "edit_unsafe"],
    ["what is exported in a list", "const proxy = (req) => go(req);\nexport { proxy };\n", "edit_unsafe"],
    ["two that may be it", "export function proxy(req) {\n  go(req);\n}\nexport default proxy;\n", "edit_unsafe"],
    ["no middleware", "export const config = {};\n", "edit_unsafe"],
    ["one that is used before it is declared", "register(proxy);\nexport function proxy(req) {\n  go(req);\n}\n", "edit_unsafe"],
    ["a default export that is used by its name", "export default function proxy(req) {\n  go(req);\n}\nregister(proxy);\n", "edit_unsafe"],
    ["the new name taken", "const proxyHandler = 1;\nexport function proxy(req) {\n  go(req);\n}\n", "edit_unsafe"],
    [
      "the new name taken in it",
      "export function proxy(req) {\n  const proxyHandler = go(req);\n  return proxyHandler;\n}\n",
      "edit_unsafe",
    ],
    ["overloads", "export function proxy(a: A): B;\nexport function proxy(a: any) {\n  go(a);\n}\n", "edit_unsafe"],
    ["the wrapper's name taken", "const passChallenge = 1;\nexport function middleware(req) {\n  go(req);\n}\n", "name_taken"],
    ["there already", `${ours}export default passChallenge((req) => {\n  go(req);\n});\n`, "present"],
  ])("%s", (_name, text, expected) => {
    expect(code(pass(text))).toBe(expected)
  })

  test.each([
    "export async function middleware(request: NextRequest, event: NextFetchEvent) {\n  go(request);\n}\n",
    "export async function proxy(\n  request: NextRequest,\n  event: NextFetchEvent,\n): Promise<NextResponse> {\n  go(request);\n}\n",
    "export default function (request: NextRequest) {\n  go(request);\n}\n",
    "export default async (request: NextRequest) => {\n  go(request);\n};\n",
    "export const middleware = async (request: NextRequest, event: Event) => {\n  go(request);\n};\n",
    "export const middleware = async (\n  request: NextRequest,\n  event: NextFetchEvent,\n) => {\n  go(request);\n};\n",
  ])("what the host's formatter had nothing to change in, it has nothing to change in after that: %s", async (text) => {
    const whole = `${server}\n${text}\nexport const config = { matcher: [] };\n`
    const formatted = (code: string) => format(code, { parser: "typescript" })
    expect(await formatted(whole)).toBe(whole)
    const after = applyEdit(whole, pass)
    expect(await formatted(after)).toBe(after)
  })
})
