/** Decides whether a stream may be deleted, and makes the event that ends it. */

import type { StreamPlace } from "./place.ts";
import type { AtDeletion } from "../core/deletion.ts";
import { DELETED, DELETED_DATA, type StoredEvent, erases } from "../core/event.ts";
import { newEventId } from "../core/ids.ts";
import type { DeleteAnswer, DeleteRequest, Written } from "../store/stream-protocol.ts";
import { logger } from "../telemetry/logger.ts";
import { type Decider, conflictWith } from "./commands.ts";
import type { Journal } from "./journal.ts";

/** @returns the event to store, or why the stream is not deleted */
export function decideDeletion(
  { head, deleted, events }: Journal,
  decider: Decider | undefined,
  place: StreamPlace,
  { erase, force = false, expected, trace }: DeleteRequest,
): StoredEvent | Exclude<DeleteAnswer, Written> {
  if (head === 0) return { outcome: "unknown" };
  // A stream that is deleted can still be erased, once.
  const [last] = events.range(head, head);
  if (deleted && (!erase || !last || erases(last))) return { outcome: "deleted" };
  const conflict = conflictWith(expected, head);
  if (conflict) return conflict;
  const { unfinished, data } = atDeletion(decider);
  if (unfinished && !deleted && !force) return { outcome: "unfinished", ...unfinished };
  if (unfinished && !deleted) {
    const message = "a saga was deleted before it ended; none of its steps is undone";
    logger.warn({ message, ...place, reason: unfinished.detail, count: unfinished.steps.length });
  }
  const now = Date.now();
  return {
    version: head + 1,
    id: newEventId(head + 1, now),
    type: DELETED,
    data: data === undefined ? DELETED_DATA[erase ? "erased" : "kept"] : JSON.stringify({ erased: erase, ...data }),
    meta: "{}",
    time: null,
    recordedAt: now,
    schemaVersion: 1,
    ...(trace === undefined ? {} : { trace }),
  };
}

/** What the stream's rules require for its deletion. A state that cannot be folded must not prevent an erasure. */
function atDeletion(decider: Decider | undefined): AtDeletion {
  try {
    return decider?.aggregate.atDeletion?.(decider.state.current()) ?? {};
  } catch {
    return {};
  }
}
