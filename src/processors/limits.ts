/** Limits of processors: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

import { MiB } from "../core/limits.ts";

/** Events of different streams that one reactor answers at once. Ours: this many wait together for one commit of the log. */
export const REACTIONS_IN_FLIGHT = 16;
/** Milliseconds beyond its timeout for which an effect's worker keeps others away. Ours: to record the outcome of the call. */
export const EFFECT_LEASE_MARGIN_MS = 10_000;
/** Events of different streams for which one effect makes calls at once. Platform: 6 simultaneous outgoing connections per request. */
export const EFFECTS_IN_FLIGHT = 6;
/**
 * Bytes of a response's body that an effect may read. Ours: eight times what it can record; keeps a service's answer from filling the
 * memory.
 */
export const EFFECT_RESPONSE_BYTES = MiB;
/** Instances of a process manager or saga that are worked on at the same time. Platform: 6 simultaneous connections per invocation. */
export const PROCESS_LANES = 6;
/**
 * Milliseconds for which a processor's worker empties or fills its copies of joined views before it looks at its checkpoint again. Ours: a
 * twentieth of what a consumer works at a time.
 */
export const COPY_SLICE_MS = 1_000;
/**
 * Milliseconds after which a copy that no code wanted is begun again when it is wanted. Ours: half of the hour after which the sweep drops its
 * rows.
 */
export const COPY_GRACE_MS = 1_800_000;
/** Calls and statements that it takes to fold another page into a copy: to read it, to load rows, to commit. Ours. */
export const COPY_CALLS = 12;
/** Rows of a copy that one statement deletes. Ours: far below the 30 s (platform) of a statement of D1. */
export const COPY_DROP_ROWS = 5_000;
/** Characters of what a processor declared over HTTP emits at one batch of events. Ours: a fourth of the memory that rows may have. */
export const EMITTED_CHARACTERS = 4 * MiB;
/** Streams of a joined category that are read at once. Platform: 6 simultaneous connections per invocation. */
export const JOINED_STREAMS_AT_ONCE = 6;
/** Events of a joined stream that are read at a time. Ours: the latest is usually the one. */
export const JOINED_EVENTS = 20;
