import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { freshStore, interceptLog, read } from "../support.ts";

describe("the state", () => {
  it("as of an earlier version is what it was then", async () => {
    const { post, json, get } = freshStore();
    for (const by of [1, 2, 3]) await post("/aggregates/counter/1/Count", { by });
    const totals = [];
    for (const version of [0, 1, 2, 3]) totals.push((await json(`/aggregates/counter/1?version=${version}`)).state.total);
    expect(totals).toEqual([0, 1, 3, 6]);
    const response = await get("/aggregates/counter/1?version=4");
    expect(response.status).toBe(404);
    expect(await read(response)).toMatchObject({ code: "unknown-version", version: 3 });
  });

  it("passes over events of a type that the code does not know any more, or that are the store's own", async () => {
    const { post, json } = freshStore();
    const counted = { type: "Counted", data: { by: 2, total: 2 } };
    const lines = [counted, { type: "$Noted", data: {} }, counted].map((event) => JSON.stringify({ stream: "counter/1", ...event }));
    expect((await post("/import", lines.join("\n"), { "idempotency-key": "one" })).status).toBe(200);
    expect(await json("/aggregates/counter/1")).toMatchObject({ version: 3, state: { total: 4 } });
  });

  it("counts events that are imported after it was loaded", async () => {
    const { post, json } = freshStore();
    await post("/aggregates/counter/1/Count", { by: 1 });
    const line = JSON.stringify({ stream: "counter/1", type: "Counted", data: { by: 5, total: 6 } });
    expect((await post("/import", line, { "idempotency-key": "one" })).status).toBe(200);
    expect((await json("/aggregates/counter/1")).state).toEqual({ total: 6 });
    expect(await read(await post("/aggregates/counter/1/Count", { by: 1 }))).toMatchObject({ version: 3 });
    expect((await json("/aggregates/counter/1")).state).toEqual({ total: 7 });
  });

  it("is not sent again to who has it", async () => {
    const { post, get } = freshStore();
    await post("/aggregates/counter/1/Count", {});
    const etag = (await get("/aggregates/counter/1")).headers.get("etag") ?? "";
    for (const tag of [etag, `W/${etag}`, `"0", ${etag}`, "*"])
      expect((await get("/aggregates/counter/1", { "if-none-match": tag })).status).toBe(304);
    for (const tag of ['"0"', '"1"']) expect((await get("/aggregates/counter/1", { "if-none-match": tag })).status).toBe(200);
  });

  it("is sent again when a timer has been moved or has gone, though no event says so", async () => {
    const { post, get } = freshStore();
    const tags = [];
    for (const [command, data] of [
      ["Ask", { in: "30m" }],
      ["Ask", { in: "40m", event: false }],
      ["Ask", { in: "50m", event: false }],
    ] as const) {
      await post(`/aggregates/reminder/1/${command}`, data);
      const response = await get("/aggregates/reminder/1", { "if-none-match": tags.at(-1) ?? "" });
      expect([response.status, (await read(response)).version]).toEqual([200, 1]);
      tags.push(response.headers.get("etag") ?? "");
    }
    expect(new Set(tags).size).toBe(3);
  });
});

describe("a stream's tag", () => {
  it("stands for what the code lifts events to, and for their positions", async () => {
    const { store, post, get } = freshStore();
    await post("/aggregates/contract/1/Sign", { cents: 1, currency: "EUR" });
    await post("/aggregates/counter/1/Count", {});
    const tagOf = async (path: string) => (await get(path)).headers.get("etag");
    expect(await tagOf("/streams/counter/1")).toBe('"1"'); // nothing lifts these
    const lifted = (await tagOf("/streams/contract/1")) ?? "";
    expect(lifted).toMatch(/^"1-[\w-]+"$/);
    expect((await get("/streams/contract/1", { "if-none-match": lifted })).status).toBe(304);
    expect((await get("/streams/contract/1", { "if-none-match": '"1"' })).status).toBe(200);
    const complaints = (["warn", "error"] as const).map((level) => vi.spyOn(console, level).mockReturnValue());
    const late = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    await post("/aggregates/counter/2/Count", {}, { prefer: "wait=0" });
    const positionless = (await tagOf("/streams/counter/2?positions=true")) ?? "";
    expect(positionless).toMatch(/^"1-[\w-]+"$/);
    late.restore();
    await post("/aggregates/counter/2/DoNothing", {});
    await vi.waitFor(async () => expect(await tagOf("/streams/counter/2?positions=true")).toBe('"1"'));
    for (const complaint of complaints) complaint.mockRestore();
    expect((await get("/streams/counter/2?positions=true", { "if-none-match": positionless })).status).toBe(200);
    const lines = await get("/streams/counter/1?positions=true", { accept: "application/x-ndjson", "if-none-match": '"1"' });
    expect([lines.status, lines.headers.get("etag")]).toEqual([200, null]);
    await lines.body?.cancel();
  });
});

