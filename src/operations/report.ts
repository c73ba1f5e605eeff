/** How far every consumer of a store is. */

import type { Store } from "../store/store.ts";
import { type ConsumerReport, type Found, type Skipped, readingOf } from "../consumers/report.ts";
import { consumersInCode } from "../definitions/consumers.ts";
import { STATE_TABLES, kindOf } from "./kinds.ts";
import { type LagSeconds, withLag } from "./lag.ts";

/** @param only the names that are wanted; without it all */
export async function reportConsumers(store: Store, only = (_name: string) => true): Promise<(ConsumerReport & LagSeconds)[]> {
  const [head, subscribers] = await Promise.all([store.log.head(), store.log.subscribers()]);
  return withLag(store.log, await findConsumers(store, consumersOf(store, subscribers).filter(only), head));
}

/** The names of all consumers: those in the code, and those that were added at run time and subscribe to the log. */
export function consumersOf({ app, variables }: Store, subscribers: readonly string[]): string[] {
  return [...consumersInCode(app, variables).names, ...subscribers];
}

/** These consumers as their checkpoints describe them. */
export async function findConsumers(store: Store, names: readonly string[], head: number): Promise<Found[]> {
  const reading = readingOf(store.name, head, STATE_TABLES);
  const found = await Promise.all(names.map(async (name) => (await kindOf(store, name))?.report(store, name, reading)));
  return found.filter((one) => one !== undefined);
}

/** The events that an operator skipped for a consumer, the last first. */
export async function skippedBy(store: Store, name: string): Promise<Skipped[]> {
  return (await (await kindOf(store, name))?.skipped?.(store, name)) ?? [];
}
