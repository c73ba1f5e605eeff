/** Limits of webhooks over HTTP: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

/** Milliseconds a webhook's endpoint has to answer. DESIGN: the HTTP contract (Standard Webhooks suggests 15–30 s). */
export const WEBHOOK_TIMEOUT_MS = 15_000;
/** Further milliseconds for the first bytes of an answer whose status has arrived. Ours: the status decides; the rest is for people. */
export const WEBHOOK_EXCERPT_MS = 1_000;
/** Hours for which a secret still signs after it was replaced. DESIGN: the HTTP contract. */
export const WEBHOOK_OVERLAP_HOURS = 24;
/** Secrets that sign at once: the current one, and those replaced within the overlap. Ours: a header has room for them. */
export const WEBHOOK_SECRETS = 5;
/** Bytes of an answer that the ledger keeps. Ours: enough to recognise an error page. */
export const WEBHOOK_EXCERPT_BYTES = 512;
