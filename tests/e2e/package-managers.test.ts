/** Each package manager for real: what is installed is there, and `remove` gives the lockfile back where it can. */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../support/host"
import { cache } from "../support/paths"

const managers = join(cache, "managers")
const packages = {
  pnpm: "pnpm@10.33.0",
  yarn: "yarn@1.22.22",
  berry: "@yarnpkg/cli-dist@4.12.0",
  bun: "@oven/bun-linux-x64-baseline@1.3.10",
}
const entries = {
  pnpm: ["node", "pnpm/bin/pnpm.cjs"],
  yarn: ["node", "yarn/bin/yarn.js"],
  berry: ["node", "@yarnpkg/cli-dist/bin/yarn.js"],
  bun: ["", "@oven/bun-linux-x64-baseline/bin/bun"],
} as const

beforeAll(() => {
  for (const [name, spec] of Object.entries(packages)) {
    const dir = join(managers, spec.replaceAll("/", "+"))
    if (!existsSync(join(dir, "node_modules"))) {
      mkdirSync(dir, { recursive: true })
      writeFileSync(join(dir, "package.json"), "{}")
      execFileSync("npm", ["install", "--no-audit", "--no-fund", "--no-save", "--force", spec], { cwd: dir, stdio: "ignore" })
    }
    const [runtime, entry] = entries[name as keyof typeof entries]
    mkdirSync(join(managers, name), { recursive: true })
    const command = name === "berry" ? "yarn" : name
    const target = join(dir, "node_modules", entry)
    writeFileSync(join(managers, name, command), `#!/bin/sh\nexec ${runtime} "${target}" "$@"\n`, { mode: 0o755 })
  }
})

/** The packages that detection looks for, as small as they can be: only what `add` brings comes from the registry. */
const stubs: Tree = Object.fromEntries(
  Object.entries({ next: "16.4.6", "next-auth": "5.0.0-beta.32", "@prisma/client": "6.19.3" }).map(([name, version]) => [
    `stubs/${name}/package.json`,
    JSON.stringify({ name, version }),
  ]),
)
const manifest = {
  ...JSON.parse(String(minimalHost["package.json"])),
  dependencies: { "@prisma/client": "file:./stubs/@prisma/client", next: "file:./stubs/next", "next-auth": "file:./stubs/next-auth" },
  devDependencies: {},
}

const registry = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim()
const envOf = (name: string) => ({
  PATH: `${join(managers, name)}:${process.env.PATH}`,
  npm_config_registry: registry,
  YARN_REGISTRY: registry,
  YARN_NPM_REGISTRY_SERVER: registry,
  YARN_ENABLE_TELEMETRY: "false",
  YARN_ENABLE_GLOBAL_CACHE: "false",
  BUN_CONFIG_REGISTRY: registry,
  CI: "true",
})

const kinds: [string, string, string, Tree][] = [
  ["npm", "npm", "package-lock.json", {}],
  ["pnpm", "pnpm", "pnpm-lock.yaml", {}],
  ["yarn", "yarn 1", "yarn.lock", {}],
  ["berry", "yarn 4", "yarn.lock", { ".yarnrc.yml": "nodeLinker: node-modules\nenableScripts: false\n", "yarn.lock": "" }],
  ["bun", "bun", "bun.lock", {}],
]

describe.each(kinds)("%s", (name, _, lockfile, tree) => {
  const isHere = name !== "bun" || (process.platform === "linux" && process.arch === "x64")
  test.skipIf(!isHere)("add installs, remove gives back", () => {
    const dir = makeHost({
      ...tree,
      ...stubs,
      "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
      ".gitignore": ".env\nnode_modules\n.yarn\n",
    })
    const env = envOf(name)
    const command = name === "berry" ? "yarn" : name
    const first = spawnSync(command, ["install", ...(name === "pnpm" ? ["--no-frozen-lockfile"] : [])], {
      cwd: dir,
      encoding: "utf8",
      env: { ...process.env, ...env, YARN_ENABLE_IMMUTABLE_INSTALLS: "false" },
    })
    expect(first.status, first.stdout + first.stderr).toBe(0)
    expect(existsSync(join(dir, lockfile))).toBe(true)
    const without = ({ [lockfile]: _lock, ...rest }: Record<string, string>) =>
      Object.fromEntries(Object.entries(rest).filter(([path]) => !path.startsWith(".yarn/")))
    const before = snapshot(dir)

    const added = chimerai(["add", "mfa", dir, "--yes", "--json"], { env })
    expect([added.code, added.json.host?.packageManager], added.stderr + JSON.stringify(added.json.warnings)).toEqual([0, command])
    expect(readFileSync(join(dir, "node_modules/otpauth/package.json"), "utf8")).toContain('"otpauth"')
    expect(readFileSync(join(dir, lockfile), "utf8")).toContain("otpauth")

    const removed = chimerai(["remove", "mfa", dir, "--yes", "--json", "--purge"], { env })
    expect(removed.code, removed.stderr + JSON.stringify(removed.json)).toBe(0)
    const after = snapshot(dir)
    expect(without(after)).toEqual(without(before))
    expect(after[lockfile], "the lockfile").toBe(before[lockfile])
  })
})
