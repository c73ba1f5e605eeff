/** Commands whose outcome was left for later, and the look-up of it. */

import type { JsonValue } from "../core/event.ts";
import { type Connection, type RequestOptions, queryOf } from "./connection.ts";

/**
 * A command that the store has decided and keeps, whose answer has waited for nothing else: whether it was accepted, {@link Outcome} tells.
 * Views take it as `after`.
 */
export interface Sent {
  readonly commandId: string;
  /** `category/id` */
  readonly stream: string;
}

/** The outcome of a command. */
export type Outcome = Sent &
  (
    | {
        readonly status: "accepted";
        /** The stream's version after it. */
        readonly version: number;
        /** The position of its last event, if the log had it in time. */
        readonly position?: number;
        readonly events: readonly { readonly id: string; readonly type: string; readonly version: number; readonly position?: number }[];
      }
    | { readonly status: "refused"; readonly reason: string; readonly details?: JsonValue }
    /** The app's code has thrown. */
    | { readonly status: "failed" }
  );

/** How long a look-up waits. */
export interface OutcomeOptions extends RequestOptions {
  /** Seconds to wait for its position in the log, at most 30. Default: none. */
  readonly wait?: number;
}

export async function outcomeOf(
  connection: Connection,
  { stream, commandId }: Sent,
  { wait, signal }: OutcomeOptions = {},
): Promise<Outcome> {
  const path = `/aggregates/${pathOf(stream)}/commands/${encodeURIComponent(commandId)}${queryOf({ wait })}`;
  return (await connection.send(path, { signal })).body;
}

/** `category/id`, encoded. */
export function pathOf(stream: string): string {
  return stream.split("/").map(encodeURIComponent).join("/");
}
