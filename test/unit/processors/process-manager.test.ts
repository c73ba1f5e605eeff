// oxlint-disable vitest/expect-expect -- the kit's sentences are the assertions
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { after, at, cancel, complete, event, nothing, processManager, send, streamIdOf } from "../../../src/index.ts";
import { OUTCOME } from "../../../src/definitions/processors/process-events.ts";
import type { ProcessState } from "../../../src/definitions/processors/process-fold.ts";
import { accepted, failed, given, on, refused, timeout, told } from "../../../src/testing/index.ts";
import { counter } from "../../workers/counter.ts";
import { errand, wish } from "../../workers/errand.ts";

const count = (id: string, by: number) => send(counter, id, "Count", { by });
const wished = (...jobs: { counter: string; by: number }[]) => on("wish/someone", event("Wished", { errand: "e", jobs, patience: "2s" }));
const added = on("wish/someone", event("Added", { errand: "e", job: { counter: "b", by: 2 } }));

describe("the test kit for process managers", () => {
  it("checks what an event leads to: own events, commands, timers", () => {
    given(errand)
      .when(wished({ counter: "a", by: 1 }))
      .then(event("Begun", { jobs: 1 }), count("a", 1), after("2s", "RunLate", {}));
  });

  it("can check the commands only", () => {
    given(errand)
      .when(wished({ counter: "a", by: 1 }, { counter: "b", by: 2 }))
      .thenSends(count("a", 1), count("b", 2));
    given(errand, wished({ counter: "a", by: 1 }))
      .when(added)
      .thenSends(count("b", 2));
  });

  it("brings outcomes back, with the events' content", () => {
    given(errand, wished({ counter: "a", by: 1 }))
      .when(accepted(count("a", 1), event("Counted", { by: 1, total: 7 })))
      .then(event("JobDone", { by: 1 }), event("Ended", { how: "done" }), complete());
    given(errand, wished({ counter: "a", by: 1 }), added)
      .when(refused(count("b", 2), "too-much"))
      .then(event("TroubleNoted", { what: "b: too-much 2" }));
    given(errand, wished({ counter: "a", by: 1 }), added)
      .when(failed(count("b", 2), "stream-deleted"))
      .then(event("TroubleNoted", { what: "b: stream-deleted" }));
  });

  it("lets timers go off, and commands arrive", () => {
    given(errand, wished({ counter: "a", by: 1 }))
      .when(timeout("RunLate"))
      .then(event("Ended", { how: "late" }), complete());
    given(errand)
      .when(told("Note", { what: "early" }))
      .thenRefused("not-begun");
    given(errand, wished({ counter: "a", by: 1 }))
      .when(told("Note", { what: "hm" }))
      .then(event("JobAdded", {}), event("TroubleNoted", { what: "hm" }));
  });

  it("ignores everything in a completed instance, and expects nothing of an event that leads to no instance", () => {
    const over = [wished({ counter: "a", by: 1 }), accepted(count("a", 1), event("Counted", { by: 1, total: 1 }))] as const;
    given(errand, ...over)
      .when(added)
      .thenNothing();
    given(errand, ...over)
      .when(told("Note", { what: "late" }))
      .thenRefused("process-completed");
    expect(given(errand, ...over).when(added).completed).toBe(true);
    given(errand)
      .when(on("wish/unheard", event("CalledOff", { errand: "e" })))
      .thenNothing();
    given(errand).when(added).thenNothing();
  });

  it("shows the state", () => {
    expect(given(errand, wished({ counter: "a", by: 1 })).when(added).state).toEqual({ status: "running", open: 2, sum: 0, troubles: [] });
  });

  it("shows what differs, and above that what was given and done", () => {
    expect(() =>
      given(errand)
        .when(wished({ counter: "a", by: 1 }))
        .thenSends(count("a", 2)),
    ).toThrow("errand: given nothing, when Wished on wish/someone");
    expect(() => given(errand).when(wished()).thenNothing()).toThrow("Begun");
  });

  it("refuses impossible inputs: outcomes of commands that were not sent, timers that were not set, data that do not fit", () => {
    expect(() => given(errand).when(accepted(count("a", 1)))).toThrow("errand waits for no accepted Count for counter/a");
    expect(() => given(errand, wished({ counter: "a", by: 2 })).when(accepted(count("a", 1)))).toThrow("waits for no");
    expect(() => given(errand).when(timeout("RunLate"))).toThrow('errand has set no timer "RunLate"');
    expect(() => given(errand, wished(), on("wish/x", event("CalledOff", { errand: "e" }))).when(timeout("RunLate"))).toThrow(
      "set no timer",
    );
    expect(() => given(errand).when(told("Note", { what: "" }))).toThrow("does not fit");
  });
});

