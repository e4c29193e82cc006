/** Whether TypeScript or JavaScript is written, by what the app is written in. */
import { expect, test } from "vitest"
import { loadFeature } from "../../../src/feature/load"
import { detect } from "../../../src/host/detect"
import { makeHost, minimalHost, type Tree } from "../../support/host"

const { requires } = loadFeature("mfa")
const languageOf = async (tree: Tree) => {
  const { host } = await detect(makeHost(tree), requires)
  return [host.language, host.evidence.language]
}

/** The smallest app in JavaScript; `typescript` is installed there, too, as linters bring it. */
const javascript: Tree = {
  "tsconfig.json": null,
  "app/api/auth/[...nextauth]/route.ts": null,
  "app/layout.tsx": null,
  "auth.ts": null,
  "lib/prisma.ts": null,
  "app/api/auth/[...nextauth]/route.js": 'import { handlers } from "../../../../auth";\nexport const { GET, POST } = handlers;\n',
  "app/layout.jsx": "export default ({ children }) => <html><body>{children}</body></html>;\n",
  "auth.js": String(minimalHost["auth.ts"]).replace("@/", "./"),
  "lib/prisma.js": String(minimalHost["lib/prisma.ts"]),
}

test.each<[string, Tree, string, string]>([
  ["with jsconfig.json", { ...javascript, "jsconfig.json": "{}" }, "js", "app/layout.jsx"],
  ["with no config at all", javascript, "js", "app/layout.jsx"],
  [
    "with a tsconfig.json for editors",
    { ...javascript, "tsconfig.json": '{ "compilerOptions": { "checkJs": true } }' },
    "js",
    "app/layout.jsx",
  ],
  [
    "with tools in TypeScript",
    { ...javascript, "tsconfig.json": "{}", "vitest.config.ts": "", "e2e/login.ts": "", "next-env.d.ts": "", "lib/a.test.ts": "" },
    "js",
    "app/layout.jsx",
  ],
  ["with a page in TypeScript, which is enough for Next.js", { ...javascript, "app/page.tsx": "" }, "ts", "app/page.tsx"],
  ["with code in TypeScript beside tsconfig.json", { ...javascript, "tsconfig.json": "{}", "lib/money.ts": "" }, "ts", "tsconfig.json"],
  ["with declarations of types alone", { ...javascript, "app/types.d.ts": "" }, "js", "app/layout.jsx"],
])("an app in JavaScript, %s", async (_, tree, language, evidence) => {
  expect(await languageOf(tree)).toEqual([language, evidence])
})

test("an app in TypeScript that Next.js has not made a tsconfig.json for yet", async () => {
  const tree: Tree = {
    "tsconfig.json": null,
    "auth.ts": String(minimalHost["auth.ts"]).replace("@/", "./"),
    "app/api/auth/[...nextauth]/route.ts": 'import { handlers } from "../../../../auth";\nexport const { GET, POST } = handlers;\n',
  }
  expect(await languageOf(tree)).toEqual(["ts", "app/layout.tsx"])
})
