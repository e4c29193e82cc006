/**
 * Everything that looks at code, as one import: it loads the parser, so it is imported when it is needed. It prints
 * nothing and changes nothing.
 */
export * from "./call-results"
export * from "./config-object"
export * from "./enclosing"
export * from "./exported-options"
export * from "./expressions"
export * from "./functions"
export * from "./library-calls"
export * from "./locate"
export * from "./made-by"
export * from "./middleware-export"
export * from "./module"
export * from "./ours"
export * from "./text-values"
export * from "./writes"
