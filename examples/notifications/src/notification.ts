/** One event as the library's `Notification`: what each of its members is made of. */

import { createHash } from "node:crypto";
import type { RecordedEvent } from "headspring";

/** In JSON, as `NotificationLogJSONClient` reads it. */
export interface Notification {
  /** The position in the log. */
  readonly id: number;
  /** A UUID, as 32 hex digits. */
  readonly originator_id: string;
  readonly originator_version: number;
  readonly topic: string;
  /** Base64 of what `JSONTranscoder` reads. */
  readonly state: string;
}

export function notificationOf(event: RecordedEvent): Notification {
  return {
    id: event.position,
    originator_id: originatorIdOf(event.stream),
    originator_version: event.version,
    topic: event.type,
    state: Buffer.from(JSON.stringify(stateOf(event))).toString("base64"),
  };
}

/** As Python prints a UUID. In any other form, two ids would be one UUID. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** `uuid.NAMESPACE_URL` of Python (RFC 9562). */
const NAMESPACE_URL = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex");

/** The id within the category, if it is a UUID. Else `uuid5(NAMESPACE_URL, "category/id")`, so that a reader can compute it. */
export function originatorIdOf(stream: string): string {
  const id = stream.slice(stream.indexOf("/") + 1);
  if (UUID.test(id)) return id.replaceAll("-", "");
  const bytes = createHash("sha1").update(NAMESPACE_URL).update(stream).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50; // version 5
  bytes[8] = (bytes[8]! & 0x3f) | 0x80; // the variant of RFC 9562
  return bytes.toString("hex");
}

/** The attributes of a domain event. `timestamp` and `class_version` are the library's own: the first is there unless the data has one. */
function stateOf({ data, time, schemaVersion }: RecordedEvent): object {
  const timestamp = { _type_: "datetime_iso", _data_: pythonTime(time) };
  return { timestamp, ...(data as object), ...(schemaVersion > 1 ? { class_version: schemaVersion } : {}) };
}

/** The time in the form that `datetime.fromisoformat` reads in every version of Python: six digits, and no `Z`. Of finer ones, the rest is cut off. */
export function pythonTime(time: string): string {
  const [, date, clock, fraction = "", offset = "Z"] = /^(.{10}).(\d\d:\d\d:\d\d)(?:\.(\d+))?(.*)$/.exec(time) ?? [];
  return `${date}T${clock}.${fraction.slice(0, 6).padEnd(6, "0")}${/^z$/i.test(offset) ? "+00:00" : offset}`;
}
