import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { control } from "../../../src/consumers/control.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import type { App } from "../../../src/definitions/app.ts";
import { aggregate, defineApp, event, processManager, send } from "../../../src/index.ts";
import { processorConsumer } from "../../../src/processors/processor-consumer.ts";
import { app, counter } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { NOBODY, clumsy, errand, wish } from "../errand.ts";
import { storeNamed, read } from "../support.ts";
import { slip } from "../slip.ts";
import { deploy } from "../versions/deployed.ts";
import { changeLogged } from "../stored.ts";
import { rewriteIn } from "../streams/stored.ts";
import { allowErrors, expectErrors } from "../errors.ts";

afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(clumsy, { at: "", correlation: false, timer: false });
});

interface Job {
  readonly counter: string;
  readonly by: number;
  readonly how?: string;
}

function errands(name: string) {
  const store = quietStore(name);
  const say = (by: string, type: string, data: object) => store.post(`/streams/wish/${by}`, { type, data });
  return {
    ...store,
    say,
    wish: (errand: string, jobs: readonly Job[], more: object = {}) => say("someone", "Wished", { errand, jobs, ...more }),
    run: () => store.wake("errand"),
    errand: (id: string) => store.json(`/aggregates/errand/${id}`),
    history: async (id: string): Promise<RecordedEvent[]> => (await store.json(`/streams/errand/${id}?limit=1000`)).events,
    types: async (id: string): Promise<string[]> =>
      (await store.json(`/streams/errand/${id}?limit=1000`)).events.map(({ type }: RecordedEvent) => type),
  };
}

