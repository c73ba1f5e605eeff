/** The log as one long answer: an export. */

import { eventJson } from "../event.ts";
import { PAGE_EVENTS } from "../limits.ts";
import { logOf } from "../objects.ts";
import { FilterQuery, filterOf } from "./log-query.ts";
import { type HttpContext, WholeNumber, queryOf, storeOf } from "./request.ts";

const ExportQuery = FilterQuery.extend({
  after: WholeNumber.default(0),
  to: WholeNumber.optional(),
});

/**
 * `GET /log` with `Accept: application/x-ndjson`: one event a line, to `to` or to the head at arrival.
 * A page is read when the one before it has been taken. If the log fails on the way, the answer breaks off without its end.
 */
export async function exportLog(context: HttpContext): Promise<Response> {
  const { after, to, ...filters } = queryOf(context, ExportQuery);
  const log = logOf(context.env, storeOf(context));
  const end = Math.min(to ?? Number.POSITIVE_INFINITY, await log.head());
  const utf8 = new TextEncoder();
  let position = after;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let lines = "";
        while (lines === "" && position < end) {
          const page = await log.read({ after: position, to: end, limit: PAGE_EVENTS, ...filterOf(filters) });
          lines = page.events.map((event) => `${oneLine(eventJson(event.stream, event, event.position))}\n`).join("");
          position = page.next ?? end;
        }
        if (lines === "") controller.close();
        else controller.enqueue(utf8.encode(lines));
      },
    },
    { highWaterMark: 0 }, // a page in memory at a time
  );
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

/** JSON may have line breaks between its tokens, and nowhere else. */
function oneLine(json: string): string {
  return json.replaceAll(/[\r\n]+/g, " ");
}
