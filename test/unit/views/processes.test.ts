/** What a view of processes makes of their events, one by one. */

import { describe, expect, it } from "vitest";
import { processesView } from "../../../src/index.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { touchesOf } from "../../../src/rows/fold.ts";
import { handlerOf } from "../../../src/definitions/views/view.ts";
import type { StoredRow } from "../../../src/definitions/views/handler.ts";
import { checkout } from "../../../src/shop/checkout.ts";
import { errand } from "../../workers/errand.ts";
import { tour } from "../../workers/sagas.ts";

const processes = processesView("processes", [checkout, tour, errand]);
const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000Z`;

/** The row after these events of one instance, one a second. */
function rowAfter(stream: string, ...events: [type: string, data?: object][]) {
  let row: StoredRow | null | undefined;
  for (const [index, [type, data = {}]] of events.entries()) {
    const event: RecordedEvent = {
      id: "e",
      stream,
      version: index + 1,
      position: index + 1,
      type,
      data,
      meta: {},
      time: "",
      recordedAt: at(index),
      schemaVersion: 1,
    };
    const handler = handlerOf(processes, type);
    expect(handler?.at(event), type).toEqual([stream]);
    row = handler?.fold(row ?? undefined, event, stream);
  }
  if (row) expect(processes.row.safeParse(row).error?.issues).toBeUndefined();
  return row;
}

const started: [string, object] = ["SagaStarted", { input: {}, steps: [] }];
const sent = (label: string, commandId = label, more: object = {}): [string, object] => [
  "$CommandSent",
  { commandId, aggregate: "product", id: "tea", command: "ReserveStock", data: {}, label, ...more },
];
const accepted = (commandId: string): [string, object] => ["$CommandAccepted", { commandId, version: 1, events: [] }];

describe("an instance's row", () => {
  it("begins with the instance's first event, and names the commands whose outcome is not known", () => {
    const command = { what: "command", stream: "product/tea", command: "ReserveStock" };
    expect(rowAfter("checkout/1", started, sent("a"), sent("b"))).toEqual({
      id: "checkout/1",
      process: "checkout",
      status: "running",
      started: at(0),
      since: at(2),
      step: "a",
      waitingFor: [
        { ...command, step: "a", commandId: "a" },
        { ...command, step: "b", commandId: "b" },
      ],
    });
    expect(rowAfter("checkout/1", started, sent("a"), accepted("a"), ["StepCompleted", { step: "a" }])).toEqual({
      id: "checkout/1",
      process: "checkout",
      status: "running",
      started: at(0),
      since: at(3),
      waitingFor: [],
    });
    for (const type of ["$CommandRefused", "$CommandFailed"])
      expect(rowAfter("errand/1", ["Begun", { jobs: 1 }], sent("a"), [type, { commandId: "a", reason: "no" }])?.waitingFor).toEqual([]);
  });

  it("has the event that a step waits for, the time of each next attempt, and the first of those times", () => {
    const waiting = rowAfter("checkout/1", started, sent("pay"), accepted("pay"), [
      "StepWaiting",
      { step: "pay", version: 1, until: at(50) },
    ]);
    expect(waiting).toMatchObject({ step: "pay", nextTimerAt: at(50), waitingFor: [{ what: "event", step: "pay", until: at(50) }] });
    const refused: [string, object][] = [sent("place"), ["$CommandRefused", { commandId: "place", reason: "no" }]];
    const again: [string, object] = ["StepRetryAwaiting", { step: "place", reason: "no", until: at(40) }];
    expect(rowAfter("checkout/1", started, ["StepWaiting", { step: "pay", until: at(50) }], ...refused, again)).toMatchObject({
      step: "pay",
      nextTimerAt: at(40),
      waitingFor: [{ step: "pay" }, { what: "retry", step: "place", reason: "no", until: at(40) }],
    });
    expect(rowAfter("checkout/1", started, ...refused, again, sent("place", "2"))).toMatchObject({
      waitingFor: [{ what: "command", step: "place", commandId: "2" }],
    });
  });

  it("no longer has the event that a step waited for once that step has ended, whatever the outcome", () => {
    const waits: [string, object][] = [started, ["StepWaiting", { step: "pay", until: at(50) }], ["StepWaiting", { step: "other" }]];
    for (const type of ["StepCompleted", "StepFailed", "StepTimedOut", "StepUndone", "StepUndoBypassed", "StepUndoFailed"])
      expect(rowAfter("checkout/1", ...waits, [type, { step: "pay" }])?.waitingFor).toEqual([{ what: "event", step: "other" }]);
  });

  it("has the saga that a step has started, until that one has ended", () => {
    const starts = sent("last", "c", { aggregate: "move", id: "m", command: "$Start" });
    const child = { what: "saga", step: "last", stream: "move/m" };
    expect(rowAfter("tour/1", started, starts, accepted("c"), ["StepWaiting", { step: "last", version: 1 }])?.waitingFor).toEqual([child]);
    const undoing = sent("undo:visit", "u", { aggregate: "move", id: "back", command: "$Start" });
    expect(rowAfter("tour/1", started, ["StepFailed", { step: "last", reason: "no" }], undoing, accepted("u"))).toMatchObject({
      status: "undoing",
      step: "visit",
      waitingFor: [{ what: "saga", step: "visit", undo: true, stream: "move/back" }],
    });
    const childOf = { parent: { saga: "tour", id: "1", step: "last" } };
    expect(rowAfter("tour/2", ["SagaStarted", { input: {}, steps: [], ...childOf }])).toMatchObject({ parent: "tour/1" });
  });

  it("shows that a saga is being undone, why, and what could not be undone", () => {
    const failed: [string, object][] = [
      started,
      ["StepTimedOut", { step: "pay" }],
      ["StepUndoRetryAwaiting", { step: "a", reason: "no", until: at(9) }],
    ];
    const failure = { step: "pay", reason: "timed-out" };
    expect(rowAfter("checkout/1", ...failed)).toMatchObject({
      status: "undoing",
      failure,
      nextTimerAt: at(9),
      waitingFor: [{ what: "retry", undo: true, step: "a", reason: "no", until: at(9) }],
    });
    const end = rowAfter(
      "checkout/1",
      ...failed,
      ["StepUndoFailed", { step: "a" }],
      ["SagaFailed", { ...failure, undoFailed: ["a"] }],
      ["$Completed"],
    );
    expect(end).toMatchObject({ status: "failed", since: at(4), failure, undoFailed: ["a"], waitingFor: [] });
    expect(end).not.toHaveProperty("nextTimerAt");
    expect(rowAfter("checkout/1", ["SagaFailed", { reason: "invalid-plan", detail: "two" }], ["$Completed"])).toMatchObject({
      status: "failed",
      failure: { reason: "invalid-plan", detail: "two" },
    });
  });

  it("shows a process manager's completion, and its failure", () => {
    const begun: [string, object] = ["Begun", { jobs: 1 }];
    expect(rowAfter("errand/1", begun, sent("a"), ["$Completed"], accepted("a"))).toMatchObject({
      status: "completed",
      since: at(2),
      waitingFor: [],
    });
    const broken = { reason: "handler-threw", detail: "broken", event: { id: "e", stream: "wish/1", version: 1, type: "Wished" } };
    expect(rowAfter("errand/1", begun, ["$Failed", broken])).toMatchObject({
      status: "failed",
      failure: { reason: "handler-threw", detail: "broken" },
    });
  });

  it("is removed with its stream, and no other row is touched", () => {
    const erased = {
      id: "e",
      stream: "errand/1",
      version: 2,
      position: 2,
      type: "$deleted",
      data: { erased: true },
      meta: {},
      time: "",
      recordedAt: at(0),
      schemaVersion: 1,
    };
    expect(touchesOf(processes, [erased]).touches).toMatchObject([{ keys: ["errand/1"] }]);
    expect(rowAfter("errand/1", ["Begun", { jobs: 1 }], ["$deleted", { erased: false }])).toBeNull();
  });

  it("stays small, whatever waits and whatever an import has put into the events", () => {
    const many = Array.from({ length: 500 }, (_, index) => sent("x".repeat(5_000), String(index), { command: "y".repeat(5_000) }));
    const row = rowAfter("errand/1", ...many, ["$Failed", { reason: "r".repeat(5_000), detail: "d".repeat(5_000) }]);
    expect(JSON.stringify(row).length).toBeLessThan(2_000);
    expect(JSON.stringify(rowAfter("errand/1", ...many)).length).toBeLessThan(200_000);
    const odd: unknown[] = [null, 7, "", [], {}, { saga: 7 }];
    for (const type of processes.handlers.keys()) {
      if (type === "$deleted") continue;
      for (const value of odd) {
        const data = Object.fromEntries(
          ["commandId", "aggregate", "id", "command", "label", "step", "reason", "detail", "until", "parent", "undoFailed"].map((name) => [
            name,
            value,
          ]),
        );
        expect(rowAfter("checkout/1", started, sent("a"), [type, data])).toMatchObject({ id: "checkout/1" });
        expect(rowAfter("checkout/1", [type, {}])).toMatchObject({ id: "checkout/1" });
      }
    }
  });
});

describe("a view of processes", () => {
  it("needs a process", () => {
    expect(() => processesView("none", [])).toThrow(new TypeError('view "none" needs at least one process manager or saga'));
  });
});
