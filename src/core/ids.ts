/** Ids: the ones we make, and the ones derived from what caused them. */

import { v5, v7 } from "uuid";

/** The namespace of derived ids; chosen once, never to change: stored ids depend on it. */
const DERIVED = "6f1d3c52-8c0b-5d8e-9a57-0d6a3c1f7b20";

/** A new id that sorts by time (UUID version 7). */
export function newId(): string {
  return v7();
}

/**
 * The id of the event at `version` of a stream: a UUID version 7 whose last four bytes are that version.
 *
 * So a client's id can be checked against the ids we made by reading one row by its primary key
 * ({@link versionInId}), and no index over ids has to be paid for with every event.
 */
export function newEventId(version: number, now: number): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  new DataView(random.buffer).setUint32(12, version);
  return v7({ random, msecs: now });
}

/** The version that an id names if we made it; some number if we did not. */
export function versionInId(id: string): number {
  return Number.parseInt(id.slice(-8), 16);
}

/** The same id for the same cause, always: what makes a processor's second run store nothing. */
export function derivedId(...cause: (string | number)[]): string {
  return v5(JSON.stringify(cause), DERIVED);
}
