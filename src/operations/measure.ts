/**
 * The figures of one store: its log, its consumers, and its webhooks. All of them are read from what is stored, none from the memory of
 * this worker.
 */

import { METRICS_WEBHOOKS } from "./limits.ts";
import type { LogSize } from "../store/log-protocol.ts";
import type { Store } from "../store/store.ts";
import { Budget, capsOf } from "../core/budget.ts";
import type { ConsumerReport } from "../consumers/report.ts";
import type { WebhookReport } from "../store/webhook-protocol.ts";
import { consumersOf, findConsumers } from "./report.ts";
import { kindOf } from "./kinds.ts";
import { withLag } from "./lag.ts";

/** A consumer, and how long the next event has been waiting for it. */
export interface Measured {
  readonly report: ConsumerReport;
  /** Seconds since the event after its position was recorded; 0: there is none. */
  readonly lagSeconds: number;
  readonly webhook?: WebhookReport;
}

export interface StoreFigures {
  readonly log: LogSize;
  readonly consumers: readonly Measured[];
  readonly webhooks: { readonly all: number; readonly measured: number };
  /** Bytes of the databases that hold views and checkpoints, for all stores together, by binding. */
  readonly databases: ReadonlyMap<string, number>;
}

export async function measure(given: Store): Promise<StoreFigures> {
  const budget = new Budget(capsOf(given.variables));
  const store = given.counting(budget);
  const { log } = store;
  const [size, subscribers] = await Promise.all([log.size(), log.subscribers()]);
  const names = consumersOf(store, subscribers.toSorted());
  // Each of these takes a call: there may be more than an invocation has.
  const kinds = await Promise.all(names.map((name) => kindOf(store, name)));
  const each = names.filter((_, index) => kinds[index]?.keepsOwnPlace);
  const together = names.filter((_, index) => !kinds[index]?.keepsOwnPlace);
  const [reports, databases] = await Promise.all([findConsumers(store, together, size.head), measureDatabases(store)]);
  // One question to the log, for all of them.
  const most = Math.max(0, budget.left - 1);
  const measured = each.slice(0, Math.min(METRICS_WEBHOOKS, most));
  const found = [...reports, ...(await findConsumers(store, measured, size.head))];
  const consumers = (await withLag(log, found)).map((report, index) => {
    const webhook = found[index]?.webhook;
    return { report, lagSeconds: report.lagSeconds, ...(webhook ? { webhook } : {}) };
  });
  return { log: size, consumers, webhooks: { all: each.length, measured: measured.length }, databases };
}

async function measureDatabases(store: Store): Promise<Map<string, number>> {
  const sizes = [...store.definitions.inCode.databases.keys()].map(async (binding) => {
    // Every answer of D1 contains its size.
    const { meta } = await store.database(binding).prepare(`SELECT 1`).all();
    return [binding, meta.size_after] as const;
  });
  return new Map(await Promise.all(sizes));
}