describe("an instance of a process manager", () => {
  it("is begun by an event, sends commands, hears that they were carried out, and completes", async () => {
    const { wish, run, errand, types, json } = errands("whole");
    await wish("e", [
      { counter: "a", by: 2 },
      { counter: "b", by: 3 },
    ]);
    await run();
    await run();
    expect(await types("e")).toEqual([
      "Begun",
      "$CommandSent",
      "$CommandSent",
      "$CommandAccepted",
      "JobDone",
      "$CommandAccepted",
      "JobDone",
      "Ended",
      "$Completed",
    ]);
    expect(await errand("e")).toEqual({
      stream: "errand/e",
      version: 9,
      state: { status: "done", open: 0, sum: 5, troubles: [] },
      status: "completed",
    });
    expect((await json("/aggregates/counter/a")).state).toEqual({ total: 2 });
  });

  it("shows over HTTP what it waits for: timers and commands in flight", async () => {
    const { wish, run, errand, json } = errands("waits");
    await wish("e", [{ counter: "a", by: 2 }]);
    await run();
    const now = await errand("e");
    expect(now).toEqual({
      stream: "errand/e",
      version: 2,
      state: { status: "running", open: 1, sum: 0, troubles: [] },
      status: "running",
      inFlight: [{ commandId: expect.any(String), stream: "counter/a", command: "Count", data: { by: 2 } }],
      timers: [{ command: "RunLate", due: expect.any(String), data: {} }],
    });
    await run();
    expect(await errand("e")).not.toHaveProperty("inFlight");
    expect(await json("/aggregates/errand/e?version=2")).toMatchObject({ state: { open: 1 }, inFlight: [{ stream: "counter/a" }] });
  });

  it("ties together all that it causes: the correlation is copied, and each step names the one before as its cause", async () => {
    const { wish, run, history, log } = errands("causes");
    await wish("e", [{ counter: "a", by: 2 }]);
    await run();
    await run();
    const events = (await log()) as unknown as RecordedEvent[];
    const [wished, begun, sent, counted, accepted] = events;
    expect(events.slice(0, 5).map(({ type }) => type)).toEqual(["Wished", "Begun", "$CommandSent", "Counted", "$CommandAccepted"]);
    expect(new Set(events.slice(1).map(({ meta }) => meta.correlationId))).toEqual(new Set([wished?.id]));
    expect([begun, sent].map((one) => one?.meta.causationId)).toEqual([wished?.id, wished?.id]);
    expect(counted?.meta.causationId).toBe(sent?.id);
    expect(accepted?.meta.causationId).toBe(sent?.id);
    expect((await history("e"))[1]?.data).toEqual({
      commandId: expect.any(String),
      aggregate: "counter",
      id: "a",
      command: "Count",
      data: { by: 2 },
      exact: true,
    });
  });

  it("gets refusals back as input, together with the commands that were refused", async () => {
    const { wish, run, errand, types } = errands("refusal");
    await wish("e", [{ counter: "a", by: 5_000 }]);
    await run();
    await run();
    expect((await errand("e")).state).toEqual({ status: "done", open: 0, sum: 0, troubles: ["a: too-much 5000"] });
    expect(await types("e")).toContain("$CommandRefused");
  });

  const failures = [
    ["is to nobody the app has", { counter: NOBODY, by: 1 }, "nobody: unknown-aggregate"],
    ["does not fit its schema", { counter: "a", by: -1 }, "a: invalid-command"],
    ["makes decide throw", { counter: "a", by: 1, how: "Throw" }, "a: command-failed"],
    ["goes to a stream id that cannot be", { counter: "a/b", by: 1 }, "a/b: invalid-stream-id"],
    ["goes to a stream that was deleted", { counter: "gone", by: 1 }, "gone: stream-deleted"],
  ] as const;
  for (const [what, job, trouble] of failures) {
    it(`hears that a command failed that ${what}, and its consumer goes on`, async () => {
      allowErrors(/a command failed: decide or evolve threw/);
      const { wish, run, errand, consumer, post, send } = errands("failure");
      await post("/aggregates/counter/gone/Count", { by: 1 });
      await send("DELETE", "/streams/counter/gone");
      await wish("e", [job]);
      await run();
      await run();
      expect((await errand("e")).state.troubles).toEqual([trouble]);
      await run();
      expect(await consumer("errand")).toMatchObject({ status: "live", lag: 0, attempts: 0 });
    });
  }

  it("hears of events with a member called `__proto__`, which the target's own schema allows: no client can stop it by that", async () => {
    const Anything = z.custom<Record<string, string>>((data) => typeof data === "object");
    const open = aggregate("open", {
      events: { Noted: Anything },
      commands: { Note: Anything },
      initialState: () => ({}),
      evolve: { Noted: (state) => state },
      decide: { Note: (_state, data) => [event("Noted", data), event("Noted", JSON.parse(`{"__proto__":"x"}`) as Record<string, string>)] },
    });
    const reader = processManager("reader", {
      from: wish,
      to: open,
      correlate: { Wished: ({ data }) => data.errand },
      events: { Read: z.object({ members: z.array(z.string()) }) },
      initialState: () => ({}),
      evolve: { Read: (state) => state },
      on: { Wished: () => send(open, "a", "Note", { plain: "x" }) },
      onAccepted: { Note: (_state, { events }) => event("Read", { members: events.flatMap(({ data }) => Object.keys(data)) }) },
    });
    const { store, wish: wishes, json } = errands("proto");
    const code = defineApp({ aggregates: [open], categories: [wish], processors: [reader] }) as unknown as App;
    deploy(store, { streams: code });
    await wishes("e", []);
    const consumer = processorConsumer(storeNamed(store, code), code.processors.get("reader")!);
    for (let runs = 0; runs < 2; runs++)
      expect(await catchUp(consumer, storeNamed(store).log, Number.POSITIVE_INFINITY)).toMatchObject({ outcome: "caught-up" });
    expect((await json("/log?category=reader")).events.at(-1)).toMatchObject({ type: "Read", data: { members: ["plain", "__proto__"] } });
  });

  it("hears the first outcome of a command that failed, even if it would succeed later: the target keeps that outcome", async () => {
    expectErrors(/a command failed: decide or evolve threw/);
    const { wish, run, history, json } = errands("first");
    await wish("e", [{ counter: "a", by: 1, how: "Throw" }]);
    await run();
    await run();
    const [, sent] = await history("e");
    const { commandId } = sent!.data as { commandId: string };
    expect(await json(`/aggregates/counter/a/commands/${commandId}`)).toMatchObject({ status: "failed" });
  });

  it("accepts the commands that it declares, with all features of commands, and may refuse them", async () => {
    const { wish, run, post, errand, types } = errands("commands");
    const early = await post("/aggregates/errand/e/Note", { what: "early" });
    expect([early.status, (await read(early)).reason]).toEqual([422, "not-begun"]);
    await wish("e", [{ counter: "a", by: 1 }]);
    await run();
    expect((await post("/aggregates/errand/e/Note", { what: "" })).status).toBe(400);
    const noted = await post("/aggregates/errand/e/Note", { what: "hm" }, { "idempotency-key": "k" });
    expect(noted.status).toBe(200);
    expect((await post("/aggregates/errand/e/Note", { what: "hm" }, { "idempotency-key": "k" })).headers.get("idempotent-replayed")).toBe(
      "true",
    );
    expect((await errand("e")).state.troubles).toEqual(["hm"]);
    expect((await types("e")).filter((type) => type === "TroubleNoted")).toHaveLength(1);
  });

  it("has timers that wake it when nothing else does", async () => {
    const { wish, run, errand, types } = errands("late");
    await wish("e", [{ counter: "a", by: 1 }], { patience: "30ms" });
    await run();
    await eventually(async () => expect((await errand("e")).state.status).toBe("late"));
    expect(await errand("e")).not.toHaveProperty("timers");
    expect(await types("e")).toEqual(["Begun", "$CommandSent", "Ended", "$Completed"]);
  });
});

