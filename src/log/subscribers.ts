/** The consumers of a log that are known only at run time: its webhooks, with the events that they handle. */

import type { EventFilter } from "../core/event.ts";
import { hasTable, hasTableWith } from "../core/sqlite.ts";
import type { Handover } from "../store/segment.ts";

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

  /** Undefined: the consumer has never registered which events it handles. */
  filters(): ReadonlyMap<string, EventFilter | undefined> {
    return this.#filters;
  }

  /** Returns whether it is new, or handles other events than before. */
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

  /** What the next segment takes over. */
  handover(): Pick<Handover, "subscribers" | "filters"> {
    const filters = [...this.#filters].flatMap(([consumer, filter]) => (filter ? [{ consumer, filter }] : []));
    return { subscribers: this.all(), filters };
  }

  adopt({ subscribers, filters = [] }: Pick<Handover, "subscribers" | "filters">): void {
    for (const subscriber of subscribers) this.add(subscriber, filters.find(({ consumer }) => consumer === subscriber)?.filter);
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
