/** Processors that are declared over HTTP, as consumers: once, on record, controllable, and ending by themselves. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { derivedId } from "../../../src/core/ids.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";
import { allowErrors } from "../errors.ts";

beforeEach(() => {
  allowErrors(
    /a consumer could not process an event and will retry/,
    /a consumer has failed and stopped/,
    /an event was skipped: the processor cannot process it/,
  );
  vi.spyOn(console, "info").mockReturnValue();
  vi.spyOn(console, "warn").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

/** A quiet store with the categories `orders`, by their id, and `marks`. */
async function store(name: string) {
  const quiet = quietStore(name);
  await quiet.send("PUT", "/streams/orders", { key: "id" });
  await quiet.send("PUT", "/streams/marks", {});
  return {
    ...quiet,
    declare: async (processor: string, definition: object) => {
      const answer = await quiet.send("PUT", `/processors/${processor}`, definition);
      if (answer.status > 201) throw new Error(await answer.text());
    },
    order: (id: string, data: object = {}) => quiet.post("/streams/orders", { id, ...data }),
    events: async (): Promise<RecordedEvent[]> => (await quiet.json("/log?limit=1000")).events,
    marks: async (): Promise<RecordedEvent[]> => (await quiet.json("/log?limit=1000&category=marks")).events,
    forgetCheckpoint: () => env.VIEWS.prepare(`DELETE FROM headspring_checkpoints WHERE store = ?`).bind(quiet.store).run(),
    skipped: async (processor: string) =>
      (await quiet.json(`/consumers/${processor}`)).skipped as { event: { position: number }; message: string }[],
  };
}

const MARK = { from: "orders", steps: [{ emit: { to: "marks" } }] };
const at = (position: number) => ({ event: expect.objectContaining({ position }) });

describe("what a processor emits", () => {
  it("is stored once, however often the processor runs, and in however many workers", async () => {
    const { order, declare, wake, marks, forgetCheckpoint } = await store("once");
    await declare("mark", {
      from: "orders",
      steps: [{ branch: [{ when: "data.n > 1", steps: [{ emit: { to: "marks" } }] }] }, { emit: { to: "marks" } }],
    });
    for (const [index, id] of ["a", "b", "a"].entries()) await order(id, { n: index });
    await Promise.all([wake("mark"), wake("mark"), wake("mark")]);
    const before = await marks();
    expect(before).toHaveLength(4);
    for (let crash = 0; crash < 2; crash++) {
      await forgetCheckpoint();
      await wake("mark");
    }
    expect(await marks()).toEqual(before);
  });

  it("continues the conversation, names its cause and its lineage, and keeps the event's time", async () => {
    const { post, declare, wake, marks } = await store("meta");
    await declare("mark", MARK);
    const time = "2026-11-27T01:02:03.456789+01:00";
    const { events } = await read(
      await post("/streams/orders/a", { type: "Placed", data: { id: "a" }, time }, { "correlation-id": "conversation" }),
    );
    await wake("mark");
    expect(await marks()).toMatchObject([
      {
        id: derivedId("mark", "orders/a", events[0].id, "steps.0"),
        meta: { correlationId: "conversation", causationId: events[0].id, $processor: "mark", $hops: 1, $lineage: ["mark"] },
        time,
      },
    ]);
  });

  it("is all of it, in its order, even if it is too much for one batch", async () => {
    const { declare, order, wake, marks, consumer } = await store("large");
    await declare("mark", { from: "orders", steps: Array.from({ length: 18 }, () => ({ emit: { to: "marks", id: "'all'" } })) });
    for (const id of ["a", "b", "c"]) await order(id, { text: "x".repeat(120_000) });
    await wake("mark");
    expect(await consumer("mark")).toMatchObject({ status: "live", lag: 0, processed: 3 });
    const ids = (await marks()).map(({ data }) => (data as { id: string }).id);
    expect(ids).toEqual(["a", "b", "c"].flatMap((id) => Array.from({ length: 18 }, () => id)));
  });

  it("is dropped when its stream has ended; the processor goes on", async () => {
    const { order, declare, wake, send, marks, post, consumer } = await store("ended");
    await declare("mark", { from: "orders", steps: [{ emit: { to: "marks", id: "data.id" } }] });
    await post("/streams/marks/a", { type: "Noted", data: {} });
    await send("DELETE", "/streams/marks/a");
    for (const id of ["a", "b"]) await order(id);
    await wake("mark");
    expect((await marks()).map(({ stream }) => stream)).toEqual(["marks/a", "marks/a", "marks/b"]);
    expect(await consumer("mark")).toMatchObject({ status: "live", lag: 0 });
  });
});

