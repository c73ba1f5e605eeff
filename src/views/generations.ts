/**
 * The tables that a view has in a store. One of them serves: it answers queries. One is wanted: the table of the code as
 * it is now, and of the last rebuild that was asked for. While they are not the same, the wanted one is being built
 * beside the other; when it has reached the log's head it takes over. One is on record: it serves every version of the code that has
 * no table of its own (`succession.ts`).
 */

import type { Store } from "../store/store.ts";
import { CheckpointStore } from "../consumers/checkpoint.ts";
import type { CheckpointRow } from "../consumers/checkpoint-row.ts";
import { prepare } from "../consumers/schema.ts";
import { VIEW_ROLLOUT_MS } from "./limits.ts";
import type { Layout } from "./layout.ts";
import { type Succession, type TableState, answersItself, swap } from "./succession.ts";
import { ViewTable, rebuildOf, tableOf } from "./table.ts";
import type { View } from "../definitions/views/view.ts";
import { type Deployment } from "../store/deployment.ts";
import { databaseOf } from "./database.ts";

export interface Generations extends Succession {
  /** The table that answers. */
  readonly serving: ViewTable;
  /** Its code is not this code: nobody moves it on. */
  readonly stale: boolean;
  /** The table that shall answer. */
  readonly wanted: ViewTable;
  /** Tables born before this position have what was erased there. */
  readonly eraseTo: number;
  /** It is on record that the view exists here. */
  readonly registered: boolean;
  /** Positions of events that an operator let it skip: no table of it has them, whenever it is built (promise 4). */
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
  /** JSON: the state of the table of this code, and of the one on record, where they are not the same. */
  readonly own?: string | null;
  readonly other?: string | null;
}

/** What a checkpoint says of a table, as {@link ViewRow} has it. */
type State = Pick<CheckpointRow, "position" | "born_at" | "started_at" | "kept_at">;

export function checkpointOf(store: Store, view: View, table: ViewTable): CheckpointStore {
  return new CheckpointStore(databaseOf(store, view), store.name, view.name, table.generation, table.schema);
}

