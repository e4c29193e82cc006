import { afterEach } from "vitest"

/** Tests that run whole programs block their worker; between two of them it tells the runner that it is alive. */
afterEach(() => new Promise<void>((resolve) => setImmediate(resolve)))
