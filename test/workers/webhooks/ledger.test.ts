/** What a delivery costs, and what the ledger keeps. */

import { afterEach, describe, expect, it, vi } from "vitest";
import { WEBHOOK_LEDGER_DAYS, WEBHOOK_PARKED_DAYS } from "../../../src/deliveries/limits.ts";
import { Ledger } from "../../../src/deliveries/ledger.ts";
import { BlockedTable } from "../../../src/deliveries/blocked-table.ts";
import { DeliveryTable } from "../../../src/deliveries/delivery-table.ts";
import { removeOld } from "../../../src/deliveries/pruning.ts";
import { eventually } from "../delivery/support.ts";
import { clock, interceptReads, subscribed } from "./support.ts";
import { expectErrors } from "../errors.ts";

afterEach(() => vi.restoreAllMocks());

const OK = () => new Response(null, { status: 204 });
const FAILED = () => new Response("no", { status: 500 });
const DAY_MS = 86_400_000;

/** Counts the rows that a webhook's SQL writes; the alarm and the one row of progress are counted separately. */
async function counted(storage: (look: (storage: DurableObjectStorage) => void) => Promise<void>) {
  const costs = { sql: 0, progress: 0, alarms: 0 };
  await storage((storage) => {
    const exec = storage.sql.exec.bind(storage.sql);
    vi.spyOn(storage.sql, "exec").mockImplementation((query, ...bindings) => {
      const cursor = exec(query, ...bindings);
      const rows = cursor.toArray();
      costs.sql += cursor.rowsWritten;
      return Object.assign(Object.create(cursor), {
        toArray: () => rows,
        one: () => rows[0],
        [Symbol.iterator]: () => rows[Symbol.iterator](),
      });
    });
    const put = storage.kv.put.bind(storage.kv);
    vi.spyOn(storage.kv, "put").mockImplementation((key, value) => {
      costs.progress += 1;
      put(key, value);
    });
    const setAlarm = storage.setAlarm.bind(storage);
    vi.spyOn(storage, "setAlarm").mockImplementation((...args) => {
      costs.alarms += 1;
      return setAlarm(...args);
    });
  });
  return costs;
}

describe("an event that is delivered at the first attempt", () => {
  it("costs one row, and a hundredth of one for the cursor", async () => {
    const { post, wake, storage, report } = await subscribed("cost");
    const events = Array.from({ length: 100 }, () => ({ type: "Read", data: { value: 1 } }));
    await post("/streams/reading/first", { events: events.slice(0, 1) });
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0, position: 1 }));
    const costs = await counted(storage);
    for (const stream of ["a", "b", "c", "d", "e"]) await post(`/streams/reading/${stream}`, { events });
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0, position: 501 }));
    expect(costs.sql).toBe(500);
    expect(costs.progress + costs.alarms).toBeLessThanOrEqual(15);
  });
});

