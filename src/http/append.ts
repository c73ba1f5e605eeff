/** Reads the events of a request, in whatever form, and checks them against their category. */

import { listed } from "../core/issue.ts";
import * as z from "zod";
import { newEffort } from "../schemas/checker.ts";
import { COMMAND, HOPS, LINEAGE, PROCESSOR, SOURCE, TIMER } from "../core/meta.ts";
import { APPEND_BYTES, APPEND_EVENTS, EVENT_DATA_BYTES, ISSUES } from "../core/limits.ts";
import { EVENT_META_BYTES } from "./limits.ts";
import { EVENT_TYPE, UUID, WITH_SECONDS } from "../core/names.ts";
import type { AppendEvent } from "../store/stream-protocol.ts";
import { fingerprint } from "../streams/replay.ts";
import { parseTraceparent } from "../telemetry/trace.ts";
import type { PlainCategory } from "../store/plain-category.ts";
import { fromCloudEvent, fromHeaders } from "./cloudevents.ts";
import { Problem } from "./problem.ts";
import { bounded, jsonBody } from "./body.ts";
import { type HttpContext, asciiHeader, checked, correlationIdOf, traceOf } from "./request.ts";

/** An event of a request. */
export interface IncomingEvent {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly meta: Record<string, unknown>;
  readonly id?: string | undefined;
  readonly time?: string | undefined;
  /** Where in the body its data is: `events.0.data`; empty: it is the body. */
  readonly at: string;
}

export const JsonObject = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "a JSON object",
);

/** Members of an event's meta that say what made it. */
const RESERVED = [
  [HOPS, "counted"],
  [LINEAGE, "recorded"],
  [COMMAND, "recorded"],
  [TIMER, "recorded"],
  [PROCESSOR, "recorded"],
  [SOURCE, "recorded"],
] as const;

/** One event, as clients append it. */
export const EventIn = z.strictObject({
  type: z
    .string()
    .regex(EVENT_TYPE)
    .refine((type) => !type.startsWith("$"), "types that begin with $ are the store's own"),
  data: JsonObject,
  id: z.string().regex(UUID, "a UUID").toLowerCase().optional(),
  time: z.iso.datetime({ offset: true }).regex(WITH_SECONDS, "a time in the form of RFC 3339, with seconds").optional(),
  // A client that could set them could stop every processor that acts on the event.
  meta: JsonObject.superRefine((meta, context) => {
    for (const [name, why] of RESERVED)
      if (Object.hasOwn(meta, name)) context.addIssue({ code: "custom", message: `${name} is ${why} by the store` });
  }).default({}),
});

export const EventsIn = z.strictObject({ events: z.array(EventIn).min(1).max(APPEND_EVENTS) });

/** The events of an append: our own form, or CloudEvents. */
export async function incomingEvents(context: HttpContext): Promise<IncomingEvent[]> {
  const mode = cloudEventMode(context);
  const { value } = await (mode === "binary" ? dataOfCloudEvent(context) : jsonBody(context, APPEND_BYTES));
  if (mode !== undefined) return cloudEvents(context, mode, value);
  // `events` decides which form was meant, so that the errors are about that form.
  const isList = typeof value === "object" && value !== null && "events" in value;
  const events = isList
    ? checked(EventsIn, value, "the list of events is not valid").events
    : [checked(EventIn, value, "the event is not valid")];
  return events.map((event, index) => ({ ...event, at: `events.${index}.data` }));
}

/** The one fact that is sent to a category: its data alone or an event, as the category was declared; or a CloudEvent. */
export async function incomingFact(context: HttpContext, category: PlainCategory): Promise<IncomingEvent> {
  const mode = cloudEventMode(context);
  if (mode === "batch") {
    throw new Problem(
      "invalid-request",
      `a category accepts one fact at a time; append a batch to a stream: POST /streams/${category.name}/{id}`,
    );
  }
  const { value } = await (mode === "binary" ? dataOfCloudEvent(context) : jsonBody(context, APPEND_BYTES));
  if (mode !== undefined) return cloudEvents(context, mode, value)[0] as IncomingEvent;
  const { name, factType, eventTypes } = category;
  if (factType !== undefined) return { type: factType, data: checked(JsonObject, value, "the fact is not valid"), meta: {}, at: "" };
  const types = eventTypes.length === 0 ? "" : `, with ${eventTypes.join(", ")} as type`;
  const expected = `${name} was declared by event types, so a fact is {"type", "data", "id"?, "time"?, "meta"?}${types}`;
  return { ...checked(EventIn, value, expected), at: "data" };
}

/**
 * Tells this write from another one with the same key or id: a hash over what the client sent, before schemas add defaults and a header
 * adds a correlation id. So a repeat is still a repeat after a deployment.
 */
export function fingerprintOf(events: readonly IncomingEvent[]): string {
  return fingerprint(events.map(({ type, data, meta, time = null }) => [type, data, meta, time]));
}

