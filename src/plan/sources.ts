import type { Elsewhere } from "../edit/typescript/elsewhere"
import type { Module } from "../edit/typescript/module"
import type { Taken } from "../host/taken-routes"

/** What planning needs from outside, as values and functions, so that it stays pure. */
export type Sources = {
  read(path: string): string | null
  /** Whether the file itself is a link: what it leads to is no file of ours. */
  isLink(path: string): boolean
  /** Whether an earlier run has created a file here, as the manifest has it. */
  isInstalled(path: string): boolean
  /** The app's own files that answer an address. */
  routesAt(address: string): Taken[]
  /** The turbo.json that should name variables, and those that it does not. */
  undeclaredInTurbo(names: string[]): { file: string; names: string[] } | null
  parse(path: string, text: string): Module
  /** Whether a specifier in a file means a module, by where it is: what it looks like says nothing. */
  means(from: string, specifier: string, module: string): boolean
  /** Which `signIn` of next-auth a name of a module is. */
  signInOf(module: Module): (name: string) => "browser" | "server" | null
  /** How other modules of the app hand on the auth library, and a function of ours that `module` has. */
  elsewhere(name: string, module: string): Elsewhere
  edits: {
    wrapCall: typeof import("../edit/typescript/wrap-call").wrapCall
    joinImports: typeof import("../edit/typescript/imports").joinImports
    addCall: typeof import("../edit/typescript/add-call").addCall
    wrapResults: typeof import("../edit/typescript/wrap-results").wrapResults
    redirectImport: typeof import("../edit/typescript/redirect-import").redirectImport
    wrapMiddleware: typeof import("../edit/typescript/wrap-middleware").wrapMiddleware
    followResult: typeof import("../edit/typescript/follow-result").followResult
  }
  generate(kind: string): string
}
