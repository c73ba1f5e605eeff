/** What of commands HTTP alone cannot show: a storage that fails, and objects that are evicted. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SNAPSHOT_EVERY } from "../../../src/streams/limits.ts";
import { told } from "../app.ts";
import { expectErrors } from "../errors.ts";
import { eventually } from "../eventually.ts";
import { freshStore, read } from "../support.ts";

const COUNT = "/aggregates/counter/1/Count";

describe("what decide gets with a command", () => {
  const DO_NOTHING = "/aggregates/counter/1/DoNothing";

  it("is the time, the stream, its version, the command, and the meta of the events to come", async () => {
    const { post, json } = freshStore();
    await post(COUNT, {});
    const before = Date.now();
    await post(DO_NOTHING, {}, { "idempotency-key": "k", "correlation-id": "c" });
    const context = told.at(-1);
    expect(context).toEqual({
      now: expect.any(Date),
      id: "1",
      version: 1,
      commandId: "k",
      meta: { correlationId: "c", causationId: "k" },
    });
    expect(context?.now.getTime()).toBeGreaterThanOrEqual(before);
    await post(COUNT, {}, { "idempotency-key": "another", "correlation-id": "c" });
    expect((await json("/streams/counter/1")).events[1].meta).toEqual({ correlationId: "c", causationId: "another", $command: "Count" });
  });

  it("belongs to a new conversation when the command names none", async () => {
    const { post } = freshStore();
    const { commandId } = await read(await post(DO_NOTHING, {}));
    expect(told.at(-1)).toMatchObject({ commandId, version: 0, meta: { correlationId: commandId, causationId: commandId } });
  });

  it("names what caused it when a processor or a timer sent it", async () => {
    const { stream } = freshStore();
    const cause = { correlationId: "conversation", causationId: "cause" };
    await stream("counter", "1").execute({ command: "DoNothing", data: "{}", expected: { kind: "any" }, ...cause });
    expect(told.at(-1)?.meta).toEqual(cause);
  });
});

describe("promise 2, when the storage itself fails in the middle", () => {
  const events = (length: number) => ({ events: Array.from({ length }, () => ({ type: "Read", data: { value: 1 } })) });

  it.each([
    ["a command", "counter", "/aggregates/counter/1/CountTwice", {}],
    ["an append", "reading", "/streams/reading/1", events(3)],
    ["an append to a long stream", "reading", "/streams/reading/1", events(1_000)],
  ])("nothing of %s is stored, in memory or on disk", async (_what, category, path, body) => {
    expectErrors(/broken disk/);
    const { post, json, stream, log } = freshStore();
    const stub = stream(category, "1");
    await post(path, body, { "idempotency-key": "before" });
    const { version } = await json(`/streams/${category}/1`);
    await runInDurableObject(stub, (_instance, { storage }) => {
      storage.sql.exec(`CREATE TRIGGER broken BEFORE INSERT ON receipts BEGIN SELECT RAISE(ABORT, 'broken disk'); END`);
    });
    expect((await post(path, body, { "idempotency-key": "k" })).status).toBe(500);
    expect((await json(`/streams/${category}/1`)).version).toBe(version);
    await evictDurableObject(stub);
    expect((await json(`/streams/${category}/1`)).version).toBe(version);

    await runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(`DROP TRIGGER broken`));
    const answer = await post(path, body, { "idempotency-key": "k" });
    expect(answer.headers.get("idempotent-replayed")).toBeNull();
    expect((await json(`/streams/${category}/1`)).version).toBe(2 * version);
    const own = (await log()).filter(({ stream: name }) => name === `${category}/1`);
    expect(own.map((event) => event.version)).toEqual(Array.from({ length: Math.min(2 * version, 1_000) }, (_, index) => index + 1));
  });
});

describe("promise 2, when something that goes with a single event cannot be stored", () => {
  const breaks = (on: string) => `CREATE TRIGGER broken BEFORE ${on} BEGIN SELECT RAISE(ABORT, 'broken disk'); END`;
  const reading = { type: "Read", data: { value: 1 } };
  const id = (number: number) => ({ ...reading, id: `01a1fd58-551c-7778-a238-00000000000${number}` });

  it.each([
    ["its receipt", "counter", breaks("INSERT ON receipts"), "/aggregates/counter/1/Count", {}, {}, { "idempotency-key": "k" }],
    ["the id that the client gave it", "reading", breaks("INSERT ON event_ids"), "/streams/reading/1", id(1), id(2), {}],
    ["its timer", "reminder", breaks("INSERT ON timers"), "/aggregates/reminder/1/Ask", { in: "1h" }, { in: "2h" }, {}],
  ])("the event is not stored either: %s", async (_what, category, trigger, path, before, body, headers) => {
    expectErrors(/broken disk/);
    const { post, json, stream } = freshStore();
    await post(path, before, "idempotency-key" in headers ? { "idempotency-key": "before" } : {});
    const stub = stream(category, "1");
    await runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(trigger));
    expect((await post(path, body, headers)).status).toBe(500);
    await evictDurableObject(stub);
    expect((await json(`/streams/${category}/1`)).version).toBe(1);

    await runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(`DROP TRIGGER broken`));
    expect((await post(path, body, headers)).status).toBeLessThan(300);
    expect((await json(`/streams/${category}/1`)).version).toBe(2);
  });

  it("the event is not stored either: the timer that it takes back", async () => {
    expectErrors(/broken disk/);
    const { post, json, stream } = freshStore();
    await post("/aggregates/reminder/1/Ask", { in: "1h" });
    const stub = stream("reminder", "1");
    await runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(breaks("DELETE ON timers")));
    expect((await post("/aggregates/reminder/1/Drop", {})).status).toBe(500);
    await evictDurableObject(stub);
    expect(await json("/aggregates/reminder/1")).toMatchObject({ version: 1, timers: [{ command: "Remind" }] });
  });

  it("the event is not stored either: the snapshot that is due", async () => {
    expectErrors(/CHECK constraint failed/);
    const { post, json, stream } = freshStore();
    for (let version = 0; version < SNAPSHOT_EVERY - 2; version += 2) await post("/aggregates/counter/1/CountTwice", {});
    await post(COUNT, {});
    const stub = stream("counter", "1");
    await runInDurableObject(stub, (_instance, { storage }) => {
      storage.sql.exec(`CREATE TABLE snapshot (one INTEGER PRIMARY KEY, revision TEXT, version INTEGER CHECK (version = 0), state TEXT)`);
    });
    expect((await post(COUNT, {})).status).toBe(500);
    expect((await json("/streams/counter/1")).version).toBe(SNAPSHOT_EVERY - 1);
    await runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(`DROP TABLE snapshot`));
    await post(COUNT, {});
    expect(await json("/aggregates/counter/1")).toMatchObject({ version: SNAPSHOT_EVERY });
  });
});

describe("promise 8: same request, same answer", () => {
  const key = { "idempotency-key": "key-1" };

  it("the first answer is given again, marked as a repeat, and nothing is stored", async () => {
    const { post, json, stream } = freshStore();
    const first = await post(COUNT, { by: 2 }, key);
    await post(COUNT, {});
    for (const evicted of [false, true]) {
      if (evicted) await evictDurableObject(stream("counter", "1"));
      const again = await post(COUNT, { by: 2 }, key);
      expect(again.status).toBe(200);
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      expect(await read(again)).toEqual(await read(evicted ? await post(COUNT, { by: 2 }, key) : first));
    }
    expect((await json("/aggregates/counter/1")).version).toBe(2);
  });
});

describe("an aggregate that demands a version with each command", () => {
  const WRITE = "/aggregates/draft/1/Write";

  it.each([
    ["no condition", {}],
    ["`*`, which is not a version", { "if-match": "*" }],
  ])("refuses one with %s, however it is sent, and stores nothing", async (_what, headers: Record<string, string>) => {
    const { post, get } = freshStore();
    for (const [path, prefer] of [
      [WRITE, "wait=1"],
      [WRITE, "respond-async"],
      [`${WRITE}?dryRun=true`, "wait=1"],
    ] as const) {
      const response = await post(path, { text: "a" }, { ...headers, prefer });
      expect(response.status).toBe(428);
      expect(await read(response)).toMatchObject({ code: "precondition-required" });
    }
    expect((await get("/aggregates/draft/1")).status).toBe(404);
  });

  it("accepts the version that the client has read, so that nobody overwrites what they have not seen", async () => {
    const { post, get, json } = freshStore();
    expect((await post(WRITE, { text: "a" }, { "if-none-match": "*" })).status).toBe(200);
    const etag = (await get("/aggregates/draft/1")).headers.get("etag") ?? "";
    expect((await post(WRITE, { text: "b" }, { "if-match": etag })).status).toBe(200);
    expect((await post(WRITE, { text: "c" }, { "if-match": etag })).status).toBe(412);
    expect((await json("/aggregates/draft/1")).state).toEqual({ text: "b" });
  });

  it("demands none of its own timers", async () => {
    const { post, json } = freshStore();
    await post("/aggregates/draft/1/WriteSoon", { text: "later" }, { "if-match": '"0"' });
    await eventually(async () => expect((await json("/streams/draft/1")).events).toHaveLength(1));
  });
});

describe("the state", () => {
  it("survives an eviction, and is read from a snapshot and the events after it", async () => {
    const { post, json, stream } = freshStore();
    const stub = stream("counter", "1");
    for (let count = 0; count < 60; count++) await post("/aggregates/counter/1/CountTwice", {});
    await evictDurableObject(stub);
    expect((await json("/aggregates/counter/1")).state).toEqual({ total: 120 });
    const snapshot = await runInDurableObject(stub, (_instance, { storage }) =>
      storage.sql.exec(`SELECT version, state FROM snapshot`).one(),
    );
    expect(snapshot).toEqual({ version: 100, state: '{"total":100}' });
  });
});
