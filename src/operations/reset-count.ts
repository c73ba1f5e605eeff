/** How many events a reset would run again. Counting changes nothing. */

import { CONSUMER_BATCH_BYTES, PAGE_EVENTS, RESET_COUNT_MS } from "../core/limits.ts";
import type { Store } from "../store/store.ts";
import { Budget, capsOf } from "../core/budget.ts";
import { processorConsumer } from "../processors/processor-consumer.ts";
import { generationsOf } from "../views/generations.ts";
import { viewConsumer } from "../views/projector.ts";
import { type ControlOutcome, VIEW_RESETS_TO_ZERO } from "./control.ts";
import type { Consumer } from "../consumers/consumer.ts";
import { isWebhook } from "../definitions/consumers.ts";

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

/**
 * Counts what a reset to a position would run again.
 *
 * @returns undefined when there is no such consumer
 */
export async function countReset(
  store: Store,
  name: string,
  from = 0,
): Promise<ResetCount | Exclude<ControlOutcome, { outcome: "done" }> | undefined> {
  const view = store.app.views.get(name);
  if (view) {
    if (from !== 0) return { outcome: "not-possible", detail: VIEW_RESETS_TO_ZERO };
    const { skipped } = await generationsOf(store, view);
    return count(viewConsumer(store, view), from, skipped);
  }
  if (isWebhook(store.app, name)) return countDeliveries(store, name, from);
  const processor = store.app.processors.get(name);
  return processor && count(processorConsumer(store, processor), from);
}

async function count(
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

/** What a webhook delivers is also a matter of its predicate, which its object knows. */
async function countDeliveries(store: Store, name: string, from: number): Promise<ResetCount | undefined> {
  const counted = await store.webhook(name).countReplay({ from: { position: from + 1 } });
  if (counted && "refused" in counted) return { consumer: name, from, events: 0, position: from, to: from }; // there is nothing after `from`
  return counted && { consumer: name, from, ...counted };
}
