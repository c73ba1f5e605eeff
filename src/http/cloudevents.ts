/** CloudEvents 1.0, in and out: docs/cloudevents.md has the mapping. Pure. */

import { z } from "zod";
import { formats } from "../catalog/formats.ts";
import { type StoredEvent, categoryOf, streamIdOf } from "../event.ts";
import { derivedId } from "../ids.ts";
import { DEFAULT_STORE, EVENT_TYPE, UUID, WITH_SECONDS } from "../names.ts";
import type { Issue } from "../protocol.ts";
import { issuesOf } from "../streams/decide.ts";

/** An event as a CloudEvent describes it, in the terms of an append. */
export interface EventOfCloudEvent {
  readonly id: string;
  readonly type: string;
  readonly time?: string;
  readonly data: Record<string, unknown>;
  readonly meta: Record<string, unknown>;
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const NOT_ALLOWED = /[\u0000-\u001f\u007f-\u009f]|\p{Noncharacter_Code_Point}|\p{Surrogate}/u;

const Text = z
  .string("a text")
  .min(1, "a text that is not empty")
  .refine((text) => !NOT_ALLOWED.test(text), "a text without control characters");

const ATTRIBUTE_NAME = "the name of an attribute consists of lower-case letters and digits";

/** The attributes that are kept beside the event, as they came. Extensions are a truth value, a 32-bit integer or a text. */
export const Attributes = z
  .object({
    id: Text.optional(),
    source: Text.refine((source) => formats["uri-reference"]?.(source), "a URI reference"),
    subject: Text.optional(),
    dataschema: Text.refine((schema) => formats.uri?.(schema), "an absolute URI").optional(),
    datacontenttype: Text.regex(
      /^[^\s/;]+\/(?:[^\s/;]+\+)?json\s*(?:;.*)?$/i,
      "a media type of JSON: data is a JSON object here",
    ).optional(),
  })
  .catchall(z.union([z.boolean(), z.int32(), z.literal(""), Text], "true, false, a 32-bit integer or a text"))
  .superRefine((attributes, context) => {
    for (const name of Object.keys(attributes)) {
      if (!/^[a-z0-9]+$/.test(name)) {
        context.addIssue({ code: "custom", path: [name], message: ATTRIBUTE_NAME });
      }
    }
  });

/** What an event's own members say, and what is not kept. */
export const Envelope = z.object({
  specversion: z.literal("1.0", "1.0, the only version that is understood"),
  id: Text,
  type: Text.regex(EVENT_TYPE, `an event type that matches ${EVENT_TYPE.source}`).refine(
    (type) => !type.startsWith("$"),
    "types that begin with $ are the store's own",
  ),
  time: z.iso.datetime({ offset: true, error: "a time as RFC 3339 has it" }).regex(WITH_SECONDS, "a time as RFC 3339 has it").optional(),
  data: z.custom<Record<string, unknown>>(
    (data) => typeof data === "object" && data !== null && !Array.isArray(data),
    "a JSON object: other data, or none, cannot be stored here",
  ),
  data_base64: z.undefined("data is a JSON object here: send it as data").optional(),
});

/** Reads a CloudEvent in its JSON format. An attribute that is null counts as left out, as the specification says. */
export function fromCloudEvent(value: unknown): EventOfCloudEvent | { readonly issues: readonly Issue[] } {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { issues: [{ path: "", message: "a CloudEvent is a JSON object" }] };
  // The catch-all of the attributes would drop it.
  if (Object.hasOwn(value, "__proto__")) return { issues: [{ path: "__proto__", message: ATTRIBUTE_NAME }] };
  const said = Object.fromEntries(Object.entries(value).filter(([name, one]) => one !== null || name === "data"));
  const { specversion: _specversion, type: _type, time: _time, data: _data, data_base64: _base64, ...rest } = said;
  const envelope = Envelope.safeParse(said);
  const attributes = Attributes.safeParse(rest);
  if (!envelope.success || !attributes.success) {
    const issues = [envelope, attributes].flatMap(({ error }) => (error ? issuesOf(error) : []));
    return { issues: [...new Map(issues.map((issue) => [issue.path, issue])).values()] }; // `id` is looked at by both
  }
  const { id: given, type, time, data } = envelope.data;
  const { id: _id, ...kept } = attributes.data;
  const id = UUID.test(given) ? given.toLowerCase() : derivedId("cloudevent", kept.source, given);
  const { correlationid, causationid } = kept;
  const meta = {
    cloudevents: id === given ? kept : { id: given, ...kept },
    ...(typeof correlationid === "string" ? { correlationId: correlationid } : {}),
    ...(typeof causationid === "string" ? { causationId: causationid } : {}),
  };
  return { id, type, data, meta, ...(time === undefined ? {} : { time }) };
}

/** A CloudEvent in binary mode as its JSON format: attributes from `ce-` headers, data from the body. */
export function fromHeaders(
  headers: Headers,
  data: unknown,
): { readonly event: Record<string, unknown>; readonly issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const event: Record<string, unknown> = {};
  for (const [name, value] of headers) {
    if (!name.startsWith("ce-")) continue;
    const attribute = name.slice("ce-".length);
    if (attribute === "data" || attribute === "datacontenttype") {
      issues.push({
        path: attribute,
        message: `${name} is not a header of a CloudEvent: the body is the data, Content-Type says of what kind`,
      });
      continue;
    }
    try {
      event[attribute] = decodeHeader(value);
    } catch {
      issues.push({ path: attribute, message: "percent-encoded UTF-8, with %25 for a percent sign" });
    }
  }
  const type = headers.get("content-type");
  // What curl says when it is told nothing stands for JSON, as it does for every other body.
  if (type !== null && !/^application\/x-www-form-urlencoded/i.test(type)) event.datacontenttype = type;
  return { event: { ...event, data }, issues };
}

/** Undoes double quotes (of earlier versions of the HTTP binding), then percent-encoding. @throws {URIError} */
function decodeHeader(value: string): string {
  return decodeURIComponent(value.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (_quoted, inner: string) => inner.replaceAll(/\\(.)/g, "$1")));
}

