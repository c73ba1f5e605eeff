/**
 * What a feed has read from the log and not settled yet, in memory: the next deliveries. The ledger stores only the position up to which
 * everything is settled; after a crash the events after it are read again.
 */

import type { Feed } from "./cursor.ts";

/** An event whose first attempt is under way or still to come. */
export interface Item {
  readonly position: number;
  readonly stream: string;
  state: "waiting" | "under way" | "settled";
}

export class Window {
  readonly feed: Feed;
  /** The last position that was read. */
  taken: number;
  /** Whether the log may have more after it. */
  mayHaveMore = true;
  #items: Item[] = [];

  constructor(feed: Feed) {
    this.feed = feed;
    this.taken = feed.settled;
  }

  get run(): number {
    return this.feed.run;
  }

  /** Every event of interest up to here is in the ledger. */
  get settled(): number {
    const first = this.#items.find(({ state }) => state !== "settled");
    return first ? first.position - 1 : this.taken;
  }

  /** A replay that has nothing more to do. */
  get isOver(): boolean {
    return this.feed.end !== undefined && this.settled >= this.feed.end;
  }

  /** Those that are not settled. */
  get size(): number {
    return this.#items.reduce((sum, { state }) => sum + (state === "settled" ? 0 : 1), 0);
  }

  has(position: number): boolean {
    return this.#items.some((item) => item.position === position && item.state !== "settled");
  }

  /** Adds what was read, in the log's order. */
  add(positions: readonly Pick<Item, "position" | "stream">[], taken: number): void {
    this.#items = this.#items.filter(({ state }) => state !== "settled");
    for (const { position, stream } of positions) this.#items.push({ position, stream, state: "waiting" });
    this.#items.sort((a, b) => a.position - b.position);
    this.taken = taken;
  }

  /** The first event whose stream has none under way. Events of a stream that waits for a retry are not here: `Waiting` counts them. */
  next(isUnderWay: (stream: string) => boolean): Item | undefined {
    return this.#items.find(({ state, stream }) => state === "waiting" && !isUnderWay(stream));
  }

  /** The events of a stream that wait here: they now have to wait behind a failed one. */
  waitingOf(stream: string): Item[] {
    return this.#items.filter((item) => item.stream === stream && item.state === "waiting");
  }

  /** Forgets deliveries that have not begun: they are read again, with the present settings. */
  reread(): void {
    const from = this.settled;
    this.#items = this.#items.filter(({ state }) => state === "under way");
    this.taken = from;
    this.mayHaveMore = true;
  }

  /** The feed as it is stored. */
  toFeed(): Feed {
    return { ...this.feed, settled: this.settled };
  }
}
