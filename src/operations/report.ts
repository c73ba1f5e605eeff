/** How far every consumer of a store is. */

import type { Store } from "../store/store.ts";
import { type ConsumerReport, type Found, type Skipped, readingOf } from "../consumers/report.ts";
import { consumersInCode } from "../definitions/consumers.ts";
import { declaredConsumers } from "./declared.ts";
import { STATE_TABLES, kindOf } from "./kinds.ts";
import { type LagSeconds, withLag } from "./lag.ts";

/** @param only the names that are wanted; without it all */
export async function reportConsumers(given: Store, only = (_name: string) => true): Promise<Reported[]> {
  const store = given.remembering();
  const { inCode } = store.definitions;
  const [head, names] = await Promise.all([store.log.head(), consumersOf(store)]);
  const reports = await withLag(store.log, await findConsumers(store, names.filter(only), head));
  return reports.map(({ name, kind, ...rest }) => ({ name, kind, origin: inCode.hasConsumer(name) ? "code" : "api", ...rest }));
}

type Reported = ConsumerReport & LagSeconds & { readonly origin: "code" | "api" };

/** The names of all consumers: those in the code, those in the catalog, and the webhooks that were added at run time, by name. */
export async function consumersOf({ app, variables, log, definitions }: Store): Promise<string[]> {
  const [subscribers, declared] = await Promise.all([log.subscribers(), definitions.overHttp()]);
  const known = [
    ...consumersInCode(app, variables).names,
    ...declaredConsumers(definitions, declared).consumers.map((one) => one.consumer),
  ];
  // The log also keeps the catalog's, as it knew them last.
  return [...known, ...subscribers.filter((name) => definitions.mayBeWebhook(name)).toSorted()];
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
