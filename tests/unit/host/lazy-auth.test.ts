/** Apps that call NextAuth in a function: MFA's own routes import what runs it, or send it a request. */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"
import tmp from "tmp"
import { expect, test } from "vitest"
import { loadFeature } from "../../../src/feature/load"
import { detect } from "../../../src/host/detect"
import { chimerai, makeHost, snapshot, type Tree } from "../../support/host"
import { root } from "../../support/paths"

const route = "app/api/auth/[...nextauth]/route.ts"
const imports = 'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\n'
const kept = `${imports}let kept: ReturnType<typeof NextAuth> | undefined;\nexport const getAuth = () => (kept ??= NextAuth({ secret: "s", trustHost: true, providers: [] }));\n`

const shapes: [string, Tree, string | null][] = [
  ["at the top of its module", {}, "auth.ts"],
  [
    "by a function of the module itself",
    { "auth.ts": `${imports}function make() { return NextAuth({ providers: [] }); }\nexport const { handlers } = make();\n` },
    "auth.ts",
  ],
  [
    "by a function that is called where it stands",
    { "auth.ts": `${imports}export const { handlers } = (() => NextAuth({ providers: [] }))();\n` },
    "auth.ts",
  ],
  [
    "by a function of another module",
    {
      "lib/make-auth.ts": `${imports}export function makeAuth(config: any) { return NextAuth(config); }\n`,
      "lib/index.ts": 'export * from "./make-auth";\n',
      "auth.ts":
        'import * as lib from "@/lib";\nexport const { handlers, auth } = lib.makeAuth({ providers: [], pages: { signIn: "/in" } });\n',
    },
    "auth.ts",
  ],
  [
    "by the route",
    { "auth.ts": kept, [route]: 'import { getAuth } from "@/auth";\nexport const { GET, POST } = getAuth().handlers;\n' },
    route,
  ],
  [
    "by a request",
    {
      "auth.ts": kept,
      [route]:
        'import { getAuth } from "@/auth";\nexport const GET = (request: any) => getAuth().handlers.GET(request);\nexport const POST = (request: any) => getAuth().handlers.POST(request);\n',
    },
    null,
  ],
  [
    "by a request, in the route itself",
    {
      "auth.ts": null,
      [route]: `${imports}const make = () => NextAuth({ providers: [] });\nexport async function GET(request: any) { return make().handlers.GET(request); }\nexport async function POST(request: any) { return make().handlers.POST(request); }\n`,
    },
    null,
  ],
]

test.each(shapes)("NextAuth is run %s", async (_, tree, runs) => {
  const { host } = await detect(makeHost(tree), loadFeature("mfa").requires)
  expect(host.auth.runs).toBe(runs)
})

test("options that a helper is given are read", async () => {
  const [, tree] = shapes[3] as (typeof shapes)[number]
  const { host } = await detect(makeHost(tree), loadFeature("mfa").requires)
  expect(host.auth).toMatchObject({ calls: ["lib/make-auth.ts"], signInPage: "/in" })
})

test("what is run by the route is imported from there", () => {
  const dir = makeHost((shapes[4] as (typeof shapes)[number])[1])
  expect(chimerai(["add", "mfa", "--yes", "--no-install", dir]).code).toBe(0)
  expect(readFileSync(join(dir, "lib/mfa/session.ts"), "utf8")).toContain('import "@/app/api/auth/[...nextauth]/route"')
  expect(existsSync(join(dir, "lib/mfa/start.ts"))).toBe(false)
})

test("what only a request runs is sent one, once, before MFA asks who is signed in", async () => {
  const dir = makeHost((shapes[5] as (typeof shapes)[number])[1])
  const before = snapshot(dir)
  expect(chimerai(["add", "mfa", "--yes", "--no-install", dir]).code).toBe(0)
  expect(chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir]).json.status).toBe("unchanged")
  for (const path of ["lib/mfa/session.ts", "app/api/auth/mfa-verify/route.ts", "app/api/auth/mfa-form/route.ts"])
    expect(readFileSync(join(dir, path), "utf8"), path).toMatch(/^import "[^"]*\/start"/m)

  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"))
  const code = `import "./lib/mfa/start";
    import { instances } from "./lib/mfa/with-mfa";
    const first = await instances();
    const again = await instances();
    console.log(JSON.stringify([first.length, again.length, first[0].basePath()]));`
  const outside = tmp.dirSync({ unsafeCleanup: true }).name
  const [outfile, client] = [join(outside, "run.mjs"), join(outside, "client.js")]
  // The database is not reached.
  writeFileSync(client, "export class PrismaClient {}\nexport const Prisma = {};\n")
  await build({
    stdin: { contents: code, resolveDir: dir, loader: "ts" },
    bundle: true,
    outfile,
    platform: "node",
    format: "esm",
    alias: { "@": dir, "@prisma/client": client },
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname;',
    },
    logLevel: "silent",
  })
  const run = spawnSync(process.execPath, [outfile], { encoding: "utf8" })
  expect(run.stdout.trim(), run.stderr).toBe('[1,1,"/api/auth"]')

  expect(chimerai(["remove", "mfa", "--yes", "--no-install", "--purge", dir]).code).toBe(0)
  const { "node_modules/": _, ...after } = snapshot(dir)
  expect(after).toEqual(before)
})
