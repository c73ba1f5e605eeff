/** Reads of a stream: which version it has, a page of it in the form that the client asks for, or all of it line by line. */

import { accepts } from "hono/accepts";
import * as z from "zod";
import { type DataSchemas, categoryOf, eventJson, streamIdOf } from "../core/event.ts";
import { CLOUD_EVENTS_TYPE, CLOUD_EVENT_TYPE, cloudEventJson } from "../core/cloudevents.ts";
import { MAX_POSITION, PAGE_EVENTS } from "../core/limits.ts";
import { PAGE_EVENTS_DEFAULT } from "./limits.ts";
import type { StreamPage, StreamReadRequest } from "../store/stream-reads.ts";
import type { Store } from "../store/store.ts";
import { liftsOf } from "../definitions/upcast.ts";
import { problemOf, theOne } from "./answers.ts";
import { hasTag, tagOf, versionTag } from "./conditions.ts";
import { line, ndjson } from "./ndjson.ts";
import { Problem } from "./problem.ts";
import { Flag, type HttpContext, WholeNumber, limitOf, linkTo, queryOf, storeOf } from "./request.ts";

/** The part of a stream that is read. */
const Window = z.object({
  from: WholeNumber.optional(),
  to: WholeNumber.optional(),
  direction: z.enum(["forward", "backward"]).default("forward"),
  type: z.array(z.string()).optional(),
  positions: Flag,
});

export const PageQuery = Window.extend({ limit: limitOf(PAGE_EVENTS, PAGE_EVENTS_DEFAULT) });

const JSON_TYPE = "application/json";
const LINES_TYPE = "application/x-ndjson";

/** Answers a read of a stream whose category can be read. */
export async function readStream(context: HttpContext, category: string, id: string): Promise<Response> {
  const stream = `${category}/${id}`;
  const tag = tagsOf(storeOf(context), category);
  if (context.req.method === "HEAD") return head(context, stream, tag);
  const form = accepts(context, {
    header: "Accept",
    supports: [JSON_TYPE, LINES_TYPE, CLOUD_EVENTS_TYPE, CLOUD_EVENT_TYPE],
    default: JSON_TYPE,
  });
  return form === LINES_TYPE ? wholeStream(context, stream, tag) : pageOfStream(context, stream, tag, form);
}

/** Only the stream's version. */
async function head(context: HttpContext, stream: string, tag: Tag): Promise<Response> {
  const page = await objectOf(context, stream).read({ from: 1, to: 0, limit: 1, direction: "forward" });
  requireReadable(page, stream);
  const etag = tag(page);
  return new Response(null, { status: hasTag(context, etag) ? 304 : 200, headers: readHeaders(etag) });
}

async function pageOfStream(context: HttpContext, stream: string, tag: Tag, form: string): Promise<Response> {
  const { limit, ...window } = queryOf(context, PageQuery);
  const page = await objectOf(context, stream).read({ ...requestOf(window), limit });
  requireReadable(page, stream);
  const etag = tag(page, window.positions);
  if (hasTag(context, etag)) return new Response(null, { status: 304, headers: readHeaders(etag) });
  const next = page.next === undefined ? undefined : linkTo(context, { [boundToMove(window)]: page.next });
  const headers = { ...readHeaders(etag), ...(next === undefined ? {} : { link: `<${next}>; rel="next"` }) };
  if (form === CLOUD_EVENT_TYPE) {
    const event = theOne(page.events);
    const text = cloudEventJson(storeOf(context).name, stream, event, event.position);
    return new Response(text, { headers: { ...headers, "content-type": CLOUD_EVENT_TYPE } });
  }
  if (form === CLOUD_EVENTS_TYPE) {
    const events = page.events.map((event) => cloudEventJson(storeOf(context).name, stream, event, event.position));
    return new Response(`[${events.join(",")}]`, { headers: { ...headers, "content-type": CLOUD_EVENTS_TYPE } });
  }
  const events = page.events.map((event) => eventJson(stream, event, event.position)).join(",");
  const more = next === undefined ? `,"hasMore":false` : `,"hasMore":true,"next":${JSON.stringify(next)}`;
  const text = `{"stream":${JSON.stringify(stream)},"version":${page.version},"events":[${events}]${more}}`;
  return new Response(text, { headers: { ...headers, "content-type": JSON_TYPE } });
}

/** All of the window, page by page, as it was when the request arrived: events that are appended later are not part of it. */
async function wholeStream(context: HttpContext, stream: string, tag: Tag): Promise<Response> {
  const window = queryOf(context, Window);
  const object = objectOf(context, stream);
  const request = { ...requestOf(window), limit: PAGE_EVENTS };
  const first = await object.read(request);
  requireReadable(first, stream);
  // Positions may arrive after their events, and those of later pages are not known yet: such an answer has no tag.
  const etag = window.positions ? undefined : tag(first);
  if (etag !== undefined && hasTag(context, etag)) return new Response(null, { status: 304, headers: readHeaders(etag) });
  async function* pieces() {
    let page = first;
    for (;;) {
      if (page.events.length > 0) yield page.events.map((event) => line(eventJson(stream, event, event.position))).join("");
      if (page.next === undefined) return;
      page = await object.read({ ...request, to: Math.min(request.to, first.version), [boundToMove(window)]: page.next });
      requireReadable(page, stream);
    }
  }
  return ndjson(context, pieces(), readHeaders(etag));
}

function requestOf({ from = 1, to = MAX_POSITION, type, ...rest }: z.output<typeof Window>): Omit<StreamReadRequest, "limit"> {
  return { ...rest, from, to, ...(type ? { types: type } : {}) };
}

/** The bound of the window that moves on from page to page. */
function boundToMove({ direction }: z.output<typeof Window>): "from" | "to" {
  return direction === "forward" ? "from" : "to";
}

/** @throws {Problem} when there is nothing to read, or nothing any more */
function requireReadable(page: StreamPage, stream: string): void {
  if (page.version === 0) throw unknownStream(stream);
  if (page.deleted) throw problemOf({ outcome: "deleted" });
}

export function unknownStream(stream: string): Problem {
  return new Problem("unknown-stream", `nothing was ever stored in ${stream}`);
}

/** The same version in another form is another answer: hence `vary`. */
function readHeaders(etag: string | undefined): Record<string, string> {
  return { ...(etag === undefined ? {} : { etag }), vary: "accept" };
}

type Tag = (page: StreamPage, withPositions?: boolean) => string;

/**
 * The tags of a category's streams: the version, and what else an answer depends on. After a deployment, code that lifts events may give
 * another answer for the same version, and a position may arrive after its event.
 */
function tagsOf({ definitions }: Store, category: string): Tag {
  const schemas: DataSchemas = definitions.inCode.category(category)?.events ?? {};
  const lifts = Object.entries(schemas).flatMap(([type, schema]) => liftsOf(schema).map((lift) => [type, lift]));
  return ({ version, events }, withPositions = false) => {
    const late = withPositions ? events.filter(({ position }) => position === undefined).map((event) => event.version) : [];
    return lifts.length + late.length === 0 ? versionTag(version) : tagOf(version, JSON.stringify([lifts, late]));
  };
}

function objectOf(context: HttpContext, stream: string) {
  return storeOf(context).stream(categoryOf(stream), streamIdOf(stream));
}
