// oxlint-disable vitest/expect-expect -- the kit's sentences are the assertions
/** Sagas in memory at their edges: sagas within sagas, signals that come early, and functions that throw. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { complete, event, parallel, saga, send, start, startSaga, step } from "../../../src/index.ts";
import { EVENT_DATA_BYTES } from "../../../src/core/limits.ts";
import { CodeMistake } from "../../../src/core/mistake.ts";
import { SAGA_STEPS } from "../../../src/definitions/limits.ts";
import type { SagaState } from "../../../src/definitions/processors/saga-state.ts";
import { accepted, given, on, refused, timeout, told } from "../../../src/testing/index.ts";
import { Instance } from "../../../src/testing/process.ts";
import { move, purse, tour, type trip, word } from "../../workers/sagas.ts";

const visit = (stop: string) => send(purse, stop, "Put", { amount: 5, why: "visit" });
const visited = (stop: string) => accepted(visit(stop), event("Put", { amount: 5, why: "visit" }));
const freeze = send(purse, "home", "Freeze", {});
const begin = (how: string, stops = ["a"]) => told("Start", { stops, how });
const stateOf = (instance: Instance) => instance.state.own as SagaState;
const stepOf = (instance: Instance, name: string) => stateOf(instance).steps.find((one) => one.name === name);

/** An instance that has taken these inputs. */
function after(of: typeof tour | typeof trip, ...inputs: Parameters<Instance["take"]>[0][]): Instance {
  const instance = new Instance(of);
  for (const input of inputs) instance.take(input);
  return instance;
}

/** What a step has sent last to start a saga. */
function childOf(instance: Instance) {
  const { aggregate, id, command, data } = instance.state.inFlight.at(-1)!;
  return { kind: "send", aggregate, id, command, data } as ReturnType<typeof start>;
}

/** The end of the saga `move/{id}`, as its stream says it to its parent. */
const ends = (id: string, parent: object, failure?: { step: string; reason: string }) =>
  on(`move/${id}`, failure ? event("SagaFailed", { ...failure, parent }) : event("SagaCompleted", { parent }));

describe("a step that another saga undoes", () => {
  const undoing = () => {
    const instance = after(tour, begin("fails"), visited("a"), refused(send(purse, "empty", "Take", { amount: 5 }), "not-enough"));
    return { instance, child: childOf(instance) };
  };
  const parent = { saga: "tour", id: "1", step: "visit a", undo: true };

  it("is undone when that saga is completed, not when it begins", () => {
    const { instance, child } = undoing();
    expect(child).toMatchObject({ aggregate: "move", id: "1-back-a", command: "$Start", data: { parent } });
    instance.take(accepted(child));
    expect(stepOf(instance, "visit a")).toMatchObject({ status: "undo-in-progress" });
    instance.take(ends("1-back-a", parent));
    expect(stepOf(instance, "visit a")).toMatchObject({ status: "undone", undoAttempts: 1 });
    expect(stateOf(instance)).toMatchObject({ status: "failed", failure: { step: "last", reason: "not-enough" } });
  });

  it("is undone by a separate saga in each attempt, and an earlier one's end does not count for a later one", () => {
    const { instance, child } = undoing();
    instance.take(accepted(child));
    const failure = { step: "take a", reason: "not-enough" };
    instance.take(ends("1-back-a", parent, failure));
    expect(stepOf(instance, "visit a")).toMatchObject({ status: "undo-retry-awaiting", reason: "take a: not-enough" });
    instance.take(timeout("$Wake"));
    const again = childOf(instance);
    expect(again.id).toBe("1-back-a~2");
    instance.take(accepted(again));
    expect(instance.take(ends("1-back-a", parent)).parts).toEqual([]);
    instance.take(ends("1-back-a~2", parent, failure));
    expect(stateOf(instance)).toMatchObject({ status: "failed" });
    expect(stepOf(instance, "visit a")).toMatchObject({ status: "undo-failed", undoAttempts: 2 });
  });
});

