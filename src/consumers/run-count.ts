/** How many events an operator's action would make a consumer process. Counting changes nothing. */

import * as z from "zod";
import { type Answer, Name, Position, Whole } from "../core/answer.ts";
import { CONSUMER_BATCH_BYTES, PAGE_EVENTS } from "../core/limits.ts";
import { ConsumerError } from "../definitions/hooks.ts";
import { RESET_COUNT_MS } from "./limits.ts";
import { Budget, capsOf } from "../core/budget.ts";
import type { Consumer } from "./consumer.ts";

export const RunCount = z.object({
  consumer: Name,
  from: Position.describe("The position after which the consumer would continue or, after a reset, begin again."),
  events: Whole.describe("How many events it would process or deliver, up to `position`."),
  position: Position.describe("The last position that was counted. It is before `to` if counting took too long."),
  to: Position.describe("The log's head."),
  skips: ConsumerError.shape.event.describe("The event that `skip` would pass over."),
  deliveries: Whole.optional().describe("Deliveries of a webhook that `retry` or `resume` would attempt again, or that `skip` would park."),
});
export type RunCount = Answer<typeof RunCount>;

/** @param skipped positions of events that it passes over */
export async function countEvents(
  { name, store, types, categories }: Consumer,
  from: number,
  skipped: ReadonlySet<number> = new Set(),
): Promise<RunCount> {
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
