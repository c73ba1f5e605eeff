/**
 * An effect: a processor that calls the outside world and records the outcome. Pure: this file knows no runtime.
 *
 * The outcome of a call is an event of a plain category. To act on it, let a reactor follow that category.
 */

import type { DeclaredEvent, NewEventOf, Nothing } from "../../core/command.ts";
import type { FactTarget } from "../../core/sending.ts";
import { type RetryPolicy, retryPolicy } from "../retry.ts";
import { type Duration, milliseconds } from "../../core/duration.ts";
import { type DataSchemas, type RecordedEvent, streamIdOf } from "../../core/event.ts";
import { EFFECT_TIMEOUT_MAX_MS, EFFECT_TIMEOUT_MS } from "../limits.ts";
import { requireName } from "../../core/names.ts";
import type { HandlersOf, Namesake, Nobody, Undeclared } from "../handlers.ts";
import { type EventOf, type EventOfType, type Followed, requireKnownTypes } from "../followed.ts";
import { type Emissions, emissionsOf } from "./emissions.ts";
import { type Loops, requireHops } from "./loops.ts";
import type { ProcessorOptions } from "./reactor.ts";

/** What an effect can use besides its event. */
export interface EffectContext {
  /** A UUID derived from the effect's name and the event, the same in every run. Services use it to tell a repeated call from a new one. */
  readonly key: string;
  /** A key for one of several calls. */
  readonly keyFor: (call: string) => string;
  /**
   * Calls a service. Before the first request leaves, the effect's stream notes that it is about to. A request that may change something
   * carries `key` in the header `Idempotency-Key` unless it has one; a second such request must bring its own (`keyFor`). A body of more
   * than 1 MiB ends in an error.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * A variable or secret of the deployment.
   *
   * @throws {Error} when the deployment does not set it
   */
  readonly variable: (name: string) => string;
  /** Aborted when the time is over. `fetch` already obeys it. */
  readonly signal: AbortSignal;
  /** Whether an earlier run made a call for this event and its outcome is unknown. */
  readonly repeated: boolean;
}

/** The outcome of a call, or `nothing()` if none was needed. */
export type Outcome<Events extends DataSchemas> = NewEventOf<Events> | Nothing;

/** The handlers of an effect. */
type HandlersLike<On, From extends Followed, Events extends DataSchemas> = {
  readonly [Type in keyof On]: Type extends EventOf<From>["type"]
    ? [On[Type]] extends [Nobody]
      ? On[Type]
      : (
          event: EventOfType<From, Type>,
          context: EffectContext,
        ) => Promise<Meant<On[Type], Outcome<Events> | DeclaredEvent<keyof Events & string>>>
    : Undeclared<Type>;
};
type Meant<Handler, Allowed> = Handler extends (...args: never) => Promise<infer Answer>
  ? [Answer] extends [Allowed]
    ? Allowed
    : Namesake<Answer, Allowed>
  : Allowed;

export interface EffectDefinition<
  From extends Followed,
  Events extends DataSchemas,
  On extends HandlersOf<From> = HandlersOf<From>,
> extends ProcessorOptions {
  /** The categories whose events it acts on. */
  readonly from: From | readonly From[];
  /** The plain category that records the outcomes. */
  readonly records: FactTarget<string, Events>;
  /** The id of the stream that records the outcome of an event. Default: the id of the event's stream. */
  readonly stream?: (event: NoInfer<EventOf<From>>) => string;
  /** One handler for each event type of interest. When a handler throws, the policy retries it with the same key. */
  readonly on: HandlersLike<On, From, Events>;
  /** What to record when the last attempt at an event has failed. Without it the effect stops there, as `failed`. */
  readonly otherwise?: NoInfer<(event: EventOf<From>, error: unknown) => Outcome<Events>>;
  /** How long it may take for one event. Default: 30 s; at most 5 minutes. */
  readonly timeout?: Duration;
  /** Where it begins in a store that it is new to. Default: `head`, so that it does not repeat calls for old events. */
  readonly start?: "beginning" | "head";
}

/** An effect, as the engine sees it. */
export interface Effect<Name extends string = string, From extends Followed = Followed, Events extends DataSchemas = DataSchemas> {
  readonly kind: "effect";
  readonly name: Name;
  readonly description?: string;
  readonly followed: readonly From[];
  readonly records: FactTarget<string, Events>;
  readonly emissions: readonly Emissions[];
  readonly start: "beginning" | "head";
  readonly retry: RetryPolicy;
  readonly loops: Loops;
  readonly timeoutMs: number;
  readonly handlers: ReadonlyMap<string, (event: RecordedEvent, context: EffectContext) => Promise<Outcome<DataSchemas>>>;
  readonly streamOf: (event: RecordedEvent) => string;
  readonly otherwise?: (event: RecordedEvent, error: unknown) => Outcome<DataSchemas>;
}

/**
 * Declares an effect.
 *
 * Its name is part of the keys and ids derived from it: renaming it makes it a new effect.
 *
 * @throws {TypeError} when the name is not valid, or an event, duration or retry policy is not one
 *
 * @example
 * export const charge = effect("charge", {
 *   from: order,
 *   records: payment,
 *   on: {
 *     OrderPlaced: async ({ data }, { fetch, variable }) => {
 *       const answer = await fetch(variable("PAYMENT_URL"), { method: "POST", body: JSON.stringify({ cents: data.cents }) });
 *       if (answer.status === 402) return event("ChargeDeclined", {});
 *       if (!answer.ok) throw new Error(`the payment service answered ${answer.status}`);
 *       return event("Charged", { receipt: answer.headers.get("receipt") ?? "" });
 *     },
 *   },
 * });
 */
export function effect<const Name extends string, From extends Followed, Events extends DataSchemas, On extends HandlersOf<From>>(
  name: Name,
  definition: EffectDefinition<From, Events, On>,
): Effect<Name, From, Events> {
  requireName("effect", name);
  const { from, records, on, stream, otherwise, timeout, start = "head", retry, loops = false, ...rest } = definition;
  const followed: readonly From[] = Array.isArray(from) ? from : [from];
  requireKnownTypes(`effect "${name}"`, followed, Object.keys(on));
  requireHops(`effect "${name}"`, loops);
  const timeoutMs = timeout === undefined ? EFFECT_TIMEOUT_MS : milliseconds(timeout, `effect "${name}": its timeout`);
  if (timeoutMs < 1 || timeoutMs > EFFECT_TIMEOUT_MAX_MS) {
    throw new TypeError(`effect "${name}" has a timeout of ${timeout}; it is from 1ms to ${EFFECT_TIMEOUT_MAX_MS / 1_000}s`);
  }
  return {
    kind: "effect",
    name,
    followed,
    records,
    emissions: emissionsOf(`effect "${name}"`, records),
    start,
    retry: retryPolicy(`effect "${name}"`, retry),
    loops,
    timeoutMs,
    handlers: new Map(Object.entries(on)), // typed where they were written
    streamOf: (stream as Effect["streamOf"] | undefined) ?? ((event) => streamIdOf(event.stream)),
    ...(otherwise ? { otherwise: otherwise as NonNullable<Effect["otherwise"]> } : {}),
    ...rest,
  };
}
