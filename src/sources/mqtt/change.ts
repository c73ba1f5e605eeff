/** A message of MQTT as a change: its value, and the id that the definition names. Pure. */

import { createHash } from "node:crypto";
import type { JsonObject, JsonValue } from "../../core/event.ts";
import type { Change } from "../../definitions/sources/kind.ts";
import { payloadOf } from "../payload.ts";
import type { PublishPacket } from "./packets.ts";
import type { MqttSettings } from "./settings.ts";

/** Characters of an id that is kept as it is. Ours: people read it, as the position. */
const ID_CHARACTERS = 200;

/** How a message is known: the paths of its id. */
export function changeOf(packet: PublishPacket, { id }: Pick<MqttSettings, "id">): Change {
  const { topic, isRetained, userProperties, payload, bytes } = packet;
  const properties = new Map<string, string>();
  for (const [name, value] of userProperties) properties.set(name, properties.has(name) ? `${properties.get(name)}, ${value}` : value);
  const value: JsonObject = {
    topic,
    retain: isRetained,
    // As entries: a property may be called __proto__.
    properties: Object.fromEntries(properties),
    ...(payload ? payloadOf(payload) : { bytes }),
  };
  const paths = typeof id === "string" ? [id] : id;
  const parts = paths.map((path) => partOf(value, path));
  const missing = paths.find((_, at) => parts[at] === undefined);
  if (missing === undefined) {
    const text = parts.length === 1 ? String(parts[0]) : JSON.stringify(parts);
    const known = text.length > ID_CHARACTERS ? `sha256:${hashOf(text)}` : text;
    return { id: `id/${known}`, position: known, value };
  }
  // The same message is the same change, however often it comes.
  const known = `sha256:${hashOf(topic, payload ?? new Uint8Array())}`;
  const why = payload
    ? "it must be a string that is not empty, or a whole number below 2^53"
    : `its payload of ${bytes} bytes is too large to be read`;
  return { id: `unreadable/${known}`, position: known, value, unreadable: `the message on ${topic} has no id at \`${missing}\`: ${why}` };
}

function partOf(value: JsonObject, path: string): string | number | undefined {
  let at: JsonValue = value;
  for (const name of path.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as JsonObject)[name];
  }
  // A number that a double does not hold would be the id of its neighbours, too; half a character would be another half.
  if (typeof at === "number") return Number.isSafeInteger(at) ? at : undefined;
  return typeof at === "string" && at !== "" && at.isWellFormed() ? at : undefined;
}

function hashOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(String(part.length)).update(":").update(part);
  return hash.digest("hex");
}
