/** The shop's story, as its clients see it, and as `npm run demo` shows it. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ShopEvent, type Written, until } from "../../scripts/client.ts";
import { Receiver } from "../../scripts/receiver.ts";
import { Server } from "./server.ts";

const run = promisify(execFile);
const DEMO = join(import.meta.dirname, "../../scripts/demo.ts");
/** Waits for the position, so that a test may go on from it. */
const SETTLED = { prefer: "wait=30" };

let server: Server;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await Receiver.listen();
  server = await Server.start();
  const { body } = await server.client.call<{ secret: string }>("/webhooks", { url: receiver.url, types: ["OrderReady"] });
  receiver.secret = body.secret;
});
afterAll(async () => {
  receiver.close();
  await server.stop();
});

describe("the shop, over HTTP", () => {
  const first = [{ sku: "apple", quantity: 3 }];
  const second = [
    { sku: "apple", quantity: 2 },
    { sku: "pear", quantity: 5 },
  ];

  it("makes an order ready as soon as its stock is reserved", async () => {
    const { client } = server;
    await client.call("/aggregates/product/apple/ReceiveStock", { quantity: 10 });
    await client.call("/aggregates/product/pear/ReceiveStock", { quantity: 2 });
    const placed = await client.call<Written>("/aggregates/order/first/PlaceOrder", { customer: "a customer", lines: first }, SETTLED);
    expect(placed).toMatchObject({ status: 200, body: { stream: "order/first", version: 1, position: 3 } });
    expect(await client.get("/views/ready-orders/first", SETTLED)).toMatchObject({
      orderId: "first",
      customer: "a customer",
      lines: first,
    });
    expect(await client.get("/views/stock/apple?consistency=strong")).toEqual({ sku: "apple", available: 7, reserved: 3 });
  });

  it("notifies the webhook, with a signature that its secret verifies", async () => {
    const { type, event } = await until("the delivery", () => receiver.deliveries[0]);
    expect(type).toBe("OrderReady");
    expect(event).toMatchObject({ stream: "order/first", type: "OrderReady", data: { customer: "a customer", lines: first } });
    expect(event).toEqual((await server.client.log())[event.position - 1]);
    expect(receiver.refused).toEqual([]);
  });

  it("rejects an order if one line's stock is too small, and releases what was reserved", async () => {
    const { client } = server;
    const placed = await client.call<Written>(
      "/aggregates/order/second/PlaceOrder",
      { customer: "another customer", lines: second },
      SETTLED,
    );
    const released = await until("the release", async () =>
      (await client.log(placed.body.position)).find(({ type, data }) => type === "StockReleased" && data.order === "second"),
    );
    expect(released).toMatchObject({ stream: "product/apple", data: { quantity: 2 } });
    expect(await client.get("/aggregates/order/second")).toMatchObject({ state: { status: "rejected" } });
    expect(await client.get(`/views/stock?minPosition=${released.position}`)).toMatchObject({
      rows: [
        { sku: "apple", available: 7, reserved: 3 },
        { sku: "pear", available: 2, reserved: 0 },
      ],
    });
    expect(await client.get("/views/ready-orders?consistency=strong")).toMatchObject({ rows: [{ orderId: "first" }] });
  });

  it("ties together all that an order caused with one correlation id", async () => {
    const log = await server.client.log();
    const conversations = Map.groupBy(log.filter(orderOf), orderOf);
    expect([...conversations.keys()]).toEqual(["first", "second"]);
    const ids = [...conversations.values()].map((events) => new Set(events.map(({ meta }) => meta.correlationId)));
    expect(ids.map(({ size }) => size)).toEqual([1, 1]);
    expect(ids[0]).not.toEqual(ids[1]);
  });
});

/** The order that an event is about, if any. */
function orderOf({ stream, data }: ShopEvent): string | undefined {
  return stream.startsWith("order/") ? stream.slice("order/".length) : data.order;
}

describe("npm run demo", () => {
  it("runs on a store of its own", async () => {
    const { stdout } = await run(process.execPath, [DEMO]);
    expect(stdout).toContain("Every answer was as it should be.");
  });

  it("runs any number of times on a store with other data, and removes its webhook", async () => {
    const env = { ...process.env, HEADSPRING_URL: server.client.url };
    await run(process.execPath, [DEMO], { env });
    await run(process.execPath, [DEMO], { env });
    expect(await server.client.get("/webhooks")).toMatchObject({ webhooks: [{ url: receiver.url }] });
  });

  it("fails with a message when there is no store", async () => {
    const env = { ...process.env, HEADSPRING_URL: "http://127.0.0.1:9" };
    await expect(run(process.execPath, [DEMO], { env })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("does not answer"),
    });
  });
});
