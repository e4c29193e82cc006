import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import tmp from "tmp"
import { describe, expect, test } from "vitest"
import { chimerai, installedCli, makeHost, minimalHost, snapshot, type Tree } from "../../support/host"

/** The smallest app's package.json with other dependencies, and without some. */
function dependencies(changed: Record<string, string>, ...removed: string[]): Tree {
  const data = JSON.parse(String(minimalHost["package.json"]))
  data.dependencies = { ...data.dependencies, ...changed }
  for (const name of removed) delete data.dependencies[name]
  return { "package.json": `${JSON.stringify(data, null, 2)}\n` }
}

const refusals: [string, Tree, string, number, string?][] = [
  ["no package.json", { "package.json": null }, "package_json_missing", 3],
  ["a broken package.json", { "package.json": '{\n  "name": "x",,\n}\n' }, "package_json_invalid", 3, "package.json:2"],
  ["not a Next.js app", dependencies({}, "next"), "not_nextjs", 3, "package.json"],
  ["an old Next.js", dependencies({ next: "12.3.0" }), "next_version_unsupported", 3, "package.json:4"],
  ["no auth library", dependencies({}, "next-auth"), "auth_library_missing", 3, "package.json"],
  ["another auth library", dependencies({ "better-auth": "1.0.0" }, "next-auth"), "auth_library_missing", 3],
  ["an old next-auth 4", dependencies({ "next-auth": "4.20.1" }), "auth_version_unsupported", 3, "package.json:5"],
  ["an early beta", dependencies({ "next-auth": "5.0.0-beta.3" }), "auth_version_unsupported", 3],
  ["no Prisma", dependencies({ "drizzle-orm": "1.0.0" }, "@prisma/client"), "prisma_missing", 3],
  ["an old Prisma", dependencies({ "@prisma/client": "2.30.3" }), "prisma_version_unsupported", 3],
  [
    "an app under a path of its own",
    { "next.config.mjs": 'export default {\n  basePath: "/docs",\n};\n' },
    "base_path_unsupported",
    3,
    "next.config.mjs:2",
  ],
  ["neither router", { "app/api/auth/[...nextauth]/route.ts": null, "app/layout.tsx": null }, "app_router_missing", 3],
  ["a root layout only under [locale]", { "app/layout.tsx": null, "app/[locale]/layout.tsx": "" }, "root_layout_missing", 3, "app"],
  [
    "options of next-auth 4 that cannot be traced",
    {
      ...dependencies({ "next-auth": "4.24.11" }),
      "app/api/auth/[...nextauth]/route.ts":
        'import NextAuth from "next-auth";\nimport { options } from "somewhere";\n\nconst handler = NextAuth(options);\nexport { handler as GET, handler as POST };\n',
    },
    "auth_options_unsupported",
    3,
    "app/api/auth/[...nextauth]/route.ts:4",
  ],
  [
    "an auth handler on the edge",
    { "app/api/auth/[...nextauth]/route.ts": 'export { GET, POST } from "@/auth";\nexport const runtime = "edge";\n' },
    "edge_runtime_unsupported",
    3,
  ],
  ["no auth handler", { "app/api/auth/[...nextauth]/route.ts": null, "app/page.tsx": "" }, "auth_handler_missing", 3],
  ["a handler that never reaches NextAuth", { "auth.ts": "export const handlers = { GET: 1, POST: 1 };\n" }, "auth_config_not_found", 3],
  [
    "two calls in reach, and a handler that is made of neither by name",
    {
      "app/api/auth/[...nextauth]/route.ts": 'import { make } from "@/auth";\nexport const { GET, POST } = make();\n',
      "auth.ts": 'import "./other";\nimport NextAuth from "next-auth";\nexport const { handlers } = NextAuth({ providers: [] });\n',
      "other.ts": 'import NextAuth from "next-auth";\nexport default NextAuth({ providers: [] });\n',
    },
    "auth_config_ambiguous",
    4,
  ],
  [
    "an auth file that does not parse",
    { "auth.ts": 'import NextAuth from "next-auth";\n\nexport const { = NextAuth({});\n' },
    "parse_failed",
    3,
    "auth.ts:3",
  ],
  ["no schema", { "prisma/schema.prisma": null }, "prisma_schema_missing", 3],
  [
    "a schema that does not parse",
    { "prisma/schema.prisma": "model User {\n  id String @id\n" },
    "prisma_schema_invalid",
    3,
    "prisma/schema.prisma:1",
  ],
  [
    "a generated schema",
    {
      "prisma/schema.prisma": "// DO NOT MODIFY THIS FILE\nmodel User {\n  id    String @id\n  email String @unique\n}\n",
      "schema.zmodel": "",
    },
    "prisma_schema_generated",
    3,
    "prisma/schema.prisma:1",
  ],
  [
    "a field of the app's own under one of our names",
    {
      "prisma/schema.prisma":
        "model User {\n  id         String  @id\n  email      String  @unique\n  mfaEnabled Boolean @default(false)\n}\n",
    },
    "schema_name_taken",
    3,
    "prisma/schema.prisma:4",
  ],
  ["no user model", { "prisma/schema.prisma": "model Post {\n  id String @id\n}\n" }, "user_model_missing", 3],
  [
    "an id that foreign keys cannot copy",
    { "prisma/schema.prisma": "model User {\n  id Bytes @id\n  email String\n}\n" },
    "user_id_unsupported",
    3,
    "prisma/schema.prisma:2",
  ],
  ...["@db.Uuid", "@db.VarChar(36)", "@db.Char( 40 )"].map((type): [string, Tree, string, number, string] => [
    `database sessions whose token is ${type}`,
    {
      "prisma/schema.prisma": `model User {\n  id       String @id\n  email    String\n  sessions Session[]\n}\n\nmodel Session {\n  sessionToken String @unique ${type}\n  userId       String\n  user         User   @relation(fields: [userId], references: [id])\n  expires      DateTime\n}\n`,
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { PrismaAdapter } from "@auth/prisma-adapter";\nimport { prisma } from "@/lib/prisma";\n\nexport const { handlers, auth } = NextAuth({ adapter: PrismaAdapter(prisma), session: { strategy: "database" }, providers: [] });\n',
    },
    "session_token_too_narrow",
    3,
    "prisma/schema.prisma:8",
  ]),
  ["users without an address", { "prisma/schema.prisma": "model User {\n  id String @id\n  nick String\n}\n" }, "user_email_missing", 3],
  ["no client to be found", { "lib/prisma.ts": "export const prisma = 1;\n" }, "prisma_client_not_found", 4],
  [
    "a field of ours with another meaning",
    { "prisma/schema.prisma": "model User {\n  id String @id\n  email String\n  mfaSecret Bytes\n}\n" },
    "schema_name_taken",
    3,
    "prisma/schema.prisma:4",
  ],
  [
    "a model of ours with another meaning",
    { "prisma/schema.prisma": "model User {\n  id String @id\n  email String\n}\nmodel MfaEvent {\n  id Int @id\n}\n" },
    "schema_name_taken",
    3,
  ],
  ["a file of ours with other content", { "lib/mfa.ts": "export const mine = 1;\n" }, "file_exists", 3, "lib/mfa.ts"],
  [
    "our wrapper's name in use",
    {
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nconst withMfa = prisma;\nexport const { handlers } = NextAuth({ providers: [], withMfa });\n',
    },
    "name_taken",
    3,
  ],
  ["a file that is not UTF-8", { "auth.ts": "" }, "encoding_unsupported", 3, "auth.ts"],
]

