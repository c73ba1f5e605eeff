/** The consumers of a log that are known only at run time: its webhooks, with the events that they handle. */

import type { EventFilter } from "../core/event.ts";
import { hasTable } from "../core/sqlite.ts";
import { hasTableWith } from "../core/sqlite.ts";

/** The layout is stored: add nullable columns, change nothing. */
const CREATE = `CREATE TABLE IF NOT EXISTS subscribers (consumer TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`;

export class Subscribers {
  readonly #sql: SqlStorage;
  readonly #filters: Map<string, EventFilter | undefined>;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#filters = new Map(readAll(sql));
  }

  all(): string[] {
    return [...this.#filters.keys()];
  }

  /** Undefined: the consumer has never said what it handles. */
  filters(): ReadonlyMap<string, EventFilter | undefined> {
    return this.#filters;
  }

  /** Answers whether it is new, or handles other events than before. */
  add(consumer: string, filter?: EventFilter): boolean {
    const isKnown = this.#filters.has(consumer);
    const text = filter && JSON.stringify(filter);
    if (isKnown && (text === undefined || text === JSON.stringify(this.#filters.get(consumer)))) return false;
    this.#sql.exec(CREATE);
    hasTableWith(this.#sql, "subscribers", "filter", "TEXT");
    this.#sql.exec(`INSERT OR REPLACE INTO subscribers (consumer, filter) VALUES (?, ?)`, consumer, text ?? null);
    this.#filters.set(consumer, filter);
    return true;
  }

  remove(consumer: string): void {
    if (!this.#filters.delete(consumer)) return;
    this.#sql.exec(`DELETE FROM subscribers WHERE consumer = ?`, consumer);
  }
}

function readAll(sql: SqlStorage): [string, EventFilter | undefined][] {
  if (!hasTable(sql, "subscribers")) return [];
  const rows = sql.exec<{ consumer: string; filter?: string | null }>(`SELECT * FROM subscribers`).toArray();
  return rows.map(({ consumer, filter }) => [consumer, typeof filter === "string" ? (JSON.parse(filter) as EventFilter) : undefined]);
}
