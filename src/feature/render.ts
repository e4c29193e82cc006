import { posix } from "node:path"
import Handlebars from "handlebars"
import type { Host } from "../host/types"
import { alignSchema } from "./align-schema"
import { readTemplate } from "./load"
import type { LoadedFeature } from "./types"

export type RenderedFile = { path: string; text: string }
export type Routes = { settings: string; challenge: string; signIn: string; verifyApi: string }

/** What templates can ask: the host's own names, and how one file imports another. */
export type Recipe = {
  files: RenderedFile[]
  models: string
  routes: Routes
  /** How the auth config imports the wrapper. */
  wrapperImport: string
}

/** Renders every file of a feature for one host. */
export function render(feature: LoadedFeature, host: Host): Recipe {
  const places = placesOf(feature, host)
  const imports = new Imports(host)
  const context = contextOf(host, places.routes)
  const handlebars = Handlebars.create()
  const compile = (template: string, path: string): string => {
    const text = readTemplate(feature, template)
    // Half of the files are the same for every host: nothing to compile.
    if (!text.includes("{{")) return text
    const css = host.styling === "css" ? imports.specifier(path, `${places.base}lib/mfa/mfa.module.css`) : null
    handlebars.registerHelper({
      str: (text: string) => JSON.stringify(text),
      eq: (a: unknown, b: unknown) => a === b,
      from: (target: string) => imports.specifier(path, `${places.base}${target}`),
      host: (fact: "auth" | "prisma") => imports.specifier(path, fact === "auth" ? host.auth.calls[0] : host.prisma.client.file),
      cls: (role: string) => classOf(feature, role, css !== null),
    })
    return handlebars.compile(text, { noEscape: true, strict: true })({ ...context, css })
  }
  const files = feature.files
    .filter(({ when }) => !when || (when.styling === "css") === (host.styling === "css"))
    .map(({ template, target }) => {
      const path = places.path(target)
      return { path, text: compile(`files/${template}`, path) }
    })
  return {
    files,
    models: alignSchema(compile(feature.schema.models, host.prisma.userModelFile)),
    routes: places.routes,
    wrapperImport: imports.specifier(host.auth.calls[0], `${places.base}${feature.wrapCall.module}`),
  }
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
    verifyApi: `${apiPath(host)}/mfa-verify`,
  }
  const { publicDir, signedInDir, signInDir } = host.pages
  const leaf = posix.basename(routes.challenge)
  const folders: Record<string, string> = {
    "{authApi}": host.auth.handlerDir,
    "{challenge}": signInDir ? `${signInDir}/${leaf}` : publicDir + routes.challenge,
    "{settings}": signedInDir + routes.settings,
    "{app}": host.appDir,
    "{base}": base,
  }
  const path = (target: string) => target.replace(/^\{\w+\}/, (name) => folders[name] ?? name)
  return { base, routes, path }
}

/** The URL under which the auth handler answers: its folder without route groups. */
function apiPath(host: Host): string {
  return host.auth.handlerDir.slice(host.appDir.length).replace(/\/\([^)]*\)/g, "")
}

function contextOf(host: Host, routes: Routes) {
  const { userModel, userId, userEmail, sessionModel, provider, client } = host.prisma
  const native = userId.nativeType ? ` ${userId.nativeType}` : ""
  return {
    appName: host.name,
    routes,
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
