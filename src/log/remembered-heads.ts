/** The versions of the streams that were used last, in memory. The index has the others. */

/** Ours: about 10 MB. */
const REMEMBERED_HEADS = 50_000;

export class RememberedHeads {
  readonly #heads = new Map<string, number>();

  get(stream: string): number | undefined {
    return this.#heads.get(stream);
  }

  set(stream: string, head: number): void {
    this.#heads.delete(stream); // so that the map's order is the order of use
    this.#heads.set(stream, head);
    if (this.#heads.size <= REMEMBERED_HEADS) return;
    const [oldest] = this.#heads.keys();
    if (oldest !== undefined) this.#heads.delete(oldest);
  }

  clear(): void {
    this.#heads.clear();
  }
}
