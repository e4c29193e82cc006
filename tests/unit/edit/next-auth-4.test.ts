import { Project, ts } from "ts-morph"
import { describe, expect, test } from "vitest"
import { applyInsertions, type EditResult } from "../../../src/edit/splice"
import { addCall } from "../../../src/edit/typescript/add-call"
import { followResult } from "../../../src/edit/typescript/follow-result"
import { joinImports } from "../../../src/edit/typescript/imports"
import { type Module, parseModule } from "../../../src/edit/typescript/module"
import { redirectImport } from "../../../src/edit/typescript/redirect-import"
import { applyEdit, origin } from "../../support/edit"

const on =
  (edit: (module: Module) => EditResult, path = "src/file.tsx") =>
  (text: string) => {
    const parsed = parseModule(path, text)
    if (!parsed.ok) throw new Error(parsed.message)
    return edit(parsed.module)
  }
const code = (result: EditResult) => (result.kind === "refuse" ? result.code : result.kind)

describe("a call after the declaration", () => {
  const protect = on((module) => addCall(module, { name: "protect", ...origin("@/lib/mfa/with-mfa"), argument: "authOptions" }))

  // Found by the fuzzer (seed 7017).
  test("without semicolons, before a statement that would go on with it", () => {
    const text = 'import { a } from "a"\n\nexport const authOptions = {} satisfies Options\n[]\n'
    expect(applyEdit(text, protect)).toContain("protect(authOptions);\n[]\n")
  })

  test("of a typed constant, with semicolons", () => {
    expect(
      applyEdit(
        'import { a } from "a";\n\nexport const authOptions: NextAuthOptions = {\n  providers: [],\n}; // live\n\nexport default 1;\n',
        protect,
      ),
    ).toBe(
      'import { a } from "a";\nimport { protect } from "@/lib/mfa/with-mfa";\n\nexport const authOptions: NextAuthOptions = {\n  providers: [],\n}; // live\n\nprotect(authOptions);\n\nexport default 1;\n',
    )
  })

  test("satisfies, CRLF, single quotes, no semicolons, end of file", () => {
    expect(applyEdit("import x from 'x'\r\n\r\nconst authOptions = {} satisfies O", protect)).toBe(
      "import x from 'x'\r\nimport { protect } from '@/lib/mfa/with-mfa'\r\n\r\nconst authOptions = {} satisfies O\r\n\r\nprotect(authOptions)",
    )
  })

  const own = 'import { protect } from "@/lib/mfa/with-mfa";\n'

  test.each([
    ["Object.assign", "export const authOptions = {} as O;\nObject.assign(authOptions, { providers: [] });\n"],
    ["a property", "export const authOptions = { providers: [] };\nauthOptions.callbacks = { session };\n"],
    ["a property of a property", "const authOptions = { callbacks: {} };\nauthOptions.callbacks!.session = s;\n"],
    ["a property by its name in quotes", 'const authOptions = {};\nauthOptions["callbacks"] = c;\n'],
    ["a condition", "const authOptions = {};\nif (dev) {\n  authOptions.callbacks = c;\n}\n"],
    ["what is taken apart", "const authOptions = {};\n({ callbacks: authOptions.callbacks } = x);\n"],
    ["a property that is taken away", "const authOptions = { a: 1 };\ndelete authOptions.a;\n"],
    ["another value", "let authOptions = {};\nauthOptions = { providers: [] };\n"],
    ["a function that changes it", "const authOptions = {};\naddCallbacks(authOptions);\n"],
    ["a definition", 'const authOptions = {};\nObject.defineProperty(authOptions, "callbacks", d);\n'],
  ])("behind what changes them last: %s", (_name, text) => {
    expect(applyEdit(`${text}export const other = 1;\n`, protect)).toMatch(/\n\nprotect\(authOptions\);\nexport const other = 1;\n$/)
  })

  test("a change behind the call of before is followed by another", () => {
    expect(applyEdit(`${own}const authOptions = {};\nprotect(authOptions);\nauthOptions.callbacks = c;\n`, protect)).toMatch(
      /callbacks = c;\n\nprotect\(authOptions\);\n$/,
    )
  })

  test.each([
    ["set", "export const handler = () => {\n  authOptions.callbacks = c;\n};\n"],
    ["assigned", "export function handler() { Object.assign(authOptions, x); }\n"],
    ["set at once", "(() => { authOptions.callbacks = c; })();\n"],
  ])("what a function changes is refused: %s", (_name, rest) => {
    const text = `const authOptions = {};\n${rest}`
    const [at] = [text.indexOf("authOptions.callbacks"), text.indexOf("Object.assign")].filter((one) => one !== -1)
    expect(protect(text)).toMatchObject({
      kind: "refuse",
      code: "edit_unsafe",
      offset: at,
      message: expect.stringMatching(/in a function/),
    })
  })

  test.each([
    ["a list that grows", "authOptions.providers.push(p);\n"],
    ["a copy", "export const copy = { ...authOptions };\ncopy.callbacks = c;\n"],
    ["a parameter of the name", "export const set = (authOptions) => { authOptions.callbacks = c; };\n"],
    ["a member of the name", "other.authOptions = 1;\n"],
    ["reading", "export const get = () => getServerSession(authOptions);\n"],
  ])("what is no change of them: %s", (_name, rest) => {
    expect(applyEdit(`const authOptions = { providers: [] };\n${rest}`, protect)).toContain("};\n\nprotect(authOptions);\n".slice(1))
  })

  test.each([
    [
      "another name",
      'import { protect as guard } from "@/lib/mfa/with-mfa";\nconst protect = 1;\nconst authOptions = {};\nguard(authOptions);\n',
    ],
    ["a namespace", 'import * as mfa from "@/lib/mfa/with-mfa";\nconst authOptions = {};\nmfa.protect(authOptions);\n'],
    ["around the value", `${own}export const authOptions = protect({ providers: [] });\n`],
    ["around the value, with a type", `${own}export const authOptions = protect({ providers: [] } as O) satisfies O;\n`],
    ["where it is exported", `${own}const authOptions = {};\nexport default protect(authOptions);\n`],
  ])("pasted by hand: %s", (_name, text) => {
    expect(protect(text)).toEqual({ kind: "present" })
  })

  test.each([
    ["no such constant", "export const options = {};\n", "edit_unsafe"],
    ["two in one statement", "export const authOptions = {}, b = 1;\n", "edit_unsafe"],
    ["inside a function", "function make() { const authOptions = {}; return authOptions }\n", "edit_unsafe"],
    ["more changes than are looked at", `const authOptions = {};\n${"authOptions.a = 1, ".repeat(5_000)}1;\n`, "edit_unsafe"],
    ["the name taken", "const protect = 1;\nconst authOptions = {};\n", "name_taken"],
    ["there already", 'import { protect } from "@/lib/mfa/with-mfa";\nconst authOptions = {};\nprotect(authOptions);\n', "present"],
    ["called with another", 'import { protect } from "@/lib/mfa/with-mfa";\nconst authOptions = {};\nprotect(other);\n', "edit"],
  ])("%s", (_name, text, expected) => {
    expect(code(protect(text))).toBe(expected)
  })
})

