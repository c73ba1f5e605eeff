/** Stores the events that processors append: once for each derived id, in the conversation of the event that led to them. */

import type { Store } from "../store/store.ts";
import { type DataSchema, type RecordedEvent, categoryOf, streamIdOf } from "../core/event.ts";
import { ofApp } from "../core/platform-errors.ts";
import { isLonger } from "../core/json.ts";
import { EVENT_DATA_BYTES } from "../core/limits.ts";
import { fitting } from "../core/misfit.ts";
import type { Written } from "../store/stream-protocol.ts";
import { schemaVersionOf } from "../definitions/upcast.ts";
import { causeOf, metaOf } from "./cause.ts";
import { logger } from "../telemetry/logger.ts";

/** A processor's reaction to one event. */
export interface Reaction {
  readonly store: Store;
  /** The processor's name. */
  readonly processor: string;
  readonly event: RecordedEvent;
  /** The processor, if it is declared over HTTP: what it emits has it in its lineage. */
  readonly emitter?: string;
}

export interface Fact {
  /** `category/id`, both of them valid. */
  readonly stream: string;
  /** Derived from its cause. */
  readonly id: string;
  readonly type: string;
  readonly schema: DataSchema;
  readonly data: unknown;
  /** RFC 3339. */
  readonly time?: string;
}

/**
 * Appends an event; if the stream already has one with this id, that one stays.
 *
 * @returns undefined when the stream has ended
 * @throws when the data does not fit its schema or the limits
 */
export async function appendFact(reaction: Reaction, { stream, id, type, schema, data, time }: Fact): Promise<Written | undefined> {
  const text = ofApp(() => JSON.stringify(fitting(`event \`${type}\` of category \`${categoryOf(stream)}\``, "data", schema, data)));
  if (isLonger(text, EVENT_DATA_BYTES)) throw new Error(`${type} for ${stream} has more than ${EVENT_DATA_BYTES} bytes`);
  return appendText(reaction, { stream, id, type, text, schemaVersion: schemaVersionOf(schema), ...(time === undefined ? {} : { time }) });
}

/** The same for data that has been checked, as JSON text. */
export async function appendText(
  reaction: Reaction,
  {
    stream,
    id,
    type,
    text,
    schemaVersion,
    time,
  }: Omit<Fact, "schema" | "data"> & { readonly text: string; readonly schemaVersion: number },
): Promise<Written | undefined> {
  const { store, processor, event, emitter } = reaction;
  const fact = `${type} for ${stream}`;
  const { trace, ...cause } = causeOf(event, emitter);
  const version = {
    meta: metaOf(cause, processor),
    ...(trace === undefined ? {} : { trace }),
    schemaVersion,
    ...(time === undefined ? {} : { time }),
  };
  const answer = await store.stream(categoryOf(stream), streamIdOf(stream)).append({
    events: [{ id, type, data: text, ...version }],
    firstStands: true,
    expected: { kind: "any" },
  });
  if (answer.outcome === "written") return answer;
  if (answer.outcome !== "deleted") throw new Error(`${fact} was answered by ${answer.outcome}`);
  tellEnded(reaction, fact, "the stream was deleted");
  return undefined;
}

/** Whether the stream has an event with this id. */
export async function isStored({ store }: Reaction, stream: string, id: string): Promise<boolean> {
  // An append that can never be stored, since no stream has this version: but a known id is recognised before the version is checked. So
  // the event is found by its id, without reading the stream.
  const answer = await store.stream(categoryOf(stream), streamIdOf(stream)).append({
    events: [{ id, type: "$Sought", data: "{}", meta: "{}", schemaVersion: 1 }],
    firstStands: true,
    expected: { kind: "version", version: -1 },
  });
  return answer.outcome === "written";
}

/** A processor without state cannot act on a reaction that was refused, so it ends here. Only a process manager can act on it. */
export function tellEnded({ store, processor: consumer, event }: Reaction, reaction: string, reason: string): void {
  const { correlationId, causationId } = causeOf(event);
  logger.info({ message: "a reaction was not accepted", store: store.name, consumer, reaction, reason, correlationId, causationId });
}
