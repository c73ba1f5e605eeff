/** How far a consumer is, as operators see it, and what D1 has of it. */

import type { EventFilter } from "../core/event.ts";
import type { ConsumerError } from "../definitions/hooks.ts";
import type { KindName } from "../definitions/kind.ts";
import type { ConsumerStatus } from "../store/stream-protocol.ts";
import type { BlockedReport, WebhookReport } from "../store/webhook-protocol.ts";
import { type Checkpoint, type CheckpointRow, fromRow } from "./checkpoint-row.ts";
import { prepare } from "./schema.ts";

export interface ConsumerReport {
  readonly name: string;
  readonly kind: KindName;
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
  readonly skipped?: readonly Skipped[];
}

/** An event that an operator let a consumer skip, and why it had failed. */
export type Skipped = ConsumerError & {
  /** RFC 3339 UTC. */
  readonly skippedAt: string;
};

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

/** A consumer as its checkpoint has it. */
export interface Found {
  readonly report: ConsumerReport;
  /** The events that it handles. Without it all: a table whose code is gone stays where it is. */
  readonly filter?: EventFilter;
  readonly webhook?: WebhookReport;
}

/** What reports of one store have in common. */
export interface Reading {
  /** The log's. */
  readonly head: number;
  /** What a database has of the store: each is asked once, however many consumers it has. */
  rowsIn(db: D1Database): Promise<Rows>;
}

/** All rows of one store in one database. */
export interface Rows {
  readonly checkpoints: readonly CheckpointRow[];
  /** Of `headspring_views`, by view. */
  readonly views: ReadonlyMap<string, unknown>;
}

export function readingOf(store: string, head: number): Reading {
  const opened = new Map<D1Database, Promise<Rows>>();
  return {
    head,
    rowsIn(db) {
      const rows = opened.get(db) ?? read(db, store);
      opened.set(db, rows);
      return rows;
    },
  };
}

async function read(db: D1Database, store: string): Promise<Rows> {
  await prepare(db);
  const [checkpoints, views] = await db.batch([
    db.prepare(`SELECT * FROM headspring_checkpoints WHERE store = ?`).bind(store),
    db.prepare(`SELECT * FROM headspring_views WHERE store = ?`).bind(store),
  ]);
  return {
    checkpoints: (checkpoints?.results ?? []) as unknown as CheckpointRow[],
    views: new Map(((views?.results ?? []) as { view: string }[]).map((row) => [row.view, row])),
  };
}

/** The checkpoint of a consumer, or of one of its generations. */
export function checkpointIn({ checkpoints }: Rows, name: string, generation = ""): Checkpoint {
  const row = checkpoints.find((one) => one.consumer === name && one.generation === generation);
  return row ? fromRow(row) : NEW;
}

/** Where the consumer stands that has never run. */
export const NEW: Checkpoint = {
  position: 0,
  status: "active",
  attempts: 0,
  nextAttemptAt: 0,
  bornAt: 0,
  startedAt: 0,
  processed: 0,
  failures: 0,
};

/** The events that an operator let a consumer skip, the last first. */
export async function skippedIn(db: D1Database, store: string, name: string): Promise<Skipped[]> {
  await prepare(db);
  const { results } = await db
    .prepare(`SELECT error, at FROM headspring_skipped WHERE store = ? AND consumer = ? ORDER BY position DESC LIMIT 20`)
    .bind(store, name)
    .all<{ error: string; at: number }>();
  return results.map(({ error, at }) => ({ ...(JSON.parse(error) as ConsumerError), skippedAt: new Date(at).toISOString() }));
}

export function reportOf(
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
