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
/** Bytes of a compressed body that are decompressed at a time. Ours: gzip makes at most 1,032 bytes of one, so 4 MiB in memory. */
export const GUNZIP_SLICE_BYTES = 4 * KiB;
/** Bytes of UTF-8 in a stream's id. Ours: with store and category it stays far below the platform's 1,024 bytes for an object's name. */
export const STREAM_ID_BYTES = 256;
/** Bytes of an `Idempotency-Key`. Ours: room for any UUID, ULID or hash with a prefix. */
export const IDEMPOTENCY_KEY_BYTES = 256;
/** Levels of nesting in a JSON body. Ours: far above any real event, far below what overflows a parser's stack. */
export const JSON_DEPTH = 64;
/** Seconds after which a client that was refused for its rate may come back. Platform: the shorter of the two periods that a limit counts in. */
export const RATE_LIMIT_RETRY_SECONDS = 10;
/** Seconds for which a browser may remember what an origin is allowed. Platform: the longest that all browsers follow. */
export const CORS_MAX_AGE_SECONDS = 7_200;
/** Seconds for which a browser that has met the store by https asks for nothing else. Ours: a year, which is common. */
export const HSTS_SECONDS = 31_536_000;

/** The last time that there is, in milliseconds since 1970. Platform: ECMAScript's `Date` ends there, 100,000,000 days after 1970. */
export const LAST_TIME_MS = 8_640_000_000_000_000;
/** Milliseconds ahead for which an alarm is set at most; for what is due later it goes off in vain, and is set again. Ours: far below the year 2262, where 64-bit nanoseconds end. */
export const ALARM_AHEAD_MS = 365 * 86_400_000;
/** Timers that one stream may have. Ours: all are read when one of them is due, and shown with the state. */
export const STREAM_TIMERS = 1_000;
/** Timers carried out, and events stored by them, in one alarm; the next one goes on. Ours: some seconds, and some calls to the log. */
export const TIMERS_AT_ONCE = 100;
export const TIMER_EVENTS_AT_ONCE = 10 * APPEND_EVENTS;
/** Bytes of a timer's key. Ours: room for any id. */
export const TIMER_KEY_BYTES = 256;

/** Milliseconds for which a worker that has lost a write's answer asks the stream for what it has stored. Ours; the platform grants a request that is answered 30 s. */
export const HAND_OVER_MS = 60_000;
/** Milliseconds before it asks for the first time; doubling. Ours. */
export const HAND_OVER_FIRST_MS = 100;

/** Reactions in a row that may lead to an event. Ours: far above any chain of business steps; what goes on beyond it is a loop. */
export const REACTION_HOPS = 100;
/** Commands and events that a reactor may answer to one event. Ours: as many as one append may have. */
export const REACTIONS = 1_000;
/** Events of different streams that one reactor answers at once. Ours: so many wait together for one commit of the log. */
export const REACTIONS_IN_FLIGHT = 16;
/** Milliseconds that an effect may take for one event when it does not say. Ours: most services answer or give up in less. */
export const EFFECT_TIMEOUT_MS = 30_000;
/** The most that it may say. Ours: a third of the 15 minutes (platform) of a queue invocation. */
export const EFFECT_TIMEOUT_MAX_MS = 300_000;
/** Milliseconds for which an effect's worker keeps others away beyond its timeout. Ours: to record what came of the call. */
export const EFFECT_LEASE_MARGIN_MS = 10_000;
/** Events of different streams for which one effect calls out at once. Platform: 6 simultaneous outgoing connections per request. */
export const EFFECTS_IN_FLIGHT = 6;
/** Bytes of a response's body that an effect may read. Ours: eight times what it can record; keeps a stranger's answer out of memory. */
export const EFFECT_RESPONSE_BYTES = MiB;

