/**
 * The tables that a view has in a store. One of them serves: it answers queries. One is wanted: the table of the present code, and of the
 * last rebuild that was requested. While they differ, the wanted table is being built next to the serving one; when it has reached the
 * log's head, it takes over. One is on record: it serves every version of the code that has no table of its own (`succession.ts`).
 */

import type { Store } from "../store/store.ts";
import { CheckpointStore } from "../consumers/checkpoint.ts";
import type { CheckpointRow } from "../consumers/checkpoint-row.ts";
import { prepare } from "../consumers/schema.ts";
import { VIEW_ROLLOUT_MS } from "./limits.ts";
import type { Layout } from "../rows/layout.ts";
import { type Succession, type TableState, answersItself, isOfEarlierIncarnation, ownerFor, ownerOf, swap } from "./succession.ts";
import { ViewTable, rebuildOf, tableOf } from "../rows/table.ts";
import { incarnationOfView } from "../definitions/incarnation.ts";
import type { View } from "../definitions/views/view.ts";

export interface Generations extends Succession {
  /** The table that answers. */
  readonly serving: ViewTable;
  /** It belongs to other code: this code does not move it on. */
  readonly stale: boolean;
  /** The table that will answer. */
  readonly wanted: ViewTable;
  /** Tables that were begun before this position still have what was erased there. */
  readonly eraseTo: number;
  /** It is on record that the view exists in this store. */
  readonly registered: boolean;
  /** Positions of events that an operator skipped: no table of the view has them, whenever it is built (promise 4). */
  readonly skipped: ReadonlySet<number>;
}

/** A row of `headspring_views`, with what the wanted generation's checkpoint knows. */
export interface ViewRow {
  readonly serving: string;
  readonly rebuild: number;
  readonly erase_to: number;
  /** JSON: a list of positions. */
  readonly skipped?: string;
  readonly deployment?: string | null;
  readonly deployed_at?: number | null;
  readonly quiet_since?: number | null;
  readonly quiet_position?: number | null;
  /** JSON: the state of this code's table, and of the one on record, if they differ. */
  readonly own?: string | null;
  readonly other?: string | null;
}

/** What a checkpoint has about a table, as in {@link ViewRow}. */
type State = Pick<CheckpointRow, "position" | "born_at" | "started_at" | "kept_at">;

export function checkpointOf(store: Store, view: View, table: ViewTable): CheckpointStore {
  return new CheckpointStore(store.database(view.database), store.name, view.name, table.generation, table.schema, incarnationOfView(view));
}

/** The state of a table, if the table on record is not that of this code. */
const stateOfTable = (generation: string) =>
  `CASE WHEN serving <> own_generation
   THEN (SELECT json_object('position', position, 'born_at', born_at, 'started_at', started_at, 'kept_at', kept_at)
         FROM headspring_checkpoints WHERE store = v.store AND consumer = v.view AND generation = ${generation}) END`;

/** The statement that reads which table serves. */
export function selectServing(db: Pick<D1Database, "prepare">, store: string, view: View): D1PreparedStatement {
  return db
    .prepare(
      `SELECT serving, rebuild, erase_to, deployment, deployed_at, quiet_since, quiet_position,
              ${stateOfTable("own_generation")} AS own, ${stateOfTable("v.serving")} AS other,
              (SELECT json_group_array(position) FROM headspring_skipped
               WHERE store = v.store AND consumer = v.view AND ifnull(incarnation, ?4) = ?4) AS skipped
       FROM (SELECT *, ?1 || CASE rebuild WHEN 0 THEN '' ELSE '_' || rebuild END AS own_generation
             FROM headspring_views WHERE store = ?2 AND view = ?3) AS v`,
    )
    .bind(tableOf(view).generation, store, view.name, incarnationOfView(view));
}

