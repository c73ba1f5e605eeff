/** Finds an event by its id, for support work: the log has no index over ids, so it is searched from its end. */

import { accepts } from "hono/accepts";
import * as z from "zod";
import { CLOUD_EVENTS_TYPE, CLOUD_EVENT_TYPE, cloudEventJson } from "../core/cloudevents.ts";
import { type LoggedEvent, eventJson } from "../core/event.ts";
import { PAGE_EVENTS, SCAN_EVENTS } from "../core/limits.ts";
import { SEARCH_EVENTS } from "./limits.ts";
import { UUID } from "../core/names.ts";
import { theOne } from "./answers.ts";
import { visibleOf } from "./log-query.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, WholeNumber, linkTo, queryOf, storeOf } from "./request.ts";
import { jsonText } from "./response.ts";

export const SearchQuery = z.object({
  /** The position before which to search: where an earlier search stopped. */
  after: WholeNumber.optional(),
});

/**
 * `GET /log/events/{id}`. Stops when it finds something, at the log's beginning, or after {@link SEARCH_EVENTS} entries. Unless that was
 * the beginning, `next` continues from there: another stream may have an event with the same id.
 */
export async function searchEvents(context: HttpContext): Promise<Response> {
  const id = context.req.param("id") ?? "";
  if (!UUID.test(id)) throw new Problem("invalid-request", "an event's id is a UUID");
  const log = storeOf(context).log;
  let after: number | null = queryOf(context, SearchQuery).after ?? null;
  let events: readonly LoggedEvent[] = [];
  for (let seen = 0; seen < SEARCH_EVENTS && events.length === 0; seen += SCAN_EVENTS) {
    const page = await log.read({ ...visibleOf(context, {}), after, limit: PAGE_EVENTS, direction: "backward", id: id.toLowerCase() });
    events = page.events;
    after = page.next;
    if (after === null) break;
  }
  const next = after === null ? undefined : linkTo(context, { after });
  const form = accepts(context, {
    header: "Accept",
    supports: ["application/json", CLOUD_EVENTS_TYPE, CLOUD_EVENT_TYPE],
    default: "application/json",
  });
  if (form !== "application/json") return asCloudEvents(context, form, events, next);
  const found = events.map((event) => eventJson(event.stream, event, event.position)).join(",");
  if (next === undefined) return jsonText(`{"events":[${found}],"hasMore":false}`, 200, { vary: "accept" });
  const headers = { vary: "accept", link: `<${next}>; rel="next"` };
  return jsonText(`{"events":[${found}],"hasMore":true,"next":${JSON.stringify(next)}}`, 200, headers);
}

function asCloudEvents(context: HttpContext, form: string, events: readonly LoggedEvent[], next: string | undefined): Response {
  const json = (event: LoggedEvent) => cloudEventJson(storeOf(context).name, event.stream, event, event.position);
  const text = form === CLOUD_EVENT_TYPE ? json(theOne(events)) : `[${events.map(json).join(",")}]`;
  return jsonText(text, 200, { vary: "accept", "content-type": form, ...(next === undefined ? {} : { link: `<${next}>; rel="next"` }) });
}
