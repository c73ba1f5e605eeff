import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** `unit` in Node: what is pure. `workers` in workerd: the objects and routes. `e2e`: a real `wrangler dev`, killed and restarted. */
export default defineConfig({
  test: {
    coverage: { provider: "istanbul", include: ["src/**"], reporter: ["text", "lcovonly"] },
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      {
        plugins: [
          cloudflareTest({
            main: "./test/workers/worker.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: { HEADSPRING_ENV: "local" },
              d1Databases: ["ARCHIVE"],
              // Under this name it limits only who asks for it.
              ratelimits: { TIGHT: { namespace_id: "1", simple: { limit: 3, period: 60 } } },
            },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          setupFiles: ["./test/workers/quiet-end.ts"],
          testTimeout: 20_000,
        },
      },
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false } },
    ],
  },
});
