/** Finds out in which of the two ways a segment is stored. */

import { hasTable } from "../core/sqlite.ts";
import type { LogTable } from "./log-table.ts";
import { PackedTable } from "./packed-table.ts";
import { RowTable } from "./row-table.ts";

/**
 * The events of a segment: in pages, unless it was begun by version 0.1, which stored a row for each event.
 *
 * @param first the first position that belongs here; above 1 in the later segments of a log
 */
export function openTable({ sql, kv }: DurableObjectStorage, first: number): LogTable {
  return hasTable(sql, "log") ? new RowTable(sql, first) : new PackedTable({ sql, kv }, first);
}