describe("an instance that is complete", () => {
  it("takes its timers back, ignores later events, refuses commands, and still records the outcomes of those it had sent", async () => {
    const { wish, say, run, post, errand, types, consumer } = errands("complete");
    await wish("e", [{ counter: "a", by: 1 }]);
    await say("someone", "CalledOff", { errand: "e" });
    await say("someone", "Added", { errand: "e", job: { counter: "b", by: 1 } });
    await run();
    expect(await types("e")).toEqual(["Begun", "$CommandSent", "Ended", "$Completed"]);
    expect(await errand("e")).toMatchObject({ status: "completed", inFlight: [{ stream: "counter/a" }] });
    expect(await errand("e")).not.toHaveProperty("timers");
    await run();
    expect(await types("e")).toEqual(["Begun", "$CommandSent", "Ended", "$Completed", "$CommandAccepted"]);
    expect(await errand("e")).toMatchObject({ state: { status: "called-off", sum: 0 } });
    await run();
    const note = await post("/aggregates/errand/e/Note", { what: "late" });
    expect([note.status, (await read(note)).reason]).toEqual([422, "process-completed"]);
    expect(await consumer("errand")).toMatchObject({ status: "live", lag: 0 });
  });
});

it("an instance that version 0.1 completed in the same answer that set a timer shows no timer", async () => {
  const { wish, say, run, errand, stream } = errands("leftover");
  await wish("e", []);
  await say("someone", "CalledOff", { errand: "e" });
  await run();
  await runInDurableObject(stream("errand", "e"), (_instance, { storage }) => {
    storage.sql.exec(`INSERT INTO timers (command, due, data, command_id, correlation_id, causation_id, attempts)
      VALUES ('RunLate', 4102444800000, '{}', 'c1', 'c2', 'c3', 0)`);
  });
  expect(await errand("e")).toMatchObject({ status: "completed" });
  expect(await errand("e")).not.toHaveProperty("timers");
});

