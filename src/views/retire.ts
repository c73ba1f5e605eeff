/**
 * Drops what a view left behind: the rows and tables of earlier definitions and rebuilds, a while after they were replaced; and what a
 * processor over HTTP that is no more has kept: its place, and its copies of views.
 */

import type { HeadspringEnv } from "../store/env.ts";
import type { App } from "../definitions/app.ts";
import { type Budget, budgetOf } from "../core/budget.ts";
import { prepare } from "../consumers/schema.ts";
import { DROP_CALLS, VIEW_DROP_ROWS, VIEW_GRACE_MS } from "./limits.ts";
import { JURISDICTIONS } from "../core/placement.ts";
import { databaseBinding, isDatabase } from "../store/placement.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import type { View } from "../definitions/views/view.ts";
import type { Store } from "../store/store.ts";
import { openStore } from "../store/stores.ts";
import { tableOfGeneration } from "./generations.ts";
import { isOfEarlierIncarnation, ownerOf } from "./succession.ts";
import { quoted } from "../definitions/views/sql-words.ts";
import { generationsOf } from "../rows/copies.ts";
import { rebuildOf } from "../rows/table.ts";
import { logger } from "../telemetry/logger.ts";

/** A database that keeps views, and the binding by which the code knows it: the binding for stores without a jurisdiction. */
export interface ViewDatabase {
  readonly db: D1Database;
  readonly binding: string;
}

/** Every database that keeps views: those that the code names, and for each jurisdiction those of its stores. */
export function databasesOf(app: App, env: HeadspringEnv): ViewDatabase[] {
  const bindings = env as unknown as Readonly<Record<string, unknown>>;
  return [...new DefinitionsInCode(app).databases.keys()].flatMap((binding) =>
    [...new Set([undefined, ...JURISDICTIONS].map((jurisdiction) => databaseBinding(env, binding, jurisdiction)))].flatMap((name) => {
      const db = bindings[name];
      return isDatabase(db) ? [{ db, binding }] : [];
    }),
  );
}

/** A generation's checkpoint, and what is on record for its view. */
interface Generation {
  readonly store: string;
  readonly consumer: string;
  readonly generation: string;
  readonly retired_at: number | null;
  readonly serving: string | null;
  readonly rebuild: number | null;
  readonly deployment: string | null;
  readonly deployed_at: number | null;
}

type Open = (store: string) => Promise<Store>;

interface Leftover extends Generation {
  /** The view of that name, as the store declares it today. */
  readonly view: View | undefined;
}

/**
 * Finds the generations that neither serve nor are being built, and drops those that were found a grace period ago, as far as there is
 * room.
 *
 * @param stores only those of these stores, in databases that are prepared; without it: those of all stores
 * @param open finds a store that remembers what its catalog declares
 */
export async function dropRetired(
  app: App,
  env: HeadspringEnv,
  stores?: readonly string[],
  open: Open = async (name) => (await openStore(env, name, app)).remembering(),
): Promise<void> {
  const now = Date.now();
  const budget = budgetOf(env);
  for (const { db, binding } of databasesOf(app, env)) {
    if (!stores) await prepare(db);
    for (const leftover of await leftoversIn(app, { db, binding }, open, stores)) {
      if (budget?.fits(DROP_CALLS) === false) return;
      if (leftover.retired_at === null) await retire(db, leftover, now);
      else if (leftover.retired_at <= now - VIEW_GRACE_MS) await drop(db, leftover, budget);
    }
  }
}

/** Generations whose view the store does not declare any more (or not in this database), or that another one has replaced. */
async function leftoversIn(app: App, { db, binding }: ViewDatabase, open: Open, stores?: readonly string[]): Promise<Leftover[]> {
  const inCode = (new DefinitionsInCode(app).databases.get(binding) ?? []).map(({ name }) => name);
  const { results } = await db
    .prepare(
      `SELECT c.store, c.consumer, c.generation, c.retired_at, v.serving, v.rebuild, v.deployment, v.deployed_at
       FROM headspring_checkpoints AS c LEFT JOIN headspring_views AS v ON v.store = c.store AND v.view = c.consumer
       WHERE c.generation <> '' AND (v.serving IS NOT c.generation OR c.consumer NOT IN (SELECT value FROM json_each(?)))
         ${stores ? `AND c.store IN (SELECT value FROM json_each(?))` : ""}`,
    )
    .bind(JSON.stringify(inCode), ...(stores ? [JSON.stringify(stores)] : []))
    .all<Generation>();
  const found: Leftover[] = [];
  for (const [store, generations] of Map.groupBy(results, (one) => one.store)) {
    const declared = await declaredIn(open, store);
    if (!declared) continue;
    const ofStore = generations.map((one) => ({ ...one, view: declared.views.get(one.consumer) }));
    found.push(...ofStore.filter((one) => !declared.keeps(one) && !isInUse(one, binding)));
  }
  return found;
}

/** What a store declares. */
interface Declared {
  readonly views: ReadonlyMap<string, View>;
  /** Whether something else than a view has use for a generation. */
  readonly keeps: (generation: Generation) => boolean;
}

