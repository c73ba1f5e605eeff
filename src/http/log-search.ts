/** Finding an event by its id, for support work: the log has no index over ids, so it is looked through from its end. */

import { z } from "zod";
import { type LoggedEvent, eventJson } from "../event.ts";
import { PAGE_EVENTS, SCAN_EVENTS, SEARCH_EVENTS } from "../limits.ts";
import { UUID } from "../names.ts";
import { logOf } from "../objects.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, WholeNumber, linkTo, queryOf, storeOf } from "./request.ts";
import { jsonText } from "./response.ts";

export const SearchQuery = z.object({
  /** The position before which to look: where an earlier search stopped. */
  after: WholeNumber.optional(),
});

/**
 * `GET /log/events/{id}`. Stops where it finds something, at the log's beginning, or after {@link SEARCH_EVENTS} entries.
 * Unless that was the beginning, `next` goes on from there: another stream may have an event of the same id.
 */
export async function searchEvents(context: HttpContext): Promise<Response> {
  const id = context.req.param("id") ?? "";
  if (!UUID.test(id)) throw new Problem("invalid-request", "an event's id is a UUID");
  const log = logOf(context.env, storeOf(context));
  let after: number | null = queryOf(context, SearchQuery).after ?? null;
  let events: readonly LoggedEvent[] = [];
  for (let seen = 0; seen < SEARCH_EVENTS && events.length === 0; seen += SCAN_EVENTS) {
    const page = await log.read({ after, limit: PAGE_EVENTS, direction: "backward", id: id.toLowerCase() });
    events = page.events;
    after = page.next;
    if (after === null) break;
  }
  const found = events.map((event) => eventJson(event.stream, event, event.position)).join(",");
  if (after === null) return jsonText(`{"events":[${found}],"hasMore":false}`);
  const next = linkTo(context, { after });
  return jsonText(`{"events":[${found}],"hasMore":true,"next":${JSON.stringify(next)}}`, 200, { link: `<${next}>; rel="next"` });
}
