import { lineAt } from "../edit/splice"
import type { Module } from "../edit/typescript/module"
import { CliError } from "../errors"
import { type Declared, declarationOf, memberOf } from "./exports"
import type { Modules } from "./modules"
import type { AuthFacts, OptionsSource } from "./types"

type Expression = Parameters<Modules["locate"]["membersOf"]>[0]
type Place = { path: string; offset: number }
type Found = { module: Module; value: Expression; source: OptionsSource }
/** @property page the id that `signIn` is called with, where the sign-in surely ends when the browser comes back */
type Provider = { id: string | null; kind: string; page: string | null; text: string }

/** Names that stand for one another, from use to value. */
const longestChain = 50

/** Objects and spreads that are looked at. The options of a real app have some dozens. */
const mostSteps = 2_000

/** Reads the options that NextAuth is called with, through identifiers, spreads and lazy functions. */
export class Options {
  file: string | null = null
  at: Place | null = null
  /** The names of the options: a constant, or a function and the constant that it starts from; then constants with providers that these spread. */
  sources: OptionsSource[] = []
  session: AuthFacts["session"] | null = null
  sessionAt: Place | null = null
  adapter = false
  providers: string[] = []
  providersAt: Place | null = null
  /** How many credentials providers one list of them has, and whether any provider is one of OAuth. */
  credentials = 0
  oauth = false
  /** The ids of providers whose sign-in ends when the browser comes back. */
  byPage: string[] = []
  /** The tables in which credentials providers look people up by what they have typed. */
  tables: ReadonlySet<string> = new Set()
  /** Where the app writes its tokens itself. */
  encodeAt: Place | null = null
  signInPage: string | null = null
  /** Where a sign-in page is named in a way that cannot be read. */
  unknownSignInPageAt: Place | null = null

  /** The constant is known that this call of NextAuth is given. */
  #hasOuter = false
  #steps = 0
  #unknownProvidersAt: Place | null = null
  /** Options that could not be traced to an object. */
  #unreadAt: Place | null = null

  constructor(private readonly modules: Modules) {}

  /**
   * What one call of NextAuth is given.
   * @throws CliError nested_too_deeply
   */
  readAll(module: Module, expression: Expression): void {
    this.#hasOuter = false
    this.read(module, expression)
  }

  read(module: Module, expression: Expression, depth = 0): void {
    const { locate } = this.modules
    const value = locate.unwrapExpression(expression)
    for (const alternative of locate.alternativesOf(locate.returnedObject(value) ?? value))
      if (!locate.isNothing(alternative)) this.#readOne(module, alternative, depth)
  }

  /** Where providers are, or may be, that could not be read: nothing that depends on all of them is known. */
  get unknownProvidersAt(): Place | null {
    return this.#unknownProvidersAt ?? (this.providersAt === null ? this.#unreadAt : null)
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
    const named = name === null ? this.#memberOf(module, value) : this.#follow(module, name)
    const found = local ? { module, value: local } : (named ?? (name === null ? { module, value } : null))
    // What somebody else's function makes of options has, as a rule, what it was given.
    for (const argument of locate.argumentsOf(value)) this.#takeGiven(module, argument)
    if (!found || depth > 5) {
      this.#unreadAt ??= placeOf(module, value)
      return
    }
    const source = "source" in found ? found.source : null
    const isOuter = !this.#hasOuter
    if (source && isOuter) this.#takeOuter(source)
    const members = locate.membersOf(found.value)
    if (!members) {
      if (found.value === value) this.#unreadAt ??= placeOf(module, value)
      else this.#readOne(found.module, found.value, depth + 1)
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
    if (source) this.#takeWrites(found.module, source.name, depth)
    if (source && !isOuter && this.providersAt !== providersAt) this.#takeInner(source)
  }

  #takeOuter(source: OptionsSource): void {
    this.#hasOuter = source.kind === "constant"
    if (!this.#isKnown(source)) this.sources.push(source)
  }

  #isKnown = (source: OptionsSource) => this.sources.some(({ file, name }) => file === source.file && name === source.name)

  /** Options that the handler's are made of: pages read sessions with them. Another package cannot import a guard. */
  #takeInner(source: OptionsSource): void {
    if (!this.#isKnown(source) && source.kind === "constant" && !source.file.startsWith("../")) this.sources.push(source)
  }

  #take(module: Module, properties: Map<string, Expression>): void {
    const { locate } = this.modules
    const session = properties.get("session")
    const strategy = session && locate.membersOf(session)?.properties.get("strategy")
    if (strategy) this.#takeStrategy(module, strategy, session)
    if (properties.has("adapter")) this.adapter = true
    const jwt = properties.get("jwt")
    const encode = jwt && locate.membersOf(jwt)?.properties.get("encode")
    if (encode) this.encodeAt = { path: module.path, offset: jwt.getStart() }
    const pages = properties.get("pages")
    if (pages) this.#takePages(module, pages)
    const providers = properties.get("providers")
    if (providers) this.#takeProviders(module, providers)
  }

