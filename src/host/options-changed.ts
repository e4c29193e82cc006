/** Options of next-auth 4 that another module changes than the one that declares them. */
import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/module"
import { CliError } from "../errors"
import { declarationOf } from "./exports"
import type { Modules } from "./modules"
import type { OptionsSource } from "./types"

/** What a guard of options sets. Changed later, it would be lost; everything else may be changed anywhere. */
const guarded: ReadonlySet<string | null | undefined> = new Set(["callbacks", "adapter", null, undefined])

/**
 * Modules that the auth handler reaches. Which of them runs last, nobody knows.
 * @throws CliError auth_options_unsupported
 */
export function assertUnchangedElsewhere(modules: Modules, handler: string, sources: OptionsSource[]): void {
  const constants = sources.filter(({ kind }) => kind === "constant")
  if (constants.length === 0) return
  for (const module of modules.reachable(handler, 40, "skip"))
    for (const { local, source } of importedFrom(modules, module, constants))
      for (const { kind, path, start } of modules.locate.writesTo(module, local))
        if (kind !== "push" && kind !== "call" && guarded.has(path[0]))
          throw new CliError("auth_options_unsupported", `${module.path} changes ${source.name}, which ${source.file} declares.`, {
            file: module.path,
            line: lineAt(module.text, start),
            suggestion: `Nothing was changed. Sessions that other files read with ${source.name} could not be ended when MFA is turned on, as what is set there takes the place of the guard. Set it in ${source.file}, or give NextAuth a copy: { ...${source.name}, callbacks: { ... } }; then run this again.`,
          })
}

function importedFrom(modules: Modules, module: Module, sources: OptionsSource[]): { local: string; source: OptionsSource }[] {
  const names = module.imports.filter(({ typeOnly }) => !typeOnly).flatMap((declaration) => declaration.names)
  return names.flatMap(({ local }) => {
    // Most modules change nothing that they import: only for those that do, the name is followed.
    if (modules.locate.writesTo(module, local).length === 0) return []
    const declared = declarationOf(modules, module, local)
    const source = sources.find(({ file, name }) => declared?.module.path === file && declared.name === name)
    return source ? [{ local, source }] : []
  })
}
