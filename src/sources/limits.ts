/** Limits of sources: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

import type { Backoff } from "../core/backoff.ts";
import { KiB } from "../core/limits.ts";

/** Changes that are read at a time. Ours: as many as one append may have; on the Free plan as many streams as its 50 calls allow. */
export const PORTION_CHANGES = { free: 30, paid: 1_000 } as const;
/** Calls to objects in one run. Platform: 50 on the Free plan, 10,000 on Paid; half of the latter, so that a wrong guess costs little. */
export const RUN_CALLS = { free: 40, paid: 5_000 } as const;
/** Streams that are written to before the progress is kept. Ours: what a death repeats takes about a second. */
export const PIECE_STREAMS = 200;
/** Milliseconds that a run lasts. Ours: below the 15 minutes (platform) of an alarm. */
export const RUN_MS = 10 * 60_000;
/** Changes that a run settles. Platform: 30 s of CPU for one run; each takes well below a millisecond. */
export const RUN_CHANGES = 20_000;
/** Milliseconds before a failed attempt is repeated: at first and at most. Ours: what is down is noticed soon, and not asked too often. */
export const RETRY: Backoff = { firstDelayMs: 1_000, maxDelayMs: 5 * 60_000 };
/** UTF-16 units of the id that a kind gives to a change. Ours: far above an LSN with a number, or a sequence. */
export const CHANGE_ID_CHARACTERS = 512;
/** UTF-16 units of what a kind keeps between two connections. Ours: one row of the object. */
export const CURSOR_CHARACTERS = 64 * KiB;
/** Changes that an operator has skipped, of which a source remembers why. Ours. */
export const SKIPPED_REMEMBERED = 20;
/** Messages that wait in a source which is paused, or fails. Ours: beyond it they stay in their queue. */
export const WAITING_MESSAGES = 100_000;
/** Waiting messages that are settled together. Ours: 100 of the largest of a queue (128 KB, platform) fit into one call to the log, and they are one piece (`PIECE_STREAMS`). */
export const WAITING_PORTION = { free: 30, paid: 100 } as const;
/** Milliseconds that an action waits for the work that is under way to stop. Ours: longer than a kind may wait for changes. */
export const STOP_MS = 15_000;
