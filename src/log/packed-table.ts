/**
 * A segment's events in pages (decision 0040): a commit costs a row, however many events it has, and two packed indexes cost next to
 * nothing. One index finds a stream's events, the other one those of a correlation.
 */

import { PAGE_BYTES, SCAN_EVENTS } from "../core/limits.ts";
import { type LoggedEvent, type StoredEvent, bytesOf, erases } from "../core/event.ts";
import { correlationOf } from "../core/correlation.ts";
import { FORMATS, FORMAT_KEY } from "../store/stored-format.ts";
import type { LogPage, LogReadRequest, Sequenced, StreamSummary } from "../store/log-protocol.ts";
import type { PackedPage } from "../store/packed-page.ts";
import { correlationKey } from "./correlation-key.ts";
import { isSparse, narrowingOf, passes } from "./filter.ts";
import { PACKED_INDEX } from "./limits.ts";
import type { LogTable } from "./log-table.ts";
import { PackedIndexes, type PackedSizes } from "./packed-indexes.ts";
import type { Entry } from "../store/page-text.ts";
import { type Page, Pages } from "./pages.ts";
import { RememberedHeads } from "./remembered-heads.ts";
import { type Lifting, isPlain, storedPage } from "./stored-page.ts";

/** The version of a stream that is remembered to have no event here. */
const NOT_HERE = -1;

type Storage = Pick<DurableObjectStorage, "sql" | "kv">;

export class PackedTable implements LogTable {
  readonly first: number;
  readonly #pages: Pages;
  readonly #storage: Storage;
  readonly #sizes: PackedSizes;
  #indexes!: PackedIndexes; // by `reload`
  readonly #heads = new RememberedHeads();
  /** The last position that is stored; beyond it is {@link #accepted}. */
  #stored = 0;
  #accepted: Entry[] = [];

