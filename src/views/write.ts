/** The statements of `RowWriter`: changes rows of one store as a handler's SQL says. */

import type { RowWrite } from "../definitions/views/row-writer.ts";
import { quoted, wordsOf } from "../definitions/views/sql-words.ts";
import type { ViewTable } from "../rows/table.ts";

/**
 * The statement that carries out a change. Each expression that the handler wrote is in brackets of its own, below the condition on the
 * store: there it is an expression, or not valid SQL at all.
 *
 * @throws {TypeError} when it sets something that is not a column of the view
 */
export function writeStatement(db: D1Database, table: ViewTable, store: string, write: RowWrite): D1PreparedStatement {
  const set = write.kind === "update" ? write.set.render(2) : { text: "", values: [] };
  const where = write.where.render(2 + set.values.length);
  const verb = write.kind === "update" ? `UPDATE ${table.name} SET ${assignments(table, set.text)}` : `DELETE FROM ${table.name}`;
  return db.prepare(`${verb} WHERE _store = ?1 AND (${where.text}\n)`).bind(store, ...set.values, ...where.values);
}

/** `column = (expression)` for each. */
function assignments(table: ViewTable, sql: string): string {
  const words = wordsOf(sql);
  const commas = words.flatMap(({ text, depth, isQuoted }, index) => (text === "," && depth === 0 && !isQuoted ? [index] : []));
  return [-1, ...commas]
    .map((comma, index) => {
      const [name, equals, ...rest] = words.slice(comma + 1, commas[index]);
      const [first, last] = [rest[0], rest.at(-1)];
      if (!name || equals?.text !== "=" || !first || !last)
        throw new TypeError(`SQL sets columns as \`column = expression\`, not as ${sql}`);
      const column = table.columns.find((one) => one.name.toLowerCase() === name.text);
      if (!column) throw new TypeError(`SQL sets ${name.text}, which is no column (${table.columns.map((one) => one.name).join(", ")})`);
      return `${quoted(column.name)} = (${sql.slice(first.at, last.end)}\n)`;
    })
    .join(", ");
}
