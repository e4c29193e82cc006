import { posix } from "node:path"
import type Handlebars from "handlebars"
import { coerce, gte, parse as parseVersion } from "semver"
import { CliError } from "../errors"
import { pathOf } from "../host/pages"
import { isAddressField } from "../host/prisma"
import { matchAlias } from "../host/tsconfig"
import type { Host } from "../host/types"
import { forCode } from "../names"
import { visibleJson } from "../visible"
import { alignSchema } from "./align-schema"
import { compileTemplate } from "./compile"
import { format } from "./format"
import { readTemplate } from "./load"
import { assertModels } from "./models"
import type { ownHelpers } from "./template-bounds"
import type { Condition, LoadedFeature } from "./types"

export type RenderedFile = { path: string; text: string }
export type Routes = { settings: string; challenge: string; signIn: string; authApi: string; verifyApi: string }
/** TypeScript to JavaScript, for hosts that are written in it. */
export type EraseTypes = (path: string, text: string) => string

/** What templates can ask: the host's own names, and how one file imports another. */
export type Recipe = {
  files: RenderedFile[]
  models: string
  routes: Routes
  /** How a file of the host imports a module of the feature. */
  specifier(from: string, module: string): string
  /** The file of a module of the feature. */
  fileOf(module: string): string
}

/** Renders every file of a feature for one host. */
export async function render(feature: LoadedFeature, host: Host, eraseTypes: EraseTypes): Promise<Recipe> {
  const places = placesOf(feature, host)
  const imports = new Imports(host)
  const context = contextOf(host, places.routes)
  let written = 0
  const stylesheet = host.pages.ownLayout?.stylesheet ?? null
  const files = {
    auth: host.auth.runs ?? `${places.base}lib/mfa/start.ts`,
    handler: host.auth.handler,
    prisma: host.prisma.client.file,
    stylesheet: stylesheet && "file" in stylesheet ? stylesheet.file : "",
  }
  /** What is imported as the app imports it, and not by the way to its file. */
  const named: Partial<Record<keyof typeof files, string | null>> = {
    prisma: host.prisma.client.specifier,
    stylesheet: stylesheet && "specifier" in stylesheet ? stylesheet.specifier : null,
  }
  const renderAt = async (path: string, template: string): Promise<string> => {
    const compiled = await compileTemplate(readTemplate(feature, template))
    if (written > longestOutput)
      throw new CliError("feature_invalid", `The feature ${feature.name} writes more than ${longestOutput} characters.`)
    const css = host.styling === "css" ? imports.specifier(path, `${places.base}lib/mfa/mfa.module.css`) : null
    const helpers: Record<(typeof ownHelpers)[number], Handlebars.HelperDelegate> = {
      // What cannot be seen is written by number: code must not read otherwise than it runs.
      str: (text: string) => visibleJson(JSON.stringify(text)),
      eq: (a: unknown, b: unknown) => a === b,
      from: (target: string) => imports.specifier(path, `${places.base}${target}`),
      part: (name: string) => imports.specifier(path, posix.normalize(`${places.parts(path)}/${name}`)),
      host: (fact: keyof typeof files) => {
        const asImported = named[fact]
        return asImported ? forCode("module", `The import of ${fact}`, asImported) : imports.specifier(path, files[fact])
      },
      cls: (role: string) => classOf(feature, role, css !== null),
    }
    const text = compiled({ ...context, css }, { helpers })
    written += text.length
    return text
  }
  const renderFile = ({ template, target }: LoadedFeature["files"][number]): Promise<RenderedFile> =>
    blaming(`files/${template}`, async (name) => {
      const path = places.path(target)
      const text = await renderAt(path, name)
      if (path.endsWith(".prisma")) assertModels(name, text)
      return inStyle(inLanguage({ path, text }))
    })
  const inLanguage = ({ path, text }: RenderedFile): RenderedFile =>
    host.language === "ts" || !/\.tsx?$/.test(path)
      ? { path: asRoute(host, path), text }
      : { path: asRoute(host, path.replace(/\.ts(x?)$/, ".js$1")), text: eraseTypes(path, text) }
  const inStyle = async ({ path, text }: RenderedFile): Promise<RenderedFile> => ({
    path,
    text: host.formatting ? await format(path, text, host.formatting, feature.isBuiltIn ? "ours" : "anybody") : text,
  })
  // One after the other: a thousand of a megabyte must not be in memory at once.
  const rendered: RenderedFile[] = []
  for (const file of feature.files.filter(({ when }) => isFor(host, when))) rendered.push(await renderFile(file))
  const twice = rendered.find(({ path }, at) => rendered.findIndex((other) => other.path === path) < at)
  if (twice) throw new CliError("feature_invalid", `Two templates of ${feature.name} are for one file: ${twice.path}.`)
  return {
    files: rendered,
    models: await blaming(feature.schema.models, async (name) => {
      const text = await renderAt(host.prisma.userModelFile, name)
      assertModels(name, text)
      return alignSchema(text)
    }),
    routes: places.routes,
    specifier: (from, module) => imports.specifier(from, `${places.base}${module}`),
    fileOf: (module) =>
      rendered.find(({ path }) => path.replace(/\.[jt]sx?$/, "") === `${places.base}${module}`)?.path ??
      `${places.base}${module}.${host.language}`,
  }
}

