/** How far a view must be for a read to see a write. */

import type { Connection } from "./connection.ts";
import { outcomeOf, pathOf } from "./outcome.ts";

/** A position, or the result of a write. A refusal and a command without events have stored nothing: there is nothing to wait for. */
export type Reached =
  | number
  | {
      readonly ok?: boolean;
      readonly stream?: string;
      readonly commandId?: string;
      readonly position?: number;
      readonly events?: readonly unknown[];
    };

/** Seconds that the outcome of a command may wait for its position: the most that the store allows. */
const WAIT_SECONDS = 30;

/** @returns undefined: there is nothing to wait for */
export async function positionOf(connection: Connection, reached: Reached): Promise<number | undefined> {
  if (typeof reached === "number") return reached;
  const { ok, stream = "", commandId, position, events } = reached;
  if (position !== undefined) return position;
  if (ok === false || events?.length === 0) return undefined;
  if (commandId !== undefined) {
    const outcome = await outcomeOf(connection, { stream, commandId }, { wait: WAIT_SECONDS });
    return outcome.status === "accepted" ? outcome.position : undefined;
  }
  // An append: the stream knows where its events are once the log has them.
  const { body } = await connection.send(`/streams/${pathOf(stream)}?positions=true&direction=backward&limit=1`);
  return body.events[0]?.position;
}
