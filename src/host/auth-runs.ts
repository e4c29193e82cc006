/** What makes a call of NextAuth run, and what it is given, where that is not written at the call itself. */
import type { Module } from "../edit/typescript/module"
import { declarationOf, memberOf } from "./exports"
import type { Modules } from "./modules"

type Locate = Modules["locate"]
type CallNode = Parameters<Locate["runnerOf"]>[0]
type Expression = Parameters<Locate["membersOf"]>[0]
type Caller = { module: Module; node: ReturnType<Locate["callsOf"]>[number] }

/** Functions that call functions. */
const deepest = 5
/** Calls that are looked at in all: a function may be called in many places, and each of those as well. */
const mostSteps = 1_000

export class AuthRuns {
  #reachable: Module[] | null = null
  #steps = 0
  readonly #callers = new Map<string, Caller[]>()

  constructor(
    private readonly modules: Modules,
    private readonly handler: string,
  ) {}

  /** The module whose import runs a call; null where nothing but a request does. */
  runnerOf(module: Module, node: CallNode, depth = 0): string | null {
    const runner = this.modules.locate.runnerOf(node)
    // What cannot be told is taken for what most apps do.
    if (runner.kind !== "function") return module.path
    if (depth > deepest || ++this.#steps > mostSteps) return null
    for (const caller of this.#callersOf(module, runner.name)) {
      const found = this.runnerOf(caller.module, caller.node, depth + 1)
      if (found !== null) return found
    }
    return null
  }

  /** What a call is given; where that is a parameter of the function around it, what this one is called with. */
  givenTo(module: Module, node: CallNode, expression: Expression, depth = 0): { module: Module; expression: Expression }[] {
    const { locate } = this.modules
    const name = locate.identifierText(locate.unwrapExpression(expression))
    const runner = locate.runnerOf(node)
    const index = runner.kind === "function" && name !== null ? runner.parameters.indexOf(name) : -1
    if (runner.kind !== "function" || index === -1 || depth > deepest || ++this.#steps > mostSteps) return [{ module, expression }]
    const given = this.#callersOf(module, runner.name).flatMap((caller) => {
      const value = locate.argumentsOf(caller.node)[index]
      return value ? this.givenTo(caller.module, caller.node, value, depth + 1) : []
    })
    return given.length > 0 ? given : [{ module, expression }]
  }

  #callersOf(module: Module, name: string): Caller[] {
    const key = `${module.path}#${name}`
    const known = this.#callers.get(key)
    if (known) return known
    this.#reachable ??= [...this.modules.reachable(this.handler, 40, "skip")]
    const others = this.#reachable.filter(({ path }) => path !== module.path)
    const callers = [module, ...others].flatMap((from) =>
      this.#namesFor(from, module, name).flatMap((local) =>
        this.modules.locate.callsOf(from, local).map((node) => ({ module: from, node })),
      ),
    )
    this.#callers.set(key, callers)
    return callers
  }

  /** How a module calls a function that another one declares. */
  #namesFor(from: Module, module: Module, name: string): [name: string, member?: string][] {
    const isMeant = (found: { module: Module; name: string } | null) => found?.module === module && found.name === name
    if (from === module) return [[name]]
    const locals = from.imports.filter(({ typeOnly }) => !typeOnly).flatMap(({ names }) => names)
    return locals.flatMap(({ imported, local }): [name: string, member?: string][] => {
      if (imported === "*") return isMeant(memberOf(this.modules, from, local, name)) ? [[local, name]] : []
      return isMeant(declarationOf(this.modules, from, local)) ? [[local]] : []
    })
  }
}