/** Events in one page of a stream or of the log. Ours. */
export const PAGE_EVENTS = 1_000;
/** Events in a page when the request does not say. DESIGN: the HTTP contract. */
export const PAGE_EVENTS_DEFAULT = 100;
/** Bytes of events in one page. Ours: a quarter of the 32 MiB (platform) that one RPC answer may have. */
export const PAGE_BYTES = 8 * MiB;
/** Entries of the log, or events of a stream, looked at for one filtered page, so that a sparse filter cannot run for ever. Ours. */
export const SCAN_EVENTS = 5_000;
/** Rows in one page of a view. Ours. */
export const VIEW_PAGE_ROWS = 200;
/** Rows in a view's page when the request does not say. DESIGN: the HTTP contract. */
export const VIEW_PAGE_ROWS_DEFAULT = 50;
/** Conditions of one query. Ours: each binds a value, and D1 binds 100 (platform) in a statement whose expressions nest 100 deep (platform). */
export const VIEW_CONDITIONS = 40;
/** Columns that one query is sorted by. Ours: as above. */
export const VIEW_SORT_COLUMNS = 10;
/** Characters of a cursor. Ours: it goes into a URL, which has 16 KB (platform) for everything. */
export const VIEW_CURSOR = 8 * KiB;
/** Rows in the answer of a named query. Ours. */
export const VIEW_QUERY_ROWS = 1_000;

/** Milliseconds for which a write waits at least for its position, however near the log is. Ours: above a normal log commit, below what a person notices. */
export const ACKNOWLEDGE_BUDGET_MIN_MS = 50;
/** … and at most, without `Prefer: wait=N`. Ours: what a write across the world takes, twice; below it waiting is cheaper than the alarm of giving up. */
export const ACKNOWLEDGE_BUDGET_MAX_MS = 700;
/** Seconds a request may wait (`Prefer: wait=N`). Ours: below the idle timeouts of common proxies (60 s). */
export const WAIT_SECONDS = 30;
/** Seconds a query waits for `minPosition` when the request does not say. DESIGN: the HTTP contract. */
export const VIEW_WAIT_SECONDS_DEFAULT = 5;

/** Events a consumer takes from the log at a time. Ours. */
export const CONSUMER_BATCH_EVENTS = 500;
/** Bytes of `data` and `meta` in such a page; an event that is larger comes alone. Ours: parsed it takes several times that, for each consumer at work, of the 128 MB (platform) of an isolate. */
export const CONSUMER_BATCH_BYTES = 2 * MiB;
/** Positions without anything for a consumer after which its checkpoint moves past them, and after which the log wakes it for that. Platform: one row written in D1 ($1.00 per million) costs as much as a thousand rows read. */
export const PASSED_EVENTS = 1_000;
/** Milliseconds for which a worker that has much of a view before it keeps others away, from one commit to the next. Ours: far above what a commit takes; when it dies, the next one begins so much later. */
export const CATCH_UP_HOLD_MS = 10_000;
/** Milliseconds a consumer works before it yields and wakes itself again. Ours: far below the 15 minutes (platform) of a queue invocation. */
export const CONSUMER_BUDGET_MS = 20_000;
/** Stores whose logs an isolate remembers to have told of its consumers. Ours: some megabytes at most; beyond it they are told again. */
export const INTRODUCED_STORES = 10_000;
/** Milliseconds for which the first write of an isolate waits for that. Ours: a call across the world, with room. */
export const INTRODUCTION_WAIT_MS = 1_000;
/** Milliseconds for which a log rings for a consumer that only other code knows. Ours: three sweeps, each of which tells it again. */
export const INTRODUCED_MS = 15 * 60_000;
/**
 * Milliseconds until a consumer tries again what another part of the store does not know yet, because that runs other code. Ours: a deployment
 * is everywhere within seconds, and after a rollback, when nothing but the next deployment helps, a try costs next to nothing.
 */
