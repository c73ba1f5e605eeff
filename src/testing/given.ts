/** How a sentence about an aggregate or a view begins. */

import type { NewEventOf, SendAction } from "../command.ts";
import type { DataSchema, DataSchemas, NewEvent } from "../event.ts";
import type { Saga } from "../processors/saga.ts";
import type { SAGA_EVENTS } from "../processors/saga-state.ts";
import type { Completion, Process } from "../processors/process.ts";
import type { CommandTo, ProcessPart, Target } from "../processors/process-handlers.ts";
import type { ProcessManager } from "../processors/process-manager.ts";
import type { Source } from "../source.ts";
import type { Aggregate, AnyAggregate } from "../streams/aggregate.ts";
import type { RowSchema, View } from "../views/view.ts";
import { type GivenAggregate, givenAggregate } from "./aggregate.ts";
import type { AnyInput, CommandInput, OutcomeInput, TimeoutInput } from "./inputs.ts";
import { type GivenProcess, givenProcess } from "./process.ts";
import type { On, OnStreamOf } from "./recorded.ts";
import { type GivenView, givenView } from "./view.ts";

/** What can reach an instance of a process manager. */
type InputOf<From extends Source, To extends Target, Commands extends DataSchemas, Timeouts extends DataSchemas> =
  | OnStreamOf<From>
  | OutcomeInput<CommandTo<To>>
  | TimeoutInput<keyof Timeouts & string>
  | CommandInput<keyof Commands & string>;

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
 *
 * @example
 * given(reservation, on("order/1", event("OrderPlaced", { sku: "tea" })))
 *   .when(refused(send(product, "tea", "ReserveStock", { order: "1", quantity: 1 }), "not-enough"))
 *   .then(send(order, "1", "RejectOrder", { reason: "not-enough" }), complete());
 */
export function given<Input extends DataSchema>(
  saga: Saga<string, Input>,
  ...inputs: AnyInput[]
): GivenProcess<AnyInput, NewEventOf<typeof SAGA_EVENTS> | SendAction | Completion>;
export function given<
  From extends Source,
  To extends Target,
  Events extends DataSchemas,
  Commands extends DataSchemas,
  Timeouts extends DataSchemas,
>(
  manager: ProcessManager<string, From, To, Events, Commands, Timeouts>,
  ...inputs: NoInfer<InputOf<From, To, Commands, Timeouts>>[]
): GivenProcess<InputOf<From, To, Commands, Timeouts>, ProcessPart<Events, To, Timeouts>>;
export function given<Events extends DataSchemas, Commands extends DataSchemas, State>(
  aggregate: Aggregate<string, Events, Commands, State>,
  ...events: NoInfer<NewEventOf<Events>>[]
): GivenAggregate<Events, Commands>;
export function given<Row extends RowSchema, From extends Source>(
  view: View<string, Row, From>,
  ...events: NoInfer<OnStreamOf<From>>[]
): GivenView<Row>;
export function given(subject: AnyAggregate | View | Process, ...events: unknown[]): unknown {
  // The overloads say which events go with which subject.
  if ("process" in subject) return givenProcess(subject, events as AnyInput[]);
  return subject.kind === "view" ? givenView(subject, events as On[]) : givenAggregate(subject, events as NewEvent[]);
}
