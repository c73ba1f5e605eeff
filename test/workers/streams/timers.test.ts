import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { broken } from "../app.ts";
import { freshStore, interceptLog } from "../support.ts";

const ASK = "/aggregates/reminder/1/Ask";
const STATE = "/aggregates/reminder/1";

beforeEach(() => void (broken.active = false));

const alarmOf = (stub: DurableObjectStub) => runInDurableObject(stub, (_instance, { storage }) => storage.getAlarm());

/** Makes every timer of the stream due now, as if its time had come. */
const letTimePass = (stub: DurableObjectStub) =>
  runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(`UPDATE timers SET due = 1`));

describe("a timer", () => {
  it("is kept with the stream, and shown with its state", async () => {
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

  it("can be taken back when none was ever set", async () => {
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

  it("that the storage does not let fire is kept, said, and tried again later", async () => {
    const { post, json, stream } = freshStore();
    const stub = stream("reminder", "1");
    await post(ASK, { in: "30m" });
    const exec = (sql: string) => runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(sql));
    await exec(`CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'broken disk'); END`);
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

  it("that the storage does not even let be read does not end the alarm", async () => {
    const { post, json, stream } = freshStore();
    const stub = stream("reminder", "1");
    await post(ASK, { in: "30m" });
    const rename = (from: string, to: string) =>
      runInDurableObject(stub, (_instance, { storage }) => void storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`));
    await letTimePass(stub);
    await rename("timers", "gone");
    const complaints = vi.spyOn(console, "error").mockReturnValue();
    await runDurableObjectAlarm(stub);
    expect(JSON.stringify(complaints.mock.calls)).toContain("a stream's alarm failed and will go off again");
    expect(await alarmOf(stub)).toBeGreaterThan(Date.now());
    await rename("gone", "timers");
    await runDurableObjectAlarm(stub);
    expect((await json(STATE)).state).toEqual({ count: 1 });
    complaints.mockRestore();
  });

  it("does not push away the alarm that must bring events to the log, nor the other way round", async () => {
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

  it("with data that its command would not take fails the command that sets it", async () => {
    const { post } = freshStore();
    expect((await post("/aggregates/reminder/1/SetNonsense", {})).status).toBe(500);
  });
});