  #takeStrategy(module: Module, strategy: Expression, place: Expression): void {
    const text = this.modules.locate.literalText(strategy)
    this.session = text === "jwt" || text === "database" ? text : "dynamic"
    this.sessionAt = placeOf(module, place)
  }

  /** Options among what a function is given: `defineOptions({ providers })`. */
  #takeGiven(module: Module, argument: Expression): void {
    const properties = this.modules.locate.membersOf(argument)?.properties
    if (properties?.has("providers")) this.#take(module, properties)
  }

  /** What is set in the options after their declaration. */
  #takeWrites(module: Module, name: string, depth: number): void {
    for (const { kind, path, values } of this.modules.locate.writesTo(module, name)) {
      const [first = null] = path
      const [value] = values
      if (path.length === 0) for (const one of values) this.read(module, one, depth + 1)
      else if (first === "providers" && (kind === "push" || path.length > 1)) this.#takeMoreProviders(module, values)
      else if (kind !== "set" || !value) continue
      else if (path.length === 1 && first !== null) this.#take(module, new Map([[first, value]]))
      else if (path.join(".") === "pages.signIn") this.#takeSignInPage(module, value)
      else if (path.join(".") === "session.strategy") this.#takeStrategy(module, value, value)
    }
  }

  #takePages(module: Module, pages: Expression, depth = 0): void {
    const { locate } = this.modules
    const found = this.#constantOf(module, pages)
    const members = found && locate.membersOf(found.value)
    if (!members || depth > 5) {
      this.unknownSignInPageAt = placeOf(module, pages)
      return
    }
    for (const spread of members.spreads) this.#takePages(found.module, spread, depth + 1)
    const signIn = members.properties.get("signIn")
    if (signIn) this.#takeSignInPage(found.module, signIn)
  }

  #takeSignInPage(module: Module, expression: Expression): void {
    const page = this.#constantOf(module, expression)
    this.signInPage = page && this.modules.locate.literalText(page.value)
    this.unknownSignInPageAt = this.signInPage === null ? placeOf(module, expression) : null
  }

  #takeProviders(module: Module, expression: Expression): void {
    const found = this.#providersIn(module, expression)
    this.providersAt = placeOf(module, expression)
    this.providers.push(...found.flatMap(({ id }) => id ?? []))
    // A config that is spread into another one has a list of its own, which the other replaces.
    this.credentials = Math.max(this.credentials, found.filter(({ kind }) => kind === "credentials").length)
    this.tables = new Set([...this.tables, ...found.flatMap(({ kind, text }) => (kind === "credentials" ? tablesIn(text) : []))])
    this.oauth ||= found.some(({ kind }) => kind === "oauth")
    this.byPage.push(...found.flatMap(({ page }) => page ?? []))
  }

  /** What is added to the list. */
  #takeMoreProviders(module: Module, values: Expression[]): void {
    const before = this.credentials
    for (const value of values) this.#takeProviders(module, value)
    const added = values.flatMap((value) => this.#providersIn(module, value)).filter(({ kind }) => kind === "credentials").length
    this.credentials = before + added
  }

  /** The providers of a list, or of an element of one, with those of the lists, names and functions that it is made of. */
  #providersIn(module: Module, expression: Expression, depth = 0): Provider[] {
    const { locate } = this.modules
    const unknown = (): Provider[] => {
      this.#unknownProvidersAt ??= placeOf(module, expression)
      return []
    }
    if (depth > longestChain || ++this.#steps > mostSteps) return unknown()
    const inside = (one: Expression, where = module) => this.#providersIn(where, one, depth + 1)
    const value = locate.unwrapExpression(expression)
    const alternatives = locate.alternativesOf(value)
    if (alternatives[0] !== value) return alternatives.flatMap((one) => inside(one))
    if (locate.isNothing(value)) return []
    const spread = locate.spreadOf(value)
    if (spread) return inside(spread)
    const elements = locate.elementsOf(value)
    if (elements) return elements.flatMap((element) => inside(element))
    const method = locate.methodCallOf(value)
    if (method && keepsElements.has(method.name)) {
      const added = method.name === "concat" ? method.arguments : []
      return [method.object, ...added].flatMap((one) => inside(one))
    }
    const members = locate.membersOf(value)
    // `{ ...Google(), ... }` is what it is made of.
    if (members && members.spreads.length > 0 && !members.properties.has("type")) return members.spreads.flatMap((one) => inside(one))
    const provider = this.#providerOf(module, value)
    if (provider) return [provider]
    const name = locate.calledName(value)
    const local = locate.localInitializerOf(value)
    const named = local || name === null ? null : this.#follow(module, name)
    const found = named ?? (local ? { module, value: local } : name === null ? this.#constantOf(module, value) : null)
    if (!found || found.value === value) {
      // Nobody makes a provider with `new`: it is a thing of the app's own that says nothing of sign-ins.
      return locate.isMadeWithNew(value) ? [] : unknown()
    }
    const pushed = name === null ? [] : locate.pushedTo(module, name)
    // Where it is declared more may be added to it, under the name that it has there.
    const there = named && named.module !== module ? locate.pushedTo(named.module, named.source.name) : []
    const results = named ? locate.resultsOf(named.module, named.source.name) : []
    if (results.length > 0) return results.flatMap((result) => inside(result, found.module))
    const added = [...pushed.flatMap((one) => inside(one)), ...there.flatMap((one) => inside(one, found.module))]
    return [...inside(found.value, found.module), ...added]
  }

  #providerOf(module: Module, value: Expression): Provider | null {
    const { locate } = this.modules
    const name = locate.calledName(value)
    const binding = name === null ? null : locate.bindingOf(module, name)
    const known = /^(?:next-auth|@auth\/core)\/providers\/(.+)$/.exec(binding?.specifier ?? "")?.[1]
    const members = locate.membersOf(value)?.properties
    if (known === undefined && !members) return null
    const [own, type] = ["id", "type"].map((key) => members?.get(key)).map((member) => member && locate.literalText(member))
    const id = known ?? own ?? null
    const text = module.text.slice(value.getStart(), value.getEnd())
    const kind = type === "oidc" ? "oauth" : (type ?? kindOf(id))
    return { id, kind, page: known === undefined ? endsByPage(own, type) : this.#idOf(value, known, kind), text }
  }

  /** The same of one that comes with next-auth; its options may give it another id. */
  #idOf(value: Expression, known: string, kind: string): string | null {
    const { locate } = this.modules
    if (kind !== "oauth" && !isMail(known)) return null
    const members = locate.argumentsOf(value).map((argument) => locate.membersOf(argument))
    if (members.some((one) => one === null || one.spreads.length > 0)) return null
    const own = members.map((one) => one?.properties.get("id")).find((id) => id !== undefined)
    return own ? locate.literalText(own) : known
  }

  /** What an expression is that names a constant, or a part of one: `ROUTES.signIn`. */
  #constantOf(module: Module, expression: Expression, depth = 0): { module: Module; value: Expression } | null {
    const { locate } = this.modules
    if (depth > longestChain) return null
    const value = locate.unwrapExpression(expression)
    const local = locate.localInitializerOf(value)
    if (local) return this.#constantOf(module, local, depth + 1)
    const method = locate.methodCallOf(value)
    const frozen = method?.name === "freeze" && locate.identifierText(method.object) === "Object" ? method.arguments[0] : undefined
    if (frozen) return this.#constantOf(module, frozen, depth + 1)
    const name = locate.identifierText(value)
    const property = locate.propertyOf(value)
    if (name === null && property === null) return { module, value }
    if (property) {
      const object = this.#constantOf(module, property.object, depth + 1)
      const member = object && locate.membersOf(object.value)?.properties.get(property.name)
      return member ? this.#constantOf(object.module, member, depth + 1) : this.#memberOf(module, value)
    }
    const found = name === null ? null : this.#follow(module, name)
    return found && (found.value === value ? null : this.#constantOf(found.module, found.value, depth + 1))
  }

  /** `routes.signIn`, where `routes` is all that a module exports. */
  #memberOf(module: Module, value: Expression): Found | null {
    const { locate } = this.modules
    const [object, name, ...rest] = locate.calledPath(value)
    if (object === undefined || name === undefined || rest.length > 0) return null
    const declared = memberOf(this.modules, module, object, name)
    return declared && this.#valueOf(declared)
  }

  /** Without the guard that an earlier run has put around it. */
  #unguarded(module: Module, value: Expression): Expression {
    const { locate } = this.modules
    const argument = locate.onlyArgumentOf(value)
    const [guard, ...rest] = locate.calledPath(value)
    const binding = guard === undefined ? null : locate.bindingOf(module, guard)
    const isNamed = binding !== null && (rest.length === 0) !== (binding.imported === "*")
    return argument && isNamed && this.modules.meansOurs(module.path, binding.specifier, "lib/mfa/with-mfa") ? argument : value
  }

  /** The value of a name, here or in the module that declares it. */
  #follow(module: Module, name: string): Found | null {
    const declared = declarationOf(this.modules, module, name)
    // What hides behind CommonJS is found by its name.
    return declared ? this.#valueOf(declared) : this.#valueOf({ module, name })
  }

  #valueOf({ module, name }: Declared, depth = 0): Found | null {
    const { locate } = this.modules
    const initializer = locate.initializerOf(module, name)
    // `const a = b, b = a`, or two modules that import it from each other, name no value.
    if (!initializer || depth > longestChain) return null
    const own = this.#unguarded(module, initializer)
    const local = locate.localInitializerOf(own)
    if (local) return { module, value: local, source: { file: module.path, name, kind: "function" } }
    const alias = locate.identifierText(own)
    const declared = alias !== null && alias !== name ? declarationOf(this.modules, module, alias) : null
    if (declared) return this.#valueOf(declared, depth + 1)
    const made = locate.returnedObject(own)
    const kind = made === null && locate.declarationOf(module, name) !== null ? "constant" : "function"
    return { module, value: made ? this.#unguarded(module, made) : own, source: { file: module.path, name, kind } }
  }
}

