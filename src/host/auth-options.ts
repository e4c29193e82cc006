import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/module"
import { CliError } from "../errors"
import type { Modules } from "./modules"
import type { AuthFacts, OptionsSource } from "./types"

type Expression = Parameters<Modules["locate"]["membersOf"]>[0]

/** Names that stand for one another, from use to value. */
const longestChain = 50

/** Objects and spreads that are looked at. The options of a real app have some dozens. */
const mostSteps = 2_000

/** Reads the options that NextAuth is called with, through identifiers, spreads and lazy functions. */
export class Options {
  file: string | null = null
  at: { path: string; offset: number } | null = null
  /** The names of the options: a constant, or a function and the constant that it starts from; then constants with providers that these spread. */
  sources: OptionsSource[] = []
  session: AuthFacts["session"] | null = null
  sessionAt: { path: string; offset: number } | null = null
  adapter = false
  providers: string[] = []
  providersAt: { path: string; offset: number } | null = null
  /** How many credentials providers one list of them has, and whether any provider is one of OAuth. */
  credentials = 0
  oauth = false
  /** The tables in which credentials providers look people up by what they have typed. */
  tables: ReadonlySet<string> = new Set()
  /** Where the app writes its tokens itself. */
  encodeAt: { path: string; offset: number } | null = null
  signInPage: string | null = null

  #steps = 0

  constructor(private readonly modules: Modules) {}

  /** @throws CliError nested_too_deeply */
  read(module: Module, expression: Expression, depth = 0): void {
    const { locate } = this.modules
    const value = locate.unwrapExpression(expression)
    for (const alternative of locate.alternativesOf(locate.returnedObject(value) ?? value)) this.#readOne(module, alternative, depth)
  }

  #readOne(module: Module, expression: Expression, depth: number): void {
    const { locate } = this.modules
    if (++this.#steps > mostSteps)
      throw new CliError("nested_too_deeply", `The options of NextAuth are made of more than ${mostSteps} others.`, {
        file: module.path,
        line: lineAt(module.text, expression.getStart()),
        suggestion: "Nothing was changed. Spread fewer objects into the options, then run this again.",
      })
    const value = this.#unguarded(module, expression)
    const name = locate.calledName(value)
    const local = locate.localInitializerOf(value)
    const found = local ? { module, value: local } : name === null ? { module, value } : this.#follow(module, name)
    if (!found || depth > 5) return
    const source = "source" in found ? found.source : null
    const isOuter = !this.sources.some(({ kind }) => kind === "constant")
    if (source && isOuter) this.sources.push(source)
    const members = locate.membersOf(found.value)
    if (!members) {
      if (found.value !== value) this.#readOne(found.module, found.value, depth + 1)
      return
    }
    if (this.file === null) {
      this.file = found.module.path
      this.at = { path: found.module.path, offset: found.value.getStart() }
    }
    const { providersAt } = this
    // Spreads first: what is written out wins. An approximation for facts.
    for (const spread of members.spreads) this.read(found.module, spread, depth + 1)
    this.#take(found.module, members.properties)
    if (source && !isOuter && this.providersAt !== providersAt) this.#takeInner(source)
  }

