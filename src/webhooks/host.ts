/** The webhook as those who read the log for it and make its deliveries see it. */

import type { LoggedEvent } from "../core/event.ts";
import type { LogRpc } from "../store/log-protocol.ts";
import type { Books } from "./books.ts";
import type { Configuration } from "./configuration.ts";
import type { Key } from "./delivery-id.ts";
import type { Outcome } from "../store/webhook-protocol.ts";

export interface Host {
  readonly store: string;
  /** `$webhook/{id}`: what is said about this webhook. It is not told of itself. */
  readonly ownStream: string;
  readonly books: Books;
  log(): LogRpc;
  /** What is asked for now; undefined: nothing is to be sent, because it is paused, switched off or gone. */
  settings(): Configuration | undefined;
  /** Whether the webhook is there still. */
  exists(): boolean;
  send(key: Key, event: LoggedEvent): Promise<Outcome>;
  /** Whether the invocation under way may make so many more calls. */
  hasRoom(calls: number): boolean;
  /** The outcome is on the books. */
  settled(outcome: Outcome): void;
  /** Sees to it that `run` is called at this time (milliseconds since 1970), if not before. */
  wakeAt(time: number): void;
  complain(message: string, error: unknown): void;
}
