/** Limits of the catalog: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

/** Event types of one category declared at run time. Ours. */
export const CATEGORY_EVENT_TYPES = 200;
