import { appendEnv } from "../edit/env"
import { addDependencies, missingDependencies } from "../edit/package-json"
import { addFields, addModels } from "../edit/prisma/edit"
import { applyInsertions, type EditResult, type Insertion, lineAt, undoInsertions } from "../edit/splice"
import type { Module } from "../edit/typescript/locate"
import { CliError } from "../errors"
import { isFor, type Recipe } from "../feature/render"
import type { LoadedFeature } from "../feature/types"
import { runsOn } from "../host/middleware"
import type { Host, OptionsSource, Warning } from "../host/types"
import type { Action, EditAction, NextStep, Plan } from "./types"

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
    passPath: typeof import("../edit/typescript/pass-path").passPath
    followResult: typeof import("../edit/typescript/follow-result").followResult
  }
  generate(kind: string): string
}

/** Decides every change. Nothing is half-planned: a file that cannot be edited safely refuses the whole. */
export function plan(host: Host, feature: LoadedFeature, recipe: Recipe, sources: Sources): Plan {
  const dependencies = planDependencies(host, feature, sources)
  return {
    feature: feature.name,
    host,
    actions: [
      ...planFiles(recipe, sources),
      ...planAuth(host, feature, recipe, sources),
      ...planSchema(host, feature, recipe, sources),
      ...planEnv(host, feature, sources),
      dependencies.action,
      ...planMiddleware(host, feature, recipe, sources),
      ...planSignInCallers(host, feature, recipe, sources),
    ],
    dependencies: { added: dependencies.added, kept: dependencies.kept },
    routes: recipe.routes,
    nextSteps: nextSteps(host, feature),
    warnings: [...host.warnings, ...otherSecondFactors(host, feature, recipe)],
  }
}

/** A second factor of the app's own is left alone, and said. */
function otherSecondFactors({ prisma }: Host, feature: LoadedFeature, recipe: Recipe): Warning[] {
  const isOurs = (name: string) =>
    feature.schema.userFields.some((field) => field.name === name) || new RegExp(`^model ${name} `, "m").test(recipe.models)
  const [first, ...more] = prisma.secondFactors.filter(({ name }) => !isOurs(name))
  if (!first) return []
  const names = [first, ...more].map(({ name }) => name).join(", ")
  const message = `The schema has what looks like a second factor already: ${names}. It is left alone; users who have both are asked for both.`
  return [{ code: "second_factor_present", message, file: first.file, line: first.line }]
}

function planFiles(recipe: Recipe, sources: Sources): Action[] {
  return recipe.files.map(({ path, text }) => {
    const existing = sources.read(path)
    // A file of ours that the user has edited since is theirs; `update` merges, `add` leaves it.
    if (existing !== null && existing !== text && sources.rendered(path) === null)
      throw new CliError("file_exists", `${path} exists already and is not ours.`, {
        file: path,
        suggestion: "Nothing was changed. Move or rename the file, then run this again.",
      })
    return { kind: "create", path, after: text, reason: "generated", state: existing === null ? "planned" : "unchanged" }
  })
}

