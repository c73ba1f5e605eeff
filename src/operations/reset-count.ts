/** How many events a reset would run again. Counting changes nothing. */

import type { App } from "../definitions/app.ts";
import { Budget, capsOf } from "../core/budget.ts";
import { CONSUMER_BATCH_BYTES, PAGE_EVENTS, RESET_COUNT_MS } from "../core/limits.ts";
import { logOf, webhookOf } from "../store/objects.ts";
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
  app: App,
  env: Env,
  store: string,
  name: string,
  from = 0,
): Promise<ResetCount | Exclude<ControlOutcome, { outcome: "done" }> | undefined> {
  const view = app.views.get(name);
  if (view) {
    if (from !== 0) return { outcome: "not-possible", detail: VIEW_RESETS_TO_ZERO };
    const { skipped } = await generationsOf(env, store, view);
    return count(env, viewConsumer(env, store, view), from, skipped);
  }
  if (isWebhook(app, name)) return countDeliveries(env, store, name, from);
  const processor = app.processors.get(name);
  return processor && count(env, processorConsumer(app, env, store, processor), from);
}

async function count(
  env: Env,
  { name, store, types, categories }: Consumer,
  from: number,
  skipped: ReadonlySet<number> = new Set(),
): Promise<ResetCount> {
  const log = logOf(env, store);
  const to = await log.head();
  const budget = new Budget(capsOf(env));
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
async function countDeliveries(env: Env, store: string, name: string, from: number): Promise<ResetCount | undefined> {
  const counted = await webhookOf(env, store, name).countReplay({ from: { position: from + 1 } });
  if (counted && "refused" in counted) return { consumer: name, from, events: 0, position: from, to: from }; // there is nothing after `from`
  return counted && { consumer: name, from, ...counted };
}
