/**
 * A stream's own events: those that version 0.1 has stored, and then the pages. Append only. The newest ones are in memory until the log has
 * them.
 */

import { APPEND_BYTES, APPEND_EVENTS, PAGE_BYTES, SCAN_EVENTS } from "../core/limits.ts";
import { type StoredEvent, bytesOf } from "../core/event.ts";
import type { StreamReadRequest } from "../store/stream-reads.ts";
import { EventTable } from "./event-table.ts";
import { type Page, pagesOf } from "./page-form.ts";
import { PageStore, type PlacedPages } from "./page-store.ts";
import { Tail } from "./tail.ts";

/** Events that follow the head, ready to be stored together. */
export interface Append extends PlacedPages {
  readonly events: readonly StoredEvent[];
}

/** Events that were stored together, or some of them. */
interface Part {
  /** The version of the first event that was stored together with them. */
  readonly append: number;
  /** In the order in which they were asked for. */
  readonly events: readonly StoredEvent[];
}

export class StreamEvents {
  readonly #rows: EventTable;
  readonly #pages: PageStore;
  readonly #tail = new Tail();
  #head: number;

  constructor(storage: DurableObjectStorage) {
    this.#rows = new EventTable(storage.sql);
    this.#pages = new PageStore(storage);
    this.#head = Math.max(this.#rows.head, this.#pages.head);
  }

  /** The stream's version. 0: never written. */
  get head(): number {
    return this.#head;
  }

  /** Makes an append of events that follow the head. */
  prepare(events: readonly StoredEvent[]): Append {
    return { events, ...this.#pages.place(pagesOf(events)) };
  }

  /** Call it inside `transactionSync` unless the append is one statement, and {@link advance} after that has returned. */
  insert(append: Append): void {
    this.#pages.write(append);
  }

  /** Removes the content of events before a version. Call it inside `transactionSync`. */
  blankBefore(version: number): void {
    this.#tail.forget();
    this.#rows.blankBefore(version);
    this.#pages.blankBefore(version);
  }

  /** Moves the head, after the transaction that inserted these events. */
  advance(append: Append): void {
    this.#pages.written(append);
    this.#head += append.events.length;
    this.#tail.take(append.events);
  }

  /** The log has everything up to this version, so nothing will read it soon. */
  sequenced(version: number): void {
    this.#tail.release(version);
  }

  /** The events of versions `from`…`to`, in order. */
  range(from: number, to: number): readonly StoredEvent[] {
    if (from > to) return [];
    const known = this.#tail.range(from, to) ?? this.#inOnePage(from, to);
    return known ?? [...this.#parts(from, to, "forward")].flatMap(({ events }) => events);
  }

  /** Whole appends from a version on: about so many events, up to `to`. */
  piece(from: number, to: number, about: number): readonly StoredEvent[] {
    const events: StoredEvent[] = [];
    let characters = 0;
    for (const part of this.#parts(from, to, "forward")) {
      for (const event of part.events) {
        events.push(event);
        characters += event.data.length;
      }
      if (events.length >= about || characters > APPEND_BYTES) break;
    }
    return events;
  }

  /** The event's id at a version. */
  idAt(version: number): string | undefined {
    return this.range(version, version)[0]?.id;
  }

  /** The versions of the first and last event that were stored together with the one at `version`. */
  appendAround(version: number): { first: number; last: number } {
    let last = version;
    let append: number | undefined;
    for (const part of this.#parts(version, this.#head, "forward")) {
      append ??= part.append;
      if (part.append !== append) break;
      last = part.events.at(-1)?.version ?? last;
    }
    return { first: append ?? version, last };
  }

  /**
   * One page, bounded in events and bytes. A filtered page is also bounded in the events it examines, so that a rare type cannot make it
   * read for ever. `next`: the version at which the next page begins; it may be present after a page without events.
   */
  page({ from, to, limit, direction, types }: StreamReadRequest): { events: StoredEvent[]; next?: number } {
    if (from > to) return { events: [] };
    const forward = direction === "forward";
    const low = types && !forward ? Math.max(from, to - SCAN_EVENTS + 1) : from;
    const high = types && forward ? Math.min(to, from + SCAN_EVENTS - 1) : to;
    const events: StoredEvent[] = [];
    let bytes = 0;
    for (const part of this.#parts(low, high, direction)) {
      for (const event of part.events) {
        if (types && !types.includes(event.type)) continue;
        bytes += bytesOf(event);
        if (events.length === limit || (bytes > PAGE_BYTES && events.length > 0)) return { events, next: event.version };
        events.push(event);
      }
    }
    const isAll = forward ? high === to : low === from;
    return isAll ? { events } : { events, next: forward ? high + 1 : low - 1 };
  }

  /**
   * What to send to the log next, from `from` on: whole appends only, because the events of one append get consecutive positions; at least
   * one append, else about as much as the largest append may hold.
   */
  unsequenced(from: number): readonly StoredEvent[] {
    if (from > this.#head) return [];
    const known = this.#tail.range(from, this.#head);
    if (known) return known;
    const batch: StoredEvent[] = [];
    let whole = 0;
    let bytes = 0;
    let append: number | undefined;
    for (const part of this.#parts(from, this.#head, "forward")) {
      if (append !== undefined && part.append !== append) {
        whole = batch.length;
        if (bytes > APPEND_BYTES) break;
      }
      append = part.append;
      for (const event of part.events) {
        bytes += bytesOf(event);
        batch.push(event);
      }
      if (whole > 0 && batch.length > 2 * APPEND_EVENTS) break;
    }
    return batch.at(-1)?.version === this.#head ? batch : batch.slice(0, whole);
  }

  *#parts(from: number, to: number, direction: "forward" | "backward"): Generator<Part> {
    if (direction === "forward") yield* this.#inRows(from, to, direction);
    if (to > this.#rows.head) for (const page of this.#pages.pages(from, to, direction)) yield this.#partOf(page, from, to, direction);
    if (direction === "backward") yield* this.#inRows(from, to, direction);
  }

  *#inRows(from: number, to: number, direction: "forward" | "backward"): Generator<Part> {
    for (const { append, ...event } of this.#rows.range(from, to, direction)) yield { append, events: [event] };
  }

  #partOf(page: Page, from: number, to: number, direction: "forward" | "backward"): Part {
    const all = this.#pages.eventsOf(page);
    const events =
      from <= page.first && page.first + page.count - 1 <= to ? all : all.slice(Math.max(0, from - page.first), to - page.first + 1);
    return { append: page.append, events: direction === "forward" ? events : events.toReversed() };
  }

  /** Most ranges are in one page. */
  #inOnePage(from: number, to: number): readonly StoredEvent[] | undefined {
    if (from <= this.#rows.head) return undefined;
    const page = this.#pages.pageOf(from);
    return page && to < page.first + page.count ? this.#partOf(page, from, to, "forward").events : undefined;
  }
}
