import { posix } from "node:path"
import Handlebars from "handlebars"
import type { Host } from "../host/types"
import { alignSchema } from "./align-schema"
import { readTemplate } from "./load"
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
}

/** Renders every file of a feature for one host. */
export function render(feature: LoadedFeature, host: Host, eraseTypes: EraseTypes): Recipe {
  const places = placesOf(feature, host)
  const imports = new Imports(host)
  const context = contextOf(host, places.routes)
  const handlebars = Handlebars.create()
  const files = { auth: host.auth.calls[0], handler: host.auth.handler, prisma: host.prisma.client.file }
  const compile = (template: string, path: string): string => {
    const text = readTemplate(feature, template)
    // Half of the files are the same for every host: nothing to compile.
    if (!text.includes("{{")) return text
    const css = host.styling === "css" ? imports.specifier(path, `${places.base}lib/mfa/mfa.module.css`) : null
    handlebars.registerHelper({
      str: (text: string) => JSON.stringify(text),
      eq: (a: unknown, b: unknown) => a === b,
      from: (target: string) => imports.specifier(path, `${places.base}${target}`),
      part: (name: string) => imports.specifier(path, posix.normalize(`${places.parts(path)}/${name}`)),
      host: (fact: "auth" | "handler" | "prisma") =>
        (fact === "prisma" && host.prisma.client.specifier) || imports.specifier(path, files[fact]),
      cls: (role: string) => classOf(feature, role, css !== null),
    })
    return handlebars.compile(text, { noEscape: true, strict: true })({ ...context, css })
  }
  return {
    files: feature.files
      .filter(({ when }) => isFor(host, when))
      .map(({ template, target }) => {
        const path = places.path(target)
        const text = compile(`files/${template}`, path)
        if (host.language === "ts" || !/\.tsx?$/.test(path)) return { path, text }
        return { path: path.replace(/\.ts(x?)$/, ".js$1"), text: eraseTypes(path, text) }
      }),
    models: alignSchema(compile(feature.schema.models, host.prisma.userModelFile)),
    routes: places.routes,
    specifier: (from, module) => imports.specifier(from, `${places.base}${module}`),
  }
}

/** Whether a part of the feature is for this host. */
export function isFor(host: Host, when: Condition | undefined): boolean {
  const facts = {
    styling: host.styling === "css" ? "css" : "tailwind",
    major: host.auth.major,
    router: host.auth.router,
    middleware: host.middlewareGuard,
    language: host.language,
  }
  return Object.entries(when ?? {}).every(([fact, value]) => value === undefined || facts[fact as keyof typeof facts] === value)
}

function classOf(feature: LoadedFeature, role: string, css: boolean): string {
  const classes = feature.styles[role]
  if (classes === undefined) throw new Error(`feature.json has no style "${role}"`)
  return css ? `className={styles.${role}}` : `className="${classes}"`
}

function placesOf(feature: LoadedFeature, host: Host) {
  const base = host.srcDir ? "src/" : ""
  const signIn = host.auth.signInPage ?? `${apiPath(host)}/signin`
  const own = host.auth.signInPage !== null && /^(\/[\w()-]+)+$/.test(host.auth.signInPage) && host.auth.signInPage !== "/login"
  const routes: Routes = {
    settings: feature.routes.settings,
    challenge: own ? `${host.auth.signInPage}/${posix.basename(feature.routes.challenge)}` : feature.routes.challenge,
    signIn,
    authApi: apiPath(host),
    verifyApi: `${apiPath(host)}/mfa-verify`,
  }
  const { publicDir, signedInDir, signInDir } = host.pages
  const leaf = posix.basename(routes.challenge)
  const folders: Record<string, string> = {
    "{authApi}": host.auth.handlerDir,
    "{challenge}": signInDir ? `${signInDir}/${leaf}` : publicDir + routes.challenge,
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

function contextOf(host: Host, routes: Routes) {
  const { userModel, userId, userSchema, userEmail, sessionModel, provider, client } = host.prisma
  const native = userId.nativeType ? ` ${userId.nativeType}` : ""
  return {
    appName: host.name,
    v4: host.auth.major === 4,
    pagesRouter: host.auth.router === "pages",
    routes,
    envFile: host.env.file,
    rotateScript: `scripts/mfa-rotate.${host.language}`,
    prisma: { name: client.export, isDefault: client.export === "default" },
    session: { model: sessionModel, delegate: sessionModel && lowerFirst(sessionModel) },
    longText: { mysql: " @db.LongText", sqlserver: " @db.NVarChar(Max)" }[provider] ?? "",
    user: {
      model: userModel,
      delegate: lowerFirst(userModel),
      idName: userId.name,
      idTs: userId.type === "Int" ? "number" : "string",
      idIsNumber: userId.type === "Int",
      emailName: userEmail,
      schemaAttribute: userSchema,
      fkColumn: userId.type + native,
    },
  }
}

/** Prisma Client's name for a model's queries. */
const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

/** How one file of the host imports another: by its alias where it has one, else relatively. */
class Imports {
  constructor(private readonly host: Host) {}

  specifier(from: string, target: string): string {
    const module = target.replace(/\.tsx?$|\.jsx?$/, "").replace(/\/index$/, "")
    const { alias } = this.host
    const near = posix.dirname(from) === posix.dirname(module)
    if (alias && !near && (alias.dir === "" || module.startsWith(`${alias.dir}/`)))
      return alias.prefix + (alias.dir === "" ? module : module.slice(alias.dir.length + 1))
    const relative = posix.relative(posix.dirname(from), module)
    return relative.startsWith(".") ? relative : `./${relative}`
  }
}
