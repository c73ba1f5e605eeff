/** Runs the functions of a saga's steps. They are the user's code: when one throws, or answers too much, only its step fails. Pure. */

import { isLonger } from "../../core/json.ts";
import { EVENT_DATA_BYTES } from "../../core/limits.ts";
import { CodeMistake, messageOf } from "../../core/mistake.ts";
import type { Sending } from "./process-answer.ts";
import { CommandSent } from "./process-events.ts";

/** Bytes of a `$CommandSent` event's data besides what the step provides. Ours: an id and the members' names. */
const SENT_OVERHEAD_BYTES = 200;

type Attempt<Value> =
  | { readonly value: Value; readonly why?: never }
  | { readonly why: { readonly reason: string; readonly detail: string } };

/** Runs a function of a step. If it throws, the step fails; if the code lacks something, the consumer stops. */
export function attempt<Value>(reason: string, run: () => Value): Attempt<Value> {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof CodeMistake) throw error;
    return { why: { reason, detail: messageOf(error) } };
  }
}

/** @throws when it cannot be kept in an event */
export function fitting<Value>(value: Value): Value {
  if (isLonger(JSON.stringify(value) ?? "", EVENT_DATA_BYTES - SENT_OVERHEAD_BYTES))
    throw new RangeError(`it has more than ${EVENT_DATA_BYTES - SENT_OVERHEAD_BYTES} bytes`);
  return value;
}

export function fittingCommand(sending: Sending): Sending {
  CommandSent.parse({ ...sending, commandId: "" });
  return fitting(sending);
}
