/** What the dispatcher and the reader work with: the ledger, the log, and the receiver of the deliveries. */

import type { LoggedEvent } from "../core/event.ts";
import type { LogRpc } from "../store/log-protocol.ts";
import type { Outcome } from "../store/webhook-protocol.ts";
import type { Key } from "./delivery-id.ts";
import type { Ledger } from "./ledger.ts";
import type { DeliverySettings } from "./transport.ts";

export interface Context {
  /** Its events are not delivered. */
  readonly ownStream: string;
  readonly ledger: Ledger;
  log(): Pick<LogRpc, "read">;
  /** The settings now; undefined: nothing is to be sent, because it is paused, switched off or gone. */
  settings(): DeliverySettings | undefined;
  /** Whether these deliveries still exist. */
  exists(): boolean;
  send(key: Key, event: LoggedEvent): Promise<Outcome>;
  /** Whether the current invocation may make this many more calls. */
  hasRoom(calls: number): boolean;
  /** The outcome is in the ledger. */
  settled(outcome: Outcome): void;
  /** Makes sure that `run` is called at this time (milliseconds since 1970), or earlier. */
  wakeAt(time: number): void;
  complain(message: string, error: unknown): void;
}
