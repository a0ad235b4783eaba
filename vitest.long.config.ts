import { defineConfig } from "vitest/config";

/** The large numbers: kills, fuzzing, replays. None of them fails on time, so two files run side by side. */
export default defineConfig({
  test: {
    include: [
      "*/test/**/slow-*.test.ts",
      "apps/*/test/**/slow-*.test.ts",
      "e2e/**/slow-*.test.ts",
      "proof/**/slow-*.test.ts",
    ],
    exclude: ["**/node_modules/**"],
    setupFiles: ["e2e/cleanUp.ts"],
    maxWorkers: 2,
    testTimeout: 20 * 60_000,
    hookTimeout: 5 * 60_000,
  },
});
