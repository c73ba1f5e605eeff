/** The members of an event's meta that are the store's own: their names, which are stored, and how two of them are read. Imports nothing. */

/** The names under which an event's meta says what made it. Stored with every such event: so they are short. */
export const COMMAND = "$command";
export const TIMER = "$timer";
export const PROCESSOR = "$processor";
export const SOURCE = "$source";

/** An event, as far as it is read here. */
interface WithMeta {
  readonly meta: Readonly<Record<string, unknown>>;
}

/** Names in a lineage. Ours: each emission adds one at most, and reactions in a row are as many at most. */
const LINEAGE_NAMES = 100;

/** The name under which an event's meta counts reactions. Names that begin with `$` belong to the store. */
export const HOPS = "$hops";

/** How many reactions in a row led to this event. */
export function hopsOf({ meta }: WithMeta): number {
  const hops: unknown = meta[HOPS]; // an import may have put anything there
  return typeof hops === "number" && Number.isSafeInteger(hops) && hops > 0 ? hops : 0;
}

/** The name under which an event's meta lists the processors declared over HTTP that led to it. */
export const LINEAGE = "$lineage";

/** The processors declared over HTTP that led to this event, directly or through others. */
export function lineageOf({ meta }: WithMeta): readonly string[] {
  const lineage: unknown = meta[LINEAGE]; // an import may have put anything there
  return Array.isArray(lineage) ? lineage.filter((name): name is string => typeof name === "string").slice(0, LINEAGE_NAMES) : [];
}
