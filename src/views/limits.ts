/**
 * Limits of views: rows, queries, tables and their rollouts. A name, a unit, a source. "Ours" means that we chose the number; see
 * `core/limits.ts`.
 */

import { MiB } from "../core/limits.ts";

/** Rows in the answer of a named query. Ours. */
export const VIEW_QUERY_ROWS = 1_000;
/** Statements to drop what a view has left behind in a store, apart from its rows. Ours. */
export const DROP_CALLS = 8;
/**
 * Calls and statements of one read of a live view: includes another look at the primary, and the work that it does if nothing else has.
 * Ours.
 */
export const LIVE_READ_CALLS = 10;
/** Statements of a view's SQL handlers in one commit. Ours: as for {@link PORTION_CALLS}. */
export const VIEW_SQL_STATEMENTS = 20;
/**
 * Milliseconds that a table being built may take before the one that answers gets its turn. Ours: about when people notice that a view is
 * late.
 */
export const VIEW_BUILD_SLICE_MS = 500;
/**
 * Milliseconds for which a table still answers its own version of the code although another version's table is ahead; and for which that
 * other version is woken, to move its own. Ours: a consumer that can be woken reaches the head long before.
 */
export const VIEW_ROLLOUT_MS = 60_000;
/**
 * Milliseconds without a sign of the newer version of the code after which the older one owns a view again: the deployment was rolled back.
 * Ours: the cron runs twelve times (platform: any of the versions may answer), so a version that gets half of the invocations is seen.
 */
export const VIEW_ROLLBACK_MS = 3_600_000;
/** Milliseconds after which a replaced table is dropped. Ours: time to roll back a deployment without building again. */
export const VIEW_GRACE_MS = 3_600_000;
/**
 * Milliseconds between two wake-ups that queries send to a view which is being built. Ours: how late a build notices a deployment that no
 * event follows.
 */
export const VIEW_NUDGE_MS = 10_000;
/** Events whose SQL goes into one commit of a view. Ours: each may change any number of rows, and a batch of D1 has 30 s (platform). */
export const VIEW_SQL_EVENTS = 20;
/** Rows deleted by one statement when a store's rows go. Ours: far below the 30 s (platform) of a statement of D1. */
export const VIEW_DROP_ROWS = 5_000;
/** Keys whose rows a live view reads at a time. Ours: as many as a page has. */
export const LIVE_KEYS = 200;
/**
 * Milliseconds that a live view waits for another worker to bring its view to an event, before it does the work itself. Ours: longer than a
 * wake-up usually takes.
 */
export const LIVE_HELP_AFTER_MS = 1_000;
/** Reads of one live view before it ends and the client resumes. Platform: 1,000 queries to D1 per invocation, and a read is three. */
export const LIVE_READS = 250;
/**
 * Pages of the log that one look backwards reads, for the events behind a row or of a preview. Platform: 50 calls on the Free plan, and a
 * page examines 5,000 entries.
 */
export const LOOK_BACK_PAGES = 20;
/** Bytes of the events that it finds. Ours: one page of the log. */
export const LOOK_BACK_BYTES = 8 * MiB;
/**
 * Steps of expressions in one such look, or in one preview of a view; a row that is made counts by its bytes. Ours:
 * less than a second of CPU, measured; beyond it the work ends with the event that it is at.
 */
export const LOOK_BACK_STEPS = 20_000_000;
/** Milliseconds after which it reads no further page. Ours: a person waits for the answer. */
export const LOOK_BACK_MS = 2_000;
