/** The escape hatch of views: rows changed by SQL, for what a fold of known rows cannot say. */

import type { Sql } from "./sql.ts";
import type { ViewTable } from "./table.ts";

/** A change of all rows that match. */
export type RowWrite =
  | { readonly kind: "update"; readonly set: Sql; readonly where: Sql }
  | { readonly kind: "remove"; readonly where: Sql };

/** What a handler changes rows with. It reaches the rows of the event's store only. */
export interface RowWriter {
  /**
   * Changes all rows that match.
   *
   * @example
   * CustomerRenamed: { sql: ({ stream, data }, rows) => rows.update(sql`customerName = ${data.name}`, sql`customer = ${streamIdOf(stream)}`) }
   */
  update(set: Sql, where: Sql): RowWrite;
  /** Removes all rows that match. */
  remove(where: Sql): RowWrite;
}

export const rowWriter: RowWriter = {
  update: (set, where) => ({ kind: "update", set, where }),
  remove: (where) => ({ kind: "remove", where }),
};

/** The statement that carries a change out. */
export function writeStatement(db: D1Database, table: ViewTable, store: string, write: RowWrite): D1PreparedStatement {
  const set = write.kind === "update" ? write.set.render(2) : { text: "", values: [] };
  const where = write.where.render(2 + set.values.length);
  const verb = write.kind === "update" ? `UPDATE ${table.name} SET ${set.text}` : `DELETE FROM ${table.name}`;
  return db.prepare(`${verb} WHERE _store = ?1 AND (${where.text})`).bind(store, ...set.values, ...where.values);
}