/** The path of a file with the ending of the app's own pages and routes, where Next.js takes it for one: `page.page.tsx`. */
function asRoute({ auth, endings }: Host, path: string): string {
  const isRouted = path.startsWith(`${auth.routesDir}/`) && (auth.router === "pages" || /\/(?:page|route|layout)\.\w+$/.test(path))
  if (!isRouted) return path
  return path.replace(/\.[jt]s(x?)$/, (_, jsx: string) => `.${jsx ? endings.page : endings.route}`)
}

/** Characters of all files together. The built-in feature has a third of it. */
const longestOutput = 1_000_000

/**
 * Whatever a template ends with is its author's mistake, and no defect of this package.
 * @throws CliError feature_invalid, or what `work` throws of its own
 */
async function blaming<Result>(template: string, work: (template: string) => Promise<Result>): Promise<Result> {
  try {
    return await work(template)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError("feature_invalid", `${template} cannot be rendered: ${String((error as Error)?.message ?? error)}`)
  }
}

/** Whether a part of the feature is for this host. */
export function isFor(host: Host, when: Condition | undefined): boolean {
  const facts = {
    styling: host.styling === "css" ? "css" : "tailwind",
    major: host.auth.major,
    router: host.auth.router,
    middleware: host.middlewareGuard ?? (host.middleware ? "own" : null),
    language: host.language,
    database: host.prisma.provider === "mongodb" ? "mongodb" : "relational",
    start: host.auth.runs === null ? "request" : "import",
    layout: host.pages.ownLayout ? "own" : "app",
  }
  return Object.entries(when ?? {}).every(([fact, value]) => value === undefined || facts[fact as keyof typeof facts] === value)
}

function classOf(feature: LoadedFeature, role: string, css: boolean): string {
  const classes = Object.hasOwn(feature.styles, role) ? feature.styles[role] : undefined
  if (classes === undefined) throw new Error(`feature.json has no style "${role}"`)
  return css ? `className={styles.${role}}` : `className="${classes}"`
}

