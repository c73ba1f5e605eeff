/** ④ The projector: folds a batch of events in memory and writes each touched row once, together with the checkpoint (promise 4). */

import type { Store } from "../store/store.ts";
import type { Consumer, Failure } from "../consumers/consumer.ts";
import { ofApp } from "../core/platform-errors.ts";
import { type RecordedEvent, isErasure, streamIdOf } from "../core/event.ts";
import { VIEW_SQL_EVENTS, VIEW_SQL_STATEMENTS } from "./limits.ts";
import { Misfit, fitting, kindOf } from "../core/misfit.ts";
import { freeze } from "../core/plain-json.ts";
import { checkpointOf, markErased } from "./generations.ts";
import { type ViewTable, tableOf } from "./table.ts";
import { type StoredRow, type View, filterOfView } from "../definitions/views/view.ts";
import { writeStatement } from "./write.ts";

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
 * @param table default: the table of the present code
 * @param skipped positions of events that it passes over
 */
export function viewConsumer(store: Store, view: View, table = tableOf(view), skipped: ReadonlySet<number> = NONE): ViewConsumer {
  const checkpoint = checkpointOf(store, view, table);
  const { db } = checkpoint;
  const { budget } = store;
  const projection: Projection = { view, table, db, store: store.name };
  return {
    name: view.name,
    store,
    ...filterOfView(view),
    sources: view.sources,
    checkpoint,
    ...(view.retry ? { retry: view.retry } : {}),
    ...(view.hooks ? { hooks: view.hooks } : {}),
    batchSpan: "project",
    erased: false,
    budget,
    async apply(batch) {
      const { events, from, to } = batch;
      let position = from;
      const runs = runsOf(
        view,
        events.filter((event) => !skipped.has(event.position)),
      );
      for (const [index, run] of runs.entries()) {
        const end = index === runs.length - 1 ? to : (run.events.at(-1)?.position ?? to);
        const worked = run.isSql ? written(projection, run.events, end) : await folded(projection, run.events, end);
        if (worked.position > position) {
          const erasure = view.ownRows ? undefined : run.events.findLast((event) => event.position <= worked.position && isErasure(event));
          const marks = erasure ? [markErased(db, store.name, view, erasure.position)] : [];
          await checkpoint.commit(position, worked.position, [...worked.statements, ...marks], batch);
          this.erased ||= erasure !== undefined;
        }
        position = worked.position;
        if (worked.failure || position < end) return { position, ...(worked.failure ? { failure: worked.failure } : {}) };
        if (index < runs.length - 1 && budget?.fits(VIEW_SQL_STATEMENTS) === false) return { position };
      }
      return { position };
    },
  };
}

const NONE: ReadonlySet<number> = new Set();

/** Consecutive events that are folded in memory together, or that SQL is written for. */
interface Run {
  readonly isSql: boolean;
  readonly events: readonly RecordedEvent[];
}

/** SQL sees only what is written, and a fold only what it has loaded: one must not be under way when the other begins. */
function runsOf(view: View, events: readonly RecordedEvent[]): Run[] {
  const runs: { isSql: boolean; events: RecordedEvent[] }[] = [{ isSql: false, events: [] }];
  for (const event of events) {
    const isSql = view.handlers.get(event.type)?.write !== undefined;
    const last = runs.at(-1);
    if (last && last.isSql === isSql && (!isSql || last.events.length < VIEW_SQL_EVENTS)) last.events.push(event);
    else runs.push({ isSql, events: [event] });
  }
  return runs[0]?.events.length === 0 && runs.length > 1 ? runs.slice(1) : runs;
}

/** The result of a run of events: the statements of one commit, and how far they get. */
interface Worked {
  readonly statements: readonly D1PreparedStatement[];
  readonly position: number;
  readonly failure?: Failure;
}

/** Where a view's rows are. */
interface Projection {
  readonly view: View;
  readonly table: ViewTable;
  readonly db: D1Database;
  readonly store: string;
}

async function folded({ view, table, db, store }: Projection, events: readonly RecordedEvent[], to: number): Promise<Worked> {
  const { touches, failure } = touchesOf(view, events);
  const { rows, loaded } = await load(table, db, store, touches);
  // Events whose rows were not loaded are left for the next batch.
  const next = touches[loaded];
  const { changed, failure: unfolded } = fold(view, rows, touches.slice(0, loaded));
  const failed = unfolded ?? (next ? undefined : failure);
  const stop = failed?.event ?? next?.event;
  const position = stop ? stop.position - 1 : to;
  return { statements: table.write(db, store, changed), position, ...(failed ? { failure: failed } : {}) };
}

function written({ view, table, db, store }: Projection, events: readonly RecordedEvent[], to: number): Worked {
  const statements: D1PreparedStatement[] = [];
  for (const event of events) {
    try {
      const write = view.handlers.get(event.type)?.write;
      const writes = (write && ofApp(() => write(freeze(event)))) ?? [];
      // Each write is a statement: a batch must stay within what an invocation may send to D1.
      if (statements.length > 0 && statements.length + writes.length > VIEW_SQL_STATEMENTS)
        return { statements, position: event.position - 1 };
      statements.push(...writes.map((one) => writeStatement(db, table, store, one)));
    } catch (error) {
      return { statements, position: event.position - 1, failure: { event, error } };
    }
  }
  return { statements, position: to };
}

/** The rows that the events touch, up to the first event whose `at` fails. */
export function touchesOf(view: View, events: readonly RecordedEvent[]): { touches: Touch[]; failure?: Failure } {
  const touches: Touch[] = [];
  for (const event of events) {
    try {
      // All the rows that an event touches get the same object: a handler must not change it for the others.
      const keys = ofApp(() => view.handlers.get(freeze(event).type)?.at(event) ?? []);
      // If a stream's events make only the stream's own row, an erased stream's row is all there is to remove.
      const own = view.ownRows && isErasure(event) ? [streamIdOf(event.stream)] : [];
      touches.push({ event, keys: [...new Set([...own, ...keys].map((key) => wellFormed(view, event, key)))] });
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
      for (const key of keys)
        next.set(
          key,
          ofApp(() => nextRow(view, rows.get(key), event, key)),
        );
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
  const checked = tableOf(view).asReadBack(fitting(`row of view \`${view.name}\` after ${event.type}`, "", view.row, next));
  if (checked[view.key] !== key) {
    // Without the keys: they are content of events, and errors are logged.
    throw new Error(`view "${view.name}" returned a row with another ${view.key}`);
  }
  return checked;
}
