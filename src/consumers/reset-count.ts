/** How many events a reset would run again. Counting changes nothing. */

import { CONSUMER_BATCH_BYTES, PAGE_EVENTS, RESET_COUNT_MS } from "../core/limits.ts";
import { Budget, capsOf } from "../core/budget.ts";
import type { Consumer } from "./consumer.ts";

export interface ResetCount {
  readonly consumer: string;
  /** The position after which it would begin again. */
  readonly from: number;
  /** Events between `from` and `position` that it would process again, or deliver. */
  readonly events: number;
  /** The last position that was counted: before `to` when counting took too long. */
  readonly position: number;
  /** The log's head: the last position that it would run to now. */
  readonly to: number;
}

/** @param skipped positions of events that it passes over */
export async function countEvents(
  { name, store, types, categories }: Consumer,
  from: number,
  skipped: ReadonlySet<number> = new Set(),
): Promise<ResetCount> {
  const log = store.log;
  const to = await log.head();
  const budget = new Budget(capsOf(store.variables));
  const deadline = Date.now() + RESET_COUNT_MS;
  let [events, position] = [0, from];
  while (position < to && Date.now() < deadline && budget.fits(1)) {
    budget.spend(1);
    const page = await log.read({ types, categories, after: position, to, limit: PAGE_EVENTS, bytes: CONSUMER_BATCH_BYTES });
    events += page.events.filter((event) => !event.erased && !skipped.has(event.position)).length;
    if (page.next === null || page.next <= position) break;
    position = page.next;
  }
  return { consumer: name, from, events, position, to };
}
