/** Which version of a package the app has: its own, and not a neighbour's or one of another time. */
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { HostFiles } from "../../../src/host/files"
import { versionOf } from "../../../src/host/workspace"
import { chimerai, makeHost, minimalHost, type Tree } from "../../support/host"

const json = (data: object) => `${JSON.stringify(data, null, 2)}\n`
const web = (range: string) => json({ name: "web", dependencies: { "next-auth": range } })
const workspace = (range: string): Tree => ({
  "package.json": json({ name: "acme", private: true, workspaces: ["apps/*"] }),
  "apps/web/package.json": web(range),
  "apps/admin/package.json": json({ name: "admin", dependencies: { "next-auth": "5.0.0-beta.30" } }),
})
const versionIn = (tree: Tree, range: string, dir = "apps/web") => {
  const files = new HostFiles(join(makeHost({ ...workspace(range), ...tree }), dir))
  const { version, guessed } = versionOf(files, "next-auth", range, files.read("package.json") ?? "")
  return guessed ? `${version}?` : version
}

const locks: Record<string, [string, string]> = {
  npm: [
    "package-lock.json",
    json({
      lockfileVersion: 3,
      packages: {
        "apps/web": { dependencies: { "next-auth": "^4.24.0" } },
        "node_modules/next-auth": { version: "5.0.0-beta.30" },
        "apps/web/node_modules/next-auth": { version: "4.24.13" },
      },
    }),
  ],
  pnpm: [
    "pnpm-lock.yaml",
    "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\n  apps/admin:\n    dependencies:\n      next-auth:\n        specifier: 5.0.0-beta.30\n        version: 5.0.0-beta.30(next@16.0.3)\n\n  'apps/web':\n    dependencies:\n      next-auth:\n        specifier: ^4.24.0\n        version: 4.24.13(next@15.5.6(react@19.2.0))\n\npackages:\n\n  next-auth@5.0.0-beta.30:\n    resolution: {integrity: sha512-x}\n",
  ],
  "an older pnpm": [
    "pnpm-lock.yaml",
    "lockfileVersion: 5.4\n\nimporters:\n\n  apps/admin:\n    specifiers:\n      next-auth: 5.0.0-beta.30\n    dependencies:\n      next-auth: 5.0.0-beta.30_next@16.0.3\n\n  apps/web:\n    specifiers:\n      next-auth: ^4.24.0\n    dependencies:\n      next-auth: 4.24.13_next@15.5.6\n",
  ],
  "yarn 1": [
    "yarn.lock",
    'next-auth@5.0.0-beta.30:\n  version "5.0.0-beta.30"\n\n"next-auth@^4.20.0", next-auth@^4.24.0:\n  version "4.24.13"\n',
  ],
  "yarn 4": [
    "yarn.lock",
    '"next-auth@npm:5.0.0-beta.30":\n  version: 5.0.0-beta.30\n\n"next-auth@npm:^4.24.0":\n  version: 4.24.13\n  resolution: "next-auth@npm:4.24.13"\n',
  ],
  bun: [
    "bun.lock",
    '{ "lockfileVersion": 1, "workspaces": { "apps/web": { "name": "web", "dependencies": { "next-auth": "^4.24.0" } } }, "packages": {\n "next-auth": ["next-auth@5.0.0-beta.30", "", {}, ""],\n "web/next-auth": ["next-auth@4.24.13", "", {}, ""],\n} }\n',
  ],
}

describe("a lockfile of a workspace with two versions", () => {
  test.each(Object.entries(locks))("of %s: each app has its own", (_, [file, text]) => {
    expect(versionIn({ [file]: text }, "^4.24.0")).toBe("4.24.13")
    expect(versionIn({ [file]: text }, "5.0.0-beta.30", "apps/admin")).toBe("5.0.0-beta.30")
  })

  test.each(Object.entries(locks))("of %s: a version of another time does not count", (_, [file, text]) => {
    expect(versionIn({ [file]: text }, "~4.23.1")).toBe("4.23.1?")
  })

  test.each([
    ["npm, of version 1", "package-lock.json", json({ dependencies: { "next-auth": { version: "4.24.13" } } })],
    [
      "pnpm",
      "pnpm-lock.yaml",
      "lockfileVersion: 5.4\n\nspecifiers:\n  next-auth: ^4\n\ndependencies:\n  next-auth: 4.24.13_next@15\n\npackages:\n",
    ],
    [
      "pnpm, with a byte order mark",
      "pnpm-lock.yaml",
      "\uFEFFimporters:\r\n\r\n  .:\r\n    dependencies:\r\n      next-auth:\r\n        specifier: ^4\r\n        version: 4.24.13\r\n",
    ],
    ["yarn, with another range", "yarn.lock", 'next-auth@^4.20.0:\n  version "4.24.13"\n'],
  ])("of an app by itself: %s", (_, file, text) => {
    const files = new HostFiles(makeHost({ "package.json": web("^4"), [file]: text }))
    expect(versionOf(files, "next-auth", "^4", web("^4"))).toMatchObject({ version: "4.24.13", guessed: false })
  })

  test.each([
    ["a link", "link:../next-auth"],
    ["a file", "file:vendor/next-auth-4.24.13.tgz"],
  ])("has %s, which is no version", (_, version) => {
    const text = `importers:\n\n  apps/web:\n    dependencies:\n      next-auth:\n        specifier: ^4.24.0\n        version: ${version}\n`
    expect(versionIn({ "pnpm-lock.yaml": text }, "^4.24.0")).toBe("4.24.0?")
  })
})

