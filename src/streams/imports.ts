/** Takes events of another store: skips those that the stream has, so that an import can be sent again. Synchronous, like commands. */

import { DELETED, type StoredEvent, erases } from "../core/event.ts";
import { storedAs } from "../store/imported.ts";
import { sameJson } from "../core/json.ts";
import { APPEND_EVENTS } from "../core/limits.ts";
import type { ImportRefusal, ImportedEvent } from "../store/import-protocol.ts";
import type { Journal } from "./journal.ts";
import { ownVersionOf } from "./replay.ts";

/** What a stream would store of an import, and why it would refuse the rest. */
export interface ImportPlan {
  /** The version of each event that is taken, in the given order. */
  readonly versions: readonly number[];
  readonly fresh: readonly StoredEvent[];
  readonly recordedAt: number;
  readonly refused?: ImportRefusal;
}

type Lift = (event: StoredEvent) => StoredEvent;

export interface ImportRules {
  /** Gives an event the form in which readers get it. */
  readonly lift: Lift;
  /** An event with a known id is the same event, whatever its content. */
  readonly firstStands: boolean;
}

/**
 * Takes what is new, in the given order, up to the first event that cannot be taken. The event that ends a stream ends it here as well: no
 * event may follow it, except the erasure of a stream that was only deleted before.
 */
export function planImport(journal: Journal, events: readonly ImportedEvent[], { lift, firstStands }: ImportRules): ImportPlan {
  const recordedAt = Date.now();
  const fresh = new Map<string, StoredEvent>();
  const versions: number[] = [];
  const plan = (refused?: ImportRefusal) => ({ versions, fresh: [...fresh.values()], recordedAt, ...(refused ? { refused } : {}) });
  const given = journal.receipts.versionsOf(events.map(({ id }) => id));
  let [end] = journal.deleted ? journal.events.range(journal.head, journal.head) : [];
  for (const [index, event] of events.entries()) {
    const { id, type, erased } = event;
    const next = storedAs(event, journal.head + fresh.size + 1, recordedAt);
    const givenAt = given.get(id);
    if (firstStands && givenAt !== undefined) {
      versions.push(givenAt);
      continue;
    }
    const known = fresh.get(id) ?? storedAt(journal, givenAt ?? (firstStands ? undefined : ownVersionOf(journal.events, id)));
    if (known) {
      // An event that was erased, here or there, is still the same event.
      if (firstStands || known.erased || erased || (end && erases(end)) || isSame(next, known, lift)) {
        versions.push(known.version);
        continue;
      }
      const detail = `event id ${id} is version ${known.version} of the stream, with other content`;
      return plan({ outcome: "idempotency-conflict", detail, index });
    }
    if (end && (erases(end) || !erases(next)))
      return plan({ outcome: "deleted", detail: "the stream was deleted; it accepts no further events", index });
    if (type === DELETED) end = next;
    fresh.set(id, next);
    versions.push(next.version);
  }
  return plan();
}

/** Stores what is new. It takes several commits for more than one append may have: the log gets whole commits. */
export function storeImport(journal: Journal, { fresh, recordedAt: now }: ImportPlan): void {
  const ends = fresh.filter(({ type }) => type === DELETED);
  const kept = fresh.filter(({ type }) => type !== DELETED);
  for (let at = 0; at < kept.length; at += APPEND_EVENTS) {
    const events = kept.slice(at, at + APPEND_EVENTS);
    journal.commit({ now, events, givenIds: events.map(({ id, version }) => ({ row: id, version, fingerprint: null })) });
  }
  for (const end of ends) journal.end(end, true);
}

function storedAt(journal: Journal, version: number | undefined): StoredEvent | undefined {
  return version === undefined ? undefined : journal.events.range(version, version)[0];
}

/**
 * Whether an export of the stored event has the same content as this event: the time of recording replaces a time that nobody gave, and
 * reading lifts.
 */
function isSame(event: StoredEvent, stored: StoredEvent, lift: Lift): boolean {
  const sameTime = event.time === stored.time || (stored.time === null && event.time === new Date(stored.recordedAt).toISOString());
  if (event.type !== stored.type || !sameTime || !sameJson(event.meta, stored.meta)) return false;
  // An event that cannot be lifted is exported as it is stored.
  const isOther = event.schemaVersion !== stored.schemaVersion;
  return sameJson(event.data, stored.data) || (isOther && sameJson(lift(event).data, lift(stored).data));
}
