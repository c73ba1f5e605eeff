/** ④ The projector: folds a batch of events in memory and writes each touched row once, together with the checkpoint (promise 4). */

import type { Consumer } from "../delivery/consumer.ts";
import type { Failure } from "../delivery/failure.ts";
import { DELETED, type RecordedEvent, isErasure, streamIdOf } from "../event.ts";
import { checkpointOf, markErased } from "./generations.ts";
import { type ViewTable, tableOf } from "./table.ts";
import type { StoredRow, View } from "./view.ts";

/** An event with the rows it touches. */
interface Touch {
  readonly event: RecordedEvent;
  readonly keys: readonly string[];
}

/** A view's consumer, and whether it met an erasure that its rows may still show. */
export interface ViewConsumer extends Consumer {
  erased: boolean;
}

/**
 * The view as a consumer of its store's log, into one of its tables.
 *
 * @param table without it: that of the code as it is now
 */
export function viewConsumer(env: Env, store: string, view: View, table = tableOf(view)): ViewConsumer {
  const checkpoint = checkpointOf(env, store, view, table);
  const { db } = checkpoint;
  return {
    name: view.name,
    store,
    types: [...new Set([...view.handlers.keys(), DELETED])],
    categories: view.sources.map((source) => source.name),
    checkpoint,
    ...(view.retry ? { retry: view.retry } : {}),
    ...(view.hooks ? { hooks: view.hooks } : {}),
    erased: false,
    async apply(events, from, to) {
      const { touches, failure } = touchesOf(view, events);
      const { rows, loaded } = await load(table, db, store, touches);
      // What was not loaded is left for the next batch.
      const next = touches[loaded];
      const folded = fold(view, rows, touches.slice(0, loaded));
      const failed = folded.failure ?? (next ? undefined : failure);
      const stop = failed?.event ?? next?.event;
      const position = stop ? stop.position - 1 : to;
      if (position > from) {
        const erasure = view.ownRows ? undefined : events.findLast((event) => event.position <= position && isErasure(event));
        const marks = erasure ? [markErased(db, store, view, erasure.position)] : [];
        await checkpoint.commit(from, position, [...table.write(db, store, folded.changed), ...marks]);
        this.erased ||= erasure !== undefined;
      }
      return { position, ...(failed ? { failure: failed } : {}) };
    },
  };
}

/** Which rows the events touch, up to the first whose `at` fails. */
export function touchesOf(view: View, events: readonly RecordedEvent[]): { touches: Touch[]; failure?: Failure } {
  const touches: Touch[] = [];
  for (const event of events) {
    try {
      const keys = view.handlers.get(event.type)?.at(event) ?? [];
      // Where a stream's events make its own row and no other, an erased stream's row is all there is to remove.
      const own = view.ownRows && isErasure(event) ? [streamIdOf(event.stream)] : [];
      touches.push({ event, keys: [...new Set([...own, ...keys].map((key) => key.toWellFormed()))] });
    } catch (error) {
      return { touches, failure: { event, error } };
    }
  }
  return { touches };
}

/** The rows that the first `loaded` of the events touch: of all of them, unless the rows are too large to be in memory together. */
async function load(table: ViewTable, db: D1Database, store: string, touches: readonly Touch[]) {
  const keys = new Set<string>();
  let loaded = 0;
  for (const touch of touches) {
    const more = touch.keys.filter((key) => !keys.has(key));
    if (loaded > 0 && keys.size + more.length > table.rowsAtOnce) break;
    for (const key of more) keys.add(key);
    loaded++;
  }
  return { rows: await table.load(db, store, [...keys]), loaded };
}

/** Folds the events into the rows, in order, up to the first that fails. */
export function fold(view: View, rows: Map<string, StoredRow>, touches: readonly Touch[]) {
  const changed = new Map<string, StoredRow | null>();
  for (const { event, keys } of touches) {
    // An event's rows change together or not at all.
    const next = new Map<string, StoredRow | null>();
    try {
      for (const key of keys) next.set(key, nextRow(view, rows.get(key), event, key));
    } catch (error) {
      return { changed, failure: { event, error } };
    }
    for (const [key, row] of next) {
      changed.set(key, row);
      if (row === null) rows.delete(key);
      else rows.set(key, row);
    }
  }
  return { changed };
}

function nextRow(view: View, row: StoredRow | undefined, event: RecordedEvent, key: string): StoredRow | null {
  const handler = view.handlers.get(event.type);
  const next = handler?.fold(isErasure(event) && view.ownRows ? undefined : row, event, key) ?? null;
  if (next === null) return null;
  const checked = tableOf(view).asReadBack(view.row.parse(next));
  if (checked[view.key] !== key) {
    throw new Error(`view "${view.name}" folded row "${key}" into one whose ${view.key} is ${JSON.stringify(checked[view.key])}`);
  }
  return checked;
}
