/** What is generated for ids and databases that no fixture has: the schema is Prisma's, the code compiles, nothing runs. */
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import tmp from "tmp"
import { expect, test } from "vitest"
import { chimerai, copyFixture, run } from "../../scripts/apps.mjs"

type Case = { fixture: string; provider: string; url: string; idType: string; ids: Record<string, string> }
const cases: [string, Case][] = [
  [
    "BigInt ids, Auth.js 5",
    { fixture: "next16-credentials", provider: "sqlite", url: "file:./dev.db", idType: "bigint", ids: { User: "BigInt @id" } },
  ],
  [
    "BigInt ids, next-auth 4",
    { fixture: "next14-v4-pages", provider: "sqlite", url: "file:./dev.db", idType: "bigint", ids: { User: "BigInt @id" } },
  ],
  [
    "UUIDs of the database's own type",
    {
      fixture: "next16-credentials",
      provider: "postgresql",
      url: "postgresql://u:p@h/d",
      idType: "string",
      ids: { User: "String @id @default(uuid()) @db.Uuid" },
    },
  ],
  [
    "MongoDB",
    {
      fixture: "next16-credentials",
      provider: "mongodb",
      url: "mongodb://h/d",
      idType: "string",
      ids: {
        User: 'String @id @default(auto()) @map("_id") @db.ObjectId',
        Note: 'String @id @default(auto()) @map("_id") @db.ObjectId',
      },
    },
  ],
]

test.each(cases)("%s", (_, { fixture, provider, url, idType, ids }) => {
  const dir = copyFixture(fixture, join(tmp.dirSync({ unsafeCleanup: true }).name, "app"))
  const schema = join(dir, "prisma/schema.prisma")
  let text = readFileSync(schema, "utf8").replace('"sqlite"', `"${provider}"`)
  for (const [model, id] of Object.entries(ids)) text = text.replace(new RegExp(`(model ${model} \\{\\s+id\\s+)\\S.*`), `$1${id}`)
  // What refers to users has to have their type.
  const [type = ""] = ids.User?.split(" ") ?? []
  const native = /@db\.\w+/.exec(ids.User ?? "")?.[0] ?? ""
  text = text.replace(/^(\s+(?:userId|authorId|ownerId)\s+)String\b/gm, `$1${type} ${native}`)
  if (provider === "mongodb") text = text.replace(/\n\s+engineType.*/, "")
  writeFileSync(schema, text)

  const planned = chimerai(["add", "mfa", "--yes", "--no-install", "--json", dir])
  expect(JSON.parse(planned).status).toBe("applied")
  expect(readFileSync(join(dir, fixture === "next14-v4-pages" ? "lib/mfa/db.ts" : "src/lib/mfa/db.ts"), "utf8")).toContain(
    `export type UserId = ${idType}\n`,
  )
  // Prisma's own validator and the host's own compiler. The packages that `add` wants are in no lockfile: their types are.
  const env = { DATABASE_URL: url }
  run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: dir })
  run("npx", ["prisma", "validate"], { cwd: dir, env })
  run("npx", ["prisma", "generate"], { cwd: dir, env })
  // The fixture's own code is written for ids of another type; ours has to compile.
  const { stdout, status } = spawnSync("npx", ["tsc", "--noEmit"], { cwd: dir, encoding: "utf8" })
  expect([0, 2]).toContain(status)
  expect(stdout.split("\n").filter((line) => /^\S*\bmfa\b.*error TS/.test(line))).toEqual([])
})