describe("correlation", () => {
  it("leads each event to its instance, in the log's order, whatever streams they are in", async () => {
    const { say, wish, run, errand } = errands("correlation");
    await wish("e", [{ counter: "a", by: 1 }]);
    for (const by of [2, 3, 4]) await say(`neighbour-${by}`, "Added", { errand: "e", job: { counter: `c${by}`, by } });
    await wish("f", [{ counter: "a", by: 10 }]);
    await run();
    await run();
    expect((await errand("e")).state).toEqual({ status: "done", open: 0, sum: 10, troubles: [] });
    expect((await errand("f")).state).toEqual({ status: "done", open: 0, sum: 10, troubles: [] });
  });

  it("may lead an event to no instance, or to one that nothing has started: then nothing happens", async () => {
    const { say, wish, run, errand, get } = errands("nobody");
    await wish("e", [{ counter: "a", by: 1 }]);
    await say("unheard", "CalledOff", { errand: "e" });
    await say("someone", "Added", { errand: "never", job: { counter: "a", by: 1 } });
    await run();
    expect((await errand("e")).state.status).toBe("running");
    expect((await get("/aggregates/errand/never")).status).toBe(404);
  });

  it("that throws leads to no instance: the event is skipped, on record, and others go on", async () => {
    const lines = vi.spyOn(console, "error").mockReturnValue();
    clumsy.correlation = true;
    const { wish, say, run, json } = errands("broken-correlation");
    await wish("e", [{ counter: "a", by: 1 }]);
    await say("someone", "Added", { errand: "f", job: { counter: "b", by: 2 } });
    await run();
    expect(await json("/consumers/errand")).toMatchObject({
      status: "live",
      attempts: 0,
      skipped: [{ message: "the correlation is broken", event: { position: 1, type: "Wished", stream: "wish/someone" } }],
    });
    expect(lines).toHaveBeenCalledWith(
      expect.objectContaining({ message: "an event was skipped: it reaches no instance", consumer: "errand", type: "Wished" }),
    );
  });

  it("that gives an impossible id skips the event in the same way", async () => {
    expectErrors(/an event was skipped: it reaches no instance/);
    const { wish, run, errand, json } = errands("no-id");
    await wish("a/b", [{ counter: "a", by: 1 }]);
    await wish("", [{ counter: "a", by: 1 }]);
    await wish("e", [{ counter: "a", by: 1 }]);
    await run();
    const { attempts, skipped } = await json("/consumers/errand");
    expect([attempts, skipped.length]).toEqual([0, 2]);
    expect(skipped[1].message).toContain('"errand" correlates Wished to the instance "a/b", but a stream id must not contain `/`');
    expect((await errand("e")).state.status).toBe("running");
  });
});

describe("an input that no instance can take", () => {
  it("is skipped, on record, if it comes after so many reactions that they must be a loop", async () => {
    expectErrors(/an event was skipped: it reaches no instance/);
    const store = errands("loop");
    const data = JSON.stringify({ errand: "e", jobs: [], patience: "1h" });
    await store.stream("wish", "someone").append({
      events: [{ type: "Wished", data, meta: JSON.stringify({ $hops: 1_000 }), schemaVersion: 1 }],
      expected: { kind: "any" },
    });
    await store.run();
    const { status, skipped } = await store.json("/consumers/errand");
    expect(status).toBe("live");
    expect(skipped[0].message).toContain('"errand" does not answer Wished');
    expect((await store.get("/aggregates/errand/e")).status).toBe(404);
  });

  it("is skipped, with a report, if its instance was deleted", async () => {
    const info = vi.spyOn(console, "info").mockReturnValue();
    const store = errands("deleted");
    await store.wish("e", [{ counter: "a", by: 1 }]);
    await store.run();
    expect((await store.send("DELETE", "/streams/errand/e")).status).toBe(200);
    await store.run();
    expect(info).toHaveBeenCalledWith(
      expect.objectContaining({ message: "an input reached a process that was deleted", consumer: "errand", stream: "errand/e" }),
    );
    await store.wish("f", [{ counter: "a", by: 1 }]);
    await store.run();
    expect((await store.errand("f")).state.status).toBe("running");
  });
});

