/** Limits of ordered deliveries: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

/** Calls that one delivery may make: to find its event, to read it, to send it. Ours. */
export const WEBHOOK_DELIVERY_CALLS = 4;
/** Milliseconds that counting what a replay would send may take; the rest is not counted. Ours: people wait for this request. */
export const WEBHOOK_COUNT_MS = 10_000;
/** Events that a webhook has read and not yet delivered; the rest waits in the log. Ours: some 100 KB of memory. */
export const WEBHOOK_WINDOW_EVENTS = 500;
/** Events that a webhook reads from the log at a time. Ours: bounds what is read again after a crash. */
export const WEBHOOK_BATCH_EVENTS = 100;
/** Milliseconds after which an event is read again before it is sent, because it may have been erased. Ours. */
export const WEBHOOK_FRESH_MS = 1_000;
/** Streams of one webhook that may wait for a retry. Ours: they are kept in memory. Beyond it the webhook takes no further events. */
export const WEBHOOK_FAILING_STREAMS = 10_000;
/**
 * Streams that must fail, with no success in between, before an endpoint counts as down. Ours: one or two streams may hold events that it
 * cannot accept.
 */
export const WEBHOOK_DOWN_STREAMS = 3;
/**
 * Milliseconds until the first probe whether an endpoint that is down is back, doubled for each further one, and the longest such pause.
 * Ours.
 */
export const WEBHOOK_PROBE_MS = 5_000;
export const WEBHOOK_PROBE_MAX_MS = 300_000;
/** The longest pause that a `Retry-After` may ask for, in milliseconds. Ours: an hour; for a longer pause, pause the webhook. */
export const WEBHOOK_RETRY_AFTER_MS = 3_600_000;
/** Days of failure without one success after which a webhook is switched off. Ours: Svix and Stripe are as patient. */
export const WEBHOOK_DISABLE_DAYS = 5;
/** Days that the ledger keeps a delivery that arrived. Ours. */
export const WEBHOOK_LEDGER_DAYS = 30;
/** Days that the ledger keeps a parked delivery; its event stays in the log, from where it can be replayed. Ours. */
export const WEBHOOK_PARKED_DAYS = 90;
/** Rows of the ledger that one step of pruning or of a filtered list reads. Ours: some milliseconds. */
export const WEBHOOK_LEDGER_STEP = 1_000;
/** Parked deliveries that one request tries again. Ours: the answer says how many are left. */
export const WEBHOOK_RETRY_DELIVERIES = 1_000;
/** Replays of one webhook at the same time. Ours. */
export const WEBHOOK_REPLAYS = 5;
/** Attempts at one delivery that the ledger keeps, the latest. Ours: more than the schedule has; operators may ask for more. */
export const WEBHOOK_ATTEMPTS_KEPT = 20;
/** Characters of an attempt's error that are kept once there is a later attempt. Ours. */
export const WEBHOOK_ATTEMPT_ERROR = 200;
/** Replays and resets of a webhook whose deliveries are found by an event's position, the latest. Ours: bounds what one request reads. */
export const WEBHOOK_RUNS_SHOWN = 20;
