/**
 * The part of the log that the page holds: some thousand events, newest first and without a gap, which goes on at both ends. While its newer end is
 * the log's, it follows what happens.
 */

import { batch, signal } from "@preact/signals";
import type { HeadspringError } from "headspring/client";
import type { LogPage, StoredEvent } from "../../store/event.ts";
import { query } from "../../store/paths.ts";
import { client, get } from "../../store/store.ts";

/** Events that are held. Ours: what a person scrolls through, and no memory to speak of. */
const HELD = 3_000;
/** Events of a page that is read while somebody scrolls. */
const PAGE = 200;
/** Events of the first page: what is in sight, and some more. */
const FIRST_PAGE = 60;
/** Pages that are read at once while a filter finds nothing: each looks at some 5,000 entries. */
const PAGES = 8;
/** Milliseconds between two drawings of what arrives: nobody reads faster, and the frames between them stay free for scrolling. */
const DRAWN_MS = 100;

export interface LogFilter {
  readonly type: readonly string[];
  readonly category: readonly string[];
  readonly stream: readonly string[];
}

export class LogWindow {
  /** Newest first. */
  readonly rows = signal<readonly StoredEvent[]>([]);
  /** Events that have arrived and are not among the rows yet, because the reader holds them. */
  readonly waiting = signal(0);
  readonly isLoading = signal(true);
  /** Its newer end is the log's. */
  readonly isFollowing = signal(false);
  /** The position before which earlier events are still to be read; null: there are none. */
  readonly earlier = signal<number | null>(null);
  readonly error = signal<HeadspringError | undefined>(undefined);
  readonly #filter: LogFilter;
  readonly #ended = new AbortController();
  /** Up to where it has the log, while it does not follow. */
  #later = 0;
  #following = new AbortController();
  #arrived: StoredEvent[] = [];
  /** Events that have arrived since the last drawing, with those that were dropped. */
  #count = 0;
  #isHeld = false;
  #isDrawing = false;
  #isBusy = false;

  constructor(filter: LogFilter) {
    this.#filter = filter;
  }

  end(): void {
    this.#ended.abort();
    this.#following.abort();
  }

  /** Begins at the log's end, or around a position. */
  begin(at?: number): Promise<void> {
    return this.#working(async () => {
      const page = await this.#pages("backward", at === undefined ? undefined : at + 1, FIRST_PAGE);
      batch(() => {
        this.rows.value = page.events;
        this.earlier.value = page.next;
      });
      if (at === undefined || at >= page.head) return this.#follow(page.head);
      this.#later = at;
      await this.#readLater();
    });
  }

  /** Reads events before those that it holds. */
  async readEarlier(): Promise<void> {
    const before = this.earlier.value;
    if (before === null) return;
    return this.#working(async () => {
      const { events, next } = await this.#pages("backward", before);
      const all = [...this.rows.value, ...events];
      batch(() => {
        if (all.length > HELD) this.#detach(all[all.length - HELD]!.position!);
        this.rows.value = all.slice(-HELD);
        this.earlier.value = next;
      });
    });
  }

  /** Reads events after those that it holds, where it does not follow. */
  async readLater(): Promise<void> {
    if (!this.isFollowing.value) await this.#working(() => this.#readLater());
  }

  /** While it is held nothing moves: what arrives is counted. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.#take();
  }

  async #readLater(): Promise<void> {
    const { events, next, head } = await this.#pages("forward", this.#later);
    this.#later = next ?? this.#later;
    this.#add(events.toReversed());
    if (this.#later >= head) this.#follow(this.#later);
  }

  #follow(after: number): void {
    this.isFollowing.value = true;
    this.#following = new AbortController();
    void this.#listen(after, this.#following.signal);
  }

  async #listen(after: number, signal: AbortSignal): Promise<void> {
    const { type, category, stream } = this.#filter;
    try {
      for await (const event of client().log({ after, types: type, categories: category, streams: stream, signal })) {
        this.#arrived.push(event as StoredEvent);
        // A hidden page draws nothing, and must not collect for ever. What is dropped here is read again when somebody scrolls there.
        if (this.#arrived.length > 2 * HELD) this.#arrived = this.#arrived.slice(-HELD);
        this.#count++;
        this.#draw();
      }
    } catch (error) {
      if (!signal.aborted) batch(() => ((this.error.value = error as HeadspringError), (this.isFollowing.value = false)));
    }
  }

  #draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    setTimeout(() => {
      requestAnimationFrame(() => {
        this.#isDrawing = false;
        if (this.#isHeld) this.waiting.value = this.#count;
        else this.#take();
      });
    }, DRAWN_MS);
  }

  #take(): void {
    if (this.#arrived.length === 0) return;
    const events = this.#arrived.toReversed();
    this.#forget();
    batch(() => {
      this.waiting.value = 0;
      this.#add(events);
    });
  }

  #add(events: readonly StoredEvent[]): void {
    const all = [...events, ...this.rows.value];
    batch(() => {
      if (all.length > HELD) this.earlier.value = all[HELD - 1]!.position!;
      this.rows.value = all.slice(0, HELD);
    });
  }

  /** Gives up the log's end, because what is held begins before it. */
  #detach(newest: number): void {
    this.#following.abort();
    this.#forget();
    this.#later = newest;
    this.waiting.value = 0;
    this.isFollowing.value = false;
  }

  #forget(): void {
    this.#arrived = [];
    this.#count = 0;
  }

  async #pages(direction: "forward" | "backward", after: number | undefined, limit = PAGE): Promise<LogPage> {
    let page: LogPage | undefined;
    for (let pages = 0; pages < PAGES; pages++) {
      const path = `/log${query({ ...this.#filter, direction, after, limit })}`;
      page = await get<LogPage>(path, this.#ended.signal);
      if (page.events.length > 0 || !page.hasMore) break;
      after = page.next!;
    }
    return page!;
  }

  /** One reading at a time; a failure is shown, and may be tried again. */
  async #working(work: () => Promise<void>): Promise<void> {
    if (this.#isBusy || this.#ended.signal.aborted) return;
    this.#isBusy = true;
    batch(() => ((this.isLoading.value = true), (this.error.value = undefined)));
    try {
      await work();
    } catch (error) {
      if (!this.#ended.signal.aborted) this.error.value = error as HeadspringError;
    }
    this.#isBusy = false;
    this.isLoading.value = false;
  }
}
