/** The feeds of a consumer: its own, which has no end, and its replays; and what was read for each of them. */

import type { Feed, Cursor } from "./cursor.ts";
import { Window } from "./window.ts";

export class Feeds {
  #windows: readonly Window[];
  /** The number of replays and resets so far. */
  #runs: number;

  constructor({ feeds, runs }: Pick<Cursor, "feeds" | "runs">) {
    this.#windows = feeds.map((feed) => new Window(feed));
    this.#runs = runs;
  }

  get windows(): readonly Window[] {
    return this.#windows;
  }

  /** The webhook's own feed: the one without an end. */
  get own(): Window {
    const own = this.#windows.find(({ feed }) => feed.end === undefined);
    if (!own) throw new Error("a webhook follows the log");
    return own;
  }

  /** The others: replays, and what a reset has left over. */
  get others(): readonly Window[] {
    return this.#windows.filter(({ feed }) => feed.end !== undefined);
  }

  /** Events that were read and are not settled. */
  get size(): number {
    return this.#windows.reduce((sum, window) => sum + window.size, 0);
  }

  find(run: number): Window | undefined {
    return this.#windows.find((window) => window.run === run);
  }

  /** A replay of the log up to `end`. */
  add(feed: Omit<Feed, "run">): Feed {
    const replay = { ...feed, run: ++this.#runs };
    this.#windows = [...this.#windows, new Window(replay)];
    return replay;
  }

  /** Continues from another position, under another number. What was taken up to there is finished alongside. */
  reset(position: number): void {
    const { own, others } = this;
    const rest = own.settled < position ? [new Window({ ...own.toFeed(), end: position })] : [];
    this.#windows = [...others, ...rest, new Window({ run: ++this.#runs, settled: position })];
  }

  /** Ends the feeds that have reached their end, if nothing of them waits. Returns whether there were any. */
  endOver(isAwaited: (run: number) => boolean): boolean {
    const before = this.#windows;
    this.#windows = before.filter((window) => !window.isOver || isAwaited(window.run));
    return this.#windows.length < before.length;
  }

  /** The form in which they are stored. */
  toCursor(): Pick<Cursor, "feeds" | "runs"> {
    return { feeds: this.#windows.map((window) => window.toFeed()), runs: this.#runs };
  }
}
