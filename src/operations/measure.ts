/**
 * The figures of one store: of its log, its consumers, its sources and its databases. All of them are read from what is stored, none from the memory of
 * this worker.
 */

import { METRICS_WEBHOOKS } from "./limits.ts";
import type { LogSize } from "../store/log-protocol.ts";
import type { Store } from "../store/store.ts";
import { Budget, capsOf } from "../core/budget.ts";
import type { ConsumerReport } from "../consumers/report.ts";
import type { Family } from "../telemetry/prometheus.ts";
import { consumersOf, findConsumers } from "./report.ts";
import { KINDS, kindOf } from "./kinds.ts";
import { withLag } from "./lag.ts";
import { type ReportedSource, reportSources } from "./source-reports.ts";

/** A consumer, and how long the next event has been waiting for it. */
export interface Measured {
  readonly report: ConsumerReport;
  /** Seconds since the event after its position was recorded; 0: there is none. */
  readonly lagSeconds: number;
}

export interface StoreFigures {
  readonly log: LogSize;
  readonly consumers: readonly Measured[];
  readonly sources: readonly ReportedSource[];
  /** Those that only consumers of one kind have. */
  readonly families: readonly Family[];
  /** Bytes of the databases that hold views and checkpoints, for all stores together, by binding. */
  readonly databases: ReadonlyMap<string, number>;
}

export async function measure(given: Store): Promise<StoreFigures> {
  const budget = new Budget(capsOf(given.variables));
  const store = given.counting(budget);
  const { log } = store;
  const [size, names] = await Promise.all([log.size(), consumersOf(store)]);
  // Each of these takes a call: there may be more than an invocation has.
  const kinds = new Map(await Promise.all(names.map(async (name) => [name, await kindOf(store, name)] as const)));
  const each = names.filter((name) => kinds.get(name)?.keepsOwnPlace);
  const together = names.filter((name) => !kinds.get(name)?.keepsOwnPlace);
  const [reports, databases] = await Promise.all([findConsumers(store, together, size.head), measureDatabases(store)]);
  // One question to the log, for all of them.
  const most = Math.max(0, budget.left - 1);
  const found = [...reports, ...(await findConsumers(store, each.slice(0, Math.min(METRICS_WEBHOOKS, most)), size.head))];
  const families = KINDS.flatMap((kind) => {
    const all = names.filter((name) => kinds.get(name) === kind).length;
    return (
      kind.families?.(
        store.name,
        found.filter(({ report }) => report.kind === kind.name),
        all,
      ) ?? []
    );
  });
  const consumers = (await withLag(log, found)).map((report) => ({ report, lagSeconds: report.lagSeconds }));
  // Last, with the calls that are left.
  const sources = await reportSources(store);
  return { log: size, consumers, sources, families, databases };
}

async function measureDatabases(store: Store): Promise<Map<string, number>> {
  const sizes = [...store.definitions.inCode.databases.keys()].map(async (binding) => {
    // Every answer of D1 contains its size.
    const { meta } = await store.database(binding).prepare(`SELECT 1`).all();
    return [binding, meta.size_after] as const;
  });
  return new Map(await Promise.all(sizes));
}