export const OTHER_CODE_RETRY_MS = 5_000;
/** Calls of one invocation of the worker: to objects, D1 and queues. Platform: 50 on the Free plan, 10,000 on Paid; a tenth of these, so that a wrong guess costs little. */
export const INVOCATION_CALLS = { free: 50, paid: 1_000 } as const;
/** Statements of D1 in one invocation. Platform. */
export const INVOCATION_STATEMENTS = { free: 50, paid: 1_000 } as const;
/** Calls and statements that are kept for the end of an invocation: failures, acknowledgements and wake-ups for the rest. Ours. */
export const INVOCATION_RESERVE = 10;
/** Calls and statements that a consumer needs to get anywhere, its tables included. Ours, measured. */
export const CONSUMER_CALLS = 26;
/** Consumers of one batch of wake-ups that work at the same time. Ours: they share 128 MB (platform). */
export const CONSUMERS_AT_ONCE = 4;
/** Calls to ask one store's log to ring for those behind: where it lies, and the log. Ours. */
export const SWEEP_CALLS = 2;
/** Statements to drop what a view has left behind in a store, apart from its rows. Ours. */
export const DROP_CALLS = 8;
/** Calls and statements of one read of a live view: with another look at the primary, and the work that it does when nobody else has. Ours. */
export const LIVE_READ_CALLS = 10;
/** Calls after which a processor's checkpoint moves. Ours: below the 50 (platform) of the Free plan, whoever runs it. */
export const PORTION_CALLS = 24;
/** Statements of a view's SQL handlers in one commit. Ours: as for {@link PORTION_CALLS}. */
export const VIEW_SQL_STATEMENTS = 20;
/** Milliseconds between two looks at what is not there yet: at first and at most, five times as long each time. Ours: eight looks in 30 s. */
export const LOOK_AGAIN_MS = 25;
export const LOOK_AGAIN_MAX_MS = 10_000;
/** Milliseconds after which one who waits for an event looks again when as many wait as a log may have subscribers. Ours. */
export const LOG_WAITERS_PAUSE_MS = 1_000;
/** Milliseconds between two looks at a saga that somebody waits for: at first and at most, half as long again each time. Ours: some twenty calls in 30 s. */
export const LOOK_AT_SAGA_MS = 50;
export const LOOK_AT_SAGA_MAX_MS = 2_500;
/** Milliseconds that a consumer waits for one of the app's hooks. Ours: enough to send a message somewhere. */
export const HOOK_MS = 10_000;
/** Instances of a process manager or saga that are worked on at the same time. Platform: 6 simultaneous connections per invocation. */
export const PROCESS_LANES = 6;
/** Steps of one saga. Ours: all may begin at once, and with their outcomes they stay far below the events of one append. */
export const SAGA_STEPS = 250;
/** Milliseconds for which a dry run of a reset counts; then it says how far it came. Ours: a person waits for the answer. */
export const RESET_COUNT_MS = 10_000;
/** Milliseconds that a consumer which is ready waits for others, to tell the log together. Ours: shorter than the call. */
export const ACKNOWLEDGE_TOGETHER_MS = 10;
/** Bytes of one row of a view, as JSON. Ours: half of the 2 MB (platform) that a row of D1 may have. */
export const VIEW_ROW_BYTES = MiB;
/** Columns of a view. Platform: 100 for each D1 table; one is the store. */
export const VIEW_COLUMNS = 99;
/** Characters of a view's rows in memory at a time while events are folded. Ours: an eighth of the 128 MB (platform) of an isolate, which others share. */
export const VIEW_LOAD_BYTES = 16 * MiB;
/** Milliseconds that a table being built may take before the one that answers gets its turn. Ours: about when people notice that a view is late. */
export const VIEW_BUILD_SLICE_MS = 500;
/**
 * Milliseconds for which a table goes on answering its own version of the code although another version's is ahead of it; and for which
 * that other version is rung for, to move its own. Ours: a consumer that can be woken is at the head long before.
 */
