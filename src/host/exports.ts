/** Follows names of modules to where they are declared, through imports and re-exports. */
import type { Module } from "../edit/typescript/module"
import type { Modules } from "./modules"

/** A declaration: the module, and the name that it has there. */
export type Declared = { module: Module; name: string }

/** What to do about a module that does not parse: `skip` where nothing is decided by it. */
type Unreadable = "throw" | "skip"

/** Names and modules that are looked at for one. A barrel of an app has some dozens. */
const mostSteps = 300

/** Where a name that a module uses is declared: here, or where it is imported from. */
export function declarationOf(modules: Modules, module: Module, name: string, unreadable: Unreadable = "throw"): Declared | null {
  return new Search(modules, unreadable).local(module, name)
}

/** Where a name that a module exports is declared: here, or in a module that it hands on. */
export function exportOf(modules: Modules, module: Module, name: string): Declared | null {
  return new Search(modules).exported(module, name)
}

/** Where `object.name` is declared, where `object` is all that a module exports. */
export function memberOf(modules: Modules, module: Module, object: string, name: string): Declared | null {
  return new Search(modules).member(module, object, name)
}

class Search {
  /** Barrels may name each other, and themselves. */
  readonly #seen = new Set<string>()

  constructor(
    private readonly modules: Modules,
    private readonly unreadable: Unreadable = "throw",
  ) {}

  local(module: Module, name: string): Declared | null {
    const { locate } = this.modules
    if (locate.topLevelNames(module).has(name) && !locate.bindingOf(module, name)) return { module, name }
    const binding = locate.bindingOf(module, name)
    const target = binding && binding.imported !== "*" ? this.#moduleOf(module, binding.specifier) : null
    return target && binding ? this.exported(target, binding.imported) : null
  }

  exported(module: Module, name: string): Declared | null {
    const key = `${module.path}#${name}`
    if (this.#seen.has(key) || this.#seen.size >= mostSteps) return null
    this.#seen.add(key)
    const { locate } = this.modules
    const found = locate.exportNamed(module, name)
    if (found && "local" in found) return found.local === "default" ? { module, name: "default" } : this.local(module, found.local)
    if (found) {
      const target = found.imported === "*" ? null : this.#moduleOf(module, found.specifier)
      return target && this.exported(target, found.imported)
    }
    // `export *` hands on everything but the default.
    for (const specifier of name === "default" ? [] : locate.starsOf(module)) {
      // Of many modules one has the name: the others need not be understood.
      const path = this.modules.resolve(module.path, specifier)
      const target = path === null ? null : this.modules.tryParse(path)
      const declared = target && this.exported(target, name)
      if (declared) return declared
    }
    return null
  }

  member(module: Module, object: string, name: string): Declared | null {
    const target = this.#namespace(module, object)
    return target && this.exported(target, name)
  }

  /** The module that `import * as object` or `export * as object` stands for. */
  #namespace(module: Module, object: string): Module | null {
    const { locate } = this.modules
    const binding = locate.bindingOf(module, object)
    const target = binding && this.#moduleOf(module, binding.specifier)
    if (!target || binding.imported === "*") return target
    const handed = locate.exportNamed(target, binding.imported)
    return handed && "specifier" in handed && handed.imported === "*" ? this.#moduleOf(target, handed.specifier) : null
  }

  #moduleOf(from: Module, specifier: string): Module | null {
    const path = this.modules.resolve(from.path, specifier)
    if (path === null) return null
    return this.unreadable === "throw" ? this.modules.parse(path) : this.modules.tryParse(path)
  }
}
