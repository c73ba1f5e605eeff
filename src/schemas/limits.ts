/** Limits of JSON Schemas and the steps that checking may take: a name, a unit, a source. "Ours" means that we chose the number; see `core/limits.ts`. */

/** Schemas within one event type's JSON Schema, including itself. Ours: far above any real one; bounds the work of comparing two. */
export const SCHEMA_NODES = 2_000;
/** Characters of a regular expression in a JSON Schema. Ours: the longest of the common ones (dates, IPv6) have some 700. */
export const PATTERN_CHARACTERS = 1_024;
/**
 * Steps that checking one request's events against their JSON Schemas may take, besides those for their size. Ours: room for large
 * enumerations.
 */
export const CHECK_STEPS = 100_000;
/** Nested schemas that are applied when data is checked. Ours: seven for each of the levels that JSON may nest; limited by V8's stack. */
export const CHECK_DEPTH = 500;
/**
 * Additional steps for each byte of the events' data. Ours: measured, a full append of the most costly kind stays below the 30 s of CPU
 * (platform).
 */
export const CHECK_STEPS_PER_BYTE = 3;
/** Characters of a property's name in data that is checked against a JSON Schema. Ours: issues name the whole path. */
export const PROPERTY_NAME_CHARACTERS = 1_024;
