/** The description of an operation, before it becomes OpenAPI. */

import type * as z from "zod";
import type { ProblemCode } from "../problem.ts";
import type { JsonSchema } from "./schema.ts";

export type Method = "get" | "head" | "post" | "put" | "patch" | "delete";

/** A body by media type: a zod schema, or a JSON Schema that is finished already. */
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
  /** Descriptions of parameters that the query's schema does not have. */
  readonly notes?: Readonly<Record<string, JsonSchema>>;
  readonly headers?: readonly RequestHeader[];
  readonly body?: Content;
  /** By success status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Problems that it may answer with, besides {@link PROBLEMS_OF_ALL} and those of its body and its headers. */
  readonly problems?: readonly ProblemCode[];
  /** It is about the service, not about a store: there is only one, and `/stores/{store}` does not have it. */
  readonly ofService?: true;
  /** It needs no token. */
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
  "keys-unavailable",
  "stored-by-newer-code",
  "unavailable",
] as const;
/** Problems of operations that take a header with a value of the client's own. */
export const PROBLEMS_OF_HEADERS = ["invalid-header"] as const;
export const PROBLEMS_OF_BODIES = ["invalid-json", "body-too-large", "unsupported-media-type"] as const;

/** Parameters in paths. */
export const PATH_PARAMETERS: Readonly<Record<string, string>> = {
  store: "The name of a store. Its first write creates it.",
  category: "The name of a category.",
  name: "The name of an aggregate, or of a consumer.",
  id: "The id of a stream, of an event (a UUID), or of a webhook.",
  command: "The name of one of the aggregate's commands.",
  commandId: "The id of a command: its `Idempotency-Key`, or the `commandId` of its answer.",
  deliveryId: "The id of a delivery: the position of the event. A delivery of a replay has the number of the replay after a hyphen.",
  view: "The name of a view.",
  key: "The key of a row.",
  query: "The name of one of the view's queries.",
  code: "The `code` of a problem.",
};

type RequestHeader = keyof typeof REQUEST_HEADERS;

export const REQUEST_HEADERS = {
  "Idempotency-Key":
    "Your name for this request. A repeat with the same name gets the first answer, and nothing happens twice. Visible ASCII; percent-encode anything else.",
  "If-Match": 'The version that the stream must have, in quotes: `"3"`; `"0"`: it must not exist; `*`: it must exist.',
  "If-None-Match": "On a write, `*`: the stream must not exist. On a read: the `ETag` that you have.",
  Prefer: "`wait=N`: wait up to N seconds for the result. Commands also accept `respond-async`.",
  "Correlation-Id":
    "The conversation that this request belongs to. The default is the trace id of `traceparent`. Visible ASCII; percent-encode anything else.",
  "Last-Event-ID": "The last position that a subscriber has seen. It replaces `after`.",
} as const;

type ResponseHeader = keyof typeof RESPONSE_HEADERS;

export const RESPONSE_HEADERS = {
  ETag: 'The version in quotes, for `If-Match` and `If-None-Match`. If the answer depends on more, that follows after a hyphen: `"3-…"`.',
  Link: 'The next page: `<…>; rel="next"`. Absent on the last one.',
  Location: "The URL of the created resource.",
  "Idempotent-Replayed": "`true`: this is the first answer to the same request; the repeat stored nothing.",
  "Headspring-Position": "The position in the log up to which the view has all events.",
  "Headspring-Live": "The value of `after` to follow the view from these rows on.",
  "Headspring-Stale": "`true`: the rows are those of an earlier definition; the view is being rebuilt.",
  "Preference-Applied": "The preferences of `Prefer` that the service applied.",
} as const;
