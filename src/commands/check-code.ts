/** Judges code before it is written as a bundler does: it parses, declares each name once, and imports what is there. */
import { posix } from "node:path"
import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/module"
import { CliError } from "../errors"
import { HostFiles } from "../host/files"
import { Modules } from "../host/modules"
import type { Host } from "../host/types"
import type { Plan } from "../plan/types"

const isCode = (path: string): boolean => /\.[cm]?[jt]sx?$/.test(path)

/**
 * The edited files of a plan. What was wrong in them before is their owner's affair.
 * @throws CliError edit_unsafe
 */
export async function assertEdits({ actions, host }: Plan, modules: Modules): Promise<void> {
  const { declaredTwice } = await import("../edit/typescript/scopes")
  const created = actions.flatMap(({ kind, path }) => (kind === "create" ? [path] : []))
  for (const action of actions) {
    if (action.kind !== "edit" || action.state !== "planned" || !isCode(action.path)) continue
    const { path } = action
    const [before, after] = [action.before, action.after].map((text) => modules.locate.parseModule(path, text))
    if (!before?.ok || !after?.ok) continue
    const known = new Set(declaredTwice(before.module).map(({ name }) => name))
    const twice = declaredTwice(after.module).find(({ name }) => !known.has(name))
    if (twice) throw unsafe(path, `would declare ${twice.name} twice`, lineAt(action.after, twice.offset))
    const old = new Set(modules.locate.specifiersOf(before.module).map(({ text }) => text))
    const isThere = (specifier: string) =>
      modules.resolve(path, specifier) !== null || created.some((target) => modules.means(path, specifier, target))
    const lost = localImports(after.module, host, modules).find(({ text }) => !old.has(text) && !isThere(text))
    if (lost) throw unsafe(path, `would import ${lost.text}, which is not there`, lineAt(action.after, lost.start))
  }
}

const unsafe = (path: string, what: string, line: number): CliError =>
  new CliError("edit_unsafe", `${path} ${what}: the app would not build any more.`, {
    file: path,
    line,
    suggestion: "Nothing was changed. This is a defect of chimerai: please report it, with the file that is named.",
  })

/**
 * Whatever a template makes of the names of an app. Not to be shown: that takes a third of the time of a dry run.
 * @param written every text that the run writes, by path
 * @throws CliError feature_invalid
 */
export async function assertCode(
  { dir, host }: { dir: string; host: Host },
  created: Iterable<readonly [path: string, text: string]>,
  written: ReadonlyMap<string, string>,
): Promise<void> {
  const { declaredTwice } = await import("../edit/typescript/scopes")
  const files = new HostFiles(dir, written)
  const modules = await Modules.of(files)
  const invalid = (path: string, what: string, text: string, offset: number): CliError =>
    new CliError("feature_invalid", `What would be written is no code: ${path} ${what}`, { file: path, line: lineAt(text, offset) })
  for (const [path, text] of created) {
    if (!isCode(path)) continue
    const result = modules.locate.parseModule(path, text)
    if (!result.ok) throw invalid(path, `does not parse: ${result.message}`, text, result.offset)
    const [twice] = declaredTwice(result.module)
    if (twice) throw invalid(path, `declares ${twice.name} twice.`, text, twice.offset)
    const isThere = (specifier: string) =>
      modules.resolve(path, specifier) !== null || files.isFile(posix.join(posix.dirname(path), specifier)) || isStyle(specifier)
    const lost = localImports(result.module, host, modules).find((one) => !isThere(one.text))
    if (lost) throw invalid(path, `imports ${lost.text}, which is not there.`, text, lost.start)
  }
}

/** Bundlers find these by themselves, and there may be a type for them or not. */
const isStyle = (specifier: string): boolean => /\.(css|scss|json|svg)$/.test(specifier)

/** Imports of the app's own modules; the client that Prisma generates is there only once it has run. */
function localImports(module: Module, { alias, prisma }: Host, { locate }: Modules) {
  const isLocal = (text: string) => text.startsWith(".") || (alias !== null && alias.prefix !== "" && text.startsWith(alias.prefix))
  return locate.specifiersOf(module).filter(({ text }) => isLocal(text) && text !== prisma.client.specifier)
}
