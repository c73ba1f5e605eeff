/** Streams: facts in, events out. */

import { Hono } from "hono";
import { accepts } from "hono/accepts";
import * as z from "zod";
import { type DataSchemas, categoryOf, eventJson, streamIdOf } from "../core/event.ts";
import { CLOUD_EVENTS_TYPE, CLOUD_EVENT_TYPE, cloudEventJson } from "../core/cloudevents.ts";
import { derivedId, newId } from "../core/ids.ts";
import { MAX_POSITION, PAGE_EVENTS } from "../core/limits.ts";
import { PAGE_EVENTS_DEFAULT } from "./limits.ts";
import { NAME, streamIdProblem } from "../core/names.ts";
import type { AppendEvent, StreamPage, StreamReadRequest, Written } from "../store/stream-protocol.ts";
import type { PlainCategory } from "../store/plain-category.ts";
import type { Store } from "../store/store.ts";
import type { Expected } from "../core/expected.ts";
import { liftsOf } from "../definitions/upcast.ts";
import { problemOf, theOne, writeHeaders } from "./answers.ts";
import { expectedOf, hasTag, tagOf, versionTag } from "./conditions.ts";
import { type IncomingEvent, asSent, fingerprintOf, incomingEvents, incomingFact, toAppend } from "./append.ts";
import { plainCategoryOf, readableCategoryOf, unknownCategory } from "./resolve-category.ts";
import { line, ndjson } from "./ndjson.ts";
import { Problem } from "./problem.ts";
import {
  type HttpEnv,
  type HttpContext,
  WholeNumber,
  idempotencyKeyOf,
  limitOf,
  linkTo,
  queryOf,
  storeOf,
  streamIdOfPath,
  traceOf,
  waitMsOf,
} from "./request.ts";
import { json } from "./response.ts";
import { writableStreamOf } from "./writable-stream.ts";

/** The part of a stream that is read. */
const Window = z.object({
  from: WholeNumber.optional(),
  to: WholeNumber.optional(),
  direction: z.enum(["forward", "backward"]).default("forward"),
  type: z.array(z.string()).optional(),
  positions: z.stringbool({ truthy: ["true"], falsy: ["false"] }).default(false),
});

export const PageQuery = Window.extend({ limit: limitOf(PAGE_EVENTS, PAGE_EVENTS_DEFAULT) });

const Flag = z.stringbool({ truthy: ["true"], falsy: ["false"] }).default(false);
export const DeleteQuery = z.object({ erase: Flag, force: Flag });

const JSON_TYPE = "application/json";
const LINES_TYPE = "application/x-ndjson";

export function streamRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.post("/:category", async (context) => {
    const category = await plainCategoryOf(context);
    const fact = await incomingFact(context, category);
    const idOf = ([event]: readonly AppendEvent[]) => streamIdOfFact(category, fact, event as AppendEvent, idempotencyKeyOf(context));
    return append(context, category, [fact], idOf, (id) => ({
      location: `${new URL(context.req.url).pathname}/${encodeURIComponent(id)}`,
    }));
  });

  routes.post("/:category/:id", async (context) => {
    const category = await plainCategoryOf(context);
    const id = streamIdOfPath(context);
    return append(context, category, await incomingEvents(context), () => id);
  });

  routes.get("/:category/:id", async (context) => {
    const name = await readableCategoryOf(context);
    const stream = `${name}/${streamIdOfPath(context)}`;
    const tag = tagsOf(storeOf(context), name);
    if (context.req.method === "HEAD") return head(context, stream, tag);
    const form = accepts(context, {
      header: "Accept",
      supports: [JSON_TYPE, LINES_TYPE, CLOUD_EVENTS_TYPE, CLOUD_EVENT_TYPE],
      default: JSON_TYPE,
    });
    return form === LINES_TYPE ? wholeStream(context, stream, tag) : pageOfStream(context, stream, tag, form);
  });

  routes.delete("/:category/:id", async (context) => {
    const { erase, force } = queryOf(context, DeleteQuery);
    // The catalog is not asked: what must be erased can be erased, even in a category that was retired.
    const category = context.req.param("category");
    if (!NAME.test(category)) throw unknownCategory(category);
    const stream = `${category}/${streamIdOfPath(context)}`;
    const answer = await writableStreamOf(context, category, streamIdOf(stream)).remove({
      erase,
      force,
      expected: expectedOf(context),
      waitMs: waitMsOf(context),
      trace: traceOf(context),
    });
    if (answer.outcome === "unknown") throw unknownStream(stream);
    if (answer.outcome === "unfinished") {
      const { detail, steps } = answer;
      const stays = steps.length === 0 ? "" : `, and nothing would undo ${steps.join(", ")}`;
      throw new Problem("saga-in-progress", `${detail}${stays}; \`?force=true\` deletes it all the same`, { steps });
    }
    if (answer.outcome !== "written") throw problemOf(answer);
    return writtenAnswer(stream, answer, 200);
  });

  return routes;
}

