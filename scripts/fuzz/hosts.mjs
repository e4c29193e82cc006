/** Small apps that the prepared trees are made from, one for each layout that the commands tell apart. */
const json = (value) => `${JSON.stringify(value, null, 2)}\n`
const schema =
  'datasource db {\n  provider = "sqlite"\n  url      = env("DATABASE_URL")\n}\n\nmodel User {\n  id    String @id @default(cuid())\n  email String @unique\n}\n'
const client = 'import { PrismaClient } from "@prisma/client";\nexport const prisma = new PrismaClient();\n'
const env = "AUTH_SECRET=auth-canary-1f7c\nDATABASE_URL=postgres://u:db-canary-1f7c@localhost/x\n"
const tsconfig = json({ compilerOptions: { paths: { "@/*": ["./*"] } } })

const appRouter = {
  "package.json": json({
    name: "mini",
    dependencies: { next: "16.4.6", "next-auth": "5.0.0-beta.32", "@prisma/client": "6.19.3" },
    devDependencies: { typescript: "5.9.3" },
  }),
  "package-lock.json": json({ name: "mini", lockfileVersion: 3, packages: { "node_modules/next": { version: "16.4.6" } } }),
  "tsconfig.json": tsconfig,
  "next.config.ts": "export default {};\n",
  "app/api/auth/[...nextauth]/route.ts": 'import { handlers } from "@/auth";\nexport const { GET, POST } = handlers;\n',
  "app/layout.tsx": "export default ({ children }: { children: React.ReactNode }) => <html><body>{children}</body></html>;\n",
  "app/login/page.tsx":
    '"use client";\nimport { signIn } from "next-auth/react";\nexport default function Page() {\n  const go = async () => { const result = await signIn("credentials", { redirect: false }); if (result?.ok) location.assign("/"); };\n  return <button onClick={go}>in</button>;\n}\n',
  "auth.ts":
    'import NextAuth from "next-auth";\nimport GitHub from "next-auth/providers/github";\nimport { prisma } from "@/lib/prisma";\n\nvoid prisma;\nexport const { handlers, auth } = NextAuth({ providers: [GitHub] });\n',
  "middleware.ts": 'export { auth as middleware } from "@/auth";\nexport const config = { matcher: ["/((?!api|_next).*)"] };\n',
  "lib/prisma.ts": client,
  "prisma/schema.prisma": schema,
  ".prettierrc": json({ semi: true, tabWidth: 2 }),
  ".gitignore": ".env\nnode_modules\n",
  ".env": env,
  ".env.example": "AUTH_SECRET=\n",
}

const pagesRouter = {
  "package.json": json({
    name: "pages",
    dependencies: { next: "14.2.35", "next-auth": "4.24.13", "@prisma/client": "6.19.3" },
    devDependencies: { typescript: "5.9.3" },
    prisma: { schema: "db" },
  }),
  "yarn.lock": '# yarn lockfile v1\n\nnext@14.2.35:\n  version "14.2.35"\n',
  "tsconfig.json": tsconfig,
  "pages/_app.tsx":
    'import type { AppProps } from "next/app";\nexport default ({ Component, pageProps }: AppProps) => <Component {...pageProps} />;\n',
  "pages/api/auth/[...nextauth].ts":
    'import NextAuth, { type NextAuthOptions } from "next-auth";\nimport GitHub from "next-auth/providers/github";\nimport { prisma } from "../../../lib/prisma";\n\nvoid prisma;\nexport const authOptions: NextAuthOptions = { providers: [GitHub({ clientId: "", clientSecret: "" })] };\nexport default NextAuth(authOptions);\n',
  "lib/prisma.ts": client,
  "db/schema.prisma": `${schema.split("\n\n")[0]}\n`,
  "db/user.prisma": schema.slice(schema.indexOf("model")),
  ".gitignore": ".env*\nnode_modules\n",
  ".env.local": env,
}

const workspace = {
  "package.json": json({ name: "acme", private: true, workspaces: ["apps/*", "packages/*"] }),
  "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n",
  "pnpm-lock.yaml":
    "lockfileVersion: '9.0'\n\nimporters:\n  apps/web:\n    dependencies:\n      next:\n        specifier: 16.4.6\n        version: 16.4.6\n",
  ".gitignore": ".env\nnode_modules\n",
  "packages/db/package.json": json({ name: "@acme/db", main: "index.ts", dependencies: { "@prisma/client": "6.19.3" } }),
  "packages/db/index.ts": client,
  "packages/db/prisma/schema.prisma": schema,
  ...Object.fromEntries(
    Object.entries(appRouter)
      .filter(([path]) => !/^(lib|prisma|\.gitignore|package-lock)/.test(path))
      .map(([path, text]) => [`apps/web/${path}`, text.replaceAll('"@/lib/prisma"', '"@acme/db"')]),
  ),
}

/** @property app the app's folder within the tree */
export const hosts = {
  "app-router": { app: ".", tree: appRouter },
  "pages-router": { app: ".", tree: pagesRouter },
  workspace: { app: "apps/web", tree: workspace },
}

/** Nobody but their owner may read these: they are in the env files above, and outside of every tree. */
export const canaries = ["auth-canary-1f7c", "db-canary-1f7c", "outside-canary-1f7c"]