describe("an event that cannot be processed", () => {
  const FRAGILE = { from: "orders", steps: [{ set: { half: "data.n / 2" } }, { emit: { to: "marks" } }] };

  it("stops the processor at once, on record; once the event is skipped or the definition fixed, it goes on", async () => {
    const { order, declare, wake, consumer, marks, post, skipped } = await store("stop");
    await declare("half", FRAGILE);
    for (const n of [2, "two", 4, "four"]) await order("a", { n });
    await wake("half");
    const failed = {
      status: "failed",
      position: 1,
      attempts: 1,
      lastError: { message: expect.stringContaining("steps.0.set.half: "), ...at(2) },
    };
    expect(await consumer("half")).toMatchObject(failed);
    expect((await post("/consumers/half/skip", {})).status).toBe(200);
    await wake("half");
    expect(await skipped("half")).toMatchObject([at(2)]);
    expect(await consumer("half")).toMatchObject({ status: "failed", lastError: at(4) });

    await declare("half", { ...FRAGILE, steps: [{ filter: "data.n != 'four'" }, ...FRAGILE.steps] });
    expect((await post("/consumers/half/retry", {})).status).toBe(200);
    await wake("half");
    expect(await consumer("half")).toMatchObject({ status: "live" });
    expect((await marks()).map(({ data }) => (data as { half: number }).half)).toEqual([1, 2]);
  });

  it("is skipped, on record, where the definition asks for that", async () => {
    const { order, declare, wake, consumer, marks, skipped } = await store("skip");
    await declare("half", { ...FRAGILE, onError: "skip" });
    for (const n of ["one", 2, "three", 4, "five"]) await order("a", { n });
    await wake("half");
    expect(await consumer("half")).toMatchObject({ status: "live", lag: 0, processed: 5 });
    expect((await marks()).map(({ data }) => (data as { half: number }).half)).toEqual([1, 2]);
    expect(await skipped("half")).toMatchObject([at(5), at(3), at(1)]);
  });

  it("that was skipped for a deleted definition is not skipped for the next one of its name, whichever kind that is", async () => {
    const { order, declare, wake, consumer, marks, post, send, skipped, json } = await store("reborn");
    const copies = { from: "orders", steps: [{ join: { with: "orders", by: "data.id", as: "latest" } }, ...FRAGILE.steps] };
    const skip = async () => {
      await wake("half");
      expect(await consumer("half")).toMatchObject({ status: "failed", lastError: at(1) });
      expect((await post("/consumers/half/skip", {})).status).toBe(200);
      await wake("half");
      expect(await skipped("half")).toMatchObject([at(1)]);
    };
    const gone = async (kind: string) => expect((await send("DELETE", `/${kind}/half`)).status).toBe(204);
    await order("a", { n: "one" });
    await declare("half", FRAGILE);
    await skip();
    await gone("processors");

    // A processor, with copies of what it joins.
    await declare("half", copies);
    await skip();
    await gone("processors");

    // A view: what it folds wrongly, it has to say.
    const folds = { from: "orders", columns: { half: { type: "number", init: 0, fold: "acc + data.n / 2" } } };
    expect((await send("PUT", "/views/half", folds)).status).toBe(201);
    await skip();
    await gone("views");

    await declare("half", { from: "orders", steps: [{ filter: "data.n == 'one'" }, { emit: { to: "marks" } }] });
    await wake("half");
    expect(await consumer("half")).toMatchObject({ status: "live", processed: 1 });
    expect((await json("/consumers/half")).skipped).toBeUndefined();
    expect(await marks()).toHaveLength(1);
  });

  it("may be one whose emission the category refuses; the reason is shown", async () => {
    const { order, declare, wake, consumer, send } = await store("misfit");
    const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    await send("PUT", "/streams/strict", { schema });
    await declare("copy", { from: "orders", steps: [{ emit: { to: "strict" } }] });
    await order("a", { n: "no" });
    await wake("copy");
    expect(await consumer("copy")).toMatchObject({
      status: "failed",
      lastError: { message: expect.stringContaining("the data does not fit StrictRecorded of strict: n: ") },
    });
  });

  it("may be one whose category has been retired since", async () => {
    const { order, declare, wake, consumer, send, json } = await store("retired");
    await declare("mark", MARK);
    await order("a");
    expect((await json("/processors/mark")).retired).toBeUndefined();
    await send("DELETE", "/streams/marks");
    // Before any event fails, the list shows what cannot work any more.
    expect(await json("/processors/mark")).toMatchObject({ retired: ["marks"] });
    await wake("mark");
    expect(await consumer("mark")).toMatchObject({
      status: "failed",
      lastError: { message: expect.stringContaining("the category marks takes no events any more") },
    });
  });

  it("is not assumed when the platform is at fault: the event is tried again", async () => {
    const { order, declare, wake, consumer, marks, store: name } = await store("transient");
    await declare("mark", { ...MARK, onError: "skip" });
    await order("a");
    const getByName = env.STREAMS.getByName.bind(env.STREAMS);
    const spy = vi.spyOn(env.STREAMS, "getByName").mockImplementation((stream) => {
      if (stream.includes("/marks/")) throw new Error("Network connection lost.");
      return getByName(stream);
    });
    await wake("mark");
    spy.mockRestore();
    expect(await consumer("mark")).toMatchObject({ status: "catching-up", attempts: 1 });
    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(name).run();
    await wake("mark");
    expect(await marks()).toHaveLength(1);
  });
});

