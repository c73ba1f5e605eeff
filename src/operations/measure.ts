/** The figures of one store: its log, who follows it, and its webhooks. All of them are read from what is stored, none from the memory of this worker. */

import { METRICS_WEBHOOKS } from "./limits.ts";
import type { LogSize } from "../store/log-protocol.ts";
import type { Store } from "../store/store.ts";
import { Budget, capsOf } from "../core/budget.ts";
import type { ConsumerReport } from "../consumers/report.ts";
import { databaseOf } from "../views/database.ts";
import type { WebhookReport } from "../store/webhook-protocol.ts";
import { keepsOwnPlace } from "../definitions/consumers.ts";
import { consumersOf, findConsumers } from "./report.ts";
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
  const { app, log } = store;
  const [size, subscribers] = await Promise.all([log.size(), log.subscribers()]);
  const names = consumersOf(store, subscribers.toSorted());
  // Each of these takes a call: there may be more than an invocation has.
  const each = names.filter((name) => keepsOwnPlace(app, name));
  const together = names.filter((name) => !keepsOwnPlace(app, name));
  const [reports, databases] = await Promise.all([findConsumers(store, together, size.head), measureDatabases(store)]);
  // What comes next is asked once, for all.
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
  const databases = new Map([["VIEWS", store.database()]]);
  for (const view of store.app.views.values()) databases.set(view.database ?? "VIEWS", databaseOf(store, view));
  const sizes = [...databases].map(async ([binding, db]) => {
    // D1 says with every answer how large it is.
    const { meta } = await db.prepare(`SELECT 1`).all();
    return [binding, meta.size_after] as const;
  });
  return new Map(await Promise.all(sizes));
}
