/** How a webhook stands, for those who look after it. */

import type { Books } from "./books.ts";
import { type Configuration, shownSettings } from "./configuration.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { BlockedReport, WebhookReport } from "../store/webhook-protocol.ts";
import { replayReports } from "./replay.ts";
import type { Blocked } from "./waiting.ts";

/** @param books undefined: it has not begun; it will, after `start` */
export function reportOf(
  id: string,
  origin: WebhookReport["origin"],
  configuration: Configuration,
  { status, disabled }: Pick<Lifecycle, "status" | "disabled">,
  books: Books | undefined,
  start: number,
): WebhookReport {
  const now = Date.now();
  const { lastSuccessAt, failingSince, failures = 0 } = books?.tally.health.record ?? {};
  const successRate = books?.tally.health.successRate(now);
  const closedUntil = books?.tally.health.closedUntil ?? 0;
  const blocked = books?.waits.blocked;
  const isLive = !books || !books.feeds.own.mayHaveMore || (books.feeds.own.size === 0 && !books.waits.isFull);
  return {
    id,
    ...shownSettings(configuration),
    origin,
    status: status ?? (isLive ? "live" : "catching-up"),
    ...(disabled ? { disabled } : {}),
    position: books ? books.feeds.own.taken : start,
    pending: books?.pending ?? 0,
    parked: books?.ledger.parked() ?? 0,
    attempts: failures,
    ...(books?.tally.lastFailure && failures > 0 ? { lastError: books.tally.lastFailure } : {}),
    totals: books?.tally.totals ?? { delivered: 0, failed: 0, parked: 0, skipped: 0 },
    health: {
      ...(successRate === undefined ? {} : { successRate }),
      ...(lastSuccessAt === undefined ? {} : { lastSuccessAt: toTime(lastSuccessAt) }),
      ...(failingSince === undefined ? {} : { failingSince: toTime(failingSince) }),
      ...(closedUntil > now ? { nextAttemptAt: toTime(closedUntil) } : {}),
    },
    ...(blocked ? { blocked: blockedReport(blocked) } : {}),
    replays: replayReports(books),
  };
}

function blockedReport({ streams, since, fullSince }: Blocked): BlockedReport {
  return { streams, since: toTime(since), ...(fullSince === undefined ? {} : { fullSince: toTime(fullSince) }) };
}

/** RFC 3339 UTC. */
function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