describe("an import from elsewhere", () => {
  const redirect = on((module) => redirectImport(module, { specifier: "next-auth/middleware", ...origin("@/lib/mfa/middleware") }))

  test("a re-export with a semicolon", () => {
    expect(applyEdit('export { default } from "next-auth/middleware";\n\nexport const config = {};\n', redirect)).toBe(
      'export { default } from "@/lib/mfa/middleware"; // instead of "next-auth/middleware";\n\nexport const config = {};\n',
    )
  })

  test("import and re-export, single quotes, no semicolons", () => {
    expect(applyEdit("import { withAuth } from 'next-auth/middleware'\nexport { default } from 'next-auth/middleware'\n", redirect)).toBe(
      "import { withAuth } from '@/lib/mfa/middleware' // instead of 'next-auth/middleware'\nexport { default } from '@/lib/mfa/middleware' // instead of 'next-auth/middleware'\n",
    )
  })

  test.each([
    [
      "code on the same line stays code",
      'import { withAuth } from "next-auth/middleware"; export default withAuth({ callbacks }); export const config = {};\n',
      'import { withAuth } from "@/lib/mfa/middleware" /* instead of "next-auth/middleware" */; export default withAuth({ callbacks }); export const config = {};\n',
    ],
    [
      "a comment that ends on another line stays a comment",
      'export { default } from "next-auth/middleware" /* nothing\nhere(); //*/\n',
      'export { default } from "@/lib/mfa/middleware" /* instead of "next-auth/middleware" */ /* nothing\nhere(); //*/\n',
    ],
    [
      "a comment of one line",
      'export { default } from "next-auth/middleware"; // all of it\n',
      'export { default } from "@/lib/mfa/middleware"; // instead of "next-auth/middleware"; // all of it\n',
    ],
    [
      "code behind a separator that ends a line, too",
      'import { withAuth } from "next-auth/middleware"; \u2028export default withAuth({})',
      'import { withAuth } from "@/lib/mfa/middleware"; // instead of "next-auth/middleware"; \u2028export default withAuth({})',
    ],
  ])("%s", (_, text, edited) => {
    expect(applyEdit(text, redirect)).toBe(edited)
  })

  test("not imported", () => {
    expect(code(redirect('export { auth as middleware } from "@/auth";\n'))).toBe("edit_unsafe")
  })
})

