/**
 * A shop of version 0.1 with data goes on under this version: `upgrade/of-0.1.tgz` is the folder that its runtime left, with the answers that
 * it gave (`upgrade/fill.sh` says how it was made).
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { temporaryFolder } from "../../scripts/dev-server.ts";
import { Server } from "./server.ts";

const old = temporaryFolder();
const was = (file: string) => readFileSync(join(old, "was", file), "utf8");
const EVENTS = 288;

let shop: Server;
beforeAll(async () => {
  execFileSync("tar", ["xzf", join(import.meta.dirname, "upgrade/of-0.1.tgz"), "-C", old]);
  shop = await Server.start({ state: old });
});
afterAll(() => shop.stop());

const exported = async (path = "") =>
  (await fetch(`${shop.client.url}${path}/log`, { headers: { accept: "application/x-ndjson" } })).text();

it("a store of version 0.1 gives the same answers: the log of every store, byte for byte, states and rows", async () => {
  expect(await exported()).toBe(was("log.ndjson"));
  expect(await exported("/stores/second")).toBe(was("second.ndjson"));
  for (const product of ["apple", "pear"]) {
    const state = JSON.parse(was(`${product}.json`)) as object;
    expect(await shop.client.get(`/aggregates/product/${product}`)).toMatchObject(state);
  }
  for (const view of ["ready-orders", "stock"]) {
    // The projectors' code has changed since: rows are built again, and are the same.
    const { rows } = JSON.parse(was(`${view}.json`)) as { rows: unknown };
    expect(await shop.client.get(`/views/${view}?limit=200&minPosition=${EVENTS}`)).toMatchObject({ rows });
  }
});

it("a store of version 0.1 still knows which requests were sent, which streams have ended and what was erased", async () => {
  const { client } = shop;
  const body = {
    customer: "a customer",
    lines: [
      { sku: "apple", quantity: 1 },
      { sku: "pear", quantity: 2 },
    ],
  };
  const again = await client.call("/aggregates/order/1/PlaceOrder", body, { "idempotency-key": "order-1" });
  expect(again).toMatchObject({ status: 200, body: { stream: "order/1", events: [{ version: 1 }] } });
  expect((await client.call("/streams/reading/s3", { type: "ReadingRecorded", data: { sensor: "s3", celsius: 1 } })).status).toBe(410);
  expect((await client.call("/streams/reading/secret", undefined, {}, "GET")).status).toBe(410);
  expect((await client.call("/streams/reading", { sensor: "s1" })).status, "its schema still holds").toBe(400);
  expect(await client.get("/log/head")).toEqual({ head: EVENTS });
});

it("a store of version 0.1 goes on: its streams get new events, an order runs its course, and a stream is erased", async () => {
  const { client } = shop;
  const place = { customer: "a customer", lines: [{ sku: "apple", quantity: 3 }] };
  expect((await client.call("/aggregates/order/new/PlaceOrder", place)).status).toBe(200);
  await until(
    "the order is ready",
    async () => (await client.call("/views/ready-orders/new", undefined, {}, "GET")).status === 200 || undefined,
  );
  const { body } = await client.call<{ version: number }>("/streams/reading/many", {
    events: [1, 2, 3].map((celsius) => ({ type: "ReadingRecorded", data: { sensor: "many", celsius } })),
  });
  expect(body.version).toBe(153);
  expect((await client.get<{ events: object[] }>("/streams/reading/many?limit=1000")).events).toHaveLength(153);
  expect((await client.call("/streams/reading/s2?erase=true", undefined, {}, "DELETE")).status).toBe(200);
  const text = await exported();
  expect(text.split("\n").filter((line) => line.includes('"reading/s2"') && !line.includes('"data":{}'))).toHaveLength(1);
});

it("a store of version 0.1 loses nothing when its log goes on in a packed segment", async () => {
  const { client } = shop;
  const before = await exported();
  const { body } = await client.call("/log/roll-over", {});
  expect(body).toMatchObject({ segments: 2 });
  const { body: written } = await client.call<{ position: number }>("/streams/reading", { sensor: "s4", celsius: 4, note: "after" });
  const after = await exported();
  expect(after.startsWith(before)).toBe(true);
  expect(after.slice(before.length).split("\n").filter(Boolean)).toHaveLength(1);
  expect((await client.call("/streams/reading/many?erase=true", undefined, {}, "DELETE")).status).toBe(200);
  const erased = (await exported()).split("\n").filter((line) => line.includes('"stream":"reading/many"'));
  expect(erased.filter((line) => line.includes('"erased":true,') || line.endsWith('"erased":true}'))).toHaveLength(153);
  expect(written.position).toBeGreaterThan(EVENTS);
  await shop.crash();
  await shop.startAgain();
  expect((await client.get<{ head: number }>("/log/head")).head).toBe(written.position + 1);
});
