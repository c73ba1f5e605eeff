/** The script and the file of requests, as a reader runs them, on a store of their own. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { type TestStore, startStore } from "headspring/testing/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestsOf } from "./requests.ts";

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
}, 90_000);
afterAll(async () => store.stop());

describe("store.sh", { timeout: 120_000 }, () => {
  it("gets the answers that it expects", async () => {
    const { status, output } = await run(readFileSync("store.sh", "utf8"));
    expect(output).toMatch(/all is as it should be\n$/);
    expect(status).toBe(0);
  });

  it("ends at the first answer that differs, and shows it", async () => {
    const wrong = readFileSync("store.sh", "utf8").replace('"the second one failed" 200', '"the second one failed" 404');
    const { status, output } = await run(wrong);
    expect(output).toMatch(/WRONG 200 {2}the second one failed: 404 was due.*\n.*"failed"/);
    expect(output).not.toContain("all is as it should be");
    expect(status).toBe(1);
  });
});

describe("store.http", () => {
  it("gets the statuses that it notes", { timeout: 120_000 }, async () => {
    const requests = requestsOf(readFileSync("store.http", "utf8"), `${store.url}/stores/by-hand`);
    expect(requests.length).toBeGreaterThan(20);
    for (const { title, status, send } of requests) expect([title, await send()]).toEqual([title, status]);
  });
});

/** Runs the script with `sh`. */
async function run(script: string): Promise<{ status: number | null; output: string }> {
  const env = { ...process.env, STORE_URL: store.url, RECEIVER_PORT: `${await freePort()}` };
  const child = spawn("sh", ["-s"], { env });
  child.stdin.end(script);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [output, errors, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { status, output: output + errors };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "localhost", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
