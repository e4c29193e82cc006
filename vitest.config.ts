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
    projects: [
      // Several start the CLI many times.
      ring("unit", { testTimeout: 180_000 }),
      ring("property", { testTimeout: 900_000 }),
      ring("crash", { testTimeout: 900_000 }),
      ring("e2e", { testTimeout: 300_000, globalSetup: "tests/support/global-setup.ts" }),
      // One app at a time: the suites count its attempts.
      ring("security", { fileParallelism: false, globalSetup: "tests/support/global-setup.ts" }),
      ring("browser", { fileParallelism: false, testTimeout: 120_000, globalSetup: "tests/support/global-setup.ts" }),
    ],
  },
})
