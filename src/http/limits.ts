/** Limits of requests and answers: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

import { EARLIER_SCHEMA_CHARACTERS, KiB, MiB, EVENT_DATA_BYTES, JSON_DEPTH, WAIT_SECONDS } from "../core/limits.ts";

/** Bytes of UTF-8 JSON in one event's `meta`. Ours. */
export const EVENT_META_BYTES = 8 * KiB;
/** Bytes of any other request body (webhook and category definitions). Ours. */
export const DEFINITION_BYTES = 256 * KiB;
/** Characters of the position of a source's change in a request. Ours: far above an LSN, or the name of a file with a number. */
export const SOURCE_POSITION_CHARACTERS = 1_024;
/** Changes that one preview of a source has. Ours: each may take 15 ms of CPU. */
export const PREVIEW_CHANGES = 20;
/** Characters of a processor's name under /api. Ours: it is kept as its description, of which it is the beginning. */
export const API_NAME_CHARACTERS = 256;
/** Characters of the function of an aggregated view under /api. Ours: a quarter of what an expression may have; it is read recursively. */
export const FUNCTION_CHARACTERS = 1_000;
/** Bytes of a compressed body that are decompressed at a time. Ours: gzip makes at most 1,032 bytes of each, so 4 MiB in memory. */
export const GUNZIP_SLICE_BYTES = 4 * KiB;
/** Bytes of an `Idempotency-Key`. Ours: room for any UUID, ULID or hash with a prefix. */
export const IDEMPOTENCY_KEY_BYTES = 256;
/** Seconds after which a client that exceeded its rate may try again. Platform: the shorter of the two periods that a limit counts in. */
export const RATE_LIMIT_RETRY_SECONDS = 10;
/** Seconds for which a browser may remember what an origin is allowed. Platform: the longest that all browsers accept. */
export const CORS_MAX_AGE_SECONDS = 7_200;
/** Seconds for which a browser that has reached the store by https uses nothing else. Ours: a year, which is common. */
export const HSTS_SECONDS = 31_536_000;
/**
 * Milliseconds for which a worker that has lost a write's answer asks the stream to hand over what it has stored. Ours; after the answer
 * the platform grants a request 30 s.
 */
export const HAND_OVER_MS = 60_000;
/** Milliseconds before it asks for the first time; doubling. Ours. */
export const HAND_OVER_FIRST_MS = 100;
/** Events in a page by default. DESIGN: the HTTP contract. */
export const PAGE_EVENTS_DEFAULT = 100;
/** Rows in one page of a view. Ours. */
export const VIEW_PAGE_ROWS = 200;
/** Rows in a view's page by default. DESIGN: the HTTP contract. */
export const VIEW_PAGE_ROWS_DEFAULT = 50;
/** Conditions of one query. Ours: each binds a value, and D1 binds 100 (platform) in a statement whose expressions nest 100 deep (platform). */
export const VIEW_CONDITIONS = 40;
/** Columns that one query is sorted by. Ours: as above. */
export const VIEW_SORT_COLUMNS = 10;
/** Characters of a cursor. Ours: it goes into a URL, which has 16 KB (platform) for everything. */
export const VIEW_CURSOR = 8 * KiB;
/** Seconds that a query waits for `minPosition` by default. DESIGN: the HTTP contract. */
export const VIEW_WAIT_SECONDS_DEFAULT = 5;
/**
 * Milliseconds between two looks at a saga that a client waits for: at first and at most; each pause is half as long again as the last.
 * Ours: some twenty calls in 30 s.
 */
export const LOOK_AT_SAGA_MS = 50;
export const LOOK_AT_SAGA_MAX_MS = 2_500;
/** Webhooks that a store may have at run time. Ours: one answer lists them all, and each is woken for every event. */
export const WEBHOOKS = 1_000;
/** The same on the Free plan. Ours: an answer with all consumers asks each of them, and its invocation has 50 calls (platform). */
export const WEBHOOKS_FREE = 15;
/** Deliveries in one page, at most and by default. Ours. */
export const WEBHOOK_PAGE_DELIVERIES = 200;
export const WEBHOOK_PAGE_DELIVERIES_DEFAULT = 50;
/** Events in one request for the deliveries of events. Ours: a page of a conversation. */
export const WEBHOOK_POSITIONS = 100;
/** Bytes of a subscription's filters, encoded in a URL. Ours: in the socket's attachment, as above. */
export const FEED_FILTER_BYTES = 8 * KiB;
/** Milliseconds between signs of life to a reader of server-sent events. DESIGN: the HTTP contract. */
export const FEED_HEARTBEAT_MS = 15_000;
/** Milliseconds after which a reader of server-sent events reconnects when the connection ends. Ours. */
export const FEED_RETRY_MS = 1_000;
/** Milliseconds between two reads of a live view while events keep coming. Ours: the interval at which consumers are woken. */
export const LIVE_INTERVAL_MS = 100;
/** Milliseconds that a view may lag behind the events of its live view before that ends. Ours: as long as requests may wait. */
export const LIVE_BEHIND_MS = WAIT_SECONDS * 1_000;
/** Log entries read for one search by event id. Ours: some tenths of a second. */
export const SEARCH_EVENTS = 100_000;
/**
 * Lines and characters of an import that are stored together. Ours: their events go to the log in one call, and take an eighth of its 32
 * MiB (platform).
 */