describe("the ledger of a webhook", () => {
  it("does not keep what was delivered for ever, and keeps what was parked longer", async () => {
    const { read, wake, alarm, endpoint, ledger, report } = await subscribed("prune");
    const time = clock();
    endpoint.answer = ({ stream }) => (stream === "reading/bad" ? FAILED() : OK());
    for (const stream of ["bad", "a", "b"]) await read(stream, 1);
    await wake();
    for (let attempt = 0; attempt < 8; attempt++) {
      await alarm();
      time.pass(36_001_000);
    }
    const statuses = async () => (await ledger()).map(({ status }) => status);
    await eventually(async () => expect(await statuses()).toEqual(["parked", "delivered", "delivered"]));
    time.pass((WEBHOOK_LEDGER_DAYS - 4) * DAY_MS);
    await alarm();
    expect(await statuses()).toHaveLength(3);
    time.pass(2 * DAY_MS);
    await alarm();
    await alarm();
    await eventually(async () => expect(await statuses()).toEqual(["parked"]));
    expect(await report()).toMatchObject({ parked: 1 });
    time.pass((WEBHOOK_PARKED_DAYS - WEBHOOK_LEDGER_DAYS - 2) * DAY_MS);
    await alarm();
    await alarm();
    expect(await statuses()).toEqual(["parked"]);
    time.pass(4 * DAY_MS);
    await alarm();
    await alarm();
    await eventually(async () => expect(await statuses()).toEqual([]));
  });

  it("is pruned in bounded steps, past young entries of other runs", async () => {
    const { storage } = await subscribed("steps");
    const left = await storage((storage) => {
      Ledger.begin(storage, 0);
      const table = new DeliveryTable(storage.sql);
      const old = Date.now() - (WEBHOOK_LEDGER_DAYS + 1) * DAY_MS;
      const outcome = { delivered: true, durationMs: 1 };
      const event = { stream: "reading/s", type: "Read" };
      for (let position = 1; position <= 2_500; position++)
        table.record({ run: 0, position }, event, "delivered", 1, outcome, old, undefined);
      for (let position = 2_501; position <= 4_000; position++)
        table.record({ run: 0, position }, event, "delivered", 1, outcome, Date.now(), undefined);
      table.record({ run: 1, position: 7 }, event, "delivered", 1, outcome, old, undefined);
      table.record({ run: 1, position: 8 }, event, "pending", 1, outcome, old, 0);
      const after: number[] = [];
      let next: { run: number; position: number } | undefined = { run: -1, position: -1 };
      while (next) {
        next = removeOld(storage.sql, next, Date.now());
        after.push(Number(storage.sql.exec(`SELECT count(*) AS n FROM deliveries`).one().n));
      }
      return after;
    });
    expect(left.slice(0, 4)).toEqual([3_002, 2_002, 1_502, 1_501]);
    expect(left.at(-1)).toBe(1_501); // the young ones, and one that waits
  });

  it("stays as it is when the storage fails, and the delivery is repeated under its old id", async () => {
    expectErrors(/webhook deliveries stopped; they continue in a moment/);
    const { read, wake, alarm, endpoint, ledger } = await subscribed("storage");
    const time = clock();
    const record = vi.spyOn(BlockedTable.prototype, "save").mockImplementationOnce(() => {
      throw new Error("the disk is full");
    });
    endpoint.answer = FAILED;
    await read("s", 1);
    await wake();
    await eventually(() => expect(record).toHaveBeenCalled());
    await eventually(async () => expect(await ledger()).toEqual([])); // not half of it
    endpoint.answer = OK;
    time.pass(6_000);
    await eventually(async () => {
      await alarm();
      expect(await ledger()).toMatchObject([{ position: 1, status: "delivered", attempts: 1 }]);
    });
    await alarm();
    expect(endpoint.received).toHaveLength(2); // what was in memory only is forgotten
    expect(new Set(endpoint.received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
  });
});

describe("work that arrives when a dispatch is about to end", () => {
  it("is done by that dispatch or by another, and does not wait for the alarm", async () => {
    const { read, wake, received, storage } = await subscribed("ending");
    await storage((storage) => void vi.spyOn(storage, "setAlarm").mockResolvedValue()); // there is none
    for (let round = 1; round <= 30; round++) {
      await read("s", round);
      await wake(); // the delivery before may be ending right now
      if (round % 3 === 0) await eventually(() => expect(received()).toHaveLength(round));
    }
    await eventually(() => expect(received()).toHaveLength(30));
  });

  it("is not missed by a read of the log that was under way", async () => {
    const { store, read, wake, object, received, storage } = await subscribed("reading");
    await storage((storage) => void vi.spyOn(storage, "setAlarm").mockResolvedValue());
    await read("s", 1);
    let isAsked = false;
    const answered = Promise.withResolvers<void>();
    interceptReads(store, (real) => async (request) => {
      const page = await real(request);
      isAsked = true;
      await answered.promise;
      return page;
    });
    const first = wake();
    await eventually(() => expect(isAsked).toBe(true));
    await read("s", 2); // the page does not have it
    const second = object.wake();
    await object.report(); // comes after the call before it
    answered.resolve();
    await Promise.all([first, second]);
    await eventually(() => expect(received()).toEqual(["reading/s/1", "reading/s/2"]));
  });
});
