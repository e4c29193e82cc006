import { lineAt } from "../edit/splice"
import type { Modules } from "./modules"
import type { PagePlaces } from "./pages"

export type SignInCaller = { file: string; line: number }

/**
 * Calls of `signIn(..., { redirect: false })` in the sign-in page and what it imports. They get a URL back, which for a
 * held sign-in is the challenge page; a form that goes elsewhere on `ok` ends at the sign-in page again.
 */
export function findSignInCallers(modules: Modules, { signInDir }: PagePlaces, authFile: string): SignInCaller[] {
  const page =
    signInDir && ["tsx", "jsx", "ts", "js"].map((extension) => `${signInDir}/page.${extension}`).find((path) => modules.exists(path))
  if (!page) return []
  const callers: SignInCaller[] = []
  for (const module of modules.reachable(page, 25, "skip")) {
    if (!/redirect\s*:\s*false/.test(module.text)) continue
    const isSignIn = (local: string) => {
      const binding = modules.locate.bindingOf(module, local)
      if (binding?.imported !== "signIn") return false
      return binding.specifier === "next-auth/react" || modules.resolve(module.path, binding.specifier) === authFile
    }
    for (const offset of modules.locate.callsWithFalse(module, isSignIn, "redirect"))
      callers.push({ file: module.path, line: lineAt(module.text, offset) })
  }
  return callers
}
