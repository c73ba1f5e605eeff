/** The log as one long answer: an export. */

import { bytesOf, eventJson } from "../core/event.ts";
import { CONSUMER_BATCH_BYTES, PAGE_EVENTS } from "../core/limits.ts";
import { EXPORT_BYTES, EXPORT_EVENTS } from "./limits.ts";
import type { Store } from "../store/store.ts";
import type { LogFilter, LogRpc } from "../store/log-protocol.ts";
import { SearchQuery, correlated, filterOf, firstSince, requireWithin } from "./log-query.ts";
import { callerOf } from "./auth-caller.ts";
import { categoryLines, consumerLines } from "./definition-lines.ts";
import { line, ndjson } from "./ndjson.ts";
import { Problem } from "./problem.ts";
import { Flag, type HttpContext, WholeNumber, queryOf, storeOf } from "./request.ts";

export const ExportQuery = SearchQuery.extend({
  /** Also what the store has declared. */
  definitions: Flag,
  after: WholeNumber.default(0),
  to: WholeNumber.optional(),
  limit: WholeNumber.refine((limit) => limit >= 1 && limit <= EXPORT_EVENTS, `from 1 to ${EXPORT_EVENTS}`).optional(),
});

/** `GET /log` with `Accept: application/x-ndjson`: one event a line, up to `to` or the head at arrival; with `limit` a piece of it. */
export async function exportLog(context: HttpContext): Promise<Response> {
  const { after: asked, to, limit, correlationId, since, definitions, ...filters } = queryOf(context, ExportQuery);
  const store = storeOf(context);
  const { log } = store;
  if (definitions && callerOf(context)?.scope) throw new Problem("forbidden", "definitions concern the whole store");
  const head = await log.head();
  requireWithin("after", asked, head);
  const after = Math.max(asked, (await firstSince(context, since)) - 1);
  const filter = { ...filterOf(context, filters), ...(correlationId === undefined ? {} : { correlationId }) };
  const end = Math.min(to ?? head, head);
  const events = linesOf(log, filter, { after, to: end, head, limit });
  return ndjson(context, definitions ? withDefinitions(store, events) : events, { vary: "accept" });
}

/** Categories first, and views and processors after the events; a piece that is not the last one ends without them. */
async function* withDefinitions(store: Store, events: AsyncGenerator<string, void>): AsyncGenerator<string, void> {
  yield* categoryLines(store);
  let end: string | undefined;
  for await (const text of events) {
    end = text.startsWith(END) ? text : undefined;
    if (end === undefined) yield text;
  }
  if (!end?.startsWith(`${END}true`)) yield* consumerLines(store);
  if (end !== undefined) yield end;
}

/** The beginning of the line with which a piece ends. */
const END = '{"hasMore":';

interface Range {
  readonly after: number;
  readonly to: number;
  readonly head: number;
  /** Events of a piece; without it all. */
  readonly limit: number | undefined;
}

/**
 * A page at a time. Pages without events that pass the filter are skipped. A piece ends with a line that says where the next one begins.
 */
async function* linesOf(log: LogRpc, filter: LogFilter, { after, to, head, limit }: Range): AsyncGenerator<string, void> {
  let position = after;
  let left = limit ?? Number.POSITIVE_INFINITY;
  let bytesLeft = limit === undefined ? Number.POSITIVE_INFINITY : EXPORT_BYTES;
  while (position < to && left > 0 && bytesLeft > 0) {
    const page = await log.read({ ...filter, after: position, to, limit: Math.min(left, PAGE_EVENTS), bytes: CONSUMER_BATCH_BYTES });
    const events = correlated(page.events, filter);
    if (events.length > 0) yield events.map((event) => line(eventJson(event.stream, event, event.position))).join("");
    left -= events.length;
    bytesLeft -= events.reduce((sum, event) => sum + bytesOf(event), 0);
    position = page.next ?? to;
  }
  // It begins with END.
  if (limit !== undefined) yield line(JSON.stringify({ hasMore: position < to, next: position, head }));
}