describe("refused, with a code, a place and a next step; nothing changed", () => {
  test.each(refusals)("%s", (name, tree, code, exitCode, place) => {
    const dir = makeHost(tree)
    if (code === "encoding_unsupported") writeFileSync(join(dir, "auth.ts"), Buffer.from([0x69, 0xff, 0xfe]))
    const before = snapshot(dir)
    const run = chimerai(["add", "mfa", dir, "--yes", "--json", "--no-install"])
    expect({ code: run.json.error?.code, exit: run.code, status: run.json.status }, name).toEqual({
      code,
      exit: exitCode,
      status: "refused",
    })
    if (place) expect(`${run.json.error.file}${run.json.error.line ? `:${run.json.error.line}` : ""}`).toBe(place)
    expect(snapshot(dir)).toEqual(before)
    // For a person: the message, where, what to do, and the code.
    const human = chimerai(["add", "mfa", dir, "--yes", "--no-install"])
    expect(human.code).toBe(exitCode)
    expect(human.stderr.replaceAll(dir, "<dir>")).toMatchSnapshot()
  })

  test("a read-only directory", () => {
    const dir = makeHost()
    chmodSync(join(dir, "lib"), 0o555)
    // Permissions mean nothing to root, so root hands the run to nobody.
    const isRoot = process.getuid?.() === 0
    if (isRoot) execFileSync("chown", ["-R", "65534:65534", dir])
    const before = snapshot(dir)
    const run = chimerai(["add", "mfa", dir, "--yes", "--json", "--no-install"], isRoot ? { uid: 65534, cli: installedCli() } : {})
    expect([run.code, run.json.error?.code]).toEqual([3, "not_writable"])
    expect(snapshot(dir)).toEqual(before)
    chmodSync(join(dir, "lib"), 0o755)
  })

  test("a link that leads out of the project", () => {
    const dir = makeHost()
    const outside = tmp.dirSync({ unsafeCleanup: true }).name
    mkdirSync(join(dir, "app/login"), { recursive: true })
    symlinkSync(outside, join(dir, "app/login/mfa"))
    const run = chimerai(["add", "mfa", dir, "--yes", "--json", "--no-install"])
    expect([run.code, run.json.error?.code]).toEqual([3, "outside_root"])
    expect(snapshot(outside)).toEqual({})
  })

  test("a folder that is not there, an unknown feature, flag and package manager: wrong usage", () => {
    const dir = makeHost()
    for (const [args, code] of [
      [["add", "mfa", join(dir, "nowhere")], "not_a_directory"],
      [["add", "sso", dir], "unknown_feature"],
      [["add", "mfa", dir, "--bogus"], "unknown_option"],
      [["add", "mfa", dir, "--pm", "cargo"], "invalid_option"],
      [["add", "mfa", dir, "--rollback", "--resume"], "invalid_option"],
      [["add", "mfa", dir, "--resume", "--dry-run"], "invalid_option"],
      [["frobnicate"], "unknown_option"],
    ] as const) {
      const run = chimerai([...args, "--json"])
      expect([run.code, run.json.error?.code], args.join(" ")).toEqual([2, code])
    }
  })
})