/** The view's tables. A view that never ran is served by the table of its code. */
export async function generationsOf(store: Store, view: View, row?: ViewRow | null): Promise<Generations> {
  const db = store.database(view.database);
  await prepare(db);
  const read = row === undefined ? await selectServing(db, store.name, view).first<ViewRow>() : row;
  // The name was declared again: whatever its earlier view has left, this one begins as if it were the first.
  const found = read && isOfEarlierIncarnation(view, ownerOf(read)) ? null : read;
  const { rebuild = 0, erase_to: eraseTo = 0, serving: recorded = tableOf(view).generation, skipped = "[]" } = found ?? {};
  const wanted = tableOf(view, rebuild);
  const known = { recorded, owner: ownerOf(found), wanted, rebuild, eraseTo, registered: Boolean(found) };
  const rest = { ...known, skipped: new Set(JSON.parse(skipped) as number[]) };
  const own = stateOf(found?.own);
  if (recorded === wanted.generation) return { serving: wanted, stale: false, ...rest, own, other: undefined };
  // A rebuild of the same code: this code moves it on.
  if (rebuildOf(view, recorded) !== undefined)
    return { serving: await servingTable(db, view, recorded), stale: false, ...rest, own, other: undefined };
  const state = stateOf(found?.other) ?? { position: 0, bornAt: 0, startedAt: 0 };
  const isStill = found?.quiet_since != null && found.quiet_position === state.position;
  const other = { ...state, ...(isStill ? { quietSince: found.quiet_since } : {}) };
  // A table that only this code would move on stays where it is, where this code moves none.
  const isOwn = !store.readsOnly && answersItself(own, other, eraseTo, Date.now());
  return { serving: isOwn ? wanted : await servingTable(db, view, recorded), stale: !isOwn, ...rest, own, other };
}

function stateOf(json: string | null | undefined): TableState | undefined {
  if (json === undefined || json === null) return undefined;
  const { position, born_at: bornAt, started_at: startedAt, kept_at: keptAt } = JSON.parse(json) as State;
  return { position, bornAt, startedAt, ...(keptAt === null ? {} : { keptAt }) };
}

/** A row of `headspring_views` with the states of its tables, from all checkpoints of the view. */
export function withStates(
  view: View,
  row: ViewRow | undefined,
  checkpoints: readonly (State & { readonly generation: string })[],
): ViewRow | null {
  if (!row) return null;
  const state = (generation: string) => {
    const found = checkpoints.find((one) => one.generation === generation);
    return found ? JSON.stringify(found) : null;
  };
  return { ...row, own: state(tableOf(view, row.rebuild).generation), other: state(row.serving) };
}

/** Records that the view exists in this store: from then on another definition is built next to the table that serves. */
export async function register(store: Store, view: View): Promise<void> {
  const db = store.database(view.database);
  await prepare(db);
  const { id = null, at = null } = ownerFor(store, view) ?? {};
  const insert = `INSERT INTO headspring_views AS v (store, view, serving, deployment, deployed_at) VALUES (?, ?, ?, ?, ?)`;
  const values = [store.name, view.name, tableOf(view).generation, id, at];
  if (!view.declaration) {
    await db
      .prepare(`${insert} ON CONFLICT DO NOTHING`)
      .bind(...values)
      .run();
    return;
  }
  // What an earlier incarnation has on record goes, and with it what an operator let that one skip.
  const isEarlier = `v.deployment IS NOT ? AND COALESCE(v.deployed_at, 0) < ?`;
  await db.batch([
    db
      .prepare(
        `DELETE FROM headspring_skipped WHERE store = ? AND consumer = ?
           AND EXISTS (SELECT 1 FROM headspring_views AS v WHERE v.store = ? AND v.view = ? AND ${isEarlier})`,
      )
      .bind(store.name, view.name, store.name, view.name, id, at),
    db
      .prepare(
        `${insert}
         ON CONFLICT DO UPDATE SET serving = excluded.serving, rebuild = 0, erase_to = 0, quiet_since = NULL, quiet_position = NULL,
                                   deployment = excluded.deployment, deployed_at = excluded.deployed_at
         WHERE ${isEarlier}`,
      )
      .bind(...values, id, at),
  ]);
}

