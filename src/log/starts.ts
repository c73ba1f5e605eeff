/**
 * Where the log stood when it first heard of a webhook in code: that is where one begins that wants only what is new.
 * Noted with the first events that come after, so that these are its first, however late it is woken.
 */

type Positions = Readonly<Record<string, number>>;

export class Starts {
  readonly #kv: SyncKvStorage;
  readonly #consumers: readonly string[];
  #areNoted = false;

  /** @param consumers those whose beginning matters */
  constructor(kv: SyncKvStorage, consumers: readonly string[]) {
    this.#kv = kv;
    this.#consumers = consumers;
  }

  /** Call inside the transaction that adds events. @param head the log's head before them */
  note(head: number): void {
    if (this.#areNoted) return;
    const starts = this.all();
    const missing = this.#consumers.filter((consumer) => starts[consumer] === undefined);
    if (missing.length > 0) this.take({ ...starts, ...Object.fromEntries(missing.map((consumer) => [consumer, head])) });
    this.#areNoted = true;
  }

  /** The transaction that called {@link note} did not commit. */
  forget(): void {
    this.#areNoted = false;
  }

  /** Undefined: no event has come since. */
  of(consumer: string): number | undefined {
    return this.all()[consumer];
  }

  all(): Positions {
    return this.#kv.get<Positions>("starts") ?? {};
  }

  take(starts: Positions): void {
    if (Object.keys(starts).length > 0) this.#kv.put("starts", starts);
  }
}
