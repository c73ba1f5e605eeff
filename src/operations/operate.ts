/** An operator's word to any consumer: finds who is meant, carries the action out, and rings so that it is noticed. */

import type { Store } from "../store/store.ts";
import { processorConsumer } from "../processors/processor-consumer.ts";
import type { ConsumerAction } from "../store/stream-protocol.ts";
import { generationsOf, register, requestRebuild } from "../views/generations.ts";
import { viewConsumer } from "../views/projector.ts";
import type { View } from "../definitions/views/view.ts";
import type { Consumer } from "../consumers/consumer.ts";
import { isWebhook } from "../definitions/consumers.ts";
import { type ControlOutcome, VIEW_RESETS_TO_ZERO, control } from "./control.ts";

/**
 * Carries out an action on the consumer of that name.
 *
 * @param position `skip`: of the event that is meant; `reset`: where to begin again after
 * @returns undefined when there is no such consumer
 */
export async function operate(store: Store, name: string, action: ConsumerAction, position?: number): Promise<ControlOutcome | undefined> {
  const outcome = await carryOut(store, name, action, position);
  if (outcome?.outcome === "done") await ring(store, name);
  return outcome;
}

/** Builds a view's table anew beside the one that answers, unless one is being built. */
export async function rebuild(store: Store, view: View): Promise<void> {
  await requestRebuild(store, view);
  await ring(store, view.name);
}

async function carryOut(store: Store, name: string, action: ConsumerAction, position?: number): Promise<ControlOutcome | undefined> {
  const view = store.app.views.get(name);
  if (view) {
    if (action !== "reset") return controlView(store, view, action, position);
    if (position !== undefined && position !== 0) return { outcome: "not-possible", detail: VIEW_RESETS_TO_ZERO };
    await requestRebuild(store, view);
    return { outcome: "done" };
  }
  if (isWebhook(store.app, name)) {
    const answer = await store.webhook(name).control(action, position);
    return answer && ("refused" in answer ? { outcome: "not-possible", detail: answer.refused } : { outcome: "done" });
  }
  const processor = store.app.processors.get(name);
  return processor && control(processorConsumer(store, processor), action, position);
}

/** A view that is being built is two consumers: the action is for whichever it fits. */
async function controlView(store: Store, view: View, action: ConsumerAction, position?: number): Promise<ControlOutcome> {
  const { serving, stale, wanted, registered } = await generationsOf(store, view);
  if (!registered) await register(store, view);
  const tables = serving.generation === wanted.generation || stale ? [wanted] : [serving, wanted];
  const consumers: Consumer[] = tables.map((table) => viewConsumer(store, view, table));
  const outcomes: ControlOutcome[] = [];
  for (const consumer of consumers) outcomes.push(await control(consumer, action, position));
  return outcomes.find(({ outcome }) => outcome === "done") ?? (outcomes[0] as ControlOutcome);
}

/** Tells the log that the consumer has work again: it wakes it at once, and until it has done it. */
async function ring(store: Store, name: string): Promise<void> {
  await store.log.sweep(name);
}
