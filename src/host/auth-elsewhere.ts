/** NextAuth, and the function that wraps it, as other modules of the app hand them on. */
import type { Elsewhere } from "../edit/typescript/elsewhere"
import type { Module } from "../edit/typescript/module"
import { declarationOf } from "./exports"
import type { Modules } from "./modules"

/**
 * The function of the feature, and where its module is.
 * @property means whether a specifier of a file means that module, which need not be there yet
 */
export type Wrapper = { name: string; means(from: string, specifier: string): boolean }

/** Barrels on the way to the function, which may hand on one another. */
const mostModules = 100

export class AuthElsewhere implements Elsewhere {
  readonly #values = new Map<string, "guarded" | "plain" | null>()
  readonly #handed = new Map<string, boolean>()

  constructor(
    private readonly modules: Modules,
    private readonly wrapper: Wrapper,
  ) {}

  value(from: Module, local: string): "guarded" | "plain" | null {
    const declared = declarationOf(this.modules, from, local, "skip")
    if (!declared || declared.module.path === from.path) return null
    const { module, name } = declared
    const key = `${module.path}#${name}`
    const known = this.#values.get(key)
    if (known !== undefined) return known
    // Of modules that import each other none has the value.
    this.#values.set(key, null)
    const { exportedValue, Guarded } = this.modules.locate
    const found = exportedValue(module, "next-auth", name, this)
    const isGuarded = found !== null && (found.isGuarded || new Guarded(module, this.#ownIn(module)).has(found.library))
    const value = found && (isGuarded ? "guarded" : "plain")
    this.#values.set(key, value)
    return value
  }

  isOwn(from: Module, local: string): boolean {
    const binding = this.modules.locate.bindingOf(from, local)
    return binding !== null && this.#hasOwn(from, binding, new Set())
  }

  hands(from: Module, local: string, index: number): boolean {
    const declared = declarationOf(this.modules, from, local, "skip")
    const key = declared && `${declared.module.path}#${declared.name}#${index}`
    if (!declared || key === null || declared.module.path === from.path) return false
    const known = this.#handed.get(key)
    if (known !== undefined) return known
    // Of functions that call each other none hands it on.
    this.#handed.set(key, false)
    const hands = new this.modules.locate.Guarded(declared.module, this.#ownIn(declared.module)).takes(declared.name, index)
    this.#handed.set(key, hands)
    return hands
  }

  /** Step by step, for the module at the end may not be there yet. */
  #hasOwn(from: Module, { specifier, imported }: { specifier: string; imported: string }, seen: Set<string>): boolean {
    const { name, means } = this.wrapper
    if (means(from.path, specifier)) return imported === name
    const path = this.modules.resolve(from.path, specifier)
    const key = `${path}#${imported}`
    const target = path === null || seen.has(key) || seen.size === mostModules ? null : this.modules.tryParse(path)
    if (!target) return false
    seen.add(key)
    const { bindingOf, exportNamed, starsOf } = this.modules.locate
    const found = exportNamed(target, imported)
    const next = found && ("local" in found ? bindingOf(target, found.local) : found)
    if (found) return next !== null && this.#hasOwn(target, next, seen)
    return starsOf(target).some((star) => this.#hasOwn(target, { specifier: star, imported }, seen))
  }

  #ownIn(module: Module) {
    const { name, means } = this.wrapper
    return { name, means: (specifier: string) => means(module.path, specifier), elsewhere: this }
  }
}
