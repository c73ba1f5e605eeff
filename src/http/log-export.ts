/** The log as one long answer: an export. */

import { eventJson } from "../core/event.ts";
import { PAGE_EVENTS } from "../core/limits.ts";
import { logOf } from "../store/objects.ts";
import type { LogFilter, LogRpc } from "../store/log-protocol.ts";
import { FilterQuery, filterOf, requireWithin } from "./log-query.ts";
import { line, ndjson } from "./ndjson.ts";
import { type HttpContext, WholeNumber, queryOf, storeOf } from "./request.ts";

const ExportQuery = FilterQuery.extend({
  after: WholeNumber.default(0),
  to: WholeNumber.optional(),
});

/** `GET /log` with `Accept: application/x-ndjson`: one event a line, to `to` or to the head at arrival. */
export async function exportLog(context: HttpContext): Promise<Response> {
  const { after, to, ...filters } = queryOf(context, ExportQuery);
  const log = logOf(context.env, storeOf(context));
  const head = await log.head();
  requireWithin("after", after, head);
  const end = Math.min(to ?? head, head);
  return ndjson(context, linesOf(log, filterOf(filters), after, end), { vary: "accept" });
}

/** A page at a time. Pages that the filter has left empty are passed over. */
async function* linesOf(log: LogRpc, filter: LogFilter, after: number, to: number): AsyncGenerator<string, void> {
  for (let position = after; position < to;) {
    const { events, next } = await log.read({ ...filter, after: position, to, limit: PAGE_EVENTS });
    if (events.length > 0) yield events.map((event) => line(eventJson(event.stream, event, event.position))).join("");
    position = next ?? to;
  }
}
