/**
 * Every limit of the store: a name, a unit, a source. "ours" means that we chose the number;
 * the reason stands beside it. Our own code enforces them, because the local runtime is laxer
 * than production.
 */

const KiB = 1024;
const MiB = 1024 * KiB;

/** Bytes of UTF-8 JSON in one event's `data`. Ours: a page of 500 such events still fits one RPC answer (32 MiB, platform). */
export const EVENT_DATA_BYTES = 128 * KiB;
/** Bytes of UTF-8 JSON in one event's `meta`. Ours. */
export const EVENT_META_BYTES = 8 * KiB;
/** Events in one append. Ours: an append is one transaction and one call to the log. */
export const APPEND_EVENTS = 1_000;
/** Bytes of one append's body. Ours: an eighth of the platform's 32 MiB for the arguments of an RPC call. */
export const APPEND_BYTES = 4 * MiB;
/** Bytes of a command's body. Ours: twice the largest event, so that a command can carry one. */
export const COMMAND_BYTES = 256 * KiB;
/** Bytes of any other request body (webhook and category definitions). Ours. */
export const DEFINITION_BYTES = 256 * KiB;
/** Bytes of UTF-8 in a stream's id. Ours: with store and category it stays far below the platform's 1,024 bytes for an object's name. */
export const STREAM_ID_BYTES = 256;
/** Bytes of an `Idempotency-Key`. Ours: room for any UUID, ULID or hash with a prefix. */
export const IDEMPOTENCY_KEY_BYTES = 256;
/** Levels of nesting in a JSON body. Ours: far above any real event, far below what overflows a parser's stack. */
export const JSON_DEPTH = 64;

/** Events in one page of a stream or of the log. Ours. */
export const PAGE_EVENTS = 1_000;
/** Events in a page when the request does not say. DESIGN: the HTTP contract. */
export const PAGE_EVENTS_DEFAULT = 100;
/** Bytes of events in one page. Ours: a quarter of the 32 MiB (platform) that one RPC answer may have. */
export const PAGE_BYTES = 8 * MiB;
/** Log entries looked at for one filtered page, so that a sparse filter cannot run for ever. Ours. */
export const SCAN_EVENTS = 5_000;
/** Rows in one page of a view. Ours. */
export const VIEW_PAGE_ROWS = 200;
/** Rows in a view's page when the request does not say. DESIGN: the HTTP contract. */
export const VIEW_PAGE_ROWS_DEFAULT = 50;

/** Milliseconds a write waits for its position before it is acknowledged without one. Ours: above a normal log commit, below what a person notices. */
export const ACKNOWLEDGE_BUDGET_MS = 50;
/** Seconds a request may wait (`Prefer: wait=N`). Ours: below the idle timeouts of common proxies (60 s). */
export const WAIT_SECONDS = 30;
/** Seconds a query waits for `minPosition` when the request does not say. DESIGN: the HTTP contract. */
export const VIEW_WAIT_SECONDS_DEFAULT = 5;

/** Events a consumer takes from the log at a time. Ours. */
export const CONSUMER_BATCH_EVENTS = 500;
/** Milliseconds a consumer works before it yields and wakes itself again. Ours: far below the 15 minutes (platform) of a queue invocation. */
export const CONSUMER_BUDGET_MS = 20_000;
/** Bytes of one JSON parameter of a bulk write to D1. Ours: a quarter of the 2 MB (platform) for one bound value. */
export const BULK_WRITE_BYTES = 512 * KiB;

/** Milliseconds between two wake-ups while events keep coming. DESIGN: coalesced wake-ups. */
export const RING_INTERVAL_MS = 100;
/** Milliseconds after which the log rings again for consumers that have not caught up. Ours: the delay of a lost wake-up. */
export const RING_AGAIN_MS = 5_000;
/** The longest pause between two such rings for a consumer that does not move. Ours. */
export const RING_AGAIN_MAX_MS = 60_000;
/** Messages in one `sendBatch`. Platform: Queues limits. */
export const QUEUE_BATCH_MESSAGES = 100;

/** Milliseconds a webhook's endpoint has to answer. DESIGN: the HTTP contract (Standard Webhooks suggests 15–30 s). */
export const WEBHOOK_TIMEOUT_MS = 15_000;
/** Deliveries of one webhook under way at once. Platform: 6 simultaneous outgoing connections per request. */
export const WEBHOOK_IN_FLIGHT = 6;

/** The largest position and version: integers above it are rounded by JavaScript. */
export const MAX_POSITION = Number.MAX_SAFE_INTEGER;
/** Events between two snapshots of a stream's state. DESIGN: snapshots. */
export const SNAPSHOT_EVERY = 100;
