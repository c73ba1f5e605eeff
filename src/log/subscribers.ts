/**
 * The consumers of a log that are known only at run time, with the events that they handle: webhooks, which register themselves, and the
 * views and processors that the store's catalog declares.
 */

import type { EventFilter } from "../core/event.ts";
import { hasTable, hasTableWith } from "../core/sqlite.ts";
import { WEBHOOK_ID_PREFIX } from "../definitions/webhooks/webhook.ts";
import type { DeclaredConsumers } from "../store/log-consumers.ts";
import type { Handover } from "../store/segment.ts";

/** The layout is stored: add nullable columns, change nothing. */
const CREATE = `CREATE TABLE IF NOT EXISTS subscribers (consumer TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`;

/** As of which change of the catalog its views and processors are here. */
const DECLARED_AS_OF = "declared";

export class Subscribers {
  readonly #sql: SqlStorage;
  readonly #kv: SyncKvStorage;
  readonly #filters: Map<string, EventFilter | undefined>;

  constructor({ sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">) {
    this.#sql = sql;
    this.#kv = kv;
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

  /**
   * Takes what the catalog declares. A list that is older than the last one does not count. Call it inside a transaction.
   *
   * @returns the consumers that are new or handle other events than before, and those that are gone
   */
  declare({ asOf, consumers }: DeclaredConsumers): { readonly changed: readonly string[]; readonly gone: readonly string[] } {
    const known = this.#kv.get<number>(DECLARED_AS_OF) ?? 0;
    if (asOf < known) return { changed: [], gone: [] };
    const names = new Set(consumers.map(({ consumer }) => consumer));
    const gone = this.all().filter((name) => !name.startsWith(WEBHOOK_ID_PREFIX) && !names.has(name));
    for (const name of gone) this.remove(name);
    const changed = consumers.flatMap(({ consumer, filter }) => (this.add(consumer, filter) ? [consumer] : []));
    if (asOf !== known) this.#kv.put(DECLARED_AS_OF, asOf);
    return { changed, gone };
  }

  /** What the next segment takes over. */
  handover(): Pick<Handover, "subscribers" | "filters" | "declaredAsOf"> {
    const filters = [...this.#filters].flatMap(([consumer, filter]) => (filter ? [{ consumer, filter }] : []));
    const declaredAsOf = this.#kv.get<number>(DECLARED_AS_OF);
    return { subscribers: this.all(), filters, ...(declaredAsOf === undefined ? {} : { declaredAsOf }) };
  }

  adopt({ subscribers, filters = [], declaredAsOf }: Pick<Handover, "subscribers" | "filters" | "declaredAsOf">): void {
    for (const subscriber of subscribers) this.add(subscriber, filters.find(({ consumer }) => consumer === subscriber)?.filter);
    if (declaredAsOf !== undefined) this.#kv.put(DECLARED_AS_OF, declaredAsOf);
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
