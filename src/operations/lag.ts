/**
 * How late consumers are: by how many positions, and by the age of the first event that they have yet to process. A consumer that has
 * nothing to process up to the head is not late, wherever its checkpoint is.
 */

import type { EventFilter } from "../core/event.ts";
import type { LogRpc } from "../store/log-protocol.ts";
import type { ConsumerStatus } from "../store/stream-protocol.ts";

export interface LagSeconds {
  /** Seconds since the log's event after `position` was recorded; 0: there is none. */
  readonly lagSeconds: number;
}

/** Where a consumer is. */
interface Place {
  readonly status: ConsumerStatus;
  readonly position: number;
  readonly head: number;
  readonly lag: number;
}

/** A consumer as its checkpoint has it. */
export interface Found<Report extends Place> {
  readonly report: Report;
  /** The events that it handles. Without it all: a table whose code is gone stays where it is. */
  readonly filter?: EventFilter;
}

/** The reports of consumers, past all that is not for them: one question to the log, and none when all are at the head. */
export async function withLag<Report extends Place>(
  log: Pick<LogRpc, "nextFor">,
  found: readonly Found<Report>[],
): Promise<(Report & LagSeconds)[]> {
  const late = found.filter(({ report }) => report.lag > 0);
  // One that is paused passes nothing.
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
