/**
 * Limits: a name, a unit, a source. "Ours" means that we chose the number, and the comment gives the reason. Our own code enforces the
 * limits, because the local runtime is laxer than production.
 *
 * A number that one folder uses is in that folder's `limits.ts`; this file has those that several share. A number belongs here, and on the
 * page docs/limits.md, if a client, an app or an operator can run into it, or if it decides what is paid; a constant of one algorithm stays
 * with the algorithm.
 */

export const KiB = 1024;
export const MiB = 1024 * KiB;

/** Bytes of UTF-8 JSON in one event's `data`. Ours: a page of 500 such events still fits one RPC answer (32 MiB, platform). */
export const EVENT_DATA_BYTES = 128 * KiB;
/** Events in one append. Ours: an append is one transaction and one call to the log. */
export const APPEND_EVENTS = 1_000;
/** Bytes of one append's body. Ours: an eighth of the platform's 32 MiB for the arguments of an RPC call. */
export const APPEND_BYTES = 4 * MiB;
/** Bytes of a command's body. Ours: twice the largest event, so that a command can carry one. */
export const COMMAND_BYTES = 256 * KiB;
/** Bytes of UTF-8 in a stream's id. Ours: with store and category it stays far below the platform's 1,024 bytes for an object's name. */
export const STREAM_ID_BYTES = 256;
/** Levels of nesting in a JSON body. Ours: far above any real event, far below what overflows a parser's stack. */
export const JSON_DEPTH = 64;
/** The last time that exists, in milliseconds since 1970. Platform: ECMAScript's `Date` ends there, 100,000,000 days after 1970. */
export const LAST_TIME_MS = 8_640_000_000_000_000;
/**
 * Milliseconds ahead that an alarm is set at most. For what is due later, it goes off early and is set again. Ours: far below the year
 * 2262, where 64-bit nanoseconds end.
 */
export const ALARM_AHEAD_MS = 365 * 86_400_000;
/** Events in one page of a stream or of the log. Ours. */
export const PAGE_EVENTS = 1_000;
/** Bytes of events in one page. Ours: a quarter of the 32 MiB (platform) that one RPC answer may have. */
export const PAGE_BYTES = 8 * MiB;
/**
 * Entries of the log, or events of a stream, that are examined for one filtered page, so that a filter with few matches cannot run for
 * ever. Ours.
 */
export const SCAN_EVENTS = 5_000;
/** Seconds a request may wait (`Prefer: wait=N`). Ours: below the idle timeouts of common proxies (60 s). */
export const WAIT_SECONDS = 30;
/**
 * Bytes of `data` and `meta` in such a page; a larger event comes alone. Ours: parsed it takes several times that, for each consumer at
 * work, of the 128 MB (platform) of an isolate.
 */
export const CONSUMER_BATCH_BYTES = 2 * MiB;
/**
 * Positions without an event for a consumer after which its checkpoint moves past them, and after which the log wakes it to do so.
 * Platform: one row written in D1 ($1.00 per million) costs as much as a thousand rows read.
 */
export const PASSED_EVENTS = 1_000;
/** Milliseconds a consumer works before it yields and wakes itself again. Ours: far below the 15 minutes (platform) of a queue invocation. */
export const CONSUMER_BUDGET_MS = 20_000;
/**
 * Calls of one invocation of the worker: to objects, D1 and queues. Platform: 50 on the Free plan, 10,000 on Paid; a tenth of the latter,
 * so that a wrong guess costs little.
 */
export const INVOCATION_CALLS = { free: 50, paid: 1_000 } as const;
/** Statements of D1 in one invocation. Platform. */
export const INVOCATION_STATEMENTS = { free: 50, paid: 1_000 } as const;
/** Calls and statements that are kept for the end of an invocation: failures, acknowledgements and wake-ups for the rest. Ours. */
export const INVOCATION_RESERVE = 10;
/** Calls and statements that a consumer needs to make any progress, including making its tables. Ours, measured. */
export const CONSUMER_CALLS = 26;
/** Calls after which a processor's checkpoint moves. Ours: below the 50 (platform) of the Free plan, on every plan. */
export const PORTION_CALLS = 24;
/**
 * Milliseconds between two looks at what is not ready yet: at first and at most; each pause is five times as long as the last. Ours: eight
 * looks in 30 s.
 */
export const LOOK_AGAIN_MS = 25;
export const LOOK_AGAIN_MAX_MS = 10_000;
/** Deliveries of one webhook under way at once. Platform: 6 simultaneous outgoing connections per request. */
export const WEBHOOK_IN_FLIGHT = 6;
/** Deliveries per second that a webhook may be limited to. Ours: one object does not reach more even without a limit. */
export const WEBHOOK_RATE = 1_000;
/** The largest position and version: integers above it are rounded by JavaScript. */
export const MAX_POSITION = Number.MAX_SAFE_INTEGER;
/** Days that a stream remembers the outcome of a command or an idempotency key. DESIGN: the HTTP contract. */
export const RECEIPT_DAYS = 30;
/**
 * Milliseconds that a subscriber may take to accept what it was sent, when there is more for it. Ours: a pause of the network, not a client
 * that is stuck.
 */
export const FEED_ANSWER_MS = 30_000;
/** Categories that a store may have declared at run time, including the retired ones. Ours: one answer lists them all. */
export const CATEGORIES = 1_000;
/** Views, processors, and sources, that a store may have declared at run time, of each. DESIGN: definitions over HTTP. */
export const DEFINITIONS = 50;
/** Views and processors that no longer exist, in one answer. Ours: what asks for one of these wants to know that it existed. */
export const REMOVED_DEFINITIONS = 1_000;
/** Earlier versions of the event types of one category declared at run time, all together. Ours: one answer shows them all. */
export const EARLIER_SCHEMAS = 1_000;
/** Characters of their schemas, all together. Ours: sixteen of the largest definitions, and an eighth of the 32 MiB (platform) of an RPC answer. */
export const EARLIER_SCHEMA_CHARACTERS = 4 * MiB;
/**
 * States of the machines that a category's regular expressions become. Ours: bounds how many states a nested `{n,m}` can make from a few
 * characters.
 */
export const PATTERN_STATES = 10_000;
/** Issues listed in one problem document. Ours: nobody would read more. */
export const ISSUES = 20;
/** Characters of an error's text in a line of the logs. Ours: a stack and the cause; Workers Logs takes 256 KB (platform) a line. */
export const LOG_ERROR_CHARACTERS = 8 * KiB;
