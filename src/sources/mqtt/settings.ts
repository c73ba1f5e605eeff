/** The settings of a source of kind `mqtt`, and what its changes look like. */

import * as z from "zod";
import { VariableName } from "../deployment.ts";
import { PAYLOAD_SCHEMA, type PayloadMembers } from "../payload.ts";

/** MQTT: a wildcard is a level of its own, and `#` the last one. */
// eslint-disable-next-line no-control-regex -- a control character is what it excludes
const TOPIC = /^(?:(?:\+|[^+#/\u0000]*)\/)*(?:\+|#|[^+#/\u0000]*)$/;
const ID_PATH = /^(?:topic|text|(?:data|properties)(?:\.[^.]+){1,16})$/;

const IdPath = z
  .string()
  .max(256)
  .regex(ID_PATH, "a path is `topic`, `text`, `data.` and members of the JSON, or `properties.` and a name");

export const MqttSettings = z.strictObject({
  connection: VariableName.describe("Name of the variable or secret with the broker's WebSocket address: `wss://host:port/mqtt`."),
  credentials: VariableName.optional().describe('Name of the secret to log in with: `{"user":"…","password":"…"}`.'),
  topics: z
    .array(
      z
        .string()
        .min(1)
        .max(1_024)
        .regex(TOPIC, "a filter of topics is like `sensors/+/temperature` or `sensors/#`")
        .refine((topic) => !topic.startsWith("$share/"), "a shared subscription has no order"),
    )
    .min(1)
    .max(32)
    .describe("Filters of topics, with `+` for one level and `#` for all that follow."),
  id: z
    .union([IdPath, z.array(IdPath).min(1).max(8)])
    .describe(
      'What tells a message from all others, also when it comes twice: a path into the message, such as `data.id` or `properties.id`, or several together, such as `["topic", "data.counter"]`.',
    ),
  clientId: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe("Client id, under which the broker keeps a session for this source alone. Default: `headspring_{store}_{source}`."),
  version: z.enum(["5", "3.1.1"]).optional().describe("Version of MQTT. Default: `5`."),
  stay: z
    .boolean()
    .optional()
    .describe(
      "Whether it stays connected when there is nothing new. Default: true. With false its object is not paid for between two connections, while the broker queues messages, up to its own limit.",
    ),
});
export type MqttSettings = z.input<typeof MqttSettings>;

/** A message, as expressions and functions see it. */
export interface MqttMessage extends PayloadMembers {
  readonly topic: string;
  /** Whether it is the topic's last message, kept by the broker for new subscribers. */
  readonly retain: boolean;
  /** User properties of MQTT 5. Several values of one name are joined by `, `. */
  readonly properties: Readonly<Record<string, string>>;
  /** Bytes of a payload that is too large to be read, about 1 MiB. It is not there then. */
  readonly bytes?: number;
}

export const MQTT_CHANGE = {
  type: "object",
  properties: {
    topic: { type: "string" },
    retain: { type: "boolean" },
    properties: { type: "object", additionalProperties: { type: "string" } },
    bytes: { type: "integer" },
    ...PAYLOAD_SCHEMA,
  },
  required: ["topic", "retain", "properties"],
} as const;

/** The client id. No store has an underscore: so no two are equal. */
export function clientIdOf({ clientId }: MqttSettings, { store, source }: { readonly store: string; readonly source: string }): string {
  return clientId ?? `headspring_${store}_${source}`;
}

/** Whether a topic matches a filter. MQTT: wildcards at the start do not match topics that begin with `$`. */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const wanted = filter.split("/");
  const levels = topic.split("/");
  for (const [at, level] of wanted.entries()) {
    if (level === "#") return true;
    if (at >= levels.length || (level !== "+" && level !== levels[at])) return false;
  }
  return wanted.length === levels.length;
}