describe("a step that starts another saga", () => {
  const parent = { saga: "tour", id: "1", step: "last" };
  const failure = { step: "take till", reason: "not-enough" };
  const starting = (how: string) => {
    const instance = after(tour, begin(how), visited("a"));
    const child = childOf(instance);
    instance.take(accepted(child));
    return instance;
  };

  it("is tried again by its `retry` when that saga fails, with a new saga", () => {
    const instance = starting("child, again");
    instance.take(ends("1-last", parent, failure));
    expect(stepOf(instance, "last")).toMatchObject({ status: "retry-awaiting", reason: "take till: not-enough" });
    instance.take(timeout("$Wake"));
    const again = childOf(instance);
    expect(again.id).toBe("1-last~2");
    instance.take(accepted(again));
    instance.take(ends("1-last", parent, failure));
    expect(stepOf(instance, "last")).toMatchObject({ status: "waiting", attempts: 2 });
    instance.take(ends("1-last~2", parent));
    expect(stateOf(instance).status).toBe("completed");
  });

  it("fails at once without `retry`, and when a saga of that id belongs to another starter", () => {
    const instance = starting("child");
    instance.take(ends("1-last", parent, failure));
    expect(stateOf(instance)).toMatchObject({ status: "in-failure", failure: { step: "last", reason: "take till: not-enough" } });
    const taken = after(tour, begin("child, again"), visited("a"));
    taken.take(refused(childOf(taken), "saga-already-started"));
    expect(stepOf(taken, "last")).toMatchObject({ status: "failed", reason: "saga-already-started" });
  });

  it("waits for that saga no longer than its `waits`", () => {
    const instance = starting("child, soon");
    expect(stepOf(instance, "last")?.until).toBeDefined();
    instance.take(timeout("$Wake"));
    expect(stepOf(instance, "last")).toMatchObject({ status: "undo-bypassed" });
    expect(stateOf(instance).failure).toEqual({ step: "last", reason: "timed-out" });
    // What was to be done in time is not done, whenever that saga ends after all.
    for (const late of [ends("1-last", parent), ends("1-last", parent, failure)]) expect(instance.take(late).parts).toEqual([]);
    expect(stepOf(instance, "last")?.status).toBe("undo-bypassed");
  });

  it("ignores the end of a saga that names another step as the one that started it", () => {
    const instance = starting("child");
    for (const step of ["nothing", "__proto__", "visit a"]) expect(instance.take(ends("1-x", { ...parent, step })).parts).toEqual([]);
    expect(stepOf(instance, "last")?.status).toBe("waiting");
  });

  it("stops the consumer instead of ending the saga, when the definition does not name that saga: the code lacks something", () => {
    const careless = saga("careless", {
      input: z.object({ stop: z.string() }),
      from: word,
      on: { Agreed: ({ data }) => startSaga(data.move, { stop: data.by }) },
      steps: ({ stop }) => step("go", { action: () => start(move, "m", { from: [stop], to: "home", amount: 5 }) }),
    });
    const message = 'saga "careless" starts saga "move", which its `sagas` does not name';
    expect(() => new Instance(careless).take(on("word/x", event("Agreed", { move: "1", by: "a" })))).toThrow(new CodeMistake(message));
    expect(() => new Instance(careless).take(told("Start", { stop: "a" }))).toThrow(new CodeMistake(message));
  });
});

