/** When an event, then a reactor's answer or what an effect records; when a change, then what a source appends. */

import type { NewEventOf } from "../core/command.ts";
import type { Effect } from "../definitions/processors/effect.ts";
import { type Action, type Reactor, answerOf } from "../definitions/processors/reactor.ts";
import type { Followed } from "../definitions/followed.ts";
import type { SourceInCode } from "../definitions/sources/source.ts";
import { type TestWorld, type WhenEffect, whenEffect } from "./effect.ts";
import { type On, type OnStreamOf, asStored, recorded } from "./recorded.ts";
import { same } from "./same.ts";
import { type WhenSource, whenSource } from "./source.ts";

/** The answer of a reactor to an event: the sentence ends here. */
export interface WhenReactor {
  /** These commands and facts, in this order. */
  thenSends(...actions: readonly [Action, ...Action[]]): void;
  /** These events on plain streams, in this order; with the `time` that the test sets, or any. */
  thenAppends(...events: readonly [On, ...On[]]): void;
  thenNothing(): void;
}

/** What reaches a processor or a source. Not overloads of `when`: the compiler would report an error for each. */
type Coming<Processor> = Processor extends Reactor | Effect
  ? OnStreamOf<Processor["followed"][number]>
  : Processor extends SourceInCode<string, infer Seen>
    ? Seen
    : never;

/**
 * An event reaches a reactor, a transform or an effect; or a change, as the outside tells it, reaches a source.
 *
 * @param world how services answer an effect, and the deployment's variables
 *
 * @example
 * when(fulfilment, on("order/42", event("OrderPlaced", { customer: "a customer", lines: [{ sku: "tea", quantity: 2 }] })))
 *   .thenSends(send(product, "tea", "ReserveStock", { order: "42", quantity: 2 }));
 *
 * @example
 * await when(charge, on("order/42", event("OrderPlaced", { cents: 500 })), {
 *   variables: { PAYMENT_URL: "https://payments.example/" },
 *   fetch: () => new Response(null, { status: 402 }),
 * }).thenRecords(event("ChargeDeclined", {}));
 *
 * @example
 * when(readingsIn, { messageId: "1", sentAt: NOW, body: { sensor: "roof", celsius: 21 } })
 *   .thenAppends(on("reading/roof", event("Read", { celsius: 21 })));
 */
export function when<Processor extends SourceInCode | Reactor | Effect>(
  processor: Processor,
  event: NoInfer<Coming<Processor>>,
  ...world: Processor extends Effect ? [world?: TestWorld] : []
): Processor extends SourceInCode<string, infer _Seen, infer To>
  ? WhenSource<To>
  : Processor extends Effect<string, Followed, infer Events>
    ? WhenEffect<NewEventOf<Events>>
    : WhenReactor;
export function when(processor: SourceInCode | Reactor | Effect, event: object, world?: TestWorld): WhenSource | WhenReactor | WhenEffect {
  // The types above decide which events go with which processor.
  if (processor.kind === "source") return whenSource(processor, event);
  return processor.kind === "effect" ? whenEffect(processor, event as On, world) : whenReactor(processor, event as On);
}

function whenReactor(reactor: Reactor, event: On): WhenReactor {
  const sentence = `${reactor.name}: when ${event.event.type} on ${event.stream}`;
  const actions = recorded(reactor.followed, [event]).flatMap((one) => answerOf(reactor, one));
  const thenActions = (...expected: readonly Action[]) => same(sentence, asStored(actions), asStored(expected));
  return {
    thenSends: thenActions,
    thenAppends(...events) {
      const appended = actions.map((action, index) => {
        if (action.kind !== "append") return action;
        const { type, data } = action.event;
        const time = events[index]?.facts.time === undefined ? {} : { time: action.time };
        return { stream: `${action.category}/${action.id}`, type, data, ...time };
      });
      const expected = events.map(({ stream, event: { type, data }, facts: { time } }) => ({ stream, type, data, time }));
      same(sentence, asStored(appended), asStored(expected));
    },
    thenNothing: () => thenActions(),
  };
}
