/** Sagas on real streams. The scenarios of Simple Sagas, each under its name, and what ours can beyond them. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { IMPATIENT, read } from "../support.ts";
import { expectErrors } from "../errors.ts";
import { eventsIn, rewriteIn } from "../streams/stored.ts";

afterEach(() => vi.restoreAllMocks());

function sagas(name: string) {
  const store = quietStore(name);
  const { post, json, wake } = store;
  const saga = (id: string, name = "move") => json(`/sagas/${name}/${id}`);
  return {
    ...store,
    saga,
    fill: async (purses: Record<string, number>) => {
      for (const [owner, amount] of Object.entries(purses))
        expect((await post(`/aggregates/purse/${owner}/Put`, { amount })).status).toBe(200);
    },
    move: (id: string, input: object) => post(`/sagas/move/${id}`, { amount: 5, to: "shop", ...input }, IMPATIENT),
    tour: (id: string, input: object) => post(`/sagas/tour/${id}`, { stops: ["a"], ...input }, IMPATIENT),
    trip: (id: string, input: object = {}) => post(`/sagas/trip/${id}`, { payer: "payer", price: 4, ...input }, IMPATIENT),
    /** Lets the sagas go on until nothing happens any more. */
    run: async () => {
      for (let head = -1; ;) {
        await wake("move", "trip", "tour");
        const now = (await json("/log/head")).head;
        if (now === head) return;
        head = now;
      }
    },
    step: async (saga: string, name: string, of = "move") =>
      (await json(`/sagas/${of}/${saga}`)).steps.find((one: { name: string }) => one.name === name),
    amountOf: async (owner: string) => (await json(`/aggregates/purse/${owner}`)).state?.amount ?? 0,
    types: async (stream: string): Promise<string[]> =>
      (await json(`/streams/${stream}?limit=1000`)).events.map(({ type }: RecordedEvent) => type),
    events: async (stream: string): Promise<RecordedEvent[]> => (await json(`/streams/${stream}?limit=1000`)).events,
  };
}

/** An object that cannot be reached, as long as the spy is there. */
function outOfReach(object: string) {
  const getByName = env.STREAMS.getByName.bind(env.STREAMS);
  expectErrors(/a consumer could not process an event and will retry/);
  return vi.spyOn(env.STREAMS, "getByName").mockImplementation((name) => {
    if (name === object) throw new Error("out of reach");
    return getByName(name);
  });
}

const statuses = (saga: { steps: { name: string; status: string }[] }) =>
  Object.fromEntries(saga.steps.map(({ name, status }) => [name, status]));

