import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { freshStore, interceptLog, read } from "../support.ts";

const COUNT = "/aggregates/counter/1/Count";
const STREAM = "/streams/counter/1";

/** Everything that an object has stored, as one text. */
const everythingIn = (stub: DurableObjectStub) =>
  runInDurableObject(stub, (_instance, { storage }) => {
    const tables = storage.sql
      .exec<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'`)
      .toArray();
    return JSON.stringify(tables.map(({ name }) => storage.sql.exec(`SELECT * FROM "${name}"`).toArray()));
  });

describe("a stream that was deleted", () => {
  it("is gone for readers and writers, but stays in the log", async () => {
    const { post, get, send, log, stream } = freshStore();
    await post(COUNT, { by: 3 }, { "idempotency-key": "k" });
    const answer = await send("DELETE", STREAM);
    expect(answer.status).toBe(200);
    expect(await read(answer)).toMatchObject({ stream: "counter/1", version: 2, position: 2, events: [{ type: "$deleted" }] });
    for (const evicted of [false, true]) {
      if (evicted) await evictDurableObject(stream("counter", "1"));
      for (const response of [
        await get(STREAM),
        await get("/aggregates/counter/1"),
        await get("/aggregates/counter/1/commands/k"),
        await post(COUNT, {}),
        await post(COUNT, { by: 3 }, { "idempotency-key": "k" }),
        await send("DELETE", STREAM),
      ]) {
        expect(response.status).toBe(410);
        expect(await read(response)).toMatchObject({ code: "stream-deleted" });
      }
    }
    expect(await log()).toMatchObject([
      { type: "Counted", data: { by: 3 } },
      { type: "$deleted", data: { erased: false } },
    ]);
  });

  it("is deleted only at the version that the caller knows", async () => {
    const { post, send } = freshStore();
    await post(COUNT, {});
    expect((await send("DELETE", STREAM, undefined, { "if-match": '"7"' })).status).toBe(412);
    expect((await send("DELETE", STREAM, undefined, { "if-match": '"1"' })).status).toBe(200);
  });

  it("must have existed", async () => {
    const { send } = freshStore();
    const response = await send("DELETE", STREAM);
    expect(response.status).toBe(404);
    expect(await read(response)).toMatchObject({ code: "unknown-stream" });
  });

  it("no longer fires its timers", async () => {
    const { post, send, stream } = freshStore();
    await post("/aggregates/reminder/1/Ask", { in: "1d" });
    await send("DELETE", "/streams/reminder/1");
    expect(JSON.parse(await everythingIn(stream("reminder", "1"))).flat()).not.toContainEqual(
      expect.objectContaining({ command: "Remind" }),
    );
  });
});

describe("a stream that was erased", () => {
  const SECRET = "a-customer-with-a-name";
  const secretIn = { type: "Raised", data: { from: SECRET, value: 1 }, meta: { about: SECRET } };

  it("has lost its events' content, in the stream and in the log, and no other stream has", async () => {
    const { post, send, get, log, stream, logObject } = freshStore();
    await post("/streams/alarm/1", secretIn);
    await post("/streams/alarm/1", { ...secretIn, type: "Raised" });
    await post("/streams/alarm/2", { type: "Raised", data: { from: "nobody", value: 2 } });
    expect((await send("DELETE", "/streams/alarm/1?erase=true")).status).toBe(200);
    expect((await get("/streams/alarm/1")).status).toBe(410);
    expect(await log()).toMatchObject([
      { stream: "alarm/1", version: 1, type: "Raised", data: {}, meta: {}, erased: true },
      { stream: "alarm/1", version: 2, type: "Raised", data: {}, meta: {}, erased: true },
      { stream: "alarm/2", data: { from: "nobody" } },
      { stream: "alarm/1", version: 3, type: "$deleted", data: { erased: true } },
    ]);
    expect(await everythingIn(stream("alarm", "1"))).not.toContain(SECRET);
    expect(await everythingIn(logObject())).not.toContain(SECRET);
  });

  it("has lost it also in the receipts and snapshots that commands left", async () => {
    const { post, send, stream } = freshStore();
    for (let count = 0; count < 51; count++) await post("/aggregates/counter/1/CountTwice", {});
    await post(COUNT, { by: 5_000 }, { "idempotency-key": "k" });
    expect(await everythingIn(stream("counter", "1"))).toContain('"limit');
    await send("DELETE", `${STREAM}?erase=true`);
    const left = await everythingIn(stream("counter", "1"));
    expect(left).not.toContain("total");
    expect(left).not.toContain("limit");
  });

  it("may have been deleted before, and is erased once", async () => {
    const { post, send, log } = freshStore();
    await post("/streams/alarm/1", secretIn);
    await send("DELETE", "/streams/alarm/1");
    expect((await send("DELETE", "/streams/alarm/1?erase=true")).status).toBe(200);
    expect((await send("DELETE", "/streams/alarm/1?erase=true")).status).toBe(410);
    expect(JSON.stringify(await log())).not.toContain(SECRET);
  });

  it("reaches the log even when the log is down just then", async () => {
    const { store, post, send, log } = freshStore();
    await post("/streams/alarm/1", secretIn);
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    expect((await send("DELETE", "/streams/alarm/1?erase=true")).status).toBe(200);
    restore();
    expect(JSON.stringify(await log())).toContain(SECRET);
    await expect.poll(async () => JSON.stringify(await log()), { timeout: 15_000 }).not.toContain(SECRET);
  });

  it("is not even handed to the log if it had not arrived there yet", async () => {
    const { store, post, send, get } = freshStore();
    const down = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    expect((await post("/streams/alarm/1", secretIn)).status).toBe(201);
    expect((await send("DELETE", "/streams/alarm/1?erase=true")).status).toBe(200);
    down.restore();
    const handed: unknown[] = [];
    const { restore } = interceptLog(store, (sequence) => (stream, events) => {
      handed.push(...events);
      return sequence(stream, events);
    });
    await expect.poll(async () => (await get("/log/head")).status === 200 && handed.length, { timeout: 15_000 }).toBe(2);
    restore();
    expect(JSON.stringify(handed)).not.toContain(SECRET);
  });
});