/** Undefined: that cannot be known now. Trouble with one store stops no other. */
async function declaredIn(open: Open, store: string): Promise<Declared | undefined> {
  try {
    const { definitions } = await open(store);
    const [{ all }, views, processors] = await Promise.all([definitions.overHttp(), definitions.views(), definitions.processors()]);
    // Other code has declared it in a form that this code does not know: its tables are not ours to drop.
    const unreadable = new Set(all.flatMap((one) => (one.view || one.processor || one.source ? [] : [one.name])));
    const rules = new Map(processors.flatMap((one) => (one.kind === "rules" ? [[one.name, generationsOf(one)] as const] : [])));
    return {
      views: new Map(views.map((view) => [view.name, view])),
      keeps: ({ consumer, generation }) => unreadable.has(consumer) || rules.get(consumer)?.has(generation) === true,
    };
  } catch (error) {
    logger.warn({ message: "the catalog of a store could not be asked for what it declares; the next sweep asks again", store }, error);
    return undefined;
  }
}

/** Whether a view of today answers from it, or will: it is the one that the view wants, or the one on record until that is built. */
function isInUse({ view, generation, serving, rebuild, ...record }: Leftover, binding: string): boolean {
  if (view === undefined || (view.database ?? "VIEWS") !== binding) return false;
  const isPast = isOfEarlierIncarnation(view, ownerOf(record));
  if (generation === serving && !isPast) return true;
  return rebuildOf(view, generation) === (isPast ? 0 : (rebuild ?? 0));
}

async function retire(db: D1Database, { store, consumer, generation }: Leftover, now: number): Promise<void> {
  await db
    .prepare(`UPDATE headspring_checkpoints SET retired_at = ? WHERE store = ? AND consumer = ? AND generation = ? AND retired_at IS NULL`)
    .bind(now, store, consumer, generation)
    .run();
}

/** Removes the store's rows, then all traces of the generation; the table itself with the last store that had it. */
async function drop(db: D1Database, { store, consumer, generation, view }: Leftover, budget?: Budget): Promise<void> {
  const table = await tableOfGeneration(db, consumer, generation);
  const others = await db
    .prepare(`SELECT COUNT(*) AS n FROM headspring_checkpoints WHERE consumer = ? AND generation = ? AND store <> ?`)
    .bind(consumer, generation, store)
    .first<number>("n");
  // The table that a new store of this code would begin with stays, empty: another worker may be about to use it.
  const isBase = view !== undefined && rebuildOf(view, generation) === 0;
  const forget = [
    // What an operator let a view skip that the code had may matter again: a deployment may bring the view back.
    db
      .prepare(
        `DELETE FROM headspring_skipped AS s WHERE store = ?1 AND consumer = ?2
           AND EXISTS (SELECT 1 FROM headspring_views WHERE store = ?1 AND view = ?2 AND serving = ?3 AND deployment LIKE 'declared-%'
                       AND ifnull(s.incarnation, replace(deployment, 'declared-', 'view ')) = replace(deployment, 'declared-', 'view '))`,
      )
      .bind(store, consumer, generation),
    db.prepare(`DELETE FROM headspring_checkpoints WHERE store = ? AND consumer = ? AND generation = ?`).bind(store, consumer, generation),
    db.prepare(`DELETE FROM headspring_views WHERE store = ? AND view = ? AND serving = ?`).bind(store, consumer, generation),
  ];
  if (!table) await db.batch(forget);
  else if (others === 0 && !isBase) {
    const dropped = db.batch([
      // The batch fails if another store has begun to use the table since: NULL is not the name of a generation.
      db
        .prepare(
          `INSERT INTO headspring_generations (view, generation, layout)
           SELECT consumer, NULL, '' FROM headspring_checkpoints WHERE consumer = ? AND generation = ? AND store <> ? LIMIT 1`,
        )
        .bind(consumer, generation, store),
      db.prepare(`DROP TABLE IF EXISTS ${table.name}`),
      db.prepare(`DELETE FROM headspring_generations WHERE view = ? AND generation = ?`).bind(consumer, generation),
      ...forget,
    ]);
    const isDropped = await dropped.then(
      () => true,
      (error: unknown) => {
        if (String(error).includes("NOT NULL constraint failed")) return false;
        throw error;
      },
    );
    if (!isDropped) return; // the next sweep deletes this store's rows
  } else {
    const key = quoted(table.key);
    const some = db
      .prepare(
        `DELETE FROM ${table.name} WHERE _store = ? AND ${key} IN (SELECT ${key} FROM ${table.name} WHERE _store = ? LIMIT ${VIEW_DROP_ROWS})`,
      )
      .bind(store, store);
    while ((await some.run()).meta.changes > 0) {
      if (budget?.fits(DROP_CALLS) === false) return; // the next sweep does the rest
    }
    // The rows that are left and the checkpoint go together: a build that begins again must find no rows.
    await db.batch([db.prepare(`DELETE FROM ${table.name} WHERE _store = ?`).bind(store), ...forget]);
  }
  logger.info({ message: "the rows of a replaced table of a view were dropped", store, consumer, generation });
}