describe("the scenarios of Simple Sagas", () => {
  it("success: each action in its turn, and then the saga is completed", async () => {
    const { fill, move, run, saga, amountOf, types } = sagas("success");
    await fill({ a: 10, b: 10 });
    expect((await move("m", { from: ["a", "b"] })).status).toBe(202);
    expect(statuses(await saga("m"))).toEqual({ "take a": "in-progress", "take b": "pending", put: "pending" });
    await run();
    expect(await saga("m")).toMatchObject({ saga: "move", id: "m", status: "completed" });
    expect(statuses(await saga("m"))).toEqual({ "take a": "completed", "take b": "completed", put: "completed" });
    expect([await amountOf("a"), await amountOf("b"), await amountOf("shop")]).toEqual([5, 5, 10]);
    const taken = ["$CommandSent", "$CommandAccepted", "StepCompleted"];
    expect(await types("move/m")).toEqual(["SagaStarted", ...taken, ...taken, ...taken, "SagaCompleted", "$Completed"]);
  });

  it("short circuit: when the first action fails, no other is carried out, and the saga has failed", async () => {
    const { fill, move, run, saga, amountOf } = sagas("short");
    await fill({ a: 1, b: 10 });
    await move("m", { from: ["a", "b"] });
    await run();
    expect(await saga("m")).toMatchObject({ status: "failed", failure: { step: "take a", reason: "not-enough" } });
    expect(statuses(await saga("m"))).toEqual({ "take a": "failed", "take b": "pending", put: "pending" });
    expect([await amountOf("a"), await amountOf("b")]).toEqual([1, 10]);
  });

  it("retry: an action that fails is tried again after its delay, as often as its policy says", async () => {
    const { fill, move, run, wake, saga, step, amountOf, events } = sagas("retry");
    await fill({ a: 1 });
    await move("m", { from: ["a"], attempts: 2 });
    await wake("move");
    expect((await events("move/m")).at(3)).toMatchObject({
      type: "StepRetryAwaiting",
      data: { step: "take a", reason: "not-enough", until: expect.any(String) },
    });
    await fill({ a: 9 });
    await eventually(async () => expect(await step("m", "take a")).toMatchObject({ status: "in-progress", attempts: 2 }));
    await run();
    expect(await saga("m")).toMatchObject({ status: "completed" });
    expect(await amountOf("a")).toBe(5);
  });

  it("retry: when its attempts are used up, the saga fails", async () => {
    const { move, run, saga, step } = sagas("used-up");
    await move("m", { from: ["a"], attempts: 3 });
    await eventually(async () => {
      await run();
      expect((await saga("m")).status).toBe("failed");
    });
    expect(await step("m", "take a")).toMatchObject({ status: "failed", attempts: 3 });
  });

  it("bypassed undo: an action without an undo is skipped", async () => {
    const { fill, move, run, saga, amountOf } = sagas("bypassed");
    await fill({ a: 10, b: 10 });
    await move("m", { from: ["a", "b"], undo: "nothing", unknown: true });
    await run();
    expect(statuses(await saga("m"))).toEqual({ "take a": "undo-bypassed", "take b": "undo-bypassed", put: "failed" });
    expect((await saga("m")).status).toBe("failed");
    expect(await amountOf("a")).toBe(5);
  });

  it("undo: what was done is undone, in the reverse order", async () => {
    const { fill, move, run, wake, saga, amountOf, log } = sagas("undo");
    await fill({ a: 10, b: 10 });
    await move("m", { from: ["a", "b", "c"] });
    await wake("move");
    await wake("move");
    await wake("move");
    expect(await saga("m")).toMatchObject({ status: "in-failure" });
    expect(statuses(await saga("m"))).toMatchObject({ "take a": "completed", "take b": "undo-in-progress", "take c": "failed" });
    await run();
    expect(await saga("m")).toMatchObject({ status: "failed", failure: { step: "take c", reason: "not-enough" } });
    expect(statuses(await saga("m"))).toEqual({ "take a": "undone", "take b": "undone", "take c": "failed", put: "pending" });
    expect([await amountOf("a"), await amountOf("b")]).toEqual([10, 10]);
    const purses = (await log()).filter(({ stream }) => stream.startsWith("purse/")).slice(2);
    expect(purses.map(({ stream, type }) => `${stream} ${type}`)).toEqual(["purse/a Taken", "purse/b Taken", "purse/b Put", "purse/a Put"]);
  });

  it("retried undo: an undo that fails is tried again as well; one that fails for good is reported, and the others go on", async () => {
    const { fill, move, run, wake, post, saga, step, amountOf, types } = sagas("retried");
    await fill({ a: 10, b: 10 });
    await move("m", { from: ["a", "b", "c"], attempts: 2 });
    await eventually(async () => {
      await wake("move");
      expect(await types("purse/b")).toContain("Taken");
    });
    await post("/aggregates/purse/b/Freeze", {});
    await eventually(async () => {
      await wake("move");
      expect(await types("move/m")).toContain("StepUndoRetryAwaiting");
    });
    await post("/aggregates/purse/b/Thaw", {});
    await eventually(async () => {
      await run();
      expect((await saga("m")).status).toBe("failed");
    });
    expect(await step("m", "take b")).toMatchObject({ status: "undone", undoAttempts: 2 });
    expect([await amountOf("a"), await amountOf("b")]).toEqual([10, 10]);

    await move("n", { from: ["a", "c"], attempts: 1, undo: "fails" });
    await run();
    expect(await saga("n")).toMatchObject({ status: "failed", failure: { step: "take c", reason: "not-enough" }, undoFailed: ["take a"] });
    expect(await step("n", "take a")).toMatchObject({ status: "undo-failed", reason: "invalid-command" });
  });

  it("parallel success: actions of one level begin together, and the next level when all are done", async () => {
    const { fill, move, run, saga, amountOf } = sagas("parallel");
    await fill({ a: 10, b: 10, c: 10 });
    await move("m", { from: ["a", "b", "c"], atOnce: true });
    expect(statuses(await saga("m"))).toEqual({
      "take a": "in-progress",
      "take b": "in-progress",
      "take c": "in-progress",
      put: "pending",
    });
    await run();
    expect((await saga("m")).status).toBe("completed");
    expect([await amountOf("a"), await amountOf("c"), await amountOf("shop")]).toEqual([5, 5, 15]);
  });

  it("failure in parallel: those that were done are undone, the one that failed is not", async () => {
    const { fill, move, run, saga, amountOf } = sagas("parallel-failure");
    await fill({ a: 10, b: 1, c: 10 });
    await move("m", { from: ["a", "b", "c"], atOnce: true });
    await run();
    expect(statuses(await saga("m"))).toEqual({ "take a": "undone", "take b": "failed", "take c": "undone", put: "pending" });
    expect([await amountOf("a"), await amountOf("b"), await amountOf("c")]).toEqual([10, 1, 10]);
  });

  it("wait before undo: nothing is undone while a step at the same time is still in flight", async () => {
    const { store, post, fill, move, wake, run, saga, amountOf, types } = sagas("wait");
    await fill({ a: 10, b: 1, c: 10 });
    await move("m", { from: ["a", "b", "c"], atOnce: true });
    const outage = outOfReach(`${store}/purse/c`);
    await wake("move");
    await wake("move");
    expect(statuses(await saga("m"))).toEqual({ "take a": "completed", "take b": "failed", "take c": "in-progress", put: "pending" });
    expect(await saga("m")).toMatchObject({ status: "failure-pending" });
    expect(await amountOf("a")).toBe(5);
    outage.mockRestore();
    expect((await post(`/consumers/move/retry`, {})).status).toBe(200);
    await run();
    expect(await saga("m")).toMatchObject({ status: "failed" });
    expect(statuses(await saga("m"))).toEqual({ "take a": "undone", "take b": "failed", "take c": "undone", put: "pending" });
    const ends = (await types("move/m")).filter((type) => type.startsWith("Step"));
    expect(ends).toEqual(["StepCompleted", "StepFailed", "StepCompleted", "StepUndone", "StepUndone"]);
  });

  it("dynamic undo: the undo is made from the action's outcome", async () => {
    const { fill, move, run, events } = sagas("dynamic");
    await fill({ a: 10 });
    await move("m", { from: ["a", "b"], undo: "receipt" });
    await run();
    const [, taken, put] = await events("purse/a");
    expect(taken?.data).toEqual({ amount: 5, receipt: "receipt-2" });
    expect(put?.data).toEqual({ amount: 5, why: "receipt-2" });
  });

  it("unknown action: a command with an unknown target fails, and the saga is undone", async () => {
    const { fill, move, run, saga, step, amountOf } = sagas("unknown");
    await fill({ a: 10 });
    await move("m", { from: ["a"], unknown: true });
    await run();
    expect(await step("m", "put")).toMatchObject({ status: "failed", reason: "unknown-aggregate" });
    expect(await saga("m")).toMatchObject({ status: "failed" });
    expect(await amountOf("a")).toBe(10);
  });

  it("foreign write detected by sequence: an action that expects a version fails when another client has written", async () => {
    const { fill, move, run, saga, step, amountOf } = sagas("sequence");
    await fill({ a: 10, shop: 1 });
    await move("m", { from: ["a"], expects: 1 });
    await fill({ shop: 1 });
    await run();
    expect(await step("m", "put")).toMatchObject({ status: "failed", reason: "version-conflict" });
    expect((await saga("m")).status).toBe("failed");
    expect(await amountOf("a")).toBe(10);

    await move("n", { from: ["a"], expects: 2 });
    await run();
    expect((await saga("n")).status).toBe("completed");
  });
});

