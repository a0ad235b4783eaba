import { defineConfig } from "vitest/config";

/** The large numbers: kills, fuzzing, replays. Several of them measure or kill, so one file at a time. */
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
    fileParallelism: false,
    testTimeout: 20 * 60_000,
    hookTimeout: 5 * 60_000,
  },
});
