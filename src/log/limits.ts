/**
 * Limits of the log: segments, pages, feeds, wake-ups. A name, a unit, a source. "Ours" means that we chose the number; see
 * `core/limits.ts`.
 */

import { KiB } from "../core/limits.ts";

/** Milliseconds for which a log wakes a consumer that only other code knows. Ours: three sweeps, each of which introduces it again. */
export const INTRODUCED_MS = 15 * 60_000;
/** Milliseconds after which a request that waits for an event checks again, once as many wait as a log may have subscribers. Ours. */
export const LOG_WAITERS_PAUSE_MS = 1_000;
/** Milliseconds between two wake-ups while events keep coming. DESIGN: coalesced wake-ups. */
export const NOTIFY_INTERVAL_MS = 100;
/** Milliseconds after which the log again wakes consumers that have not caught up. Ours: the delay of a lost wake-up. */
export const NOTIFY_AGAIN_MS = 5_000;
/** The longest pause between two wake-ups of a consumer that does not move. Ours. */
export const NOTIFY_AGAIN_MAX_MS = 60_000;
/** Kinds of events (category and type) whose consumers a log remembers. Ours: some MB. */
export const AUDIENCES_REMEMBERED = 10_000;
/** Consumers that one wake-up names. DESIGN: a batch of wake-ups must not run hundreds of consumers. */
export const CONSUMERS_PER_WAKE_UP = 10;
/** Messages in one `sendBatch`. Platform: Queues limits. */
export const QUEUE_BATCH_MESSAGES = 100;
/** Live subscriptions of one log. Ours: with all of them stuck, 64 MiB of an object's 128 MB (platform) wait to be taken. */
export const FEED_SUBSCRIBERS = 1_000;
/** Characters sent to a subscriber beyond the last checkpoint that it has answered. Ours: see above. */
export const FEED_WINDOW = 64 * KiB;
/** Checkpoints sent to a subscriber that it has not answered. Ours: they are kept in the socket's attachment, which holds 16 KiB (platform). */
export const FEED_UNANSWERED = 8;
/** Positions that the filter of a subscriber may skip before the subscriber gets a checkpoint. Ours: what is read again when it resumes. */
export const FEED_PROGRESS = 1_000;
/** Events near the head that are read once for all subscribers there. Ours. */
export const FEED_TAIL_EVENTS = 250;
/** Pages of history read at the same time, for subscribers far from the head. Ours: enough to wait for several segments at once. */
export const FEED_READERS = 4;
/** Milliseconds between two rounds of sending while events keep coming. Ours: people notice a tenth of a second. */
export const FEED_INTERVAL_MS = 25;
/** Messages sent in a row before other calls to the log get their turn. Ours: some milliseconds. */
export const FEED_BURST_MESSAGES = 250;
/** Characters of a message from a subscriber. Ours: ten times an answer. */
export const FEED_MESSAGE = 1_000;
/**
 * How the indexes of a packed segment are packed. Ours: an entry is written about once for each power of `fanOut`, by the thousandth part of
 * a row, and a pack moves at most so many rows that it takes some milliseconds.
 */
export const PACKED_INDEX = { packEvents: 1_024, rowEntries: 512, fanOut: 4, mergeRows: 24 };