describe("a saga is started", () => {
  it("by an event, once", async () => {
    const { fill, post, run, saga, amountOf } = sagas("event");
    await fill({ a: 10 });
    const wanted = { type: "MoveWanted", data: { move: "m", from: ["a"], to: "shop", amount: 2 } };
    await post("/streams/word/w", wanted);
    await post("/streams/word/w", wanted);
    await run();
    expect((await saga("m")).status).toBe("completed");
    expect(await amountOf("a")).toBe(8);
  });

  it("by a step of another saga, and its completion is the step's", async () => {
    const { fill, post, run, saga, step, amountOf, trip } = sagas("sub");
    await fill({ payer: 10 });
    await trip("t");
    await run();
    expect(await step("t", "agreement", "trip")).toMatchObject({ status: "waiting", until: expect.any(String) });
    await post("/streams/word/w", { type: "Agreed", data: { move: "t", by: "hotel" } });
    await run();
    expect(await saga("t-payment")).toMatchObject({ status: "completed", parent: { saga: "trip", id: "t", step: "payment" } });
    expect(await saga("t", "trip")).toMatchObject({ status: "completed" });
    expect([await amountOf("payer"), await amountOf("hotel")]).toEqual([6, 4]);
  });

  it("by a step of another saga, and its failure is the step's", async () => {
    const { post, run, saga, types, trip } = sagas("sub-failure");
    await trip("t");
    await run();
    await post("/streams/word/w", { type: "Agreed", data: { move: "t", by: "hotel" } });
    await run();
    expect(await saga("t", "trip")).toMatchObject({ status: "failed", failure: { step: "payment", reason: "take payer: not-enough" } });
    expect(statuses(await saga("t", "trip"))).toEqual({ agreement: "undone", payment: "failed" });
    expect(await types("purse/lock-t")).toEqual(["Frozen", "Thawed"]);
  });

  it("through other routes by the command Start only, and by none of the store's own commands", async () => {
    const { post } = sagas("doors");
    expect((await post("/aggregates/trip/t/Start", { payer: "a", price: 1 })).status).toBe(200);
    for (const command of ["$Start", "$Wake", "$Input", "$Outcome"]) {
      expect((await post(`/aggregates/trip/t/${encodeURIComponent(command)}`, {})).status).toBe(404);
    }
  });
});

