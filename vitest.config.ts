import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", "**/slow-*.test.ts"];

export default defineConfig({
  test: {
    // By itself vitest leaves one core to others, which on two cores means one file at a time.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "packages",
          include: ["{common,boundary,enclave,platform,host}/test/**/*.test.ts", "apps/*/test/**/*.test.ts"],
          exclude,
          testTimeout: 30_000,
          // No module here keeps state between tests, so a file may take over the modules of the file before it, compiled and warm:
          // a third less work.
          isolate: false,
          pool: "threads",
        },
      },
      {
        extends: true,
        test: {
          name: "programs",
          include: ["e2e/**/*.test.ts", "proof/**/*.test.ts", "scripts/test/**/*.test.mjs"],
          exclude,
          setupFiles: ["e2e/cleanUp.ts"],
          testTimeout: 30_000,
          // Processes, since these start some, handle signals and map databases.
          isolate: false,
          pool: "forks",
        },
      },
    ],
  },
});
