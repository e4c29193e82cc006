/** What the generated code takes for an id of the app's users: the whole range of its type, and nothing beyond. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { transformSync } from "esbuild"
import { expect, test } from "vitest"
import { chimerai, makeHost } from "../../support/host"

function toUserIdOf(type: string): (value: unknown) => unknown {
  const schema = `datasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n\nmodel User {\n  id ${type} @id\n  email String @unique\n}\n`
  const dir = makeHost({ "prisma/schema.prisma": schema })
  expect(chimerai(["add", "mfa", "--yes", "--no-install", dir]).code).toBe(0)
  const text = readFileSync(join(dir, "lib/mfa/db.ts"), "utf8")
  const body = /export (function toUserId[\s\S]*?\n\})/.exec(text)?.[1] ?? ""
  return new Function(`${transformSync(body, { loader: "ts" }).code}; return toUserId`)()
}

test("BigInt ids have 64 bits", () => {
  const toUserId = toUserIdOf("BigInt")
  const [highest, lowest] = [9223372036854775807n, -9223372036854775808n]
  for (const id of [0n, 7n, -1n, 1234567890123456789n, highest, lowest]) {
    expect(toUserId(id)).toBe(id)
    expect(toUserId(String(id))).toBe(id)
  }
  expect(toUserId(42)).toBe(42n)
  for (const value of [
    highest + 1n,
    String(highest + 1n),
    String(lowest - 1n),
    2 ** 60,
    1.5,
    "",
    "007",
    "1e3",
    " 1",
    "0x10",
    "-",
    null,
    {},
    true,
  ])
    expect(toUserId(value), String(value)).toBeNull()
})

test("Int ids have 32 bits", () => {
  const toUserId = toUserIdOf("Int")
  for (const id of [0, 7, -1, 2147483647, -2147483648]) {
    expect(toUserId(id)).toBe(id)
    expect(toUserId(String(id))).toBe(id)
  }
  for (const value of [2147483648, "2147483648", -2147483649, 1.5, Number.NaN, "", "007", "1e3", " 1", "0x10", null, [7], true, 7n])
    expect(toUserId(value), String(value)).toBeNull()
})
