/** How far deliveries are: what is kept from one activation to the next, besides the tables. */

import type { HealthRecord } from "./health.ts";
import type { Totals } from "../store/webhook-protocol.ts";

/** One pass over the log: the webhook's own, which has no end, or a replay. */
export interface Feed {
  readonly run: number;
  /** Every event of interest up to here is in the ledger: in `deliveries` or behind the head of a blocked stream. */
  readonly settled: number;
  /** The last position of a replay. */
  readonly end?: number;
  /** Only events recorded in this time (milliseconds since 1970): from, and before. */
  readonly since?: number;
  readonly until?: number;
}

/** What a webhook keeps from one activation to the next, in one row. */
export interface Cursor {
  readonly feeds: readonly Feed[];
  /** The number of replays and resets so far, which gives the next one its number. */
  readonly runs: number;
  readonly health: HealthRecord;
  readonly lastFailure?: { readonly message: string; readonly at: string; readonly event?: FailedEvent };
  readonly prunedAt: number;
  /** Absent: it was stored before they were counted. */
  readonly totals?: Totals;
}

interface FailedEvent {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
}
