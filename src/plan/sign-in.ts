/** Where the host's own code meets a held sign-in: the auth config, the middleware, the forms. */
import type { Origin } from "../edit/typescript/imports"
import { CliError } from "../errors"
import { isFor, type Recipe } from "../feature/render"
import type { LoadedFeature } from "../feature/types"
import { runsOn } from "../host/middleware"
import { maySignIn } from "../host/sign-in-callers"
import type { Host, OptionsSource } from "../host/types"
import { isEditable } from "../names"
import { inTurn, toEdit } from "./edit"
import type { Sources } from "./sources"
import type { Action } from "./types"

/** How a file of the host imports a module of the feature, and what it may have imported it by already. */
const originOf = (file: string, module: string, recipe: Recipe, { means }: Sources): Origin => ({
  from: recipe.specifier(file, module),
  means: (specifier) => means(file, specifier, recipe.fileOf(module)),
})

/** The hook: NextAuth is wrapped where it is called, and options that others read are guarded where they are declared. */
export function planAuth(host: Host, feature: LoadedFeature, recipe: Recipe, sources: Sources): Action[] {
  const [call] = host.auth.calls
  const { wrapper, module } = feature.wrapCall
  const { read, parse, edits } = sources
  const origin = originOf(call, module, recipe, sources)
  const { from } = origin
  const elsewhere = sources.elsewhere(wrapper, recipe.fileOf(module))
  const request = { library: host.auth.library, wrapper, ...origin, elsewhere }
  const wrap = (text: string) => edits.wrapCall(parse(call, text), request)
  const reason = `every sign-in goes through ${wrapper}`
  const snippet = `import { ${wrapper} } from "${from}"\n\n${wrapper}(NextAuth)(...)`
  const options = isFor(host, feature.guardOptions.when) ? host.auth.options : []
  const guards = options.map((source) => guardOptions(source, feature, recipe, sources))
  const files = [...new Set([...guards.map(({ file }) => file), call])]
  return files.map((file) => {
    const here = guards.filter((guard) => guard.file === file)
    const changes = [...here.map(({ change }) => change), ...(file === call ? [wrap] : [])]
    const all = (text: string) => inTurn(text, changes, edits.joinImports)
    const why = file === call ? reason : here.map((guard) => guard.reason).join("; ")
    const snippets = [...here.map((guard) => guard.snippet), ...(file === call ? [snippet] : [])]
    return toEdit("edit", file, read(file) ?? "", all, why, snippets.join("\n\n"))
  })
}

/** Options that other files read sessions with: the constant is guarded behind its declaration, a function in its results. */
function guardOptions({ file, name, kind }: OptionsSource, feature: LoadedFeature, recipe: Recipe, sources: Sources) {
  const { parse, edits } = sources
  const guard = feature.guardOptions.function
  const { module } = feature.guardOptions
  const origin = { ...originOf(file, module, recipe, sources), elsewhere: sources.elsewhere(guard, recipe.fileOf(module)) }
  const { from } = origin
  const isConstant = kind === "constant"
  return {
    file,
    change: (text: string) =>
      isConstant
        ? edits.addCall(parse(file, text), { name: guard, ...origin, argument: name })
        : edits.wrapResults(parse(file, text), { name: guard, ...origin, of: name }),
    reason: `sessions read with ${name} end when MFA is turned on`,
    snippet: `import { ${guard} } from "${from}"\n\n${isConstant ? `${guard}(${name})` : `return ${guard}({ ... }) // in ${name}`}`,
  }
}

/**
 * The challenge page must be reachable for someone who is not signed in yet; and a middleware that takes a session that
 * has ended for one that goes on must not send its user in a circle, between the sign-in page and the one behind it.
 */