describe("a form that goes where it is sent", () => {
  const isMeant = (local: string, first: string | null) => local === "signIn" && first !== "google"
  const names = { name: "goToMfaChallenge", wrapper: "followSignIn" }
  const followIn = (module: Module) => followResult(module, { ...names, ...origin("@/lib/mfa/client"), isMeant })
  const follow = on(followIn)
  const followInScript = on(followIn, "src/file.js")
  const form = (body: string) =>
    `import { signIn } from "next-auth/react";\n\nexport function Form() {\n  async function submit() {\n${body}\n  }\n}\n`

  test("a constant", () => {
    expect(applyEdit(form('    const result = await signIn("credentials", { redirect: false });\n    if (result?.ok) go();'), follow)).toBe(
      'import { signIn } from "next-auth/react";\nimport { goToMfaChallenge } from "@/lib/mfa/client";\n\nexport function Form() {\n  async function submit() {\n    const result = await signIn("credentials", { redirect: false });\n    if (goToMfaChallenge(result)) return;\n    if (result?.ok) go();\n  }\n}\n',
    )
  })

  test("a constant whose name a regular expression would read in another way", () => {
    const once = applyEdit(form('    const $result = await signIn("x", { redirect: false });'), follow)
    expect(once).toContain("if (goToMfaChallenge($result)) return;")
    expect(follow(once)).toMatchObject({ kind: "present" })
  })

  /** Code with a form of its own: the compiler says whether callers still get what they expect. */
  const errorsOf = (text: string) => {
    const project = new Project({
      useInMemoryFileSystem: true,
      compilerOptions: { strict: true, target: 99, moduleResolution: 100, module: 99, noImplicitReturns: true },
    })
    project.createSourceFile(
      "/next-auth.d.ts",
      'declare module "next-auth/react" { export function signIn(id: string, options: object): Promise<{ ok: boolean; url: string | null; error?: string } | undefined> }\ndeclare module "@/lib/mfa/client" { export function goToMfaChallenge(result: { url?: string | null } | undefined): boolean; export function followSignIn<Result>(signedIn: Promise<Result>): Promise<Result> }',
    )
    const file = project.createSourceFile("/form.tsx", text)
    return file.getPreEmitDiagnostics().map((diagnostic) => ts.flattenDiagnosticMessageText(diagnostic.compilerObject.messageText, " "))
  }
  const call = 'await signIn("x", { redirect: false });'
  const waits = "if (goToMfaChallenge(result)) return new Promise<never>(() => {});"
  const leaves = "if (goToMfaChallenge(result)) return;"

  test.each<[string, string, string]>([
    [
      "a hook's typed function",
      `export async function go(): Promise<{ ok: boolean }> {\n  const result = ${call}\n  return { ok: result?.ok ?? false };\n}`,
      waits,
    ],
    [
      "one whose type nobody wrote",
      `export const go = async () => {\n  const result = ${call}\n  return { ok: result?.ok };\n};\nexport const used = async (): Promise<boolean> => (await go()).ok ?? false;`,
      waits,
    ],
    [
      "one in a component that returns",
      `export function Form() {\n  async function go() {\n    const result = ${call}\n    if (result?.ok) [1].map((x) => { return x; });\n  }\n  return go;\n}`,
      leaves,
    ],
    [
      "a typed one without a value",
      `export async function go(): Promise<void> {\n  const result = ${call}\n  if (result?.error) return alert(result.error);\n}`,
      leaves,
    ],
    [
      "a form's handler that shows an error in one line",
      `const setError = (text: string) => void text;\nexport async function go() {\n  const result = ${call}\n  if (result?.error) return setError("no");\n  location.assign("/");\n}`,
      leaves,
    ],
    [
      "one of any type with a value",
      `export async function go(): Promise<any> {\n  const result = ${call}\n  return { ok: result?.ok };\n}`,
      waits,
    ],
    [
      "one that gives null or an error",
      `type State = { message: string } | null;\nexport const go: (form: FormData) => Promise<State> = async () => {\n  const result = ${call}\n  if (result?.error) return { message: "no" };\n  return null;\n};`,
      waits,
    ],
    [
      "a callback",
      `export function go() {\n  signIn("x", { redirect: false }).then((result) => {\n    if (result?.ok) alert("ok");\n  });\n}`,
      leaves,
    ],
    [
      "a callback that answers",
      `export const go = (): Promise<boolean> =>\n  signIn("x", { redirect: false }).then((result) => {\n    return result?.ok ?? false;\n  });`,
      waits,
    ],
  ])("leaves %s in a way its callers can take", (_, body, expected) => {
    const text = `import { signIn } from "next-auth/react";\n${body}\n`
    expect(errorsOf(text)).toEqual([])
    const edited = applyEdit(text, follow)
    expect(edited).toContain(expected)
    expect(errorsOf(edited)).toEqual([])
    expect(follow(edited)).toMatchObject({ kind: "present" })
  })

  test("in JavaScript without types", () => {
    const text = `import { signIn } from "next-auth/react"\nexport async function go() {\n  const result = await signIn("x", { redirect: false })\n  return { ok: result.ok }\n}\n`
    expect(applyEdit(text, followInScript)).toContain("if (goToMfaChallenge(result)) return new Promise(() => {})\n")
  })

  const declared = "declare function go(result?: unknown): void;\n"
  test.each([
    ["thrown away", `    ${call}\n    go();`],
    ["handed to a function", '    signIn("x", { redirect: false }).then(go);'],
    ["assigned later", '    let result; result = await signIn("x", { redirect: false });\n    go(result?.ok);'],
    ["taken apart", '    const { ok } = (await signIn("x", { redirect: false })) ?? {};\n    go(ok);'],
    ["asked at once", '    if ((await signIn("x", { redirect: false }))?.ok) go();'],
    ["waited for beside another", '    await Promise.all([signIn("x", { redirect: false }), go()]);'],
    [
      "taken by a callback of a type that is no promise",
      '    signIn("x", { redirect: false }).then((result): boolean => {\n      return true;\n    });',
    ],
    ["taken by a callback on one line", '    signIn("x", { redirect: false }).then((result) => { go(result); });'],
    ["taken apart by a callback", '    signIn("x", { redirect: false }).then((result) => go(result?.ok));'],
    ["taken by a function whose type the line is in", '    return (await signIn("x", { redirect: false }))?.ok'],
  ])("is asked before, where its result is %s", (_, body) => {
    const text = declared + form(body)
    expect(errorsOf(text)).toEqual([])
    const edited = applyEdit(text, follow)
    expect(edited).toContain('import { followSignIn } from "@/lib/mfa/client"')
    expect(edited).toContain('followSignIn(signIn("x", { redirect: false }))')
    expect(edited).not.toContain("goToMfaChallenge")
    expect(errorsOf(edited)).toEqual([])
    expect(follow(edited)).toMatchObject({ kind: "present" })
  })

  test("of two calls both are wrapped where one has to be; what an earlier run has guarded stays", () => {
    const kept = '    const a = await signIn("x", { redirect: false });\n'
    const both = applyEdit(form(`${kept}    ${call}`), follow)
    expect(both.match(/followSignIn\(signIn\("x"/g)).toHaveLength(2)
    expect(follow(both)).toMatchObject({ kind: "present" })
    const guarded = applyEdit(form(kept), follow)
    const later = guarded.replace("return;\n", `return;\n    ${call}\n`)
    expect(applyEdit(later, follow).match(/followSignIn\(signIn\("x"/g)).toHaveLength(1)
  })

  test("where nothing is around it that could return", () => {
    const edited = applyEdit(`import { signIn } from "next-auth/react";\nif (x) {\n  const result = ${call}\n}\n`, follow)
    expect(edited).toContain('  const result = await followSignIn(signIn("x", { redirect: false }));\n')
  })

  test("a name that is taken", () => {
    const text = `const followSignIn = 1;\n${form(`    ${call}`)}`
    expect(code(follow(text))).toBe("name_taken")
  })

  test("what a person has wrapped by way of a namespace is wrapped", () => {
    const text = `import * as mfa from "@/lib/mfa/client";\n${form('    mfa.followSignIn(signIn("x", { redirect: false })).then(go);')}`
    expect(follow(text)).toMatchObject({ kind: "present" })
  })

  test("a call that leaves the page by itself stays as it is", () => {
    expect(code(follow(form('    await signIn("google", { redirect: false });')))).toBe("edit_unsafe")
    const edited = applyEdit(form(`    await signIn("google", { redirect: false });\n    const result = ${call}`), follow)
    expect(edited).toContain('    await signIn("google", { redirect: false });\n')
    expect(edited).toContain("    if (goToMfaChallenge(result)) return;")
  })

  test("in a callback without semicolons, before a line that begins with a bracket", () => {
    const edited = applyEdit(
      'import { signIn } from "next-auth/react"\nsignIn("x", { redirect: false }).then((result) => {\n  [1].map(go)\n})\n',
      follow,
    )
    expect(edited).toContain("=> {\n  if (goToMfaChallenge(result)) return;\n  [1].map(go)\n})")
  })

  test("a call that redirects is none of ours", () => {
    expect(code(follow(form('    const result = await signIn("x", { redirect: true });')))).toBe("edit_unsafe")
  })
})

test("imports that are added from one module become one", () => {
  const at = 7
  expect(
    joinImports([
      { at, text: '\nimport { protect } from "./m";' },
      { at: 9, text: "x" },
      { at, text: '\nimport { withMfa } from "./m";' },
      { at, text: '\nimport { other } from "./n";' },
    ]),
  ).toEqual([
    { at, text: '\nimport { protect, withMfa } from "./m";' },
    { at: 9, text: "x" },
    { at, text: '\nimport { other } from "./n";' },
  ])
  expect(
    applyInsertions(
      "0123456\n",
      joinImports([
        { at, text: "\nimport {a} from 'm'" },
        { at, text: "\nimport {b} from 'm'" },
      ]),
    ),
  ).toBe("0123456\nimport {a, b} from 'm'\n")

  const twice = [
    { at, text: '\nimport { protect } from "./m";' },
    { at, text: '\nimport { protect } from "./m";' },
    { at, text: '\nimport { withMfa } from "./m";' },
  ]
  expect(joinImports(twice)).toEqual([{ at, text: '\nimport { protect, withMfa } from "./m";' }])
})
