/**
 * Where consumers begin that want only events after their first deployment: the head as it was before the first event that they should see.
 * Only the log knows what came before that event. The code that asks for it may be newer than the log's own.
 */

const KEY = "origins";

export class StartPositions {
  readonly #kv: SyncKvStorage;
  #known: Readonly<Record<string, number>>;
  /** Consumers of this code, or of code that has called, that the log has not met. */
  #unknown: readonly string[];

  constructor(kv: SyncKvStorage, names: readonly string[]) {
    this.#kv = kv;
    this.#known = kv.get<Record<string, number>>(KEY) ?? {};
    this.#unknown = names.filter((name) => !Object.hasOwn(this.#known, name));
  }

  all(): Readonly<Record<string, number>> {
    return this.#known;
  }

  /** Takes over the positions of an earlier segment. Call it inside the transaction that takes over. */
  adopt(origins: Readonly<Record<string, number>>): void {
    this.#store({ ...origins, ...this.#known });
  }

  /**
   * The log knows them from this head on. In a log without events it keeps that in memory until there is one: a store that was never
   * written to must leave nothing behind.
   */
  meet(names: readonly string[], head: number): void {
    const strangers = names.filter((name) => !Object.hasOwn(this.#known, name));
    if (strangers.length === 0) return;
    this.#unknown = [...new Set([...this.#unknown, ...strangers])];
    if (head > 0) this.note(head);
  }

  /** Stores what is not stored yet. Call it inside the transaction that adds events, before it adds them. */
  note(head: number): void {
    if (this.#unknown.length > 0) this.#store({ ...this.#known, ...Object.fromEntries(this.#unknown.map((name) => [name, head])) });
  }

  /** The position after which a consumer begins: if its name is not known yet, from now on. */
  since(consumer: string, head: number): number {
    const since = this.#known[consumer];
    if (since !== undefined) return since;
    this.#store({ ...this.#known, [consumer]: head });
    return head;
  }

  /** The transaction was rolled back: what it noted is not stored. */
  reload(): void {
    const before = this.#known;
    this.#known = this.#kv.get<Record<string, number>>(KEY) ?? {};
    this.#unknown = [...this.#unknown, ...Object.keys(before)].filter((name) => !Object.hasOwn(this.#known, name));
  }

  #store(origins: Readonly<Record<string, number>>): void {
    this.#kv.put(KEY, origins);
    this.#known = origins;
    this.#unknown = this.#unknown.filter((name) => !Object.hasOwn(origins, name));
  }
}
