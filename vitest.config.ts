import { defineConfig } from "vitest/config";

/** What Node itself resolves by, and the sources of our packages. */
const conditions = ["source", "node", "development|production"];
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
};

/** One project per suite; `pnpm test` runs unit and system, the others are run by name. */
const project = (name: string, include: string[], testTimeout: number, more: object = {}) => ({
  ...shared,
  test: { name, include, testTimeout, hookTimeout: testTimeout, ...more },
});

export default defineConfig({
  test: {
    projects: [
      project(
        "unit",
        [
          "{shared,hardware,agent,gateway,cloud,cloud/infra,demo}/src/**/*.test.ts",
          "test/src/{facts,rules,processes,simulation}/**/*.test.ts",
        ],
        20_000,
        // Vitest leaves one CPU to itself, which is half of a small machine. Files share a worker's modules: no test leaves anything in them.
        { isolate: false, maxWorkers: 2 },
      ),
      project("system", ["test/src/system/**/*.test.ts"], 120_000, { maxWorkers: 2 }),
      project("faults", ["test/src/faults/**/*.test.ts"], 1_800_000, { fileParallelism: false }),
      project("corpus", ["test/src/corpus/**/*.test.ts"], 120_000),
      project("hil", ["test/src/hil/**/*.test.ts"], 120_000, { maxWorkers: 2 }),
      project("trino", ["test/src/trino/**/*.test.ts"], 900_000, { fileParallelism: false }),
      project("services", ["test/src/services/**/*.test.ts"], 600_000, { fileParallelism: false }),
    ],
  },
});
