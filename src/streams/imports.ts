/** Takes over events of another store: those the stream has are skipped, so that an import can be sent again. Synchronous, like commands. */

import { DELETED, type StoredEvent } from "../event.ts";
import type { IdempotencyConflict, ImportRequest } from "../protocol.ts";
import type { Journal } from "./journal.ts";
import { sameEvent, versionOf } from "./replay.ts";

/** Stores what is new, in the order given. The event that ends a stream ends it here too. */
export function importEvents(
  journal: Journal,
  { events }: ImportRequest,
): { outcome: "stored"; stored: number } | { outcome: "deleted" } | IdempotencyConflict {
  const now = Date.now();
  const fresh: StoredEvent[] = [];
  for (const event of events) {
    const version = versionOf(journal.events, journal.receipts, event.id);
    if (version === undefined) {
      if (journal.deleted && event.type !== DELETED) return { outcome: "deleted" };
      const { id, type, data, meta, time = null, schemaVersion, erased } = event;
      const next = { version: journal.head + fresh.length + 1, id, type, data, meta, time, recordedAt: now, schemaVersion };
      fresh.push(erased ? { ...next, erased } : next);
      continue;
    }
    const [known] = journal.events.range(version, version);
    // What has been erased here since is still the same event.
    if (!known?.erased && !sameEvent(event, known)) {
      return { outcome: "idempotency-conflict", detail: `event id ${event.id} is version ${version} of the stream, with other content` };
    }
  }
  const last = fresh.at(-1);
  const ends = last?.type === DELETED;
  const kept = ends ? fresh.slice(0, -1) : fresh;
  if (kept.length > 0) journal.commit({ now, events: kept, givenIds: kept });
  if (ends) journal.end(last, true);
  return { outcome: "stored", stored: fresh.length };
}
