/** Ids: new ones, and ids that are derived from a cause. */

import { v5, v7 } from "uuid";

/** The namespace of derived ids. Never change it: stored ids depend on it. */
const DERIVED = "6f1d3c52-8c0b-5d8e-9a57-0d6a3c1f7b20";

/** A new id that sorts by time (UUID version 7). */
export function newId(): string {
  return v7();
}

/**
 * The id of the event at `version` of a stream: a UUID version 7 whose last four bytes are that version.
 *
 * So one row, read by its primary key ({@link versionInId}), shows whether a client's id is an id that we made, and no event has to pay for
 * an index over ids.
 */
export function newEventId(version: number, now: number): string {
  const random = randomBytes();
  new DataView(random.buffer, random.byteOffset).setUint32(12, version);
  return v7({ random, msecs: now });
}

/** Bytes of one id. */
const ID_BYTES = 16;
/** Random bytes for the next ids: asking the platform for those of one id costs more than all the rest of it (measured). */
let pool = new Uint8Array(0);

/** Bytes that nobody else gets. */
function randomBytes(): Uint8Array {
  if (pool.length === 0) pool = crypto.getRandomValues(new Uint8Array(256 * ID_BYTES));
  const bytes = pool.subarray(0, ID_BYTES);
  pool = pool.subarray(ID_BYTES);
  return bytes;
}

/** The version in an id that we made; any number if we did not make the id. */
export function versionInId(id: string): number {
  return Number.parseInt(id.slice(-8), 16);
}

/** Always the same id for the same cause: that is why a processor's second run stores nothing. */
export function derivedId(...cause: (string | number)[]): string {
  return v5(JSON.stringify(cause), DERIVED);
}
