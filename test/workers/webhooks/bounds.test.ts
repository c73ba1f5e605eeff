/** What a webhook takes on, and what it looks at, is bounded: by its settings, and by what one object can carry. */

import { storeNamed } from "../support.ts";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { reactor, view } from "../../../src/index.ts";
import { CONSUMER_BATCH_BYTES } from "../../../src/core/limits.ts";
import { WEBHOOK_FAILING_STREAMS, WEBHOOK_LEDGER_STEP } from "../../../src/deliveries/limits.ts";
import type { LogPage } from "../../../src/store/log-protocol.ts";
import { reactorConsumer } from "../../../src/processors/reactor-consumer.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { DeliveryTable } from "../../../src/deliveries/delivery-table.ts";
import type { DeliveryStatus } from "../../../src/store/delivery-protocol.ts";
import { eventually } from "../delivery/support.ts";
import { app, reading } from "../app.ts";
import { clock, interceptReads, subscribed } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

const OK = () => new Response(null, { status: 204 });
const FAILED = () => new Response("no", { status: 500 });

describe("a webhook with a rate", () => {
  it("is sent that many deliveries per second, and no fewer", async () => {
    const { read, wake, endpoint, received } = await subscribed("rate", { rate: 2 });
    for (const stream of ["a", "b", "c", "d"]) await read(stream, 1);
    const time = clock();
    const begun = time.now();
    const tooMany: string[] = [];
    endpoint.answer = ({ stream }) => {
      if (received().length > 1 + Math.floor((time.now() - begun) / 500)) tooMany.push(stream);
      return OK();
    };
    await wake();
    for (let count = 1; count < 4; count++) {
      await eventually(() => expect(received()).toHaveLength(count));
      time.pass(499);
      await wake(); // it looks, and finds it too early
      time.pass(1);
      await wake();
    }
    await eventually(() => expect(received()).toHaveLength(4));
    expect(tooMany).toEqual([]);
  });
});

describe("a webhook with a concurrency", () => {
  it.each([1, 2, 5])("has at most %i deliveries under way", async (concurrency) => {
    const { read, wake, endpoint, received, report } = await subscribed("concurrency", { concurrency });
    const slow = Promise.withResolvers<void>();
    let underWay = 0;
    let most = 0;
    endpoint.answer = async () => {
      most = Math.max(most, ++underWay);
      await slow.promise;
      underWay -= 1;
      return OK();
    };
    for (const stream of ["a", "b", "c", "d", "e", "f"]) await read(stream, 1);
    await wake();
    await eventually(() => expect(received()).toHaveLength(concurrency));
    await wake(); // it looks again, and has no place free
    expect(await report()).toMatchObject({ pending: 6 });
    slow.resolve();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0 }));
    expect(most).toBe(concurrency);
  });
});