describe("an event that ends a step before the step waits", () => {
  const agreed = (by: string) => on("word/x", event("Agreed", { move: "1", by }));
  const disagreed = on("word/x", event("Disagreed", { move: "1" }));

  it("is kept until the step waits, whichever earlier step is running", () => {
    given(tour, begin("waits"), agreed("early"), visited("a"))
      .when(accepted(freeze))
      .then(
        event("StepWaiting", { step: "last", version: 1, until: "2026-01-01T01:00:00.000Z" }),
        event("StepCompleted", { step: "last", result: { by: "early" } }),
        event("SagaCompleted", {}),
        complete(),
      );
    given(tour, begin("waits"), visited("a"))
      .when(disagreed)
      .then(event("StepSignalled", { step: "last", reason: "no" }));
    const no = after(tour, begin("waits"), visited("a"), disagreed);
    no.take(accepted(freeze));
    expect(stateOf(no).failure).toEqual({ step: "last", reason: "no" });
  });

  it("is not replaced by another one, and is no longer shown once it has counted", () => {
    const instance = after(tour, begin("waits"), agreed("first"), agreed("second"), disagreed, visited("a"), accepted(freeze));
    expect(stepOf(instance, "last")).toEqual({
      name: "last",
      after: ["visit a"],
      status: "completed",
      attempts: 1,
      undoAttempts: 0,
      version: 1,
      result: { by: "first" },
    });
  });

  it("is not kept for a step that does not wait, nor when the saga is already failing", () => {
    given(tour, begin("")).when(agreed("early")).thenNothing();
    const undo = begin("fails");
    given(tour, undo, visited("a"), refused(send(purse, "empty", "Take", { amount: 5 }), "not-enough"))
      .when(agreed("late"))
      .thenNothing();
  });

  it("fails the step if its result is too long to keep; then the step is undone, as if it had waited already: its work is done", () => {
    const much = on("word/x", event("Agreed", { move: "1", by: "x".repeat(EVENT_DATA_BYTES - 100) }));
    const failure = { step: "last", reason: "result-threw", detail: expect.stringContaining("bytes") as string };
    for (const inputs of [
      [visited("a"), accepted(freeze), much],
      [much, visited("a"), accepted(freeze)],
    ]) {
      const instance = after(tour, begin("waits"), ...inputs);
      expect(stateOf(instance).failure).toMatchObject(failure);
      expect(stepOf(instance, "last")?.status).toBe("undo-bypassed");
      expect(stepOf(instance, "visit a")?.status).toBe("undo-in-progress");
    }
  });
});

describe("a function of a step that throws", () => {
  it("fails its step, when it is `action`, and what was done is undone", () => {
    const instance = after(tour, begin("no action"), visited("a"));
    expect(stateOf(instance).failure).toEqual({ step: "last", reason: "action-threw", detail: "there is no action for this" });
    expect(stepOf(instance, "visit a")?.status).toBe("undo-in-progress");
    given(tour)
      .when(begin("no action", []))
      .then(
        event("SagaStarted", { input: { stops: [], how: "no action" }, steps: [{ name: "last", after: [] }] }),
        event("StepFailed", { step: "last", reason: "action-threw", detail: "there is no action for this" }),
        event("SagaFailed", { step: "last", reason: "action-threw", detail: "there is no action for this" }),
        complete(),
      );
  });

  it("fails its step, when it is `result`, and the step is undone: its command was carried out", () => {
    const instance = after(tour, begin("no result"), visited("a"));
    expect(stateOf(instance).failure).toEqual({ step: "visit a", reason: "result-threw", detail: "there is no result of this" });
    expect(childOf(instance)).toMatchObject({ aggregate: "move", id: "1-back-a" });
  });

  it("leaves its step as it is, when it is `undo`, and is reported", () => {
    const instance = after(
      tour,
      begin("no undo", ["a", "b"]),
      visited("a"),
      visited("b"),
      refused(send(purse, "empty", "Take", { amount: 5 }), "not-enough"),
    );
    expect(stateOf(instance)).toMatchObject({ status: "failed", failure: { step: "last", reason: "not-enough" } });
    expect(stateOf(instance).steps.map(({ status }) => status)).toEqual(["undo-failed", "undo-failed", "failed"]);
  });

  it("includes one that returns more than an event can hold", () => {
    const long = saga("long", {
      input: z.object({ much: z.string() }),
      steps: ({ much }) => step("a", { action: () => send(purse, much, "Freeze", {}), result: () => much }),
    });
    const text = "ü".repeat(EVENT_DATA_BYTES / 2);
    const sends = new Instance(long);
    sends.take(told("Start", { much: text.slice(0, EVENT_DATA_BYTES / 2 - 100) }));
    expect(stateOf(sends).failure).toMatchObject({ step: "a", reason: "action-threw", detail: expect.stringContaining("bytes") });
  });

  it("starts none of the steps after it: what was not begun need not be undone", () => {
    const beside = saga("beside", {
      input: z.object({ first: z.boolean() }),
      steps: ({ first }) => {
        const broken = step("broken", {
          action: () => {
            throw new Error("there is no action for this");
          },
        });
        const fine = step("fine", { action: () => visit("a"), undo: () => send(purse, "a", "Take", { amount: 5 }) });
        return first ? parallel(broken, fine) : parallel(fine, broken);
      },
    });
    const [first, second] = [true, false].map((one) => {
      const instance = new Instance(beside);
      instance.take(told("Start", { first: one }));
      return instance;
    });
    expect([stateOf(first!).status, stepOf(first!, "fine")?.status]).toEqual(["failed", "pending"]);
    expect([stateOf(second!).status, stepOf(second!, "fine")?.status]).toEqual(["failure-pending", "in-progress"]);
  });
});

