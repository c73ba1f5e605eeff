/** What the objects share of SQLite. */

/** Whether a table is there. None is before the first write: asking for what does not exist must not leave databases behind. */
export function hasTable(sql: SqlStorage, name: string): boolean {
  return sql.exec(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`, name).toArray().length > 0;
}