/**
 * The event as a CloudEvent, as JSON text. What came in as a CloudEvent goes out as it came; for all others the source
 * is the stream. A position, where it is given, is added as the extension `logposition`.
 *
 * @param stream `category/id`
 */
export function cloudEventJson(store: string, stream: string, stored: StoredEvent, position?: number): string {
  const original = originalOf(stored);
  const attributes = {
    specversion: "1.0",
    type: stored.type,
    ...(original
      ? { id: stored.id, ...(stored.time === null ? {} : { time: stored.time }), ...original }
      : ownAttributes(store, stream, stored)),
  };
  // As text: the integers of CloudEvents end at 2^31 - 1.
  const all = position === undefined || "logposition" in attributes ? attributes : { ...attributes, logposition: String(position) };
  return `${JSON.stringify(all).slice(0, -1)},"data":${stored.data}}`;
}

/** What a CloudEvent said that has no place of its own in our events; undefined: it was none. */
function originalOf({ meta }: StoredEvent): Record<string, unknown> | undefined {
  if (!meta.includes('"cloudevents"')) return undefined;
  // Anybody may write this member, so it is checked like what comes in.
  const { cloudevents } = JSON.parse(meta) as { cloudevents?: Record<string, unknown> };
  const reserved = ["specversion", "type", "time", "data"].some((name) => Object.hasOwn(cloudevents ?? {}, name));
  const parsed = Attributes.safeParse(cloudevents);
  return parsed.success && !reserved ? parsed.data : undefined;
}

function isText(value: unknown): value is string {
  return Text.safeParse(value).success;
}

function ownAttributes(store: string, stream: string, stored: StoredEvent): Record<string, unknown> {
  const { correlationId, causationId } = JSON.parse(stored.meta) as Record<string, unknown>;
  return {
    id: stored.id,
    source: `${store === DEFAULT_STORE ? "" : `/stores/${store}`}/streams/${categoryOf(stream)}/${encodeURIComponent(streamIdOf(stream))}`,
    time: stored.time ?? new Date(stored.recordedAt).toISOString(),
    datacontenttype: "application/json",
    streamversion: stored.version,
    ...(isText(correlationId) ? { correlationid: correlationId } : {}),
    ...(isText(causationId) ? { causationid: causationId } : {}),
    ...(stored.trace ? { traceparent: stored.trace } : {}),
    ...(stored.erased ? { erased: true } : {}),
  };
}