/** The state of a table, where the one on record is not the one of this code. */
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
              (SELECT json_group_array(position) FROM headspring_skipped WHERE store = v.store AND consumer = v.view) AS skipped
       FROM (SELECT *, ? || CASE rebuild WHEN 0 THEN '' ELSE '_' || rebuild END AS own_generation
             FROM headspring_views WHERE store = ? AND view = ?) AS v`,
    )
    .bind(tableOf(view).generation, store, view.name);
}

/** Which tables there are. A view that never ran is served by the table of its code. */
export async function generationsOf(store: Store, view: View, row?: ViewRow | null): Promise<Generations> {
  const db = databaseOf(store, view);
  await prepare(db);
  const found = row === undefined ? await selectServing(db, store.name, view).first<ViewRow>() : row;
  const { rebuild = 0, erase_to: eraseTo = 0, serving: recorded = tableOf(view).generation, skipped = "[]" } = found ?? {};
  const wanted = tableOf(view, rebuild);
  const known = { recorded, owner: ownerOf(found), wanted, rebuild, eraseTo, registered: Boolean(found) };
  const rest = { ...known, skipped: new Set(JSON.parse(skipped) as number[]) };
  const own = stateOf(found?.own);
  if (recorded === wanted.generation) return { serving: wanted, stale: false, ...rest, own, other: undefined };
  // A rebuild of the same code: it is moved on.
  if (rebuildOf(view, recorded) !== undefined)
    return { serving: await servingTable(db, view, recorded), stale: false, ...rest, own, other: undefined };
  const state = stateOf(found?.other) ?? { position: 0, bornAt: 0, startedAt: 0 };
  const isStill = found?.quiet_since != null && found.quiet_position === state.position;
  const other = { ...state, ...(isStill ? { quietSince: found.quiet_since } : {}) };
  const isOwn = answersItself(own, other, eraseTo, Date.now());
  return { serving: isOwn ? wanted : await servingTable(db, view, recorded), stale: !isOwn, ...rest, own, other };
}

function ownerOf(row: ViewRow | null): Deployment | undefined {
  const { deployment: id, deployed_at: at } = row ?? {};
  return typeof id === "string" && typeof at === "number" ? { id, at } : undefined;
}

function stateOf(json: string | null | undefined): TableState | undefined {
  if (json === undefined || json === null) return undefined;
  const { position, born_at: bornAt, started_at: startedAt, kept_at: keptAt } = JSON.parse(json) as State;
  return { position, bornAt, startedAt, ...(keptAt === null ? {} : { keptAt }) };
}

/** A row of `headspring_views` with the states of its tables, where all checkpoints of the view have been read. */
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

/** Puts on record that the view exists here: from then on another definition is built beside the one that serves. */
export async function register(store: Store, view: View): Promise<void> {
  const db = databaseOf(store, view);
  await prepare(db);
  const { id = null, at = null } = store.deployment ?? {};
  await db
    .prepare(`INSERT OR IGNORE INTO headspring_views (store, view, serving, deployment, deployed_at) VALUES (?, ?, ?, ?, ?)`)
    .bind(store.name, view.name, tableOf(view).generation, id, at)
    .run();
}

/** A table by its generation, whatever code made it; undefined: it is not there. */
export async function tableOfGeneration(db: D1Database, view: string, generation: string): Promise<ViewTable | undefined> {
  const layout = await db
    .prepare(`SELECT layout FROM headspring_generations WHERE view = ? AND generation = ?`)
    .bind(view, generation)
    .first<string>("layout");
  return layout === null ? undefined : new ViewTable(view, generation, JSON.parse(layout) as Layout);
}

/** The table that serves: of this code, or of an earlier one. */
async function servingTable(db: D1Database, view: View, generation: string): Promise<ViewTable> {
  const own = rebuildOf(view, generation);
  const table = own === undefined ? await tableOfGeneration(db, view.name, generation) : tableOf(view, own);
  if (!table) throw new Error(`view "${view.name}" is served by the table ${generation}, which is not on record`);
  return table;
}

/** Asks for the table to be built anew, unless one is being built. */
export async function requestRebuild(store: Store, view: View): Promise<void> {
  await register(store, view);
  const generations = await generationsOf(store, view);
  const { serving, wanted, other } = generations;
  if (serving.generation !== wanted.generation) return;
  // An operator's word to code whose table is not on record: if the code that is on record seems to be gone, then it was a rollback.
  if (other && (await swap(store, view, generations, VIEW_ROLLOUT_MS)))
    await advance(store, view, { ...generations, recorded: wanted.generation });
  else await advance(store, view, generations);
}

/** Unless a rebuild of the one on record is under way. */
async function advance(store: Store, view: View, { recorded, rebuild }: Succession): Promise<boolean> {
  const [, of = "0"] = recorded.split("_");
  if (Number(of) !== rebuild) return false;
  const { meta } = await databaseOf(store, view)
    .prepare(`UPDATE headspring_views SET rebuild = rebuild + 1 WHERE store = ? AND view = ? AND rebuild = ? AND serving = ?`)
    .bind(store.name, view.name, rebuild, recorded)
    .run();
  return meta.changes > 0;
}

/** The statement that puts on record that a table older than this position has what was erased there. */
export function markErased(db: D1Database, store: string, view: View, position: number): D1PreparedStatement {
  return db
    .prepare(`UPDATE headspring_views SET erase_to = MAX(erase_to, ?) WHERE store = ? AND view = ?`)
    .bind(position, store, view.name);
}

/**
 * Asks for a rebuild when the table of this code still has what was erased. Not while another is being built:
 * erasures that come often would never let one end.
 */
export async function rebuildIfErased(store: Store, view: View): Promise<boolean> {
  const generations = await generationsOf(store, view);
  const { serving, wanted, own, other, eraseTo } = generations;
  if (eraseTo === 0) return false;
  // Beside another version's table: what is being built for the first time is not begun again. That the erasure is carried out says the other.
  if (other) return own?.keptAt !== undefined && eraseTo > own.bornAt && (await advance(store, view, generations));
  if (serving.generation !== wanted.generation) return false;
  const { bornAt } = await checkpointOf(store, view, serving).load();
  if (eraseTo > bornAt) await advance(store, view, generations);
  else await carriedOut(store, view, eraseTo);
  return eraseTo > bornAt;
}

/** Not while there is a table that still has what was erased, and that another version of the code would answer from. */
async function carriedOut(store: Store, view: View, eraseTo: number): Promise<void> {
  await databaseOf(store, view)
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