describe("as a consumer, a processor", () => {
  it("can be paused, resumed and reset; a reset stores nothing twice", async () => {
    const { order, declare, wake, consumer, marks, post } = await store("control");
    await declare("mark", MARK);
    await order("a");
    await wake("mark");
    expect((await post("/consumers/mark/pause", {})).status).toBe(200);
    await order("b");
    await wake("mark");
    expect([(await marks()).length, (await consumer("mark")).status]).toEqual([1, "paused"]);
    await post("/consumers/mark/resume", {});
    await wake("mark");
    expect(await marks()).toHaveLength(2);
    expect(await read(await post("/consumers/mark/reset?dryRun=true", {}))).toMatchObject({ consumer: "mark", from: 0, events: 2 });
    expect((await read(await post("/consumers/mark/reset", {}))).warning).toContain("reacts to these events again");
    await wake("mark");
    expect(await marks()).toHaveLength(2);
  });

  it("is shown with what it follows and emits, and its definition", async () => {
    const { declare, json, store: name } = await store("shown");
    await declare("mark", { description: "marks orders", ...MARK });
    const shown = { name: "mark", kind: "rules", origin: "api", description: "marks orders", emits: [{ category: "marks" }] };
    expect(await json("/processors/mark")).toMatchObject({ ...shown, definition: MARK, status: "live", position: 0 });
    expect((await json("/processors")).processors).toContainEqual(expect.objectContaining(shown));
    expect((await json("/app")).processors).toContainEqual(
      expect.objectContaining({ ...shown, follows: [expect.objectContaining({ category: "orders" })] }),
    );
    expect(name).toBeTruthy();
  });

  it("that is declared again after its deletion starts over, and stores nothing twice", async () => {
    const { order, declare, wake, marks, send, consumer } = await store("again");
    await declare("mark", MARK);
    await order("a");
    await wake("mark");
    expect((await send("DELETE", "/processors/mark")).status).toBe(204);
    expect((await wake("mark"), await marks()).length).toBe(1);
    await declare("mark", MARK);
    expect(await consumer("mark")).toMatchObject({ position: 0 });
    await wake("mark");
    expect(await marks()).toHaveLength(1);
    expect(await consumer("mark")).toMatchObject({ status: "live", processed: 1 });
  });
});

describe("a processor does not answer what it has led to:", () => {
  const check = {
    from: "orders",
    steps: [{ filter: "!has(data.status)" }, { set: { status: "'confirmed'" } }, { emit: { to: "orders" } }],
  };
  const types = (events: readonly RecordedEvent[]) => events.map(({ stream, meta }) => [stream, meta.$lineage]);

  it("orders → check → orders ends", async () => {
    const { order, declare, wake, events } = await store("self");
    await declare("check", { ...check, steps: check.steps.slice(1) });
    await order("a");
    for (let round = 0; round < 4; round++) await wake("check");
    expect(types(await events())).toEqual([
      ["orders/a", undefined],
      ["orders/a", ["check"]],
    ]);
  });

  it("two that feed each other end", async () => {
    const { order, declare, wake, events } = await store("each-other");
    await declare("there", { from: "orders", steps: [{ emit: { to: "marks", id: "'m'" } }] });
    await declare("back", { from: "marks", steps: [{ emit: { to: "orders", id: "'a'" } }] });
    await order("a");
    for (let round = 0; round < 4; round++) await wake("there", "back");
    expect(types(await events())).toEqual([
      ["orders/a", undefined],
      ["marks/m", ["there"]],
      ["orders/a", ["there", "back"]],
    ]);
  });

  it("and its lineage survives what code does in between: commands, reactors and effects", async () => {
    const { read: measure, declare, wake, events } = await store("code");
    // relay, in code, answers readings above a hundred with a command and an alarm.
    await declare("again", {
      from: ["alarm", "counter"],
      types: ["Raised", "Counted"],
      steps: [{ emit: { to: "reading", type: "'Read'", id: "'again'", data: { value: "101" } } }],
    });
    await measure("first", 101);
    for (let round = 0; round < 5; round++) await wake("relay", "again");
    expect((await events()).map(({ type, meta }) => [type, meta.$lineage])).toEqual([
      ["Read", undefined],
      ["Counted", undefined],
      ["Raised", undefined],
      ["Read", ["again"]],
      ["Read", ["again"]],
      ["Counted", ["again"]],
      ["Raised", ["again"]],
      ["Counted", ["again"]],
      ["Raised", ["again"]],
    ]);
  });

  it("and no client can write a lineage", async () => {
    const { post } = await store("forged");
    const answer = await post("/streams/orders/a", { type: "Placed", data: { id: "a" }, meta: { $lineage: ["check"] } });
    expect([answer.status, JSON.stringify(await answer.json())]).toEqual([
      400,
      expect.stringContaining("$lineage is recorded by the store"),
    ]);
  });
});
