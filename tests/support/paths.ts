import { fileURLToPath } from "node:url"

/** The repository's root, and what the tests keep in it between runs. */
export const root = fileURLToPath(new URL("../../", import.meta.url))
export const cli = `${root}bin/chimerai.js`
export const fixtures = `${root}fixtures/`
export const cache = `${root}.cache/`
