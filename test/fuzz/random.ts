/** Chance that can be repeated: the same seed and number give the same request. */

export class Random {
  #state: number;

  /** @param number which of the seed's requests this is for: each can be made again without those before it */
  constructor(seed: number, number = 0) {
    this.#state = (seed ^ Math.imul(number + 1, 0x9e3779b1)) >>> 0;
    for (let turn = 0; turn < 4; turn++) this.next();
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<One>(from: readonly One[]): One {
    if (from.length === 0) throw new Error("nothing to pick from");
    return from[this.below(from.length)] as One;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}
