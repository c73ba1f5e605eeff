/** Limits of what an app may declare: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

import { MiB } from "../core/limits.ts";

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
/** Steps of a processor that is declared over HTTP, those of its branches included, and how deep they nest. DESIGN: definitions over HTTP. */
export const RULES_STEPS = 20;
export const RULES_DEPTH = 5;
/** Categories that it follows. Ours: each of its expressions is checked against all of their event types. */
export const RULES_SOURCES = 20;
/** Branches of one step. Ours: as many as a processor may have steps. */
export const RULES_BRANCHES = 20;
/** Members of the object that one step sets or makes. Ours: as many as a row of a view has columns. */
export const RULES_MEMBERS = 99;
/** Names that lead to a member which a step sets: `a.b.c` has three. Ours: as deep as steps nest. */
export const RULES_NAMES = 10;
/** Characters that an event's data may have between two steps, as JSON. Ours: eight of the largest events; steps that double it would fill the memory. */
export const RULES_DATA_CHARACTERS = MiB;
/**
 * Columns of a view that is declared over HTTP, besides its key, and members of data that can be queried in one without columns. Ours: the
 * columns of {@link VIEW_COLUMNS} without the key and the data as a whole.
 */
export const DECLARED_VIEW_COLUMNS = 97;
/** Indexes of such a view. Ours: each costs another written row for every row that changes. */
export const DECLARED_VIEW_INDEXES = 10;
/** Categories that it follows. Ours. */
export const DECLARED_VIEW_SOURCES = 20;