export function planMiddleware(host: Host, feature: LoadedFeature, recipe: Recipe, sources: Sources): Action[] {
  const { read, parse, edits } = sources
  const { middleware: path } = host
  const { challenge, signIn } = recipe.routes
  if (!path || host.middlewareGuard === "languages") return []
  // Under a language the page has as many paths as there are languages, and the middleware has to see each of them.
  const isUnderLanguage = /\/\[\w+\]$/.test(host.pages.publicDir)
  // next-auth's own is put in front of the app's function, which goes on to see to languages.
  const guard = isUnderLanguage && host.middlewareGuard !== "with-auth" ? null : host.middlewareGuard
  // The wrapped sign-in opens the page itself.
  if (guard === "auth") return []
  const text = read(path) ?? ""
  const seesChallenge = isUnderLanguage || runsOn(host.middlewareMatches, challenge) !== false
  const seesSessions = guard === "own-call" || /\bgetToken\b/.test(text)
  if (!seesChallenge && !(seesSessions && runsOn(host.middlewareMatches, signIn))) return []
  const { wrapper, module, replaces } = feature.openMiddleware
  const target = guard === "own-call" ? (host.middlewareCall ?? path) : path
  const origin = originOf(target, module, recipe, sources)
  const { from } = origin
  const reason = seesChallenge
    ? `${challenge} can be reached without a session`
    : `${signIn} sends nobody in a circle whose session has ended`
  if (guard === "own-call") {
    const wrap = (current: string) => edits.wrapCall(parse(target, current), { library: host.auth.library, wrapper, ...origin })
    return [toEdit("edit", target, read(target) ?? "", wrap, reason, `import { ${wrapper} } from "${from}"\n\n${wrapper}(NextAuth)(...)`)]
  }
  const pass = feature.passMiddleware
  const passOrigin = originOf(path, pass.module, recipe, sources)
  // What rewrites paths for languages has to see the page's, too.
  const isOwn = !isUnderLanguage && !/next-intl|i18n|locale/i.test(text)
  const wrap = (current: string) => edits.wrapMiddleware(parse(path, current), { wrapper: pass.wrapper, ...passOrigin })
  const isWrappable = isOwn && wrap(text).kind !== "refuse"
  if (guard === "with-auth") {
    const redirect = (current: string) => edits.redirectImport(parse(path, current), { specifier: replaces, ...origin })
    // A function of the app's own that calls it decides about other people by itself.
    const changes = isWrappable ? [redirect, wrap] : [redirect]
    const change = (current: string) => inTurn(current, changes, edits.joinImports)
    return [toEdit("edit", path, text, change, reason, `from "${from}" // instead of "${replaces}"`)]
  }
  if (isWrappable) return [toEdit("edit", path, text, wrap, reason, "")]
  if (!seesChallenge) return []
  const wrapping = `// in ${path}, around the function that it exports:\nimport { ${pass.wrapper} } from "${passOrigin.from}"\n\n${pass.wrapper}(...)\n\n// or `
  return [
    {
      kind: "manual",
      path,
      reason: `make sure that ${challenge} can be reached without a session`,
      snippet: `${isOwn ? wrapping : `// in ${path}, `}among the paths that are open to everyone:\n"${challenge}"`,
      state: "planned",
    },
  ]
}

/**
 * Callers that ignore where they are sent would bring a held sign-in back to the sign-in page. A form in the browser is
 * edited where its result can be followed; what code on the server does with the URL is the app's to say.
 */
export function planSignInCallers({ signInCallers, auth }: Host, feature: LoadedFeature, recipe: Recipe, sources: Sources): Action[] {
  const { function: name, wrapper, module } = feature.followResult
  return [...new Set(signInCallers.map(({ file }) => file))].flatMap((file): Action[] => {
    const here = signInCallers.filter((caller) => caller.file === file)
    const onServer = here.filter(({ side }) => side === "server").map(({ line }) => followOnServer(file, line, recipe))
    const inBrowser = here.filter(({ side }) => side === "browser")
    if (inBrowser.length === 0) return onServer
    const follow = (text: string) => {
      const parsed = sources.parse(file, text)
      const sideOf = sources.signInOf(parsed)
      const isMeant = (callee: string, provider: string | null) => sideOf(callee) === "browser" && maySignIn(auth, provider)
      return sources.edits.followResult(parsed, { name, wrapper, ...originOf(file, module, recipe, sources), isMeant })
    }
    const text = sources.read(file) ?? ""
    const edit = isEditable(file) && follow(text).kind !== "refuse" ? editOrNull(file, text, follow) : null
    if (edit) return [edit, ...onServer]
    const snippet = `import { ${name} } from "${recipe.specifier(file, module)}"\n\n// before anything else is done with the result\nif (${name}(result)) return`
    return [...inBrowser.map(({ line }) => followByHand(file, line, snippet)), ...onServer]
  })
}

/** The app works without: a form of a shape that nobody thought of refuses no run. */
function editOrNull(file: string, text: string, follow: Parameters<typeof toEdit>[3]): Action | null {
  try {
    return toEdit("edit", file, text, follow, "the form goes where signIn sends it", "")
  } catch (error) {
    if (error instanceof CliError && error.code === "edit_unsafe") return null
    throw error
  }
}

const followByHand = (path: string, line: number, snippet: string): Action => ({
  kind: "manual",
  path,
  reason: `line ${line}: after signIn(..., { redirect: false }), go to the URL it gives back`,
  snippet,
  state: "planned",
})

/** Inside of `try`, a `catch` may take the redirect for a failure. */
const followOnServer = (path: string, line: number, { routes }: Recipe): Action =>
  followByHand(
    path,
    line,
    `// signIn gives back the URL itself. Behind it, and outside of try:\nif (new URL(url, "http://localhost").pathname.startsWith("${routes.challenge}")) redirect(url)\n\n// in a route, answer with the URL instead, and go there in the browser`,
  )
