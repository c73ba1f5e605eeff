/**
 * Folds events into a view's rows in memory: finds the rows that each event touches, loads them, and makes the next ones. What writes them
 * commits them with a checkpoint.
 */

import type { Failure } from "../consumers/consumer.ts";
import { ofApp } from "../core/platform-errors.ts";
import { type RecordedEvent, isErasure, streamIdOf } from "../core/event.ts";
import { Misfit, fitting, kindOf } from "../core/misfit.ts";
import { freeze } from "../core/plain-json.ts";
import { type View, handlerOf } from "../definitions/views/view.ts";
import type { StoredRow } from "../definitions/views/handler.ts";
import { type ViewTable, tableOf } from "./table.ts";

/** An event with the rows it touches. */
export interface Touch {
  readonly event: RecordedEvent;
  readonly keys: readonly string[];
}

/** The rows that the events touch, up to the first event whose `at` fails. */
export function touchesOf(view: View, events: readonly RecordedEvent[]): { touches: Touch[]; failure?: Failure } {
  const touches: Touch[] = [];
  for (const event of events) {
    try {
      // All the rows that an event touches get the same object: a handler must not change it for the others.
      const keys = ofApp(() => handlerOf(view, freeze(event).type)?.at(event) ?? []);
      // If a stream's events make only the stream's own row, an erased stream's row is all there is to remove.
      const own = view.ownRows && isErasure(event) ? [view.ownKey === "stream" ? event.stream : streamIdOf(event.stream)] : [];
      const all = [...own, ...keys].map((key) => wellFormed(view, event, key));
      touches.push({ event, keys: all.length > 1 ? [...new Set(all)] : all });
    } catch (error) {
      return { touches, failure: { event, error } };
    }
  }
  return { touches };
}

function wellFormed(view: View, { type }: RecordedEvent, key: unknown): string {
  if (typeof key !== "string")
    throw new Misfit(`view \`${view.name}\`: the keys that \`at\` gives for ${type} must be strings, got ${kindOf(key)}`);
  return key.toWellFormed();
}

/** The rows that the first `loaded` of the events touch: all of the events, unless the rows are too large to be in memory together. */
export async function load(table: ViewTable, db: D1Database, store: string, touches: readonly Touch[]) {
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
    let next: (StoredRow | null)[];
    try {
      next = ofApp(() => keys.map((key) => nextRow(view, rows.get(key), event, key)));
    } catch (error) {
      return { changed, failure: { event, error } };
    }
    for (const [index, key] of keys.entries()) {
      const row = next[index] ?? null;
      changed.set(key, row);
      if (row === null) rows.delete(key);
      else rows.set(key, row);
    }
  }
  return { changed };
}

function nextRow(view: View, row: StoredRow | undefined, event: RecordedEvent, key: string): StoredRow | null {
  const handler = handlerOf(view, event.type);
  const next = handler?.fold(isErasure(event) && view.ownRows ? undefined : row, event, key) ?? null;
  if (next === null) return null;
  // A definition over HTTP checks each value itself; its rows need no schema.
  const fits = view.declaration ? next : fitting(`row of view \`${view.name}\` after ${event.type}`, "", view.row, next);
  const checked = tableOf(view).asReadBack(fits);
  if (checked[view.key] !== key) {
    // Without the keys: they are content of events, and errors are logged.
    throw new Error(`view "${view.name}" returned a row with another ${view.key}`);
  }
  return checked;
}