export const VIEW_ROLLOUT_MS = 60_000;
/**
 * Milliseconds without a sign of the newer version of the code after which the older one owns a view again: the deployment was taken back.
 * Ours: the cron rings twelve times (platform: any of the versions may answer), so a version with half of the invocations is seen.
 */
export const VIEW_ROLLBACK_MS = 3_600_000;
/** Milliseconds after which a table that was replaced is dropped. Ours: time to take back a deployment without building again. */
export const VIEW_GRACE_MS = 3_600_000;
/** Milliseconds between two wake-ups that queries send to a view which is being built. Ours: how late a build notices a deployment that no event follows. */
export const VIEW_NUDGE_MS = 10_000;
/** Events whose SQL goes into one commit of a view. Ours: each may change any number of rows, and a batch of D1 has 30 s (platform). */
export const VIEW_SQL_EVENTS = 20;
/** Rows deleted by one statement when a store's rows go. Ours: far below the 30 s (platform) of a statement of D1. */
export const VIEW_DROP_ROWS = 5_000;
/** Bytes of one JSON parameter of a bulk write to D1. Ours: a quarter of the 2 MB (platform) for one bound value. */
export const BULK_WRITE_BYTES = 512 * KiB;

/** Milliseconds between two wake-ups while events keep coming. DESIGN: coalesced wake-ups. */
export const RING_INTERVAL_MS = 100;
/** Milliseconds after which the log rings again for consumers that have not caught up. Ours: the delay of a lost wake-up. */
export const RING_AGAIN_MS = 5_000;
/** The longest pause between two such rings for a consumer that does not move. Ours. */
export const RING_AGAIN_MAX_MS = 60_000;
/** Kinds of events (category and type) of which a log remembers whom they concern. Ours: some MB. */
export const AUDIENCES_REMEMBERED = 10_000;
/** Milliseconds between two signs of life of a consumer that takes its time, so that it is not woken meanwhile. Ours: half of {@link RING_AGAIN_MS}. */
export const AT_WORK_MS = 2_500;
/** Stores that the cron's sweep reads at a time. Ours: some 1,500 rows. */
export const SWEEP_STORES = 100;
/** Logs that it asks at the same time. Platform: 6 simultaneous connections per invocation. */
export const SWEEP_AT_ONCE = 6;
/** Calls that are kept for what follows when logs have been asked: to remember it, and to drop what one view has left behind. Ours, counted. */
export const SWEEP_PIECE_CALLS = 12;
/** Milliseconds after which a sweep leaves the rest to the next one. Ours: far below the five minutes between two. */
export const SWEEP_BUDGET_MS = 60_000;
/** Milliseconds after which a store in which nothing moves is asked once in as long, instead of with each sweep. Ours: a day. */
export const SWEEP_IDLE_MS = 86_400_000;
/** Messages in one `sendBatch`. Platform: Queues limits. */
export const QUEUE_BATCH_MESSAGES = 100;

