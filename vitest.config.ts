import { defineConfig } from "vitest/config"

const ring = (name: string, options: object = {}) => ({
  extends: true as const,
  test: { name, include: [`tests/${name}/**/*.test.ts`], ...options },
})

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 300_000,
    setupFiles: "tests/support/breathe.ts",
    // Two files at a time, also on two cores: most wait for an app, a database or a CLI that they have started. Each app
    // has a port and a database of its own. More would make the clock of a one-time code matter.
    maxWorkers: 2,
    minWorkers: 1,
    projects: [
      // Several start the CLI many times.
      ring("unit", { testTimeout: 180_000 }),
      ring("property", { testTimeout: 900_000 }),
      ring("crash", { testTimeout: 900_000 }),
      ring("e2e", { testTimeout: 300_000, globalSetup: "tests/support/global-setup.ts" }),
      ring("hostile", { testTimeout: 180_000 }),
      ring("security", { globalSetup: "tests/support/global-setup.ts" }),
      ring("browser", { testTimeout: 120_000, globalSetup: "tests/support/global-setup.ts" }),
    ],
  },
})
