import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/module"
import type { HostFiles } from "./files"
import type { Modules } from "./modules"
import type { PagePlaces } from "./pages"
import { mostInFile, sourceFiles, textOf } from "./sources"
import type { AuthFacts, Warning } from "./types"

/** The browser's `signIn` answers with an object, the server's (which the auth file exports) with the URL itself. */
export type SignInSide = "browser" | "server"
export type SignInCaller = { file: string; line: number; side: SignInSide }
/** A call of next-auth 4's `getServerSession` that is given no options. */
export type BareSession = { file: string; line: number }

/** Files with such calls that are looked at: an app has a handful. */
const mostFiles = 200

const browserModules: readonly string[] = ["next-auth/react", "next-auth/webauthn"]

/** Tests and stories: nobody signs in through them. */
const notTheApp =
  /\.(test|spec|stories|cy)\.\w+$|\.d\.[cm]?ts$|(^|\/)(__tests__|__mocks__|e2e|cypress|playwright)(\/|$)|^(src\/)?(tests?|stories)(\/|$)/

/**
 * Calls of `signIn(..., { redirect: false })` in the app's source, and in what its sign-in page imports from packages of
 * the workspace. They get a URL back, which for a held sign-in is the challenge page; a form that goes elsewhere on `ok`
 * ends at the sign-in page again.
 */
export function findSignInCallers(
  files: HostFiles,
  modules: Modules,
  { signInFile }: PagePlaces,
  auth: AuthFacts,
): { callers: SignInCaller[]; bareSessions: BareSession[]; warnings: Warning[] } {
  const [authFile] = auth.calls
  const callers: SignInCaller[] = []
  const seen = new Set<string>()
  const lookAt = (module: Module) => {
    seen.add(module.path)
    const sideOf = signInOf(modules, module, authFile)
    const isMeant = (name: string, provider: string | null) => sideOf(name) !== null && maySignIn(auth, provider)
    const calls = modules.locate.callsWithFalse(module, isMeant, "redirect")
    for (const { start, callee } of calls.slice(0, mostInFile))
      callers.push({ file: module.path, line: lineAt(module.text, start), side: sideOf(callee) as SignInSide })
  }
  for (const module of signInFile ? modules.reachable(signInFile, 25, "skip") : []) if (mayCall(module.text)) lookAt(module)

  const unread: string[] = []
  let isCut = false
  const leaveOut = (dir: string) => notTheApp.test(dir) || files.isFile(`${dir}/package.json`)
  const source = sourceFiles(files, {
    leaveOut,
    onLimit: () => {
      isCut = true
    },
  })
  const bareSessions: BareSession[] = []
  for (const path of source) {
    if (notTheApp.test(path)) continue
    const text = textOf(files, path)
    if (auth.major === 4) bareSessions.push(...bareSessionsIn(path, text))
    if (seen.has(path) || !mayCall(text)) continue
    if (seen.size >= mostFiles) {
      isCut = true
      break
    }
    const module = modules.tryParse(path)
    if (module) lookAt(module)
    else unread.push(path)
  }
  return { callers, bareSessions: bareSessions.slice(0, mostFiles), warnings: warningsOf(unread, isCut) }
}

/**
 * Without options next-auth 4 reads a session by callbacks of its own, which know nothing of sessions that have ended.
 * Found by text, in files that import it: nothing is edited by it.
 */
function bareSessionsIn(file: string, text: string): BareSession[] {
  if (!text.includes("etServerSession") || !/["']next-auth(?:\/next)?["']/.test(text)) return []
  const calls = text.matchAll(/\b(?:unstable_)?getServerSession[ \t]*\([ \t]*(?:req\w*[ \t]*,[ \t]*res\w*[ \t]*)?\)/g)
  const places: BareSession[] = []
  for (const { index } of calls) {
    if (places.length === mostInFile) break
    if (!isInComment(text, index)) places.push({ file, line: lineAt(text, index) })
  }
  return places
}

/** Whether a place is behind `//`, or in a line that goes on with a comment, as far as its line tells. */
function isInComment(text: string, at: number): boolean {
  const start = text.lastIndexOf("\n", at) + 1
  return /^\s*(?:\*|\/\/|\/\*)|\s\/\/\s/.test(text.slice(Math.max(start, at - 500), at))
}

/**
 * Whether a call of `signIn` can end in a session by itself. With OAuth, and with a link in a mail, it ends when the
 * browser comes back, as a page: nothing is held before.
 * @param provider the one that is named; null where that is not known
 */
export const maySignIn = ({ signIns, unknownProviders }: AuthFacts, provider: string | null): boolean =>
  provider === null || unknownProviders !== null || !signIns.byPage.includes(provider)

/** A cheap test: few files of an app are worth parsing. */
const mayCall = (text: string): boolean => text.includes("signIn") && /\bredirect\b["'\]]*\s*[:=]\s*false\b/.test(text)

function warningsOf(unread: string[], isCut: boolean): Warning[] {
  const code = "sign_in_calls_unread"
  const what = "Where signIn is called with redirect: false, the caller must go to the URL that it gives back."
  const [file] = unread
  return [
    ...(file === undefined
      ? []
      : [{ code, message: `${unread.slice(0, mostInFile).join(", ")} could not be read, and may call signIn. ${what}`, file }]),
    ...(isCut ? [{ code, message: `The app has more source than is read, so not every call of signIn was looked at. ${what}` }] : []),
  ]
}

/** Which `signIn` of next-auth a name of a module is, `signIn` or `namespace.signIn`; null where it is none. */
export function signInOf(modules: Modules, module: Module, authFile: string): (name: string) => SignInSide | null {
  const known = new Map<string, SignInSide | null>()
  const sideOf = (name: string): SignInSide | null => {
    const [local = "", member] = name.split(".")
    const binding = modules.locate.bindingOf(module, local)
    // The auth file's own constant.
    if (!binding) return member === undefined && name === "signIn" && module.path === authFile ? "server" : null
    const imported = binding.imported === "*" ? member : member === undefined ? binding.imported : undefined
    return imported === "signIn" ? sideOfImport(modules, module.path, binding.specifier, authFile) : null
  }
  return (name) => {
    if (!known.has(name)) known.set(name, sideOf(name))
    return known.get(name) ?? null
  }
}

/** @param passed modules that have been looked at on the way: those of the app's own that hand `signIn` on */
function sideOfImport(modules: Modules, from: string, specifier: string, authFile: string, passed = new Set<string>()): SignInSide | null {
  if (browserModules.includes(specifier)) return "browser"
  const path = modules.resolve(from, specifier)
  if (path === null || passed.has(path)) return null
  passed.add(path)
  if (path === authFile) return "server"
  const module = modules.tryParse(path)
  if (!module) return null
  const imported = modules.locate.bindingOf(module, "signIn")
  const named = modules.locate.reexportedFrom(module, "signIn")
  const stars = modules.locate.topLevelNames(module).has("signIn") ? [] : modules.locate.starsOf(module)
  const next = imported?.imported === "signIn" ? [imported.specifier] : named.length > 0 ? named : stars
  for (const specifier of next) {
    const side = sideOfImport(modules, path, specifier, authFile, passed)
    if (side) return side
  }
  return null
}
