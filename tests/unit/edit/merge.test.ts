/** Insertions found again in texts that somebody has worked on since. */
import { describe, expect, test } from "vitest"
import { insertionsBetween, takeOut } from "../../../src/edit/merge"
import { applyInsertions, type Insertion } from "../../../src/edit/splice"

const before = "model User {\n  id    String @id\n  email String @unique\n\n  @@index([email])\n}\n"
const insertions: Insertion[] = [
  {
    at: before.indexOf("@@index"),
    text: "mfaSecret  String?\n  mfaEnabled Boolean @default(false)\n  mfaEpoch   Int     @default(0)\n\n  ",
  },
]
const left = applyInsertions(before, insertions)

describe("an insertion of several lines", () => {
  test.each([
    ["the first line deleted", (text: string) => text.replace("  mfaSecret  String?\n", "")],
    ["one in the middle deleted", (text: string) => text.replace(/ +mfaEnabled.*\n/, "")],
    ["the last line deleted", (text: string) => text.replace(/ +mfaEpoch.*\n/, "")],
    ["all but one deleted", (text: string) => text.replace(/ +mfaSecret.*\n +mfaEnabled.*\n/, "")],
    ["spaced otherwise", (text: string) => text.replace("mfaSecret  String?", "mfaSecret     String?")],
    ["all deleted", () => before],
  ])("%s: what is left of it goes", (_, edit) => {
    const now = edit(left)
    expect(takeOut(now, left, insertions)).toBe(before)
    const elsewhere = now.replace("email String", "mail  String")
    expect(takeOut(elsewhere, left, insertions)).toBe(before.replace("email String", "mail  String"))
  })

  test.each([
    ["a line of somebody's among them", (text: string) => text.replace("  mfaEnabled", "  phone String?\n  mfaEnabled")],
    ["a line changed", (text: string) => text.replace("mfaEpoch   Int     @default(0)", "mfaEpoch   Int     @default(1)")],
    ["lines in another order", (text: string) => text.replace(/( +mfaSecret.*\n)( +mfaEnabled.*\n)/, "$2$1")],
    ["words of it in somebody's own line", (text: string) => text.replace(/ +mfaSecret.*\n[\s\S]*?\n\n/, "  mine String?\n\n")],
  ])("%s: it cannot be told apart", (_, edit) => {
    expect(takeOut(edit(left), left, insertions)).toBeNull()
  })
})

describe("how one text comes from another", () => {
  test("in whole lines where it can be told in lines", () => {
    expect(insertionsBetween(before, left)?.map(({ text }) => text.trim())).toEqual(insertions.map(({ text }) => text.trim()))
    expect(applyInsertions(before, insertionsBetween(before, left) ?? [])).toBe(left)
  })

  test("within a line", () => {
    const [plain, wrapped] = ["export const x = NextAuth(config)\n", "export const x = withMfa(NextAuth)(config)\n"]
    expect(applyInsertions(plain, insertionsBetween(plain, wrapped) ?? [])).toBe(wrapped)
  })

  test("not by insertions alone", () => {
    expect(insertionsBetween(left, before)).toBeNull()
    expect(insertionsBetween("a b\n", "a c\n")).toBeNull()
  })
})