/** Milliseconds a webhook's endpoint has to answer. DESIGN: the HTTP contract (Standard Webhooks suggests 15–30 s). */
export const WEBHOOK_TIMEOUT_MS = 15_000;
/** Milliseconds more for the first bytes of an answer whose status has come. Ours: the status decides; the rest is for people. */
export const WEBHOOK_EXCERPT_MS = 1_000;
/** Deliveries of one webhook under way at once. Platform: 6 simultaneous outgoing connections per request. */
export const WEBHOOK_IN_FLIGHT = 6;
/** Calls that one delivery may make: to find its event, to read it, to send it. Ours. */
export const WEBHOOK_DELIVERY_CALLS = 4;
/** Webhooks that a store may have at run time. Ours: they are listed in one answer, and each is woken for every event. */
export const WEBHOOKS = 1_000;
/** The same on the Free plan. Ours: an answer that has all consumers asks each of them, and its invocation has 50 calls (platform). */
export const WEBHOOKS_FREE = 15;
/** Deliveries per second that a webhook may be limited to. Ours: more is what no limit means for one object. */
export const WEBHOOK_RATE = 1_000;
/** Milliseconds that counting what a replay would send may take; what is left is not counted. Ours: a request that people wait for. */
export const WEBHOOK_COUNT_MS = 10_000;
/** Events that a webhook has read and not yet delivered; the rest waits in the log. Ours: some 100 KB of memory. */
export const WEBHOOK_WINDOW_EVENTS = 500;
/** Events that a webhook reads from the log at a time. Ours: what is read again after a crash. */
export const WEBHOOK_BATCH_EVENTS = 100;
/** Milliseconds after which an event is read again before it is sent, because it may have been erased. Ours. */
export const WEBHOOK_FRESH_MS = 1_000;
/** Streams of one webhook that may wait for a retry. Ours: they are kept in memory. Beyond it the webhook takes no further events. */
export const WEBHOOK_FAILING_STREAMS = 10_000;
/** Streams that must fail, with no success in between, before an endpoint counts as down. Ours: one or two streams may hold what it cannot take. */
export const WEBHOOK_DOWN_STREAMS = 3;
/** Milliseconds until the first look whether an endpoint that is down is back, doubled with each one, and the longest such pause. Ours. */
export const WEBHOOK_PROBE_MS = 5_000;
export const WEBHOOK_PROBE_MAX_MS = 300_000;
/** The longest pause that a `Retry-After` may ask for, in milliseconds. Ours: an hour; whoever needs more pauses the webhook. */
export const WEBHOOK_RETRY_AFTER_MS = 3_600_000;
/** Days of failure without one success after which a webhook is switched off. The issue's own number; Svix and Stripe are as patient. */
export const WEBHOOK_DISABLE_DAYS = 5;
/** Hours for which a secret goes on signing after it was replaced. DESIGN: the HTTP contract. */
export const WEBHOOK_OVERLAP_HOURS = 24;
/** Secrets that sign at once: the one in use, and those replaced within the overlap. Ours: a header has room for them. */
export const WEBHOOK_SECRETS = 5;
/** Bytes of an answer that the books keep. Ours: enough to recognise an error page. */
export const WEBHOOK_EXCERPT_BYTES = 512;
/** Days that the books keep a delivery that arrived. Ours. */
export const WEBHOOK_LEDGER_DAYS = 30;
/** Days that the books keep a parked delivery; its event stays in the log, from where it can be replayed. Ours. */
export const WEBHOOK_PARKED_DAYS = 90;
/** Rows of the books that are looked at in one step of pruning or of a filtered list. Ours: some milliseconds. */
export const WEBHOOK_LEDGER_STEP = 1_000;
/** Parked deliveries that one request tries again. Ours: the answer says how many are left. */
export const WEBHOOK_RETRY_DELIVERIES = 1_000;
/** Deliveries in one page, at most and when the request does not say. Ours. */
export const WEBHOOK_PAGE_DELIVERIES = 200;
export const WEBHOOK_PAGE_DELIVERIES_DEFAULT = 50;
/** Replays of one webhook at the same time. Ours. */
export const WEBHOOK_REPLAYS = 5;
/** Headers that a webhook may add, and characters of all of them. Ours: common servers take 8 KiB. */
export const WEBHOOK_HEADERS = 20;
export const WEBHOOK_HEADER_CHARACTERS = 4_096;
/** Conditions in a webhook's predicate, and how deep `and`, `or` and `not` may nest. Ours: bounds the work for each event. */
export const PREDICATE_CONDITIONS = 50;
export const PREDICATE_DEPTH = 5;

