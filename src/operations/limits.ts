/** Limits of wake-ups, sweeps, reports: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

/** Consumers of one batch of wake-ups that work at the same time. Ours: they share 128 MB (platform). */
export const CONSUMERS_AT_ONCE = 4;
/**
 * Deliveries of a wake-up that may run its consumer; the next one is given up, with a line in the logs. Ours: as many as the queue's
 * `max_retries` in wrangler.toml, so that the queue delivers it once more. With fewer retries the queue drops it without that line.
 */
export const WAKE_UP_ATTEMPTS = 10;
/** Calls to ask one store's log to wake the consumers that are behind: to find where it lies, and to the log. Ours. */
export const SWEEP_CALLS = 2;
/** Milliseconds that a consumer which is done waits for others, to report to the log together. Ours: shorter than the call. */
export const ACKNOWLEDGE_TOGETHER_MS = 10;
/**
 * Milliseconds between two signs of life of a consumer that takes its time, so that it is not woken again until it is done. Ours: half of
 * {@link NOTIFY_AGAIN_MS}.
 */
export const AT_WORK_MS = 2_500;
/** Stores that the cron's sweep reads at a time. Ours: some 1,500 rows. */
export const SWEEP_STORES = 100;
/** Logs that it asks at the same time. Platform: 6 simultaneous connections per invocation. */
export const SWEEP_AT_ONCE = 6;
/**
 * Calls that are kept for what follows when logs have been asked: to remember the result, and to drop what one view has left behind. Ours,
 * counted.
 */
export const SWEEP_PIECE_CALLS = 12;
/** Milliseconds after which a sweep leaves the rest to the next one. Ours: far below the five minutes between two. */
export const SWEEP_BUDGET_MS = 60_000;
/** Milliseconds for which a store in which nothing moves is asked only once, instead of with each sweep. Ours: a day. */
export const SWEEP_IDLE_MS = 86_400_000;
/** Webhooks whose figures `GET /metrics` has. Ours: each is asked, and costs a request to its object, every time. */
export const METRICS_WEBHOOKS = 100;
/** Objects of sources that are asked at the same time how far they are. Ours: as many connections as an invocation may wait for, and some. */
export const SOURCES_AT_ONCE = 10;
/** Milliseconds that one of them has to answer. Ours: a list with a gap is better than none. */
export const SOURCE_ANSWER_MS = 5_000;
