/** How late consumers are, in time: the age of the first event whose effects they have not committed. */

import type { LogRpc } from "../store/log-protocol.ts";
import { logOf } from "../store/objects.ts";
import type { ConsumerReport } from "./report.ts";

export interface LagSeconds {
  /** Seconds since the log's event after `position` was recorded; 0: there is none. */
  readonly lagSeconds: number;
}

/** The reports, each with its lag in seconds. */
export async function withLagSeconds(
  env: Env,
  store: string,
  reports: readonly ConsumerReport[],
): Promise<(ConsumerReport & LagSeconds)[]> {
  const ages = new Ages(logOf(env, store), Date.now());
  return Promise.all(reports.map(async (report) => ({ ...report, lagSeconds: await ages.lagOf(report) })));
}

/** How long events have been in the log. Consumers that stand at the same place ask once. */
export class Ages {
  readonly #log: LogRpc;
  readonly #now: number;
  readonly #known = new Map<number, Promise<number>>();

  constructor(log: LogRpc, now: number) {
    this.#log = log;
    this.#now = now;
  }

  /** Seconds since the event after a consumer's position was recorded; 0: there is none. */
  async lagOf({ position, lag }: Pick<ConsumerReport, "position" | "lag">): Promise<number> {
    if (lag === 0) return 0;
    const known = this.#known.get(position) ?? this.#ask(position);
    this.#known.set(position, known);
    return known;
  }

  async #ask(position: number): Promise<number> {
    const { events } = await this.#log.read({ after: position, limit: 1 });
    const [next] = events;
    return next ? Math.max(0, this.#now - next.recordedAt) / 1_000 : 0;
  }
}