export const IMPORT_PIECE_LINES = 20_000;
export const IMPORT_PIECE_BYTES = 4 * MiB;
/**
 * Calls of a request that imports. Platform: 50 on the Free plan, 10,000 on Paid; each call is counted here, so only a few are kept back.
 */
export const IMPORT_CALLS = { free: 45, paid: 9_000 } as const;
/** Events and bytes of a piece of an export. Ours: some 3 s of the 30 s of CPU (platform), measured. */
export const EXPORT_EVENTS = 250_000;
export const EXPORT_BYTES = 64 * MiB;
/** Lines that one request stores. Ours: a fifth of the 30 s of CPU (platform), measured. */
export const IMPORT_LINES = 100_000;
/** Levels of nesting in a line of an import. Ours: four bodies' worth, because decided events wrap what the commands contained. */
export const IMPORT_DEPTH = 4 * JSON_DEPTH;
/** Characters of an event's line in an import. Ours: the largest event, its meta, and its other fields. */
export const IMPORT_EVENT_CHARACTERS = EVENT_DATA_BYTES + EVENT_META_BYTES + 8 * KiB;
/** Characters of any line of an import. Ours: a category's definition, with earlier schemas of its event types. */
export const IMPORT_LINE_CHARACTERS = EARLIER_SCHEMA_CHARACTERS + 2 * DEFINITION_BYTES;
/** Calls that a line of an import takes which is a definition. Ours, counted. */
export const IMPORT_DEFINITION_CALLS = 10;
/** Categories, aggregates and views that a narrowed token names, of each, and commands of one aggregate. Ours: its list of streams is a call to the log for each category, and Free has 50 calls (platform). */
export const SCOPE_NAMES = 50;
/** Characters of a JWT. Ours: the platform takes 128 KB of headers, and each is decoded before it is verified. */
export const JWT_CHARACTERS = 8 * KiB;
/** Characters of a JWT's subject, which is in every event of its commands. Ours: OpenID Connect allows 255. */
export const JWT_SUBJECT_CHARACTERS = 256;
/** Stores that a JWT names. Ours. */
export const JWT_STORES = 100;
/** Seconds that a JWT is taken before `nbf` and after `exp`. Ours: clocks differ. */
export const JWT_LEEWAY_SECONDS = 30;
/** Issuers of JWTs that a deployment trusts. Ours: a secret holds 5 KB (platform). */
export const JWT_ISSUERS = 10;
/** Bytes of an issuer's public keys. Ours: some hundred keys. */
export const JWKS_BYTES = 64 * KiB;
/** Milliseconds that a request waits for them. Ours. */
export const JWKS_TIMEOUT_MS = 5_000;
/** Milliseconds after which they are fetched again: so long a key that the issuer has taken out may still be accepted. Ours. */
export const JWKS_FRESH_MS = 600_000;
/** Milliseconds for which they are used while the issuer does not answer. Ours: a day. */
export const JWKS_LIFETIME_MS = 86_400_000;
/** Milliseconds between two calls to an issuer, of one isolate. Ours: whatever JWTs arrive, no issuer is flooded. */
export const JWKS_PAUSE_MS = 30_000;
/** Stores in one page of the list of stores. Ours: each is asked for its head, in a call to its log. */
export const STORES_PAGE = 50;
/** Stores in such a page by default. Ours. */
export const STORES_PAGE_DEFAULT = 20;
/** The latest events of a category that a dry run checks, and misfits that it shows. Ours. */
export const FIT_EVENTS = 1_000;
export const FIT_EVENTS_DEFAULT = 100;
export const FIT_MISFITS = 20;
/** Events that a preview of a view folds: given ones, positions among them, and the latest of the log. Ours: each position is a call. */
export const PREVIEW_GIVEN = 100;
export const PREVIEW_POSITIONS = 20;
export const PREVIEW_LATEST = 1_000;
export const PREVIEW_LATEST_DEFAULT = 100;
/** The latest events that a preview of a processor shows, each with its steps. Ours: as many as a person reads. */
export const PREVIEW_EACH = 20;
/** Events that a preview folds for one joined row, and milliseconds that it takes for them. Ours: a person waits for the answer. */
export const PREVIEW_EVENTS = 10_000;
export const PREVIEW_MS = 2_000;
