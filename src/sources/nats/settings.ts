/** The settings of a source of kind `nats`, and what its changes look like. */

import * as z from "zod";
import { WITH_SECONDS } from "../../core/names.ts";
import { VariableName } from "../deployment.ts";
import { PAYLOAD_SCHEMA, type PayloadMembers } from "../payload.ts";

/** Names of streams and consumers. NATS: no space, no dot, no wildcard, no separator of paths. */
// eslint-disable-next-line no-control-regex -- control characters are what it excludes
const JETSTREAM_NAME = /^[^\u0000- .*>/\\\u007f]{1,255}$/;
/** Filters of subjects: parts between dots, `*` for one, `>` for all that follow. */
// eslint-disable-next-line no-control-regex -- control characters are what it excludes
const SUBJECT = /^(?:(?:\*|[^\u0000- .*>\u007f]+)\.)*(?:>|\*|[^\u0000- .*>\u007f]+)$/;

export const NatsSettings = z.strictObject({
  connection: VariableName.describe("Name of the variable or secret with the server's WebSocket address: `wss://host:port`."),
  credentials: VariableName.optional().describe(
    'Name of the secret to log in with: the text of a `.creds` file, `{"user":"…","password":"…"}`, or a token.',
  ),
  jetstream: z
    .string()
    .regex(JETSTREAM_NAME, "a stream's name has no spaces, dots, wildcards or slashes")
    .describe("Name of the JetStream stream."),
  subjects: z
    .array(z.string().max(256).regex(SUBJECT, "a filter of subjects is like `orders.*.paid` or `orders.>`"))
    .min(1)
    .max(32)
    .optional()
    .describe("Only messages with these subjects. More than one needs NATS 2.10. Default: all."),
  durable: z
    .string()
    .max(128)
    .regex(JETSTREAM_NAME, "a consumer's name has no spaces, dots, wildcards or slashes")
    .optional()
    .describe("Name of the durable consumer that belongs to this source alone. Default: `headspring_{store}_{source}`."),
  start: z
    .union([
      z.enum(["beginning", "now"]),
      z.strictObject({ sequence: z.int().min(1).max(Number.MAX_SAFE_INTEGER) }),
      z.strictObject({ time: z.iso.datetime({ offset: true }).regex(WITH_SECONDS, "a time has seconds") }),
    ])
    .optional()
    .describe("Where a new source begins. Default: `beginning`, with the first message that the stream has."),
  domain: z.string().regex(JETSTREAM_NAME).max(64).optional().describe("JetStream's domain, as for a leaf node. Default: none."),
  inbox: z
    .string()
    .max(128)
    .regex(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/, "an inbox is like `_INBOX` or `_INBOX.headspring`")
    .optional()
    .describe("Prefix of the subjects that answers come to, for users who may not subscribe to `_INBOX.>`."),
  stay: z
    .boolean()
    .optional()
    .describe(
      "Whether it stays connected when there is nothing new: messages come at once, and its object is paid for all the time. Default: false.",
    ),
});
export type NatsSettings = z.input<typeof NatsSettings>;

/** A message, as expressions and functions see it. */
export interface NatsMessage extends PayloadMembers {
  readonly subject: string;
  /** Its number in the stream. */
  readonly sequence: number;
  /** Several values of one header are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** When the stream took it. */
  readonly time: string;
}

export const NATS_CHANGE = {
  type: "object",
  properties: {
    subject: { type: "string" },
    sequence: { type: "integer" },
    headers: { type: "object", additionalProperties: { type: "string" } },
    time: { type: "string" },
    ...PAYLOAD_SCHEMA,
  },
  required: ["subject", "sequence", "headers", "time"],
} as const;

/** The durable's name. NATS allows no dot, which names of sources may have, and no store has an underscore: so no two are equal. */
export function durableOf({ durable }: NatsSettings, { store, source }: { readonly store: string; readonly source: string }): string {
  return durable ?? `headspring_${store}_${source.replaceAll(".", "=2E")}`;
}
