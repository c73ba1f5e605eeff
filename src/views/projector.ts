/** ④ The projector: folds a batch of events in memory and writes each touched row once, together with the checkpoint (promise 4). */

import type { Store } from "../store/store.ts";
import type { Consumer, Failure } from "../consumers/consumer.ts";
import { ofApp } from "../core/platform-errors.ts";
import { type RecordedEvent, isErasure } from "../core/event.ts";
import { VIEW_SQL_EVENTS, VIEW_SQL_STATEMENTS } from "./limits.ts";
import { freeze } from "../core/plain-json.ts";
import { checkpointOf, markErased } from "./generations.ts";
import { type ViewTable, tableOf } from "../rows/table.ts";
import { type View, filterOfView, handlerOf } from "../definitions/views/view.ts";
import { fold, load, touchesOf } from "../rows/fold.ts";
import { writeStatement } from "./write.ts";

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
    followed: view.followed,
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
    const isSql = handlerOf(view, event.type)?.write !== undefined;
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
      const write = handlerOf(view, event.type)?.write;
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
