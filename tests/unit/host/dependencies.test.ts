/** Packages of ours that the app has already in another version; variables that turbo does not know of. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import type { CliError } from "../../../src/errors"
import { assertRanges } from "../../../src/host/dependency-ranges"
import { HostFiles } from "../../../src/host/files"
import { undeclaredInTurbo } from "../../../src/host/turbo"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../../support/host"

const json = (data: object) => `${JSON.stringify(data, null, 2)}\n`
const ours = [
  { name: "otpauth", range: "^9.5.2", dev: false },
  { name: "qrcode", range: "^1.5.4", dev: false },
  { name: "@types/qrcode", range: "^1.5.5", dev: true },
]
const judged = (dependencies: Record<string, string>, tree: Tree = {}): string => {
  const files = new HostFiles(makeHost({ "package.json": json({ dependencies }), ...tree }))
  try {
    const [warning] = assertRanges(files, ours, "pnpm")
    return warning ? `said: ${warning.message}` : "kept"
  } catch (error) {
    return `refused: ${(error as CliError).message} ${(error as CliError).details.suggestion}`
  }
}

describe("a package of ours that is there already", () => {
  test.each(["^9.5.2", ">=7", "9.x || 10", "*", "latest", "~9.5", "^9.4.0", "npm:otpauth@^9.5.2"])("%s may be one that serves", (range) => {
    expect(judged({ otpauth: range })).toBe("kept")
  })

  test.each(["^7.0.0", "7.1.2", "<9", "npm:otpauth@^8", "7 || 8"])("%s is too old, and refused", (range) => {
    expect(judged({ otpauth: range })).toMatch(/^refused: .*written for \^9\.5\.2\. .*pnpm add "otpauth@\^9\.5\.2"/s)
  })

  test("what is installed, or locked, decides within a range; what a catalogue says is looked up", () => {
    const installed = { "node_modules/otpauth/package.json": json({ version: "8.2.0" }) }
    expect(judged({ otpauth: ">=7" }, installed)).toMatch(/^refused: .*>=7, which is 8\.2\.0/)
    expect(judged({ otpauth: "catalog:" }, { "pnpm-workspace.yaml": "catalog: { otpauth: ^7.0.0 }\n" })).toMatch(/^refused/)
    expect(judged({ otpauth: "catalog:" }, { "pnpm-workspace.yaml": "catalog: { otpauth: ^9.5.2 }\n" })).toBe("kept")
  })

  test("a later version, an older one of the same major, and types of any, are only said", () => {
    expect(judged({ otpauth: "~9.4.1" })).toMatch(/^said: .*"otpauth@\^9\.5\.2"/)
    expect(judged({ otpauth: "^10.0.0" })).toMatch(/^said: .*"otpauth@\^9\.5\.2"/)
    expect(judged({ "@types/qrcode": "^0.8.1" })).toMatch(/^said: .*pnpm add --save-dev "@types\/qrcode@\^1\.5\.5"/)
  })

  test("stops add before anything is written, and is said by status", () => {
    const manifest = JSON.parse(String(minimalHost["package.json"]))
    const dir = makeHost({ "package.json": json({ ...manifest, dependencies: { ...manifest.dependencies, qrcode: "^0.9.0" } }) })
    const before = snapshot(dir)
    const refused = chimerai(["add", "mfa", dir, "--yes", "--json", "--dry-run"])
    expect([refused.code, refused.json.error?.code, refused.json.error?.file]).toEqual([3, "dependency_range_conflict", "package.json"])
    expect(refused.json.error.suggestion).toContain('npm install "qrcode@^1.5.4"')
    expect(snapshot(dir)).toEqual(before)
    const path = join(dir, "package.json")
    const lower = readFileSync(path, "utf8")
    writeFileSync(path, lower.replace("^0.9.0", "^1.5.4"))
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).json.status).toBe("applied")
    writeFileSync(path, readFileSync(path, "utf8").replace('"qrcode": "^1.5.4"', '"qrcode": "^0.9.0"'))
    const { checks } = chimerai(["status", dir, "--json"]).json
    expect(checks).toContainEqual(expect.objectContaining({ id: "dependency_range_conflict", state: "todo" }))
  })
})

describe("turbo", () => {
  const turbo = (data: object | string, own?: object): Tree => ({
    "package.json": json({ workspaces: ["apps/*"] }),
    "apps/web/package.json": json({ name: "web" }),
    "turbo.json": typeof data === "string" ? data : json(data),
    "apps/web/turbo.json": own ? json(own) : null,
  })
  const found = (tree: Tree) => undeclaredInTurbo(new HostFiles(join(makeHost(tree), "apps/web")), ["MFA_ENCRYPTION_KEY"])
  const undeclared = { file: "../../turbo.json", names: ["MFA_ENCRYPTION_KEY"] }

  test.each<[string, Tree]>([
    ["nothing", turbo({})],
    ["other variables", turbo({ globalEnv: ["AUTH_SECRET", "!MFA_ENCRYPTION_KEY"], tasks: { build: { env: ["NEXT_PUBLIC_*"] } } })],
    ["comments", turbo('// MFA_ENCRYPTION_KEY\n{ "tasks": { "build": { "outputs": [".next/**"], }, }, }\n')],
    ["what is no list", turbo({ globalEnv: "MFA_ENCRYPTION_KEY", tasks: [] })],
  ])("has %s: the variable is missing", (_, tree) => expect(found(tree)).toEqual(undeclared))

  test.each<[string, Tree]>([
    ["for all tasks", turbo({ globalEnv: ["MFA_ENCRYPTION_KEY"] })],
    ["handed through", turbo({ globalPassThroughEnv: ["MFA_ENCRYPTION_KEY"] })],
    ["for one task", turbo({ tasks: { build: { env: ["MFA_ENCRYPTION_KEY"] } } })],
    ["by its beginning", turbo({ globalEnv: ["MFA_*"] })],
    ["of turbo 1", turbo({ pipeline: { build: { dependsOn: ["^build", "$MFA_ENCRYPTION_KEY"] } } })],
    ["by the package's own file", turbo({}, { extends: ["//"], tasks: { build: { passThroughEnv: ["*"] } } })],
  ])("names it %s", (_, tree) => expect(found(tree)).toBeNull())

  test("is a next step, with the file and the variable", () => {
    const dir = makeHost({ "turbo.json": json({ tasks: { build: {} } }) })
    const { json: result } = chimerai(["add", "mfa", dir, "--yes", "--json", "--dry-run"])
    expect(result.nextSteps.at(-1)).toMatch(/^turbo\.json: add "MFA_ENCRYPTION_KEY" to globalEnv/)
    expect(chimerai(["add", "mfa", makeHost(), "--yes", "--json", "--dry-run"]).json.nextSteps.join("\n")).not.toContain("turbo")
  })
})
