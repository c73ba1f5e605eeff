/** Limits of expressions: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

import { EVENT_DATA_BYTES } from "../../core/limits.ts";

/** Characters of one expression. Ours: twenty for each node that it may have. It is checked before anything reads the expression. */
export const EXPRESSION_CHARACTERS = 4_000;
/** Names, values, operators and calls in one expression. DESIGN: the fence. */
export const EXPRESSION_NODES = 200;
/** How deep parentheses, arguments, lists and members may nest. DESIGN: the fence. */
export const EXPRESSION_DEPTH = 20;
/** Elements of a list, or keys of a map, that an expression goes through or makes, also if they come from data. DESIGN: the fence. */
export const EXPRESSION_ELEMENTS = 1_000;
/**
 * Characters of a string that an expression makes, and of a result as JSON. Ours: what one event's data can hold, as a result is stored in an
 * event or a row.
 */
export const EXPRESSION_RESULT_CHARACTERS = EVENT_DATA_BYTES;
/** Arguments of one call. Ours. */
export const EXPRESSION_ARGUMENTS = 32;
/**
 * Steps of one evaluation: a node takes one, and so do 16 characters of a string that is searched or made. Ours: twice what 200 nodes for
 * each of 1,000 elements take. Measured: 15 ms of CPU at worst.
 */
export const EXPRESSION_STEPS = 500_000;
