import type { Module } from "./module"

/**
 * What imports of a module from others of the app have to do with the library, by their local names.
 * @property value whether one is the library's function: `guarded` where all that is made with it has passed the feature's
 * @property isOwn whether one is the feature's function, handed on
 * @property hands whether one is a function that gives its argument at `index` to the feature's, and to nobody else
 */
export type Elsewhere = {
  value(from: Module, local: string): "guarded" | "plain" | null
  isOwn(from: Module, local: string): boolean
  hands(from: Module, local: string, index: number): boolean
}
