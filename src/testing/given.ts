/** How a sentence about an aggregate or a view begins. */

import type { NewEventOf } from "../command.ts";
import type { DataSchemas, NewEvent } from "../event.ts";
import type { Source } from "../source.ts";
import type { Aggregate, AnyAggregate } from "../streams/aggregate.ts";
import type { RowSchema, View } from "../views/view.ts";
import { type GivenAggregate, givenAggregate } from "./aggregate.ts";
import type { On, OnStreamOf } from "./recorded.ts";
import { type GivenView, givenView } from "./view.ts";

/**
 * What has happened before.
 *
 * @example
 * given(order, event("OrderPlaced", { customer: "a customer", lines }))
 *   .when("ConfirmLine", { sku: "tea" })
 *   .then(event("OrderLineReserved", { sku: "tea" }));
 *
 * @example
 * given(stock, on("product/tea", event("StockReceived", { quantity: 3 })))
 *   .thenRows([{ sku: "tea", available: 3, reserved: 0 }]);
 */
export function given<Events extends DataSchemas, Commands extends DataSchemas, State>(
  aggregate: Aggregate<string, Events, Commands, State>,
  ...events: NoInfer<NewEventOf<Events>>[]
): GivenAggregate<Events, Commands>;
export function given<Row extends RowSchema, From extends Source>(
  view: View<string, Row, From>,
  ...events: NoInfer<OnStreamOf<From>>[]
): GivenView<Row>;
export function given(subject: AnyAggregate | View, ...events: unknown[]): unknown {
  // The overloads say which events go with which subject.
  return subject.kind === "view" ? givenView(subject, events as On[]) : givenAggregate(subject, events as NewEvent[]);
}
