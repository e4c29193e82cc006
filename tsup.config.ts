import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import Handlebars from "handlebars"
import { defineConfig } from "tsup"
import { compileOptions } from "./src/feature/compile"

/**
 * The parser stays a package of its own, and is loaded by `require`: for an `import` of CommonJS, Node first searches
 * its ten megabytes for names to export, which takes as long as all the rest of a dry run.
 */
const requireParser = {
  name: "require-parser",
  setup(build: import("esbuild").PluginBuild) {
    build.onResolve({ filter: /^ts-morph$/ }, ({ kind, path }) =>
      kind === "require-call" ? { path, external: true } : { path, namespace: "parser" },
    )
    build.onLoad({ filter: /.*/, namespace: "parser" }, () => ({ contents: 'module.exports = require("ts-morph")' }))
  },
}

/** Compiling the templates would take as long as everything else that a plan needs: it is done here, once. */
const precompileTemplates = {
  name: "precompile-templates",
  setup(build: import("esbuild").PluginBuild) {
    build.onLoad({ filter: /src[/\\]feature[/\\]precompiled\.ts$/ }, () => ({
      contents: `export const precompiled = {${templates("templates").map(precompiled).join(",\n")}}`,
    }))
  },
}

const templates = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".hbs"))
    .map((path) => readFileSync(join(dir, path), "utf8"))
    .filter((text) => text.includes("{{"))
const precompiled = (text: string): string =>
  `"${createHash("sha256").update(text).digest("hex")}": ${Handlebars.precompile(text, compileOptions)}`

// Everything but the parser is bundled: start-up time is a question of how many files Node has to find and read.
export default defineConfig({
  // A thread is started from a file of its own.
  entry: { cli: "src/cli.ts", "format-worker": "src/feature/format-worker.ts" },
  format: "esm",
  target: "node20",
  splitting: true,
  clean: true,
  minifySyntax: true,
  skipNodeModulesBundle: false,
  external: ["@prisma/prisma-schema-wasm"],
  noExternal: [/^(?!@prisma\/prisma-schema-wasm)/],
  esbuildPlugins: [requireParser, precompileTemplates],
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
})
