/**
 * An event: an immutable fact, stored once in its stream and once in its store's log.
 *
 * The names of the fields below are stored and sent to clients. Add to them, never rename them.
 */

import type * as z from "zod";
import { isoTime } from "./iso-time.ts";
import { byteLength } from "./json.ts";
import type { COMMAND, HOPS, LINEAGE, PROCESSOR, SOURCE, TIMER } from "./meta.ts";
import { rememberingLast } from "./remembering-last.ts";
import type { DataAt, KeysOf, Made, NameAt, name } from "./place.ts";

/** A JSON value. `undefined` means a key that is left out. */
export type JsonValue = string | number | boolean | null | undefined | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** The schema of one event type or command: any zod schema whose values are JSON objects. */
export type DataSchema = z.ZodType<{ readonly [key: string]: JsonValue }>;
/** Event types (or commands) by name. */
export type DataSchemas = Readonly<Record<string, DataSchema>>;

/** The same data, readonly to any depth: it may be part of a state, or a literal. */
export type Frozen<Data> = JsonValue extends Data ? Data : [Data] extends [string | number | boolean | null] ? Data : ReadonlyDeep<Data>;
/** An object or array. Named, since the compiler shows it so: with the app's own name for what is in it, instead of all its fields. */
type ReadonlyDeep<Data> = { readonly [Key in keyof Data]: Frozen<Data[Key]> };

export declare const keys: unique symbol;

/**
 * An event that is not yet stored. Made by {@link event}.
 *
 * The phantom `keys` makes a misspelt or surplus field of `data` a compile error, which TypeScript would otherwise let through once `data`
 * has been inferred.
 */
export interface NewEvent<Type extends string = string, Data = unknown, Keys = KeysOf<Data>> {
  readonly kind: "event";
  readonly type: Type;
  readonly data: Data;
  readonly [keys]?: Keys;
  readonly [name]?: Type;
}

/**
 * A new event of a stream, as `decide` returns it.
 *
 * @example
 * PlaceOrder: (state, command) => event("OrderPlaced", command)
 */
export function event<const Type extends string, const Data extends object, Place = never>(
  type: NameAt<Place, "event", "type", Type>,
  data: DataAt<Place, "event", "type", Type, Data>,
): Made<Place, "event", "type", Type, NewEvent<Type, Data>> {
  return { kind: "event", type, data } as never; // the conditional types above say what it is
}

/** Where an event came from. Free form; an event that a command or a processor caused always has these two. */
export interface Meta extends JsonObject {
  /** The conversation this event belongs to. */
  readonly correlationId?: string;
  /** The id of the command or event that caused it. */
  readonly causationId?: string;
  /** The sender of the command that led to it. Known for events of aggregates only: elsewhere it is what a client claims. */
  readonly by?: string;
  /** How many reactions in a row led to it; absent: none. The store counts them, to find loops. */
  readonly [HOPS]?: number;
  /** The processors declared over HTTP that are among its ancestors; absent: none. The store records them, to end loops. */
  readonly [LINEAGE]?: readonly string[];
  /** The command of the stream's aggregate that decided it. */
  readonly [COMMAND]?: string;
  /** The timer of the stream that sent the command: its command, and after a colon its key, if it has one. */
  readonly [TIMER]?: string;
  /** The processor that sent the command, or appended the event. */
  readonly [PROCESSOR]?: string;
  /** The source that appended the event. */
  readonly [SOURCE]?: string;
}

/** Where an event in memory keeps the trace that it belongs to. A symbol, so that it is in no JSON and no handler comes across it. */
export const TRACE: unique symbol = Symbol("trace");

/** An event as readers get it: over HTTP, in views, processors and webhooks. */
export interface RecordedEvent<Type extends string = string, Data = unknown> {
  /** UUID, unique within its stream. */
  readonly id: string;
  /** `category/id`, for example `order/42`. */
  readonly stream: string;
  /** 1-based and contiguous within its stream. */
  readonly version: number;
  /** 1-based and contiguous within its store's log. */
  readonly position: number;
  readonly type: Type;
  readonly data: Data;
  readonly meta: Meta;
  /** When it happened: RFC 3339, as the writer sent it, else `recordedAt`. */
  readonly time: string;
  /** When it was stored: RFC 3339 UTC, milliseconds. */
  readonly recordedAt: string;
  /** The version that the schema of `data` has in the code that reads it. */
  readonly schemaVersion: number;
  /** Not part of the event, nor of any JSON: only for what the store itself does because of the event. */
  readonly [TRACE]?: string;
}

/**
 * An event in storage and between the objects. `data` and `meta` stay JSON text all the way, so that an event is serialised once, when it
 * is written, and parsed only by code that needs its content.
 */