/** Stores the events, in the stream whose id they may name themselves. */
async function append(
  context: HttpContext,
  category: PlainCategory,
  incoming: readonly IncomingEvent[],
  idOf: (events: readonly AppendEvent[]) => string,
  headersOf: (id: string) => Record<string, string> = () => ({}),
): Promise<Response> {
  const idempotencyKey = idempotencyKeyOf(context);
  const isNamed = idempotencyKey !== undefined || incoming.some(({ id }) => id !== undefined);
  const expected = expectedOf(context);
  const send = async (events: readonly AppendEvent[], under: Expected) => {
    const id = idOf(events);
    const stream = `${category.name}/${id}`;
    const answer = await writableStreamOf(context, category.name, id).append({
      events,
      idempotencyKey,
      ...(isNamed ? { fingerprint: fingerprintOf(incoming) } : {}),
      expected: under,
      waitMs: waitMsOf(context),
    });
    if (answer.outcome !== "written") throw problemOf(answer);
    return writtenAnswer(stream, answer, 201, headersOf(id));
  };
  let events: readonly AppendEvent[];
  try {
    events = toAppend(context, category, incoming);
  } catch (error) {
    // What does not fit today's schema may have fitted an earlier one, and be stored: a repeat of it is still a repeat.
    if (!isNamed) throw error;
    return await send(asSent(incoming), NOT_TO_BE_STORED).catch((other: unknown) => {
      throw other instanceof Problem && other.code !== "idempotency-conflict" ? error : other;
    });
  }
  return send(events, expected);
}

/** No stream has this version; but a repeat is recognised before conditions are checked. */
const NOT_TO_BE_STORED: Expected = { kind: "version", version: -1 };

function writtenAnswer(stream: string, answer: Written, status: 200 | 201, headers: Record<string, string> = {}) {
  const { version, position, events } = answer;
  return json({ stream, version, position, events }, status, { ...headers, ...writeHeaders(answer) });
}

/**
 * The stream that a fact without an id of its own goes to: the value of its key as it is stored, which the schema may have changed; else a
 * new stream. The id of a new stream is derived from the client's own key or event id, if it sent one, so that a repeat finds the first
 * (promise 8).
 */
function streamIdOfFact(
  { name, key }: PlainCategory,
  { id, at }: IncomingEvent,
  event: AppendEvent,
  idempotencyKey: string | undefined,
): string {
  if (key === undefined) {
    if (idempotencyKey !== undefined) return derivedId("fact", name, "key", idempotencyKey);
    return id === undefined ? newId() : derivedId("fact", name, "id", id);
  }
  const data = JSON.parse(event.data) as Record<string, unknown>; // `toAppend` accepts nothing else
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  const isNamed = typeof value === "string" || typeof value === "number";
  const problem = isNamed ? streamIdProblem(String(value)) : "must be a string or a number";
  if (problem === undefined) return String(value);
  throw new Problem("invalid-event", `${key} names the stream in ${name}: ${problem}`, {
    issues: [{ path: at === "" ? key : `${at}.${key}`, message: problem }],
  });
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

function unknownStream(stream: string): Problem {
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
