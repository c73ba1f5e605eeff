import { defineConfig } from "vitest/config";

// The tests of test/store start both workers, and wait for them. One file after the other: each has a store of its own.
export default defineConfig({ test: { silent: "passed-only", testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false } });