/** The events as they were sent, only to look for events that are stored with the same key or ids: these cannot be stored. */
export function asSent(events: readonly IncomingEvent[]): AppendEvent[] {
  return events.map(({ type, data, meta, id, time }) => ({
    type,
    data: JSON.stringify(data),
    meta: JSON.stringify(meta),
    schemaVersion: 1,
    ...(id === undefined ? {} : { id }),
    ...(time === undefined ? {} : { time }),
  }));
}

/**
 * Gives the events the form in which they are stored.
 *
 * @throws {Problem} when one does not fit its schema, or is too large: then none is stored
 */
export function toAppend(context: HttpContext, category: PlainCategory, events: readonly IncomingEvent[]): AppendEvent[] {
  const effort = newEffort();
  const correlationId = correlationIdOf(context);
  const trace = traceOf(context);
  return events.map(({ type, data, meta: given, id, time, at }) => {
    const outcome = category.check(type, data, effort);
    if (outcome === undefined) {
      const issues = [{ path: at.replace(/data$/, "type"), message: "not an event type of this category" }];
      throw new Problem("invalid-event", `${category.name} has no event type ${type}; it has ${category.eventTypes.join(", ")}`, {
        issues,
      });
    }
    if ("issues" in outcome) {
      const issues = outcome.issues
        .slice(0, ISSUES)
        .map(({ path, message }) => ({ path: [at, path].filter((part) => part !== "").join("."), message }));
      throw new Problem("invalid-event", `${at === "" ? "the fact" : at} does not fit the schema of ${type}`, { issues });
    }
    const meta = correlationId !== undefined && given.correlationId === undefined ? { ...given, correlationId } : given;
    return {
      type,
      data: bounded(outcome.data, EVENT_DATA_BYTES, at || "the fact"),
      meta: bounded(JSON.stringify(meta), EVENT_META_BYTES, at === "" ? "meta" : at.replace(/data$/, "meta")),
      schemaVersion: outcome.schemaVersion,
      ...(id === undefined ? {} : { id }),
      ...(time === undefined ? {} : { time }),
      ...traceMember(meta, trace),
    };
  });
}

/**
 * A CloudEvent may name the trace that it began in (its extension for distributed tracing): that counts before the trace of its transport.
 */
function traceMember({ cloudevents }: Record<string, unknown>, ofRequest: string | undefined): { trace?: string } {
  const { traceparent } = (typeof cloudevents === "object" && cloudevents !== null ? cloudevents : {}) as { traceparent?: unknown };
  const trace = (typeof traceparent === "string" ? parseTraceparent(traceparent) : undefined) ?? ofRequest;
  return trace === undefined ? {} : { trace };
}

/** How the request carries CloudEvents; undefined: it does not. */
function cloudEventMode(context: HttpContext): "structured" | "batch" | "binary" | undefined {
  const type = context.req.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "application/cloudevents+json") return "structured";
  if (type === "application/cloudevents-batch+json") return "batch";
  if (type.startsWith("application/cloudevents")) {
    throw new Problem(
      "unsupported-media-type",
      `send CloudEvents as application/cloudevents+json or application/cloudevents-batch+json, not ${type}`,
    );
  }
  const isBinary = ["ce-specversion", "ce-id", "ce-source", "ce-type"].some((name) => context.req.header(name) !== undefined);
  return isBinary ? "binary" : undefined;
}

/** The body of a CloudEvent in binary mode is its data: if it is empty or not JSON, the event has no data. */
async function dataOfCloudEvent(context: HttpContext): Promise<{ value: unknown }> {
  try {
    return await jsonBody(context, APPEND_BYTES);
  } catch (error) {
    if (error instanceof Problem && error.code === "invalid-json") return { value: undefined };
    throw error;
  }
}

function cloudEvents(context: HttpContext, mode: "structured" | "batch" | "binary", value: unknown): IncomingEvent[] {
  if (mode === "batch") {
    const batch = checked(z.array(z.unknown()).min(1).max(APPEND_EVENTS), value, "the batch of CloudEvents is not valid");
    return batch.map((one, index) => cloudEvent(one, `${index}.`));
  }
  if (mode === "structured") return [cloudEvent(value, "")];
  for (const name of context.req.raw.headers.keys()) if (name.startsWith("ce-")) asciiHeader(context, name);
  const { event, issues } = fromHeaders(context.req.raw.headers, value);
  return [cloudEvent(event, "", issues)];
}

function cloudEvent(value: unknown, at: string, issuesSoFar: readonly { path: string; message: string }[] = []): IncomingEvent {
  const event = fromCloudEvent(value);
  const issues = [...issuesSoFar, ...("issues" in event ? event.issues : [])].map(({ path, message }) => ({ path: at + path, message }));
  if ("issues" in event || issues.length > 0) {
    const what = listed(issues);
    throw new Problem("invalid-event", `the CloudEvent is not valid: ${what}`, { issues });
  }
  return { ...event, at: `${at}data` };
}
