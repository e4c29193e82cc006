/**
 * Writes an app for each host of a hosts file from its facts alone: the same versions, folders, shapes and names, and
 * none of its code. For `npm run hosts` where the checkouts cannot be had; what the facts do not say is not in it.
 *   node scripts/reconstruct-hosts.mjs <hosts.json> <dir>
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"

const [list, out] = process.argv.slice(2)
if (!list || !out) {
  console.error("node scripts/reconstruct-hosts.mjs <hosts.json> <dir>")
  process.exit(2)
}

for (const host of JSON.parse(readFileSync(list, "utf8"))) {
  const dir = join(out, host.repo.replace("/", "+"))
  for (const [path, text] of Object.entries(appOf(host))) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
}

function appOf(host) {
  const files = {}
  const app = host.appPath
  const inApp = (path) => posix.join(app, path)
  const ts = host.lang === "TS"
  const json = (data) => `${JSON.stringify(data, null, 2)}\n`
  const packageOf = (path) => (app !== "." && !path.startsWith(`${app}/`) ? /^[^/]+\/[^/]+/.exec(path)?.[0] : app)
  const nameOf = (dir) => `@acme/${posix.basename(dir)}`

  /** How one file of the host imports another. */
  const specifier = (from, to) => {
    const module = to.replace(/\.[jt]sx?$/, "").replace(/\/index$/, "")
    if (packageOf(from) !== packageOf(to)) {
      const owner = packageOf(to)
      const rest = module.slice(owner.length).replace(/^\/(src\/)?/, "")
      return rest === "" || rest === "index" ? nameOf(owner) : `${nameOf(owner)}/${rest}`
    }
    const relative = posix.relative(posix.dirname(from), module) || "."
    return relative.startsWith(".") ? relative : `./${relative}`
  }

  const client = host.prismaClientMain
  const dependencies = {
    next: host.next,
    react: host.react ?? "19",
    ...(host.nextAuth && { "next-auth": host.nextAuth }),
    ...(host.prisma && (!client || packageOf(client.file) === app) && { "@prisma/client": host.prisma }),
  }
  const devDependencies = {
    ...(ts && { typescript: host.typescript ?? "5.4.5" }),
    ...(typeof host.tailwind === "string" && { tailwindcss: host.tailwind }),
  }
  files[inApp("package.json")] = json({ name: posix.basename(host.repo).toLowerCase(), dependencies, devDependencies })
  if (app !== ".") {
    const pnpm = host.workspaceTool?.includes("pnpm")
    files["package.json"] = json({ name: "root", private: true, ...(!pnpm && { workspaces: ["apps/*", "packages/*"] }) })
    if (pnpm) files["pnpm-workspace.yaml"] = 'packages:\n  - "apps/*"\n  - "packages/*"\n'
  }
  const pinned = Object.entries({ ...dependencies, ...devDependencies }).map(([name, range]) => [
    `node_modules/${name}`,
    { version: range.replace(/^[\^~]/, "") },
  ])
  for (const name of host.packageManager) files[name] = name === "package-lock.json" ? json({ packages: Object.fromEntries(pinned) }) : ""
  if (Object.keys(host.alias ?? {}).length > 0 || ts)
    files[inApp(ts ? "tsconfig.json" : "jsconfig.json")] = json({ compilerOptions: { baseUrl: ".", paths: host.alias ?? {} } })
  files[".gitignore"] = ".env*\n"

  if (host.prismaSchema) schemaFiles(host, files)
  const shared = host.prismaSchema && packageOf(host.prismaSchema)
  if (shared && shared !== app)
    files[`${shared}/package.json`] = json({ name: nameOf(shared), dependencies: { "@prisma/client": host.prisma } })
  if (client) {
    const exported = exportOf(client)
    const local = exported.startsWith("default=") ? "client" : exported.replace(/^default$/, "client")
    const adapter = client.driverAdapter ? "{ adapter: undefined }" : ""
    const made = `new PrismaClient(${adapter})${client.extends ? ".$extends({})" : ""}`
    const from =
      /generated|\//.test(client.importFrom ?? "") && !client.importFrom?.startsWith("@prisma/adapter")
        ? client.importFrom
        : "@prisma/client"
    files[client.file] =
      `import { PrismaClient } from "${from}";\n\n` +
      (exported.startsWith("default") ? `const ${local} = ${made};\n\nexport default ${local};\n` : `export const ${local} = ${made};\n`)
    const owner = packageOf(client.file)
    if (owner !== app)
      files[`${owner}/package.json`] = json({
        name: nameOf(owner),
        main: `./${posix.relative(owner, client.file)}`,
        dependencies: { "@prisma/client": host.prisma },
      })
  }
  const root = inApp(host.srcDir ? "src" : "")
  if (host.router !== "pages") {
    files[posix.join(root, `app/layout.${ts ? "tsx" : "jsx"}`)] =
      "export default function Layout({ children }) {\n  return <html><body>{children}</body></html>;\n}\n"
  }
  if (host.router !== "app")
    files[posix.join(root, `pages/index.${ts ? "tsx" : "jsx"}`)] = "export default function Home() {\n  return null;\n}\n"
  if (host.nextAuthCallFiles?.length > 0) authFiles(host, files, specifier)
  return files
}

