/** Reads incoming CloudEvents 1.0: docs/cloudevents.md has the mapping. Pure. */

import * as z from "zod";
import { ATTRIBUTE_NAME, Attributes, Text } from "../core/cloudevents.ts";
import { derivedId } from "../core/ids.ts";
import { EVENT_TYPE, UUID, WITH_SECONDS } from "../core/names.ts";
import type { Issue } from "../core/issue.ts";
import { issuesOf } from "../core/parse-data.ts";

/** An event as a CloudEvent describes it, in the terms of an append. */
export interface EventOfCloudEvent {
  readonly id: string;
  readonly type: string;
  readonly time?: string;
  readonly data: Record<string, unknown>;
  readonly meta: Record<string, unknown>;
}

/** The event's own members, without what is not kept. */
export const Envelope = z.object({
  specversion: z.literal("1.0", "1.0, the only version that is supported"),
  id: Text,
  type: Text.regex(EVENT_TYPE, `an event type that matches ${EVENT_TYPE.source}`).refine(
    (type) => !type.startsWith("$"),
    "types that begin with $ are the store's own",
  ),
  time: z.iso
    .datetime({ offset: true, error: "a time in the form of RFC 3339" })
    .regex(WITH_SECONDS, "a time in the form of RFC 3339")
    .optional(),
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
    return { issues: [...new Map(issues.map((issue) => [issue.path, issue])).values()] }; // both schemas check `id`
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
  // As entries: an attribute called __proto__ would be lost on an object, and is refused as any other wrong name is.
  const attributes: [name: string, value: unknown][] = [];
  for (const [name, value] of headers) {
    if (!name.startsWith("ce-")) continue;
    const attribute = name.slice("ce-".length);
    if (attribute === "data" || attribute === "datacontenttype") {
      issues.push({
        path: attribute,
        message: `${name} is not a header of a CloudEvent: the body is the data, and Content-Type is its type`,
      });
      continue;
    }
    try {
      attributes.push([attribute, decodeHeader(value)]);
    } catch {
      issues.push({ path: attribute, message: "percent-encoded UTF-8, with %25 for a percent sign" });
    }
  }
  const type = headers.get("content-type");
  // curl's default content type stands for JSON, as it does for every other body.
  if (type !== null && !/^application\/x-www-form-urlencoded/i.test(type)) attributes.push(["datacontenttype", type]);
  return { event: Object.fromEntries([...attributes, ["data", data]]), issues };
}

/** Undoes double quotes (of earlier versions of the HTTP binding), then percent-encoding. @throws {URIError} */
function decodeHeader(value: string): string {
  return decodeURIComponent(value.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (_quoted, inner: string) => inner.replaceAll(/\\(.)/g, "$1")));
}
