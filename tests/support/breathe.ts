import { afterEach } from "vitest"

/** A loop that keeps its worker busy for a minute is taken for dead, unless it stops for breath. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Tests that run whole programs block their worker; between two of them it tells the runner that it is alive. */
afterEach(breathe)
