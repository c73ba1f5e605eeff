/**
 * The versions of the streams that were used last, in memory. The index has the others.
 *
 * In two halves: when the newer one is full it becomes the older one, and what that had is forgotten. Not by removing the oldest one by one:
 * a `Map` finds its first entry by walking over the holes that removed ones have left, tens of thousands for each.
 */

/** Versions in a half. Ours: both are about 10 MB. */
const HALF = 25_000;

export class RememberedHeads {
  #newer = new Map<string, number>();
  #older: ReadonlyMap<string, number> = new Map();

  get(stream: string): number | undefined {
    return this.#newer.get(stream) ?? this.#older.get(stream);
  }

  set(stream: string, head: number): void {
    this.#newer.set(stream, head);
    if (this.#newer.size < HALF) return;
    this.#older = this.#newer;
    this.#newer = new Map();
  }

  clear(): void {
    this.#newer.clear();
    this.#older = new Map();
  }
}
