/**
 * The cron's part: finds consumers that lag although nothing wakes them any more. The last of three safety nets.
 *
 * It goes through the stores in the order of their names, as far as one invocation may, and the next invocation continues there: the stores
 * that the directory lists, and by their checkpoints in D1 those that are older than the directory. It asks a store's log once, with what
 * D1 has about its consumers; it asks a store that has been at rest for a day once a day.
 */

import type { HeadspringEnv } from "../store/env.ts";
import type { App } from "../definitions/app.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import { Budget, capsOf, counting } from "../core/budget.ts";
import { SWEEP_AT_ONCE, SWEEP_BUDGET_MS, SWEEP_CALLS, SWEEP_PIECE_CALLS, SWEEP_STORES } from "./limits.ts";
import type { Store } from "../store/store.ts";
import { openStore } from "../store/stores.ts";
import type { SweepAnswer } from "../store/log-consumers.ts";
import { type PassedBy, moveTogether } from "../consumers/checkpoint.ts";
import { logger } from "../telemetry/logger.ts";
import { type ViewDatabase, databasesOf, dropRetired } from "../views/retire.ts";
import { introductionOf } from "../store/introduce.ts";
import type { Checkpointed, Placed, StoreRows } from "../consumers/standing.ts";
import { declaredConsumers } from "./declared.ts";
import { STATE_TABLES } from "./kinds.ts";
import { type Trace, fingerprintOf, inCatalogAlone, inCodeAlone, standingsOf, tracesIn } from "./standing.ts";
import { storesAfter } from "./swept-stores.ts";
import { type Care, type Mark, careFor, cursorMark, cursorOf, marksOf, prepareSwept, remember } from "./swept.ts";

/** Asks the logs of all stores to wake the consumers that are behind, and drops the tables of views that are no longer needed. */
export async function sweep(app: App, env: HeadspringEnv): Promise<void> {
  const budget = new Budget(capsOf(env));
  const deadline = Date.now() + SWEEP_BUDGET_MS;
  const counted = counting(env, budget);
  const databases = databasesOf(app, counted);
  const run: Run = {
    app,
    env,
    budget,
    databases,
    memory: counted.VIEWS,
    hasRoom: (calls) => Date.now() < deadline && budget.fits(calls + SWEEP_PIECE_CALLS),
  };
  for (const { db } of databases) await prepareSwept(db);
  let after = await cursorOf(run.memory);
  do {
    const stores = await storesAfter(counted, databases, after);
    // A store's catalog is asked once, whatever has to know what is declared.
    const opened = new Map<string, Promise<Store>>();
    const open: Open = (name) => {
      const store = opened.get(name) ?? openStore(env, name, app).then((found) => found.remembering());
      opened.set(name, store);
      return store;
    };
    const { reached, asked } = await sweepPiece(run, stores, open);
    const isWhole = reached === stores.length;
    await dropRetired(app, counted, asked, open);
    after = isWhole && stores.length < SWEEP_STORES ? "" : (stores[reached - 1] ?? "");
    if (!isWhole) break;
  } while (after !== "" && run.hasRoom(databases.length * SWEEP_PIECE_CALLS));
  await remember(run.memory, [cursorMark(after, Date.now())], []);
}

interface Run {
  readonly app: App;
  readonly env: HeadspringEnv;
  readonly budget: Budget;
  readonly databases: readonly ViewDatabase[];
  /** Where sweeps keep what they remember. */
  readonly memory: D1Database;
  /** Whether this many more calls fit into this invocation, and after them the calls that end the piece. */
  readonly hasRoom: (calls: number) => boolean;
}

/** A store as D1 describes it. */
interface Found {
  readonly store: string;
  readonly rows: readonly StoreRows[];
  /** How far the consumers in code are. */
  readonly standings: readonly Placed[];
  /** What D1 has about all other consumers. */
  readonly traces: readonly Trace[];
  readonly fingerprint: string;
  readonly mark: Mark | undefined;
  readonly care: Care;
  /** No consumer has a checkpoint there, although the code has views or processors: nothing may have been written so far. */
  readonly isNew: boolean;
}

type Open = (store: string) => Promise<Store>;

/** Returns how many of the stores it has gone through (all, unless the invocation has no more room), and which of them are not at rest. */
async function sweepPiece(run: Run, stores: readonly string[], open: Open): Promise<{ reached: number; asked: string[] }> {
  if (stores.length === 0) return { reached: 0, asked: [] };
  const all = await look(run, stores);
  const marks: Mark[] = [];
  const moves: (Placed & PassedBy)[] = [];
  const restless: string[] = [];
  let reached = 0;
  while (reached < all.length) {
    const some = all.slice(reached, reached + SWEEP_AT_ONCE);
    const asked = some.filter(({ care }) => care !== "none");
    // Always ask the first ones: otherwise a sweep that has no room would never make progress.
    if (reached > 0 && !run.hasRoom(asked.reduce((sum, found) => sum + callsFor(found), 0))) break;
    await Promise.all(
      asked.map(async (found) => {
        const { answer, places = [] } = (await ask(run, found, open)) ?? {};
        const { store, standings, traces, mark, care } = found;
        const { behind, passed, head }: Partial<SweepAnswer> = answer ?? {};
        const moved = [...standings, ...places].filter(({ consumer }) => passed?.includes(consumer));
        moves.push(...moved.map((from) => ({ ...from, store, to: head ?? from.position })));
        const now = Date.now();
        // As the next sweep will find it.
        const after = standings.map((one) => (moved.includes(one) ? { ...one, position: head ?? one.position } : one));
        const others = traces.map((one) => (moved.some((place) => isOf(place, one)) ? { ...one, position: head ?? one.position } : one));
        const fingerprint = await fingerprintOf(run.app, run.env, after, others);
        if (behind === 0 && (care === "thorough" || moved.length > 0))
          marks.push({ store, fingerprint, since: mark?.fingerprint === found.fingerprint ? mark.since : now, looked_at: now });
        if (behind !== 0 && mark) restless.push(store);
      }),
    );
    reached += some.length;
  }
  await moveAll(run, moves);
  await remember(run.memory, marks, restless);
  return { reached, asked: all.slice(0, reached).flatMap(({ store, care }) => (care === "none" ? [] : [store])) };
}

