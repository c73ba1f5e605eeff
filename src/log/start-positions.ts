/**
 * Since when the log knows the consumers that want only what comes after their first deployment: the head as it was
 * before the first event that they should see. The log must say it, because nobody else knows what came before that event; that it is
 * asked to may come from code that is newer than its own.
 */

const KEY = "origins";

export class StartPositions {
  readonly #kv: SyncKvStorage;
  #known: Readonly<Record<string, number>>;
  /** Those of this code, or of code that has called, that the log has not met. */
  #unknown: readonly string[];

  constructor(kv: SyncKvStorage, names: readonly string[]) {
    this.#kv = kv;
    this.#known = kv.get<Record<string, number>>(KEY) ?? {};
    this.#unknown = names.filter((name) => !Object.hasOwn(this.#known, name));
  }

  all(): Readonly<Record<string, number>> {
    return this.#known;
  }

  /** Takes over what an earlier segment knew. Call inside the transaction that does. */
  adopt(origins: Readonly<Record<string, number>>): void {
    this.#store({ ...origins, ...this.#known });
  }

  /** They are known from this head on. In a log without events that is kept until there is one: what nobody writes to leaves nothing behind. */
  meet(names: readonly string[], head: number): void {
    const strangers = names.filter((name) => !Object.hasOwn(this.#known, name));
    if (strangers.length === 0) return;
    this.#unknown = [...new Set([...this.#unknown, ...strangers])];
    if (head > 0) this.note(head);
  }

  /** From now on they are known. Call inside the transaction that adds events, before them. */
  note(head: number): void {
    if (this.#unknown.length > 0) this.#store({ ...this.#known, ...Object.fromEntries(this.#unknown.map((name) => [name, head])) });
  }

  /** The position after which a consumer begins: a name that is not known yet is from now on. */
  since(consumer: string, head: number): number {
    const since = this.#known[consumer];
    if (since !== undefined) return since;
    this.#store({ ...this.#known, [consumer]: head });
    return head;
  }

  /** The transaction was rolled back: what was noted in it is not stored. */
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