describe("what is installed", () => {
  const installed = (dir: string, version: string): Tree => ({ [`${dir}node_modules/next-auth/package.json`]: json({ version }) })

  test("is the app's own, or what is hoisted", () => {
    expect(versionIn({ ...installed("", "4.24.5"), ...installed("apps/web/", "4.24.13") }, "^4.24.0")).toBe("4.24.13")
    expect(versionIn(installed("", "4.24.5"), "^4.24.0")).toBe("4.24.5")
  })

  test("does not count where it is a neighbour's", () => {
    expect(versionIn(installed("", "5.0.0-beta.30"), "^4.24.0")).toBe("4.24.0?")
    expect(versionIn({ ...installed("", "5.0.0-beta.30"), [locks.npm?.[0] ?? ""]: locks.npm?.[1] ?? "" }, "^4.24.0")).toBe("4.24.13")
  })
})

describe("a catalogue", () => {
  test.each<[string, string, Tree]>([
    ["pnpm's", "catalog:", { "pnpm-workspace.yaml": "packages: [apps/*]\ncatalog:\n  next-auth: ^4.24.13\n" }],
    [
      "pnpm's, by its name",
      "catalog:auth",
      { "pnpm-workspace.yaml": 'packages: [apps/*]\ncatalogs: { auth: { "next-auth": ^4.24.13 } }\n' },
    ],
    [
      "pnpm's, by the name of the only one",
      "catalog:default",
      { "pnpm-workspace.yaml": "packages: [apps/*]\ncatalog: { next-auth: 4.24.13 }\n" },
    ],
    ["yarn's", "catalog:", { ".yarnrc.yml": "catalog:\n  next-auth: ^4.24.13\n" }],
    ["bun's", "catalog:", { "package.json": json({ workspaces: { packages: ["apps/*"], catalog: { "next-auth": "^4.24.13" } } }) }],
    ["bun's, by its name", "catalog:a", { "package.json": json({ workspaces: ["apps/*"], catalogs: { a: { "next-auth": "~4.24.13" } } }) }],
  ])("says the range: %s", (_, range, tree) => {
    expect(versionIn(tree, range).replace("?", "")).toBe("4.24.13")
  })

  test("is not believed where a version is locked for the app", () => {
    const lock = locks.pnpm?.[1]?.replace("specifier: ^4.24.0", "specifier: 'catalog:'") ?? ""
    const yaml = "packages: [apps/*]\ncatalog:\n  next-auth: ^4.24.0\n"
    expect(versionIn({ "pnpm-workspace.yaml": yaml, "pnpm-lock.yaml": lock }, "catalog:")).toBe("4.24.13")
  })
})

describe("a version that nothing says", () => {
  const four: Tree = {
    "auth.ts": "export const authOptions = { providers: [] };\n",
    "app/api/auth/[...nextauth]/route.ts":
      'import NextAuth from "next-auth";\nimport { authOptions } from "../../../../auth";\n\nconst handler = NextAuth(authOptions);\nexport { handler as GET, handler as POST };\n',
  }
  const plan = (range: string, tree: Tree = {}) => {
    const manifest = JSON.parse(String(minimalHost["package.json"]))
    manifest.dependencies["next-auth"] = range
    return chimerai(["add", "mfa", makeHost({ "package.json": json(manifest), ...tree }), "--yes", "--json", "--dry-run"]).json
  }

  test.each(["latest", "beta", "*", ">=4", "^4.24.5 || ^5.0.0-beta.25", "catalog:"])(
    "%s: the auth route says which, and it is said",
    (range) => {
      for (const [tree, major] of [
        [{}, 5],
        [four, 4],
      ] as const) {
        const { status, host, warnings } = plan(range, tree)
        expect([status, host?.auth.major]).toEqual(["planned", major])
        expect(warnings).toContainEqual(
          expect.objectContaining({ code: "version_unknown", file: "package.json", message: expect.stringContaining(`for ${major}`) }),
        )
      }
    },
  )

  test("of Next.js, a tag is said, and a range that reaches too far", () => {
    const manifest = JSON.parse(String(minimalHost["package.json"]))
    manifest.dependencies.next = "latest"
    const { json: result } = chimerai(["add", "mfa", makeHost({ "package.json": json(manifest) }), "--yes", "--json", "--dry-run"])
    expect(result.warnings).toContainEqual(expect.objectContaining({ code: "version_unknown" }))
  })

  test("one major is one, whatever of it is installed", () => {
    expect(plan("^5.0.0-beta.25").warnings.map(({ code }: { code: string }) => code)).not.toContain("version_unknown")
  })
})
