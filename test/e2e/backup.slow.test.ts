/** The handbook's backup: what the scripts say is true, and what was restored is what was there. */

import { execFile } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Client, type ShopEvent, until } from "../../scripts/client.ts";
import { temporaryFolder } from "../../scripts/dev-server.ts";
import { Server } from "./server.ts";

const SCRIPTS = join(import.meta.dirname, "../../scripts");
const shell = promisify(execFile);
/** Events of a piece: several make the logs of these tests. */
const PIECE = "100";

const sh = async (script: string, ...parameters: string[]) =>
  (await shell("sh", [join(SCRIPTS, script), ...parameters], { env: { ...process.env, PIECE } })).stdout;

describe("a backup", () => {
  let server: Server;
  let from: Client;
  const file = join(temporaryFolder(), "backup.ndjson");
  const store = (name: string) => new Client(`${server.client.url}/stores/${name}`);
  const order = (id: string) =>
    from.call(`/aggregates/order/${id}/PlaceOrder`, { customer: `"${id}"\n`, lines: [{ sku: "apple", quantity: 1 }] });
  const declare = (path: string, body: unknown) => fetch(from.url + path, { method: "PUT", body: JSON.stringify(body) });
  const isReady = (id: string) =>
    until(`order ${id}`, async () => ((await from.call(`/views/ready-orders/${id}`)).status === 200 ? true : undefined));
  const lines = () => readFileSync(file, "utf8").trimEnd().split("\n");

  beforeAll(async () => {
    server = await Server.start({ main: "test/workers/worker.ts" });
    from = store("from");
    await declare("/streams/noted", {});
    await declare("/processors/noting", {
      from: "reading",
      steps: [{ set: { seen: "data.value + 1" } }, { emit: { to: "noted", id: "event.streamId" } }],
    });
    await declare("/views/notes", { from: "noted" });
    await from.call("/aggregates/product/apple/ReceiveStock", { quantity: 10 });
    await order("1");
    await isReady("1");
    // Answered by a count: another one for every time that it is answered.
    await from.call("/streams/reading/s", { type: "Read", data: { value: 1 } });
    // What is stored of these is not what was sent, and would become something else if it were sent again.
    await from.call("/streams/tariff/t", {
      events: [
        { type: "Priced", data: { amount: 1999 } },
        { type: "Switched", data: { on: "yes" } },
      ],
    });
    await until("the note", async () => ((await from.call("/views/notes/s")).status === 200 ? true : undefined));
    await until("the count", async () => ((await from.call("/aggregates/counter/of-s")).status === 200 ? true : undefined));
  });
  afterAll(() => server.stop());

  it("has the whole log, and the next one adds what is new", async () => {
    expect(await sh("backup.sh", from.url, file)).toMatch(/position (\d+), \1 of it new/);
    const before = lines();
    await order('odd ","position":9,');
    await isReady('odd ","position":9,');
    await sh("backup.sh", from.url, file);
    expect(lines().slice(0, before.length)).toEqual(before);
    expect(lines().map((line) => JSON.parse(line) as ShopEvent)).toEqual(await from.log());
    expect(await sh("backup.sh", from.url, file)).toContain(", 0 of it new");
  });

  it("cannot be continued from another store", async () => {
    const whole = lines();
    await expect(sh("backup.sh", store("empty").url, file)).rejects.toThrow("this is another store");
    expect(lines()).toEqual(whole);
  });

  it("turns into the same log in another store, whose processors do not react again", async () => {
    const restored = store("restored");
    const events = await from.log();
    expect(await sh("restore.sh", file, restored.url)).toContain(`has all ${events.length} events`);
    // What would react again would have done so by the time that a new order is ready.
    await restored.call("/aggregates/order/after/PlaceOrder", { customer: "c", lines: [{ sku: "apple", quantity: 1 }] });
    await until("the next order", async () => ((await restored.call("/views/ready-orders/after")).status === 200 ? true : undefined));
    const there = await restored.log();
    const content = ({ recordedAt: _recordedAt, ...event }: ShopEvent) => event;
    expect(there.slice(0, events.length).map(content)).toEqual(events.map(content));
    expect(there.slice(events.length).map(({ type, stream }) => [type, stream])).toEqual([
      ["OrderPlaced", "order/after"],
      ["StockReserved", "product/apple"],
      ["OrderLineReserved", "order/after"],
      ["OrderReady", "order/after"],
    ]);
    const rows = async (client: Client) => (await client.get<{ rows: { orderId: string }[] }>("/views/ready-orders?limit=200")).rows;
    const noted = async (client: Client) => (await client.get<{ rows: object[] }>("/views/notes?consistency=strong")).rows;
    expect(await noted(restored)).toEqual(await noted(from));
    expect((await rows(restored)).filter(({ orderId }) => orderId !== "after").map(({ orderId }) => orderId)).toEqual(
      (await rows(from)).map(({ orderId }) => orderId),
    );
  });

  it("that is run again adds nothing, and a damaged one is detected", async () => {
    const twice = store("twice");
    await sh("restore.sh", file, twice.url);
    await sh("restore.sh", file, twice.url);
    expect(await twice.log()).toHaveLength(lines().length);
    appendFileSync(
      file,
      `${JSON.stringify({ ...(JSON.parse(lines()[0] ?? "") as object), id: "00000000-0000-4000-8000-000000000000" })}\n`,
    );
    await expect(sh("restore.sh", file, store("damaged").url)).rejects.toThrow("is not the event at position");
  });
});

describe("a restore", () => {
  it("during which the server is killed goes on by itself: nothing is missing, duplicated or in another order", async () => {
    const server = await Server.start({ main: "test/workers/worker.ts" });
    try {
      const file = join(temporaryFolder(), "many.ndjson");
      const events = Array.from({ length: 600 }, (_, at) => ({
        id: `0198c2a6-1111-7abc-8def-${String(at).padStart(12, "0")}`,
        stream: `reading/${at % 20}`,
        version: Math.floor(at / 20) + 1,
        position: at + 1,
        type: "Read",
        data: { value: at },
        meta: {},
        time: "2026-11-21T06:00:00.000Z",
        recordedAt: "2026-11-21T06:00:00.000Z",
        schemaVersion: 1,
      }));
      writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
      const restored = new Client(`${server.client.url}/stores/restored`);
      const head = () => restored.get<{ head: number }>("/log/head").then((answer) => answer.head);
      const restoring = sh("restore.sh", file, restored.url);
      await until("two pieces", async () => ((await head()) >= 200 ? true : undefined));
      await server.crash();
      await server.startAgain();
      expect(await restoring).toContain("has all 600 events");
      expect((await restored.log()).map(({ id, stream, version, position }) => ({ id, stream, version, position }))).toEqual(
        events.map(({ id, stream, version, position }) => ({ id, stream, version, position })),
      );
    } finally {
      await server.stop();
    }
  });
});
