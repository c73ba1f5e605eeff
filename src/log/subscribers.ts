/** The consumers of a log that are known only at run time: its webhooks. */

import { hasTable } from "../core/sqlite.ts";

const CREATE = `CREATE TABLE IF NOT EXISTS subscribers (consumer TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`;

export class Subscribers {
  readonly #sql: SqlStorage;
  #names: string[];

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#names = hasTable(sql, "subscribers")
      ? sql
          .exec<{ consumer: string }>(`SELECT consumer FROM subscribers`)
          .toArray()
          .map(({ consumer }) => consumer)
      : [];
  }

  all(): string[] {
    return [...this.#names];
  }

  add(consumer: string): void {
    if (this.#names.includes(consumer)) return;
    this.#sql.exec(CREATE);
    this.#sql.exec(`INSERT INTO subscribers (consumer) VALUES (?)`, consumer);
    this.#names.push(consumer);
  }

  remove(consumer: string): void {
    if (!this.#names.includes(consumer)) return;
    this.#sql.exec(`DELETE FROM subscribers WHERE consumer = ?`, consumer);
    this.#names = this.#names.filter((name) => name !== consumer);
  }
}
