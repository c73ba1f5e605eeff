/** The beginning of a sentence about an aggregate, a view or a process. */

import type { NewEventOf } from "../core/command.ts";
import type { SendAction } from "../core/sending.ts";
import type { DataSchemas, NewEvent } from "../core/event.ts";
import type { Saga } from "../definitions/processors/saga.ts";
import type { SAGA_EVENTS } from "../definitions/processors/saga-state.ts";
import type { Completion } from "../definitions/processors/process-answer.ts";
import type { Process } from "../definitions/processors/process.ts";
import type { CommandTo, ProcessPart, Target } from "../definitions/processors/process-handlers.ts";
import type { ProcessManager } from "../definitions/processors/process-manager.ts";
import type { Followed } from "../definitions/followed.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";
import type { RowSchema } from "../definitions/views/named-query.ts";
import type { View } from "../definitions/views/view.ts";
import { type GivenAggregate, givenAggregate } from "./aggregate.ts";
import type { AnyInput, CommandInput, OutcomeInput, TimeoutInput } from "./inputs.ts";
import { type GivenProcess, givenProcess } from "./process.ts";
import type { On, OnStreamOf } from "./recorded.ts";
import { type GivenView, givenView } from "./view.ts";

/** What can reach an instance of a process manager. */
type InputOf<From extends Followed, To extends Target, Commands extends DataSchemas, Timeouts extends DataSchemas> =
  | OnStreamOf<From>
  | OutcomeInput<CommandTo<To>>
  | TimeoutInput<keyof Timeouts & string>
  | CommandInput<keyof Commands & string>;

/**
 * What a sentence about this subject may begin with. Without overloads: if a call of an overloaded function has a mistake, the compiler
 * only says that no overload fits.
 */
type Before<Subject> = Subject extends Saga
  ? AnyInput
  : Subject extends ProcessManager<string, infer From, infer To, DataSchemas, infer Commands, infer Timeouts>
    ? InputOf<From, To, Commands, Timeouts>
    : Subject extends Pick<AnyAggregate, "kind"> & { readonly events: infer Events extends DataSchemas }
      ? NewEventOf<Events>
      : Subject extends View<string, RowSchema, infer From>
        ? OnStreamOf<From>
        : never;

/** How the sentence continues. */
type Given<Subject> = Subject extends Saga
  ? GivenProcess<AnyInput, NewEventOf<typeof SAGA_EVENTS> | SendAction | Completion>
  : Subject extends ProcessManager<string, infer From, infer To, infer Events, infer Commands, infer Timeouts>
    ? GivenProcess<InputOf<From, To, Commands, Timeouts>, ProcessPart<Events, To, Timeouts>>
    : Subject extends Pick<AnyAggregate, "kind"> & {
          readonly events: infer Events extends DataSchemas;
          readonly commands: infer Commands extends DataSchemas;
        }
      ? GivenAggregate<Events, Commands>
      : Subject extends View<string, infer Row, infer _From>
        ? GivenView<Row>
        : never;

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
export function given<Subject extends AnyAggregate | View | Process>(
  subject: Subject,
  ...before: NoInfer<Before<Subject>>[]
): Given<Subject>;
export function given(subject: AnyAggregate | View | Process, ...events: unknown[]): unknown {
  // The types above say which events go with which subject.
  if ("process" in subject) return givenProcess(subject, events as AnyInput[]);
  return subject.kind === "view" ? givenView(subject, events as On[]) : givenAggregate(subject, events as NewEvent[]);
}
