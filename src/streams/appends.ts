/** From an append's request to what is stored. Synchronous on purpose, like commands. */

import { newEventId } from "../ids.ts";
import type { AppendAnswer, AppendRequest, Written } from "../protocol.ts";
import { type Stored, conflictWith } from "./commands.ts";
import type { Journal } from "./journal.ts";
import { findReplay } from "./replay.ts";

/** Stores facts: recognises repeats, checks the version. The door has checked them against their schemas. */
export function appendEvents(journal: Journal, request: AppendRequest): Stored | Exclude<AppendAnswer, Written> {
  if (journal.deleted) return { outcome: "deleted" };
  const replay = findReplay(journal.events, journal.receipts, request);
  if (replay) return replay.outcome === "replay" ? { ...replay, outcome: "stored", replayed: true } : replay;
  const conflict = conflictWith(request.expected, journal.head);
  if (conflict) return conflict;

  const now = Date.now();
  const first = journal.head + 1;
  const events = request.events.map(({ id, type, data, meta, time = null, schemaVersion, trace = null }, index) => {
    const version = first + index;
    return { version, id: id ?? newEventId(version, now), type, data, meta, time, recordedAt: now, schemaVersion, trace };
  });
  const last = first + events.length - 1;
  const key = request.idempotencyKey;
  journal.commit({
    now,
    events,
    givenIds: events.filter((_event, index) => request.events[index]?.id !== undefined),
    ...(key === undefined
      ? {}
      : { receipt: { key, receipt: { fingerprint: "", status: "accepted", first, last, reason: null, details: null } } }),
  });
  return { outcome: "stored", first, last, replayed: false };
}
