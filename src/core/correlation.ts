/** Which conversation an event belongs to. */

import type { StoredEvent } from "./event.ts";

/** The correlation id in an event's meta; undefined: it has none, or something else in its place. */
export function correlationOf({ meta }: Pick<StoredEvent, "meta">): string | undefined {
  if (!meta.includes('"correlationId"')) return undefined; // which spares most facts the parser
  const { correlationId } = JSON.parse(meta) as { correlationId?: unknown };
  return typeof correlationId === "string" ? correlationId : undefined;
}