function placesOf(feature: LoadedFeature, host: Host) {
  const base = host.srcDir ? "src/" : ""
  const signIn = host.auth.signInPage ?? `${apiPath(host)}/signin`
  const page = pathOf(host.auth.signInPage ?? "")
  const own = /^(\/[\w()-]+)+$/.test(page) && page !== "/login"
  const routes: Routes = {
    settings: feature.routes.settings,
    challenge: own ? `${page}/${posix.basename(feature.routes.challenge)}` : feature.routes.challenge,
    signIn,
    authApi: apiPath(host),
    verifyApi: `${apiPath(host)}/mfa-verify`,
  }
  const { publicDir, signedInDir, signInDir } = host.pages
  const leaf = posix.basename(routes.challenge)
  // The page is under the sign-in page only where its route is: under `/` it would be at `/mfa`.
  const isUnderSignIn = signInDir !== null && (own || page.replace(/^\/?/, "/") === posix.dirname(routes.challenge))
  const folders: Record<string, string> = {
    "{authApi}": host.auth.handlerDir,
    "{challenge}": isUnderSignIn ? `${signInDir}/${leaf}` : publicDir + routes.challenge,
    "{settings}": signedInDir + routes.settings,
    "{app}": host.auth.routesDir,
    "{base}": base,
  }
  // In pages/ every file is a route: the parts of a page live outside of it.
  const shared = host.auth.router === "pages" ? `${base}components/mfa` : null
  folders["{challengeParts}"] = shared ?? (folders["{challenge}"] as string)
  folders["{settingsParts}"] = shared ?? (folders["{settings}"] as string)
  /** Where the parts of the page at `path` are. */
  const parts = (path: string) => shared ?? posix.dirname(path)
  const path = (target: string) => target.replace(/^\{\w+\}/, (name) => folders[name] ?? name)
  return { base, routes, path, parts }
}

/** The URL under which the auth handler answers: its folder without route groups. */
function apiPath(host: Host): string {
  return host.auth.handlerDir.slice(host.auth.routesDir.length).replace(/\/\([^)]*\)/g, "")
}

/** @throws CliError name_unsafe: here, and in `Imports`, what was found in the app goes into code */
function contextOf(host: Host, found: Routes) {
  const { userModel, userTable, userId, userSchema, userEmail, sessionModel, provider, client } = host.prisma
  const native = userId.nativeType ? ` ${userId.nativeType}` : ""
  const mongo = provider === "mongodb"
  const names = {
    "the user model": userModel,
    "the user's id": userId.name,
    "the user's address": userEmail,
    "the Prisma client": client.export,
  }
  for (const [what, name] of Object.entries(names)) forCode("identifier", `The name of ${what}`, name)
  if (sessionModel !== null) forCode("identifier", "The name of the model of sessions", sessionModel)
  const routes = {
    ...found,
    authApi: forCode("path", "The path of the auth route", found.authApi),
    verifyApi: forCode("path", "The path of the auth route", found.verifyApi),
  }
  return {
    appName: host.name,
    v4: host.auth.major === 4,
    ...betas(host.auth.version),
    pagesRouter: host.auth.router === "pages",
    startsAtRequest: host.auth.runs === null,
    stylesheet: host.pages.ownLayout?.stylesheet != null,
    /** `after` of next/server runs what need not keep an answer waiting; only in the App Router. */
    after: host.auth.router === "app" && isAtLeast(host.next, "15.1.0"),
    beforeNext16: !isAtLeast(host.next, "16.0.0"),
    /** What next-auth 4 takes its own origin from, where NEXTAUTH_URL and a trusted proxy say different ones. */
    trustsHostFirst: host.auth.major === 4 && !isAtLeast(host.auth.version, "4.24.15"),
    /** The types that next-auth/middleware has exported since then. */
    namesMiddlewareTypes: isAtLeast(host.auth.version, "4.10.1"),
    routes,
    envFile: host.env.file,
    rotateScript: `scripts/mfa-rotate.${host.language}`,
    resetScript: `scripts/mfa-reset.${host.language}`,
    backfillScript: `scripts/mfa-backfill.${host.language}`,
    prisma: { name: client.export, isDefault: client.export === "default", isOwn: client.isOwn, replicas: client.replicas },
    /** A guarded `update` is one statement: the database gives back the row that it has changed. */
    returning: isAtLeast(host.prisma.version, returningSince[provider] ?? "999.0.0"),
    session: { model: sessionModel, delegate: sessionModel && lowerFirst(sessionModel) },
    mongo,
    /** How the database can be asked for an address whatever its case; "plain": it compares that way by itself. */
    addressMatch:
      { postgresql: "insensitive", cockroachdb: "insensitive", mongodb: "insensitive", sqlite: "beginning" }[provider] ?? "plain",
    /** Ids that those of another table may equal. */
    numericIds: userId.type !== "String",
    /** What runs a guarded update: with MongoDB it takes a transaction. */
    guard: mongo ? "guarded" : "retry",
    mapId: mongo ? ' @map("_id")' : "",
    ownId: mongo ? 'String @id @default(auto()) @map("_id") @db.ObjectId' : "String @id @default(cuid())",
    longText: { mysql: " @db.LongText", sqlserver: " @db.NVarChar(Max)" }[provider] ?? "",
    user: {
      model: userModel,
      delegate: lowerFirst(userModel),
      collection: userTable,
      idName: userId.name,
      idTs: { Int: "number", BigInt: "bigint" }[userId.type] ?? "string",
      idIsNumber: userId.type === "Int",
      idIsBigInt: userId.type === "BigInt",
      idPattern: idPattern(userId.nativeType),
      emailName: userEmail,
      hasAddress: isAddressField(userEmail),
      schemaAttribute: userSchema,
      fkColumn: userId.type + native,
    },
  }
}

