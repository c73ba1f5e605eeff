/** How many events a reset would run again. Counting changes nothing. */

import * as z from "zod";
import { type Answer, Name, Position, Whole } from "../core/answer.ts";
import { CONSUMER_BATCH_BYTES, PAGE_EVENTS } from "../core/limits.ts";
import { RESET_COUNT_MS } from "./limits.ts";
import { Budget, capsOf } from "../core/budget.ts";
import type { Consumer } from "./consumer.ts";

export const ResetCount = z.object({
  consumer: Name,
  from: Position.describe("The position after which it would begin again."),
  events: Whole.describe("How many events it would process or deliver again, up to `position`."),
  position: Position.describe("The last position that was counted. It is before `to` if counting took too long."),
  to: Position.describe("The log's head."),
});
export type ResetCount = Answer<typeof ResetCount>;

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
