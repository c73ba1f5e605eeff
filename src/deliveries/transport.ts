/**
 * The seam of the delivery machine: it keeps order, retries, and the ledger; how a delivery reaches where it goes is a transport's
 * business. A webhook's posts it over HTTP.
 */

import type { LoggedEvent } from "../core/event.ts";
import type { Interest } from "../definitions/webhooks/webhook.ts";
import type { Disabled, Outcome } from "../store/webhook-protocol.ts";
import type { Key } from "./delivery-id.ts";

/** Which events are to be delivered, and how fast. */
export interface DeliverySettings extends Interest {
  /** Deliveries per second, at most. */
  readonly rate?: number;
  /** Deliveries under way at once, at most. */
  readonly concurrency?: number;
}

export interface Transport {
  /** `$webhook/{id}`: its events are about these deliveries, which are not told of themselves. */
  readonly ownStream: string;
  /** What is asked for now; undefined: there is nobody to deliver to. The same object for as long as nothing has changed. */
  settings(): DeliverySettings | undefined;
  /** The position after which deliveries begin that were never woken; `log` says where those begin that start at the head. */
  beginsAfter(knownSince: () => Promise<number>): Promise<number>;
  /** An event as the code of this object knows it: the log may run another version of it. Without it, as the log has it. */
  lift?(event: LoggedEvent): LoggedEvent;
  /** One attempt. Never throws: whatever happens is an outcome. */
  send(key: Key, event: LoggedEvent): Promise<Outcome>;
}

/** Where it is announced that deliveries were switched off, or on again. */
export interface Notices {
  /** Call both inside a transaction. `at`: RFC 3339. */
  disabled(reason: Disabled["reason"], at: string): void;
  enabled(at: string): void;
  /** Publishes what was announced and is not published yet. Throws when that cannot be done now. */
  publish(): Promise<void>;
}
