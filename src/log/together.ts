/** A piece of an import: events of many streams, which the log takes in the order of their lines, all or none. */

import type { StoredEvent } from "../core/event.ts";
import type { SequencePart, Sequenced, SequencedTogether } from "../store/log-protocol.ts";
import type { LogTable } from "./log-table.ts";

/**
 * Call inside `transactionSync`.
 *
 * @param accept takes one part
 */
export function takeTogether(
  table: LogTable,
  parts: readonly SequencePart[],
  accept: (stream: string, events: readonly StoredEvent[]) => Sequenced,
): SequencedTogether {
  const heads = new Map<string, number>();
  let taken = true;
  for (const { stream, events, after } of parts) {
    if (table.differs(stream, events)) return { taken: false, heads: [], diverged: stream };
    const head = heads.get(stream) ?? table.versionHere(stream) ?? 0;
    if (head < after) taken = false;
    heads.set(stream, Math.max(head, events.at(-1)?.version ?? 0));
  }
  if (taken) for (const { stream, events } of parts) accept(stream, events);
  return { taken, heads: parts.map(({ stream }) => table.versionHere(stream) ?? 0) };
}
