/** What tests do to the storage of a stream behind its object's back, in the form of this version and in that of version 0.1. */

import type { StoredEvent } from "../../../src/core/event.ts";
import { FORMAT_KEY } from "../../../src/store/stored-format.ts";
import { StreamEvents } from "../../../src/streams/stream-events.ts";

/** All events that are stored. */
export function eventsIn(storage: DurableObjectStorage): readonly StoredEvent[] {
  const events = new StreamEvents(storage);
  return events.range(1, events.head);
}

/** Stores each of these appends, in one transaction. */
export function storeIn(storage: DurableObjectStorage, ...appends: (readonly StoredEvent[])[]): void {
  const events = new StreamEvents(storage);
  storage.transactionSync(() => {
    for (const append of appends) {
      const prepared = events.prepare(append);
      events.insert(prepared);
      events.advance(prepared);
    }
  });
}

/** Stores other events in place of those that are stored. */
export function rewriteIn(storage: DurableObjectStorage, change: (events: readonly StoredEvent[]) => readonly StoredEvent[]): void {
  const appends = takeFrom(storage, change);
  storeIn(storage, ...appends);
}

/** Stores the events as version 0.1 did: a row for each. */
export function storeAsVersion01(storage: DurableObjectStorage): void {
  const appends = takeFrom(storage, (events) => events);
  const { sql } = storage;
  sql.exec(
    `CREATE TABLE events (version INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, meta TEXT NOT NULL, time TEXT,
     recorded_at INTEGER NOT NULL, schema_version INTEGER NOT NULL, append INTEGER NOT NULL, erased INTEGER, trace TEXT) STRICT`,
  );
  for (const append of appends) {
    for (const { version, id, type, data, meta, time, recordedAt, schemaVersion, erased, trace } of append) {
      const values = [
        version,
        id,
        type,
        data,
        meta,
        time,
        recordedAt,
        schemaVersion,
        append[0]?.version ?? 0,
        erased ? 1 : null,
        trace ?? null,
      ];
      sql.exec(`INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, ...values);
    }
  }
}

/** Removes all events. @returns what `change` makes of them, in their appends */
function takeFrom(storage: DurableObjectStorage, change: (events: readonly StoredEvent[]) => readonly StoredEvent[]): StoredEvent[][] {
  const events = new StreamEvents(storage);
  const changed = change(events.range(1, events.head));
  const appends = Map.groupBy(changed, ({ version }) => (version <= events.head ? events.appendAround(version).first : version));
  storage.kv.delete(FORMAT_KEY);
  for (const table of ["pages", "events"]) storage.sql.exec(`DROP TABLE IF EXISTS ${table}`);
  return [...appends.values()];
}