export interface StoredEvent {
  readonly version: number;
  readonly id: string;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
  /** JSON text. */
  readonly meta: string;
  /** RFC 3339, as the writer sent it; null: it happened when it was recorded. */
  readonly time: string | null;
  /** Milliseconds since 1970. */
  readonly recordedAt: number;
  readonly schemaVersion: number;
  /** Its content has been erased; `data` and `meta` are empty. */
  readonly erased?: boolean;
  /** Never stored: why the code could not lift it to the version that it knows. `data` is as stored. */
  readonly unlifted?: string;
  /**
   * The trace of the request that led to it: a `traceparent` of version 00, as the request had it. It is kept with the event but is not
   * part of it: no reader sees it.
   */
  readonly trace?: string | null;
}

/** A stored event with its place in the log. */
export interface LoggedEvent extends StoredEvent {
  readonly position: number;
  /** `category/id`. */
  readonly stream: string;
}

/** The type of the event that ends a stream. */
export const DELETED = "$deleted" as const;
/** The data of that event: whether the stream was erased too. The event of a saga also carries what the parent saga needs. */
export const DELETED_DATA = { kept: `{"erased":false}`, erased: `{"erased":true}` };

/**
 * Whether this event tells every part of the store that keeps events of its stream to remove their content. Erasure travels as the event
 * itself: so it reaches the log exactly once, in order, the way all events do.
 */
export function erases({ type, data }: StoredEvent): boolean {
  return type === DELETED && data !== DELETED_DATA.kept && (JSON.parse(data) as { erased?: unknown } | null)?.erased === true;
}

/** The same for an event as handlers get it. */
export function isErasure({ type, data }: RecordedEvent): boolean {
  return type === DELETED && (data as { erased?: unknown }).erased === true;
}

/** Bytes of an event's content: limits count them, not characters. */
export function bytesOf({ data, meta }: Pick<StoredEvent, "data" | "meta">): number {
  return byteLength(data) + byteLength(meta);
}

/** Characters of an event's content: what it takes in memory, and cheaper to know than its {@link bytesOf bytes}, of which there are up to three to a character. */
export function charactersOf({ data, meta }: Pick<StoredEvent, "data" | "meta">): number {
  return data.length + meta.length;
}

const streamJson = rememberingLast((stream: string) => JSON.stringify(stream));
const typeJson = rememberingLast((type: string) => JSON.stringify(type));

/** The event's public JSON text. `position` is left out if it is unknown. */
export function eventJson(stream: string, stored: StoredEvent, position?: number): string {
  const recordedAt = isoTime(stored.recordedAt);
  return (
    `{"id":"${stored.id}","stream":${streamJson(stream)},"version":${stored.version},` +
    (position === undefined ? "" : `"position":${position},`) +
    `"type":${typeJson(stored.type)},"data":${stored.data},"meta":${stored.meta},` +
    `"time":${JSON.stringify(stored.time ?? recordedAt)},"recordedAt":"${recordedAt}","schemaVersion":${stored.schemaVersion}${stored.erased ? ',"erased":true' : ""}` +
    `${stored.unlifted === undefined ? "" : `,"unlifted":${JSON.stringify(stored.unlifted)}`}}`
  );
}

/** The event as handlers get it. Its data was validated when it was written, so it is not checked again. */
export function toRecorded(logged: LoggedEvent): RecordedEvent {
  const recordedAt = isoTime(logged.recordedAt);
  return {
    id: logged.id,
    stream: logged.stream,
    version: logged.version,
    position: logged.position,
    type: logged.type,
    data: JSON.parse(logged.data),
    meta: logged.meta === "{}" ? {} : JSON.parse(logged.meta),
    time: logged.time ?? recordedAt,
    recordedAt,
    schemaVersion: logged.schemaVersion,
    ...(logged.trace ? { [TRACE]: logged.trace } : {}),
  };
}

/** The category of a stream: `order` of `order/42`. */
export function categoryOf(stream: string): string {
  return stream.slice(0, stream.indexOf("/"));
}

/**
 * The id of a stream within its category: `42` of `order/42`.
 *
 * @example
 * const order = streamIdOf("order/42"); // "42"
 */
export function streamIdOf(stream: string): string {
  return stream.slice(stream.indexOf("/") + 1);
}

/** The events that a consumer of certain categories handles. */
export type FilterOfConsumer = EventFilter & Required<Pick<EventFilter, "categories">>;

/** The events that a consumer handles. */
export interface EventFilter {
  /** Any of these types; absent: all. */
  readonly types?: readonly string[];
  /** Any of these categories; absent: all. */
  readonly categories?: readonly string[];
}
