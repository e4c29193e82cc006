import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import tmp from "tmp"
import { cli, root } from "./paths"

tmp.setGracefulCleanup()

export type Tree = Record<string, string | null>

/** The smallest app that can be served. */
export const minimalHost: Tree = {
  "package.json": `${JSON.stringify({ name: "mini", dependencies: { next: "16.4.6", "next-auth": "5.0.0-beta.32", "@prisma/client": "6.19.3" }, devDependencies: { typescript: "5.9.3" } }, null, 2)}\n`,
  "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }\n',
  "app/api/auth/[...nextauth]/route.ts": 'import { handlers } from "@/auth";\nexport const { GET, POST } = handlers;\n',
  "app/layout.tsx": "export default ({ children }: { children: React.ReactNode }) => <html><body>{children}</body></html>;\n",
  "auth.ts":
    'import NextAuth from "next-auth";\nimport GitHub from "next-auth/providers/github";\nimport { prisma } from "@/lib/prisma";\n\nvoid prisma;\nexport const { handlers, auth } = NextAuth({ providers: [GitHub] });\n',
  "lib/prisma.ts": 'import { PrismaClient } from "@prisma/client";\nexport const prisma = new PrismaClient();\n',
  "prisma/schema.prisma":
    'datasource db {\n  provider = "sqlite"\n  url      = env("DATABASE_URL")\n}\n\nmodel User {\n  id    String @id @default(cuid())\n  email String @unique\n}\n',
  ".gitignore": ".env\n",
  ".env": "AUTH_SECRET=x\n",
}

/** Writes a tree into a temporary folder; null leaves a file of the smallest app out. */
export function makeHost(overrides: Tree = {}): string {
  const dir = tmp.dirSync({ unsafeCleanup: true }).name
  for (const [path, text] of Object.entries({ ...minimalHost, ...overrides })) {
    if (text === null) continue
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return dir
}

/** Every file below a folder with its bytes, folders included, packages and builds left out. */
export function snapshot(dir: string, prefix = ""): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of readdirSync(join(dir, prefix)).toSorted()) {
    if (["node_modules", ".next", "generated"].includes(name)) continue
    const path = prefix ? `${prefix}/${name}` : name
    if (statSync(join(dir, path)).isDirectory()) {
      found[`${path}/`] = ""
      Object.assign(found, snapshot(dir, path))
    } else found[path] = readFileSync(join(dir, path)).toString("base64")
  }
  return found
}

export type Run = { code: number; stdout: string; stderr: string; json: Record<string, any> }

/** Runs the built command line, without a terminal. */
export function chimerai(
  args: string[],
  options: { cwd?: string; env?: Record<string, string>; uid?: number; cli?: string; timeout?: number } = {},
): Run {
  const result = { code: 0, stdout: "", stderr: "" }
  try {
    result.stdout = execFileSync(process.execPath, [options.cli ?? cli, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      cwd: options.cwd,
      timeout: options.timeout,
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
      env: { ...process.env, ...options.env },
    })
  } catch (error) {
    const failed = error as { status: number; stdout: string; stderr: string }
    Object.assign(result, { code: failed.status, stdout: failed.stdout, stderr: failed.stderr })
  }
  let json = {}
  try {
    json = JSON.parse(result.stdout)
  } catch {
    // not JSON
  }
  return { ...result, json }
}

/** The package as a user has it, in a folder that everybody may read: for runs without root's rights. */
export function installedCli(): string {
  const dir = tmp.dirSync({ unsafeCleanup: true, mode: 0o755 }).name
  for (const entry of ["bin", "dist", "templates", "package.json"]) cpSync(join(root, entry), join(dir, entry), { recursive: true })
  for (const path of packagesOf(".")) cpSync(join(root, path), join(dir, path), { recursive: true })
  return join(dir, "bin/chimerai.js")
}

/** The folders of the packages that one needs, and those that they need. npm is not asked: it wants a home of its own. */
function packagesOf(folder: string, found = new Set<string>()): Set<string> {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))
  for (const name of Object.keys(dependencies)) {
    const path = [`${folder}/node_modules/${name}`, `node_modules/${name}`].find((path) => existsSync(join(root, path)))
    if (path === undefined) throw new Error(`${name} is not installed`)
    if (found.has(path)) continue
    found.add(path)
    packagesOf(path, found)
  }
  return found
}
