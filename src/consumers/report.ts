/** How far a consumer is, as operators see it, and what D1 has about it. */

import * as z from "zod";
import { type Answer, Name, Position, Time, Whole } from "../core/answer.ts";
import type { EventFilter } from "../core/event.ts";
import { ConsumerError } from "../definitions/hooks.ts";
import { KIND_NAMES, type KindName } from "../definitions/consumers.ts";
import { ConsumerStatus } from "../store/consumer-protocol.ts";
import { BlockedReport } from "../store/webhook-protocol.ts";
import type { CheckpointStore } from "./checkpoint.ts";
import { type Checkpoint, type CheckpointRow, fromRow } from "./checkpoint-row.ts";
import { prepare } from "./schema.ts";
import type { KindStates } from "./standing.ts";

export const RebuildReport = z.object({
  status: z.enum(["building", "paused", "failed"]),
  position: Position,
  head: Position,
  startedAt: Time,
  /** Log positions passed in a second, including those that do not concern the view. */
  eventsPerSecond: Whole.optional(),
  estimatedEnd: Time.optional(),
  lastError: ConsumerError.optional(),
});
export type RebuildReport = Answer<typeof RebuildReport>;

/** An event that an operator skipped for a consumer, and why it had failed. */
export const Skipped = z.object({ ...ConsumerError.shape, skippedAt: Time });
export type Skipped = Answer<typeof Skipped>;

export const ConsumerReport = z.object({
  name: Name,
  kind: z.enum(KIND_NAMES),
  origin: z.enum(["code", "api"]).describe("Whether the code declares the consumer, or it was declared or added over HTTP."),
  status: ConsumerStatus,
  position: Position.describe("The consumer has processed everything up to here: it has committed the effects, or had nothing to do."),
  head: Position,
  lag: Whole,
  lagSeconds: z
    .number()
    .nonnegative()
    .describe("Age in seconds of the first event that the consumer has yet to process. 0: it has processed all that it handles."),
  attempts: Whole.describe("Failed attempts at the event after `position`."),
  processed: Whole.describe("Events whose effects the consumer has committed since it began. For a webhook: deliveries that arrived."),
  failures: Whole.describe("Attempts that have failed since then."),
  lastProgressAt: Time.optional().describe("When the consumer last made progress. For a webhook: when a delivery last arrived."),
  lastError: ConsumerError.optional(),
  stale: z
    .literal(true)
    .optional()
    .describe("Until the table of this definition is built, the view answers from an earlier one, which is no longer updated."),
  rebuild: RebuildReport.optional().describe("The table of a view that is being built next to the one that answers."),
  deployment: z
    .string()
    .optional()
    .describe("The id of the code version whose table is on record: that table answers for every version that has none of its own."),
  blocked: BlockedReport.optional(),
  skipped: z.array(Skipped).optional().describe("Events that an operator made it skip, the latest first."),
  warning: z.string().optional(),
});
/** A report as its kind makes it: without the lag in seconds, and without its origin. */
export type ConsumerReport = Omit<Answer<typeof ConsumerReport>, "lagSeconds" | "origin">;

/** A consumer as its checkpoint describes it. */
export interface Found {
  readonly report: ConsumerReport;
  /** The events that it handles. Absent: all. A table whose code is gone stays where it is. */
  readonly filter?: EventFilter;
  /** What only its kind reads: for the figures that the kind has of its own. */
  readonly own?: unknown;
}

/** What reports of one store have in common. */
export interface Reading {
  /** The head of the log. */
  readonly head: number;
  /** What a database has about the store: each database is queried once, however many consumers it has. */
  rowsIn(db: D1Database): Promise<Rows>;
}

/** All rows of one store in one database. */
export interface Rows {
  readonly checkpoints: readonly CheckpointRow[];
  readonly states: KindStates;
}

/** @param stateTables the tables that kinds have next to the checkpoints */
export function readingOf(store: string, head: number, stateTables: ReadonlyMap<KindName, string>): Reading {
  const opened = new Map<D1Database, Promise<Rows>>();
  return {
    head,
    rowsIn(db) {
      const rows = opened.get(db) ?? read(db, store, stateTables);
      opened.set(db, rows);
      return rows;
    },
  };
}

async function read(db: D1Database, store: string, stateTables: ReadonlyMap<KindName, string>): Promise<Rows> {
  await prepare(db);
  const tables = ["headspring_checkpoints", ...stateTables.values()];
  const [checkpoints, ...states] = await db.batch(tables.map((table) => db.prepare(`SELECT * FROM ${table} WHERE store = ?`).bind(store)));
  return {
    checkpoints: (checkpoints?.results ?? []) as unknown as CheckpointRow[],
    states: new Map([...stateTables.keys()].map((kind, index) => [kind, states[index]?.results ?? []])),
  };
}

/** The checkpoint of a consumer, or of one of its generations. */
export function checkpointIn({ checkpoints }: Rows, name: string, generation = ""): Checkpoint {
  const row = checkpoints.find((one) => one.consumer === name && one.generation === generation);
  return row ? fromRow(row) : NEW;
}

/** The checkpoint of a consumer that has never run. */
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

/** The events that an operator skipped for a consumer, the last first. */
export async function skippedIn({ db, key: [store, name], incarnation }: CheckpointStore): Promise<Skipped[]> {
  await prepare(db);
  const { results } = await db
    .prepare(
      `SELECT error, at FROM headspring_skipped WHERE store = ?1 AND consumer = ?2 AND ifnull(incarnation, ?3) = ?3 ORDER BY position DESC LIMIT 20`,
    )
    .bind(store, name, incarnation)
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
