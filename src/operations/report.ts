/** Where every consumer of a store stands. */

import type { Store } from "../store/store.ts";
import type { ConsumerError } from "../definitions/hooks.ts";
import type { ConsumerStatus } from "../store/stream-protocol.ts";
import type { BlockedReport, WebhookReport } from "../store/webhook-protocol.ts";
import { databaseOf } from "../views/database.ts";
import { type ViewRow, generationsOf, withStates } from "../views/generations.ts";
import type { View } from "../definitions/views/view.ts";
import { type Checkpoint, type CheckpointRow, fromRow } from "../consumers/checkpoint-row.ts";
import { activeWebhooks } from "../definitions/consumers.ts";
import { prepare } from "../consumers/schema.ts";
import { filterOfProcessor } from "../definitions/processors/filter.ts";
import { filterOf } from "../deliveries/interest.ts";
import { filterOfView } from "../definitions/views/view.ts";
import { type Found, type LagSeconds, withLag } from "./lag.ts";

export interface ConsumerReport {
  readonly name: string;
  readonly kind: "view" | "processor" | "webhook";
  readonly status: ConsumerStatus;
  /** The last position that it is done with: the effects of the events before it are committed, or there are none for it. */
  readonly position: number;
  readonly head: number;
  /** Positions between the two. */
  readonly lag: number;
  /** Failed attempts at the event after `position`. */
  readonly attempts: number;
  /**
   * Events whose effects it has committed, since its checkpoint was made: a view that is rebuilt begins at 0. Of a webhook the
   * deliveries that arrived.
   */
  readonly processed: number;
  /** Attempts that have failed, since then. */
  readonly failures: number;
  /** RFC 3339 UTC: when it last committed something, or has passed events that are not for it. Of a webhook the last delivery that arrived. */
  readonly lastProgressAt?: string;
  readonly lastError?: ConsumerError;
  /** Of a view: its table is of an earlier definition and stands still. */
  readonly stale?: true;
  /** Of a view: the table that is being built beside the one that answers. */
  readonly rebuild?: RebuildReport;
  /** Of a view: id of the version of the code whose table is on record. It answers every version that has none of its own. */
  readonly deployment?: string;
  /** Of a webhook: streams whose events wait for one that has failed. */
  readonly blocked?: BlockedReport;
  /** Events that an operator let it skip, the last first. */
  readonly skipped?: readonly (ConsumerError & { readonly skippedAt: string })[];
}

export interface RebuildReport {
  readonly status: "building" | "paused" | "failed";
  readonly position: number;
  readonly head: number;
  /** RFC 3339 UTC. */
  readonly startedAt: string;
  /** Log positions passed in a second, as it was last: those of no interest to the view included. */
  readonly eventsPerSecond?: number;
  /** RFC 3339 UTC, at that pace. */
  readonly estimatedEnd?: string;
  readonly lastError?: ConsumerError;
}

/** All rows of one store in one database. */
interface Books {
  readonly rows: readonly CheckpointRow[];
  readonly checkpoints: ReadonlyMap<string, Checkpoint>;
  readonly views: ReadonlyMap<string, ViewRow>;
}

/** Where the consumer stands that has never run. */
const NEW: Checkpoint = {
  position: 0,
  status: "active",
  attempts: 0,
  nextAttemptAt: 0,
  bornAt: 0,
  startedAt: 0,
  processed: 0,
  failures: 0,
};

/** @param only the names that are asked for; without it all */
export async function reportConsumers(store: Store, only?: (name: string) => boolean): Promise<(ConsumerReport & LagSeconds)[]> {
  return withLag(store.log, await findConsumers(store, only));
}

/** Every consumer as its checkpoint has it. */
export async function findConsumers(store: Store, only = (_name: string) => true): Promise<Found<ConsumerReport>[]> {
  const { app, log } = store;
  const [head, subscribers] = await Promise.all([log.head(), log.subscribers()]);
  const opened = new Map<D1Database, Promise<Books>>();
  const booksIn = (db: D1Database) => {
    const books = opened.get(db) ?? open(db, store.name);
    opened.set(db, books);
    return books;
  };
  const webhooks = [...activeWebhooks(app, store.variables).map(({ name }) => name), ...subscribers];
  return Promise.all([
    ...[...app.views.values()]
      .filter(({ name }) => only(name))
      .map(async (view) => reportView(store, view, await booksIn(databaseOf(store, view)), head)),
    ...[...app.processors.values()]
      .filter(({ name }) => only(name))
      .map(async (processor) => {
        const checkpoint = (await booksIn(store.database())).checkpoints.get(keyOf(processor.name, "")) ?? NEW;
        return { report: report(processor.name, "processor", checkpoint, head), filter: filterOfProcessor(processor) };
      }),
    ...webhooks.filter(only).map(async (name) => foundWebhook(name, await store.webhook(name).report(), head)),
  ]);
}