/** Characters of the reason why an event could not be lifted. Ours: an error's message; it stands in every reading of the event. */
export const UNLIFTED_CHARACTERS = 500;
/** The largest position and version: integers above it are rounded by JavaScript. */
export const MAX_POSITION = Number.MAX_SAFE_INTEGER;
/** Events between two snapshots of a stream's state. DESIGN: snapshots. */
export const SNAPSHOT_EVERY = 100;
/** Bytes of a state that a snapshot takes. Platform: 2 MB a row, less its other columns. */
export const SNAPSHOT_BYTES = 1_900_000;
/** Days that a stream remembers the outcome of a command or an idempotency key. DESIGN: the HTTP contract. */
export const RECEIPT_DAYS = 30;

/** Live subscriptions of one log. Ours: with all of them stuck, 64 MiB of an object's 128 MB (platform) wait to be taken. */
export const FEED_SUBSCRIBERS = 1_000;
/** Characters sent to a subscriber beyond the last checkpoint that it has answered. Ours: see above. */
export const FEED_WINDOW = 64 * KiB;
/** Checkpoints sent to a subscriber that it has not answered. Ours: they are kept in the socket's attachment, which holds 16 KiB (platform). */
export const FEED_UNANSWERED = 8;
/** Milliseconds that a subscriber may take for what it was sent, when there is more for it. Ours: a pause of the network, not a client that is stuck. */
export const FEED_ANSWER_MS = 30_000;
/** Positions that may pass a subscriber by, for its filter, before it is told where it is. Ours: what it looks at again when it resumes. */
export const FEED_PROGRESS = 1_000;
/** Events near the head that are read once for all subscribers who are there. Ours. */
export const FEED_TAIL_EVENTS = 250;
/** Pages of history read at the same time, for subscribers far from the head. Ours: enough to wait for several segments at once. */
export const FEED_READERS = 4;
/** Milliseconds between two rounds of sending while events keep coming. Ours: a tenth of a second is when people notice. */
export const FEED_INTERVAL_MS = 25;
/** Messages sent in a row before other calls to the log get their turn. Ours: some milliseconds. */
export const FEED_BURST_MESSAGES = 250;
/** Bytes of a subscription's filters, encoded in a URL. Ours: in the socket's attachment, as above. */
export const FEED_FILTER_BYTES = 8 * KiB;
/** Characters of a message from a subscriber. Ours: ten times an answer. */
export const FEED_MESSAGE = 1_000;
/** Milliseconds between signs of life to a reader of server-sent events. DESIGN: the HTTP contract. */
export const FEED_HEARTBEAT_MS = 15_000;
/** Milliseconds after which a reader of server-sent events comes back when the connection ends. Ours. */
export const FEED_RETRY_MS = 1_000;

/** Keys whose rows a live view reads at a time. Ours: as many as a page has. */
export const LIVE_KEYS = 200;
/** Milliseconds between two reads of a live view while events keep coming. Ours: as consumers are woken. */
export const LIVE_INTERVAL_MS = 100;
/** Milliseconds that a live view waits for its view to be brought to an event, before it does the work itself. Ours: longer than a wake-up usually takes. */
export const LIVE_HELP_AFTER_MS = 1_000;
/** Milliseconds that a view may lag behind the events of its live view before that ends. Ours: as long as requests may wait. */
export const LIVE_BEHIND_MS = WAIT_SECONDS * 1_000;
/** Reads of one live view before it ends and the client resumes. Platform: 1,000 queries to D1 per invocation, and a read is three. */
export const LIVE_READS = 250;

/** Log entries looked at for one search by event id. Ours: some tenths of a second. */
export const SEARCH_EVENTS = 100_000;

