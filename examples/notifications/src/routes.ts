/**
 * The routes of the notification log, as Python's `eventsourcing` reads one over HTTP. What they answer, they read from the store's own log, in
 * the same worker and with the rights of the request's token.
 */

import { createHash } from "node:crypto";
import type { RecordedEvent } from "headspring";
import type { HeadspringEnv, StoreWorker } from "headspring/runtime";
import { type Context, Hono } from "hono";
import * as z from "zod";
import { type Notification, notificationOf } from "./notification.ts";
import { type Asked, SECTION_SIZE, askedBy, sectionOf } from "./section.ts";

type HttpContext = Context<{ Bindings: HeadspringEnv }>;

/** What `select` has besides `start` and `limit`. */
interface Filter {
  /** The last position. */
  readonly stop?: number | undefined;
  readonly topics?: readonly string[];
}

/** Seconds for which what is full may be kept without asking. It changes only when a stream is erased, or an `upcast` is. */
const KEPT_SECONDS = 24 * 60 * 60;
/** Pages of the log that one request looks through: two million events that pass no filter. Each page is a call; a request may make a thousand. */
const PAGES = 400;

const Position = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const Selection = z.object({
  start: Position.optional(),
  limit: z.coerce.number().int().min(1).max(SECTION_SIZE),
  stop: Position.optional(),
  inclusive_of_start: z
    .enum(["true", "True", "false", "False"])
    .default("true")
    .transform((text) => text.toLowerCase() === "true"),
});

export function notificationRoutes(store: StoreWorker) {
  const routes = new Hono<{ Bindings: HeadspringEnv }>();

  // NotificationLog.__getitem__
  routes.get("/:section{.+}", async (context) => {
    const asked = askedBy(context.req.param("section"));
    if (!asked) return problem("invalid-section", "a section is named by its first and last position, for example 11,20");
    const items = await read(store, context, asked);
    return items instanceof Response ? items : answer(context, sectionOf(items, asked), items.length === asked.limit);
  });

  // NotificationLog.select
  routes.get("/", async (context) => {
    const query = Selection.safeParse(context.req.query());
    if (!query.success) return problem("invalid-selection", z.prettifyError(query.error));
    const { start = 1, limit, stop, inclusive_of_start } = query.data;
    const asked = { after: Math.max(0, inclusive_of_start ? start - 1 : start), limit };
    const items = await read(store, context, asked, { stop, topics: context.req.queries("topics") ?? [] });
    return items instanceof Response ? items : answer(context, items, items.length === limit);
  });

  return routes;
}

/** The notifications, fewer than asked for only at the log's end. Or what the store answers instead, such as 401. */
async function read(
  store: StoreWorker,
  context: HttpContext,
  { after, limit }: Asked,
  { stop, topics = [] }: Filter = {},
): Promise<readonly Notification[] | Response> {
  const found: Notification[] = [];
  const url = new URL(context.req.url);
  url.pathname = url.pathname.replace(/\/notifications.*$/, "/log");
  for (let page = 0; found.length < limit; page++) {
    if (page === PAGES) return problem("too-sparse", `no ${limit} events with these topics up to position ${after}; ask from there`);
    const rest = { after, limit: limit - found.length, ...(stop === undefined ? {} : { to: stop }) };
    url.search = String(
      new URLSearchParams([...Object.entries(rest), ...topics.map((topic) => ["type", topic])].map((pair) => pair.map(String))),
    );
    const headers = new Headers();
    // A reader at the end may wait for the next event: Prefer: wait=20.
    for (const name of found.length === 0 ? ["authorization", "prefer"] : ["authorization"]) {
      const value = context.req.header(name);
      if (value !== undefined) headers.set(name, value);
    }
    const response = await store.fetch(new Request(url, { headers }), context.env, context.executionCtx);
    if (!response.ok) return response;
    const { events, hasMore, next } = await response.json<{
      events: (RecordedEvent & { erased?: true })[];
      hasMore: boolean;
      next: number;
    }>();
    // Nobody receives an event that has been erased: there is nothing in it.
    found.push(...events.filter(({ erased }) => !erased).map(notificationOf));
    if (!hasMore) break;
    after = next;
  }
  return found;
}

/** What is full stays as it is; what is not may have more at any time. */
function answer(context: HttpContext, body: object, isFull: boolean): Response {
  const text = JSON.stringify(body);
  const headers = {
    "content-type": "application/json",
    "cache-control": isFull ? `private, max-age=${KEPT_SECONDS}, immutable` : "no-cache",
    etag: `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`,
    vary: "authorization",
  };
  const known = context.req
    .header("if-none-match")
    ?.split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
  return known?.includes(headers.etag) ? new Response(null, { status: 304, headers }) : new Response(text, { headers });
}

function problem(code: string, detail: string): Response {
  const headers = { "content-type": "application/problem+json" };
  return new Response(JSON.stringify({ title: "The notifications cannot be read as asked", status: 400, detail, code }), {
    status: 400,
    headers,
  });
}
