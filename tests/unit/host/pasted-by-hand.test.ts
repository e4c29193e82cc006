/** The hook as people have put it in by hand, in the file that calls NextAuth or in another: the next `add` goes on. */
import { expect, test } from "vitest"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../../support/host"

const prisma = 'import { prisma } from "@/lib/prisma";\nvoid prisma;\n'
const library = 'import NextAuth from "next-auth";\n'
const wrapper = 'import { withMfa } from "@/lib/mfa/with-mfa";\n'
const call = (name: string) => `${prisma}export const { handlers, auth } = ${name}({ providers: [] });\n`

const pasted: [string, Tree][] = [
  [
    "in two calls",
    { "auth.ts": `${wrapper}${library}${call("process.env.X ? withMfa(NextAuth)({ providers: [] }) : withMfa(NextAuth)")}` },
  ],
  [
    "under another name",
    { "auth.ts": `import { withMfa as hold } from "@/lib/mfa/with-mfa";\n${library}${call("hold(NextAuth)")}export const withMfa = 1;\n` },
  ],
  [
    "by a barrel",
    {
      "lib/hooks.ts": 'export { withMfa as hook } from "./mfa/with-mfa";\n',
      "auth.ts": `import { hook } from "@/lib/hooks";\n${library}${call("hook(NextAuth)")}`,
    },
  ],
  [
    "by a barrel of everything",
    {
      "lib/hooks.ts": 'export * from "./mfa/with-mfa";\n',
      "auth.ts": `import { withMfa } from "@/lib/hooks";\n${library}${call("withMfa(NextAuth)")}`,
    },
  ],
  [
    "by a helper of another file",
    {
      "lib/hold.ts": 'import { withMfa } from "./mfa/with-mfa";\nexport const hold = (lib: any) => withMfa(lib);\n',
      "auth.ts": `import { hold } from "@/lib/hold";\n${library}${call("hold(NextAuth)")}`,
    },
  ],
  [
    "to a NextAuth of another file",
    {
      "lib/next-auth.ts": `${library}${wrapper}export const Guarded = withMfa(NextAuth);\n`,
      "auth.ts": `import { Guarded } from "@/lib/next-auth";\n${call("Guarded")}`,
    },
  ],
  [
    "to a default export of another file",
    {
      "lib/next-auth.ts": `${library}${wrapper}export default withMfa(NextAuth);\n`,
      "auth.ts": `import Auth from "@/lib/next-auth";\n${call("Auth")}`,
    },
  ],
  [
    "in a function that others call",
    {
      "lib/make-auth.ts": `${library}${wrapper}export const makeAuth = (config: any) => withMfa(NextAuth)(config);\n`,
      "auth.ts": `import { makeAuth } from "@/lib/make-auth";\n${call("makeAuth")}`,
    },
  ],
]

test.each(pasted)("%s", (_, tree) => {
  const dir = makeHost(tree)
  const before = snapshot(dir)
  const run = chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir])
  expect(run.code, run.stdout).toBe(0)
  const after = snapshot(dir)
  for (const path of Object.keys(tree)) expect(after[path], path).toBe(before[path])
  expect(chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir]).json.status).toBe("unchanged")
  expect(chimerai(["remove", "mfa", "--yes", "--no-install", "--purge", dir]).code).toBe(0)
  expect(snapshot(dir)).toEqual(before)
})

const passing: [string, Tree, string | null][] = [
  [
    "a helper of another file that hands it on to others as well",
    {
      "lib/hold.ts": 'import { withMfa } from "./mfa/with-mfa";\nexport const hold = (lib: any) => (lib.x ? lib : withMfa(lib));\n',
      "auth.ts": `import { hold } from "@/lib/hold";\n${library}${call("hold(NextAuth)")}`,
    },
    null,
  ],
  [
    "a NextAuth that another file hands on, and that goes elsewhere as well",
    {
      "lib/next-auth.ts": `${library}export const Auth = NextAuth;\n`,
      "auth.ts": `import { Auth } from "@/lib/next-auth";\n${call("Auth")}export const other = [Auth];\n`,
    },
    null,
  ],
  [
    "a NextAuth that another file hands on unguarded",
    {
      "lib/next-auth.ts": `${library}export const Auth = NextAuth;\n`,
      "auth.ts": `import { Auth } from "@/lib/next-auth";\n${call("Auth")}`,
    },
    "auth.ts",
  ],
  [
    "files that hand it to each other",
    {
      "lib/a.ts": 'import { b } from "./b";\nexport const a = b;\n',
      "lib/b.ts": 'import { a } from "./a";\nexport const b = a;\n',
      "auth.ts": `import { a } from "@/lib/a";\n${call("a")}`,
    },
    null,
  ],
]

test.each(passing)("%s is no hook", (_, tree, edited) => {
  const dir = makeHost(tree)
  const before = snapshot(dir)
  const run = chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir])
  expect(run.code).toBe(edited === null ? 3 : 0)
  const after = snapshot(dir)
  if (edited === null) expect(after).toEqual(before)
  else expect(after[edited]).not.toBe(before[edited])
})

test("a guard of options by a barrel of the app's own", () => {
  const dir = makeHost({
    "package.json": String(minimalHost["package.json"]).replace("5.0.0-beta.32", "4.24.15"),
    "lib/hooks.ts": 'export { protect as guard, withMfa as hook } from "./mfa/with-mfa";\n',
    "auth.ts": `import { guard } from "@/lib/hooks";\n${prisma}export const authOptions: any = { providers: [] };\nguard(authOptions);\n`,
    "app/api/auth/[...nextauth]/route.ts": `import { authOptions } from "@/auth";\nimport { hook } from "@/lib/hooks";\n${library}const handler = hook(NextAuth)(authOptions);\nexport { handler as GET, handler as POST };\n`,
  })
  const before = snapshot(dir)
  const run = chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir])
  expect(run.code, run.stdout).toBe(0)
  for (const path of ["auth.ts", "app/api/auth/[...nextauth]/route.ts"]) expect(snapshot(dir)[path]).toBe(before[path])
})