/** The Prisma that first updates and reads the row back in one statement; with the others it takes a transaction. */
const returningSince: Record<string, string> = { postgresql: "5.1.0", postgres: "5.1.0", cockroachdb: "5.1.0", sqlite: "5.9.0" }

/** A version that cannot be read is taken for an older one: the templates then use what works everywhere. */
function isAtLeast(version: string, wanted: string): boolean {
  const known = parseVersion(version) ?? coerce(version)
  return known !== null && gte(known, wanted)
}

/** What the database takes for an id; asked for anything else, such as a provider's own id, it answers with an error. */
function idPattern(nativeType: string | null): string | null {
  if (nativeType === "@db.ObjectId") return "/^[\\da-f]{24}$/i"
  if (nativeType === "@db.Uuid" || nativeType === "@db.UniqueIdentifier") return "/^[\\da-f]{8}(-[\\da-f]{4}){3}-[\\da-f]{12}$/i"
  return null
}

/** What the betas of Auth.js 5 learned: with 8 to go where `signIn` says and lazy options, with 20 lazy ones that wait, with 23 a fetch of one's own. */
function betas(version: string) {
  const beta = Number(/^5\.0\.0-beta\.(\d+)/.exec(version)?.[1] ?? Number.POSITIVE_INFINITY)
  return { beforeBeta8: beta < 8, beforeBeta20: beta < 20, beforeBeta23: beta < 23 }
}

/** Prisma Client's name for a model's queries. */
const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

/** How one file of the host imports another: by its alias where it has one, else relatively. */
class Imports {
  constructor(private readonly host: Host) {}

  specifier(from: string, target: string): string {
    return forCode("module", `The way from ${from} to a module`, this.#specifier(from, target))
  }

  #specifier(from: string, target: string): string {
    const module = target.replace(/\.tsx?$|\.jsx?$/, "").replace(/\/index$/, "")
    const { alias } = this.host
    const near = posix.dirname(from) === posix.dirname(module)
    if (alias && !near && (alias.dir === "" || module.startsWith(`${alias.dir}/`))) {
      const aliased = alias.prefix + (alias.dir === "" ? module : module.slice(alias.dir.length + 1))
      // An alias that says more of the path would lead the import elsewhere.
      const isTaken = alias.others.some((pattern) => (matchAlias(pattern, aliased)?.weight ?? -1) >= alias.prefix.length)
      if (!isTaken) return aliased
    }
    const relative = posix.relative(posix.dirname(from), module)
    return relative.startsWith(".") ? relative : `./${relative}`
  }
}