describe("a process manager", () => {
  const base = {
    from: wish,
    to: counter,
    correlate: { CalledOff: ({ stream }: { stream: string }) => streamIdOf(stream) },
    events: { Begun: z.object({}) },
    initialState: () => ({ begun: 0 }),
    evolve: { Begun: (state: { begun: number }) => ({ begun: state.begun + 1 }) },
    on: { CalledOff: () => nothing() },
  };

  it("cannot be declared with names that no route can carry, that are the store's own, or that mean two things", () => {
    expect(() => processManager("no name", base)).toThrow('process manager "no name" is not a valid name');
    expect(() => processManager("x", { ...base, events: { $Own: z.object({}) }, evolve: { $Own: (state) => state } })).toThrow("$Own");
    expect(() =>
      processManager("x", {
        ...base,
        commands: { Both: z.object({}) },
        decide: { Both: () => nothing() },
        timeouts: { Both: z.object({}) },
        onTimeout: { Both: () => nothing() },
      }),
    ).toThrow('"Both" is a command and a timeout');
    expect(() => processManager("x", { ...base, correlate: { Gone: () => "1" } as never, on: { Gone: () => nothing() } as never })).toThrow(
      'handles "Gone", which none of the categories that it follows has',
    );
  });

  it("does not send to a target that it does not name, even if a cast lets that through", () => {
    const wayward = processManager("wayward", {
      ...base,
      on: { CalledOff: () => send({ ...counter, name: "other" }, "1", "Count", {}) as never },
    });
    expect(() => given(wayward).when(on("wish/1", event("CalledOff", { errand: "e" })))).toThrow(
      '"wayward" sends Count to "other", which its `to` does not name',
    );
  });

  it("does not store an event that only the store may store", () => {
    const forger = processManager("forger", { ...base, on: { CalledOff: () => event("$Completed", {}) as never } });
    expect(() => given(forger).when(on("wish/1", event("CalledOff", { errand: "e" })))).toThrow("$Completed");
  });

  it("hears an outcome once, even if the receipt of the first time is gone", () => {
    const manager = processManager("once", {
      ...base,
      on: { CalledOff: () => count("a", 1) },
      onAccepted: { Count: () => event("Begun", {}) },
    });
    const outcome = { outcome: "accepted", commandId: "k", version: 1, events: [] };
    const sent = { commandId: "k", aggregate: "counter", id: "a", command: "Count", data: { by: 1 } };
    const context = { now: new Date(0), id: "1", version: 1, commandId: "c", meta: { correlationId: "c", causationId: "c" } };
    const tell = (state: ProcessState) => manager.decide[OUTCOME]?.(state, outcome, context);
    expect(tell({ own: { begun: 0 }, inFlight: [sent], completed: false })).toHaveLength(2);
    expect(tell({ own: { begun: 1 }, inFlight: [], completed: false })).toEqual([]);
  });

  it("has timers by key, also at a given time, and none once it is complete", () => {
    const manager = processManager("keys", {
      ...base,
      on: {
        CalledOff: () => [
          after("1s", "Late", { n: 1 }, { key: "a" }),
          at("2026-01-01T00:00:02Z", "Late", { n: 2 }, { key: "b" }),
          after("1h", "Last", {}),
        ],
      },
      timeouts: { Late: z.object({ n: z.number() }), Last: z.object({}) },
      onTimeout: {
        Late: (_state, { n }) =>
          n === 1 ? [event("Begun", {}), cancel("Late", { key: "b" })] : [complete(), after("1s", "Late", { n: 3 })],
        Last: () => nothing(),
      },
    });
    const calledOff = on("wish/1", event("CalledOff", { errand: "e" }));
    given(manager, calledOff)
      .when(timeout("Late", { key: "a" }))
      .then(event("Begun", {}), cancel("Late", { key: "b" }));
    expect(() => given(manager, calledOff, timeout("Late", { key: "a" })).when(timeout("Late", { key: "b" }))).toThrow(
      'has set no timer "Late (b)" (Last)',
    );
    given(manager, calledOff)
      .when(timeout("Late", { key: "b" }))
      .then(complete());
    expect(() => given(manager, calledOff, timeout("Late", { key: "b" })).when(timeout("Last"))).toThrow("has set no timer");
    // Three seconds after two have gone by.
    given(manager, calledOff, timeout("Late", { key: "b" }))
      .when(calledOff)
      .thenNothing();
  });

  it("takes timers back one by one, too", () => {
    const manager = processManager("timers", {
      ...base,
      on: { CalledOff: (state) => (state.begun === 0 ? [event("Begun", {}), after("1s", "Late", { n: 1 })] : cancel("Late")) },
      timeouts: { Late: z.object({ n: z.number() }) },
      onTimeout: { Late: () => complete() },
    });
    const calledOff = on("wish/1", event("CalledOff", { errand: "e" }));
    given(manager, calledOff).when(calledOff).then(cancel("Late"));
    expect(() => given(manager, calledOff, calledOff).when(timeout("Late"))).toThrow("set no timer");
  });
});
