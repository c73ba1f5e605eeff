import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { NEWER_STORAGE } from "./src/core/platform-errors.ts";
import { Quiet } from "./test/quiet.ts";

/** Tests wait more than they compute. With twice as many files at a time as there are cores, the cores are busy. Seen on two. */
const FILES_PER_CORE = 2;
/** Tests in `*.long.test.ts` have a long form, of which `npm test` runs a part: see test/effort.ts. */
const files = (mode: string) => (mode === "long" ? "*.long.test.ts" : "*.test.ts");
/** `npm test` does not ask twice: the same contract is asked of a real `wrangler dev`. Here it is for the coverage. */
const ONLY_LONG = "test/workers/contract.long.test.ts";

/**
 * `unit` in Node: what is pure. `workers` in workerd: the objects and routes. `e2e`: a real `wrangler dev`, killed and restarted.
 * `npm test` runs them all. With `--mode long` the tests that have a long form run in it, and nothing else; with `--mode
 * everything` all run, at their longest.
 */
export default defineConfig(({ mode }) => ({
  test: {
    provide: { isLong: mode !== "test" },
    maxWorkers: FILES_PER_CORE * availableParallelism(),
    // A run prints its tests. What the code under test and the runtime say is printed for what failed.
    silent: "passed-only",
    reporters: ["default", ...(process.env.GITHUB_ACTIONS ? ["github-actions" as const] : []), new Quiet()],
    // What is uncovered, statement by statement, is compared with docs/coverage.md by scripts/coverage.ts. Branches have a floor only.
    coverage: { provider: "istanbul", include: ["src/**"], reporter: ["text-summary", "json", "html"], thresholds: { branches: 95 } },
    // What begins just when the pool of a file of tests closes fails for that reason alone, and no test with it: test/workers/quiet-end.ts
    // keeps that rare. Collecting coverage keeps the pool open longer, with nothing that would be quiet.
    // And an object whose constructor refuses, as test/workers/faults/stored-format.test.ts wants, refuses those who call it in the background,
    // too. They are told; the pool reports it as well.
    onUnhandledError: ({ name, message }) => name !== "EnvironmentTeardownError" && !message.startsWith(NEWER_STORAGE),
    projects: [
      {
        // The examples have the package from npm; here they are tested with its source.
        resolve: { alias: [{ find: /^headspring(\/testing)?$/, replacement: `${import.meta.dirname}/src$1/index.ts` }] },
        test: { name: "unit", include: [`test/unit/**/${files(mode)}`, `examples/*/test/**/${files(mode)}`], testTimeout: 20_000 },
      },
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
          include: [`test/workers/**/${files(mode)}`],
          exclude: mode === "test" ? [ONLY_LONG] : [],
          setupFiles: ["./test/workers/quiet-end.ts"],
          testTimeout: 20_000,
        },
      },
      { test: { name: "e2e", include: [`test/e2e/**/${files(mode)}`], testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
}));
