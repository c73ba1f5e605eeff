/** What is said of an operation, before it becomes OpenAPI. */

import type { z } from "zod";
import type { ProblemCode } from "../problem.ts";
import type { JsonSchema } from "./schema.ts";

export type Method = "get" | "head" | "post" | "put" | "patch" | "delete";

/** What a body is, by media type: a zod schema, or a JSON Schema that is finished already. */
export type Content = Readonly<Record<string, z.ZodType | JsonSchema>>;

export interface Answer {
  readonly description: string;
  readonly headers?: readonly ResponseHeader[];
  readonly content?: Content;
}

export interface Operation {
  readonly method: Method;
  /** With its parameters in braces: `/streams/{category}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly query?: z.ZodObject;
  /** What the query's schema does not say of its parameters. */
  readonly notes?: Readonly<Record<string, JsonSchema>>;
  readonly headers?: readonly RequestHeader[];
  readonly body?: Content;
  /** By success status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Those it may answer with besides {@link PROBLEMS_OF_ALL}, and those of its body and its headers. */
  readonly problems?: readonly ProblemCode[];
  /** It is about the service, not about a store: there is only one, and `/stores/{store}` does not have it. */
  readonly ofService?: true;
  /** It asks for no token. */
  readonly open?: true;
}

export const PROBLEMS_OF_ALL = [
  "invalid-request",
  "invalid-path",
  "unauthorized",
  "forbidden",
  "rate-limited",
  "internal-error",
  "auth-not-configured",
  "unavailable",
] as const;
/** Of operations that take a header whose value is the client's own. */
export const PROBLEMS_OF_HEADERS = ["invalid-header"] as const;
export const PROBLEMS_OF_BODIES = ["invalid-json", "body-too-large", "unsupported-media-type"] as const;

/** Parameters in paths. */
export const PATH_PARAMETERS: Readonly<Record<string, string>> = {
  store: "The name of a store. Its first write creates it.",
  category: "The name of a category.",
  name: "The name of an aggregate, or of a consumer.",
  id: "The id of a stream, of an event (a UUID), or of a webhook.",
  command: "The name of one of the aggregate's commands.",
  commandId: "The id of a command: its `Idempotency-Key`, or what its answer said.",
  deliveryId: "The id of a delivery: the event's position; behind a hyphen the number of the replay it belongs to.",
  view: "The name of a view.",
  key: "The key of a row.",
  query: "The name of one of the view's queries.",
  code: "The `code` of a problem.",
};

type RequestHeader = keyof typeof REQUEST_HEADERS;

export const REQUEST_HEADERS = {
  "Idempotency-Key":
    "Your name for this very request. The same again gets the first answer, and nothing happens twice. Visible ASCII; percent-encode anything else.",
  "If-Match": 'The version that the stream must have, in quotes: `"3"`; `"0"`: it must not exist; `*`: it must exist.',
  "If-None-Match": "Of a write, `*`: the stream must not exist. Of a read, the `ETag` that you have.",
  Prefer: "`wait=N`: wait up to N seconds for what is asked for. Commands also take `respond-async`.",
  "Correlation-Id":
    "The conversation that this belongs to. Without it: the trace id of `traceparent`. Visible ASCII; percent-encode anything else.",
  "Last-Event-ID": "Of a subscription: the last position that you have seen. It takes the place of `after`.",
} as const;

type ResponseHeader = keyof typeof RESPONSE_HEADERS;

export const RESPONSE_HEADERS = {
  ETag: 'The version, in quotes, perhaps with what else the answer depends on behind a hyphen: `"3-…"`. What `If-Match` and `If-None-Match` take.',
  Link: 'The next page: `<…>; rel="next"`. Absent on the last one.',
  Location: "Where to find what was made.",
  "Idempotent-Replayed": "`true`: the answer is the first one to the same request; nothing was stored now.",
  "Headspring-Position": "The position of the log up to which the view had all events.",
  "Headspring-Live": "What to pass as `after` to follow the view from these rows on.",
  "Headspring-Stale": "`true`: the rows are of an earlier definition; the view is being built anew.",
  "Preference-Applied": "What of `Prefer` was followed.",
} as const;