/** A table by its generation, whatever code made it; undefined: it does not exist. */
export async function tableOfGeneration(db: D1Database, view: string, generation: string): Promise<ViewTable | undefined> {
  const layout = await db
    .prepare(`SELECT layout FROM headspring_generations WHERE view = ? AND generation = ?`)
    .bind(view, generation)
    .first<string>("layout");
  return layout === null ? undefined : new ViewTable(view, generation, JSON.parse(layout) as Layout);
}

/** The table that serves: that of this code, or of earlier code. */
async function servingTable(db: D1Database, view: View, generation: string): Promise<ViewTable> {
  const own = rebuildOf(view, generation);
  const table = own === undefined ? await tableOfGeneration(db, view.name, generation) : tableOf(view, own);
  if (!table) throw new Error(`view "${view.name}" is served by the table ${generation}, which is not on record`);
  return table;
}

/** Requests that the table is built again, unless one is being built. */
export async function requestRebuild(store: Store, view: View): Promise<void> {
  await register(store, view);
  const generations = await generationsOf(store, view);
  const { serving, wanted, other } = generations;
  if (serving.generation !== wanted.generation) return;
  // An operator talks to code whose table is not on record. If the code on record seems to be gone, this is a rollback.
  if (other && (await swap(store, view, generations, VIEW_ROLLOUT_MS)))
    await advance(store, view, { ...generations, recorded: wanted.generation });
  else await advance(store, view, generations);
}

/** Unless a rebuild of the table on record is under way. */
async function advance(store: Store, view: View, { recorded, rebuild }: Succession): Promise<boolean> {
  const [, of = "0"] = recorded.split("_");
  if (Number(of) !== rebuild) return false;
  const { meta } = await store
    .database(view.database)
    .prepare(`UPDATE headspring_views SET rebuild = rebuild + 1 WHERE store = ? AND view = ? AND rebuild = ? AND serving = ?`)
    .bind(store.name, view.name, rebuild, recorded)
    .run();
  return meta.changes > 0;
}

/** The statement that records that a table begun before this position has what was erased there. */
export function markErased(db: D1Database, store: string, view: View, position: number): D1PreparedStatement {
  return db
    .prepare(`UPDATE headspring_views SET erase_to = MAX(erase_to, ?) WHERE store = ? AND view = ?`)
    .bind(position, store, view.name);
}

/**
 * Requests a rebuild if this code's table still has what was erased. Not while another is being built: frequent erasures would never let
 * one finish.
 */
export async function rebuildIfErased(store: Store, view: View): Promise<boolean> {
  const generations = await generationsOf(store, view);
  const { serving, wanted, own, other, eraseTo } = generations;
  if (eraseTo === 0) return false;
  // Next to another version's table: a first build is not begun again. The other table shows whether the erasure is carried out.
  if (other) return own?.keptAt !== undefined && eraseTo > own.bornAt && (await advance(store, view, generations));
  if (serving.generation !== wanted.generation) return false;
  const { bornAt } = await checkpointOf(store, view, serving).load();
  if (eraseTo > bornAt) await advance(store, view, generations);
  else await carriedOut(store, view, eraseTo);
  return eraseTo > bornAt;
}

/** Not while there is a table that still has what was erased, and from which another version of the code would answer. */
async function carriedOut(store: Store, view: View, eraseTo: number): Promise<void> {
  await store
    .database(view.database)
    .prepare(
      `UPDATE headspring_views AS v SET erase_to = 0 WHERE store = ? AND view = ? AND erase_to = ?
         AND NOT EXISTS (SELECT 1 FROM headspring_checkpoints AS c
                         WHERE c.store = v.store AND c.consumer = v.view AND c.generation <> v.serving AND c.born_at < v.erase_to
                           AND CASE v.rebuild WHEN 0 THEN instr(c.generation, '_') = 0
                               ELSE substr(c.generation, instr(c.generation, '_') + 1) = CAST(v.rebuild AS TEXT) END)`,
    )
    .bind(store.name, view.name, eraseTo)
    .run();
}
