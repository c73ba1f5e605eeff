/** Limits of rows, in memory and in a table of D1. "Ours" means that we chose the number; see `core/limits.ts`. */

import { KiB, MiB } from "../core/limits.ts";

/** Bytes of one row of a view, as JSON. Ours: half of the 2 MB (platform) that a row of D1 may have. */
export const VIEW_ROW_BYTES = MiB;
/**
 * Characters of a view's rows in memory at a time while events are folded. Ours: an eighth of the 128 MB (platform) of an isolate, which
 * other work shares.
 */
export const VIEW_LOAD_BYTES = 16 * MiB;
/** Bytes of one JSON parameter of a bulk write to D1. Ours: a quarter of the 2 MB (platform) for one bound value. */
export const BULK_WRITE_BYTES = 512 * KiB;
