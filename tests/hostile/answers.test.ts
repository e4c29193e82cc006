/** Answers that a committed manifest gives in the place of whoever runs it (H11). */
import { expect, test } from "vitest"
import { chimerai, makeHost } from "../support/host"
import { manifestWith } from "../support/hostile"

const decoy =
  'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers, auth } = NextAuth({ providers: [] });\n'
const hostWith = (answers: object) => makeHost({ "lib/decoy.ts": decoy, ".chimerai/manifest.json": manifestWith({ answers }) })
const add = (dir: string, ...flags: string[]) => chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json", ...flags])
const differs = expect.objectContaining({ code: "answer_differs" })
const hookOf = (dir: string) => chimerai(["status", dir, "--json"]).json.checks.find(({ id }: { id: string }) => id === "hook")

test("a manifest that has MFA guard a sign-in that nobody uses is named by add, update and status", () => {
  const dir = hostWith({ auth: "lib/decoy.ts" })
  const run = add(dir)
  expect(run.json.warnings, run.stderr).toContainEqual(differs)
  expect(run.json.warnings.find(({ code }: { code: string }) => code === "answer_differs").message).toContain("the app's own is auth.ts")
  expect(hookOf(dir).state).toBe("unknown")
  expect(chimerai(["update", "mfa", dir, "--yes", "--no-install", "--json"]).json.warnings).toContainEqual(differs)
})

test("an answer that the app itself gives, or leaves open, or that is given again, is no matter", () => {
  const same = hostWith({ auth: "auth.ts" })
  expect(add(same).json.warnings).not.toContainEqual(differs)
  expect(hookOf(same).state).toBe("ok")
  const open = makeHost({
    "lib/decoy.ts": decoy,
    "app/api/auth/[...nextauth]/route.ts": `import { handlers } from "@/auth";\nimport { handlers as others } from "@/lib/decoy";\nexport const GET = handlers.GET;\nexport const POST = others.POST;\n`,
    ".chimerai/manifest.json": manifestWith({ answers: { auth: "auth.ts" } }),
  })
  expect(add(open, "--dry-run").json.warnings).not.toContainEqual(differs)
  const given = hostWith({ auth: "lib/decoy.ts" })
  expect(add(given, "--auth", "auth.ts", "--dry-run").json.warnings).not.toContainEqual(differs)
})