/** Categories that a store may have declared at run time, the retired ones included. Ours: they are listed in one answer. */
export const CATEGORIES = 1_000;
/** Event types of one category declared at run time. Ours. */
export const CATEGORY_EVENT_TYPES = 200;
/** Earlier versions of the event types of one category declared at run time, all together. Ours: they are shown in one answer. */
export const EARLIER_SCHEMAS = 1_000;
/** Characters of their schemas, all together. Ours: sixteen of the largest definitions, and an eighth of the 32 MiB (platform) of an RPC answer. */
export const EARLIER_SCHEMA_CHARACTERS = 4 * MiB;
/** Schemas within one event type's JSON Schema, itself included. Ours: far above any real one; bounds the work of comparing two. */
export const SCHEMA_NODES = 2_000;
/** Characters of a regular expression in a JSON Schema. Ours: the longest of the common ones (dates, IPv6) have some 700. */
export const PATTERN_CHARACTERS = 1_024;
/** States of the machines that a category's regular expressions become. Ours: bounds what a nested `{n,m}` can make of a few characters. */
export const PATTERN_STATES = 10_000;
/** Steps that checking one request's events against their JSON Schemas may take, beside those for their size. Ours: room for large enumerations. */
export const CHECK_STEPS = 100_000;
/** Schemas applied within each other when data is checked. Ours: seven for each of the levels that JSON may nest; see the stack of V8. */
export const CHECK_DEPTH = 500;
/** Steps more for each byte of the events' data. Ours: measured, a full append of the most costly kind stays below the 30 s of CPU (platform). */
export const CHECK_STEPS_PER_BYTE = 3;
/** Characters of a property's name in data that is checked against a JSON Schema. Ours: issues name the whole path. */
export const PROPERTY_NAME_CHARACTERS = 1_024;
/** Issues named in one problem document. Ours: more would not be read. */
export const ISSUES = 20;
/** Categories whose schemas an isolate keeps ready. Ours. */
export const READY_CATEGORIES = 50;
/** Characters of the definitions of those categories, all together. Ours: ready, a schema takes some ten times its text. */
export const READY_CHARACTERS = 2 * MiB;

/** Bytes at which a log goes on in its next segment. Ours: below the 10 GB (platform) that an object may hold, with room for the last group. */
export const LOG_SEGMENT_BYTES = 8 * 1024 * MiB;
/** Lines and characters of an import that are stored together. Ours: their events go to the log in one call, of which they are an eighth of the 32 MiB (platform). */
export const IMPORT_PIECE_LINES = 20_000;
export const IMPORT_PIECE_BYTES = 4 * MiB;
/** Streams that an import writes to at the same time. Ours: more were not faster (measured). */
export const IMPORT_STREAMS_AT_ONCE = 16;
/** Calls of a request that imports. Platform: 50 on the Free plan, 10,000 on Paid; here each is counted, so that few are spared. */
export const IMPORT_CALLS = { free: 45, paid: 9_000 } as const;
/** Events and bytes of a piece of an export. Ours: some 3 s of the 30 s of CPU (platform), measured. */
export const EXPORT_EVENTS = 250_000;
export const EXPORT_BYTES = 64 * MiB;
/** Lines that one request stores. Ours: a fifth of the 30 s of CPU (platform), measured. */
export const IMPORT_LINES = 100_000;
/** Levels of nesting in a line of an import. Ours: four bodies' worth, because what rules decide wraps what they were sent. */
export const IMPORT_DEPTH = 4 * JSON_DEPTH;
/** Characters of one line of an import. Ours: the largest event, its meta, and its other fields. */
export const IMPORT_LINE_CHARACTERS = EVENT_DATA_BYTES + EVENT_META_BYTES + 8 * KiB;

/** Webhooks whose figures `GET /metrics` has. Ours: each is asked, and costs a request to its object, every time. */
export const METRICS_WEBHOOKS = 100;
/** Characters of an error's text in a line of the logs. Ours: a stack and the cause; Workers Logs takes 256 KB (platform) a line. */
export const LOG_ERROR_CHARACTERS = 8 * KiB;

/** Stores of which an isolate remembers where they lie. Ours: a hundred bytes each. */
export const PLACEMENTS_REMEMBERED = 10_000;
/** Stores in one page of the list of stores. Ours: each is asked for its head, in a call to its log. */
export const STORES_PAGE = 50;
/** Stores in such a page when the request does not say. Ours. */
export const STORES_PAGE_DEFAULT = 20;
