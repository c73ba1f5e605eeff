/** What operations of several stations have in common: media types, refusals, headers, filters. */

import type * as z from "zod";
import type { ProblemCode } from "../../problem.ts";
import type { Answer } from "../operation.ts";
import type { JsonSchema } from "../schema.ts";

export const JSON_TYPE = "application/json";
export const LINES_TYPE = "application/x-ndjson";
export const CLOUD_EVENT_TYPE = "application/cloudevents+json";
export const CLOUD_EVENTS_TYPE = "application/cloudevents-batch+json";

/** A body of many lines of JSON is not itself JSON: its schema only says that it is a string. */
export function textOf(description: string): JsonSchema {
  return { type: "string", description };
}
export const LINES = textOf("One event per line, in the JSON form that a page has.");
export const SERVER_SENT_EVENTS = textOf("Server-sent events.");

export function json(description: string, schema: z.ZodType | JsonSchema, headers: Answer["headers"] = []): Answer {
  return { description, headers, content: { [JSON_TYPE]: schema } };
}

/** Refusals of writes for other reasons than mistakes in the request. */
export const REFUSED_WRITES = ["idempotency-conflict", "version-conflict", "stream-deleted"] as const satisfies ProblemCode[];
export const REFUSED_FACTS = [
  "invalid-event",
  "unknown-category",
  "category-retired",
  "category-has-rules",
  "category-was-in-code",
  ...REFUSED_WRITES,
] as const;
export const REFUSED_READS = ["unknown-stream", "stream-deleted", "unknown-category", "category-retired"] as const satisfies ProblemCode[];

export const WRITE_HEADERS = ["Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "Correlation-Id"] as const;
export const NOT_MODIFIED: Answer = { description: "Nothing has changed: your `If-None-Match` has the current `ETag`.", headers: ["ETag"] };
export const DRY_RUN = { dryRun: { description: "`true`: only show what the declaration would do, or refuse it with the same problem." } };
export const FILTERS = {
  type: { description: "An event type. Repeated: any of these types." },
  category: { description: "A category. Repeated: any of these categories." },
  stream: { description: "A stream, as `category/id`. Repeated: any of these streams." },
};
