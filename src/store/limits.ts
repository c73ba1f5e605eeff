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
