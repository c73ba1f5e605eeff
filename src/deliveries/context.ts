/** What the dispatcher and the reader work with: the ledger, the log, and the receiver of the deliveries. */

import type { LoggedEvent } from "../core/event.ts";
import type { LogRpc } from "../store/log-protocol.ts";
import type { Outcome } from "../store/delivery-protocol.ts";
import type { Key } from "./delivery-id.ts";
import type { Ledger } from "./ledger.ts";
import type { Store } from "../store/store.ts";
import type { DeliverySettings, Notices, Transport } from "./transport.ts";

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

/** The consumer's name, as the log knows it (`id`), and what its deliveries work with. */
export interface Equipment {
  readonly store: Store;
  readonly id: string;
  /** Where it begins if it is in code; one that was added at run time has begun. */
  readonly start: "beginning" | "head";
  readonly storage: DurableObjectStorage;
  readonly transport: Transport;
  readonly notices: Notices;
}

/** The log's pages, with the events as the transport's code declares them. */
export function liftedLog(log: Pick<LogRpc, "read">, transport: Transport): Pick<LogRpc, "read"> {
  return {
    read: async (request) => {
      const page = await log.read(request);
      return { ...page, events: page.events.map((event) => transport.lift?.(event) ?? event) };
    },
  };
}