/** Moves checkpoints past events that do not concern their consumers: one statement for each database. */
async function moveAll({ databases }: Run, moves: readonly (Placed & PassedBy)[]): Promise<void> {
  for (const { db, binding } of databases) {
    const here = moves.filter((move) => move.binding === binding);
    if (here.length > 0) await moveTogether(db, here);
  }
}

/** Reads what D1 has about the stores: two statements for each database, and one for what earlier sweeps have found. */
async function look({ app, env, databases, memory }: Run, stores: readonly string[]): Promise<Found[]> {
  const names = JSON.stringify(stores);
  const marks = await marksOf(memory, stores);
  const read = await Promise.all(
    databases.map(async ({ db, binding }) => {
      const [checkpoints, ...states] = await db.batch<OfStore>([
        db
          .prepare(
            `SELECT store, consumer, generation, position, status, kept_at FROM headspring_checkpoints
             WHERE store IN (SELECT value FROM json_each(?)) ORDER BY consumer, generation`,
          )
          .bind(names),
        ...[...STATE_TABLES.values()].map((table) =>
          db.prepare(`SELECT * FROM ${table} WHERE store IN (SELECT value FROM json_each(?))`).bind(names),
        ),
      ]);
      const byStore = (rows: readonly OfStore[] = []) => Map.groupBy(rows, ({ store }) => store);
      return {
        binding,
        checkpoints: byStore(checkpoints?.results) as Map<string, (Checkpointed & OfStore)[]>,
        states: [...STATE_TABLES.keys()].map((kind, index) => [kind, byStore(states[index]?.results)] as const),
      };
    }),
  );
  const now = Date.now();
  const inCode = new DefinitionsInCode(app);
  return Promise.all(
    stores.map(async (store) => {
      const rows: StoreRows[] = read.map(({ binding, checkpoints, states }) => ({
        binding,
        checkpoints: checkpoints.get(store) ?? [],
        states: new Map(states.map(([kind, ofKind]) => [kind, ofKind.get(store) ?? []])),
      }));
      const standings = await standingsOf(inCodeAlone(inCode), rows);
      const traces = tracesIn(inCode, rows);
      const fingerprint = await fingerprintOf(app, env, standings, traces);
      const mark = marks.get(store);
      const isNew = standings.length > 0 && rows.every(({ checkpoints }) => checkpoints.length === 0);
      return { store, rows, standings, traces, fingerprint, mark, care: careFor(mark, fingerprint, now), isNew };
    }),
  );
}

/** Whether the place of a consumer is what D1 has there. */
function isOf(place: Placed, { binding, consumer, generation }: Trace): boolean {
  return place.binding === binding && place.consumer === consumer && place.generation === generation;
}

/** Calls that it takes to ask a store's log. */
function callsFor(found: Found): number {
  return SWEEP_CALLS + (found.isNew ? 1 : 0) + (asksCatalog(found) ? 1 : 0);
}

/** A store at rest that has no trace of a consumer of its catalog has none: declaring one ends the rest. */
function asksCatalog({ care, traces }: Found): boolean {
  return care === "thorough" || traces.length > 0;
}

interface OfStore {
  readonly store: string;
}

/** What a store's log has answered, and how far the consumers are that its catalog declares. */
interface Asked {
  readonly answer: SweepAnswer;
  readonly places: readonly Placed[];
}

/** The log's answer: which consumers are behind; undefined: it could not be asked. Trouble with one store stops no other. */
async function ask({ app, env, budget }: Run, found: Found, open: Open): Promise<Asked | undefined> {
  const { store: name, rows, standings, care, isNew } = found;
  try {
    budget.spend(callsFor(found));
    const store = await open(name);
    const { definitions, log } = store;
    const declared = asksCatalog(found) ? declaredConsumers(definitions, await definitions.overHttp()) : undefined;
    if (isNew && !declared?.consumers.length && (await log.head()) === 0) return { answer: { behind: 0, passed: [], head: 0 }, places: [] };
    const places = declared ? await standingsOf(await inCatalogAlone(definitions), rows) : [];
    const answer = await log.wakeBehind({
      standings: [...standings, ...places],
      introduction: introductionOf(app, env),
      ...(declared && declared.asOf > 0 ? { declared } : {}),
      ...(care === "thorough" ? { thorough: true } : {}),
    });
    return { answer, places };
  } catch (error) {
    logger.warn(
      { message: "the log of a store could not be asked which consumers are behind; the next sweep asks again", store: name },
      error,
    );
    return undefined;
  }
}
