/** The figures of one store: its log, who follows it, and its webhooks. All of them are read from what is stored, none from the memory of this worker. */

import { METRICS_WEBHOOKS } from "../core/limits.ts";
import type { LogSize } from "../store/log-protocol.ts";
import type { Store } from "../store/store.ts";
import { Budget, capsOf } from "../core/budget.ts";
import { databaseOf } from "../views/database.ts";
import type { WebhookReport } from "../store/webhook-protocol.ts";
import { activeWebhooks, isWebhook } from "../definitions/consumers.ts";
import { type ConsumerReport, findConsumers, foundWebhook } from "./report.ts";
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
  const webhooks = [...activeWebhooks(app, store.variables).map(({ name }) => name), ...subscribers.toSorted()];
  const [reports, databases] = await Promise.all([findConsumers(store, (name) => !isWebhook(app, name)), measureDatabases(store)]);
  // What comes next is asked once, for all.
  const most = Math.max(0, budget.left - 1);
  const measured = webhooks.slice(0, Math.min(METRICS_WEBHOOKS, most));
  const webhookReports = await Promise.all(measured.map((name) => store.webhook(name).report()));
  const found = [...reports, ...measured.map((name, index) => foundWebhook(name, webhookReports[index], size.head))];
  const consumers = (await withLag(log, found)).map((report, index) => {
    const webhook = webhookReports[index - reports.length];
    return { report, lagSeconds: report.lagSeconds, ...(webhook ? { webhook } : {}) };
  });
  return { log: size, consumers, webhooks: { all: webhooks.length, measured: webhookReports.length }, databases };
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
