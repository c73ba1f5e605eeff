/** Changes rows by SQL, for what a fold of known rows cannot express. Pure. */

import type { Sql } from "./sql.ts";
import { requireSameEveryTime, requireTables, wordsOf } from "./sql-words.ts";

/** A change of all matching rows. */
export type RowWrite =
  | { readonly kind: "update"; readonly set: Sql; readonly where: Sql }
  | { readonly kind: "remove"; readonly where: Sql };

/** What a handler changes rows with. It reaches only the rows of the event's store. */
export interface RowWriter {
  /**
   * Changes all matching rows.
   *
   * @param set assignments: `column = expression`, separated by commas
   * @param where a condition on a row
   * @throws {TypeError} when they select from tables, or would give another result at another time: a rebuild runs them again
   *
   * @example
   * CustomerRenamed: { sql: ({ stream, data }, rows) => rows.update(sql`customerName = ${data.name}`, sql`customer = ${streamIdOf(stream)}`) }
   */
  update(set: Sql, where: Sql): RowWrite;
  /** Removes all matching rows. */
  remove(where: Sql): RowWrite;
}

export const rowWriter: RowWriter = {
  update: (set, where) => ({ kind: "update", set: repeatable(set), where: repeatable(where) }),
  remove: (where) => ({ kind: "remove", where: repeatable(where) }),
};

function repeatable(sql: Sql): Sql {
  const words = wordsOf(sql.render(1).text);
  requireTables(words, []);
  requireSameEveryTime(words);
  return sql;
}