/** The hook: NextAuth is wrapped where it is called, and options that others read are guarded where they are declared. */
function planAuth(host: Host, feature: LoadedFeature, recipe: Recipe, { read, parse, edits }: Sources): Action[] {
  const [call] = host.auth.calls
  const { wrapper, module } = feature.wrapCall
  const from = recipe.specifier(call, module)
  const request = { library: host.auth.library, wrapper, from }
  const wrap = (text: string) => edits.wrapCall(parse(call, text), request)
  const reason = `every sign-in goes through ${wrapper}`
  const snippet = `import { ${wrapper} } from "${from}"\n\n${wrapper}(NextAuth)(...)`
  const sources = isFor(host, feature.guardOptions.when) ? host.auth.options : []
  const guards = sources.map((source) => guardOptions(source, feature, recipe, { parse, edits }))
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
function guardOptions(
  { file, name, kind }: OptionsSource,
  feature: LoadedFeature,
  recipe: Recipe,
  { parse, edits }: Pick<Sources, "parse" | "edits">,
) {
  const guard = feature.guardOptions.function
  const from = recipe.specifier(file, feature.guardOptions.module)
  const isConstant = kind === "constant"
  return {
    file,
    change: (text: string) =>
      isConstant
        ? edits.addCall(parse(file, text), { name: guard, from, argument: name })
        : edits.wrapResults(parse(file, text), { name: guard, from, of: name }),
    reason: `sessions read with ${name} end when MFA is turned on`,
    snippet: `import { ${guard} } from "${from}"\n\n${isConstant ? `${guard}(${name})` : `return ${guard}({ ... }) // in ${name}`}`,
  }
}

/** Several edits of one text as one. Each sees the original; where two add at one offset, the first comes first. */
function inTurn(text: string, edits: ((text: string) => EditResult)[], join = (insertions: Insertion[]) => insertions): EditResult {
  const results = edits.map((edit) => edit(text))
  const refused = results.find((result) => result.kind === "refuse")
  if (refused) return refused
  const insertions = results.flatMap((result) => (result.kind === "edit" ? result.edits : []))
  return insertions.length > 0 ? { kind: "edit", edits: join(insertions) } : { kind: "present" }
}

function planSchema(host: Host, feature: LoadedFeature, recipe: Recipe, sources: Sources): Action[] {
  const actions = planSchemaEdits(host, feature, recipe, sources)
  const { generatedFrom, userModel } = host.prisma
  const open = actions.find(({ state }) => state === "planned")
  if (generatedFrom === null || !open) return actions
  const fields = feature.schema.userFields.map(({ name, type, attributes }) => `  ${name} ${type} ${attributes}`.trimEnd()).join("\n")
  throw new CliError("prisma_schema_generated", `${open.path} is generated from ${generatedFrom}; an edit would be lost.`, {
    file: open.path,
    line: 1,
    suggestion: `Nothing was changed. Add these to ${generatedFrom}, generate the schema, then run this again.\n\nIn model ${userModel}:\n${fields}\n\n${recipe.models}`,
  })
}

function planSchemaEdits(host: Host, feature: LoadedFeature, recipe: Recipe, sources: Sources): Action[] {
  const { userModel, userModelFile, schema, files } = host.prisma
  const fields = (text: string) => addFields(text, userModel, feature.schema.userFields)
  const text = sources.read(userModelFile) ?? ""
  if (schema === userModelFile) {
    const both = (current: string) => inTurn(current, [fields, (now) => addModels(now, recipe.models)])
    return [toEdit("edit", userModelFile, text, both, "fields and models of MFA", recipe.models)]
  }
  // A schema in several files gets the models in one of their own, beside the user model's.
  const own = `${userModelFile.slice(0, userModelFile.lastIndexOf("/"))}/${feature.name}.prisma`
  for (const other of files.filter((file) => file !== own)) {
    const clash = addModels(sources.read(other) ?? "", recipe.models)
    if (clash.kind === "refuse") throw refusal(other, clash, sources.read(other) ?? "")
  }
  return [
    toEdit("edit", userModelFile, text, fields, "fields of MFA", ""),
    ...planFiles({ ...recipe, files: [{ path: own, text: recipe.models }] }, sources),
  ]
}

function planEnv(host: Host, feature: LoadedFeature, sources: Sources): Action[] {
  const { file, ignored, example } = host.env
  const names = feature.env.map(({ name }) => name)
  const actions: Action[] = []
  if (ignored) {
    const before = sources.read(file)
    const entries = feature.env.map(({ name, comment, generate }) => ({ name, comment, value: sources.generate(generate) }))
    actions.push({
      kind: "env",
      path: file,
      before,
      names,
      secret: true,
      reason: "a new key, generated here",
      ...appended(before ?? "", entries),
    })
  } else {
    const commands = feature.env.map(({ name, generate }) => `${name}="$(openssl rand -base64 ${generate.split(":")[1]})"`)
    const done = feature.env.every(({ name }) => new RegExp(`^\\s*${name}=`, "m").test(sources.read(file) ?? ""))
    actions.push({
      kind: "manual",
      path: file,
      reason: `git does not ignore ${file}, so no secret is written to it: set ${names.join(", ")} yourself`,
      snippet: commands.join("\n"),
      state: done ? "unchanged" : "planned",
    })
  }
  if (example) {
    const before = sources.read(example)
    const entries = feature.env.map(({ name, comment }) => ({ name, comment, value: "" }))
    actions.push({
      kind: "env",
      path: example,
      before,
      names,
      secret: false,
      reason: "its name, without a value",
      ...appended(before ?? "", entries),
    })
  }
  return actions
}

function appended(
  before: string,
  entries: Parameters<typeof appendEnv>[1],
): { after: string; edits: Insertion[]; state: "planned" | "unchanged" } {
  const result = appendEnv(before, entries)
  const edits = result.kind === "edit" ? result.edits : []
  return { after: applyInsertions(before, edits), edits, state: edits.length > 0 ? "planned" : "unchanged" }
}

function planDependencies(host: Host, feature: LoadedFeature, sources: Sources): { action: Action; added: string[]; kept: string[] } {
  const text = sources.read("package.json") ?? "{}"
  const wanted = feature.dependencies.filter(({ when }) => isFor(host, when))
  const action = toEdit(
    "dependency",
    "package.json",
    text,
    (current) => addDependencies(current, wanted),
    wanted.map(({ name }) => name).join(", "),
    "",
  )
  const missing = missingDependencies(text, wanted).map(({ name }) => name)
  const names = wanted.map(({ name }) => name)
  return { action, added: missing, kept: names.filter((name) => !missing.includes(name)) }
}

/** The challenge page must be reachable for someone who is not signed in yet. */
function planMiddleware(host: Host, feature: LoadedFeature, recipe: Recipe, { read, parse, edits }: Sources): Action[] {
  const { middleware: path } = host
  const { challenge } = recipe.routes
  if (!path) return []
  // Under a language the page has as many paths as there are languages, and the middleware has to see each of them.
  const isUnderLanguage = /\/\[\w+\]$/.test(host.pages.publicDir)
  const guard = isUnderLanguage ? null : host.middlewareGuard
  // The wrapped sign-in opens the page itself.
  if (guard === "auth" || (!isUnderLanguage && runsOn(host.middlewareMatches, challenge) === false)) return []
  const { wrapper, module, replaces } = feature.openMiddleware
  const from = recipe.specifier(path, module)
  const reason = `${challenge} can be reached without a session`
  const text = read(path) ?? ""
  if (guard === "own-call") {
    const wrap = (current: string) => edits.wrapCall(parse(path, current), { library: host.auth.library, wrapper, from })
    return [toEdit("edit", path, text, wrap, reason, `import { ${wrapper} } from "${from}"\n\n${wrapper}(NextAuth)(...)`)]
  }
  if (guard === "with-auth") {
    const redirect = (current: string) => edits.redirectImport(parse(path, current), { specifier: replaces, to: from })
    return [toEdit("edit", path, text, redirect, reason, `from "${from}" // instead of "${replaces}"`)]
  }
  // What rewrites paths for languages has to see the page's, too.
  if (!isUnderLanguage && !/next-intl|i18n|locale/i.test(text)) {
    const { constant, module } = feature.passMiddleware
    const pass = (current: string) => edits.passPath(parse(path, current), { constant, from: recipe.specifier(path, module) })
    if (pass(text).kind !== "refuse") return [toEdit("edit", path, text, pass, reason, "")]
  }
  return [
    {
      kind: "manual",
      path,
      reason: `make sure that ${challenge} can be reached without a session`,
      snippet: `// in ${path}, among the paths that are open to everyone:\n"${challenge}"`,
      state: "planned",
    },
  ]
}

/** Forms that ignore where they are sent would bring a held sign-in back to the sign-in page. */
function planSignInCallers({ signInCallers }: Host, feature: LoadedFeature, recipe: Recipe, sources: Sources): Action[] {
  const { function: name, module } = feature.followResult
  return [...new Set(signInCallers.map(({ file }) => file))].flatMap((file): Action[] => {
    const follow = (text: string) => {
      const parsed = sources.parse(file, text)
      return sources.edits.followResult(parsed, { name, from: recipe.specifier(file, module), isCallee: sources.isSignIn(parsed) })
    }
    const text = sources.read(file) ?? ""
    if (follow(text).kind !== "refuse") return [toEdit("edit", file, text, follow, "the form goes where signIn sends it", "")]
    return signInCallers
      .filter((caller) => caller.file === file)
      .map(({ line }) => ({
        kind: "manual",
        path: file,
        reason: `line ${line}: after signIn(..., { redirect: false }), go to the URL it gives back`,
        snippet: `// next-auth/react: the result's url; the server's signIn: the URL itself\nif (result?.url) window.location.assign(result.url)`,
        state: "planned",
      }))
  })
}

/** An edit with its gates: it can be undone to the byte, and editing the result again changes nothing. */
function toEdit(
  kind: "edit" | "dependency",
  path: string,
  before: string,
  apply: (text: string) => EditResult,
  reason: string,
  snippet: string,
): EditAction {
  const result = apply(before)
  if (result.kind === "refuse") throw refusal(path, result, before, snippet)
  if (result.kind === "present") return { kind, path, before, after: before, edits: [], reason, state: "unchanged" }
  const after = applyInsertions(before, result.edits)
  const again = apply(after)
  if (undoInsertions(after, result.edits) !== before || again.kind !== "present")
    throw new CliError("edit_unsafe", `${path} has a shape that cannot be edited safely.`, {
      file: path,
      ...(snippet && { suggestion: `Add this by hand, then run the command again:\n\n${snippet}` }),
    })
  return { kind, path, before, after, edits: result.edits, reason, state: "planned" }
}

function refusal(
  path: string,
  { code, message, offset, snippet }: Extract<EditResult, { kind: "refuse" }>,
  text: string,
  fallback = "",
): CliError {
  const lines = snippet ?? fallback
  const byHand = lines === "" ? "" : `Nothing was changed. Make the change by hand, then run the command again:\n\n${lines}`
  const suggestion =
    code === "schema_name_taken"
      ? "Nothing was changed. Rename yours in the schema (@map or @@map keeps its name in the database), then run this again."
      : byHand
  return new CliError(code, message, {
    file: path,
    ...(offset !== undefined && { line: lineAt(text, offset) }),
    ...(suggestion && { suggestion }),
  })
}

function nextSteps(host: Host, feature: LoadedFeature): NextStep[] {
  const exec = { npm: "npx", pnpm: "pnpm exec", yarn: "yarn", bun: "bunx" }[host.packageManager]
  const filled = (command: string) => command.replace("{exec}", exec).replace("{env}", host.env.file).replace("{language}", host.language)
  const { migrations, push, after } = feature.nextSteps
  return [
    { dir: host.prisma.home, command: filled(host.usesMigrations ? migrations : push) },
    ...after.filter(({ when }) => isFor(host, when)).map(({ command }) => ({ dir: ".", command: filled(command) })),
  ]
}
