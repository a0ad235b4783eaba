import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "{common,boundary,enclave,platform,host}/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "e2e/**/*.test.ts",
      "proof/**/*.test.ts",
      "scripts/test/**/*.test.mjs",
    ],
    exclude: ["**/node_modules/**", "**/slow-*.test.ts"],
    testTimeout: 30_000,
    // By itself vitest leaves one core to others, which on two cores means one file at a time.
    maxWorkers: 2,
  },
});
