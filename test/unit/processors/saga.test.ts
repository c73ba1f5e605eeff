// oxlint-disable vitest/expect-expect -- the kit's sentences are the assertions
/** Sagas in memory, step by step; and the laws of every plan of steps, whatever the outcomes of its steps. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { SendAction } from "../../../src/core/sending.ts";
import { complete, event, parallel, saga, send, series, start, step } from "../../../src/index.ts";
import { SAGA_STEPS } from "../../../src/definitions/limits.ts";
import { Run } from "../../../src/definitions/processors/saga-run.ts";
import { EVOLVE, type SagaState } from "../../../src/definitions/processors/saga-state.ts";
import { INPUT } from "../../../src/definitions/processors/process-events.ts";
import { type Plan, placed } from "../../../src/definitions/processors/saga-steps.ts";
import type { AnyAggregate } from "../../../src/definitions/aggregate.ts";
import { decide } from "../../../src/streams/decide.ts";
import { accepted, failed, given, on, refused, timeout, told } from "../../../src/testing/index.ts";
import { Instance } from "../../../src/testing/process.ts";
import { move, purse, trip } from "../../workers/sagas.ts";

const take = (owner: string) => send(purse, owner, "Take", { amount: 5 });
const back = (owner: string) => send(purse, owner, "Put", { amount: 5, why: "undo" });
const CONTEXT = { now: new Date(0), id: "1", version: 0, commandId: "c", meta: { correlationId: "c", causationId: "c" } };
const begun = told("Start", { from: ["a", "b"], to: "shop", amount: 5 });
const taken = (owner: string) => accepted(take(owner), event("Taken", { amount: 5, receipt: "r" }));

describe("a saga in memory", () => {
  it("goes from step to step", () => {
    given(move).when(begun).thenSends(take("a"));
    given(move, begun)
      .when(taken("a"))
      .then(event("StepCompleted", { step: "take a", version: 1, result: "r" }), take("b"));
    given(move, begun, taken("a"), taken("b"))
      .when(accepted(send(purse, "shop", "Put", { amount: 10, why: "move" })))
      .then(event("StepCompleted", { step: "put", version: 1 }), event("SagaCompleted", {}), complete());
  });

  it("goes back when a step is refused", () => {
    given(move, begun, taken("a"))
      .when(refused(take("b"), "not-enough"))
      .then(event("StepFailed", { step: "take b", reason: "not-enough" }), back("a"));
    const end = given(move, begun, taken("a"), refused(take("b"), "not-enough")).when(accepted(back("a")));
    end.then(event("StepUndone", { step: "take a" }), event("SagaFailed", { step: "take b", reason: "not-enough" }), complete());
    expect(end.state).toMatchObject({ status: "failed" });
  });

  it("waits before it undoes, for steps that are in flight at the same time", () => {
    const atOnce = told("Start", { from: ["a", "b", "c"], to: "shop", amount: 5, atOnce: true });
    const waits = given(move, atOnce, taken("a")).when(failed(take("b"), "command-failed"));
    waits.then(event("StepFailed", { step: "take b", reason: "command-failed" }));
    expect(waits.state).toMatchObject({ status: "failure-pending" });
    const goes = given(move, atOnce, taken("a"), failed(take("b"), "command-failed")).when(taken("c"));
    goes.thenSends(back("c"), back("a"));
    expect(goes.state).toMatchObject({ status: "in-failure" });
  });

  it("tries again when its timer goes off, but not when it is already failing", () => {
    const patient = told("Start", { from: ["a", "b"], to: "shop", amount: 5, atOnce: true, attempts: 2 });
    given(move, patient, refused(take("a"), "frozen"))
      .when(timeout("$Wake"))
      .thenSends(take("a"));
    given(move, patient, refused(take("a"), "frozen"), refused(take("b"), "frozen"), timeout("$Wake"), refused(take("a"), "frozen"))
      .when(refused(take("b"), "frozen"))
      .then(
        event("StepFailed", { step: "take b", reason: "frozen" }),
        event("SagaFailed", { step: "take a", reason: "frozen" }),
        complete(),
      );
  });

  it("refuses a second start, and an input that is not its own", () => {
    given(move, begun)
      .when(told("Start", { from: [], to: "shop", amount: 1 }))
      .thenRefused("saga-already-started");
    expect(() => given(move).when(told("Start", { from: [], to: "shop", amount: -1 }))).toThrow("amount");
    expect(() => given(move).when(told("Stop" as "Start", {}))).toThrow('move has no command "Stop"');
  });

  it("ends at once when it has no steps, and skips steps that cannot be undone", () => {
    const none = saga("none", { input: z.object({}), steps: () => parallel() });
    given(none)
      .when(told("Start", {}))
      .then(event("SagaStarted", { input: {}, steps: [] }), event("SagaCompleted", {}), complete());
    const stubborn = saga("stubborn", {
      input: z.object({}),
      steps: () => series(step("a", { action: () => take("a") }), step("b", { action: () => take("b") })),
    });
    given(stubborn, told("Start", {}), taken("a"))
      .when(refused(take("b"), "frozen"))
      .then(
        event("StepFailed", { step: "b", reason: "frozen" }),
        event("StepUndoBypassed", { step: "a" }),
        event("SagaFailed", { step: "b", reason: "frozen" }),
        complete(),
      );
  });

  it("stops, rather than doing something else, when the code no longer has the step that it is at", () => {
    const plans = { current: series(step("a", { action: () => take("a") }), step("b", { action: () => take("b") })) };
    const changing = saga("changing", { input: z.object({}), steps: () => plans.current });
    const instance = new Instance(changing);
    instance.take(told("Start", {}));
    plans.current = step("a", { action: () => take("a") }) as never;
    expect(() => instance.take(taken("a"))).toThrow('saga "changing" has no step "b" any more');
  });

  it("gives up an attempt that was planned when another step fails for good in the meantime", () => {
    const uneven = saga("uneven", {
      input: z.object({}),
      steps: () =>
        parallel(
          step("a", { action: () => take("a"), retry: { attempts: 3, delay: "1m", backoff: "constant" } }),
          step("b", { action: () => take("b") }),
        ),
    });
    given(uneven, told("Start", {}), refused(take("a"), "frozen"))
      .when(refused(take("b"), "not-enough"))
      .then(
        event("StepFailed", { step: "b", reason: "not-enough" }),
        event("StepFailed", { step: "a", reason: "frozen" }),
        event("SagaFailed", { step: "b", reason: "not-enough" }),
        complete(),
      );
  });

  it("ignores messages from before it has started, and those that it no longer waits for", () => {
    const agreed = on("word/x", event("Agreed", { move: "1", by: "hotel" }));
    given(trip).when(agreed).thenNothing();
    const trips = [told("Start", { payer: "a", price: 5 }), accepted(send(purse, "lock-1", "Freeze", {})), agreed] as const;
    given(trip, ...trips)
      .when(on("word/x", event("Disagreed", { move: "1" })))
      .thenNothing();
  });

  it("ignores events and outcomes that only another version of its code understands", () => {
    const started = new Instance(trip);
    started.take(told("Start", { payer: "a", price: 5 }));
    const { state } = started;
    const unknown = { type: "Rumoured", stream: "word/x", data: {} } as never;
    expect(decide(trip as unknown as AnyAggregate, INPUT, state, { event: unknown }, CONTEXT)).toMatchObject({
      kind: "events",
      events: [],
    });
    const sent = { commandId: "c", aggregate: "purse", id: "1", command: "Thaw", data: {}, label: "celebration" };
    const run = new Run({ name: "trip", steps: new Map(), sagas: new Set() }, state.own as SagaState, CONTEXT);
    run.outcome(sent, { outcome: "accepted", commandId: "c", version: 1, events: [] });
    expect(run.parts).toEqual([]);
    expect(EVOLVE.$CommandSent?.(state.own as SagaState, {})).toEqual(state.own);
  });

  it("knows the version that one of its steps has brought a target to, but not that of another saga's step", () => {
    const first = step("first", { action: () => take("a") });
    const stranger = step("stranger", { action: () => take("b") });
    const careful = saga("careful", {
      input: z.object({ stray: z.boolean() }),
      steps: ({ stray }) =>
        series(
          first,
          step("second", {
            action: (done) => send(purse, "b", "Put", { amount: stray ? done.version(stranger) : done.version(first) }),
            expects: "exists",
          }),
        ),
    });
    given(careful, told("Start", { stray: false }))
      .when(accepted(take("a"), event("Taken", { amount: 5, receipt: "r" })))
      .thenSends(send(purse, "b", "Put", { amount: 1 }));
    const strays = new Instance(careful);
    strays.take(told("Start", { stray: true }));
    expect(() => strays.take(accepted(take("a")))).toThrow('saga "careful" has no step "stranger"');
  });

  it("has no more steps than a saga may have, and starts only sagas that it names", () => {
    const long = saga("long", {
      input: z.object({ steps: z.int() }),
      steps: ({ steps }) => series(...Array.from({ length: steps }, (_, n) => step(`s${n}`, { action: () => take("a") }))),
    });
    given(long)
      .when(told("Start", { steps: SAGA_STEPS }))
      .thenSends(take("a"));
    given(long)
      .when(told("Start", { steps: SAGA_STEPS + 1 }))
      .thenRefused("invalid-plan");
    const secret = saga("secret", {
      input: z.object({}),
      steps: () => step("begin", { action: () => start(move, "1", { from: ["a"], to: "b", amount: 1 }) }),
    });
    expect(() => given(secret).when(told("Start", {}))).toThrow('saga "secret" starts saga "move", which its `sagas` does not name');
  });

  it("has steps with different names", () => {
    const one = step("one", { action: () => take("a") });
    expect(() => placed(series(one, parallel(one)))).toThrow('two steps of the saga are named "one"');
    expect(() => step("undo:one", { action: () => take("a") })).toThrow("is not a valid name for a step");
    expect(() => step("", { action: () => take("a") })).toThrow("is not a valid name for a step");
  });
});

/** Plans of up to a dozen steps, some of which cannot be undone. */
const plans = fc.letrec<{ plan: Shape }>((tie) => ({
  plan: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({
      kind: fc.constant("step" as const),
      undo: fc.boolean(),
      fate: fc.constantFrom("fine", "fine", "fine", "refused", "undo fails"),
    }),
    fc.record({ kind: fc.constantFrom("series" as const, "parallel" as const), parts: fc.array(tie("plan"), { maxLength: 4 }) }),
  ),
})).plan;
type Fate = "fine" | "refused" | "undo fails";
type Shape =
  | { readonly kind: "step"; readonly undo: boolean; readonly fate: string }
  | { readonly kind: "series" | "parallel"; readonly parts: readonly Shape[] };

