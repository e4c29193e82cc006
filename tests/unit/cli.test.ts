import { execFileSync, spawn, spawnSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import tmp from "tmp"
import { describe, expect, test } from "vitest"
import { chimerai, makeHost, snapshot } from "../support/host"
import { cli, root } from "../support/paths"

const version = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version

describe("the command line", () => {
  test("--version, --help, list", () => {
    expect(chimerai(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` })
    const help = chimerai(["--help"])
    expect(help.code).toBe(0)
    for (const command of ["add", "remove", "list"]) expect(help.stdout).toContain(command)
    const bare = chimerai([])
    expect([bare.code, bare.stdout]).toEqual([2, ""])
    expect(bare.stderr).toContain("Usage: chimerai")
    expect(bare.stderr).not.toContain("✖")
    expect(chimerai(["list", "--json"]).json).toMatchObject({ command: "list", features: [{ name: "mfa" }] })
    expect(chimerai(["list"]).stdout).toMatch(/^mfa /)
  })

  test("a Node that is too old is told so, with exit 2", () => {
    const shim = tmp.fileSync({ postfix: ".cjs" }).name
    writeFileSync(shim, 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.8.1" } })')
    const run = spawnSync(process.execPath, ["--require", shim, cli, "--version"], { encoding: "utf8" })
    expect([run.status, run.stdout]).toEqual([2, ""])
    expect(run.stderr).toBe("chimerai needs Node 20.9 or newer; this is 20.8.1.\n")
  })

  test("without a terminal nothing is asked and nothing hangs: the plan is applied, with exit 0", () => {
    const dir = makeHost()
    const run = chimerai(["add", "mfa", dir, "--no-install"])
    expect(run.code).toBe(0)
    expect(readFileSync(join(dir, "auth.ts"), "utf8")).toContain("withMfa(NextAuth)")
  })

  test("--cwd is [dir]; two different ones are wrong usage", () => {
    const dir = makeHost()
    expect(chimerai(["add", "mfa", "--cwd", dir, "--dry-run", "--json"]).json.status).toBe("planned")
    expect(chimerai(["add", "mfa", dir, "--cwd", "elsewhere", "--json"])).toMatchObject({
      code: 2,
      json: { error: { code: "invalid_option" } },
    })
  })

  test("stdout is one JSON document, everything else is on stderr", () => {
    const run = chimerai(["add", "mfa", makeHost(), "--yes", "--json", "--no-install", "--verbose"])
    expect(Object.keys(run.json)).toEqual([
      "command",
      "feature",
      "version",
      "status",
      "host",
      "actions",
      "dependencies",
      "routes",
      "nextSteps",
      "warnings",
    ])
    expect(run.json).toMatchObject({
      command: "add",
      feature: "mfa",
      version,
      status: "applied",
      nextSteps: ["npm install", "npx prisma migrate dev --name add-mfa"],
      routes: { settings: "/settings/mfa", challenge: "/login/mfa" },
    })
    expect(run.stdout).not.toMatch(/MFA_ENCRYPTION_KEY=\S/)
  })

  test("--strict: a manual step left over is exit 5", () => {
    const withMiddleware = { "middleware.ts": 'export { default } from "some-package/middleware"\n' }
    expect(chimerai(["add", "mfa", makeHost(withMiddleware), "--yes", "--no-install"]).code).toBe(0)
    const run = chimerai(["add", "mfa", makeHost(withMiddleware), "--yes", "--no-install", "--json", "--strict"])
    expect(run.code).toBe(5)
    expect(run.json.actions).toContainEqual(expect.objectContaining({ kind: "manual", path: "middleware.ts", state: "planned" }))
  })

  test("a secret is not written to a file that git would commit", () => {
    const dir = makeHost({ ".gitignore": "node_modules\n" })
    const before = readFileSync(join(dir, ".env"), "utf8")
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install"])
    expect(run.stdout).toContain('MFA_ENCRYPTION_KEY="$(openssl rand -base64 32)"')
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe(before)
  })

  test("a package manager that fails leaves the files, prints its command, and is exit 5", () => {
    const dir = makeHost()
    const bin = tmp.dirSync({ unsafeCleanup: true }).name
    writeFileSync(join(bin, "npm"), "#!/bin/sh\necho 'registry is down' >&2\nexit 1\n", { mode: 0o755 })
    const run = chimerai(["add", "mfa", dir, "--yes", "--json"], { env: { PATH: `${bin}:${process.env.PATH}` } })
    expect([run.code, run.json.status]).toEqual([5, "applied"])
    expect(run.json.warnings).toContainEqual(
      expect.objectContaining({ code: "install_failed", message: expect.stringContaining("registry is down") }),
    )
    expect(run.json.nextSteps[0]).toBe("npm install")
    expect(readFileSync(join(dir, "auth.ts"), "utf8")).toContain("withMfa(NextAuth)")
  })

  test("a package manager that is not there is refused before anything is written", () => {
    const dir = makeHost({ "bun.lock": "" })
    const before = snapshot(dir)
    const run = chimerai(["add", "mfa", dir, "--yes", "--json"], { env: { PATH: dirname(process.execPath) } })
    expect([run.code, run.json.error.code]).toEqual([3, "package_manager_missing"])
    expect(run.json.error.suggestion).toContain("--no-install")
    expect(snapshot(dir)).toEqual(before)
  })

  test("Ctrl+C while installing: what is in place is said, with exit 5", async () => {
    const dir = makeHost()
    const bin = tmp.dirSync({ unsafeCleanup: true }).name
    writeFileSync(join(bin, "npm"), "#!/bin/sh\necho started > started\nexec sleep 30\n", { mode: 0o755 })
    const child = spawn(process.execPath, [cli, "add", "mfa", dir, "--yes"], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    })
    let stdout = ""
    child.stdout.on("data", (data) => {
      stdout += data
    })
    await expect.poll(() => existsSync(join(dir, "started")), { timeout: 20_000 }).toBe(true)
    process.kill(-(child.pid ?? 0), "SIGINT")
    const code = await new Promise((resolve) => child.once("close", resolve))
    expect(code).toBe(5)
    expect(stdout).toContain("The files are in place, but the dependencies could not be installed. Run: npm install")
  })

  test("schema in several files: fields where the user is, models in a file of their own", () => {
    const dir = makeHost({
      "prisma/schema.prisma": null,
      "prisma/schema/base.prisma": 'datasource db {\n  provider = "mysql"\n}\n',
      "prisma/schema/user.prisma": "model Member {\n  uid   Int    @id @db.UnsignedInt\n  email String\n}\n",
    })
    const before = snapshot(dir)
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--user-model", "Member"]).code).toBe(0)
    const models = readFileSync(join(dir, "prisma/schema/mfa.prisma"), "utf8")
    expect(models).toMatch(/userId +Int +@db.UnsignedInt @id/)
    expect(models).toContain("references: [uid]")
    expect(models).toMatch(/held +String +@db.LongText/)
    expect(readFileSync(join(dir, "prisma/schema/user.prisma"), "utf8")).toContain("mfaSecret")
    expect(readFileSync(join(dir, "lib/mfa/db.ts"), "utf8")).toContain("export type UserId = number")
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--user-model", "Member", "--json"]).json.status).toBe("unchanged")
    expect(chimerai(["remove", "mfa", dir, "--yes", "--no-install", "--purge"]).code).toBe(0)
    expect(snapshot(dir)).toEqual(before)
  })

  test("the challenge goes under the host's own sign-in page", () => {
    const dir = makeHost({
      "auth.ts":
        'import NextAuth from "next-auth";\nimport { prisma } from "@/lib/prisma";\nvoid prisma;\nexport const { handlers } = NextAuth({ providers: [], pages: { signIn: "/sign-in" } });\n',
    })
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).json.routes.challenge).toBe("/sign-in/mfa")
    expect(readFileSync(join(dir, "app/sign-in/mfa/page.tsx"), "utf8")).toContain("ChallengePage")
  })
})

describe("with a terminal", () => {
  /** util-linux's `script` gives the run a terminal, and types `keys` into it. */
  const inTerminal = (args: string[], keys: string) =>
    execFileSync("script", ["-qec", [process.execPath, cli, ...args].map((arg) => `'${arg}'`).join(" "), "/dev/null"], {
      input: keys,
      encoding: "utf8",
      env: { ...process.env, CI: "", TERM: "xterm" },
    })

  test("the plan is shown and confirmed once", () => {
    const dir = makeHost()
    const shown = inTerminal(["add", "mfa", dir, "--no-install"], "y\n")
    expect(shown).toContain("Apply this plan?")
    expect(shown).toContain("Take it out again: npx chimerai remove mfa")
    expect(shown).toContain(`The same without questions: npx chimerai add mfa ${dir} --no-install --yes`)
    expect(readFileSync(join(dir, "auth.ts"), "utf8")).toContain("withMfa(NextAuth)")
  })

  test("a no changes nothing", () => {
    const dir = makeHost()
    const before = snapshot(dir)
    expect(() => inTerminal(["add", "mfa", dir, "--no-install"], "n\n")).toThrow()
    expect(snapshot(dir)).toEqual(before)
  })
})
