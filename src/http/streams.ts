/** Streams: facts in, events out. */

import { Hono } from "hono";
import { z } from "zod";
import type { App } from "../app.ts";
import { eventJson } from "../event.ts";
import { byteLength } from "../json.ts";
import {
  APPEND_BYTES,
  APPEND_EVENTS,
  EVENT_DATA_BYTES,
  EVENT_META_BYTES,
  MAX_POSITION,
  PAGE_EVENTS,
  PAGE_EVENTS_DEFAULT,
} from "../limits.ts";
import { EVENT_TYPE, UUID } from "../names.ts";
import { streamOf } from "../objects.ts";
import type { AppendEvent } from "../protocol.ts";
import type { Category } from "../streams/category.ts";
import { issuesOf } from "../streams/decide.ts";
import { problemOf, writeHeaders } from "./answers.ts";
import { Problem } from "./problem.ts";
import {
  type HttpContext,
  WholeNumber,
  checked,
  correlationIdOf,
  expectedOf,
  idempotencyKeyOf,
  jsonBody,
  jsonText,
  limitOf,
  linkTo,
  queryOf,
  storeOf,
  streamIdOfPath,
  waitMsOf,
} from "./request.ts";

const JsonObject = z.record(z.string(), z.unknown());

/** One event, as clients append it. */
const EventIn = z.strictObject({
  type: z
    .string()
    .regex(EVENT_TYPE)
    .refine((type) => !type.startsWith("$"), "types that begin with $ are the store's own"),
  data: JsonObject,
  id: z.string().regex(UUID, "a UUID").toLowerCase().optional(),
  time: z.iso.datetime({ offset: true }).optional(),
  meta: JsonObject.default({}),
});

const EventsIn = z.strictObject({ events: z.array(EventIn).min(1).max(APPEND_EVENTS) });

const StreamQuery = z.object({
  from: WholeNumber.optional(),
  to: WholeNumber.optional(),
  limit: limitOf(PAGE_EVENTS, PAGE_EVENTS_DEFAULT),
  direction: z.enum(["forward", "backward"]).default("forward"),
  type: z.array(z.string()).optional(),
  positions: z.stringbool({ truthy: ["true"], falsy: ["false"] }).default(false),
});

export function streamRoutes(app: App) {
  const routes = new Hono<{ Bindings: Env }>();

  routes.get("/", (context) => {
    const categories = [...app.aggregates.values(), ...app.categories.values()].map(({ name, kind, description, events }) => ({
      name,
      kind,
      origin: "code",
      description,
      eventTypes: Object.keys(events),
    }));
    return context.json({ categories });
  });

  routes.post("/:category/:id", async (context) => {
    const category = plainCategoryOf(app, context);
    const id = streamIdOfPath(context);
    const { value } = await jsonBody(context, APPEND_BYTES);
    const { events: asked } = eventsOf(value);
    const correlationId = correlationIdOf(context);
    const answer = await streamOf(context.env, storeOf(context), category.name, id).append({
      events: asked.map((event, index) => toAppend(category, event, index, correlationId)),
      idempotencyKey: idempotencyKeyOf(context),
      expected: expectedOf(context),
      waitMs: waitMsOf(context),
    });
    if (answer.outcome !== "written") throw problemOf(answer);
    const { version, position, events } = answer;
    return context.json({ stream: `${category.name}/${id}`, version, position, events }, 201, writeHeaders(answer));
  });

  routes.get("/:category/:id", async (context) => {
    const name = context.req.param("category");
    if (!app.aggregates.has(name) && !app.categories.has(name)) throw unknownCategory(app, name);
    const { from, to, type, ...query } = queryOf(context, StreamQuery);
    const stream = `${name}/${streamIdOfPath(context)}`;
    const page = await streamOf(context.env, storeOf(context), name, streamIdOfPath(context)).read({
      from: from ?? 1,
      to: to ?? MAX_POSITION,
      types: type,
      ...query,
    });
    if (page.version === 0) throw new Problem("unknown-stream", `nothing was ever stored in ${stream}`);
    const events = page.events.map((event) => eventJson(stream, event, event.position)).join(",");
    const next = page.next === undefined ? undefined : linkTo(context, { [query.direction === "forward" ? "from" : "to"]: page.next });
    return jsonText(
      `{"stream":${JSON.stringify(stream)},"version":${page.version},"events":[${events}]${next === undefined ? "" : `,"next":${JSON.stringify(next)}`}}`,
      200,
      { etag: `"${page.version}"`, ...(next === undefined ? {} : { link: `<${next}>; rel="next"` }) },
    );
  });

  return routes;
}

/** One event or a list of them: told apart by `events`, so that the errors are about what was meant. */
function eventsOf(body: unknown): z.output<typeof EventsIn> {
  const isList = typeof body === "object" && body !== null && "events" in body;
  if (isList) return checked(EventsIn, body, "the list of events is not valid");
  return { events: [checked(EventIn, body, "the event is not valid")] };
}

/** Checks an event against its category, and gives it the form in which it is stored. */
function toAppend(category: Category, event: z.output<typeof EventIn>, index: number, correlationId: string | undefined): AppendEvent {
  const where = `events.${index}`;
  const schema = Object.hasOwn(category.events, event.type) ? category.events[event.type] : undefined;
  if (!schema) {
    throw new Problem(
      "invalid-event",
      `${category.name} has no event type ${event.type}; it has ${Object.keys(category.events).join(", ")}`,
      {
        issues: [{ path: `${where}.type`, message: "not an event type of this category" }],
      },
    );
  }
  const parsed = schema.safeParse(event.data);
  if (!parsed.success) {
    const issues = issuesOf(parsed.error).map(({ path, message }) => ({ path: path ? `${where}.data.${path}` : `${where}.data`, message }));
    throw new Problem("invalid-event", `${where} does not fit the schema of ${event.type}`, { issues });
  }
  const meta = correlationId !== undefined && event.meta.correlationId === undefined ? { ...event.meta, correlationId } : event.meta;
  const { id, type, time } = event;
  return {
    type,
    data: bounded(JSON.stringify(parsed.data), EVENT_DATA_BYTES, `${where}.data`),
    meta: bounded(JSON.stringify(meta), EVENT_META_BYTES, `${where}.meta`),
    schemaVersion: 1,
    ...(id === undefined ? {} : { id }),
    ...(time === undefined ? {} : { time }),
  };
}

function bounded(text: string, limit: number, what: string): string {
  if (byteLength(text) > limit) throw new Problem("body-too-large", `${what} may have at most ${limit} bytes`, { limit });
  return text;
}

function plainCategoryOf(app: App, context: HttpContext): Category {
  const name = context.req.param("category") ?? "";
  if (app.aggregates.has(name)) {
    throw new Problem("category-has-rules", `${name} is an aggregate: send commands to /aggregates/${name}/{id}/{Command}`);
  }
  const category = app.categories.get(name);
  if (!category) throw unknownCategory(app, name);
  return category;
}

function unknownCategory(app: App, name: string): Problem {
  const names = [...app.aggregates.keys(), ...app.categories.keys()];
  return new Problem("unknown-category", `there is no category ${name}; there is ${names.join(", ")}`);
}