function exportOf({ exports }) {
  return exports[0]?.startsWith("module.exports") ? "default=client" : (exports[0] ?? "prisma")
}

function schemaFiles(host, files) {
  const generator = host.generators?.[0] ?? { name: "client", provider: "prisma-client-js" }
  const output = generator.output ? `  output   = "${generator.output}"\n` : ""
  const schemas = host.dbSchemas ? `  schemas  = ${host.dbSchemas}\n` : ""
  const schema =
    `${host.zmodel ? "// AUTO-GENERATED BY ZenStack: DO NOT MODIFY\n\n" : ""}generator ${generator.name} {\n  provider = "${generator.provider}"\n${output}}\n\n` +
    `datasource db {\n  provider = "${host.prismaProvider}"\n  url      = env("DATABASE_URL")\n${schemas}}\n`
  const mfa = (host.existingMfaFields ?? [])
    .filter((field) => /:(String|Boolean|Int)/.test(field))
    .map((field) => `  ${field.replace(":", " ")}\n`)
  const attribute = `${host.userMap ? `\n  @@map("${host.userMap}")\n` : ""}${host.dbSchemas ? '  @@schema("public")\n' : ""}`
  const user = host.userModel
    ? `model ${host.userModel} {\n  ${host.userIdLine}\n  email String? @unique\n  name  String?\n${host.userPasswordField ? `  ${host.userPasswordField} String?\n` : ""}${mfa.join("")}${attribute}}\n`
    : "model Thing {\n  id String @id\n}\n"
  for (const path of host.zmodel ?? []) files[path] = ""
  if (!host.prismaMultiFile) {
    files[host.prismaSchema] = `${schema}\n${user}`
    return
  }
  files[host.prismaSchema] = schema
  const other = host.userModelFile ?? host.prismaSchema
  files[other] = (files[other] ?? "") + (files[other] ? "\n" : "") + user
}

