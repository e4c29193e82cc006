import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/module"
import type { Modules } from "./modules"
import type { PagePlaces } from "./pages"

export type SignInCaller = { file: string; line: number }

/** Places that are said of one file. */
const mostInFile = 20

/**
 * Calls of `signIn(..., { redirect: false })` in the sign-in page and what it imports. They get a URL back, which for a
 * held sign-in is the challenge page; a form that goes elsewhere on `ok` ends at the sign-in page again.
 */
export function findSignInCallers(modules: Modules, { signInFile }: PagePlaces, authFile: string): SignInCaller[] {
  if (!signInFile) return []
  const callers: SignInCaller[] = []
  for (const module of modules.reachable(signInFile, 25, "skip")) {
    if (!/redirect\s*:\s*false/.test(module.text)) continue
    let here = 0
    for (const offset of modules.locate.callsWithFalse(module, signInOf(modules, module, authFile), "redirect"))
      if (here++ < mostInFile) callers.push({ file: module.path, line: lineAt(module.text, offset) })
  }
  return callers
}

/** Whether a local name of a module is next-auth's `signIn`: the browser's, or the one that the auth file exports. */
export function signInOf(modules: Modules, module: Module, authFile: string): (local: string) => boolean {
  const known = new Map<string, boolean>()
  const isSignIn = (local: string): boolean => {
    const binding = modules.locate.bindingOf(module, local)
    if (binding?.imported !== "signIn") return false
    return binding.specifier === "next-auth/react" || modules.resolve(module.path, binding.specifier) === authFile
  }
  return (local) => {
    const answer = known.get(local) ?? isSignIn(local)
    known.set(local, answer)
    return answer
  }
}
