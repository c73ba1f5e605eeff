import { defineConfig } from "vitest/config";

// A store starts in seconds, and in more of them on a machine that has other work.
export default defineConfig({ test: { silent: "passed-only", testTimeout: 60_000, hookTimeout: 60_000 } });
