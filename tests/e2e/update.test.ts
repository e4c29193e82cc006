/** A previous version, installed, edited and updated: the app builds. */
import { execFile } from "node:child_process"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import tmp from "tmp"
import { expect, test } from "vitest"
import { chimerai, copyFixture, prismaEnv, run } from "../../scripts/apps.mjs"
import { previousTemplates } from "../support/previous-version"

test("an updated app builds, with what its owner has made of it", async () => {
  const dir = copyFixture("next16-credentials", join(tmp.dirSync({ unsafeCleanup: true }).name, "app"))
  chimerai(["add", "mfa", "--yes", "--templates", previousTemplates(), dir])
  const change = (path: string, from: string, to: string) => {
    const text = readFileSync(join(dir, path), "utf8")
    expect(text).toContain(from)
    writeFileSync(
      join(dir, path),
      text.replace(from, () => to),
    )
  }
  change("src/lib/mfa/config.ts", "export const backupCodeCount = 10", "export const backupCodeCount = 8")
  change(
    "src/lib/mfa/on-event.ts",
    "  void event // instead of this: await sendMail(...)",
    "  if (event.type === 'blocked') console.warn('blocked')",
  )
  change("src/auth.ts", 'import { prisma } from "@/lib/prisma";\n', 'import { prisma } from "@/lib/prisma";\n\nexport const mine = 1;\n')
  rmSync(join(dir, "src/app/(app)/settings/mfa/confirm/page.tsx"))

  const updated = JSON.parse(chimerai(["update", "mfa", "--yes", "--json", dir]))
  expect(updated.status).toBe("applied")
  const text = (path: string) => readFileSync(join(dir, path), "utf8")
  expect(text("src/lib/mfa/config.ts")).toMatch(/attemptsPerChallenge = 5[\s\S]*backupCodeCount = 8/)
  expect(text("src/lib/mfa/on-event.ts")).toMatch(/the place to act on it[\s\S]*console\.warn/)
  expect(text("src/auth.ts")).toMatch(/export const mine = 1;[\s\S]*withMfa\(NextAuth\)/)
  expect(text("src/auth.ts")).toContain("@/lib/mfa/with-mfa")
  expect(existsSync(join(dir, "src/app/(app)/settings/mfa/confirm/page.tsx"))).toBe(false)
  expect(existsSync(join(dir, "src/lib/mfa/hook.ts"))).toBe(false)
  run("npx", ["prisma", "validate"], { cwd: dir })
  run("npx", ["prisma", "generate"], { cwd: dir })
  // Not waited for in one piece: a worker that is silent for a minute is taken for dead.
  await promisify(execFile)("npx", ["next", "build"], { cwd: dir, env: { ...process.env, ...prismaEnv } })
  expect(existsSync(join(dir, ".next/BUILD_ID"))).toBe(true)
})
