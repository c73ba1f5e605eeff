/** A page of the log, which may begin in one segment and end in another: readers do not notice where one ends. */

import type { App } from "../definitions/app.ts";
import { type LoggedEvent, bytesOf } from "../core/event.ts";
import { PAGE_BYTES, SCAN_EVENTS } from "../core/limits.ts";
import type { LogPage, LogReadRequest } from "../store/log-protocol.ts";
import type { NextEvent, Reading } from "../store/log-consumers.ts";
import { type PackedPage, asAskedFor } from "../store/packed-page.ts";
import type { Lifting } from "./stored-page.ts";
import { isLifted, lift } from "../definitions/upcast.ts";
import type { PreviousSegments } from "./previous-segments.ts";
import { type Pending, blanked } from "./erasures.ts";
import type { LogTable } from "./log-table.ts";

export class LogReader {
  readonly #app: App;
  readonly #table: LogTable;
  readonly #earlier: PreviousSegments;
  readonly #erasures: { readonly pending: Pending };
  /** What the code does to events on their way out. */
  readonly lifting: Lifting;

  constructor(app: App, table: LogTable, earlier: PreviousSegments, erasures: { readonly pending: Pending }) {
    this.#app = app;
    this.#table = table;
    this.#earlier = earlier;
    this.#erasures = erasures;
    this.lifting = {
      lift: (event) => lift(app, event.stream, event),
      isAsStored: (kind) => !isLifted(app, kind),
    };
  }

  /** The next event for each of these readers. Readers that are equally far and handle the same events share one search. */
  async nextFor(readings: readonly Reading[]): Promise<NextEvent[]> {
    const found = new Map<string, NextEvent>();
    const answers: NextEvent[] = [];
    for (const reading of readings) {
      const key = JSON.stringify([reading.after, reading.types, reading.categories]);
      const next = found.get(key) ?? (await this.#next(reading));
      found.set(key, next);
      answers.push(next);
    }
    return answers;
  }

  async #next(reading: Reading): Promise<NextEvent> {
    const { events, next, head } = await this.page({ ...reading, limit: 1 });
    const [event] = events;
    if (event) return { passed: event.position - 1, recordedAt: event.recordedAt };
    const passed = next ?? reading.after;
    if (passed >= head) return { passed };
    // The search ended here: the next event is this one, or a later one.
    const [after] = (await this.page({ after: passed, limit: 1 })).events;
    return { passed, ...(after ? { recordedAt: after.recordedAt } : {}) };
  }

  /** A page as it travels to the caller: what nothing has to look at is as it is stored. */
  async pageFor(request: LogReadRequest): Promise<LogPage | PackedPage> {
    const { after, packed } = request;
    const isAsStored = packed && this.#erasures.pending.size === 0;
    const stored = isAsStored ? this.#table.storedPage?.(request, this.lifting) : undefined;
    if (stored) return stored;
    const old = isAsStored && (after ?? 0) + 1 < this.#table.first ? await this.#earlier.storedPage(request, this.#table.head) : undefined;
    return old ?? asAskedFor(request, await this.page(request));
  }

  async page(request: LogReadRequest): Promise<LogPage> {
    const events: LoggedEvent[] = [];
    let { after, limit, bytes = PAGE_BYTES } = request;
    for (;;) {
      const rest = { ...request, after, limit, bytes };
      // As of now: an erasure that is carried out while the page is on its way may be too late for the page.
      const { pending } = this.#erasures;
      const part = await this.#earlier.page(rest, this.#table.head);
      const page = part?.page ?? this.#table.page(rest);
      // The bytes that are left may not be enough for the next segment's first event; a page of its own has it.
      const [first] = page.events;
      if (first && events.length > 0 && bytesOf(first) > bytes) return { events, next: after, head: this.#table.head };
      for (const event of page.events) events.push(lift(this.#app, event.stream, blanked(event, pending)));
      limit -= page.events.length;
      bytes -= page.events.reduce((sum, event) => sum + bytesOf(event), 0);
      after = page.next;
      // A page without events says that there are none up to `next`: it does not end just because a segment does.
      const mayGoOn = events.length > 0 || Math.abs((after ?? 0) - (request.after ?? this.#table.head + 1)) < SCAN_EVENTS;
      const goesOn = part && after === part.end && after !== request.to && limit > 0 && bytes > 0 && mayGoOn;
      if (!goesOn) return { events, next: after, head: this.#table.head };
    }
  }
}
