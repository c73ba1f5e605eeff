/**
 * The seam of the delivery machine: the machine keeps order, retries and the ledger; a transport brings a delivery to its receiver. A
 * webhook's transport posts it over HTTP.
 */

import type { LoggedEvent } from "../core/event.ts";
import type { Interest } from "../definitions/webhooks/webhook.ts";
import type { Disabled } from "../store/webhook-protocol.ts";
import type { Outcome } from "../store/delivery-protocol.ts";
import type { Key } from "./delivery-id.ts";

/** Which events are to be delivered, and how fast. */
export interface DeliverySettings extends Interest {
  /** The most deliveries per second. */
  readonly rate?: number;
  /** The most deliveries at the same time. */
  readonly concurrency?: number;
}

export interface Transport {
  /** `$webhook/{id}`: its events are about these deliveries, and are not delivered by them. */
  readonly ownStream: string;
  /** The settings now; undefined: there is no receiver. The same object for as long as nothing has changed. */
  settings(): DeliverySettings | undefined;
  /** An event as the code of this object declares it: the log may run another version of it. Without it, as the log has it. */
  lift?(event: LoggedEvent): LoggedEvent;
  /** One attempt. Never throws: whatever happens is an outcome. */
  send(key: Key, event: LoggedEvent): Promise<Outcome>;
}

/** Announces that deliveries were switched off, or on again. */
export interface Notices {
  /** Call both inside a transaction. `at`: RFC 3339. */
  disabled(reason: Disabled["reason"], at: string): void;
  enabled(at: string): void;
  /** Publishes announcements that are not published yet. Throws when that is not possible now. */
  publish(): Promise<void>;
}
