/**
 * Each example as a stranger gets it: with the packed package in place of this repository, checked by its own scripts, and started. It needs
 * the npm registry, so only the long run has it.
 */

import { spawn } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { freePort, temporaryFolder } from "../../scripts/dev-server.ts";
import { installExamples, runIn } from "./example.ts";
import { strangersEnvironment } from "./stranger.ts";

const EXAMPLES = readdirSync(join(import.meta.dirname, "../../examples"));
/** Seconds in which `npm start` must say that the store listens, on a machine that has other work. */
const START_S = 60;

describe("the examples", () => {
  const folder = temporaryFolder();
  beforeAll(async () => void (await installExamples(EXAMPLES, folder)));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(EXAMPLES)("%s", (name) => {
    const project = join(folder, name);

    it("compiles, its tests are green, and its configuration has all that the package needs", async () => {
      await runIn(project, "npm", "run", "check");
      expect((await runIn(project, "npm", "test")).stdout).toMatch(/Tests .*[1-9]\d* passed/);
      await runIn(project, "npm", "exec", "--", "headspring", "doctor");
    });

    it("starts by `npm start`", async () => {
      const options = ["--json", "--port", `${await freePort()}`, "--persist-to", join(folder, `${name}-state`)];
      // Detached, so that what npm starts can be ended with it.
      const started = spawn("npm", ["start", "--silent", "--", ...options], { cwd: project, env: strangersEnvironment(), detached: true });
      let output = "";
      for (const stream of [started.stdout, started.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
      try {
        const line = () => output.split("\n").find((one) => one.startsWith("{"));
        const { url } = JSON.parse(await until(`${name} to listen`, line, START_S)) as { url: string };
        expect((await fetch(`${url}/health`)).status).toBe(200);
      } finally {
        if (started.pid !== undefined) process.kill(-started.pid, "SIGTERM");
      }
    });
  });
});
