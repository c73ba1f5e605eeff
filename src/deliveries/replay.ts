/** Delivers a range of the log again, with new deliveries, while new events continue to arrive. Each replay is a feed with an end. */

import { CONSUMER_BATCH_BYTES, PAGE_EVENTS } from "../core/limits.ts";
import { WEBHOOK_COUNT_MS, WEBHOOK_REPLAYS } from "./limits.ts";
import type { LogRpc } from "../store/log-protocol.ts";
import type { Ledger } from "./ledger.ts";
import { isOfInterest } from "./interest.ts";
import type { Interest } from "../definitions/webhooks/webhook.ts";
import type { Feed } from "./cursor.ts";
import type { Refused, ReplayCount, ReplayReport, ReplayRequest } from "../store/webhook-protocol.ts";

/**
 * Begins a replay of the log so far, or returns why not. A range of time is searched for in the whole log, page by page: `recordedAt` may
 * run backwards along positions, so no shorter way would find all of it.
 */
export function addReplay(ledger: Ledger, { from, to }: ReplayRequest, head: number): ReplayReport | Refused {
  if (ledger.feeds.others.length >= WEBHOOK_REPLAYS)
    return { refused: `${WEBHOOK_REPLAYS} replays are under way; wait until one has ended` };
  const range = rangeOf({ from, to }, head);
  if ("refused" in range) return range;
  return toReport(ledger.addReplay(range), range.settled, range.end);
}

/** Counts what a replay would send: as its feed would choose it, page by page, for as long as one request may take. */
export async function countReplay(
  request: ReplayRequest,
  head: number,
  log: LogRpc,
  interest: Interest,
  about: { readonly ownStream: string },
): Promise<ReplayCount | Refused> {
  const range = rangeOf(request, head);
  if ("refused" in range) return range;
  const { settled, end, ...times } = range;
  const { types, categories } = interest;
  const filter = { ...(types ? { types } : {}), ...(categories ? { categories } : {}), ...times };
  const deadline = Date.now() + WEBHOOK_COUNT_MS;
  let events = 0;
  let position = settled;
  while (position < end && Date.now() < deadline) {
    const page = await log.read({ ...filter, after: position, to: end, limit: PAGE_EVENTS, bytes: CONSUMER_BATCH_BYTES });
    events += page.events.filter((event) => isOfInterest(event, interest, about, times)).length;
    if (page.next === null || page.next <= position) break;
    position = page.next;
  }
  return { events, position, to: end };
}

interface Range {
  /** The position before its first. */
  readonly settled: number;
  readonly end: number;
  readonly since?: number;
  readonly until?: number;
}

function rangeOf({ from, to }: ReplayRequest, head: number): Range | Refused {
  const end = to && "position" in to ? Math.min(to.position, head) : head;
  const settled = "position" in from ? Math.max(0, from.position - 1) : 0;
  if (settled >= end) return { refused: `the log has no events in this range: its head is at ${head}` };
  return { settled, end, ...("time" in from ? { since: from.time } : {}), ...(to && "time" in to ? { until: to.time } : {}) };
}

export function replayReports(ledger: Ledger | undefined): ReplayReport[] {
  return (ledger?.feeds.windows ?? []).flatMap(({ feed, settled }) => (feed.end === undefined ? [] : [toReport(feed, settled, feed.end)]));
}

function toReport({ run }: Feed, position: number, to: number): ReplayReport {
  return { id: run, position, to };
}