const placeOf = ({ path }: Module, node: Expression): Place => ({ path, offset: node.getStart() })

/** Methods of lists whose result has no other elements. */
const keepsElements = new Set(["concat", "filter", "flat", "reverse", "slice", "sort", "toReversed", "toSorted"])

/** `prisma.customer.findUnique({ where: { email } })`: customer. */
function tablesIn(text: string): string[] {
  const lookups = text.matchAll(/\.(\w{1,100})\.find\w{1,30}\(\s*\{\s*where:\s*\{([^{}]{0,500})/g)
  return [...lookups].flatMap(([, table = "", where = ""]) => (/\b(?:email|username|login|phone)\b/.test(where) ? [table] : []))
}

/** The id of a provider that is written out, where its type says that its sign-in ends when the browser comes back. */
const endsByPage = (id: string | null | undefined, type: string | null | undefined): string | null =>
  type === "oauth" || type === "oidc" || type === "email" ? (id ?? null) : null

const isMail = (id: string): boolean => /^(?:email|nodemailer|resend|sendgrid|postmark|mailgun|forwardemail|loops)$/.test(id)

/** Of the providers that come with next-auth, by name: most are OAuth's. Of anybody else's nothing is known. */
function kindOf(id: string | null): "credentials" | "other" | "oauth" {
  if (id === null || isMail(id) || id === "passkey" || id === "webauthn") return "other"
  return id === "credentials" ? "credentials" : "oauth"
}
