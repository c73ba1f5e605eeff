/** Turns an append's request into what is stored. Synchronous on purpose, like commands. */

import { newEventId } from "../core/ids.ts";
import type { AppendAnswer, AppendRequest, Written } from "../store/stream-protocol.ts";
import { type Stored, conflictWith } from "./commands.ts";
import type { Journal } from "./journal.ts";
import { findReplay } from "./replay.ts";

/** Stores facts: recognises repeats and checks the version. The route has checked the facts against their schemas. */
export function appendEvents(journal: Journal, request: AppendRequest): Stored | Exclude<AppendAnswer, Written> {
  if (journal.deleted) return { outcome: "deleted" };
  const replay = findReplay(journal.events, journal.receipts, request);
  if (replay) return replay.outcome === "replay" ? { ...replay, outcome: "stored", replayed: true } : replay;
  const conflict = conflictWith(request.expected, journal.head);
  if (conflict) return conflict;

  const now = Date.now();
  const first = journal.head + 1;
  const ours = request.firstStands === true;
  const rows = request.events.map(({ id }) => (id !== undefined && ours ? journal.receipts.findEventId(id, ours).row : id));
  const events = request.events.map(({ id, type, data, meta, time = null, schemaVersion, trace = null }, index) => {
    const version = first + index;
    // If a client has used the id of a processor's event, the event gets another, and is still found by the id that it should have had.
    return {
      version,
      id: id !== undefined && rows[index] === id ? id : newEventId(version, now),
      type,
      data,
      meta,
      time,
      recordedAt: now,
      schemaVersion,
      trace,
    };
  });
  const last = first + events.length - 1;
  const { idempotencyKey: key, fingerprint = "" } = request;
  journal.commit({
    now,
    events,
    givenIds: rows.flatMap((row, index) =>
      row === undefined ? [] : { row, version: first + index, fingerprint: ours ? null : fingerprint },
    ),
    ...(key === undefined
      ? {}
      : {
          receipt: {
            row: journal.receipts.find(key, ours).row,
            ours,
            receipt: { fingerprint, status: "accepted", first, last, reason: null, details: null },
          },
        }),
  });
  return { outcome: "stored", first, last, replayed: false };
}
