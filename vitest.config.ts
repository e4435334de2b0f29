import { defineConfig } from "vitest/config";
import { findPostgres } from "./test/helpers/postgres/binaries.ts";

/** What speaks with a whole gateway, and so runs on each engine. */
const ON_BOTH_ENGINES = [
  "test/e2e/**/*.test.ts",
  "test/security/**/*.test.ts",
  "test/server/metrics.test.ts",
  ...["kill-submit", "locked-store", "soak", "stop-under-load"].map((name) => `test/faults/${name}.test.ts`),
];

/** About the file of an embedded database; on both by itself; or about bytes on the wire, and slow. */
const NOT_ON_POSTGRES = [
  ...["first-start", "waits-for-a-lock", "backup"].map((name) => `test/e2e/${name}.test.ts`),
  ...["hostile-upstream", "transparent", "wire"].map((name) => `test/security/${name}.test.ts`),
];

const isPostgresThere = process.env["TEST_DATABASE_URL"] !== undefined || findPostgres() !== null;

export default defineConfig({
  test: {
    globalSetup: ["test/helpers/postgres/global-setup.ts"],
    pool: "forks",
    // The machine that has to pass is one of two cores; more workers would only make timings less repeatable.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", "./scripts/closing-line-reporter.ts"],
    projects: [
      { extends: true, test: { name: "all", include: ["src/**/*.test.ts", "test/**/*.test.ts"] } },
      ...(isPostgresThere
        ? [
            {
              extends: true as const,
              test: {
                name: "on PostgreSQL",
                include: ON_BOTH_ENGINES,
                exclude: NOT_ON_POSTGRES,
                env: { KEYWARD_TEST_ENGINE: "postgres" },
              },
            },
          ]
        : []),
    ],
  },
});
