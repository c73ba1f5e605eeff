/** `headspring/testing/store`: what a project's own tests start. */

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../scripts/dev-server.ts";
import { startStore } from "../../src/testing/store.ts";

const ROOT = join(import.meta.dirname, "../..");

describe("a store for a test", () => {
  const folder = temporaryFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("keeps what it has acknowledged when it is killed, has the test's variables, and ends with the test", async () => {
    const key = { "Idempotency-Key": "a delivery" };
    const store = await startStore({ project: ROOT, variables: { SHIPPING_URL: "https://shipping.example/" } });
    const receive = async () =>
      (await fetch(`${store.url}/aggregates/product/tea/ReceiveStock`, { method: "POST", headers: key, body: '{"quantity":10}' })).json();
    const received = await receive();
    await store.kill();
    await expect(fetch(store.url)).rejects.toThrow("fetch failed");
    await store.startAgain();
    expect(await receive()).toEqual(received);
    await store.stop();
    await expect(fetch(store.url)).rejects.toThrow("fetch failed");
    // The state of the one is gone, and the other one was not started.
    for (const nextTo of [store, { ...store, url: store.url, output: "" }])
      await expect(startStore({ project: ROOT, nextTo })).rejects.toThrow("`nextTo` must be a store that `startStore` has started");
  });

  it("reports what is wrong when the worker does not start", async () => {
    await expect(startStore({ project: folder })).rejects.toThrow("npm install --save-dev wrangler");
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(ROOT, "node_modules/wrangler"), join(folder, "node_modules/wrangler"));
    writeFileSync(join(folder, "wrangler.jsonc"), '{ "name": "broken", "main": "worker.ts", "compatibility_date": "2026-11-01" }');
    writeFileSync(join(folder, "worker.ts"), 'import { app } from "./missing.ts";\nexport default app;\n');
    await expect(startStore({ project: folder })).rejects.toThrow(/^the worker does not compile.*missing\.ts/s);
  });
});