describe("an input that makes no plan", () => {
  const wanted = (stops: readonly string[], how = "") => on("word/x", event("TourWanted", { tour: "1", stops, how }));

  it("is refused where a client waits for the answer", () => {
    for (const stops of [["a", "a"], Array.from({ length: SAGA_STEPS }, (_, n) => String(n))])
      given(tour).when(told("Start", { stops })).thenRefused("invalid-plan");
    const impatient = saga("impatient", {
      input: z.object({ waits: z.string() }),
      steps: ({ waits }) => step("a", { action: () => freeze, waits: waits as "1h" }),
    });
    given(impatient)
      .when(told("Start", { waits: "soon" }))
      .thenRefused("invalid-plan");
  });

  it.each([
    [["a", "a"], "", { reason: "invalid-plan", detail: 'two steps of the saga are named "visit a"' }],
    [["a"], "no plan", { reason: "steps-threw", detail: "there is no plan for this" }],
    [["a"], "no stops", { reason: "invalid-input", detail: expect.stringContaining("expected array") }],
  ])("ends a saga that an event has started, with the cause: %j %s", (stops, how, failure) => {
    const instance = after(tour, wanted(stops, how));
    expect(stateOf(instance)).toMatchObject({ status: "failed", failure, steps: [] });
    expect(instance.state.completed).toBe(true);
    expect(instance.take(wanted(["a"])).parts).toEqual([]);
  });
});

describe("an event's input that is not a JSON object, or too long to keep", () => {
  it.each([7, "text", null, [1], undefined, { much: "x".repeat(EVENT_DATA_BYTES) }])(
    "ends the saga as failed, without the input: %s",
    (input) => {
      const strict = saga("strict", {
        input: z.strictObject({ n: z.int() }),
        from: word,
        on: { Agreed: ({ data }) => startSaga(data.move, input as never) },
        steps: () => step("a", { action: () => freeze }),
      });
      const instance = new Instance(strict);
      instance.take(on("word/x", event("Agreed", { move: "1", by: "a" })));
      expect(stateOf(instance)).toMatchObject({ status: "failed", input: {}, failure: { reason: "invalid-input" } });
    },
  );
});

describe("a saga that ends by a failure outside of its steps", () => {
  it("names the steps that are left as they are, also for the saga that started it", () => {
    const parent = { saga: "tour", id: "t", step: "last" };
    const instance = new Instance(move);
    const process = instance as unknown as { take(input: object): void };
    process.take({ kind: "command", command: "$Start", data: { input: { from: ["a"], to: "b", amount: 5 }, parent } });
    process.take({ kind: "command", command: "$Fail", data: { reason: "handler-threw", detail: "why" } });
    expect(instance.state).toMatchObject({ completed: true, failure: { reason: "handler-threw", detail: "why" } });
    expect(stateOf(instance)).toMatchObject({ status: "failed", failure: { reason: "handler-threw", detail: "why" }, parent });
    expect(stateOf(instance).failure).not.toHaveProperty("step");
    const ended = instance.state;
    process.take({ kind: "command", command: "$Fail", data: { reason: "handler-threw", detail: "another" } });
    expect(instance.state).toEqual(ended);
  });
});
