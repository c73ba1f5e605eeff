/** Limits of catching up with the log: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

/** Events a consumer takes from the log at a time. Ours. */
export const CONSUMER_BATCH_EVENTS = 500;
/**
 * Milliseconds for which a worker that has much of a view to do keeps others away, from one commit to the next. Ours: far above what a
 * commit takes; if the worker dies, the next one begins this much later.
 */
export const CATCH_UP_HOLD_MS = 10_000;
/**
 * Milliseconds until a consumer tries again what another part of the store does not know yet, because that runs other code. Ours: a
 * deployment is everywhere within seconds, and after a rollback, when only the next deployment helps, a try costs next to nothing.
 */
export const OTHER_CODE_RETRY_MS = 5_000;
/** Milliseconds that a consumer waits for one of the app's hooks. Ours: enough to send a message somewhere. */
export const HOOK_MS = 10_000;
/** Milliseconds for which a dry run of a reset counts; then it reports how far it came. Ours: a person waits for the answer. */
export const RESET_COUNT_MS = 10_000;
