/** The log: everything, in order. */

import { Hono } from "hono";
import { accepts } from "hono/accepts";
import * as z from "zod";
import { eventJson } from "../core/event.ts";
import { Patience } from "../core/patience.ts";
import { PAGE_EVENTS } from "../core/limits.ts";
import { PAGE_EVENTS_DEFAULT } from "./limits.ts";
import type { LogPage, LogReadRequest, LogRpc, StreamSummary } from "../store/log-protocol.ts";
import { CLOUD_EVENTS_TYPE, CLOUD_EVENT_TYPE, cloudEventJson } from "../core/cloudevents.ts";
import { callerOf } from "./auth-caller.ts";
import { visibleCategories } from "./auth-scope.ts";
import { eventStreamFeed, webSocketFeed } from "./feed.ts";
import { searchEvents } from "./log-search.ts";
import { exportLog } from "./log-export.ts";
import { SearchQuery, correlated, filterOf, firstSince, requireWithin } from "./log-query.ts";
import { type HttpEnv, type HttpContext, WholeNumber, limitOf, linkTo, queryOf, storeOf, waitMsOf } from "./request.ts";
import { theOne } from "./answers.ts";
import { jsonText, pageJson } from "./response.ts";

export const LogQuery = SearchQuery.extend({
  after: WholeNumber.optional(),
  to: WholeNumber.optional(),
  limit: limitOf(PAGE_EVENTS, PAGE_EVENTS_DEFAULT),
  direction: z.enum(["forward", "backward"]).default("forward"),
});

export const StreamsQuery = z.object({
  category: z.string().optional(),
  /** The name of a stream. */
  after: z.string().default(""),
  limit: limitOf(PAGE_EVENTS, PAGE_EVENTS_DEFAULT),
});

/** The forms of the answer to `GET /log`, besides a WebSocket. */
const FORMS = {
  "application/json": page,
  "application/x-ndjson": exportLog,
  [CLOUD_EVENTS_TYPE]: pageOfCloudEvents,
  [CLOUD_EVENT_TYPE]: oneCloudEvent,
  "text/event-stream": eventStreamFeed,
} as const;

export function logRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", (context) => {
    if (context.req.header("upgrade")?.toLowerCase() === "websocket") return webSocketFeed(context);
    const form = accepts(context, { header: "Accept", supports: Object.keys(FORMS), default: "application/json" });
    return FORMS[form as keyof typeof FORMS](context);
  });

  routes.get("/head", async (context) => context.json({ head: await storeOf(context).log.head() }));

  routes.get("/streams", async (context) => {
    const { category, after, limit } = queryOf(context, StreamsQuery);
    const found = await visibleStreams(context, category, after, limit + 1);
    const streams = found.slice(0, limit);
    const last = streams.at(-1)?.stream;
    return pageJson({ streams }, found.length <= limit || last === undefined ? undefined : linkTo(context, { after: last }));
  });

  routes.get("/events/:id", searchEvents);

  routes.post("/roll-over", async (context) => {
    const { log } = storeOf(context);
    await log.rollOver();
    const { head, segments } = await log.size();
    return context.json({ head, segments });
  });

  return routes;
}

/** Streams in the order of their names, of those that the caller may see. */
async function visibleStreams(context: HttpContext, asked: string | undefined, after: string, limit: number): Promise<StreamSummary[]> {
  const { log } = storeOf(context);
  const visible = visibleCategories(callerOf(context)?.scope);
  if (!visible) return log.streams(asked, after, limit);
  const found: StreamSummary[] = [];
  for (const category of visible) {
    if (found.length >= limit) break;
    if (asked === undefined || asked === category) found.push(...(await log.streams(category, after, limit - found.length)));
  }
  return found;
}

async function page(context: HttpContext): Promise<Response> {
  const { events, next, head, hasMore, headers } = await readPage(context);
  const texts = events.map((event) => eventJson(event.stream, event, event.position)).join(",");
  return jsonText(`{"events":[${texts}],"hasMore":${hasMore},"next":${next},"head":${head}}`, 200, headers);
}

/** The same page, as a batch of CloudEvents: an array has no room for `next`, so it is in a header. */
async function pageOfCloudEvents(context: HttpContext): Promise<Response> {
  const { events, next, headers } = await readPage(context);
  const texts = events.map((event) => cloudEventJson(storeOf(context).name, event.stream, event, event.position)).join(",");
  const position: Record<string, string> = next === null ? {} : { "headspring-position": String(next) };
  return jsonText(`[${texts}]`, 200, { ...headers, ...position, "content-type": CLOUD_EVENTS_TYPE });
}

/** The same page, if it has one event. */
async function oneCloudEvent(context: HttpContext): Promise<Response> {
  const { events, next, headers } = await readPage(context);
  const event = theOne(events);
  const position: Record<string, string> = next === null ? {} : { "headspring-position": String(next) };
  const text = cloudEventJson(storeOf(context).name, event.stream, event, event.position);
  return jsonText(text, 200, { ...headers, ...position, "content-type": CLOUD_EVENT_TYPE });
}

async function readPage(context: HttpContext): Promise<LogPage & { hasMore: boolean; headers: Record<string, string> }> {
  const { after, to: asked, limit, direction, correlationId, since, ...filters } = queryOf(context, LogQuery);
  const forward = direction === "forward";
  const begins = await firstSince(context, since);
  const to = forward || since === undefined ? asked : Math.max(asked ?? 1, begins);
  const filter = { ...filterOf(context, filters), ...(correlationId === undefined ? {} : { correlationId }) };
  const request = { limit, direction, ...(to === undefined ? {} : { to }), ...filter };
  const { log } = storeOf(context);
  const first = await log.read({ ...request, after: forward ? Math.max(after ?? 0, begins - 1) : (after ?? null) });
  if (forward) requireWithin("after", after, first.head);
  const page = forward ? await orWait(log, request, first, waitMsOf(context) ?? 0) : first;
  const hasMore = page.next !== null && (!forward || page.next < Math.min(to ?? page.head, page.head));
  const link: Record<string, string> = hasMore ? { link: `<${linkTo(context, { after: page.next })}>; rel="next"` } : {};
  return { ...page, events: correlated(page.events, filter), hasMore, headers: { vary: "accept", ...link } };
}

/** The page, or, if it is empty because the reader has caught up, the one that begins with the next event that comes in time. */
async function orWait(log: LogRpc, request: Omit<LogReadRequest, "after">, first: LogPage, waitMs: number): Promise<LogPage> {
  const patience = new Patience(undefined, Date.now() + waitMs, 1);
  let page = first;
  for (;;) {
    const { events, next, head } = page;
    const isCaughtUp = events.length === 0 && next !== null && next >= head && (request.to === undefined || head < request.to);
    if (!isCaughtUp || patience.isOver) return page;
    await patience.wait((ms) => log.changed(request, next, ms));
    page = await log.read({ ...request, after: next });
  }
}
