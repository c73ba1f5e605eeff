/**
 * A row on its way into D1 and back. Pure.
 *
 * Folds get only rows that have been both ways (promise 4): in the middle of a batch a row is what the next batch would read, so it makes
 * no difference how events fall into batches. D1 has no `undefined`, no `-0` and no Date.
 */

import { whyNotJson } from "../core/plain-json.ts";
import { MAX_POSITION } from "../core/limits.ts";
import type { Column, Layout } from "./layout.ts";
import type { StoredRow } from "../definitions/views/handler.ts";

/** One row of the table, as D1 returns it. */
export type SqlRow = Record<string, string | number | null>;

/**
 * The row as the table's columns keep it: JSON columns as text, booleans as 0 and 1.
 *
 * @throws {TypeError} when a JSON column has a value that JSON cannot hold at all: a BigInt, a cycle
 */
export function toSql({ key, columns, whole }: Layout, row: StoredRow): SqlRow {
  const result: SqlRow = {}; // no column is called `__proto__`
  if (whole === undefined) {
    for (const column of columns) result[column.name] = valueOf(column, row[column.name]);
    return result;
  }
  for (const column of columns) result[column.name] = queriedOf(column, row);
  const { [key]: _key, ...rest } = row;
  result[whole] = JSON.stringify(rest);
  return result;
}

/** What queries find a row by that is kept whole: its member, if that is of the column's kind. Nothing obliges it to be. */
function queriedOf({ name, kind }: Column, row: StoredRow): string | number | null {
  const value = Object.hasOwn(row, name) ? row[name] : undefined; // `constructor` may be a member, and every object has one
  switch (typeof value) {
    case "string":
      return kind === "text" ? value.toWellFormed() : null;
    case "number":
      return kind === "real" || (kind === "integer" && Number.isInteger(value) && Math.abs(value) <= MAX_POSITION) ? value + 0 : null;
    case "boolean":
      return kind === "boolean" ? Number(value) : null;
    default:
      return null;
  }
}

function valueOf({ name, kind }: Column, value: StoredRow[string]): string | number | null {
  if (value === undefined || value === null) return null;
  if (kind === "json") return jsonOf(name, value);
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number") return value + 0; // -0 becomes 0
  // SQL keeps strings as UTF-8, which has no half of a surrogate pair. Other kinds have no columns of their own.
  return typeof value === "string" ? value.toWellFormed() : null;
}

function jsonOf(column: string, value: unknown): string | null {
  try {
    const text = JSON.stringify(value) as string | undefined; // undefined for a function, say
    return text === undefined || text === "null" ? null : text;
  } catch (error) {
    const { path, kind } = whyNotJson(value, column) ?? { path: column, kind: String(error) };
    throw new TypeError(`a row cannot keep ${path}: ${kind} is not JSON`, { cause: error });
  }
}

/** A row as handlers and readers get it. */
export function fromSql({ key, columns, whole }: Layout, row: SqlRow): StoredRow {
  if (whole !== undefined) return { [key]: row[key] ?? "", ...(JSON.parse(String(row[whole])) as StoredRow) };
  const result: StoredRow = {};
  for (const { name, kind, nullable } of columns) {
    const value = row[name] ?? null;
    if (value !== null) result[name] = kind === "boolean" ? value === 1 : kind === "json" ? parsed(value) : value;
    else if (nullable) result[name] = null;
  }
  return result;
}

/** Tables of version 0.1 do not check what SQL writes into their JSON columns: what is not JSON there is read as it is. */
function parsed(value: string | number): StoredRow[string] {
  try {
    return JSON.parse(String(value)) as StoredRow[string];
  } catch {
    return value;
  }
}
