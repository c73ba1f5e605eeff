/** What the objects share about SQLite. */

/**
 * Whether a table exists. There is none before the first write: a request for something that does not exist must not leave databases
 * behind.
 */
export function hasTable(sql: SqlStorage, name: string): boolean {
  return sql.exec(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`, name).toArray().length > 0;
}

/** The same; a table that was made before it had this nullable column gets it now. */
export function hasTableWith(sql: SqlStorage, name: string, column: string, type: string): boolean {
  const [table] = sql.exec<{ sql: string }>(`SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?`, name).toArray();
  // SQLite keeps the text of the statement that made a table, and adds to it what `ALTER TABLE` adds: one query answers both questions.
  if (table && !new RegExp(`\\b${column} +${type}\\b`).test(table.sql)) sql.exec(`ALTER TABLE ${name} ADD COLUMN ${column} ${type}`);
  return table !== undefined;
}
