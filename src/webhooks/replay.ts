/** Sends again what the log has of a range: with new deliveries, beside what is new. Each replay is a feed with an end. */

import { WEBHOOK_REPLAYS } from "../limits.ts";
import type { Books } from "./books.ts";
import type { Feed } from "./progress.ts";
import type { Refused, ReplayReport, ReplayRequest } from "./protocol.ts";

/**
 * Begins a replay of what the log has so far, or says why not. A range of time is looked for in the whole log, page by page:
 * `recordedAt` may run backwards along positions, so no shorter way would find all of it.
 */
export function addReplay(books: Books, { from, to }: ReplayRequest, head: number): ReplayReport | Refused {
  if (books.feeds.others.length >= WEBHOOK_REPLAYS)
    return { refused: `${WEBHOOK_REPLAYS} replays are under way; wait until one has ended` };
  const end = to && "position" in to ? Math.min(to.position, head) : head;
  const settled = "position" in from ? Math.max(0, from.position - 1) : 0;
  if (settled >= end) return { refused: `the log has nothing between them: its head is at ${head}` };
  const feed = books.addReplay({
    settled,
    end,
    ...("time" in from ? { since: from.time } : {}),
    ...(to && "time" in to ? { until: to.time } : {}),
  });
  return toReport(feed, settled, end);
}

export function replayReports(books: Books | undefined): ReplayReport[] {
  return (books?.feeds.windows ?? []).flatMap(({ feed, settled }) => (feed.end === undefined ? [] : [toReport(feed, settled, feed.end)]));
}

function toReport({ run }: Feed, position: number, to: number): ReplayReport {
  return { id: run, position, to };
}
