/** What events of other streams mean to a saga: they start it, or end a step that waits. Pure. */

import type { JsonValue, RecordedEvent } from "../../core/event.ts";
import type { MadeOne, MemberAt } from "../../core/place.ts";
import type { Parent } from "./saga-state.ts";

/** What an event means to a saga. Made by {@link startSaga}, {@link stepDone} and {@link stepFailed}. */
export type Signal<Input> =
  | { readonly kind: "start"; readonly id: string; readonly input: Input }
  | { readonly kind: "done"; readonly id: string; readonly step: string; readonly result?: JsonValue }
  | { readonly kind: "failed"; readonly id: string; readonly step: string; readonly reason: string };

/** The end of a saga that a step started, as its parent gets it. */
export interface ChildEnd {
  readonly kind: "child-ended";
  readonly id: string;
  readonly parent: Parent;
  /** `category/id` of the child. */
  readonly child: string;
  readonly failure?: { readonly reason: string };
}

/**
 * The event starts a saga with this id; a saga that has started already goes on unchanged.
 *
 * @example
 * OrderPlaced: ({ stream }) => startSaga(streamIdOf(stream), { from: "a customer", to: "the shop", amount: 500 })
 */
export function startSaga<const Input, Place = never>(
  id: string,
  input: MemberAt<Place, "start", "input", Input>,
): MadeOne<Place, "start", { kind: "start"; id: string; input: Input }> {
  return { kind: "start", id, input } as never; // as of `event`
}

/**
 * The event successfully ends a step that waits. If it arrives before the step waits, it counts as soon as the step does.
 *
 * @example
 * OrderConfirmed: ({ stream }) => stepDone(streamIdOf(stream), "confirm")
 */
export function stepDone(id: string, step: string, result?: JsonValue): Signal<never> {
  return { kind: "done", id, step, ...(result === undefined ? {} : { result }) };
}

/**
 * The event ends a step that waits as failed; the step's `retry` is not used.
 *
 * @example
 * OrderRejected: ({ stream, data }) => stepFailed(streamIdOf(stream), "confirm", data.reason)
 */
export function stepFailed(id: string, step: string, reason: string): Signal<never> {
  return { kind: "failed", id, step, reason };
}

/** What the end of a saga, or of its stream, means to the saga that started it. */
export function endOf(name: string, { type, data, stream: child }: RecordedEvent): ChildEnd | undefined {
  const { saga, ...ended } = data as { saga?: { status: string; parent: Parent }; parent?: Parent; step?: string; reason?: string };
  const parent = saga?.parent ?? ended.parent;
  if (parent?.saga !== name) return undefined;
  const end = { kind: "child-ended", id: parent.id, parent, child } as const;
  if (type === "SagaCompleted" || saga?.status === "completed") return end;
  const { step, reason = "saga-deleted" } = ended;
  return { ...end, failure: { reason: step === undefined ? reason : `${step}: ${reason}` } };
}