  /** Options that the handler's are made of: pages read sessions with them. Another package cannot import a guard. */
  #takeInner(source: OptionsSource): void {
    const isKnown = this.sources.some(({ file, name }) => file === source.file && name === source.name)
    if (!isKnown && source.kind === "constant" && !source.file.startsWith("../")) this.sources.push(source)
  }

  #take(module: Module, properties: Map<string, Expression>): void {
    const { locate } = this.modules
    const session = properties.get("session")
    if (session) {
      const strategy = locate.membersOf(session)?.properties.get("strategy")
      const text = strategy && locate.literalText(strategy)
      if (strategy) this.session = text === "jwt" || text === "database" ? text : "dynamic"
      if (strategy) this.sessionAt = { path: module.path, offset: session.getStart() }
    }
    if (properties.has("adapter")) this.adapter = true
    const jwt = properties.get("jwt")
    const encode = jwt && locate.membersOf(jwt)?.properties.get("encode")
    if (encode) this.encodeAt = { path: module.path, offset: jwt.getStart() }
    const pages = properties.get("pages")
    const signIn = pages && locate.membersOf(pages)?.properties.get("signIn")
    if (signIn) this.signInPage = locate.literalText(signIn)
    const providers = properties.get("providers")
    if (providers) this.#takeProviders(module, providers)
  }

  #takeProviders(module: Module, expression: Expression): void {
    const found = this.#providersIn(module, expression)
    this.providersAt = { path: module.path, offset: expression.getStart() }
    this.providers.push(...found.flatMap(({ id }) => id ?? []))
    // A config that is spread into another one has a list of its own, which the other replaces.
    this.credentials = Math.max(this.credentials, found.filter(({ kind }) => kind === "credentials").length)
    this.tables = new Set([...this.tables, ...found.flatMap(({ kind, text }) => (kind === "credentials" ? tablesIn(text) : []))])
    this.oauth ||= found.some(({ kind }) => kind === "oauth")
  }

  #providersIn(module: Module, expression: Expression): { id: string | null; kind: string; text: string }[] {
    const { locate } = this.modules
    const name = locate.identifierText(expression)
    const found = name === null ? { module, value: expression } : this.#follow(module, name)
    const elements = found && locate.elementsOf(found.value)
    if (!found || !elements) return []
    return elements.map((element) => {
      const name = locate.calledName(element)
      const binding = name === null ? null : locate.bindingOf(found.module, name)
      const members = locate.membersOf(element)?.properties
      const [own, type] = ["id", "type"].map((key) => members?.get(key)).map((value) => value && locate.literalText(value))
      const id = /^(?:next-auth|@auth\/core)\/providers\/(.+)$/.exec(binding?.specifier ?? "")?.[1] ?? own ?? null
      const text = found.module.text.slice(element.getStart(), element.getEnd())
      return { id, kind: type === "oidc" ? "oauth" : (type ?? kindOf(id)), text }
    })
  }

  /** Without the guard that an earlier run has put around it. */
  #unguarded(module: Module, value: Expression): Expression {
    const { locate } = this.modules
    const argument = locate.onlyArgumentOf(value)
    const guard = argument && locate.bindingOf(module, locate.calledName(value) ?? "")
    return argument && guard && this.modules.meansOurs(module.path, guard.specifier, "lib/mfa/with-mfa") ? argument : value
  }

  /** The value of a name, here or in the module it is imported from. */
  #follow(module: Module, name: string, depth = 0): { module: Module; value: Expression; source: OptionsSource } | null {
    // `const a = b, b = a`, or two modules that import it from each other, name no value.
    if (depth > longestChain) return null
    const { locate } = this.modules
    const initializer = locate.initializerOf(module, name)
    if (initializer) {
      const own = this.#unguarded(module, initializer)
      const local = locate.localInitializerOf(own)
      if (local) return { module, value: local, source: { file: module.path, name, kind: "function" } }
      const alias = locate.identifierText(own)
      if (alias !== null && alias !== name) return this.#follow(module, alias, depth + 1)
      const made = locate.returnedObject(own)
      const kind = made === null && locate.declarationOf(module, name) !== null ? "constant" : "function"
      return { module, value: made ? this.#unguarded(module, made) : own, source: { file: module.path, name, kind } }
    }
    const binding = locate.bindingOf(module, name)
    const path = binding && this.modules.resolve(module.path, binding.specifier)
    const target = path ? this.modules.parse(path) : null
    return target && binding ? this.#follow(target, binding.imported, depth + 1) : null
  }
}

/** `prisma.customer.findUnique({ where: { email } })`: customer. */
function tablesIn(text: string): string[] {
  const lookups = text.matchAll(/\.(\w{1,100})\.find\w{1,30}\(\s*\{\s*where:\s*\{([^{}]{0,500})/g)
  return [...lookups].flatMap(([, table = "", where = ""]) => (/\b(?:email|username|login|phone)\b/.test(where) ? [table] : []))
}

/** Of the providers that come with next-auth, by name: most are OAuth's. Of anybody else's nothing is known. */
function kindOf(id: string | null): "credentials" | "other" | "oauth" {
  if (id === null || /^(email|nodemailer|resend|sendgrid|postmark|mailgun|forwardemail|loops|passkey|webauthn)$/.test(id)) return "other"
  return id === "credentials" ? "credentials" : "oauth"
}
