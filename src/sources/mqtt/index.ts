/** `headspring/mqtt`: a source that follows topics of an MQTT broker. Needs no other package. */

import { sourceKind } from "../../definitions/sources/source.ts";
import { mqttKind } from "./kind.ts";
import type { MqttMessage, MqttSettings } from "./settings.ts";

/**
 * Follows topics of an MQTT broker, over a WebSocket, with QoS 1: each message once, if `id` tells them apart. Listed in an app's
 * `sourceKinds`, it can be declared over HTTP, too.
 *
 * @example
 * export const meters = source("meters", {
 *   from: mqtt({ connection: "MQTT_URL", topics: ["meters/+/reading"], id: ["topic", "data.counter"] }),
 *   to: reading,
 *   stream: ({ topic }) => topic.split("/")[1] ?? "",
 *   data: ({ data }) => data,
 * });
 */
export const mqtt = sourceKind<MqttSettings, MqttMessage>(mqttKind);

export type { MqttMessage, MqttSettings };
