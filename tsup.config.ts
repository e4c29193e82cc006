import { defineConfig } from "tsup"

// Everything but the parser is bundled: start-up time is a question of how many files Node has to find and read.
export default defineConfig({
  entry: ["src/cli.ts"],
  format: "esm",
  target: "node20",
  splitting: true,
  clean: true,
  minifySyntax: true,
  noExternal: [/^(?!ts-morph$)/],
  external: ["ts-morph"],
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
})
