/** The test's MQTT broker, as somebody who publishes. */

import { newId } from "../../../src/core/ids.ts";
import { ownServer } from "../own-server.ts";
import type { Published } from "../servers/mosquitto.ts";

export const server = await ownServer("mqtt");

export interface Message {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly options?: Published["options"];
}

export function publish(messages: readonly Message[]): Promise<void> {
  const published = messages.map(({ topic, payload, ...rest }) => ({ topic, base64: Buffer.from(payload).toString("base64"), ...rest }));
  return server.act("publish", published);
}

export const json = (topic: string, value: unknown, options?: Published["options"]): Message => ({
  topic,
  payload: JSON.stringify(value),
  ...(options ? { options } : {}),
});

/** A topic and a client id of its own. */
export function freshOutside(more: object = {}) {
  const topic = `t${newId()}`;
  return {
    topic,
    settings: { connection: "MQTT_URL", topics: [`${topic}/#`], id: "data.id", clientId: `c-${topic}`, stay: false, ...more },
    variables: { MQTT_URL: server.url },
  };
}