  constructor(storage: Storage, first: number, sizes: PackedSizes = PACKED_INDEX) {
    this.first = first;
    [this.#storage, this.#sizes] = [storage, sizes];
    this.#pages = new Pages(storage.sql);
    this.reload();
  }

  get head(): number {
    return this.#stored + this.#accepted.length;
  }

  reload(): void {
    this.#heads.clear();
    this.#accepted = [];
    this.#stored = Math.max(this.#pages.load(), this.first - 1);
    this.#indexes = new PackedIndexes(this.#storage, this.#sizes);
    // What no run has yet.
    const from = Math.max(this.#indexes.packedTo + 1, this.first);
    if (this.#pages.exist)
      for (const { events } of this.#pages.between(from, this.#stored, "forward"))
        for (const event of events) if (event.position >= from) this.#index(event);
  }

  accept(stream: string, events: readonly StoredEvent[]): Sequenced {
    const head = this.versionHere(stream) ?? 0;
    if (this.differs(stream, events)) return { head, diverged: true };
    const fresh = events.filter((event) => event.version > head);
    const [first] = fresh;
    if (first === undefined || first.version !== head + 1) return { head };
    const position = this.head + 1;
    for (const event of fresh) {
      this.#accepted.push({ stream, event });
      this.#index({ ...event, stream, position: this.head });
      if (erases(event)) this.blank(stream, event.version);
    }
    const last = first.version + fresh.length - 1;
    this.#heads.set(stream, last);
    return { head: last, first: { version: first.version, position } };
  }

  flush(): void {
    if (this.#accepted.length === 0) return;
    if (!this.#pages.exist) this.#storage.kv.put(FORMAT_KEY, FORMATS.LOGS);
    this.#pages.add(this.#stored + 1, this.#accepted);
    this.#stored = this.head;
    this.#accepted = [];
    this.#indexes.pack(this.#stored);
  }

  differs(stream: string, events: readonly StoredEvent[]): boolean {
    const head = this.versionHere(stream) ?? 0;
    const known = events.findLast((event) => event.version <= head);
    if (known === undefined) return false;
    // A version that an earlier segment has is not here.
    const [here] = this.#indexes.streams.between(stream, known.version, known.version);
    return here !== undefined && this.#at(here.value)?.id !== known.id;
  }

  page(request: LogReadRequest): LogPage {
    const { direction = "forward", limit, to, after, stream, correlationId, bytes = PAGE_BYTES } = request;
    const head = this.#stored;
    const forward = direction === "forward";
    const bottom = Math.max(to ?? 1, this.first);
    const low = forward ? (after ?? 0) + 1 : bottom;
    const high = forward ? Math.min(to ?? head, head) : Math.min(after ?? head + 1, head + 1) - 1;
    if (!this.#pages.exist || low > high) return { events: [], next: forward ? low - 1 : null, head };

    const isIndexed = stream !== undefined || correlationId !== undefined;
    const [begin, end] = isSparse(request) && !isIndexed ? within(low, high, forward) : [low, high];
    const candidates = isIndexed ? this.#indexed(request, begin, end) : this.#scanned(request, begin, end);
    const events: LoggedEvent[] = [];
    let [size, examined, seen, cut] = [0, 0, forward ? end : begin, false];
    for (const event of candidates) {
      if (isIndexed && isSparse(request) && examined++ === SCAN_EVENTS) {
        seen = forward ? event.position - 1 : event.position + 1;
        break;
      }
      if (!passes(request, event)) continue;
      size += bytesOf(event);
      cut = events.length === limit || (size > bytes && events.length > 0);
      if (cut) break;
      events.push(event);
    }
    const next = (cut ? events.at(-1)?.position : undefined) ?? seen;
    // Backward, what is before the first position here is in an earlier segment.
    const isOver = !forward && next <= Math.max(to ?? 1, 1);
    return { events, next: isOver ? null : next, head };
  }

  storedPage(request: LogReadRequest, lifting: Lifting): PackedPage | undefined {
    const { after, to, limit } = request;
    const head = this.#stored;
    const [low, high] = [(after ?? 0) + 1, Math.min(to ?? head, head)];
    if (!this.#pages.exist || !isPlain(request) || low < this.first || low > high || limit < 1) return undefined;
    const [begin, end] = isSparse(request) ? within(low, high, true) : [low, high];
    return storedPage(request, { begin, end, head, pages: this.#pages.storedBetween(begin, end) }, lifting);
  }

  positionAt(time: number): number | undefined {
    return this.#pages.exist ? this.#pages.positionAt(time, this.first, this.#stored + 1) : undefined;
  }

  kindsAfter(position: number): { stream: string; type: string; position: number }[] {
    if (!this.#pages.exist || position >= this.#stored) return [];
    const last = new Map<string, number>();
    for (const [kind, at] of this.#pages.kindsAfter(Math.max(position, this.first - 1))) last.set(kind, at);
    return [...last].map(([kind, at]) => {
      const slash = kind.indexOf("/") + 1;
      return { stream: kind.slice(0, slash), type: kind.slice(slash), position: at };
    });
  }

  streams(category: string | undefined, after: string, limit: number): StreamSummary[] {
    const prefix = category === undefined ? "" : `${category}/`;
    const found: StreamSummary[] = [];
    for (const { key, at, value } of this.#indexes.streams.keysAfter(after < prefix ? prefix : after)) {
      if (found.length === limit || !key.startsWith(prefix)) break;
      found.push({ stream: key, version: at, lastPosition: value });
    }
    return found;
  }

  positions(stream: string, from: number, to: number): Record<number, number> {
    return Object.fromEntries([...this.#indexes.streams.between(stream, from, to)].map(({ at, value }) => [at, value]));
  }

  blank(stream: string, before: number): void {
    let page: Page | undefined;
    for (const { value: position } of this.#indexes.streams.between(stream, 1, before - 1)) {
      if (position > this.#stored) {
        const place = position - this.#stored - 1;
        const entry = this.#accepted[place];
        if (entry) this.#accepted[place] = { stream, event: blanked(entry.event) };
      } else if (!page || position >= page.first + page.events.length) {
        page = this.#pages.with(position);
        const isErased = (event: LoggedEvent) => event.stream === stream && event.version < before;
        if (page) this.#pages.replace({ ...page, events: page.events.map((event) => (isErased(event) ? blanked(event) : event)) });
      }
    }
  }

  versionHere(stream: string): number | undefined {
    const known = this.#heads.get(stream);
    if (known !== undefined) return known === NOT_HERE ? undefined : known;
    const found = this.#indexes.streams.last(stream)?.at;
    // A new stream is asked for several times until it has its first event, and each time every run of the index would be.
    if (found === undefined) this.#heads.set(stream, NOT_HERE);
    return found;
  }

  learn(stream: string, version: number): void {
    this.#heads.set(stream, version);
  }

  #index(event: LoggedEvent): void {
    this.#indexes.streams.add(event.stream, event.version, event.position);
    const correlation = correlationOf(event);
    if (correlation !== undefined) this.#indexes.correlations.add(correlationKey(correlation), event.position);
  }

  #at(position: number): StoredEvent | undefined {
    if (position > this.#stored) return this.#accepted[position - this.#stored - 1]?.event;
    return this.#pages.with(position)?.events.find((event) => event.position === position);
  }

  /** Events by their pages, those that can pass the filter. */
  *#scanned(request: LogReadRequest, begin: number, end: number): Generator<LoggedEvent> {
    const { direction = "forward" } = request;
    for (const { events } of this.#pages.between(begin, end, direction, narrowingOf(request)))
      for (const event of direction === "forward" ? events : events.toReversed())
        if (event.position >= begin && event.position <= end) yield event;
  }

  /** Events by an index. */
  *#indexed({ direction = "forward", stream, correlationId }: LogReadRequest, begin: number, end: number): Generator<LoggedEvent> {
    const found =
      stream === undefined
        ? this.#indexes.correlations.between(correlationKey(correlationId ?? ""), begin, end, direction)
        : this.#versionsBetween(stream, begin, end, direction);
    let page: Page | undefined;
    for (const { value: position } of found) {
      if (!page || position < page.first || position >= page.first + page.events.length) page = this.#pages.with(position);
      const event = page?.events[position - page.first];
      if (event) yield event;
    }
  }

  /** The versions of a stream whose positions are between these. */
  #versionsBetween(stream: string, begin: number, end: number, direction: "forward" | "backward") {
    const { streams } = this.#indexes;
    const from = (streams.lastUpTo(stream, begin - 1)?.at ?? 0) + 1;
    return streams.between(stream, from, streams.lastUpTo(stream, end)?.at ?? 0, direction);
  }
}

/** The positions that a page of few events out of many examines. */
function within(low: number, high: number, forward: boolean): [begin: number, end: number] {
  return forward ? [low, Math.min(high, low + SCAN_EVENTS - 1)] : [Math.max(low, high - SCAN_EVENTS + 1), high];
}

function blanked<Event extends StoredEvent>({ trace: _trace, ...event }: Event): Event {
  return { ...event, data: "{}", meta: "{}", erased: true } as Event;
}
