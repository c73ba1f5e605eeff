import { availableParallelism } from "node:os";
import { matchesGlob } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { type TestProjectInlineConfiguration, defineConfig } from "vitest/config";
import { ENTRIES } from "./scripts/entries.ts";
import { NEWER_STORAGE } from "./src/core/platform-errors.ts";
import { Quiet } from "./test/quiet.ts";
import { keepTemporaryFilesInMemory } from "./test/temporary-folder.ts";

keepTemporaryFilesInMemory();

/** Tests wait more than they compute. With twice as many files at a time as there are cores, the cores are busy. Seen on two. */
const FILES_PER_CORE = 2;
/**
 * Files of tests by the run that they belong to: a `*.long.test.ts` has a long form, of which `npm test` runs a part (test/effort.ts); a
 * `*.slow.test.ts` takes so long that only the long run has it: a browser for each page, a `wrangler dev` for each case, the npm registry.
 */
const FILES: Readonly<Record<string, string>> = { test: "!(*.slow).test.ts", long: "*.{long,slow}.test.ts" };
/** `npm test` asks the same of a real `wrangler dev`. Here it is for the coverage. */
const ONLY_COVERAGE = "test/workers/contract.slow.test.ts";
const files = (mode: string) => FILES[mode] ?? "*.test.ts";

/**
 * What counts, sweeps or evicts all stores and objects that there are: each of these files has a runtime of its own. All others run one
 * after the other in some shared ones: else each starts a workerd and imports `src` again, which took a quarter of the time. That asks of
 * a file that no other notices it, whatever their order: its stores have names of their own (`freshStore`), and what it changes outside of
 * them it puts back (`setVariables`, or an environment of its own by `envWith`, all in test/workers/support.ts; vitest lifts its mocks).
 */
const ALONE = [
  // These wait for what only the queue wakes: what earlier tests have left in a shared one comes first.
  "test/workers/processors/sagas-http.test.ts",
  "test/workers/http/by.test.ts",
  "test/workers/delivery/flow.test.ts",
  "test/workers/delivery/sweep.test.ts",
  "test/workers/faults/caps-elsewhere.test.ts",
  "test/workers/faults/evictions.slow.test.ts",
  "test/workers/log/subscriptions.slow.test.ts",
  "test/workers/processors/process-managers.slow.test.ts",
  "test/workers/views/databases.test.ts",
];

/** The shop, the examples and their tests import the package as users do; here it is its source, as tsconfig.json tells the compiler and wrangler. */
const HEADSPRING = {
  alias: Object.entries(ENTRIES).map(([name, file]) => ({
    find: new RegExp(`^${name}$`),
    replacement: `${import.meta.dirname}/src/${file}`,
  })),
};

/** In workerd. Tests in Node have `pg` as it is. */
const IN_WORKERD = { alias: [{ find: /^pg$/, replacement: `${import.meta.dirname}/test/sources/pg.ts` }, ...HEADSPRING.alias] };

/** Waiting for what happens by itself: vitest's own second would be an assertion about time. */
const PATIENT = { poll: { timeout: 30_000 } };

/** Tests in workerd, with the worker of test/workers/worker.ts. */
function workers(
  name: string,
  which: { include: string[]; exclude?: string[]; isolate?: boolean; globalSetup?: string },
): TestProjectInlineConfiguration {
  return {
    resolve: IN_WORKERD,
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
            SOURCES_EU: { className: "EuSourceObject", useSQLite: true },
          },
          // Under this name it limits only who asks for it.
          ratelimits: { TIGHT: { namespace_id: "1", simple: { limit: 3, period: 60 } } },
        },
      }),
    ],
    test: {
      name,
      // Bundled once: else every file of tests imports zod's files one by one. Only zod: a bundled hono would be a second one.
      deps: { optimizer: { ssr: { enabled: true, include: ["zod"] } } },
      ...which,
      setupFiles: ["./test/workers/quiet-end.ts"],
      expect: PATIENT,
      testTimeout: 120_000,
    },
  };
}

/**
 * `unit` in Node: what is pure. `workers` and `workers-alone` in workerd: the objects and routes. `e2e`: a real `wrangler dev`, killed and restarted.
 * `console`: the console in a browser. `sources`: sources that follow real servers. `npm test` runs them all. With `--mode long` those run that have a long form or are slow, and nothing else; with `--mode
 * everything` all run, at their longest.
 */
export default defineConfig(({ mode }) => ({
  test: {
    provide: { isLong: mode !== "test", effort: Number(process.env["EFFORT"] ?? 1) },
    maxWorkers: FILES_PER_CORE * availableParallelism(),
    // A run prints its tests. What the code under test and the runtime say is printed for what failed.
    silent: "passed-only",
    reporters: ["default", ...(process.env.GITHUB_ACTIONS ? ["github-actions" as const] : []), new Quiet()],
    // What is uncovered, statement by statement, is compared with docs/coverage.md by scripts/coverage.ts. Branches have a floor only.
    coverage: {
      provider: "istanbul",
      include: ["src/**"],
      // What runs in processes of its own, or in a browser: docs/coverage.md.
      exclude: ["examples/**", "create/**", "src/cli/**", "src/local/**", "src/react/**"],
      reporter: ["text-summary", "json", "html"],
      thresholds: { branches: 95 },
    },
    // What begins just when the pool of a file of tests closes fails for that reason alone, and no test with it: test/workers/quiet-end.ts
    // keeps that rare. Collecting coverage keeps the pool open longer, with nothing that would be quiet.
    // And an object whose constructor refuses, as test/workers/faults/stored-format.test.ts wants, refuses those who call it in the background,
    // too. They are told; the pool reports it as well.
    onUnhandledError: ({ name, message }) => name !== "EnvironmentTeardownError" && !message.startsWith(NEWER_STORAGE),
    projects: [
      {
        resolve: HEADSPRING,
        test: {
          name: "unit",
          include: [`test/unit/**/${files(mode)}`, `examples/*/test/${files(mode)}`],
          isolate: false,
          testTimeout: 20_000,
        },
      },
      workers("workers", {
        include: [`test/workers/**/${files(mode)}`],
        exclude: [...ALONE, ...(mode === "everything" ? [] : [ONLY_COVERAGE])],
        isolate: false,
      }),
      workers("workers-alone", { include: ALONE.filter((file) => matchesGlob(file, `**/${files(mode)}`)) }),
      // The kinds of sources, against real servers.
      workers("sources", { include: [`test/sources/**/${files(mode)}`], globalSetup: "./test/sources/set-up.ts" }),
      {
        resolve: HEADSPRING,
        test: { name: "e2e", include: [`test/e2e/**/${files(mode)}`], expect: PATIENT, testTimeout: 240_000, hookTimeout: 240_000 },
      },
      {
        resolve: HEADSPRING,
        test: {
          name: "console",
          include: [`test/console/**/${files(mode)}`],
          globalSetup: "./test/console/set-up.ts",
          expect: PATIENT,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
}));