/** @param webhook undefined: it has just been removed */
export function foundWebhook(name: string, webhook: WebhookReport | undefined, head: number): Found<ConsumerReport> {
  return { report: reportWebhook(name, webhook, head), filter: filterOf(webhook ?? {}) };
}

function reportWebhook(name: string, webhook: WebhookReport | undefined, head: number): ConsumerReport {
  const { position = 0, status, attempts = 0, lastError, totals, health, blocked } = webhook ?? {};
  const { delivered: processed = 0, failed: failures = 0 } = totals ?? {};
  const known = report(name, "webhook", { ...NEW, position, attempts, processed, failures }, head);
  const stands = status === "paused" || status === "failed" ? { status } : {};
  const progress = health?.lastSuccessAt === undefined ? {} : { lastProgressAt: health.lastSuccessAt };
  return { ...known, ...progress, ...stands, ...(lastError ? { lastError } : {}), ...(blocked ? { blocked } : {}) };
}

/** The events that an operator let a consumer skip, the last first. */
export async function skippedBy(store: Store, name: string) {
  const view = store.app.views.get(name);
  const db = view ? databaseOf(store, view) : store.database();
  await prepare(db);
  const { results } = await db
    .prepare(`SELECT error, at FROM headspring_skipped WHERE store = ? AND consumer = ? ORDER BY position DESC LIMIT 20`)
    .bind(store.name, name)
    .all<{ error: string; at: number }>();
  return results.map(({ error, at }) => ({ ...(JSON.parse(error) as ConsumerError), skippedAt: new Date(at).toISOString() }));
}

async function open(db: D1Database, store: string): Promise<Books> {
  await prepare(db);
  const [checkpoints, views] = await db.batch([
    db.prepare(`SELECT * FROM headspring_checkpoints WHERE store = ?`).bind(store),
    db.prepare(`SELECT * FROM headspring_views WHERE store = ?`).bind(store),
  ]);
  const rows = (checkpoints?.results ?? []) as unknown as CheckpointRow[];
  const states = (views?.results ?? []) as unknown as (ViewRow & { readonly view: string })[];
  return {
    rows,
    checkpoints: new Map(rows.map((row) => [keyOf(row.consumer, row.generation), fromRow(row)])),
    views: new Map(states.map((row) => [row.view, row])),
  };
}

function keyOf(consumer: string, generation: string): string {
  return `${consumer}/${generation}`;
}

async function reportView(store: Store, view: View, { rows, checkpoints, views }: Books, head: number): Promise<Found<ConsumerReport>> {
  const own = rows.filter(({ consumer }) => consumer === view.name);
  const { serving, wanted, stale, owner } = await generationsOf(store, view, withStates(view, views.get(view.name), own));
  const at = (generation: string) => checkpoints.get(keyOf(view.name, generation)) ?? NEW;
  const served = { ...report(view.name, "view", at(serving.generation), head), ...(owner ? { deployment: owner.id } : {}) };
  const filter = stale ? {} : { filter: filterOfView(view) };
  if (serving.generation === wanted.generation) return { report: served, ...filter };
  const rebuild = reportRebuild(at(wanted.generation), head);
  const isRebuilding = rebuild.status === "building" && (stale || served.status === "live" || served.status === "catching-up");
  const status = isRebuilding ? "rebuilding" : rebuild.status === "failed" && served.status !== "paused" ? "failed" : served.status;
  return { report: { ...served, status, ...(stale ? { stale: true as const } : {}), rebuild }, ...filter };
}

function reportRebuild({ position, status, startedAt, pace, error }: Checkpoint, head: number): RebuildReport {
  const started = new Date(startedAt || Date.now()).toISOString();
  const isMoving = status === "active" && pace !== undefined && pace > 0;
  return {
    status: status === "active" ? "building" : status,
    position,
    head,
    startedAt: started,
    ...(pace === undefined ? {} : { eventsPerSecond: Math.round(pace) }),
    ...(isMoving ? { estimatedEnd: new Date(Date.now() + ((head - position) / pace) * 1_000).toISOString() } : {}),
    ...(error ? { lastError: error } : {}),
  };
}

function report(
  name: string,
  kind: ConsumerReport["kind"],
  { position, status, attempts, processed, failures, movedAt, error }: Checkpoint,
  head: number,
): ConsumerReport {
  const lag = Math.max(0, head - position);
  return {
    name,
    kind,
    status: status === "active" ? (lag === 0 ? "live" : "catching-up") : status,
    position,
    head,
    lag,
    attempts,
    processed,
    failures,
    ...(movedAt === undefined ? {} : { lastProgressAt: new Date(movedAt).toISOString() }),
    ...(error ? { lastError: error } : {}),
  };
}
