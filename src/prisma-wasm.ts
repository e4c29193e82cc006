/** Prisma's own validator and formatter. The schema may be anybody's, and what they take for it has no bound. */
import { createRequire } from "node:module"
import { OutOfTime, Patience } from "./patience"

type Wasm = { validate(input: string): void; format(schema: string, params: string): string }

/** Milliseconds. Loading it takes half of that; a schema of a thousand lines, some. */
const usualTime = 200
const patience = new Patience(10_000)
/** Left in the middle of something, what it keeps in its memory may be in any state: it is not asked again. */
let isLost = false

/** @throws OutOfTime; and what `work` throws */
export function withPrisma<Result>(work: (wasm: Wasm) => Result): Result {
  if (isLost) throw new OutOfTime()
  // Loaded here: only some runs need it.
  const wasm = createRequire(import.meta.url)("@prisma/prisma-schema-wasm") as Wasm
  try {
    return patience.spend(usualTime, () => work(wasm))
  } catch (error) {
    isLost ||= error instanceof OutOfTime
    throw error
  }
}
