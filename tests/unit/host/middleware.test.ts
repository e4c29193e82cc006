/** Which file Next.js runs before requests, by its version and the place of the routes. */
import { expect, test } from "vitest"
import { loadFeature } from "../../../src/feature/load"
import { detect } from "../../../src/host/detect"
import { makeHost, minimalHost, type Tree } from "../../support/host"

const { requires } = loadFeature("mfa")
const middlewareOf = async (tree: Tree, next = "16.4.6") => {
  const manifest = String(minimalHost["package.json"]).replace("16.4.6", next)
  return (await detect(makeHost({ "package.json": manifest, ...tree }), requires)).host.middleware
}
const text = "export default function run() {}\n"

test.each<[string, string, string[], string | null]>([
  ["a proxy since 16", "16.0.0", ["proxy.ts"], "proxy.ts"],
  ["a middleware since 16", "^16.1.0", ["middleware.ts"], "middleware.ts"],
  ["both since 16", "16.4.6", ["middleware.ts", "proxy.ts"], "proxy.ts"],
  ["a canary of 16", "16.0.0-canary.3", ["proxy.ts"], "proxy.ts"],
  ["a helper called proxy, before", "15.5.4", ["proxy.ts"], null],
  ["a middleware beside such a helper", "15.5.4", ["middleware.ts", "proxy.ts"], "middleware.ts"],
  ["with elements in it", "15.5.4", ["middleware.tsx"], "middleware.tsx"],
  ["a proxy with elements in it", "16.4.6", ["proxy.jsx"], "proxy.jsx"],
  ["an ending that Next.js does not take", "15.5.4", ["middleware.mjs"], null],
  ["one in a folder, which Next.js leaves alone", "16.4.6", ["src/middleware.ts"], null],
])("%s", async (_, next, paths, expected) => {
  expect(await middlewareOf(Object.fromEntries(paths.map((path) => [path, text])), next)).toBe(expected)
})

test("beside src/app it is in src, and one at the root is not run", async () => {
  const inSrc: Tree = {
    "app/api/auth/[...nextauth]/route.ts": null,
    "app/layout.tsx": null,
    "src/app/api/auth/[...nextauth]/route.ts": String(minimalHost["app/api/auth/[...nextauth]/route.ts"]),
    "src/app/layout.tsx": String(minimalHost["app/layout.tsx"]),
    "middleware.ts": text,
  }
  expect(await middlewareOf(inSrc)).toBe(null)
  expect(await middlewareOf({ ...inSrc, "src/middleware.ts": text })).toBe("src/middleware.ts")
})
