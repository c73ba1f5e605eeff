/** The answers of a process's handlers, and the form in which the instance's stream stores them. Pure. */

import type { CancelAll, Cancellation, DecideContext, Nothing, Refusal, Timer } from "../../core/command.ts";
import type { SendAction } from "../../core/sending.ts";
import type { NewEvent } from "../../core/event.ts";
import { derivedId } from "../../core/ids.ts";
import { Misfit, partsOf } from "../../core/misfit.ts";
import { CodeMistake } from "../../core/mistake.ts";
import { COMMAND_SENT, type CommandSent } from "./process-events.ts";

/** The process has reached its end. Made by {@link complete}. */
export interface Completion {
  readonly kind: "complete";
}

/**
 * Ends a process: its timers are cancelled, and later inputs have no effect.
 *
 * @example
 * ReserveStock: (_state, { data }) => [send(order, data.order, "ConfirmOrder", {}), complete()]
 */
export function complete(): Completion {
  return { kind: "complete" };
}

/** A command to send, with what only sagas add to it. */
export type Sending = SendAction & Pick<CommandSent, "label" | "expected">;

/** What a process answers to an input, without its types. */
export type Part = NewEvent<string, unknown, PropertyKey> | Sending | Timer<string, unknown, PropertyKey> | Cancellation | Completion;
/** Their kinds. */
const ANSWERS: readonly (Part | Nothing)["kind"][] = ["event", "send", "after", "cancel", "complete", "nothing"];
export type Answer = Part | readonly Part[] | Nothing | undefined | void;

/** The parts of an answer that its stream stores. */
export type StoredPart = Exclude<Part, Sending | Completion>;
export type Decided = readonly StoredPart[] | Refusal;

/** No other aggregate's `decide` may answer this part: hence the cast. */
export const CANCEL_ALL = { kind: "cancel-all" } satisfies CancelAll as unknown as Cancellation;

/** As much of a process as its answers depend on. */
export interface Answering {
  readonly name: string;
  /** Aggregates that it sends commands to; undefined: any. */
  readonly targets?: ReadonlySet<string>;
}

/** A handler's answer as events and timers of the instance's stream. */
export function decided(definition: Answering, context: DecideContext, reply: Answer, first: readonly NewEvent[]): Decided {
  const answered = partsOf<Part | Nothing>(`a handler of process \`${definition.name}\``, reply, ANSWERS, true);
  const parts = answered.filter((part): part is Part => part.kind !== "nothing");
  const completes = parts.some(({ kind }) => kind === "complete");
  let sent = 0;
  const stored = parts.flatMap((part): StoredPart | StoredPart[] => {
    switch (part.kind) {
      case "send": {
        const { aggregate, id, command, data, exact, label, expected } = part;
        if (definition.targets && !definition.targets.has(aggregate)) {
          throw new CodeMistake(`process "${definition.name}" sends ${command} to "${aggregate}", which its \`to\` does not name`);
        }
        // The same input gives the same ids in every run. The instance is part of it, because a client's own
        // idempotency key may come to several instances.
        const commandId = derivedId("sent", definition.name, context.id, context.commandId, sent++);
        const extra = {
          ...(exact ? { exact } : {}),
          ...(label === undefined ? {} : { label }),
          ...(expected === undefined ? {} : { expected }),
        };
        return { kind: "event", type: COMMAND_SENT, data: { commandId, aggregate, id, command, data, ...extra } };
      }
      case "complete":
        return { kind: "event", type: "$Completed", data: {} };
      case "event":
        if (part.type.startsWith("$"))
          throw new Misfit(`event \`${part.type}\` of process \`${definition.name}\`: types that begin with $ are the store's own`);
        return part;
      default:
        // A completed process has no timers, whether they were set earlier or in the same answer.
        return completes ? [] : part;
    }
  });
  return [...first, ...stored, ...(completes ? [CANCEL_ALL] : [])];
}
