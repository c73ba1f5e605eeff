/** Looks through the log backwards, for a bounded time: the events behind a row, and the latest events that a definition follows. */

import { type LoggedEvent, bytesOf } from "../core/event.ts";
import { CONSUMER_BATCH_BYTES, PAGE_EVENTS } from "../core/limits.ts";
import { stepsTaken } from "../definitions/expressions/run.ts";
import type { FeedFilter, LogRpc } from "../store/log-protocol.ts";
import { LOOK_BACK_BYTES, LOOK_BACK_MS, LOOK_BACK_PAGES, LOOK_BACK_STEPS } from "./limits.ts";

export interface LookBack {
  readonly filter: FeedFilter;
  /** Only events before this position; null: from the head. */
  readonly before: number | null;
  /** Events after which it ends. */
  readonly wanted: number;
  /** Pages that it reads at most; default: as many as one request may. */
  readonly pages?: number;
  /** Whether to take an event that passes the filter. It may evaluate expressions. */
  readonly isWanted?: (event: LoggedEvent) => boolean;
}

export interface Found {
  /** The latest first. */
  readonly events: readonly LoggedEvent[];
  /** Every position from here on was examined, up to `before`. 1: there are no earlier ones. */
  readonly scannedTo: number;
}

/** Ends when it has what is wanted, at the log's beginning, or when it has done as much as one request may. */
export async function lookBack(log: LogRpc, look: LookBack): Promise<Found> {
  const { filter, before, wanted, pages = LOOK_BACK_PAGES, isWanted } = look;
  const events: LoggedEvent[] = [];
  const [until, steps] = [Date.now() + LOOK_BACK_MS, stepsTaken()];
  let [after, bytes] = [before, 0];
  for (let read = 1; ; read++) {
    // One more than is missing: it shows whether there are earlier ones.
    const limit = isWanted ? PAGE_EVENTS : Math.min(PAGE_EVENTS, wanted - events.length + 1);
    const request = { ...filter, after, limit, bytes: CONSUMER_BATCH_BYTES, direction: "backward" } as const;
    const page = await log.read(request);
    for (const [index, event] of page.events.entries()) {
      if (isWanted?.(event) ?? true) {
        events.push(event);
        bytes += bytesOf(event);
      }
      const isLast = page.next === null && index === page.events.length - 1;
      const isEnough = events.length >= wanted || bytes >= LOOK_BACK_BYTES || stepsTaken() - steps >= LOOK_BACK_STEPS;
      if (isEnough && !isLast) return { events, scannedTo: event.position };
    }
    if (page.next === null) return { events, scannedTo: 1 };
    after = page.next;
    if (read >= pages || Date.now() >= until) return { events, scannedTo: after };
  }
}
