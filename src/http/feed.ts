/** Live subscriptions to the log: over a WebSocket, which the log itself holds, and by server-sent events, which we make from one. */

import type { Store } from "../store/store.ts";
import { createHash } from "node:crypto";
import * as z from "zod";
import { FEED_FILTER_BYTES } from "./limits.ts";
import type { FeedFilter } from "../store/log-protocol.ts";
import { EVENT_STREAM_HEADERS } from "./sse.ts";
import { callerOf } from "./auth-caller.ts";
import { serverSentEvents } from "./feed-sse.ts";
import { FilterQuery, filterOf, requireWithin } from "./log-query.ts";
import { Problem } from "./problem.ts";
import { Flag, type HttpContext, WholeNumber, checked, queryOf, storeOf } from "./request.ts";

export const FeedQuery = FilterQuery.extend({
  /** A position, or `head`: only events from now on. */
  after: z.union([z.literal("head"), WholeNumber], "a position, or `head`").default(0),
  /** For a WebSocket only: the client answers checkpoints, and sets the pace with them. */
  acknowledge: Flag,
});

/** `GET /log` with `Upgrade: websocket`. The socket is the log's own; from here on this worker has no part in it. */
export async function webSocketFeed(context: HttpContext): Promise<Response> {
  const acknowledge = queryOf(context, FeedQuery).acknowledge ? ACKNOWLEDGE : "";
  const response = await storeOf(context).log.fetch(new Request(feedUrl(context) + acknowledge, context.req.raw));
  await requireOpened(response);
  return response;
}

/** `GET /log` with `Accept: text/event-stream`. */
export async function eventStreamFeed(context: HttpContext): Promise<Response> {
  const url = feedUrl(context);
  if (context.req.method === "HEAD") return new Response(null, { headers: EVENT_STREAM_HEADERS });
  return new Response(serverSentEvents(await openFeed(storeOf(context), url)), { headers: EVENT_STREAM_HEADERS });
}

/** Makes a subscription one that answers checkpoints. */
const ACKNOWLEDGE = "&acknowledge=true";

/** Our own subscription to the log, which answers checkpoints: its reader sets the pace. */
export async function openFeed(store: Store, url: string): Promise<WebSocket> {
  const response = await store.log.fetch(new Request(url + ACKNOWLEDGE, { headers: { upgrade: "websocket" } }));
  await requireOpened(response);
  const { webSocket } = response;
  if (!webSocket) throw new Error("the log did not open a subscription");
  return webSocket;
}

/** @throws {Problem} when the log answers that the position is beyond its head */
async function requireOpened(response: Response): Promise<void> {
  if (response.status !== 409) return;
  const { position, head } = await response.json<{ position: number; head: number }>();
  requireWithin("the position", position, head);
}

/** The request for the log, in the form that its `open` reads. */
function feedUrl(context: HttpContext): string {
  const { after, acknowledge: _acknowledge, ...filters } = queryOf(context, FeedQuery);
  const resumed = context.req.header("last-event-id");
  const from = resumed ? checked(WholeNumber, resumed, "Last-Event-ID is not a position") : after;
  const url = feedUrlOf(from, filterOf(context, filters), accessOf(context));
  if (url === undefined) throw new Problem("invalid-request", `the filters have more than ${FEED_FILTER_BYTES} bytes`);
  return url;
}

/**
 * The URL that the log's `open` reads, unless the filter is too large for it.
 *
 */
export function feedUrlOf(after: number | "head", filter: FeedFilter, { until, by }: Access = {}): string | undefined {
  const query = new URLSearchParams({ after: String(after), filter: JSON.stringify(filter) }).toString();
  if (query.length > FEED_FILTER_BYTES) return undefined;
  return `https://log/?${query}${until === undefined ? "" : `&until=${until}`}${by === undefined ? "" : `&by=${by}`}`;
}

/** The account for which a subscription is opened. */
interface Access {
  /** Milliseconds since 1970, from which on nothing more is sent. */
  readonly until?: number;
  /** Identifies the caller: callers share the log's subscriptions. */
  readonly by?: string;
}

export function accessOf(context: HttpContext): Access {
  const { until, by } = callerOf(context) ?? {};
  return {
    ...(until === undefined ? {} : { until }),
    ...(by === undefined ? {} : { by: createHash("sha256").update(by).digest("hex").slice(0, TOKEN_CHARACTERS) }),
  };
}

/** Characters of a caller's name as a hash: 64 bits. */
const TOKEN_CHARACTERS = 16;
