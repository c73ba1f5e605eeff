/** Limits of streams: state, snapshots, timers. A name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

import { APPEND_EVENTS, KiB, MiB } from "../core/limits.ts";

/** Timers that one stream may have. Ours: all are read when one of them is due, and shown with the state. */
export const STREAM_TIMERS = 1_000;
/**
 * Timers carried out, and events stored by them, in one alarm; the next alarm does the rest. Ours: some seconds, and some calls to the log.
 */
export const TIMERS_AT_ONCE = 100;
export const TIMER_EVENTS_AT_ONCE = 10 * APPEND_EVENTS;
/** Bytes of a timer's key. Ours: room for any id. */
export const TIMER_KEY_BYTES = 256;
/**
 * Milliseconds that a write waits at least for its position, however near the log is. Ours: above a normal log commit, below what a person
 * notices.
 */
export const ACKNOWLEDGE_BUDGET_MIN_MS = 50;
/**
 * … and at most, without `Prefer: wait=N`. Ours: twice what a write across the world takes; up to this, waiting is cheaper than the alarm
 * of giving up.
 */
export const ACKNOWLEDGE_BUDGET_MAX_MS = 700;
/** Events between two snapshots of a stream's state. DESIGN: snapshots. */
export const SNAPSHOT_EVERY = 100;
/** Bytes of a state that a snapshot can hold. Platform: 2 MB a row, less its other columns. */
export const SNAPSHOT_BYTES = 1_900_000;
/** Bytes of a page of events. Platform: 2 MB a row. Ours: half of that, so that whatever the columns take besides has room. */
export const STREAM_PAGE_BYTES = MiB;
/** Bytes of an event besides its data and meta, at most: id, type, time, trace, numbers, separators. Ours, counted. */
export const PAGE_EVENT_BYTES = 512;
/**
 * Characters of a stream's first pages, which are stored as one value and written again by each append. Ours: some twenty events, and less
 * than SQLite writes for them otherwise.
 */
export const BEGINNING_CHARACTERS = 8 * KiB;
/** … and of a first append alone. Ours: a value that an activation reads in far less than a millisecond. */
export const FIRST_APPEND_CHARACTERS = 64 * KiB;