describe("a step that waits", () => {
  it("fails at the event that is declared for that, and is not undone: there is nothing to take back", async () => {
    const { post, run, saga, types, trip } = sagas("disagreed");
    await trip("t");
    await run();
    await post("/streams/word/w", { type: "Disagreed", data: { move: "t" } });
    await run();
    expect(await saga("t", "trip")).toMatchObject({ status: "failed", failure: { step: "agreement", reason: "no-agreement" } });
    expect(await types("purse/lock-t")).toEqual(["Frozen"]);
  });

  it("times out, and is undone, because it may still take effect; an outcome that arrives too late is ignored", async () => {
    const { post, run, saga, types, trip } = sagas("timeout");
    await trip("t", { patience: "30ms" });
    await run();
    await eventually(async () => expect((await types("trip/t")).includes("StepTimedOut")).toBe(true));
    await run();
    expect(await saga("t", "trip")).toMatchObject({ status: "failed", failure: { step: "agreement", reason: "timed-out" } });
    expect(statuses(await saga("t", "trip"))).toEqual({ agreement: "undone", payment: "pending" });
    expect(await types("purse/lock-t")).toEqual(["Frozen", "Thawed"]);
    const before = await types("trip/t");
    await post("/streams/word/w", { type: "Agreed", data: { move: "t", by: "hotel" } });
    await run();
    expect(await types("trip/t")).toEqual(before);
  });
});

