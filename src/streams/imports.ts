/** Takes over events of another store: those the stream has are skipped, so that an import can be sent again. Synchronous, like commands. */

import { DELETED, type StoredEvent, erases } from "../core/event.ts";
import { sameJson } from "../core/json.ts";
import type { ImportRequest } from "../store/stream-protocol.ts";
import type { Journal } from "./journal.ts";
import { versionOf } from "./replay.ts";

/** What was taken, and why the rest was not: `index` is that of the first event that was refused. */
export interface ImportOutcome {
  readonly stored: number;
  readonly refused?: { readonly outcome: "idempotency-conflict" | "deleted"; readonly detail: string; readonly index: number };
}

type Lift = (event: StoredEvent) => StoredEvent;

/**
 * Stores what is new, in the order given, up to the first event that cannot be taken. The event that ends a stream ends
 * it here too: after it comes nothing, unless it is the erasure of a stream that had only been deleted.
 *
 * @param lift gives an event the form in which readers get it
 */
export function importEvents(journal: Journal, { events }: ImportRequest, lift: Lift): ImportOutcome {
  const now = Date.now();
  const fresh = new Map<string, StoredEvent>();
  let [end] = journal.deleted ? journal.events.range(journal.head, journal.head) : [];
  let refused: ImportOutcome["refused"];
  for (const [index, event] of events.entries()) {
    const { id, type, data, meta, time = null, schemaVersion, erased } = event;
    const next = { version: journal.head + fresh.size + 1, id, type, data, meta, time, recordedAt: now, schemaVersion };
    const known = fresh.get(id) ?? storedWith(journal, id);
    if (known) {
      // What has been erased, here or there, is still the same event.
      if (known.erased || erased || (end && erases(end)) || isSame(next, known, lift)) continue;
      refused = {
        outcome: "idempotency-conflict",
        detail: `event id ${id} is version ${known.version} of the stream, with other content`,
        index,
      };
      break;
    }
    if (end && (erases(end) || !erases(next))) {
      refused = { outcome: "deleted", detail: "the stream was deleted; it takes no further events", index };
      break;
    }
    if (type === DELETED) end = next;
    fresh.set(id, erased ? { ...next, erased } : next);
  }
  store(journal, now, [...fresh.values()]);
  return { stored: fresh.size, ...(refused ? { refused } : {}) };
}

function store(journal: Journal, now: number, events: readonly StoredEvent[]): void {
  const ends = events.filter(({ type }) => type === DELETED);
  const kept = events.filter(({ type }) => type !== DELETED);
  if (kept.length > 0) {
    journal.commit({ now, events: kept, givenIds: kept.map(({ id, version }) => ({ row: id, version, fingerprint: null })) });
  }
  for (const end of ends) journal.end(end, true);
}

function storedWith(journal: Journal, id: string): StoredEvent | undefined {
  const version = versionOf(journal.events, journal.receipts, id);
  return version === undefined ? undefined : journal.events.range(version, version)[0];
}

/** Whether an export of the stored event says what this event says: the time of recording stands in for one that nobody gave, and reading lifts. */
function isSame(event: StoredEvent, stored: StoredEvent, lift: Lift): boolean {
  const sameTime = event.time === stored.time || (stored.time === null && event.time === new Date(stored.recordedAt).toISOString());
  if (event.type !== stored.type || !sameTime || !sameJson(event.meta, stored.meta)) return false;
  return sameJson(event.data, stored.data) || (event.schemaVersion !== stored.schemaVersion && sameLifted(event, stored, lift));
}

function sameLifted(event: StoredEvent, stored: StoredEvent, lift: Lift): boolean {
  try {
    return sameJson(lift(event).data, lift(stored).data);
  } catch {
    return false; // an event that cannot be lifted is exported as it is stored
  }
}
