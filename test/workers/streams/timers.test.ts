import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { app, broken } from "../app.ts";
import { ALARM_AHEAD_MS } from "../../../src/core/limits.ts";
import { expectErrors } from "../errors.ts";
import { NO_APP, freshStore, interceptLog, read } from "../support.ts";
import { deploy } from "../versions/deployed.ts";

const ASK = "/aggregates/reminder/1/Ask";
const STATE = "/aggregates/reminder/1";
const PLAN = "/aggregates/agenda/1/Plan";

beforeEach(() => void (broken.active = false));

const alarmOf = (stub: DurableObjectStub) => runInDurableObject(stub, (_instance, { storage }) => storage.getAlarm());

/** Makes every timer of the stream due now, as if its time had come. */
const letTimePass = (stub: DurableObjectStub) =>
  runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(`UPDATE timers SET due = 1`));

describe("a timer", () => {
  it("is stored with the stream, and shown with its state", async () => {
    const { post, json, stream } = freshStore();
    await post(ASK, { in: "30m" });
    const { timers } = await json(STATE);
    expect(timers).toMatchObject([{ command: "Remind", data: { note: "now" } }]);
    expect(new Date(timers[0].due).getTime()).toBe(await alarmOf(stream("reminder", "1")));
    expect(await json(`${STATE}?version=1`)).not.toHaveProperty("timers");
  });

  it("fires once, across an eviction, in the conversation that set it", async () => {
    const { post, json, log, stream } = freshStore();
    const stub = stream("reminder", "1");
    await post(ASK, { in: "30m" }, { "correlation-id": "the-conversation" });
    await evictDurableObject(stub);
    await letTimePass(stub);
    await runDurableObjectAlarm(stub);
    await runDurableObjectAlarm(stub);
    const state = await json(STATE);
    expect(state).toMatchObject({ version: 2, state: { count: 1 } });
    expect(state).not.toHaveProperty("timers");
    const { events } = await json("/streams/reminder/1");
    expect(events[1]).toMatchObject({ type: "Reminded", meta: { correlationId: "the-conversation" } });
    expect((await log()).map(({ type }) => type)).toEqual(["Asked", "Reminded"]);
  });

  it("fires by itself, without any request", async () => {
    const { post, log } = freshStore();
    await post(ASK, { in: "1ms" });
    await expect.poll(log, { timeout: 10_000 }).toMatchObject([{ type: "Asked" }, { type: "Reminded" }]);
  });

  it("can be taken back even if none was ever set", async () => {
    const { post, json } = freshStore();
    await post("/aggregates/reminder/1/Drop", {});
    expect(await json(STATE)).toMatchObject({ version: 1 });
    await post(ASK, { in: "1d" });
    expect((await json(STATE)).timers).toHaveLength(1);
  });

  it("can be set without an event, moved by setting it again, and taken back", async () => {
    const { post, json } = freshStore();
    await post(ASK, { in: "1d" });
    const [first] = (await json(STATE)).timers;
    await post(ASK, { in: "2d", event: false });
    const moved = await json(STATE);
    expect(moved.version).toBe(1);
    expect(moved.timers).toHaveLength(1);
    expect(Date.parse(moved.timers[0].due)).toBeGreaterThan(Date.parse(first.due));
    await post("/aggregates/reminder/1/Drop", {});
    expect(await json(STATE)).not.toHaveProperty("timers");
  });

  it("is not set by a repeat of the command that set it", async () => {
    const { post, json } = freshStore();
    const key = { "idempotency-key": "k" };
    await post(ASK, { in: "1d" }, key);
    await post("/aggregates/reminder/1/Drop", {});
    await post(ASK, { in: "1d" }, key);
    expect(await json(STATE)).not.toHaveProperty("timers");
  });

  it("whose command fails is kept, and tried again later under the same id", async () => {
    expectErrors(/decide or evolve threw/, /a timer's command could not be carried out and will be retried/);
    const { post, json, stream } = freshStore();
    const stub = stream("reminder", "1");
    await post(ASK, { in: "30m" });
    const timerOf = () =>
      runInDurableObject(stub, (_instance, { storage }) => storage.sql.exec(`SELECT command_id, attempts, due FROM timers`).toArray()[0]);
    const before = await timerOf();
    broken.active = true;
    await letTimePass(stub);
    await runDurableObjectAlarm(stub);
    const after = await timerOf();
    expect(after).toMatchObject({ command_id: before?.command_id, attempts: 1 });
    expect(await alarmOf(stub)).toBe(after?.due);
    broken.active = false;
    await letTimePass(stub);
    await runDurableObjectAlarm(stub);
    expect((await json(STATE)).state).toEqual({ count: 1 });
    expect(await timerOf()).toBeUndefined();
  });

  it("of an aggregate that a deployment has lost is kept, reported, and fires once the code has it again", async () => {
    expectErrors(/a timer's command could not be carried out and will be retried/);
    const { store, post, json, stream } = freshStore();
    const stub = stream("reminder", "1");
    await post(ASK, { in: "30m" });
    for (const code of [NO_APP, app]) {
      deploy(store, { streams: code });
      await evictDurableObject(stub);
      await letTimePass(stub);
      await runDurableObjectAlarm(stub);
    }
    expect(await json(STATE)).toMatchObject({ version: 2, state: { count: 1 } });
  });

  it("that the storage keeps from firing is kept, reported, and tried again later", async () => {
    const { post, json, stream } = freshStore();
    const stub = stream("reminder", "1");
    await post(ASK, { in: "30m" });
    const exec = (sql: string) => runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(sql));
    await exec(`CREATE TRIGGER broken BEFORE DELETE ON timers BEGIN SELECT RAISE(ABORT, 'broken disk'); END`);
    await letTimePass(stub);
    const complaints = vi.spyOn(console, "error").mockReturnValue();
    await runDurableObjectAlarm(stub);
    expect(JSON.stringify(complaints.mock.calls)).toContain("broken disk");
    expect((await json(STATE)).timers).toHaveLength(1);
    expect(await alarmOf(stub)).toBeGreaterThan(Date.now());
    await exec(`DROP TRIGGER broken`);
    await letTimePass(stub);
    await runDurableObjectAlarm(stub);
    expect((await json(STATE)).state).toEqual({ count: 1 });
    complaints.mockRestore();
  });

  it("that the storage cannot even read does not end the alarm", async () => {
    const { post, json, stream } = freshStore();
    const stub = stream("reminder", "1");
    await post(ASK, { in: "30m" });
    const rename = (from: string, to: string) =>
      runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`));
    await letTimePass(stub);
    await rename("timers", "gone");
    const complaints = vi.spyOn(console, "error").mockReturnValue();
    await runDurableObjectAlarm(stub);
    expect(JSON.stringify(complaints.mock.calls)).toContain("a stream's alarm failed and will be retried");
    expect(await alarmOf(stub)).toBeGreaterThan(Date.now());
    await rename("gone", "timers");
    await runDurableObjectAlarm(stub);
    expect((await json(STATE)).state).toEqual({ count: 1 });
    complaints.mockRestore();
  });

  it("does not replace the alarm that must bring events to the log, nor the other way round", async () => {
    const { store, post, stream, log } = freshStore();
    const stub = stream("reminder", "1");
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    await post(ASK, { in: "1d" });
    const soon = await alarmOf(stub);
    expect(soon).toBeLessThan(Date.now() + 3_600_000);
    restore();
    await runDurableObjectAlarm(stub);
    expect(await log()).toHaveLength(1);
    expect(await alarmOf(stub)).toBeGreaterThan(Date.now() + 3_600_000);
  });

  it("exists once for each command and key: parts have separate timers, each set, moved and taken back by itself", async () => {
    const { post, json, stream } = freshStore();
    const part = (name: string, delay: string) => ({ part: name, in: delay });
    await post(PLAN, { parts: [part("a", "1h"), part("b", "2h"), part("", "3h")] });
    await post(PLAN, { parts: [part("b", "30m")] });
    const timersOf = async () =>
      (((await json("/aggregates/agenda/1")).timers ?? []) as { key?: string; data: object }[]).map(({ key }) => key ?? null);
    expect(await timersOf()).toEqual(["b", "a", null]);
    await post("/aggregates/agenda/1/Forget", {});
    expect(await timersOf()).toEqual(["b", "a"]);
    await post("/aggregates/agenda/1/Forget", { part: "b" });
    expect(await timersOf()).toEqual(["a"]);
    await letTimePass(stream("agenda", "1"));
    await runDurableObjectAlarm(stream("agenda", "1"));
    expect((await json("/aggregates/agenda/1")).state).toEqual({ rang: ["a"] });
  });

  it("that is taken back in the answer that sets it is not set, even if it is the stream's first", async () => {
    const { post, json } = freshStore();
    await post("/aggregates/reminder/1/AskAndDrop", {});
    expect(await json(STATE)).toMatchObject({ version: 1 });
    expect(await json(STATE)).not.toHaveProperty("timers");
  });

  it("can be set to a time; a past one means now", async () => {
    const { post, json } = freshStore();
    const at = new Date(Date.now() + 5 * 86_400_000).toISOString();
    await post(PLAN, { parts: [{ part: "later", at: at.replace("Z", "+00:00") }] });
    expect((await json("/aggregates/agenda/1")).timers).toMatchObject([
      { command: "Ring", key: "later", due: at, data: { part: "later" } },
    ]);
    await post(PLAN, { parts: [{ part: "past", at: "1969-07-20T20:17:40Z" }] });
    await expect.poll(async () => (await json("/aggregates/agenda/1")).state, { timeout: 10_000 }).toEqual({ rang: ["past"] });
  });

  it.each([
    [{ in: "-5ms" }, '"-5ms" is not a duration'],
    [{ in: "0.5ms" }, '"0.5ms" is not a duration'],
    [{ in: "1e3s" }, '"1e3s" is not a duration'],
    [{ in: "999999999999d" }, '"999999999999d" is too long a duration'],
    [{ in: "100000000d" }, "the last time that a Date can hold"],
    [{ at: "tomorrow" }, "is set to tomorrow, which is not a time"],
    [{ at: "2026-02-30T25:00:00Z" }, "which is not a time"],
    [{ at: "2026" }, "which is not a time"],
  ])("at %j makes the command that sets it fail with the reason, and nothing is stored", async (time, message) => {
    const { post, get } = freshStore();
    const complaints = vi.spyOn(console, "error").mockReturnValue();
    const response = await post(PLAN, {
      parts: [
        { part: "a", in: "1h" },
        { part: "b", ...time },
      ],
    });
    expect([response.status, (await read(response)).code]).toEqual([500, "command-failed"]);
    expect(JSON.stringify(complaints.mock.calls)).toContain(JSON.stringify(message).slice(1, -1));
    complaints.mockRestore();
    expect((await get("/aggregates/agenda/1")).status).toBe(404);
  });

  it("in the far future leaves its stream readable, and sets an alarm that the platform can hold", async () => {
    const { post, json, stream } = freshStore();
    await post(PLAN, { parts: [{ part: "a", in: "99000000d" }] });
    expect((await json("/aggregates/agenda/1")).timers).toMatchObject([{ key: "a", due: expect.stringMatching(/^\+27/) }]);
    const stub = stream("agenda", "1");
    const set = await alarmOf(stub);
    expect(set).toBeLessThanOrEqual(Date.now() + ALARM_AHEAD_MS);
    await runDurableObjectAlarm(stub);
    expect(await alarmOf(stub)).toBeGreaterThan(Date.now());
    expect((await json("/aggregates/agenda/1")).state).toEqual({ rang: [] });
  });

  it("is one of a thousand at most", async () => {
    const { post, json } = freshStore();
    const parts = (from: number, count: number) => Array.from({ length: count }, (_, index) => ({ part: `p${from + index}`, in: "1h" }));
    for (const from of [0, 500]) expect((await post(PLAN, { parts: parts(from, 500) })).status).toBe(200);
    const complaints = vi.spyOn(console, "error").mockReturnValue();
    expect((await post(PLAN, { parts: parts(1_000, 1) })).status).toBe(500);
    expect(JSON.stringify(complaints.mock.calls)).toContain("at most 1000 timers");
    complaints.mockRestore();
    // One that is there may move, and another takes the place of one that is taken back.
    expect((await post(PLAN, { parts: parts(999, 1) })).status).toBe(200);
    await post("/aggregates/agenda/1/Forget", { part: "p0" });
    expect((await post(PLAN, { parts: parts(1_000, 1) })).status).toBe(200);
    expect((await json("/aggregates/agenda/1")).timers).toHaveLength(1_000);
  });

  it.each([
    ["taken back", "cancel b", ["a"], []],
    ["moved", "move b", ["a"], [{ key: "b", data: { part: "b later" } }]],
  ])("that was %s by another one due at the same time does not go off with that", async (_what, then, rang, left) => {
    const { post, json, stream } = freshStore();
    const stub = stream("agenda", "1");
    await post(PLAN, {
      parts: [
        { part: "a", in: "1h", then },
        { part: "b", in: "1h" },
      ],
    });
    await letTimePass(stub);
    await runDurableObjectAlarm(stub);
    const { state, timers = [] } = await json("/aggregates/agenda/1");
    expect(state).toEqual({ rang });
    expect(timers).toMatchObject(left);
    expect(timers).toHaveLength(left.length);
    if (left.length > 0) expect(await alarmOf(stub)).toBeGreaterThan(Date.now() + 3_000_000);
  });

  it("of version 0.1, whose table knew no keys, is kept, fires, and leaves room for keys", async () => {
    const { post, json, stream } = freshStore();
    const stub = stream("agenda", "1");
    await post("/aggregates/agenda/1/Bell", { part: "first" });
    await runInDurableObject(stub, (_instance, { storage }) => {
      storage.sql.exec(`CREATE TABLE timers (command TEXT PRIMARY KEY, due INTEGER NOT NULL, data TEXT NOT NULL, command_id TEXT NOT NULL,
        correlation_id TEXT NOT NULL, causation_id TEXT NOT NULL, attempts INTEGER NOT NULL) STRICT, WITHOUT ROWID`);
      storage.sql.exec(`INSERT INTO timers VALUES ('Ring', 4102444800000, '{"part":"old"}', 'c1', 'c2', 'c3', 0)`);
    });
    await evictDurableObject(stub);
    expect((await json("/aggregates/agenda/1")).timers).toEqual([
      { command: "Ring", due: "2100-01-01T00:00:00.000Z", data: { part: "old" } },
    ]);
    await post(PLAN, { parts: [{ part: "new", in: "1h" }] });
    expect((await json("/aggregates/agenda/1")).timers).toHaveLength(2);
    // Until the deployment is everywhere, version 0.1 may write into the new table.
    await runInDurableObject(stub, (_instance, { storage }) => {
      storage.sql.exec(`INSERT OR REPLACE INTO timers (command, due, data, command_id, correlation_id, causation_id, attempts)
        VALUES ('Ring', 4102444800000, '{"part":"moved"}', 'c4', 'c2', 'c3', 0)`);
    });
    await letTimePass(stub);
    await runDurableObjectAlarm(stub);
    expect((await json("/aggregates/agenda/1")).state.rang.toSorted()).toEqual(["first", "moved", "new"]);
  });

  it("with data that its command would refuse makes the command that sets it fail", async () => {
    expectErrors(/decide or evolve threw/, /a request failed/);
    const { post } = freshStore();
    expect((await post("/aggregates/reminder/1/SetNonsense", {})).status).toBe(500);
  });
});

describe("an internal command", () => {
  it("is sent by timers, and does not exist for clients", async () => {
    const { post, json, send, get } = freshStore();
    const response = await post("/aggregates/agenda/1/Ring", { part: "a" });
    expect(response.status).toBe(404);
    const problem = await read(response);
    expect(problem).toMatchObject({ code: "unknown-command" });
    expect(problem.detail).not.toContain("Ring,");
    expect((await post("/aggregates/agenda/1/Ring", { part: "a" }, { prefer: "respond-async" })).status).toBe(404);
    expect((await get("/aggregates/agenda/1")).status).toBe(404);
    const { paths } = await read(await send("GET", "/../../openapi.json"));
    expect(Object.keys(paths)).toContain("/aggregates/agenda/{id}/Plan");
    expect(JSON.stringify(paths)).not.toContain("agenda/{id}/Ring");
    await post(PLAN, { parts: [{ part: "a", in: "0s" }] });
    await expect.poll(async () => (await json("/aggregates/agenda/1")).state, { timeout: 10_000 }).toEqual({ rang: ["a"] });
  });
});
