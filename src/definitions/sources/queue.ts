/**
 * A source whose messages are those of a Cloudflare Queue. The Worker has to be the queue's consumer, in wrangler's configuration; the platform
 * then brings the messages.
 *
 * A message has the same id however often it is delivered, so it is stored once. What a producer sends twice is two messages, unless `id`
 * names what tells them apart.
 */

import * as z from "zod";
import type { JsonObject, JsonValue } from "../../core/event.ts";
import { isoTime } from "../../core/iso-time.ts";
import type { AnySourceKind, BroughtKind } from "./kind.ts";
import { type Outside, sourceKind } from "./source.ts";

/** The settings of `queue`. */
export interface QueueSettings {
  /** The queue's name, as wrangler's configuration has it among the consumers. */
  readonly queue: string;
  /**
   * The member of a message's body whose value is the message's identity: two messages with one value are one change. Its path, with dots:
   * `"order.id"`. Default: every message is a change of its own.
   */
  readonly id?: string | undefined;
}

/** A message, as functions and expressions see it. */
export interface QueueChange<Body = JsonValue> {
  /** The body: a JSON value. Its type is what the producer promises: nothing has checked it. */
  readonly body: Body;
  /** The id that the platform gave the message. */
  readonly messageId: string;
  /** When it was sent (RFC 3339). */
  readonly sentAt: string;
}

/** Ours: as long as an id of a change may be, with room for what is put around it. */
const ID_CHARACTERS = 256;

const Settings = z.strictObject({
  queue: z.string().min(1).max(63),
  id: z.string().min(1).max(256).optional(),
});

const kind: BroughtKind<z.output<typeof Settings>> = {
  name: "queue",
  isBrought: true,
  settings: Settings,
  change: {
    type: "object",
    additionalProperties: false,
    properties: { body: true, messageId: { type: "string" }, sentAt: { type: "string" } },
    required: ["body", "messageId", "sentAt"],
  },
  needs: () => [],
  queueOf: ({ queue }) => queue,
  changeOf({ id }, message) {
    const time = isoTime(message.timestamp);
    const value = { body: message.body, messageId: message.id, sentAt: time };
    return { id: id === undefined ? message.id : `${id}=${identityIn(message.body, id)}`, position: message.id, value, time };
  },
};

function identityIn(body: JsonValue, path: string): string {
  let found: unknown = body;
  for (const name of path.split(".")) {
    found = typeof found === "object" && found !== null && Object.hasOwn(found, name) ? (found as JsonObject)[name] : undefined;
  }
  if (typeof found !== "string" && typeof found !== "number")
    throw new Error(`the message has no string or number at ${path}, which names it`);
  const text = String(found);
  if (text.length > ID_CHARACTERS)
    throw new Error(`the value at ${path}, which names the message, has more than ${ID_CHARACTERS} characters`);
  return text;
}

/** What {@link queue} is: its parameter is the type of the messages' bodies. */
export interface QueueSource {
  <Body = JsonValue>(settings: QueueSettings): Outside<QueueChange<Body>>;
  readonly kind: AnySourceKind;
}

const make = sourceKind<QueueSettings, QueueChange>(kind);

/**
 * The messages of a Cloudflare Queue, whose consumer this Worker is.
 *
 * @example
 * source("readings-in", {
 *   from: queue<{ sensor: string; celsius: number; number: string }>({ queue: "readings", id: "number" }),
 *   to: reading,
 *   stream: ({ body }) => body.sensor,
 *   data: ({ body }) => ({ sensor: body.sensor, celsius: body.celsius }),
 * });
 */
export const queue: QueueSource = Object.assign(
  <Body = JsonValue>(settings: QueueSettings) => make(settings) as Outside<QueueChange<Body>>,
  {
    kind: make.kind,
  },
);
