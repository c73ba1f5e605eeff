/** Limits of finding the parts of a store: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

import { MiB } from "../core/limits.ts";

/**
 * Bytes at which a log continues in its next segment. Ours: below the 10 GB (platform) that an object may hold, with room for the last
 * group.
 */
export const LOG_SEGMENT_BYTES = 8 * 1024 * MiB;
/** Stores whose location an isolate remembers. Ours: a hundred bytes each. */
export const PLACEMENTS_REMEMBERED = 10_000;
/** Categories whose schemas an isolate keeps ready. Ours. */
export const READY_CATEGORIES = 50;
/** Views and processors declared over HTTP that an isolate keeps ready. Ours: as many as two stores may have. */
export const READY_DEFINITIONS = 200;
/** Characters of the definitions of those categories, all together; and of those views and processors. Ours: ready, a schema takes some ten times its text. */
export const READY_CHARACTERS = 2 * MiB;
/**
 * Stores to whose logs an isolate remembers to have introduced its consumers. Ours: some megabytes at most; beyond it they are introduced
 * again.
 */
export const INTRODUCED_STORES = 10_000;
/** Milliseconds for which the first write of an isolate waits for that. Ours: a call across the world, with room to spare. */
export const INTRODUCTION_WAIT_MS = 1_000;
/** Streams that a piece of an import, or a source, writes to at the same time. Ours: more were not faster (measured). */
export const STREAMS_AT_ONCE = 16;
/** Streams whose version in the log a source remembers, for the next events. Ours: some megabytes at most. */
export const STREAMS_REMEMBERED = 20_000;
