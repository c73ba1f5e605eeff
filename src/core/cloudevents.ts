/** Events as CloudEvents 1.0: docs/cloudevents.md has the mapping. Pure. */

import * as z from "zod";
import { FORMATS } from "./formats.ts";
import { type StoredEvent, categoryOf, streamIdOf } from "./event.ts";
import { DEFAULT_STORE } from "./names.ts";

/** The media types of one CloudEvent and of a list of them. */
export const CLOUD_EVENT_TYPE = "application/cloudevents+json";
export const CLOUD_EVENTS_TYPE = "application/cloudevents-batch+json";

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const NOT_ALLOWED = /[\u0000-\u001f\u007f-\u009f]|\p{Noncharacter_Code_Point}|\p{Surrogate}/u;

export const Text = z
  .string("must be a string")
  .min(1, "must be a string that is not empty")
  .refine((text) => !NOT_ALLOWED.test(text), "must be a string without control characters");

/** What is wrong with the name of an attribute. */
export const ATTRIBUTE_NAME = "the name of an attribute consists of lower-case letters and digits";

/**
 * The attributes that are kept with the event, as they arrived. The value of an extension is a truth value, a 32-bit integer or a string.
 */
export const Attributes = z
  .object({
    id: Text.optional(),
    source: Text.refine((source) => FORMATS.get("uri-reference")?.(source), "a URI reference"),
    subject: Text.optional(),
    dataschema: Text.refine((schema) => FORMATS.get("uri")?.(schema), "an absolute URI").optional(),
    datacontenttype: Text.regex(
      /^[^\s/;]+\/(?:[^\s/;]+\+)?json\s*(?:;.*)?$/i,
      "a media type of JSON: data is a JSON object here",
    ).optional(),
  })
  .catchall(z.union([z.boolean(), z.int32(), z.literal(""), Text], "true, false, a 32-bit integer or a string"))
  .superRefine((attributes, context) => {
    for (const name of Object.keys(attributes)) {
      if (!/^[a-z0-9]+$/.test(name)) {
        context.addIssue({ code: "custom", path: [name], message: ATTRIBUTE_NAME });
      }
    }
  });

/**
 * The event as a CloudEvent, as JSON text. An event that arrived as a CloudEvent is sent on as it arrived; the source of all others is the
 * stream. A position, if given, is added as the extension `logposition`: always the position in this store.
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
  // As a string: the integers of CloudEvents end at 2^31 - 1.
  const { logposition: _elsewhere, ...others } = attributes as Record<string, unknown>; // the position in the store that it came from
  const all = position === undefined ? others : { ...others, logposition: String(position) };
  return `${JSON.stringify(all).slice(0, -1)},"data":${stored.data}}`;
}

/** The attributes of a CloudEvent that our events have no field for; undefined: the event was not a CloudEvent. */
function originalOf({ meta }: StoredEvent): Record<string, unknown> | undefined {
  if (!meta.includes('"cloudevents"')) return undefined;
  // Any client can write this member, so it is checked like a request.
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
