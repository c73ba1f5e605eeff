/**
 * Rows of strings as one string, a column after the other: what events are stored as in their stream, and how they travel between objects. The
 * platform copies a message value by value, so one long string costs a fraction of what as many small objects do (measured).
 *
 * JSON stays as it is. The separators are control characters, which no JSON text contains: within strings they are escaped, and between
 * values JSON has no such space.
 */

const COLUMN = "\u001D";
const VALUE = "\u001E";

/** The values of a column, or the one value that all rows have. */
export type Column = string | readonly string[];

/**
 * @param columns each has a value for every row, in the same order
 * @throws {Error} when a value has one of the separators
 */
export function columnsText(columns: readonly (readonly string[])[]): string {
  return columns.map(columnText).join(COLUMN);
}

function columnText(values: readonly string[]): string {
  const [first = ""] = values;
  const isConstant = values.every((value) => value === first);
  for (const value of isConstant ? [first] : values) {
    if (value.includes(VALUE) || value.includes(COLUMN)) throw new Error("an event has a control character where it may have none");
  }
  return isConstant ? first : values.join(VALUE);
}

/** The columns of such a string. @param count of its rows */
export function columnsOf(text: string, count: number): Column[] {
  return text.split(COLUMN).map((one) => (count > 1 && one.includes(VALUE) ? one.split(VALUE) : one));
}

/** A row's value in a column; "" in a column that the string does not have. */
export function valueAt(column: Column | undefined, row: number): string {
  return typeof column === "string" ? column : (column?.[row] ?? "");
}