function authFiles(host, files, specifier) {
  const ts = host.lang === "TS"
  const extension = ts ? "ts" : "js"
  const [call] = host.nextAuthCallFiles
  const config = host.authConfigPath
  const route = host.routeHandlers.find((path) => /route\.[jt]sx?$|pages\//.test(path) && !/\/_route/.test(path)) ?? host.routeHandlers[0]
  const { authShape: shape, prismaClientMain: client, nextAuthMajor: major } = host
  const exported = client ? exportOf(client) : "prisma"
  const local = exported.startsWith("default") ? "prisma" : exported
  const importClient = (from) =>
    client
      ? `import ${exported.startsWith("default") ? local : `{ ${local} }`} from "${specifier(from, client.file)}";\n`
      : 'import { PrismaClient } from "@prisma/client";\n\nconst prisma = new PrismaClient();\n'
  const delegate = host.userModel ? host.userModel.charAt(0).toLowerCase() + host.userModel.slice(1) : "user"
  const credentials = `Credentials({\n      credentials: { email: {}, password: {} },\n      async authorize(credentials) {\n        return ${local}.${delegate}.findFirst({ where: { email: credentials${major === 4 ? "?" : ""}.email } });\n      },\n    })`
  const strategy = host.sessionStrategyEffective ?? ""
  const isDynamic = strategy.startsWith("dynamic")
  const session = isDynamic
    ? "session: { strategy: process.env.STRATEGY },"
    : strategy.startsWith("jwt") && !strategy.includes("default")
      ? 'session: { strategy: "jwt" },'
      : ""
  const adapter = host.adapter?.length > 0 ? `adapter: PrismaAdapter(${local}),` : ""
  const body = (more = "") =>
    `{\n  ${[adapter, session, 'pages: { signIn: "/login" },', `providers: [${host.hasCredentials ? credentials : 'GitHub({ clientId: "", clientSecret: "" })'}],`, more].filter(Boolean).join("\n  ")}\n}`
  const providers = host.hasCredentials
    ? `import Credentials from "next-auth/providers/credentials";\n`
    : `import GitHub from "next-auth/providers/github";\n`
  const prismaAdapter = adapter ? 'import { PrismaAdapter } from "@auth/prisma-adapter";\n' : ""
  const head = (from) => `${prismaAdapter}${providers}${importClient(from)}`
  const pagesRoute = route?.includes("pages/")
  const serve = pagesRoute ? "export default handler;\n" : "export { handler as GET, handler as POST };\n"
  const name = /const (\w+)\b/.exec(host.authShapeNote ?? "")?.[1]

  if (major === 4) {
    const type = ts ? ": NextAuthOptions" : ""
    const importType = ts ? 'import type { NextAuthOptions } from "next-auth";\n' : ""
    if (shape.includes("inline-advanced"))
      files[call] =
        `import NextAuth from "next-auth";\n${head(call)}\nexport default async function auth(req, res) {\n  return await NextAuth(req, res, ${body()});\n}\n`
    else if (shape.includes("inline"))
      files[call] = `import NextAuth from "next-auth";\n${head(call)}\nconst handler = NextAuth(${body()});\n\n${serve}`
    else if (shape.includes("factory")) {
      files[config] =
        `${importType}${head(config)}\nexport const getAuthOptions = (req, res) => {\n  const authOptions${type} = ${body()};\n  return authOptions;\n};\n`
      files[call] =
        `import NextAuth from "next-auth";\nimport { getAuthOptions } from "${specifier(call, config)}";\n\nexport default async function auth(req, res) {\n  return await NextAuth(req, res, getAuthOptions(req, res));\n}\n`
    } else if (shape.includes("per-request")) {
      const isSame = config === call
      const declared = `export const authOptions${type} = ${body()};\n`
      const override = pagesRoute
        ? "const getAuthOptions = (req) => ({ ...authOptions, callbacks: { ...authOptions.callbacks } });\n\nexport default async function auth(req, res) {\n  return NextAuth(req, res, getAuthOptions(req));\n}\n"
        : `const handler = async (req, ctx) => {\n  const authOptions = { ...baseAuthOptions, callbacks: { ...baseAuthOptions.callbacks } };\n  return NextAuth(req, ctx, authOptions);\n};\n\n${serve}`
      if (isSame) files[call] = `import NextAuth from "next-auth";\n${importType}${head(call)}\n${declared}\n${override}`
      else {
        files[config] = `${importType}${head(config)}\n${declared}`
        files[call] =
          `import NextAuth from "next-auth";\nimport { authOptions as baseAuthOptions } from "${specifier(call, config)}";\n\n${override}`
      }
    } else if (config === call)
      files[call] =
        `import NextAuth from "next-auth";\n${importType}${head(call)}\nexport const authOptions${type} = ${body()};\n\nconst handler = NextAuth(authOptions);\n\n${serve}`
    else {
      files[config] = `${importType}${head(config)}\nexport const authOptions${type} = ${body()};\n`
      files[call] =
        `import NextAuth from "next-auth";\nimport { authOptions } from "${specifier(call, config)}";\n\nconst handler = NextAuth(authOptions);\n\n${serve}`
    }
  } else {
    const split = posix.join(posix.dirname(call), `auth.config.${extension}`)
    const result = "{ handlers, auth, signIn, signOut }"
    if (shape === "v5-split-spread") {
      files[split] = "export default { providers: [] };\n"
      files[call] =
        `import NextAuth from "next-auth";\n${head(call)}import authConfig from "./auth.config";\n\nexport const ${result} = NextAuth(${body("...authConfig,")});\n`
    } else if (shape === "v5-lazy-function") {
      files[config] =
        `import type { NextAuthConfig } from "next-auth";\n${head(config)}\nexport const getAuthOptions: (options?: object) => NextAuthConfig = (options) => (${body()});\n\nexport const authOptions = getAuthOptions();\n`
      files[call] =
        `import NextAuth from "next-auth";\nimport { authOptions, getAuthOptions } from "${specifier(call, config)}";\n\nexport const ${result} = NextAuth((req) => (req?.url.includes("consent") ? getAuthOptions({}) : authOptions));\n`
    } else if (shape === "v5-config-ident") {
      const configFile = config === call ? split : config
      files[configFile] = `${head(configFile)}\nexport const ${name ?? "authConfig"} = ${body()};\n`
      files[call] =
        `import NextAuth from "next-auth";\nimport { ${name ?? "authConfig"} } from "${specifier(call, configFile)}";\n\nexport const ${result} = NextAuth(${name ?? "authConfig"});\n`
    } else files[call] = `import NextAuth from "next-auth";\n${head(call)}\nexport const ${result} = NextAuth(${body()});\n`
    if (route && route !== call)
      files[route] = `import { handlers } from "${specifier(route, call)}";\n\nexport const { GET, POST } = handlers;\n`
  }
  if (route && !files[route])
    files[route] = pagesRoute
      ? `export { default } from "${specifier(route, call)}";\n`
      : `export { GET, POST } from "${specifier(route, call)}";\n`
  for (const entry of host.middleware ?? []) {
    const [path = "", how = ""] = entry.split(": ")
    files[path] = middlewareOf(how, path, files, call, specifier)
  }
  for (const path of (host.clientSignInCredentialsFiles ?? []).filter((file) => !files[file]))
    files[path] =
      'import { signIn } from "next-auth/react";\n\nexport async function submit(email, password) {\n  const result = await signIn("credentials", { email, password, redirect: false });\n  return result;\n}\n'
  for (const path of [config, call]) {
    const owner = /^packages\/[^/]+/.exec(path)?.[0]
    if (owner && host.appPath !== "." && !files[`${owner}/package.json`])
      files[`${owner}/package.json`] = `${JSON.stringify({ name: `@acme/${posix.basename(owner)}`, main: "./index.ts" }, null, 2)}\n`
  }
}

function middlewareOf(how, path, files, call, specifier) {
  const matcher = '\nexport const config = { matcher: ["/((?!api|_next).*)"] };\n'
  const [dir, extension] = [posix.dirname(call), posix.extname(call)]
  if (how.startsWith("export {default}")) return `export { default } from "next-auth/middleware";\n${matcher}`
  if (how.startsWith("withAuth")) return `import { withAuth } from "next-auth/middleware";\n\nexport default withAuth({});\n${matcher}`
  if (how.startsWith("export { auth as")) return `export { auth as middleware } from "${specifier(path, call)}";\n${matcher}`
  if (how.startsWith("NextAuth(authConfig)")) {
    files[`${dir}/auth.config${extension}`.replace(/^\.\//, "")] ??= "export default { providers: [] };\n"
    return `import NextAuth from "next-auth";\nimport authConfig from "${specifier(path, posix.join(dir, "auth.config"))}";\n\nconst { auth } = NextAuth(authConfig);\n\nexport default auth((request) => {\n  if (!request.auth) return Response.redirect(new URL("/login", request.url));\n});\n${matcher}`
  }
  if (how.startsWith("auth((req)"))
    return `import { auth } from "${specifier(path, call)}";\n\nexport default auth((request) => {\n  if (!request.auth) return Response.redirect(new URL("/login", request.url));\n});\n${matcher}`
  return `import { getToken } from "next-auth/jwt";\nimport { NextResponse } from "next/server";\n\nexport async function middleware(request) {\n  const token = await getToken({ req: request });\n  if (!token && !request.nextUrl.pathname.startsWith("/login")) return NextResponse.redirect(new URL("/login", request.url));\n  return NextResponse.next();\n}\n${matcher}`.replace(
    "function middleware",
    /proxy\.[jt]s/.test(path) ? "function proxy" : "function middleware",
  )
}
