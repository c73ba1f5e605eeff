import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { Quiet } from "./test/quiet.ts";

/** `unit` in Node: what is pure. `workers` in workerd: the objects and routes. `e2e`: a real `wrangler dev`, killed and restarted. */
export default defineConfig({
  test: {
    // A run prints its tests. What the code under test and the runtime say is printed for what failed.
    silent: "passed-only",
    reporters: ["default", ...(process.env.GITHUB_ACTIONS ? ["github-actions" as const] : []), new Quiet()],
    // What is uncovered, statement by statement, is compared with docs/coverage.md by scripts/coverage.ts. Branches have a floor only.
    coverage: { provider: "istanbul", include: ["src/**"], reporter: ["text-summary", "json", "html"], thresholds: { branches: 95 } },
    // What begins just when the pool of a file of tests closes fails for that reason alone, and no test with it: test/workers/quiet-end.ts
    // keeps that rare. Collecting coverage keeps the pool open longer, with nothing that would be quiet.
    onUnhandledError: ({ name }) => name !== "EnvironmentTeardownError",
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      {
        plugins: [
          cloudflareTest({
            main: "./test/workers/worker.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: { HEADSPRING_ENV: "local" },
              // With _EU: what a deployment has for stores that were placed in the EU. The local runtime has no jurisdictions.
              d1Databases: ["ARCHIVE", "VIEWS_EU"],
              durableObjects: {
                STREAMS_EU: { className: "EuStreamObject", useSQLite: true },
                LOGS_EU: { className: "EuLogObject", useSQLite: true },
                WEBHOOKS_EU: { className: "EuWebhookObject", useSQLite: true },
                CATALOGS_EU: { className: "EuCatalogObject", useSQLite: true },
              },
              // Under this name it limits only who asks for it.
              ratelimits: { TIGHT: { namespace_id: "1", simple: { limit: 3, period: 60 } } },
            },
          }),
        ],
        test: {
          name: "workers",
          // Bundled once: else every file of tests imports zod's files one by one. Only zod: a bundled hono would be a second one.
          deps: { optimizer: { ssr: { enabled: true, include: ["zod"] } } },
          include: ["test/workers/**/*.test.ts"],
          setupFiles: ["./test/workers/quiet-end.ts"],
          testTimeout: 20_000,
        },
      },
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false } },
    ],
  },
});
