/** Addresses of ours that a file of the app answers already, in another group, by a slot, or in the other router. */
import { describe, expect, test } from "vitest"
import { HostFiles } from "../../../src/host/files"
import { takenRoutes } from "../../../src/host/taken-routes"
import { chimerai, makeHost, minimalHost, snapshot, type Tree } from "../../support/host"

const page = "export default function Page() {\n  return null;\n}\n"
const route = "export function POST() {\n  return new Response();\n}\n"
const add = (tree: Tree, ...flags: string[]) => chimerai(["add", "mfa", makeHost(tree), "--yes", "--no-install", "--json", ...flags])

describe("an address that is taken is refused, and nothing is touched", () => {
  test.each<[string, string, string, string]>([
    ["in another group", "app/(account)/settings/mfa/page.tsx", page, "/settings/mfa"],
    ["in a group within a group", "app/(site)/(account)/settings/(more)/mfa/page.jsx", page, "/settings/mfa"],
    ["by a route instead of a page", "app/settings/mfa/route.ts", route, "/settings/mfa"],
    ["by a slot", "app/settings/@panel/mfa/page.tsx", page, "/settings/mfa"],
    ["by a slot at the top", "app/@modal/(x)/login/mfa/page.tsx", page, "/login/mfa"],
    ["below ours", "app/(x)/settings/mfa/confirm/page.tsx", page, "/settings/mfa/confirm"],
    ["for an API", "app/api/(v1)/mfa/verify/route.ts", route, "/api/mfa/verify"],
    ["beside the auth handler", "app/api/(x)/auth/mfa-verify/route.ts", route, "/api/auth/mfa-verify"],
    ["in pages/", "pages/settings/mfa.tsx", page, "/settings/mfa"],
    ["in pages/, as the index of a folder", "pages/settings/mfa/index.js", page, "/settings/mfa"],
    ["in pages/api", "pages/api/mfa/status.ts", route, "/api/mfa/status"],
    ["by any number of parts, none among them", "app/(x)/settings/mfa/[[...step]]/page.tsx", page, "/settings/mfa"],
    ["the same in pages/", "pages/login/mfa/[[...step]].tsx", page, "/login/mfa"],
    ["by what an MFA of the app's own may be", "app/api/mfa/[...action]/route.ts", route, "/api/mfa/"],
    ["the same in pages/", "pages/api/mfa/[action].ts", route, "/api/mfa/"],
    ["by Markdown", "app/(docs)/settings/mfa/page.mdx", "# MFA\n", "/settings/mfa"],
    ["by a file that is served as it is", "public/settings/mfa", "x", "/settings/mfa"],
  ])("%s: %s", (_, path, text, address) => {
    const dir = makeHost({ [path]: text })
    const before = snapshot(dir)
    const run = chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"])
    expect([run.code, run.json.error?.code, run.json.error?.file], run.stdout).toEqual([3, "route_taken", path])
    expect(run.json.error.message).toContain(`${address}`)
    expect(run.json.error.suggestion).toContain(path)
    expect(snapshot(dir)).toEqual(before)
  })

  test("in app/, where the sign-in is in pages/", () => {
    const inPages = {
      "app/api/auth/[...nextauth]/route.ts": null,
      "pages/api/auth/[...nextauth].ts": 'import NextAuth from "next-auth";\n\nexport default NextAuth({ providers: [] });\n',
      "package.json": String(minimalHost["package.json"]).replace(/5\.0\.0-beta\.\d+/, "4.24.13"),
      "auth.ts": null,
    }
    expect(add(inPages, "--dry-run").json.status).toBe("planned")
    const { error } = add({ ...inPages, "app/(x)/settings/mfa/page.tsx": page }).json
    expect([error?.code, error?.file]).toEqual(["route_taken", "app/(x)/settings/mfa/page.tsx"])
  })
})

describe("what is no file for an address of ours is no reason to refuse", () => {
  test.each<[string, Tree]>([
    ["a page that opens over another", { "app/(.)settings/mfa/page.tsx": page, "app/settings/(..)mfa/page.tsx": page }],
    ["pages for everything", { "app/[...slug]/page.tsx": page, "app/[[...rest]]/page.tsx": page, "pages/[...all].tsx": page }],
    ["pages of two open parts", { "app/[team]/[project]/page.tsx": page }],
    ["an API for everything", { "app/api/[[...route]]/route.ts": route }],
    ["tests, stories and layouts beside a page", { "app/(x)/settings/mfa/page.test.tsx": page, "app/(x)/settings/mfa/layout.tsx": page }],
    ["parts of a page", { "app/(x)/settings/mfa.tsx": page, "app/_settings/mfa/page.tsx": page }],
    ["a name that begins like it", { "app/(x)/settings/mfa-old/page.tsx": page, "pages/settings/mfas.tsx": page }],
  ])("%s", (_, tree) => {
    const run = add(tree, "--dry-run")
    expect([run.code, run.json.status], run.stdout).toEqual([0, "planned"])
    expect(run.json.warnings.map(({ code }: { code: string }) => code)).not.toContain("route_shadowed")
  })

  test.each([
    ["/settings/[tab]", "app/(app)/settings/[tab]/page.tsx"],
    ["/login/[[...rest]]", "app/login/[[...rest]]/page.tsx"],
  ])("%s goes on answering the rest, which is said", (pattern, file) => {
    const run = add({ [file]: page })
    expect(run.json.status).toBe("applied")
    const [warning, ...more] = run.json.warnings.filter(({ code }: { code: string }) => code === "route_shadowed")
    expect(more).toEqual([])
    expect(warning).toMatchObject({ file, message: expect.stringContaining(pattern) })
  })

  test("our own files, wherever a group has come up since", () => {
    const dir = makeHost()
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).json.status).toBe("applied")
    expect(chimerai(["add", "mfa", dir, "--yes", "--no-install", "--json"]).json.status).toBe("unchanged")
    expect(chimerai(["update", "mfa", dir, "--yes", "--no-install", "--json"]).json.status).toBe("unchanged")
  })
})

test("groups within groups are looked through once for each address", () => {
  const tree = Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => [`app/${Array.from({ length: at + 1 }, (_, g) => `(g${g})`).join("/")}/x/page.tsx`, page]),
  )
  const files = new HostFiles(makeHost(tree))
  expect(takenRoutes(files, { appDir: "app", pagesDir: null })("/x")).toHaveLength(12)
})
