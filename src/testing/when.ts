/** When an event, then what a reactor sends. */

import { streamIdProblem } from "../names.ts";
import type { Action, Reactor } from "../processors/reactor.ts";
import type { Source } from "../source.ts";
import { type OnStreamOf, asStored, recorded } from "./recorded.ts";
import { same } from "./same.ts";

export interface WhenReactor {
  /** These commands and facts, in this order. */
  thenSends(...actions: readonly [Action, ...Action[]]): void;
  thenNothing(): void;
}

/**
 * An event reaches a reactor.
 *
 * @example
 * when(fulfilment, on("order/42", event("OrderPlaced", { customer: "a customer", lines: [{ sku: "tea", quantity: 2 }] })))
 *   .thenSends(send(product, "tea", "ReserveStock", { order: "42", quantity: 2 }));
 */
export function when<From extends Source>(reactor: Reactor<string, From>, event: NoInfer<OnStreamOf<From>>): WhenReactor {
  const actions = recorded(reactor.sources, [event]).flatMap((one) => reactor.handlers.get(one.type)?.(one) ?? []);
  for (const { id } of actions) {
    const problem = streamIdProblem(id);
    if (problem) throw new TypeError(`reactor "${reactor.name}" answers to the stream "${id}", but ${problem}`);
  }
  const thenActions = (...expected: readonly Action[]) =>
    same(`${reactor.name}: when ${event.event.type} on ${event.stream}`, asStored(actions), asStored(expected));
  return { thenSends: thenActions, thenNothing: () => thenActions() };
}
