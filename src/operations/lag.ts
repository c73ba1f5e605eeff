/**
 * How late consumers are: by how many positions, and by the age of the first event that they still have to process. A consumer that has
 * nothing to process up to the head is not late, wherever its checkpoint is.
 */

import type { ConsumerReport, Found } from "../consumers/report.ts";
import type { LogRpc } from "../store/log-protocol.ts";

export interface LagSeconds {
  /** Seconds since the log's event after `position` was recorded; 0: there is none. */
  readonly lagSeconds: number;
}

/** The reports of consumers, past all events that do not concern them: one question to the log, and none if all are at the head. */
export async function withLag(log: Pick<LogRpc, "nextFor">, found: readonly Found[]): Promise<(ConsumerReport & LagSeconds)[]> {
  const late = found.filter(({ report }) => report.lag > 0);
  // A paused consumer passes nothing.
  const readings = late.map(({ report, filter }) => ({ ...(report.status === "paused" ? {} : filter), after: report.position }));
  const answers = late.length > 0 ? await log.nextFor(readings) : [];
  const next = new Map(late.map((one, index) => [one, answers[index]]));
  const now = Date.now();
  return found.map((one) => {
    const { report } = one;
    const { passed = report.position, recordedAt = now } = next.get(one) ?? {};
    const position = Math.min(passed, report.head);
    const lag = report.head - position;
    if (lag <= 0) return { ...report, position, lag: 0, lagSeconds: 0, ...(report.status === "catching-up" ? { status: "live" } : {}) };
    return { ...report, position, lag, lagSeconds: Math.max(0, now - recordedAt) / 1_000 };
  });
}
