/** Which source gets the messages of which queue, for sources that were declared over HTTP: in the directory, because a queue is the deployment's. */

import { hasTable } from "../core/sqlite.ts";
import type { QueueClaim } from "../store/catalog-protocol.ts";

const CREATE = `
  CREATE TABLE IF NOT EXISTS queues (
    queue  TEXT PRIMARY KEY,
    store  TEXT NOT NULL,
    source TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`;

export class QueueClaims {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(queue: string): QueueClaim | undefined {
    if (!hasTable(this.#sql, "queues")) return undefined;
    return this.#sql.exec(`SELECT store, source FROM queues WHERE queue = ?`, queue).toArray()[0] as unknown as QueueClaim | undefined;
  }

  claim(queue: string, { store, source }: QueueClaim): QueueClaim {
    this.#sql.exec(CREATE);
    this.#sql.exec(`INSERT INTO queues (queue, store, source) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, queue, store, source);
    return this.find(queue) ?? { store, source };
  }

  release({ store, source }: QueueClaim, except = ""): void {
    if (hasTable(this.#sql, "queues"))
      this.#sql.exec(`DELETE FROM queues WHERE store = ? AND source = ? AND queue <> ?`, store, source, except);
  }
}