describe("while a deployment goes out, and its worker and its objects are of two versions", () => {
  /** The errands of a store, as another version of the code has them. */
  const worked = (store: string, aggregates: readonly object[]) => {
    const process = app.processors.get("errand")!;
    const other = defineApp({ aggregates: aggregates as never, categories: [wish], processors: [errand] });
    return catchUp(processorConsumer(storeNamed(store, other), process), storeNamed(store).log, Number.POSITIVE_INFINITY);
  };
  const more = { ...counter, commands: { ...counter.commands, Add: z.object({ by: z.int() }) } };

  it("the worker waits for a process that the objects do not have yet", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    const newcomer = processManager("newcomer", {
      from: wish,
      to: counter,
      correlate: { Wished: ({ data }) => data.errand },
      events: {},
      initialState: () => ({}),
      evolve: {},
      on: { Wished: () => undefined },
    });
    const store = errands("newcomer");
    await store.wish("e", []);
    const newer = defineApp({ aggregates: [counter], categories: [wish], processors: [newcomer] });
    const consumer = processorConsumer(storeNamed(store.store, newer), newcomer);
    expect(await catchUp(consumer, storeNamed(store.store).log, Number.POSITIVE_INFINITY)).toMatchObject({
      position: 0,
      outcome: "backing-off",
    });
    const { error } = (await consumer.checkpoint.look()) ?? {};
    expect(error?.message).toBe("the code that newcomer/e runs does not know $Input, which brings Wished");
  });

  const less = { ...counter, commands: {} };
  it.each([
    ["only the instance knows is waited for", [less], "Count", false],
    ["only the worker knows, not the target, is waited for", [more], "Add", false],
    ["neither of them knows fails, and the instance hears that", [less], "Add", true],
    ["only the worker knows fails, too, if its data is invalid for the worker as well", [more], "Add", true, "one"],
  ])("a command that %s", async (_what, aggregates, command, hasFailed, by: unknown = 1) => {
    allowErrors(
      /a command was not carried out: it needs another version of the code/,
      /a consumer could not process an event and will retry/,
    );
    const store = errands("versions");
    await store.wish("e", [{ counter: "a", by: 1 }]);
    await store.run();
    // As the version that sent it has stored it.
    const data = JSON.stringify({ commandId: "c-1", aggregate: "counter", id: "a", command, data: { by } });
    await runInDurableObject(store.stream("errand", "e"), (_instance, { storage }) => {
      rewriteIn(storage, (events) => events.map((event) => (event.type === "$CommandSent" ? { ...event, data } : event)));
    });
    await changeLogged(store.logObject(), (event) => (event.type === "$CommandSent" ? { ...event, data } : event));
    await evictDurableObject(store.stream("errand", "e"));
    expect(await worked(store.store, aggregates)).toMatchObject(hasFailed ? { outcome: "caught-up" } : { outcome: "backing-off" });
    expect((await store.types("e")).includes("$CommandFailed")).toBe(hasFailed);
  });
});

