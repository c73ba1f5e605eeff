/** `GET /views/{view}/{key}/events`: the events that a row was folded from, found by the view's own functions. */

import { eventJson } from "../core/event.ts";
import { PAGE_EVENTS } from "../core/limits.ts";
import { typeWithSql } from "../definitions/views/keys.ts";
import type { View } from "../definitions/views/view.ts";
import { awaitRow } from "../views/query.ts";
import { rowEvents } from "../views/row-events.ts";
import { callerOf } from "./auth-caller.ts";
import { seesCategory } from "./auth-scope.ts";
import { PAGE_EVENTS_DEFAULT } from "./limits.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, WholeNumber, limitOf, linkTo, queryOf, storeOf } from "./request.ts";
import { jsonText } from "./response.ts";
import { answered, headersOf, viewOf, wantedOf } from "./view-answers.ts";
import { Consistency } from "./view-query.ts";

export const RowEventsQuery = Consistency.extend({
  after: WholeNumber.optional(),
  limit: limitOf(PAGE_EVENTS, PAGE_EVENTS_DEFAULT),
});

/** Whether or not there is a row now: the events of one that was removed are asked for, too. */
export async function eventsBehindRow(context: HttpContext, key = context.req.param("key") ?? ""): Promise<Response> {
  const view = await viewOf(context);
  const { after, limit, ...consistency } = queryOf(context, RowEventsQuery);
  requireFolds(view);
  const store = storeOf(context);
  const wanted = await wantedOf(context, consistency);
  const { row: _row, ...served } = await answered(view, wanted, awaitRow(store, view, key, wanted, 0));
  const scope = callerOf(context)?.scope;
  const categories = view.followed.map(({ name }) => name).filter((name) => seesCategory(scope, name));
  const before = Math.min(after ?? Number.POSITIVE_INFINITY, served.position + 1);
  const found = await rowEvents(store, view, { key, before, limit, categories });
  const events = found.events.slice(0, limit);
  const scannedTo = (found.events.length > limit ? events.at(-1)?.position : undefined) ?? found.scannedTo;
  const next = scannedTo > 1 ? linkTo(context, { after: scannedTo }) : undefined;
  const texts = events.map((event) => eventJson(event.stream, event, event.position)).join(",");
  const rest = { categories, hasMore: next !== undefined, next, scannedTo, position: served.position };
  const link: Record<string, string> = next === undefined ? {} : { link: `<${next}>; rel="next"` };
  return jsonText(`{"events":[${texts}],${JSON.stringify(rest).slice(1)}`, 200, { ...headersOf(served), ...link });
}

/** @throws {Problem} when SQL changes rows of the view */
function requireFolds(view: View): void {
  const type = typeWithSql(view);
  if (type === undefined) return;
  throw new Problem(
    "row-events-unknown",
    `${view.name} changes rows by SQL at ${type}: which rows an event has changed is known only to the database, and not recorded`,
  );
}