describe("a webhook with as many failing streams as it can have", () => {
  const others = WEBHOOK_FAILING_STREAMS - 1;

  /** One stream waits since now, and so many others since a day before. */
  async function withFailing(name: string, waiting: number) {
    const store = await subscribed(name);
    const time = clock();
    store.endpoint.answer = FAILED;
    await store.read("s", 1);
    await store.wake();
    await eventually(async () => expect(await store.report()).toMatchObject({ attempts: 1, pending: 1 }));
    await store.storage(({ sql }) => {
      if (waiting === 0) return;
      // What the ledger has after so many failures, each due in a day.
      const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)`;
      sql.exec(`${numbers} INSERT INTO lanes (run, stream, head, after, seen, behind, since)
                SELECT 9, 'reading/x' || n, n, n, n, 0, ? FROM numbers`, waiting, time.now() - 86_400_000); // prettier-ignore
      sql.exec(`${numbers} INSERT INTO deliveries (run, position, stream, type, status, attempts, at, duration, next_attempt_at)
                SELECT 9, n, 'reading/x' || n, 'Read', 'pending', 1, 0, 1, ? FROM numbers`, waiting, time.now() + 86_400_000); // prettier-ignore
    });
    await store.evict();
    return { ...store, time };
  }

  it("accepts no further event until one of them has recovered", async () => {
    const { read, wake, alarm, endpoint, received, report, time } = await withFailing("lanes", others);
    await read("new", 1);
    await wake();
    expect(await report()).toMatchObject({ position: 1, pending: WEBHOOK_FAILING_STREAMS });
    expect(received()).toEqual(["reading/s/1"]);

    endpoint.answer = OK;
    time.pass(5_000);
    await alarm();
    await eventually(() => expect(received()).toEqual(["reading/s/1", "reading/s/1", "reading/new/1"]));
    await eventually(async () => expect(await report()).toMatchObject({ position: 2, pending: others }));
  });

  it("shows that in its report, as a consumer, and once in the logs", async () => {
    const { store, webhook, get, read, wake, alarm, endpoint, received, report, json, time } = await withFailing("full", others - 1);
    const lines = vi.spyOn(console, "error").mockReturnValue();
    const begun = new Date(time.now()).toISOString();
    const dayBefore = new Date(time.now() - 86_400_000).toISOString();
    expect(await report()).toMatchObject({ status: "live", blocked: { streams: others, since: dayBefore } });
    expect((await report()).blocked).not.toHaveProperty("fullSince");

    time.pass(1_000);
    const held = Promise.withResolvers<void>();
    endpoint.answer = async ({ stream }) => {
      if (stream === "reading/u") await held.promise;
      return FAILED();
    };
    for (const stream of ["t", "u"]) await read(stream, 1);
    await wake();
    const fullSince = new Date(time.now()).toISOString();
    const blocked = { streams: WEBHOOK_FAILING_STREAMS, since: dayBefore, fullSince };
    await eventually(async () => expect(await report()).toMatchObject({ position: 3, blocked }));
    expect(fullSince).not.toBe(begun);
    // One that was under way then comes on top, and changes nothing about it.
    time.pass(1_000);
    held.resolve();
    const more = { ...blocked, streams: WEBHOOK_FAILING_STREAMS + 1 };
    await eventually(async () => expect(await report()).toMatchObject({ blocked: more }));
    await read("new", 1);
    await wake();
    expect(await report()).toMatchObject({ status: "catching-up", position: 3 });
    expect(await json(`/consumers/${webhook.id}`)).toMatchObject({ status: "catching-up", lag: 1, blocked: more });
    expect(await (await get("/metrics")).text()).toContain(`headspring_webhook_full{store="${store}",consumer="${webhook.id}"} 1\n`);

    time.pass(5_000); // another failure of the same stream
    await alarm();
    await eventually(() => expect(received().length).toBeGreaterThan(3));
    expect(lines.mock.calls.flat()).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/accepts no further event/),
        store,
        consumer: webhook.id,
        count: WEBHOOK_FAILING_STREAMS,
      }),
    ]);

    endpoint.answer = OK;
    time.pass(300_000);
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ position: 4, pending: others - 1 }));
    expect(await report()).toMatchObject({ status: "live", blocked: { streams: others - 1, since: dayBefore } });
    expect((await report()).blocked).not.toHaveProperty("fullSince");
  });

  it("no longer shows that when none of them waits", async () => {
    const { wake, alarm, endpoint, report, time } = await withFailing("none", 0);
    endpoint.answer = OK;
    time.pass(5_000);
    await alarm();
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ status: "live", pending: 0 }));
    expect(await report()).not.toHaveProperty("blocked");
  });

  it("counts them as waiting from now on if its ledger is older than the note of since when they wait", async () => {
    const { evict, report, storage, time } = await withFailing("before", 1);
    await storage(({ sql }) => sql.exec(`ALTER TABLE lanes DROP COLUMN since`));
    await evict();
    time.pass(60_000);
    expect(await report()).toMatchObject({ blocked: { streams: 2, since: new Date(time.now()).toISOString() } });
  });
});

describe("the list of a webhook's many deliveries", () => {
  const ROWS = 2_500;
  const SKIPPED = [5, 1_405, 2_455];

  async function withMany(name: string) {
    const store = await subscribed(name);
    await store.storage((storage) => {
      const table = new DeliveryTable(storage.sql);
      const statusOf = (position: number): DeliveryStatus =>
        SKIPPED.includes(position) ? "skipped" : position % 100 === 50 ? "parked" : "delivered";
      for (let position = 1; position <= ROWS; position++) {
        const outcome = { delivered: true, durationMs: 1 };
        table.record({ run: 0, position }, { stream: "reading/s", type: "Read" }, statusOf(position), 1, outcome, 0, undefined);
      }
    });
    return store;
  }

  it.each([
    ["", ROWS, "limit=200", 13],
    ["those that were skipped", SKIPPED.length, "status=skipped", 3], // each page looks at a thousand
    ["those that are parked", ROWS / 100, "status=parked&limit=10", 3],
    ["those that were delivered", ROWS - SKIPPED.length - ROWS / 100, "status=delivered&limit=200", 13],
  ])("has each of them once, in order, page by page: %s", async (_which, count, query, pages) => {
    const { webhook, json } = await withMany("pages");
    const ids: number[] = [];
    let asked = 0;
    for (let path: string | undefined = `/webhooks/${webhook.id}/deliveries?${query}`; path; asked++) {
      const { deliveries, next } = await json(path);
      ids.push(...deliveries.map(({ id }: { id: string }) => Number(id)));
      path = next?.replace(/^.*(?=\/webhooks)/, "");
    }
    expect(ids).toHaveLength(count);
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => b - a));
    expect(asked).toBe(pages);
  });

  it.each<[string, number, (table: DeliveryTable) => unknown]>([
    ["a page of all", 50, (table) => table.page(undefined, undefined, 50)],
    ["a page of those that are parked", 50, (table) => table.page("parked", undefined, 50)],
    ["a page of those that were delivered", WEBHOOK_LEDGER_STEP, (table) => table.page("delivered", undefined, 50)],
    ["a page of those that were skipped", WEBHOOK_LEDGER_STEP, (table) => table.page("skipped", undefined, 50)],
    ["the number of those that are parked", ROWS / 100, (table) => table.parked()],
    ["the number of those in a range", ROWS / 100, (table) => table.parkedBetween(1, ROWS)],
    ["what is to be tried again, when the ledger is opened", 1, (table) => table.retries()],
    ["those that are revived", ROWS / 100, (table) => table.revive(1, ROWS, 50, 0)],
  ])("reads a bounded number of rows for %s", async (_what, most, look) => {
    const { storage } = await withMany("bound");
    const rowsRead = await storage((storage) => {
      const table = new DeliveryTable(storage.sql);
      const exec = storage.sql.exec.bind(storage.sql);
      let rows = 0;
      vi.spyOn(storage.sql, "exec").mockImplementation((query, ...bindings) => {
        const cursor = exec(query, ...bindings);
        const found = cursor.toArray();
        rows += cursor.rowsRead;
        return Object.assign(Object.create(cursor), { toArray: () => found, one: () => found[0] });
      });
      look(table);
      return rows;
    });
    expect(rowsRead).toBeLessThanOrEqual(6 * most); // more than one for each: the index's, the table's, what is written
  });
});

describe("the part of the log that a consumer holds in memory", () => {
  /** Three megabytes and more in few events, and the pages in which they are read. */
  async function heavy(name: string) {
    const store = await subscribed(name);
    const note = "n".repeat(100 * 1024);
    for (let count = 0; count < 2; count++) {
      const events = Array.from({ length: 16 }, () => ({ type: "Calibrated", data: { note } }));
      expect((await store.post(`/streams/reading/${count}`, { events })).status).toBe(201);
    }
    const pages: LogPage[] = [];
    const reads = interceptReads(store.store, (real) => async (request) => {
      const page = await real(request);
      if (page.events.length > 0) pages.push(page);
      return page;
    });
    const sizes = () => pages.map(({ events }) => events.reduce((sum, { data, meta }) => sum + data.length + meta.length, 0));
    return { ...store, pages, reads, sizes };
  }

  const heard = reactor("hears-notes", { from: [reading], on: { Calibrated: () => [] } });
  const notes = view("notes-of-bytes", {
    from: reading,
    row: z.object({ id: z.string(), count: z.int() }),
    key: "id",
    on: { Calibrated: { at: ({ stream }) => [stream], fold: (row, _event, id) => ({ id, count: (row?.count ?? 0) + 1 }) } },
  });

  it.each([
    ["view", (store: string) => viewConsumer(storeNamed(store), notes)],
    ["processor", (store: string) => reactorConsumer(storeNamed(store, app), heard)],
  ])("reaches a %s in pages of bounded bytes", async (kind, consumerOf) => {
    const { store, sizes, pages } = await heavy(`heavy-${kind}`);
    const progress = await catchUp(consumerOf(store), storeNamed(store).log, Number.POSITIVE_INFINITY);
    expect(progress.outcome).toBe("caught-up");
    expect(Math.max(...sizes())).toBeLessThanOrEqual(CONSUMER_BATCH_BYTES);
    expect(pages.flatMap(({ events }) => events.map(({ position }) => position))).toEqual(Array.from({ length: 32 }, (_, at) => at + 1));
  });

  it("reaches a webhook in pages of bounded bytes", async () => {
    const { sizes, wake, received } = await heavy("heavy-webhook");
    await wake();
    await eventually(() => expect(received()).toHaveLength(32));
    expect(Math.max(...sizes())).toBeLessThanOrEqual(CONSUMER_BATCH_BYTES);
  });
});