describe("a handler that throws", () => {
  it("ends its instance as failed, with the cause, and the consumer goes on for all others", async () => {
    const lines = vi.spyOn(console, "error").mockReturnValue();
    const { wish, say, run, errand, types, consumer } = errands("broken-handler");
    clumsy.at = "f";
    await wish("e", [{ counter: "a", by: 1 }]);
    await wish("f", [{ counter: "a", by: 1 }]);
    await say("someone", "Added", { errand: "e", job: { counter: "c", by: 3 } });
    for (let wakes = 0; wakes < 3; wakes++) await run();
    expect(await consumer("errand")).toMatchObject({ status: "live", attempts: 0, lag: 0 });
    expect((await errand("e")).state).toMatchObject({ status: "done", sum: 4 });
    expect(await errand("f")).toMatchObject({
      status: "failed",
      failure: { reason: "handler-threw", detail: "the handler is broken", event: { type: "Wished", stream: "wish/someone", version: 2 } },
    });
    expect(lines).toHaveBeenCalledWith(
      expect.objectContaining({ message: "a process has failed: it could not process an input", stream: "errand/f", type: "Wished" }),
    );
    // What has failed stays as it is, even when the code is fixed and the event arrives again.
    clumsy.at = "";
    await say("someone", "Added", { errand: "f", job: { counter: "c", by: 3 } });
    await run();
    expect(await types("f")).toEqual(["$Failed"]);
  });

  it("ends its instance if it answers a timer, which then goes off no more", async () => {
    expectErrors(/a command failed: decide or evolve threw/, /a process has failed: it could not process its timer/);
    const { wish, run, errand, types, stream } = errands("broken-timer");
    await wish("e", [{ counter: "a", by: 1 }], { patience: "10ms" });
    clumsy.timer = true;
    await run();
    await eventually(async () => expect((await errand("e")).status).toBe("failed"));
    expect(await errand("e")).toMatchObject({ failure: { reason: "handler-threw", detail: "the timer is broken" } });
    expect(await errand("e")).not.toHaveProperty("timers");
    expect(await runDurableObjectAlarm(stream("errand", "e"))).toBe(false);
    expect((await types("e")).filter((type) => type === "$Failed")).toHaveLength(1);
  });

  it("leaves the instance as it was if it answers a command from outside: the client gets the error", async () => {
    expectErrors(/a command failed: decide or evolve threw/, /a request failed/);
    const { wish, run, post, errand } = errands("broken-command");
    await wish("e", [{ counter: "a", by: 1 }]);
    await run();
    const answer = await post("/aggregates/errand/e/Note", { what: "throw" });
    expect([answer.status, (await read(answer)).code]).toEqual([500, "command-failed"]);
    expect((await errand("e")).status).toBe("running");
  });
});

describe("an operator who skips a command that an instance has sent", () => {
  it("leaves no instance waiting: it hears that the command failed", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    vi.spyOn(console, "warn").mockReturnValue();
    const { store, wish, run, post, errand, consumer } = errands("skipped-command");
    await wish("e", [{ counter: "a", by: 1 }]);
    await run();
    const getByName = env.STREAMS.getByName.bind(env.STREAMS);
    vi.spyOn(env.STREAMS, "getByName").mockImplementation((name) => {
      if (name === `${store}/counter/a`) throw new Error("the counter is out of reach");
      return getByName(name);
    });
    await run();
    expect((await consumer("errand")).lastError).toMatchObject({ message: "the counter is out of reach", event: { type: "$CommandSent" } });
    expect((await post("/consumers/errand/skip", {})).status).toBe(200);
    expect((await errand("e")).state).toMatchObject({ status: "done", troubles: ["a: skipped"] });
    expect(await errand("e")).not.toHaveProperty("inFlight");
  });
});

describe("an operator who skips an event that no instance could take", () => {
  it("lets the process manager go on: the instance does not hear of the event", async () => {
    expectErrors(/a consumer could not process an event and will retry/);
    vi.spyOn(console, "warn").mockReturnValue();
    const { store, wish, say, run, post, errand, consumer } = errands("skipped-input");
    const getByName = env.STREAMS.getByName.bind(env.STREAMS);
    const unreachable = vi.spyOn(env.STREAMS, "getByName").mockImplementation((name) => {
      if (name === `${store}/errand/e`) throw new Error("the instance is out of reach");
      return getByName(name);
    });
    await wish("e", [{ counter: "a", by: 1 }]);
    await run();
    expect((await consumer("errand")).lastError).toMatchObject({ message: "the instance is out of reach", event: { type: "Wished" } });
    expect((await post("/consumers/errand/skip", {})).status).toBe(200);
    unreachable.mockRestore();
    await wish("f", [{ counter: "a", by: 1 }]);
    await say("someone", "CalledOff", { errand: "e" });
    for (let wakes = 0; wakes < 2; wakes++) await run();
    expect((await errand("f")).state).toMatchObject({ status: "done" });
    expect((await errand("e")).state).toMatchObject({ status: "called-off", open: 0 });
  });
});

