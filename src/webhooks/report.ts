/** The state of a webhook, for operators. */

import type { Ledger } from "../deliveries/ledger.ts";
import { type Configuration, shownSettings } from "./configuration.ts";
import type { Lifecycle } from "../deliveries/lifecycle.ts";
import type { BlockedReport, WebhookReport } from "../store/webhook-protocol.ts";
import { replayReports } from "../deliveries/replay.ts";
import type { BlockedSummary } from "../deliveries/waiting.ts";

/** @param ledger undefined: it has not begun; it will, after `start` */
export function reportOf(
  id: string,
  origin: WebhookReport["origin"],
  configuration: Configuration,
  { status, disabled }: Pick<Lifecycle, "status" | "disabled">,
  ledger: Ledger | undefined,
  start: number,
): WebhookReport {
  const now = Date.now();
  const { lastSuccessAt, failingSince, failures = 0 } = ledger?.statistics.health.record ?? {};
  const successRate = ledger?.statistics.health.successRate(now);
  const closedUntil = ledger?.statistics.health.closedUntil ?? 0;
  const blocked = ledger?.waits.summary;
  const isLive = !ledger || !ledger.feeds.own.mayHaveMore || (ledger.feeds.own.size === 0 && !ledger.waits.isFull);
  return {
    id,
    ...shownSettings(configuration),
    origin,
    status: status ?? (isLive ? "live" : "catching-up"),
    ...(disabled ? { disabled } : {}),
    position: ledger ? ledger.feeds.own.taken : start,
    pending: ledger?.pending ?? 0,
    parked: ledger?.table.parked() ?? 0,
    attempts: failures,
    ...(ledger?.statistics.lastFailure && failures > 0 ? { lastError: ledger.statistics.lastFailure } : {}),
    totals: ledger?.statistics.totals ?? { delivered: 0, failed: 0, parked: 0, skipped: 0 },
    health: {
      ...(successRate === undefined ? {} : { successRate }),
      ...(lastSuccessAt === undefined ? {} : { lastSuccessAt: toTime(lastSuccessAt) }),
      ...(failingSince === undefined ? {} : { failingSince: toTime(failingSince) }),
      ...(closedUntil > now ? { nextAttemptAt: toTime(closedUntil) } : {}),
    },
    ...(blocked ? { blocked: blockedReport(blocked) } : {}),
    replays: replayReports(ledger),
  };
}

function blockedReport({ streams, since, fullSince }: BlockedSummary): BlockedReport {
  return { streams, since: toTime(since), ...(fullSince === undefined ? {} : { fullSince: toTime(fullSince) }) };
}

/** RFC 3339 UTC. */
function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
