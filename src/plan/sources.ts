import type { Module } from "../edit/typescript/module"

/** What planning needs from outside, as values and functions, so that it stays pure. */
export type Sources = {
  read(path: string): string | null
  /** Texts of files we created in an earlier run, as they were rendered then. */
  rendered(path: string): string | null
  parse(path: string, text: string): Module
  /** Whether a local name of a module is next-auth's `signIn`. */
  isSignIn(module: Module): (local: string) => boolean
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
