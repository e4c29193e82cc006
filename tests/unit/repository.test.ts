/** Somebody's repository: uncommitted work, unusual disks, and what `status` says of it. */
import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import tmp from "tmp"
import { beforeAll, describe, expect, test } from "vitest"
import { chimerai, installedCli, makeHost, minimalHost, snapshot, type Tree } from "../support/host"

const git = (dir: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", ...args], { cwd: dir, encoding: "utf8" })
function committed(tree: Tree = {}): string {
  const dir = makeHost(tree)
  git(dir, "init", "-q")
  git(dir, "add", "-A")
  git(dir, "commit", "-qm", "first")
  return dir
}
const add = (dir: string, ...flags: string[]) => chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", ...flags])
const append = (dir: string, path: string, text: string) => writeFileSync(join(dir, path), readFileSync(join(dir, path), "utf8") + text)

describe("uncommitted work", () => {
  test.each([
    ["changed", (dir: string) => append(dir, "auth.ts", "// mine\n")],
    [
      "staged",
      (dir: string) => {
        append(dir, "auth.ts", "// mine\n")
        git(dir, "add", "-A")
      },
    ],
  ])("a file that would be edited, %s, stops the run; --allow-dirty does not", (_, work) => {
    const dir = committed()
    work(dir)
    const before = snapshot(dir)
    const refused = add(dir)
    expect([refused.code, refused.json.error?.code, refused.json.error?.file]).toEqual([3, "dirty_files", "auth.ts"])
    expect(snapshot(dir)).toEqual(before)
    expect(add(dir, "--dry-run").json.status).toBe("planned")
    expect(add(dir, "--allow-dirty").json.status).toBe("applied")
    expect(git(dir, "log", "--oneline").split("\n")).toHaveLength(2)
  })

  test("other files do not matter, nor do brackets in a path, nor what an earlier run left", () => {
    const route = "app/api/auth/[...nextauth]/route.ts"
    const dir = committed({
      "package.json": String(minimalHost["package.json"]).replace("5.0.0-beta.32", "4.24.15"),
      "auth.ts": null,
      [route]:
        'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nconst handler = NextAuth({ providers: [], x: prisma });\nexport { handler as GET, handler as POST };\n',
      "app/api/auth/n/route.ts": "",
    })
    append(dir, "app/layout.tsx", "// mine\n")
    append(dir, "app/api/auth/n/route.ts", "// what a pattern would take [...nextauth] for\n")
    expect(add(dir).json.status).toBe("applied")
    expect(git(dir, "status", "--short", route)).toContain("M")
    // Our own changes, uncommitted and untouched since, are nobody's work.
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(git(dir, "status", "--short")).not.toContain("nextauth")
    append(dir, route, "// mine\n")
    expect(add(dir).json.error).toMatchObject({ code: "dirty_files", file: route })
  })

  test("a repository that git cannot read is not taken for one without changes", () => {
    const dir = committed()
    writeFileSync(join(dir, ".git/HEAD"), "not a ref")
    const before = snapshot(dir)
    const refused = add(dir)
    expect([refused.code, refused.json.error?.code]).toEqual([3, "git_failed"])
    expect(refused.json.error.message).toMatch(/: fatal: /)
    expect(snapshot(dir)).toEqual(before)
    expect(add(dir, "--allow-dirty").code).toBe(0)
  })

  test("without git on the PATH everything is as without a repository", () => {
    const dir = committed()
    append(dir, "auth.ts", "// mine\n")
    const empty = tmp.dirSync({ unsafeCleanup: true }).name
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"], { env: { PATH: empty } }).json.status).toBe("applied")
  })

  test("a program that the repository names for git to run is not run", () => {
    const dir = committed()
    const evil = join(dir, "evil.sh")
    writeFileSync(evil, `#!/bin/sh\ntouch "${dir}/ran"\n`, { mode: 0o755 })
    git(dir, "config", "core.fsmonitor", evil)
    append(dir, "auth.ts", "// mine\n")
    expect(add(dir).json.error.code).toBe("dirty_files")
    expect(existsSync(join(dir, "ran"))).toBe(false)
  })
})

describe("unusual disks", () => {
  const parent = () => tmp.dirSync({ unsafeCleanup: true }).name
  const throughout = (dir: string) => {
    const before = snapshot(dir)
    const run = add(dir)
    expect(run.code, run.stderr).toBe(0)
    expect(add(dir).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  }

  test.each(["with space", "ünïcødé 名前 😀", "[brackets] (and) {more}", "$HOME 'quote' `tick`"])("a path %s", (name) => {
    const dir = join(parent(), name)
    renameSync(makeHost(), dir)
    throughout(dir)
  })

  test("a root that is a link, and files that are links inside it", () => {
    const dir = makeHost({ "real/auth.ts": String(minimalHost["auth.ts"]), "auth.ts": null })
    symlinkSync("real/auth.ts", join(dir, "auth.ts"))
    const link = join(parent(), "link")
    symlinkSync(dir, link)
    throughout(link)
  })

  test("a file that leads out of the project is refused, and nothing is written anywhere", () => {
    const outside = makeHost()
    const dir = makeHost({ "auth.ts": null })
    symlinkSync(join(outside, "auth.ts"), join(dir, "auth.ts"))
    const [before, there] = [snapshot(dir), snapshot(outside)]
    const run = add(dir)
    expect([run.code, run.json.error?.code]).toEqual([3, "outside_root"])
    expect(snapshot(dir)).toEqual(before)
    expect(snapshot(outside)).toEqual(there)
  })

  test("CRLF everywhere, as core.autocrlf leaves it", () => {
    const crlf = Object.fromEntries(Object.entries(minimalHost).map(([path, text]) => [path, text?.replaceAll("\n", "\r\n") ?? null]))
    const dir = makeHost(crlf)
    const before = snapshot(dir)
    expect(add(dir).json.status).toBe("applied")
    for (const path of ["auth.ts", "prisma/schema.prisma", "package.json"])
      expect(readFileSync(join(dir, path), "utf8"), path).not.toMatch(/[^\r]\n/)
    expect(add(dir).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("an auth file of four hundred kilobytes", () => {
    const filler = Array.from({ length: 4_500 }, (_, index) => `export const constant${index} = "${"x".repeat(60)}";\n`).join("")
    throughout(makeHost({ "auth.ts": minimalHost["auth.ts"] + filler }))
  })

  test("a folder of the same name in other letters is its own", () => {
    throughout(makeHost({ "Lib/MFA.ts": "export {};\n" }))
  })

  describe("as somebody without rights", () => {
    let cli: string
    beforeAll(() => {
      cli = installedCli()
    })
    const asNobody = (args: string[]) => chimerai(args, { cli, uid: 65534 })

    test.skipIf(process.getuid?.() !== 0).each([
      ["a folder that cannot be written", (dir: string) => chmodSync(join(dir, "lib"), 0o555), "not_writable", 3],
      ["a file that is read-only", (dir: string) => chmodSync(join(dir, "auth.ts"), 0o444), "not_writable", 3],
      ["a file that cannot be read", (dir: string) => chmodSync(join(dir, "auth.ts"), 0o000), "io_error", 1],
    ])("%s is an error with a code, and nothing is written", (_, forbid, code, exitCode) => {
      const dir = makeHost()
      execFileSync("chown", ["-R", "65534:65534", dir])
      chmodSync(dir, 0o755)
      forbid(dir)
      const before = snapshot(dir)
      const run = asNobody(["add", "mfa", dir, "--yes", "--no-install", "--json"])
      expect([run.code, run.json.error?.code], run.stderr).toEqual([exitCode, code])
      expect(run.stderr).not.toMatch(/\n\s+at .*\.js:\d+/)
      expect(snapshot(dir)).toEqual(before)
    })
  })
})

describe("status", () => {
  const status = (dir: string) => chimerai(["status", dir, "--json"])
  const checkOf = (run: ReturnType<typeof status>, id: string) => run.json.checks.find((check: { id: string }) => check.id === id)

  test("of an app without MFA says so", () => {
    const dir = makeHost()
    const before = snapshot(dir)
    expect(status(dir)).toMatchObject({ code: 0, json: { command: "status", status: "not-installed", checks: [] } })
    expect(snapshot(dir)).toEqual(before)
  })

  test("right after add everything is well; doctor is the same", () => {
    const dir = makeHost()
    add(dir)
    const before = snapshot(dir)
    const run = status(dir)
    expect([run.code, run.json.status]).toEqual([0, "ok"])
    expect(run.json.host).toMatchObject({ app: ".", auth: { calls: ["auth.ts"] } })
    for (const id of ["version", "files", "hook", "dependencies", "schema", "env", "bypass"])
      expect(checkOf(run, id), id).toMatchObject({ state: "ok" })
    // What files do not tell is not called done.
    for (const id of ["migration", "oauth_without_adapter"]) expect(checkOf(run, id), id).toMatchObject({ state: "unknown" })
    expect(chimerai(["doctor", dir]).stdout).toContain("Nothing else is left to do")
    expect(snapshot(dir)).toEqual(before)
  })

  const broken: [string, Tree, (dir: string) => void, string][] = [
    ["the hook was taken out", {}, (dir) => writeFileSync(join(dir, "auth.ts"), String(minimalHost["auth.ts"])), "hook"],
    ["a file of ours is gone", {}, (dir) => rmSync(join(dir, "lib/mfa/gate.ts")), "files"],
    ["a route of ours is gone", {}, (dir) => rmSync(join(dir, "app/api/mfa/status/route.ts")), "files"],
    [
      "a field of the schema is gone",
      {},
      (dir) => writeFileSync(join(dir, "prisma/schema.prisma"), String(minimalHost["prisma/schema.prisma"])),
      "schema",
    ],
    ["a dependency is gone", {}, (dir) => writeFileSync(join(dir, "package.json"), String(minimalHost["package.json"])), "dependencies"],
    ["the key is gone", {}, (dir) => writeFileSync(join(dir, ".env"), "AUTH_SECRET=x\n"), "env"],
    ["the key is too short", {}, (dir) => writeFileSync(join(dir, ".env"), "MFA_ENCRYPTION_KEY=c2hvcnQ=\n"), "env"],
    ["git would take the key", {}, (dir) => writeFileSync(join(dir, ".gitignore"), "node_modules\n"), "env"],
    ["no migration makes the tables", { "prisma/migrations/1_init/migration.sql": 'CREATE TABLE "User" ();\n' }, () => {}, "migration"],
    [
      "a middleware keeps people from the challenge",
      { "middleware.ts": 'import { guard } from "./guard";\nexport default guard(() => null);\n' },
      () => {},
      "middleware",
    ],
    [
      "sessions are made beside the sign-in",
      { "app/api/impersonate/route.ts": 'import { encode } from "next-auth/jwt";\nexport const POST = () => encode({ token: {} });\n' },
      () => {},
      "bypass",
    ],
    [
      "another NextAuth serves sign-ins",
      {
        "lib/admin-auth.ts":
          'import NextAuth, { type User } from "next-auth";\nexport type Admin = User;\nexport const { handlers } = NextAuth({ providers: [] });\n',
      },
      () => {},
      "bypass",
    ],
    [
      "the schema is one that Prisma does not accept",
      {},
      (dir) => append(dir, "prisma/schema.prisma", "\nmodel Mine {\n  id    Int   @id\n  other Other\n}\n"),
      "schema",
    ],
    [
      "packages are not installed",
      {},
      (dir) => {
        const next = join(dir, "node_modules/next")
        mkdirSync(next, { recursive: true })
        writeFileSync(join(next, "package.json"), '{ "version": "16.4.6" }')
      },
      "packages",
    ],
    [
      "an older version is installed",
      {},
      (dir) => {
        const path = join(dir, ".chimerai/manifest.json")
        writeFileSync(path, readFileSync(path, "utf8").replace(/"version": "[^"]*"/, '"version": "0.0.1"'))
      },
      "version",
    ],
  ]
  test.each(broken)("%s: exit 1, with what to do", (_, tree, harm, id) => {
    const dir = makeHost(tree)
    expect(add(dir).code).toBe(0)
    harm(dir)
    const run = status(dir)
    expect([run.code, run.json.status]).toEqual([1, "open"])
    expect(checkOf(run, id)).toMatchObject({ state: "todo", fix: expect.stringMatching(/\S/) })
  })

  test("a function of the app's own around next-auth 4's middleware is given to passChallenge as well", () => {
    const auth = "app/api/auth/[...nextauth]/route.ts"
    const body =
      '  const token = await getToken({ req });\n  if (token && req.nextUrl.pathname.startsWith("/login")) return NextResponse.redirect(new URL("/", req.url));\n  return withAuth(req as NextRequestWithAuth, event);\n}\n'
    const dir = makeHost({
      "package.json": String(minimalHost["package.json"]).replace("5.0.0-beta.32", "4.24.15"),
      "auth.ts": null,
      [auth]:
        'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\n\nvoid prisma;\nconst handler = NextAuth({ providers: [], pages: { signIn: "/login" }, session: { strategy: "jwt" } });\nexport { handler as GET, handler as POST };\n',
      "middleware.ts": `import { type NextRequestWithAuth, withAuth } from "next-auth/middleware";\nimport { getToken } from "next-auth/jwt";\n\nexport default async function middleware(req, event) {\n${body}`,
    })
    const before = readFileSync(join(dir, "middleware.ts"), "utf8")
    expect(add(dir).code).toBe(0)
    const after = readFileSync(join(dir, "middleware.ts"), "utf8")
    expect(after).toContain('from "@/lib/mfa/middleware"; // instead of "next-auth/middleware";')
    expect(after).toContain("export default passChallenge(middlewareHandler);\n\nasync function middlewareHandler(req, event) {")
    expect(readFileSync(join(dir, "lib/mfa/middleware.ts"), "utf8")).toMatch(/export type \{[^}]*NextRequestWithAuth/)
    expect(add(dir).json.status).toBe("unchanged")
    chimerai(["remove", "mfa", "--yes", "--no-install", dir])
    expect(readFileSync(join(dir, "middleware.ts"), "utf8")).toBe(before)
  })

  test("a migration that makes the tables, an edited file, a rotated key and older tokens are no trouble, and said", () => {
    const dir = makeHost({
      "prisma/migrations/1_mfa/migration.sql": 'CREATE TABLE "MfaFactor" ();\n',
      "app/api/me/route.ts": 'import { getToken } from "next-auth/jwt";\nexport const GET = (req: Request) => getToken({ req });\n',
      "app/api/password/route.ts":
        "export const POST = async () => {\n  await prisma.user.update({\n    where: { id },\n    data: { name, passwordHash: await hash(password) },\n  });\n};\n",
      "app/api/reset/route.ts":
        "export const POST = async () => {\n  await prisma.user.update({ where: { id }, data: { password } });\n  await endHeldSignIns(id);\n};\n",
      "app/api/name/route.ts": "export const POST = (password) => prisma.user.update({ where: { id, password }, data: { name } });\n",
      "lib/edge-auth.ts": 'import NextAuth from "next-auth";\nexport const { auth } = NextAuth({ providers: [] });\n',
      "app/api/v1/route.ts":
        'export const GET = async (req: Request) => {\n  const key = req.headers.get("authorization");\n  return Response.json(await prisma.apiKey.findUnique({ where: { key } }));\n};\n',
    })
    add(dir)
    append(dir, "lib/mfa/config.ts", "// mine\n")
    rmSync(join(dir, "scripts/mfa-rotate.ts"))
    const key = Buffer.alloc(32, 7).toString("base64")
    writeFileSync(join(dir, ".env"), `MFA_ENCRYPTION_KEY="new:${key},old:${key}"\n`)
    const run = status(dir)
    expect([run.code, run.json.status], JSON.stringify(run.json.checks)).toEqual([0, "ok"])
    expect(checkOf(run, "edited").message).toContain("lib/mfa/config.ts")
    expect(checkOf(run, "deleted").message).toContain("scripts/mfa-rotate.ts")
    expect(checkOf(run, "older-tokens").message).toContain("app/api/me/route.ts:2")
    // What Prisma 6 would not accept may be right for another.
    const manifest = join(dir, "package.json")
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"@prisma/client": "6.19.3"', '"@prisma/client": "7.0.0"'))
    append(dir, "prisma/schema.prisma", "\nmodel Mine {\n  id    Int   @id\n  other Other\n}\n")
    expect(checkOf(status(dir), "schema")).toMatchObject({
      state: "ok",
      message: expect.stringMatching(/Prisma 6 would not accept it.*Other/),
    })
    expect(checkOf(run, "password-change")).toMatchObject({
      state: "unknown",
      message: expect.stringContaining("app/api/password/route.ts:2."),
      fix: expect.stringContaining("endHeldSignIns(userId)"),
    })
    expect(checkOf(run, "api-keys").message).toContain("app/api/v1/route.ts:2, app/api/v1/route.ts:3")
  })
})

describe("a run that was cut short while it installed", () => {
  const cutShort = () => {
    const dir = makeHost()
    add(dir)
    mkdirSync(join(dir, "node_modules/next"), { recursive: true })
    writeFileSync(join(dir, "node_modules/next/package.json"), '{ "version": "16.4.6" }')
    return dir
  }

  test("leaves an installation that says what is missing", () => {
    const dir = cutShort()
    const run = chimerai(["add", "mfa", dir, "--yes", "--json"])
    expect([run.code, run.json.status, run.json.nextSteps[0]]).toEqual([0, "unchanged", "npm install"])
    expect(chimerai(["add", "mfa", dir]).stdout).toMatch(/Not installed yet: otpauth, qrcode, @types\/qrcode. Run: npm install/)
  })

  test("is finished by --resume", () => {
    const dir = cutShort()
    const bin = tmp.dirSync({ unsafeCleanup: true }).name
    writeFileSync(join(bin, "npm"), `#!/bin/sh\necho "$PWD $@" > ${join(bin, "called")}\n`, { mode: 0o755 })
    const run = chimerai(["add", "mfa", dir, "--yes", "--json", "--resume"], { env: { PATH: `${bin}:${process.env.PATH}` } })
    expect([run.code, run.json.status], run.stderr).toEqual([0, "unchanged"])
    expect(readFileSync(join(bin, "called"), "utf8")).toMatch(new RegExp(`^${realpathSync(dir)} install`))
  })
})

describe("remove", () => {
  test("what the app's own schema leans on is not taken from under it", () => {
    const dir = makeHost()
    add(dir)
    const schema = join(dir, "prisma/schema.prisma")
    const installed = readFileSync(schema, "utf8")
    writeFileSync(schema, installed.replace(/email .*\n/, "$&\n  @@index([mfaEnabled])\n"))
    const before = snapshot(dir)
    const refused = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([refused.code, refused.json.error?.code]).toEqual([3, "still_used"])
    expect(refused.json.error.message).toMatch(/mfaEnabled.*\(prisma\/schema\.prisma:\d+\)/)
    expect(snapshot(dir)).toEqual(before)
    // A schema that Prisma did not accept before is its owner's affair.
    writeFileSync(schema, installed.replace(/email .*\n/, "$&  other Other\n"))
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
    expect(readFileSync(schema, "utf8")).toBe(String(minimalHost["prisma/schema.prisma"]).replace(/email .*\n/, "$&  other Other\n"))
  })

  test("a file that is not UTF-8 by now is not written back as if it were", () => {
    const dir = makeHost()
    add(dir)
    const appendLatin1 = (path: string) =>
      writeFileSync(join(dir, path), Buffer.concat([readFileSync(join(dir, path)), Buffer.from("// caf\xe9\n", "latin1")]))
    appendLatin1("lib/mfa/config.ts")
    const planned = chimerai(["remove", "mfa", dir, "--dry-run", "--json"])
    expect(planned.json.actions).toContainEqual(expect.objectContaining({ path: "lib/mfa/config.ts", state: "conflict" }))
    appendLatin1("auth.ts")
    const before = snapshot(dir)
    const refused = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([refused.code, refused.json.error?.code, refused.json.error?.file]).toEqual([3, "encoding_unsupported", "auth.ts"])
    expect(snapshot(dir)).toEqual(before)
  })

  test("code of the app's own that imports what goes is named", () => {
    const dir = makeHost()
    add(dir)
    mkdirSync(join(dir, "app/admin"))
    writeFileSync(join(dir, "app/admin/page.tsx"), 'import { requireMfa } from "@/lib/mfa"\n// import "@/lib/other/mfa"\n')
    writeFileSync(join(dir, "lib/mine.ts"), 'export const load = () =>\n  import("./mfa/step-up")\n')
    const run = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([run.code, run.json.status]).toEqual([0, "applied"])
    expect(run.json.warnings.map(({ code, file, line }: Record<string, unknown>) => [code, file, line])).toEqual([
      ["still_imported", "lib/mine.ts", 2],
      ["still_imported", "app/admin/page.tsx", 1],
    ])
  })

  test("a dependency that the app's own code imports stays, and is said", () => {
    const dir = makeHost()
    const before = String(minimalHost["package.json"])
    add(dir)
    mkdirSync(join(dir, "components"))
    writeFileSync(join(dir, "components/qr.ts"), 'import QRCode from "qrcode";\nexport default QRCode;\n')
    const run = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--json"])
    expect(run.code).toBe(0)
    expect(run.json.nextSteps.join()).toContain("qrcode, @types/qrcode stay")
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"))
    expect(Object.keys(dependencies).toSorted()).toEqual([...Object.keys(JSON.parse(before).dependencies), "qrcode"].toSorted())
    expect(Object.keys(devDependencies)).toContain("@types/qrcode")
  })

  test("a dependency of ours goes, whatever version its owner has moved it to", () => {
    const dir = makeHost()
    add(dir)
    const path = join(dir, "package.json")
    writeFileSync(path, readFileSync(path, "utf8").replace(/"otpauth": "[^"]*"/, '"otpauth": "9.99.0"'))
    expect(chimerai(["update", "mfa", dir, "--yes", "--no-install", "--json"]).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(JSON.parse(String(minimalHost["package.json"])))
  })

  test("the key stays unless it is asked for, also later", () => {
    const dir = makeHost()
    const before = snapshot(dir)
    add(dir)
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install"]).stdout).toContain("it decrypts what is still in the database")
    expect(readFileSync(join(dir, ".env"), "utf8")).toMatch(/MFA_ENCRYPTION_KEY=\S{44}/)
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(readFileSync(join(dir, ".env"), "utf8").trim()).toBe("AUTH_SECRET=x")
    expect(Object.keys(snapshot(dir))).toEqual(Object.keys(before))
  })

  test("what was inserted, edited since, refuses with the lines to take out; taken out, the next run goes through", () => {
    const dir = makeHost()
    add(dir)
    const installed = readFileSync(join(dir, "auth.ts"), "utf8")
    writeFileSync(join(dir, "auth.ts"), installed.replace("{ withMfa }", "{ withMfa /* ours */ }"))
    const before = snapshot(dir)
    const refused = chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([refused.code, refused.json.error.code, refused.json.error.file]).toEqual([3, "user_edited", "auth.ts"])
    expect(refused.json.error.suggestion).toContain("withMfa(")
    expect(snapshot(dir)).toEqual(before)
    writeFileSync(join(dir, "auth.ts"), String(minimalHost["auth.ts"]))
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install"]).code).toBe(0)
    expect(readFileSync(join(dir, "auth.ts"), "utf8")).toBe(minimalHost["auth.ts"])
  })
})
