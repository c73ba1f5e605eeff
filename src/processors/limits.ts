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