describe("a saga that is deleted before its end", () => {
  it("is deleted by force only: the refusal lists what would stay as it is", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { fill, move, wake, send, saga, get } = sagas("deleted");
    await fill({ a: 10 });
    await move("m", { from: ["a", "b"] });
    await wake("move");
    for (const query of ["", "?erase=true", "?force=false"]) {
      const refused = await send("DELETE", `/streams/move/m${query}`);
      expect([refused.status, await read(refused)]).toMatchObject([409, { code: "saga-in-progress", steps: ["take a", "take b"] }]);
    }
    expect((await saga("m")).status).toBe("in-progress");
    expect((await send("DELETE", "/streams/move/m?force=true")).status).toBe(200);
    expect((await get("/sagas/move/m")).status).toBe(410);
    expect((await send("DELETE", "/streams/move/m?erase=true")).status).toBe(200);
  });

  it("is deleted without force when its state cannot be read: what must be erased is erased", async () => {
    const { fill, move, wake, send, get, stream } = sagas("unreadable");
    await fill({ a: 10 });
    await move("m", { from: ["a"] });
    await wake("move");
    const stub = stream("move", "m") as DurableObjectStub;
    // As newer code would have stored them.
    await runInDurableObject(stub, (_instance, { storage }) => {
      rewriteIn(storage, (events) => events.map((event) => ({ ...event, schemaVersion: 9 })));
    });
    await evictDurableObject(stub);
    expect((await get("/sagas/move/m")).status).toBe(503);
    expect((await send("DELETE", "/streams/move/m?erase=true")).status).toBe(200);
    expect((await get("/streams/move/m")).status).toBe(410);
    const kept = await runInDurableObject(stub, (_instance, { storage }) => eventsIn(storage));
    expect(kept.slice(0, -1).map(({ data, erased }) => [data, erased])).toEqual(kept.slice(1).map(() => ["{}", true]));
  });

  it("is deleted like any stream once it has ended", async () => {
    const { fill, move, run, send } = sagas("deleted-later");
    await fill({ a: 10 });
    await move("m", { from: ["a"] });
    await run();
    expect((await send("DELETE", "/streams/move/m?erase=true")).status).toBe(200);
  });

  it.each(["?force=true", "?force=true&erase=true"])("makes the step that started it fail: %s", async (query) => {
    vi.spyOn(console, "warn").mockReturnValue();
    vi.spyOn(console, "info").mockReturnValue();
    const { tour, wake, run, send, saga, json } = sagas("deleted-child");
    await tour("t", { stops: [], how: "child" });
    await wake("tour");
    expect((await json("/sagas/move/t-last")).status).toBe("in-progress");
    expect((await send("DELETE", `/streams/move/t-last${query}`)).status).toBe(200);
    await run();
    expect(await saga("t", "tour")).toMatchObject({ status: "failed", failure: { step: "last", reason: "saga-deleted" } });
  });

  it("counts as completed for the saga that started it, even if it was erased before that saga heard of it", async () => {
    const { fill, tour, wake, run, send, saga, json } = sagas("erased-child");
    await fill({ till: 10 });
    await tour("t", { stops: [], how: "child" });
    await wake("tour");
    while ((await json("/sagas/move/t-last")).status !== "completed") await wake("move");
    expect((await send("DELETE", "/streams/move/t-last?erase=true")).status).toBe(200);
    await run();
    expect((await saga("t", "tour")).status).toBe("completed");
  });
});

describe("an input that makes a saga throw", () => {
  it("ends that saga as failed, with the cause, and stops no other", async () => {
    const { post, run, saga, consumer } = sagas("inputs");
    const wanted = (tour: string, stops: readonly string[], how = "") =>
      post("/streams/word/w", { type: "TourWanted", data: { tour, stops, how } });
    await wanted("twice", ["a", "a"]);
    await wanted("threw", ["a"], "no plan");
    await wanted("misfit", ["a"], "no stops");
    await wanted("action", ["a"], "no action");
    await wanted("fine", ["a"]);
    await run();
    expect(await saga("twice", "tour")).toMatchObject({
      status: "failed",
      failure: { reason: "invalid-plan", detail: 'two steps of the saga are named "visit a"' },
      input: { stops: ["a", "a"] },
    });
    expect((await saga("threw", "tour")).failure).toMatchObject({ reason: "steps-threw", detail: "there is no plan for this" });
    expect((await saga("misfit", "tour")).failure).toMatchObject({ reason: "invalid-input" });
    expect((await saga("action", "tour")).failure).toMatchObject({ step: "last", reason: "action-threw" });
    expect((await saga("fine", "tour")).status).toBe("completed");
    const { attempts, lastError } = await consumer("tour");
    expect([attempts, lastError]).toEqual([0, undefined]);
  });

  it("is refused where a client waits for the answer, and stores nothing", async () => {
    const { tour, log } = sagas("refused-input");
    const answer = await tour("t", { stops: ["a", "a"] });
    expect([answer.status, await read(answer)]).toMatchObject([
      422,
      { code: "command-refused", reason: "invalid-plan", details: { message: 'two steps of the saga are named "visit a"' } },
    ]);
    expect(await log()).toEqual([]);
  });
});

describe("a step that another saga undoes", () => {
  it("is undone when that saga has done it", async () => {
    const { tour, run, saga, amountOf } = sagas("undone-by-saga");
    await tour("t", { stops: ["a", "b"], how: "fails" });
    await run();
    expect(statuses(await saga("t", "tour"))).toEqual({ "visit a": "undone", "visit b": "undone", last: "failed" });
    expect([await amountOf("a"), await amountOf("b"), await amountOf("home")]).toEqual([0, 0, 10]);
    expect(await saga("t-back-a")).toMatchObject({ status: "completed", parent: { saga: "tour", id: "t", step: "visit a", undo: true } });
  });
});