describe("code that lacks something", () => {
  /** Sends what its `to` does not name: at a wish, or when it hears how its command went. */
  const lax = (at: "wish" | "outcome") =>
    processManager("lax", {
      from: wish,
      to: counter,
      correlate: { Wished: ({ data }) => data.errand },
      events: {},
      initialState: () => ({}),
      evolve: {},
      on: { Wished: () => (at === "wish" ? send(slip, "a", "Slip", { n: 1 }) : send(counter, "a", "Count", {})) as never },
      onAccepted: { Count: () => send(slip, "a", "Slip", { n: 1 }) as never },
      retry: { attempts: 1 },
    });
  const working = (store: string, at: "wish" | "outcome") => {
    const code = defineApp({ aggregates: [counter, slip], categories: [wish], processors: [lax(at)] }) as unknown as App;
    deploy(store, { streams: code });
    return processorConsumer(storeNamed(store, code), code.processors.get("lax")!);
  };

  it.each(["wish", "outcome"] as const)("stops the consumer at the %s, and ends no instance; an operator may skip that", async (at) => {
    allowErrors(/a consumer has failed and stopped/, /a command failed: decide or evolve threw/, /a process has failed: it could not/);
    vi.spyOn(console, "warn").mockReturnValue();
    const { store, wish, json } = errands(`lax-${at}`);
    const consumer = working(store, at);
    const run = () => catchUp(consumer, storeNamed(store).log, Number.POSITIVE_INFINITY);
    const inHistory = async () => (await json("/log?category=lax")).events.map(({ type }: RecordedEvent) => type);
    await wish("e", []);
    if (at === "outcome") expect(await run()).toMatchObject({ outcome: "caught-up" });
    expect(await run()).toMatchObject({ outcome: "resting" });
    expect((await consumer.checkpoint.look())?.error?.message).toContain(
      'process "lax" sends Slip to "slip", which its `to` does not name',
    );
    expect(await inHistory()).toEqual(at === "wish" ? [] : ["$CommandSent"]);
    expect(await control(consumer, "skip")).toMatchObject({ outcome: "done" });
    expect(await run()).toMatchObject({ outcome: "caught-up" });
    // Only an instance that waits for an outcome has something to hear.
    expect(await inHistory()).toEqual(at === "wish" ? [] : ["$CommandSent", "$CommandFailed"]);
  });
});

describe("the routes of a process manager", () => {
  it("accept no command that only the store may send", async () => {
    const { post } = errands("doors");
    for (const command of ["$Input", "$Outcome", "RunLate"]) {
      const answer = await post(`/aggregates/errand/e/${encodeURIComponent(command)}`, {});
      expect([command, answer.status, (await read(answer)).detail]).toEqual([
        command,
        404,
        `errand has no command ${command}; it has Note`,
      ]);
    }
  });

  it("accept no facts: it has rules", async () => {
    const { post } = errands("facts");
    const answer = await post("/streams/errand/e", { type: "Begun", data: { jobs: 1 } });
    expect([answer.status, (await read(answer)).code]).toEqual([409, "category-has-rules"]);
  });

  it("show its category and its consumer", async () => {
    const { json, consumer } = errands("listed");
    const { categories } = await json("/streams");
    expect(categories).toContainEqual(expect.objectContaining({ name: "errand", kind: "aggregate", origin: "code" }));
    expect(await consumer("errand")).toMatchObject({ name: "errand", kind: "processor", status: "live" });
  });
});
