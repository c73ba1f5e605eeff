/** ④ The projector: folds a batch of events in memory and writes each touched row once, together with the checkpoint (promise 4). */

import { CheckpointStore } from "../delivery/checkpoint.ts";
import type { Applied, Consumer } from "../delivery/consumer.ts";
import type { RecordedEvent } from "../event.ts";
import { type SqlRow, type ViewTable, tableOf } from "./table.ts";
import type { StoredRow, View } from "./view.ts";

/** An event with the rows it touches. */
interface Touch {
  readonly event: RecordedEvent;
  readonly keys: readonly string[];
}

/** The checkpoint of a view's current table. */
export function viewCheckpoint(env: Env, store: string, view: View): CheckpointStore {
  const table = tableOf(view);
  return new CheckpointStore(env.VIEWS, store, view.name, table.generation, table.schema);
}

/** The view as a consumer of its store's log. */
export function viewConsumer(env: Env, store: string, view: View): Consumer {
  const table = tableOf(view);
  const checkpoint = viewCheckpoint(env, store, view);
  return {
    name: view.name,
    store,
    types: [...view.handlers.keys()],
    categories: view.sources.map((source) => source.name),
    checkpoint,
    async apply(events, from, to) {
      const { touches, failure } = touchesOf(view, events);
      const rows = await load(table, checkpoint.db, store, touches);
      const folded = fold(view, rows, touches);
      const failed = folded.failure ?? failure;
      const position = failed ? failed.event.position - 1 : to;
      if (position > from) await checkpoint.commit(from, position, table.write(checkpoint.db, store, folded.changed));
      return { position, ...(failed ? { failure: failed } : {}) };
    },
  };
}

/** Which rows the events touch, up to the first whose `at` fails. */
export function touchesOf(view: View, events: readonly RecordedEvent[]): { touches: Touch[]; failure?: Applied["failure"] } {
  const touches: Touch[] = [];
  for (const event of events) {
    try {
      const keys = view.handlers.get(event.type)?.at(event) ?? [];
      touches.push({ event, keys: keys.map((key) => key.toWellFormed()) });
    } catch (error) {
      return { touches, failure: { event, error } };
    }
  }
  return { touches };
}

async function load(table: ViewTable, db: D1Database, store: string, touches: readonly Touch[]): Promise<Map<string, StoredRow>> {
  const keys = [...new Set(touches.flatMap((touch) => touch.keys))];
  if (keys.length === 0) return new Map();
  const { results } = await table.select(db, store, keys).all<SqlRow>();
  return new Map(results.map((row) => [String(row[table.key]), table.fromSql(row)]));
}

/** Folds the events into the rows, in order, up to the first that fails. */
export function fold(view: View, rows: Map<string, StoredRow>, touches: readonly Touch[]) {
  const changed = new Map<string, StoredRow | null>();
  for (const { event, keys } of touches) {
    // An event's rows change together or not at all.
    const next = new Map<string, StoredRow | null>();
    try {
      for (const key of keys) next.set(key, nextRow(view, next.has(key) ? (next.get(key) ?? undefined) : rows.get(key), event, key));
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
  const next = view.handlers.get(event.type)?.fold(row, event, key) ?? null;
  if (next === null) return null;
  const checked = tableOf(view).asReadBack(view.row.parse(next));
  if (checked[view.key] !== key) {
    throw new Error(`view "${view.name}" folded row "${key}" into one whose ${view.key} is ${JSON.stringify(checked[view.key])}`);
  }
  return checked;
}
