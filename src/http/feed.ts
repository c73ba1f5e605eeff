/** Live subscriptions to the log: over a WebSocket, which the log itself holds, and by server-sent events, which we make of one. */

import { z } from "zod";
import { FEED_FILTER_BYTES } from "../limits.ts";
import { logOf } from "../objects.ts";
import { serverSentEvents } from "./feed-sse.ts";
import { FilterQuery, filterOf } from "./log-query.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, WholeNumber, checked, queryOf, storeOf } from "./request.ts";

export const FeedQuery = FilterQuery.extend({
  /** A position, or `head`: only what comes from now on. */
  after: z.union([z.literal("head"), WholeNumber], "a position, or `head`").default(0),
});

/** `GET /log` with `Upgrade: websocket`. The socket is the log's own; from here on this worker has no part in it. */
export function webSocketFeed(context: HttpContext): Promise<Response> {
  return logOf(context.env, storeOf(context)).fetch(new Request(feedUrl(context), context.req.raw));
}

/** `GET /log` with `Accept: text/event-stream`. */
export async function eventStreamFeed(context: HttpContext): Promise<Response> {
  const url = feedUrl(context);
  const headers = {
    "content-type": "text/event-stream",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no", // asks proxies of nginx's kind to pass everything on at once
  };
  if (context.req.method === "HEAD") return new Response(null, { headers });
  const { webSocket } = await logOf(context.env, storeOf(context)).fetch(new Request(url, { headers: { upgrade: "websocket" } }));
  if (!webSocket) throw new Error("the log did not open a subscription");
  return new Response(serverSentEvents(webSocket), { headers });
}

/** The request for the log, in the form that its `open` reads. */
function feedUrl(context: HttpContext): string {
  const { after, ...filters } = queryOf(context, FeedQuery);
  const resumed = context.req.header("last-event-id");
  const query = new URLSearchParams({
    after: String(resumed ? checked(WholeNumber, resumed, "Last-Event-ID is not a position") : after),
    filter: JSON.stringify(filterOf(filters)),
  }).toString();
  if (query.length > FEED_FILTER_BYTES) throw new Problem("invalid-request", `the filters have more than ${FEED_FILTER_BYTES} bytes`);
  return `https://log/?${query}`;
}
