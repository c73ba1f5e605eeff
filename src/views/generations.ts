/**
 * The tables that a view has in a store. One of them serves: it answers queries. One is wanted: the table of the code as
 * it is now, and of the last rebuild that was asked for. While they are not the same, the wanted one is being built
 * beside the other; when it has reached the log's head it takes over.
 */

import type { App } from "../definitions/app.ts";
import { CheckpointStore } from "../consumers/checkpoint.ts";
import { prepare } from "../consumers/schema.ts";
import { VIEW_ROLLOUT_MS } from "../core/limits.ts";
import type { Layout } from "./layout.ts";
import { ViewTable, rebuildOf, tableOf } from "./table.ts";
import type { View } from "../definitions/views/view.ts";
import { logger } from "../telemetry/logger.ts";

export interface Generations {
  /** The table that answers. */
  readonly serving: ViewTable;
  /** Its code is not this code: nobody moves it on. */
  readonly stale: boolean;
  /** The table that shall answer. */
  readonly wanted: ViewTable;
  readonly rebuild: number;
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
}

/** The bindings of the databases that views and checkpoints are kept in. */
export function viewBindings(app: Pick<App, "views">): string[] {
  return [...new Set(["VIEWS", ...[...app.views.values()].map(({ database = "VIEWS" }) => database)])];
}

/** The view's database. */
export function databaseOf(env: Env, view: Pick<View, "name" | "database">): D1Database {
  const { name, database = "VIEWS" } = view;
  const db = (env as unknown as Record<string, D1Database | undefined>)[database]; // its name comes from the app
  if (!db || typeof db.prepare !== "function")
    throw new Error(`view "${name}" is kept in the D1 binding ${database}, which the deployment does not have`);
  return db;
}

export function checkpointOf(env: Env, store: string, view: View, table: ViewTable): CheckpointStore {
  return new CheckpointStore(databaseOf(env, view), store, view.name, table.generation, table.schema);
}

/** The statement that reads which table serves. */
export function selectServing(db: Pick<D1Database, "prepare">, store: string, view: View): D1PreparedStatement {
  return db
    .prepare(
      `SELECT serving, rebuild, erase_to,
              (SELECT json_group_array(position) FROM headspring_skipped WHERE store = v.store AND consumer = v.view) AS skipped
       FROM headspring_views AS v WHERE store = ? AND view = ?`,
    )
    .bind(store, view.name);
}

/** Which tables there are. A view that never ran is served by the table of its code. */
export async function generationsOf(env: Env, store: string, view: View, row?: ViewRow | null): Promise<Generations> {
  const db = databaseOf(env, view);
  await prepare(db);
  const found = row === undefined ? await selectServing(db, store, view).first<ViewRow>() : row;
  const { rebuild = 0, erase_to: eraseTo = 0, serving = tableOf(view).generation, skipped = "[]" } = found ?? {};
  const wanted = tableOf(view, rebuild);
  const rest = { wanted, rebuild, eraseTo, registered: Boolean(found), skipped: new Set(JSON.parse(skipped) as number[]) };
  if (serving === wanted.generation) return { serving: wanted, stale: false, ...rest };
  return { serving: await servingTable(db, view, serving), stale: rebuildOf(view, serving) === undefined, ...rest };
}

/** Puts on record that the view exists here: from then on another definition is built beside the one that serves. */
export async function register(env: Env, store: string, view: View): Promise<void> {
  const db = databaseOf(env, view);
  await prepare(db);
  await db
    .prepare(`INSERT OR IGNORE INTO headspring_views (store, view, serving) VALUES (?, ?, ?)`)
    .bind(store, view.name, tableOf(view).generation)
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
  if (!table) throw new Error(`view "${view.name}" is served by the table ${generation}, of which nothing is known`);
  return table;
}

/**
 * Lets the wanted table answer, if it is not behind the one that does: nobody's reads go back in time.
 *
 * A table that was replaced a moment ago does not come back: during a deployment workers of both versions run, and
 * would swap to and fro.
 */
export async function swap(env: Env, store: string, view: View, { serving, wanted, rebuild }: Generations): Promise<boolean> {
  const db = databaseOf(env, view);
  const now = Date.now();
  const [taken] = await db.batch([
    db
      .prepare(
        `UPDATE headspring_views AS v SET serving = ?
         WHERE store = ? AND view = ? AND serving = ? AND rebuild = ?
           AND (SELECT position FROM headspring_checkpoints WHERE store = v.store AND consumer = v.view AND generation = ?)
            >= (SELECT COALESCE(MAX(position), 0) FROM headspring_checkpoints WHERE store = v.store AND consumer = v.view AND generation = v.serving)
           AND NOT EXISTS (SELECT 1 FROM headspring_checkpoints
                           WHERE store = v.store AND consumer = v.view AND generation = ? AND retired_at > ?)`,
      )
      .bind(wanted.generation, store, view.name, serving.generation, rebuild, wanted.generation, wanted.generation, now - VIEW_ROLLOUT_MS),
    db
      .prepare(
        `UPDATE headspring_checkpoints AS c SET retired_at = CASE generation WHEN ? THEN NULL ELSE ? END
         WHERE store = ? AND consumer = ? AND generation IN (?, ?)
           AND EXISTS (SELECT 1 FROM headspring_views WHERE store = c.store AND view = c.consumer AND serving = ?)`,
      )
      .bind(wanted.generation, now, store, view.name, wanted.generation, serving.generation, wanted.generation),
  ]);
  const isTaken = (taken?.meta.changes ?? 0) > 0;
  if (isTaken) logger.info({ message: "a view is served by its new table", store, consumer: view.name, generation: wanted.generation });
  return isTaken;
}

/** Asks for the table to be built anew, unless one is being built. */
export async function requestRebuild(env: Env, store: string, view: View): Promise<void> {
  await register(env, store, view);
  const { serving, wanted, rebuild } = await generationsOf(env, store, view);
  if (serving.generation === wanted.generation) await advance(env, store, view, rebuild);
}

async function advance(env: Env, store: string, view: View, rebuild: number): Promise<void> {
  await databaseOf(env, view)
    .prepare(`UPDATE headspring_views SET rebuild = rebuild + 1 WHERE store = ? AND view = ? AND rebuild = ? AND serving = ?`)
    .bind(store, view.name, rebuild, tableOf(view, rebuild).generation)
    .run();
}

/** The statement that puts on record that a table older than this position has what was erased there. */
export function markErased(db: D1Database, store: string, view: View, position: number): D1PreparedStatement {
  return db
    .prepare(`UPDATE headspring_views SET erase_to = MAX(erase_to, ?) WHERE store = ? AND view = ?`)
    .bind(position, store, view.name);
}

/**
 * Asks for a rebuild when the table that serves still has what was erased. Not while another is being built:
 * erasures that come often would never let one end.
 */
export async function rebuildIfErased(env: Env, store: string, view: View): Promise<boolean> {
  const { serving, wanted, rebuild, eraseTo } = await generationsOf(env, store, view);
  if (eraseTo === 0 || serving.generation !== wanted.generation) return false;
  const { bornAt } = await checkpointOf(env, store, view, serving).load();
  if (eraseTo > bornAt) await advance(env, store, view, rebuild);
  else await carriedOut(env, store, view, eraseTo);
  return eraseTo > bornAt;
}

async function carriedOut(env: Env, store: string, view: View, eraseTo: number): Promise<void> {
  await databaseOf(env, view)
    .prepare(`UPDATE headspring_views SET erase_to = 0 WHERE store = ? AND view = ? AND erase_to = ?`)
    .bind(store, view.name, eraseTo)
    .run();
}
