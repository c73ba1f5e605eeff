/** Limits of what an app may declare: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

/** Reactions in a row that may lead to an event. Ours: far above any chain of business steps; a longer one is a loop. */
export const REACTION_HOPS = 100;
/** Commands and events that a reactor may answer to one event. Ours: as many as one append may have. */
export const REACTIONS = 1_000;
/** Milliseconds that an effect may take for one event by default. Ours: most services answer or give up sooner. */
export const EFFECT_TIMEOUT_MS = 30_000;
/** The longest time that an effect may declare. Ours: a third of the 15 minutes (platform) of a queue invocation. */
export const EFFECT_TIMEOUT_MAX_MS = 300_000;
/** Steps of one saga. Ours: all may begin at once, and with their outcomes they stay far below the events of one append. */
export const SAGA_STEPS = 250;
/** Columns of a view. Platform: 100 for each D1 table; one of them is the store. */
export const VIEW_COLUMNS = 99;
/** Headers that a webhook may add, and characters of all of them. Ours: common servers take 8 KiB. */
export const WEBHOOK_HEADERS = 20;
export const WEBHOOK_HEADER_CHARACTERS = 4_096;
/** Conditions in a webhook's predicate, and how deep `and`, `or` and `not` may nest. Ours: they bound the work for each event. */
export const PREDICATE_CONDITIONS = 50;
export const PREDICATE_DEPTH = 5;
/** Characters of the reason why an event could not be lifted. Ours: an error's message, which every read of the event repeats. */
export const UNLIFTED_CHARACTERS = 500;
/** Event types of one category that is declared over HTTP. Ours. */
export const CATEGORY_EVENT_TYPES = 200;