const doing = (name: string): SendAction => send(purse, name, "Freeze", {});
const undoing = (name: string): SendAction => send(purse, name, "Thaw", {});

function planOf(shape: Shape, fates: Map<string, { fate: Fate; undo: boolean }>): Plan {
  if (shape.kind !== "step") {
    const parts = shape.parts.map((part) => planOf(part, fates));
    return shape.kind === "series" ? series(...parts) : parallel(...parts);
  }
  const name = `s${fates.size}`;
  fates.set(name, { fate: shape.fate as Fate, undo: shape.undo });
  return step(name, { action: () => doing(name), ...(shape.undo ? { undo: () => undoing(name) } : {}) });
}

describe("whatever the plan, and whatever the outcomes of its steps, in any order,", () => {
  it("a saga ends: all is done in the plan's order, or everything that can be undone is undone, in the reverse order", () => {
    fc.assert(
      fc.property(plans, fc.infiniteStream(fc.nat()), (shape, choices) => {
        const fates = new Map<string, { fate: Fate; undo: boolean }>();
        const plan = planOf(shape, fates);
        const after = new Map(placed(plan).map((one) => [one.step.name, one.after]));
        const instance = new Instance(saga("any", { input: z.object({}), steps: () => plan }));
        instance.take(told("Start", {}));
        const done: string[] = [];
        const undone: string[] = [];
        for (const choice of choices) {
          const { inFlight } = instance.state;
          const sent = inFlight[choice % Math.max(1, inFlight.length)];
          if (!sent) break;
          const { fate } = fates.get(sent.id)!;
          const action = sent.command === "Freeze" ? doing(sent.id) : undoing(sent.id);
          if (sent.command === "Freeze") {
            // Nothing begins before all that it comes after is done, and nothing once something has failed.
            for (const earlier of after.get(sent.id) ?? []) expect(done).toContain(earlier);
            if (fate !== "refused") done.push(sent.id);
            instance.take(fate === "refused" ? refused(action, "no") : accepted(action));
          } else {
            expect(inFlight.every(({ command }) => command === "Thaw")).toBe(true);
            const laterDone = done.filter((name) => after.get(name)?.includes(sent.id) && fates.get(name)?.undo);
            for (const later of laterDone) expect(undone).toContain(later);
            undone.push(sent.id);
            instance.take(fate === "undo fails" ? refused(action, "no") : accepted(action));
          }
        }
        const { status, steps } = instance.state.own as SagaState;
        expect(instance.state.completed).toBe(true);
        expect(status).toBe(
          [...fates.values()].some(({ fate }) => fate === "refused") && steps.some((one) => one.status === "failed")
            ? "failed"
            : "completed",
        );
        if (status === "completed") expect(done.toSorted()).toEqual([...fates.keys()].toSorted());
        else expect(undone.toSorted()).toEqual(done.filter((name) => fates.get(name)?.undo).toSorted());
      }),
      { numRuns: 300 },
    );
  });
});
