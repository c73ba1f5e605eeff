/**
 * What joins find in a preview. Nothing is stored, so there is no copy of the view to ask: a row is folded for this once, from the events of
 * the log up to the event's own position. Where that would take too long, the view answers as it is now, and the answer says from where.
 */

import type { Found, Lookup } from "../definitions/processors/rules-run.ts";
import { type RecordedEvent, toRecorded } from "../core/event.ts";
import { CONSUMER_BATCH_BYTES, MAX_POSITION, PAGE_EVENTS } from "../core/limits.ts";
import { liftFor, problemFor } from "../definitions/upcast.ts";
import { type View, filterOfView } from "../definitions/views/view.ts";
import type { StoredRow } from "../definitions/views/handler.ts";
import { concerns } from "../processors/rules-copied.ts";
import { latestAt } from "../processors/rules-streams.ts";
import { fold, touchesOf } from "../rows/fold.ts";
import type { Store } from "../store/store.ts";
import { generationsOf } from "../views/generations.ts";
import { awaitRow } from "../views/query.ts";
import { PREVIEW_EVENTS, PREVIEW_MS } from "./limits.ts";

/** What was found, and as of which position. */
export interface FoundAt {
  readonly found: Found;
  readonly position: number;
  /** It is what the processor itself would find. */
  readonly exact: boolean;
}

/** @param head the log's head; an event that is not in the log is taken for the one after it */
export async function findFor(store: Store, event: RecordedEvent, head: number, { join, key }: Lookup): Promise<FoundAt> {
  const { from } = join;
  const { position, stream } = event;
  if ("view" in from) return rowFor(store, from.view, key.toWellFormed(), event, head);
  if (!("category" in from)) return { found: undefined, position, exact: true };
  // The event itself is the latest of its stream.
  if (stream === `${from.category}/${key}`) return { found: event.data as Found, position, exact: true };
  const found = await latestAt(store.stream(from.category, key), position > head ? MAX_POSITION : position);
  if (found instanceof Error) throw found;
  return { found, position: Math.min(position, head), exact: true };
}

async function rowFor(store: Store, view: View, key: string, event: RecordedEvent, head: number): Promise<FoundAt> {
  const logged = Math.min(event.position, head);
  const rows = await folded(store, view, key, logged);
  if (!rows) {
    const { row, position } = await awaitRow(store, view, key, { position: 0, deadline: 0 }, 0);
    return { found: row, position, exact: position === event.position };
  }
  // A view sees the event before its processor does.
  if (event.position > head) foldOne(view, rows, key, event);
  return { found: rows.get(key), position: event.position, exact: true };
}

/** The row as it was at a position; undefined: it takes too long. */
async function folded(store: Store, view: View, key: string, to: number): Promise<Map<string, StoredRow> | undefined> {
  const { skipped } = await generationsOf(store, view);
  const rows = new Map<string, StoredRow>();
  const until = Date.now() + PREVIEW_MS;
  const filter = filterOfView(view);
  let seen = 0;
  for (let after = 0; after < to;) {
    const page = await store.log.read({ ...filter, after, to, limit: PAGE_EVENTS, bytes: CONSUMER_BATCH_BYTES });
    for (const logged of page.events) {
      if (logged.erased || skipped.has(logged.position)) continue;
      const event = liftFor(view.followed, logged);
      const problem = problemFor(view.followed, event);
      if (problem) throw problem;
      foldOne(view, rows, key, toRecorded(event));
    }
    seen += page.events.length;
    if (page.next === null || page.next <= after) break;
    after = page.next;
    if (after < to && (seen >= PREVIEW_EVENTS || Date.now() >= until)) return undefined;
  }
  return rows;
}

/** Rows do not depend on each other: only what touches this one is folded. */
function foldOne(view: View, rows: Map<string, StoredRow>, key: string, event: RecordedEvent): void {
  if (!concerns(view, event)) return;
  const { touches, failure } = touchesOf(view, [event]);
  const concerned = touches.filter(({ keys }) => keys.includes(key)).map((touch) => ({ ...touch, keys: [key] }));
  const problem = failure ?? fold(view, rows, concerned).failure;
  if (problem) throw problem.error;
}
