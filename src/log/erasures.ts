/** Erasures that the earlier segments of a log have yet to carry out. Written with the event that asks for them. */

const CREATE = `
  CREATE TABLE IF NOT EXISTS erasures (
    stream TEXT    PRIMARY KEY,
    before INTEGER NOT NULL       -- versions below it
  ) STRICT, WITHOUT ROWID`;

export class Erasures {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Call inside `transactionSync`. */
  add(stream: string, before: number): void {
    this.#sql.exec(CREATE);
    this.#sql.exec(`INSERT OR REPLACE INTO erasures (stream, before) VALUES (?, ?)`, stream, before);
  }

  pending(): { stream: string; before: number }[] {
    const exists = this.#sql.exec(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'erasures'`).toArray().length > 0;
    return exists ? this.#sql.exec<{ stream: string; before: number }>(`SELECT stream, before FROM erasures`).toArray() : [];
  }

  done(stream: string): void {
    this.#sql.exec(`DELETE FROM erasures WHERE stream = ?`, stream);
  }
}