describe("a stream of 50,000 events", () => {
  it("answers its next command after an eviction without reading them all", async () => {
    const { store, post, get, stream } = freshStore();
    const stub = stream("counter", "1");
    await post("/aggregates/counter/1/Count", {});
    // Written behind the stream's back, and so is the snapshot of version 49,950: what matters is who reads them.
    await runInDurableObject(stub, (_instance, { storage }) => {
      storage.transactionSync(() => {
        storage.sql.exec(
          `WITH RECURSIVE more (version) AS (SELECT 2 UNION ALL SELECT version + 1 FROM more WHERE version < 50000)
           INSERT INTO events SELECT more.version, 'f0000000-0000-4000-8000-' || printf('%012d', more.version), type, data, meta, time,
                  recorded_at, schema_version, more.version, NULL, NULL FROM more, events WHERE events.version = 1`,
        );
        storage.sql.exec(`CREATE TABLE snapshot (one INTEGER PRIMARY KEY, revision TEXT, version INTEGER, state TEXT)`);
        storage.sql.exec(`INSERT INTO snapshot VALUES (1, '', 49950, '{"total":49950}')`);
      });
    });
    await evictDurableObject(stub);
    // The log knows nothing of them and would ask for all: it is kept out of the count.
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    const rows = await countRows(stub, async () => {
      expect(await read(await post("/aggregates/counter/1/Count", {}))).toMatchObject({ version: 50_001 });
      expect(await read(await get("/aggregates/counter/1"))).toMatchObject({ state: { total: 50_001 } });
    });
    expect(rows).toBeLessThan(200);
    // Else its alarm would bring them all to the log while other tests run.
    await runInDurableObject(stub, (_instance, { storage }) => storage.deleteAll());
    restore();
  });

  it("reads them when the snapshot is of another revision: a state that the code no longer makes is not used", async () => {
    const { post, json, stream } = freshStore();
    const stub = stream("counter", "1");
    for (let count = 0; count < 55; count++) await post("/aggregates/counter/1/CountTwice", {});
    await runInDurableObject(stub, (_instance, { storage }) => {
      storage.sql.exec(`UPDATE snapshot SET revision = 'another', state = '{"total":-1}'`);
    });
    await evictDurableObject(stub);
    expect((await json("/aggregates/counter/1")).state).toEqual({ total: 110 });
  });
});

/** Rows that an object reads while something happens. */
async function countRows(stub: DurableObjectStub, happens: () => Promise<unknown>): Promise<number> {
  const cursors: { readonly rowsRead: number }[] = [];
  await runInDurableObject(stub, (_instance, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql);
    const counted: typeof exec = (...args) => {
      const cursor = exec(...args);
      cursors.push(cursor);
      return cursor as never;
    };
    Object.defineProperty(sql, "exec", { value: counted });
  });
  await happens();
  return runInDurableObject(stub, () => {
    expect(cursors.length).toBeGreaterThan(0);
    return cursors.reduce((rows, cursor) => rows + cursor.rowsRead, 0);
  });
}

describe("an event type in its third version", () => {
  /** Contracts as the first two versions of the code stored them. */
  async function signedLongAgo() {
    const store = freshStore();
    await store.post("/aggregates/contract/1/Sign", { cents: 1, currency: "USD" });
    for (const [table, stub] of [
      ["events", store.stream("contract", "1")],
      ["log", store.logObject()],
    ] as const) {
      await runInDurableObject(stub as DurableObjectStub, (_instance, { storage }) => {
        storage.sql.exec(`UPDATE ${table} SET data = '{"amount":12.34}', schema_version = 1`);
      });
      await evictDurableObject(stub);
    }
    await store.post("/aggregates/contract/1/Sign", { cents: 66, currency: "EUR" });
    return store;
  }

  it("is stored as the newest version", async () => {
    const { post, json } = freshStore();
    await post("/aggregates/contract/1/Sign", { cents: 5, currency: "USD" });
    expect((await json("/streams/contract/1")).events[0]).toMatchObject({ data: { cents: 5, currency: "USD" }, schemaVersion: 3 });
  });

  it("is lifted, step by step, for the aggregate, for readers of stream and log, and for views", async () => {
    const { json } = await signedLongAgo();
    expect((await json("/aggregates/contract/1")).state).toEqual({ cents: 1_300, currency: "EUR" });
    const lifted = { data: { cents: 1_234, currency: "EUR" }, schemaVersion: 3 };
    expect((await json("/streams/contract/1")).events[0]).toMatchObject(lifted);
    expect((await json("/log")).events[0]).toMatchObject(lifted);
    expect(await json("/views/contracts/1?minPosition=2")).toMatchObject({ cents: 1_300 });
  });

  it("stays as it was where it is stored", async () => {
    const { json, stream } = await signedLongAgo();
    await json("/streams/contract/1");
    const row = await runInDurableObject(stream("contract", "1"), (_instance, { storage }) =>
      storage.sql.exec(`SELECT data, schema_version FROM events WHERE version = 1`).one(),
    );
    expect(row).toEqual({ data: '{"amount":12.34}', schema_version: 1 });
  });
});
